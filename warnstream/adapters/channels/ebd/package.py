"""Packages of an emergency broadcast platform: XML and its signature in a tar; built and read, pure.

The form is that of counties' adapters as they are in use: ``EBDB_<EBDID>.xml`` with the root ``EBD`` and, in
the same tar, ``EBDS_EBDB_<EBDID>.xml`` with its ``Signature``. EBDID is ``01``, the sender's EBRID and 16
digits; here these follow from the notification's key, so that a repetition is known as one.
"""

import hashlib
import io
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

ANSWER_BYTES_MAX = 1 << 20
MEMBERS_MAX = 16

PLAY, STOP = "1", "2"
"""MsgType."""


@dataclass(frozen=True, slots=True)
class Header:
    """Who sends a package to whom, and when (local, ``YYYY-MM-DD HH:MM:SS``)."""

    source: str
    destination: str
    time: str


@dataclass(frozen=True, slots=True)
class Broadcast:
    """What is to be played, or stopped, where; times as in `Header`."""

    ebm_id: str
    msg_type: str
    sender_name: str
    sender_code: str
    event_type: str
    severity: str
    start: str
    end: str
    areas: Sequence[str]
    title: str = ""
    text: str = ""
    related: str = ""
    test_type: str = ""


@dataclass(frozen=True, slots=True)
class Signing:
    """What a signature file says of the certificate and the methods."""

    cert_type: str
    issuer: str
    cert_sn: str
    digest: str
    algorithm: str


@dataclass(frozen=True, slots=True)
class Package:
    """A package as it is sent: names and content of its files."""

    ebd_id: str
    body: bytes
    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the tar."""
        return f"EBDT_{self.ebd_id}.tar"

    def tar(self, signature: bytes) -> bytes:
        """The tar with its signature file; equal bytes for equal content."""
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for name, content in (
                (f"EBDB_{self.ebd_id}.xml", self.body),
                (f"EBDS_EBDB_{self.ebd_id}.xml", signature),
            ):
                member = tarfile.TarInfo(name)
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
        return out.getvalue()


@dataclass(frozen=True, slots=True)
class PlatformAnswer:
    """What a platform says: the kind of its package, and of it what is read; empty where it is not there."""

    ebd_type: str
    result_code: str = ""
    result_text: str = ""
    ebm_id: str = ""
    state_code: str = ""
    state_text: str = ""


def digits_of(text: str, count: int) -> str:
    """So many digits that follow from a text.

    >>> digits_of("ws.V1.20260618T000000Z.1|LS|ebd", 12) == digits_of("ws.V1.20260618T000000Z.1|LS|ebd", 12)
    True
    >>> len(digits_of("x", 16))
    16
    """
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")
    return str(number % 10**count).zfill(count)


def ebd_id(source: str, text: str) -> str:
    """Identifier of a package."""
    return f"01{source}{digits_of(text, 16)}"


def ebm_id(source: str, text: str) -> str:
    """Identifier of what is broadcast."""
    return f"{source}{digits_of(text, 12)}"


def broadcast_package(header: Header, broadcast: Broadcast, identifier: str) -> Package:
    """A package that plays or stops."""
    root = _root("EBM", header, identifier)
    ebm = ET.SubElement(root, "EBM")
    _text(ebm, "EBMVersion", "1.0")
    _text(ebm, "EBMID", broadcast.ebm_id)
    if broadcast.related:
        _text(ET.SubElement(ebm, "RelatedEBM"), "EBMID", broadcast.related)
    if broadcast.test_type:
        _text(ebm, "TestType", broadcast.test_type)
    basic = ET.SubElement(ebm, "MsgBasicInfo")
    for name, value in (
        ("MsgType", broadcast.msg_type),
        ("SenderName", broadcast.sender_name),
        ("SenderCode", broadcast.sender_code),
        ("SentTime", header.time),
        ("EventType", broadcast.event_type),
        ("Severity", broadcast.severity),
        ("StartTime", broadcast.start),
        ("EndTime", broadcast.end),
    ):
        _text(basic, name, value)
    content = ET.SubElement(ebm, "MsgContent")
    for name, value in (
        ("LanguageCode", "zho"),
        ("MsgTitle", broadcast.title),
        ("MsgDesc", broadcast.text),
        ("AreaCode", ",".join(broadcast.areas)),
    ):
        _text(content, name, value)
    return Package(identifier, _bytes(root))


def heartbeat_package(header: Header, identifier: str) -> Package:
    """A package that asks whether the platform is there."""
    root = _root("ConnectionCheck", header, identifier)
    _text(ET.SubElement(root, "ConnectionCheck"), "RptTime", header.time)
    return Package(identifier, _bytes(root))


def state_request(header: Header, ebm: str, identifier: str) -> Package:
    """A package that asks what became of a broadcast."""
    root = _root("EBMStateRequest", header, identifier)
    _text(ET.SubElement(ET.SubElement(root, "EBMStateRequest"), "EBM"), "EBMID", ebm)
    return Package(identifier, _bytes(root))


def signature_file(identifier: str, signing: Signing, value: str, at_s: int) -> bytes:
    """The signature file of a package; its time is seconds since 1970 in hexadecimal."""
    root = ET.Element("Signature")
    _text(root, "Version", "1.0")
    _text(ET.SubElement(root, "RelatedEBD"), "EBDID", identifier)
    cert = ET.SubElement(root, "SignatureCert")
    _text(cert, "CertType", signing.cert_type)
    _text(cert, "IssuerID", signing.issuer)
    _text(cert, "CertSN", signing.cert_sn)
    _text(root, "SignatureTime", format(at_s, "08x"))
    _text(root, "DigestAlgorithm", signing.digest)
    _text(root, "SignatureAlgorithm", signing.algorithm)
    _text(root, "SignatureValue", value)
    return _bytes(root)


def read_answer(content: bytes) -> PlatformAnswer:
    """What a platform has answered: a tar, or its XML alone.

    Raises
    ------
    ValueError
        If it is none of both, or too large.
    """
    if len(content) > ANSWER_BYTES_MAX:
        raise ValueError("the answer is too large")
    body = _body_of(content)
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise ValueError("the answer has a document type")
    try:
        root = ET.fromstring(body)  # noqa: S314  # no document type, so no entities
    except ET.ParseError as error:
        raise ValueError(f"the answer is no XML ({error})") from None
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    if root.tag != "EBD":
        raise ValueError(f"the answer's root is {root.tag!r}, expected EBD")
    response, state = root.find("EBDResponse"), root.find("EBMStateResponse")
    return PlatformAnswer(
        ebd_type=root.findtext("EBDType", "").strip(),
        result_code=_of(response, "ResultCode"),
        result_text=_of(response, "ResultDesc"),
        ebm_id=_of(state, "EBM/EBMID"),
        state_code=_of(state, "BrdStateCode"),
        state_text=_of(state, "BrdStateDesc"),
    )


def _body_of(content: bytes) -> bytes:
    if content.lstrip().startswith(b"<"):
        return content
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as tar:
            for count, member in enumerate(tar):
                if count >= MEMBERS_MAX:
                    break
                name = member.name.rpartition("/")[2]
                if member.isfile() and name.startswith("EBDB_") and member.size <= ANSWER_BYTES_MAX:
                    file = tar.extractfile(member)
                    return file.read() if file is not None else b""
    except (tarfile.TarError, EOFError) as error:
        raise ValueError(f"the answer is no tar ({error})") from None
    raise ValueError("the answer's tar has no EBDB_ file")


def _of(parent: ET.Element | None, path: str) -> str:
    return "" if parent is None else (parent.findtext(path) or "").strip()


def _root(kind: str, header: Header, identifier: str) -> ET.Element:
    root = ET.Element("EBD")
    _text(root, "EBDVersion", "1.0")
    _text(root, "EBDID", identifier)
    _text(root, "EBDType", kind)
    _text(ET.SubElement(root, "SRC"), "EBRID", header.source)
    _text(ET.SubElement(root, "DEST"), "EBRID", header.destination)
    _text(root, "EBDTime", header.time)
    ET.SubElement(root, "RelatedEBD")
    return root


def _text(parent: ET.Element, name: str, value: str) -> None:
    ET.SubElement(parent, name).text = value


def _bytes(root: ET.Element) -> bytes:
    content: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return content
