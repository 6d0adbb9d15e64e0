"""Bytes of a service -> its alerts: one alone, or those of an Atom or RSS feed or of an EDXL distribution.

Each alert is read by itself: one that cannot be read keeps no other out. An entry of a feed that has no
alert in it but a link to one is refused as ``link_only``: nothing is fetched here.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

from warnstream.ingest.cap.alert import CAP_NAMESPACES, read_cap
from warnstream.ingest.cap.faults import AlertFaultError
from warnstream.ingest.cap.national import NATIONAL_NAMESPACE, read_national
from warnstream.ingest.cap.tree import name_of, read_tree
from warnstream.model.alerts.alert import Alert
from warnstream.model.observations.refusals import RefusalReason

ALERTS_MAX = 1_000
"""Alerts of one document."""

_READERS: dict[str, Callable[[ET.Element], Alert]] = {
    **dict.fromkeys(CAP_NAMESPACES, read_cap),
    NATIONAL_NAMESPACE: read_national,
}
_ENTRIES = frozenset({"entry", "item"})
_ENVELOPES = frozenset({"feed", "rss", "RDF", "EDXLDistribution"})


@dataclass(frozen=True, slots=True)
class AlertFault:
    """One alert or entry that cannot be read: why, and its XML."""

    reason: RefusalReason
    detail: str
    content: bytes


@dataclass(slots=True)
class AlertsRead:
    """What a document has: alerts with the XML of each, and what is wrong with the others."""

    alerts: list[tuple[Alert, bytes]] = field(default_factory=list)
    faults: list[AlertFault] = field(default_factory=list)


def read_alerts(content: bytes) -> AlertsRead:
    """Everything in a document; never raises.

    Parameters
    ----------
    content : bytes

    Returns
    -------
    AlertsRead
        Of a feed without entries nothing at all; of a document that is no alert and no feed a fault.
    """
    read = AlertsRead()
    try:
        root = read_tree(content)
        found = _found_in(root)
    except AlertFaultError as error:
        read.faults.append(AlertFault(error.reason, error.detail, content))
        return read
    for element in found:
        _read_one(element, content if element is root else None, read)
    for entry in _entries_without_alert(root):
        link = _link_of(entry)
        reason = RefusalReason.LINK_ONLY if link else RefusalReason.NO_ALERT
        detail = (
            f"the alert is at {link[:300]}: send it itself" if link else "an entry without alert and link"
        )
        read.faults.append(AlertFault(reason, detail, _xml(entry)))
    return read


def _found_in(root: ET.Element) -> list[ET.Element]:
    found = list(_alerts_in(root))
    if len(found) > ALERTS_MAX:
        raise AlertFaultError(RefusalReason.TOO_LARGE, f"more than {ALERTS_MAX} alerts")
    if not found and name_of(root)[1] not in _ENVELOPES:
        raise AlertFaultError(
            RefusalReason.NO_ALERT, f"neither an alert nor a feed of alerts: {root.tag[:80]}"
        )
    return found


def _read_one(element: ET.Element, content: bytes | None, read: AlertsRead) -> None:
    content = _xml(element) if content is None else content
    try:
        read.alerts.append((_read(element), content))
    except AlertFaultError as error:
        read.faults.append(AlertFault(error.reason, error.detail, content))


def _read(element: ET.Element) -> Alert:
    namespace = name_of(element)[0]
    if namespace not in _READERS:
        raise AlertFaultError(
            RefusalReason.WRONG_SHAPE,
            f"an alert of namespace {namespace[:80]!r}: CAP 1.1, 1.2 and the national message are read",
        )
    return _READERS[namespace](element)


def _alerts_in(root: ET.Element) -> Iterator[ET.Element]:
    """Every `alert` element; those inside of one are its own matter."""
    waiting = [root]
    while waiting:
        element = waiting.pop()
        if name_of(element)[1] == "alert":
            yield element
        else:
            waiting.extend(reversed(element))


def _entries_without_alert(root: ET.Element) -> Iterator[ET.Element]:
    if name_of(root)[1] == "alert":
        return
    for element in root.iter():
        if name_of(element)[1] in _ENTRIES and next(_alerts_in(element), None) is None:
            yield element


def _link_of(entry: ET.Element) -> str:
    """Address that an entry of a feed names: of Atom in an attribute, of RSS as text."""
    links = [child for child in entry if name_of(child)[1] == "link"]
    links.sort(key=lambda link: "cap" not in link.get("type", ""))
    found = (link.get("href") or (link.text or "").strip() for link in links)
    return next((text for text in found if text), "")


def _xml(element: ET.Element) -> bytes:
    """An element by itself, so that it can be looked at and sent again."""
    written: bytes = ET.tostring(element, encoding="utf-8")
    return written
