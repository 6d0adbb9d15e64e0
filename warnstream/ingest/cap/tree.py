"""XML of strangers -> a tree of elements, by the expat of the standard library, with everything switched off.

A document type, and so every entity but the five of XML itself, ends the reading at once: no text grows, no
file or address is opened. Size, depth and number of elements have limits. Names are ``{namespace}name``.
"""

import re
from xml.etree import ElementTree as ET
from xml.parsers import expat

from warnstream.ingest.cap.faults import AlertFaultError
from warnstream.model.observations.refusals import RefusalReason

BYTES_MAX = 2 * 1024 * 1024
"""A feed of a national service has some 100 alerts of 10 kB."""

DEPTH_MAX = 40
"""An alert in a feed in a distribution is 12 deep, with a signature 16."""

ELEMENTS_MAX = 100_000

_DECLARED = re.compile(rb"""\A\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_CHINESE = frozenset({b"gb2312", b"gbk", b"gb18030"})
"""Encodings of two and four bytes, which expat does not know."""


class _Builder:
    """Takes what expat finds."""

    def __init__(self) -> None:
        self._build = ET.TreeBuilder()
        self._depth = self._elements = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > DEPTH_MAX:
            raise AlertFaultError(RefusalReason.TOO_LARGE, f"elements more than {DEPTH_MAX} deep")
        if self._elements > ELEMENTS_MAX:
            raise AlertFaultError(RefusalReason.TOO_LARGE, f"more than {ELEMENTS_MAX} elements")
        self._build.start(_in_braces(name), attributes)

    def end(self, name: str) -> None:
        self._depth -= 1
        self._build.end(_in_braces(name))

    def text(self, data: str) -> None:
        self._build.data(data)

    def close(self) -> ET.Element:
        root: ET.Element = self._build.close()
        return root


def read_tree(content: bytes) -> ET.Element:
    """The root element of a document.

    Raises
    ------
    AlertFaultError
        ``too_large``, ``forbidden_xml`` (a document type or an entity), or ``not_xml``.
    """
    if len(content) > BYTES_MAX:
        raise AlertFaultError(RefusalReason.TOO_LARGE, f"{len(content)} bytes, expected at most {BYTES_MAX}")
    text, encoding = _decoded(content)
    parser = expat.ParserCreate(encoding, namespace_separator=" ")
    builder = _Builder()
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.StartDoctypeDeclHandler = _forbid
    parser.EntityDeclHandler = _forbid
    parser.UnparsedEntityDeclHandler = _forbid
    parser.ExternalEntityRefHandler = _forbid
    try:
        parser.Parse(text, True)
        return builder.close()
    except (expat.ExpatError, ValueError, LookupError, AssertionError) as error:
        raise AlertFaultError(RefusalReason.NOT_XML, str(error) or "no element") from None


def _decoded(content: bytes) -> tuple[bytes, str | None]:
    """Bytes that expat can read, and their encoding where the declaration must not count."""
    declared = _DECLARED.match(content[:200])
    if declared is None or declared.group(1).lower() not in _CHINESE:
        return content, None
    try:
        return content.decode("gb18030").encode(), "utf-8"
    except UnicodeError as error:
        raise AlertFaultError(
            RefusalReason.NOT_XML, f"not in the encoding that it declares: {error}"
        ) from None


def _forbid(*_what: object) -> int:
    raise AlertFaultError(
        RefusalReason.FORBIDDEN_XML, "a document type or an entity: no warning needs one, attacks do"
    )


def _in_braces(name: str) -> str:
    """``namespace name`` of expat as ElementTree writes it."""
    namespace, _, local = name.rpartition(" ")
    return f"{{{namespace}}}{local}" if namespace else local


def name_of(element: ET.Element) -> tuple[str, str]:
    """Namespace and local name of an element.

    >>> name_of(ET.Element("{urn:x}alert")), name_of(ET.Element("rss"))
    (('urn:x', 'alert'), ('', 'rss'))
    """
    namespace, _, local = element.tag.rpartition("}")
    return namespace.removeprefix("{"), local
