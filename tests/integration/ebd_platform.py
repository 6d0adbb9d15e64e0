"""A county's emergency broadcast platform, by what is known of such platforms.

Sources: adapters in use in Lishui's counties (Songyang 331124, 2018) and a platform's receiver (2019): tar
by HTTP POST as one file of a multipart form; ``EBDB_<EBDID>.xml`` beside ``EBDS_EBDB_<EBDID>.xml``; EBDType
EBM, ConnectionCheck, EBMStateRequest; MsgType 1 plays, 2 stops; AreaCode 12 digits joined by commas;
Severity 1 worst; times ``YYYY-MM-DD HH:MM:SS``; BrdStateCode 0 not handled, 1 waiting, 2 playing, 3 played,
4 failed, 5 cancelled. The forms of the messages are in `data/ebd/`. Nothing of the channel is used here:
multipart by the standard library's mail parser, tar by `tarfile`, and each field is looked at by itself.
What platforms answer in the body of a POST differs by vendor and no document of it is known: this one
answers there, and can be told not to.
"""

import email
import email.policy
import io
import re
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from xml.etree import ElementTree as ET

DATA = Path(__file__).parent / "data" / "ebd"
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\Z")


@dataclass
class Heard:
    """A broadcast as the platform has understood it."""

    ebm: str
    msg_type: str
    areas: list[str]
    text: str
    severity: str
    event_type: str
    test_type: str
    start: str
    end: str
    related: str


@dataclass
class Platform:
    """What came, what was wrong with it, and how the platform behaves."""

    heard: list[Heard] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    heartbeats: int = 0
    status: int = 200
    result: str = "1"
    is_mute: bool = False
    course: list[str] = field(default_factory=lambda: ["1", "2", "3"])
    course_of: dict[str, list[str]] = field(default_factory=dict)
    signatures: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def plays(self) -> list[Heard]:
        return [warning for warning in self.heard if warning.msg_type == "1"]

    def stops(self) -> list[Heard]:
        return [warning for warning in self.heard if warning.msg_type == "2"]

    def take(self, content_type: str, body: bytes) -> tuple[int, bytes]:
        with self.lock:
            if self.status != 200:
                return self.status, b""
            try:
                root = self._package(content_type, body)
                answer = self._answer(root)
            except (AssertionError, KeyError, ValueError, AttributeError, ET.ParseError) as error:
                self.wrong.append(f"{type(error).__name__}: {error}")
                return 200, tar_of(form("EBDResponse").replace("RESULT", "3"))
            return 200, b"" if self.is_mute else answer

    def _package(self, content_type: str, body: bytes) -> ET.Element:
        head = f"Content-Type: {content_type}\r\n\r\n".encode()
        message = email.message_from_bytes(head + body, policy=email.policy.HTTP)
        (part,) = [part for part in message.walk() if part.get_filename()]
        name = part.get_filename() or ""
        assert re.fullmatch(r"EBDT_\d{36}\.tar", name), f"name of the tar {name!r}"
        with tarfile.open(fileobj=io.BytesIO(part.get_payload(decode=True))) as tar:  # type: ignore[arg-type]
            files = {
                member.name: (tar.extractfile(member) or io.BytesIO()).read() for member in tar.getmembers()
            }
        identifier = name.removeprefix("EBDT_").removesuffix(".tar")
        assert set(files) == {f"EBDB_{identifier}.xml", f"EBDS_EBDB_{identifier}.xml"}, sorted(files)
        root = ET.fromstring(files[f"EBDB_{identifier}.xml"])  # noqa: S314  # of our own channel
        assert root.tag == "EBD"
        assert root.findtext("EBDVersion")
        assert root.findtext("EBDID") == identifier
        for end in ("SRC/EBRID", "DEST/EBRID"):
            assert re.fullmatch(r"\d{18}", root.findtext(end) or ""), end
        assert TIME.match(root.findtext("EBDTime") or ""), "EBDTime"
        signed = ET.fromstring(files[f"EBDS_EBDB_{identifier}.xml"])  # noqa: S314
        assert signed.tag == "Signature"
        assert signed.findtext("RelatedEBD/EBDID") == identifier
        for name in ("SignatureTime", "DigestAlgorithm", "SignatureAlgorithm", "SignatureCert/CertSN"):
            assert signed.findtext(name), name
        self.signatures.append(signed.findtext("SignatureValue") or "")
        return root

    def _answer(self, root: ET.Element) -> bytes:
        kind = root.findtext("EBDType")
        if kind == "ConnectionCheck":
            assert TIME.match(root.findtext("ConnectionCheck/RptTime") or "")
            self.heartbeats += 1
        elif kind == "EBM":
            self.heard.append(self._broadcast(root))
        elif kind == "EBMStateRequest":
            return self._state(root.findtext("EBMStateRequest/EBM/EBMID") or "")
        else:
            raise ValueError(f"EBDType {kind!r}")
        return tar_of(form("EBDResponse").replace("RESULT", self.result))

    def _broadcast(self, root: ET.Element) -> Heard:
        ebm = root.find("EBM")
        assert ebm is not None
        basic, content = ebm.find("MsgBasicInfo"), ebm.find("MsgContent")
        assert basic is not None
        assert content is not None
        for name in ("SenderName", "SenderCode", "EventType", "Severity"):
            assert basic.findtext(name), name
        for name in ("SentTime", "StartTime", "EndTime"):
            assert TIME.match(basic.findtext(name) or ""), name
        areas = (content.findtext("AreaCode") or "").split(",")
        assert all(re.fullmatch(r"\d{12}", area) for area in areas), areas
        assert basic.findtext("MsgType") in {"1", "2"}
        assert re.fullmatch(r"\d{30}", ebm.findtext("EBMID") or ""), "EBMID"
        return Heard(
            ebm.findtext("EBMID") or "",
            basic.findtext("MsgType") or "",
            areas,
            content.findtext("MsgDesc") or "",
            basic.findtext("Severity") or "",
            basic.findtext("EventType") or "",
            ebm.findtext("TestType") or "",
            basic.findtext("StartTime") or "",
            basic.findtext("EndTime") or "",
            ebm.findtext("RelatedEBM/EBMID") or "",
        )

    def _state(self, ebm: str) -> bytes:
        assert ebm in {warning.ebm for warning in self.heard}, f"state of an unknown EBMID {ebm!r}"
        course = self.course_of.setdefault(ebm, list(self.course))
        code = course.pop(0) if len(course) > 1 else course[0]
        return tar_of(form("EBMStateResponse").replace("EBMID_HERE", ebm).replace("STATE", code))


def form(kind: str) -> str:
    """A message of the platform as in `data/ebd`, with places to fill."""
    return (DATA / f"{kind}.xml").read_text("utf-8")


def tar_of(text: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in (("EBDB_1.xml", text.encode()), ("EBDS_EBDB_1.xml", b"<Signature/>")):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


@contextmanager
def serving(platform: Platform) -> Iterator[str]:
    """Serve it on the loopback; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, answer = platform.take(self.headers.get("Content-Type", ""), body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/ebd"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
