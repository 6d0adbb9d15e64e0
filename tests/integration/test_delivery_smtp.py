"""The smtp channel against a real mail server, and against sockets that behave badly."""

import email
import email.policy
import os
import resource
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.conftest import free_port
from tests.integration.test_delivery_webhook import Receipts, exhaust_files
from tests.unit.adapters.county import outgoing_message
from warnstream.adapters.channels.channel import OutgoingMessage
from warnstream.adapters.channels.smtp import SmtpChannel
from warnstream.config.channels.smtp import SmtpChannelSection
from warnstream.delivery.dispatch.outcome import SENT, Outcome, Verdict
from warnstream.model.warning import MessageStatus

OK = "250 OK"


@dataclass
class Mailboxes:
    """What a mail server was given, and how it replies to a sender, a recipient and a mail."""

    on_sender: Callable[[str], str] = lambda _sender: OK
    on_recipient: Callable[[str], str] = lambda _recipient: OK
    on_mail: Callable[[str], str] = lambda _recipient: "250 taken"
    mails: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    port: int = 0

    async def handle_MAIL(  # noqa: N802  the server's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.on_sender(address)

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        reply = self.on_recipient(address)
        if reply == OK:
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        reply = self.on_mail(envelope.rcpt_tos[0])
        if reply.startswith("250"):
            assert isinstance(envelope.content, bytes)
            mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
            assert isinstance(mail, EmailMessage)
            self.mails.append((list(envelope.rcpt_tos), mail))
        return reply


@contextmanager
def mail_server(boxes: Mailboxes, **options: Any) -> Iterator[Mailboxes]:
    boxes.port = free_port()
    controller = Controller(boxes, hostname="127.0.0.1", port=boxes.port, **options)
    controller.start()
    try:
        yield boxes
    finally:
        controller.stop()


@contextmanager
def opened(port: int, directory: Path, **keys: object) -> Iterator[SmtpChannel]:
    written = {
        "kind": "smtp",
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "sender": "node@county.example",
        "timeout": "20s",
    }
    section = SmtpChannelSection.model_validate(written | keys)
    with closing(SmtpChannel(section, directory)) as channel:
        channel.open(Receipts())
        yield channel


def to(*names: str) -> list[OutgoingMessage]:
    return [outgoing_message(address=f"{name}@county.example", number=n) for n, name in enumerate(names)]


def send(port: int, directory: Path, batch: list[OutgoingMessage], **keys: object) -> list[Outcome]:
    with opened(port, directory, **keys) as channel:
        return list(channel.send(batch))


def verdicts(outcomes: list[Outcome]) -> list[Verdict]:
    return [outcome.verdict for outcome in outcomes]


def test_every_recipient_gets_a_mail_of_its_own_with_both_texts_and_the_link(tmp_path: Path) -> None:
    batch = [replace(message, answer_url="http://node.example/a/tt") for message in to("ann", "bo")]
    with mail_server(Mailboxes()) as boxes:
        assert send(boxes.port, tmp_path, batch) == [SENT, SENT]
    assert [recipients for recipients, _ in boxes.mails] == [["ann@county.example"], ["bo@county.example"]]
    mail = boxes.mails[0][1]
    assert mail["To"] == "ann@county.example"
    text = mail.get_content()
    assert "立即转移" in text
    assert "Move now" in text
    assert "http://node.example/a/tt" in text
    assert mail["Subject"] == "立即转移"
    assert mail["Date"].datetime.timestamp() == batch[0].sent_s


def test_a_repeated_mail_has_the_same_name_and_another_recipient_s_another(tmp_path: Path) -> None:
    with mail_server(Mailboxes()) as boxes:
        send(boxes.port, tmp_path, to("ann", "bo"))
        send(boxes.port, tmp_path, to("ann"))
    first, other, repeated = [mail["Message-ID"] for _, mail in boxes.mails]
    assert first == repeated != other


def test_an_exercise_is_marked_in_subject_and_text(tmp_path: Path) -> None:
    exercise = [outgoing_message(MessageStatus.EXERCISE, address="ann@county.example")]
    with mail_server(Mailboxes()) as boxes:
        send(boxes.port, tmp_path, exercise)
    mail = boxes.mails[0][1]
    assert mail["Subject"].startswith("【演练】")
    assert "[EXERCISE]" in mail.get_content()


def test_a_text_with_line_breaks_makes_no_headers(tmp_path: Path) -> None:
    evil = replace(to("ann")[0], text_zh="立即\r\nBcc: everybody@county.example\r\n\r\nbody")
    with mail_server(Mailboxes()) as boxes:
        assert send(boxes.port, tmp_path, [evil]) == [SENT]
    recipients, mail = boxes.mails[0]
    assert (recipients, mail["Bcc"]) == (["ann@county.example"], None)


@pytest.mark.parametrize("reply", ["550 5.1.1 no such user", "551 not here", "553 5.1.3 bad address"])
def test_a_mailbox_that_is_none_is_refused_and_the_others_get_their_mail(tmp_path: Path, reply: str) -> None:
    boxes = Mailboxes(on_recipient=lambda address: reply if address.startswith("bo") else OK)
    with mail_server(boxes):
        outcomes = send(boxes.port, tmp_path, to("ann", "bo", "cy"))
    assert verdicts(outcomes) == [Verdict.SENT, Verdict.REFUSED, Verdict.SENT]
    assert len(boxes.mails) == 2


def test_a_refusal_without_a_reason_is_the_recipient_s_own_where_the_session_works(tmp_path: Path) -> None:
    boxes = Mailboxes(on_recipient=lambda address: "550 no" if address.startswith("ann") else OK)
    with mail_server(boxes):
        assert verdicts(send(boxes.port, tmp_path, to("ann", "bo"))) == [Verdict.REFUSED, Verdict.SENT]
        assert verdicts(send(boxes.port, tmp_path, to("ann"))) == [Verdict.DOUBTFUL]


def test_a_server_that_relays_for_nobody_leaves_everybody_in_doubt(tmp_path: Path) -> None:
    with mail_server(Mailboxes(on_recipient=lambda _address: "554 5.7.1 relay denied")) as boxes:
        assert verdicts(send(boxes.port, tmp_path, to("ann", "bo"))) == [Verdict.DOUBTFUL] * 2


@pytest.mark.parametrize("place", ["on_recipient", "on_mail"])
def test_a_passing_fault_is_tried_again_and_holds_up_nobody_else(tmp_path: Path, place: str) -> None:
    def busy(address: str) -> str:
        return "451 greylisted" if address.startswith("ann") else OK

    boxes = Mailboxes()
    setattr(boxes, place, busy)
    with mail_server(boxes):
        outcomes = send(boxes.port, tmp_path, to("ann", "bo"))
    assert verdicts(outcomes) == [Verdict.RETRY, Verdict.SENT]


def test_a_mail_that_is_refused_after_its_text_is_in_doubt(tmp_path: Path) -> None:
    with mail_server(Mailboxes(on_mail=lambda _recipient: "554 spam")) as boxes:
        assert verdicts(send(boxes.port, tmp_path, to("ann"))) == [Verdict.DOUBTFUL]


@pytest.mark.parametrize("reply", ["550 who are you", "421 closing"])
def test_what_the_server_has_against_us_is_no_attempt_of_a_mail(tmp_path: Path, reply: str) -> None:
    with mail_server(Mailboxes(on_sender=lambda _sender: reply)) as boxes:
        assert verdicts(send(boxes.port, tmp_path, to("ann", "bo"))) == [Verdict.UNAVAILABLE] * 2


def test_a_server_that_closes_in_the_middle_leaves_the_rest_untried(tmp_path: Path) -> None:
    boxes = Mailboxes(on_recipient=lambda address: "421 closing" if address.startswith("bo") else OK)
    with mail_server(boxes):
        outcomes = send(boxes.port, tmp_path, to("ann", "bo", "cy"))
    assert verdicts(outcomes) == [Verdict.SENT, Verdict.UNAVAILABLE, Verdict.UNAVAILABLE]


def test_an_address_that_is_none_and_a_text_that_is_not_unicode_are_refused_alone(tmp_path: Path) -> None:
    batch = to("ann", "bo", "cy")
    batch[0] = replace(batch[0], address="ann@county.example> RCPT TO:<all@county.example")
    batch[1] = replace(batch[1], text_en="\ud800")
    with mail_server(Mailboxes()) as boxes:
        outcomes = send(boxes.port, tmp_path, batch)
    assert verdicts(outcomes) == [Verdict.REFUSED, Verdict.REFUSED, Verdict.SENT]
    assert "county.example" not in outcomes[0].reason.replace("duty@county.example", "")


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    made = trustme.CA()
    made.cert_pem.write_to_path(tmp_path / "ca.pem")
    return made


def tls_of(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def only_with(password: bytes) -> Callable[..., AuthResult]:
    def authenticate(
        _server: SMTP, _session: Session, _envelope: Envelope, _way: str, data: object
    ) -> AuthResult:
        is_right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"node", password)
        return AuthResult(success=is_right, handled=False)

    return authenticate


LOGIN: dict[str, object] = {
    "security": "starttls",
    "ca": "ca.pem",
    "username": "node",
    "password_file": "mail.password",
}


def test_it_logs_in_over_starttls_with_the_password_of_the_file(
    tmp_path: Path, authority: trustme.CA
) -> None:
    (tmp_path / "mail.password").write_text("tree frog\n", encoding="utf-8")
    options: dict[str, object] = {
        "tls_context": tls_of(authority),
        "require_starttls": True,
        "auth_required": True,
        "authenticator": only_with(b"tree frog"),
    }
    with mail_server(Mailboxes(), **options) as boxes:
        assert send(boxes.port, tmp_path, to("ann"), **LOGIN) == [SENT]
        (tmp_path / "mail.password").write_text("toad", encoding="utf-8")
        (outcome,) = send(boxes.port, tmp_path, to("ann"), **LOGIN)
    assert (outcome.verdict, outcome.reason) == (Verdict.UNAVAILABLE, "the mail server refuses us (535)")


def test_a_password_file_that_went_away_holds_the_channel(tmp_path: Path, authority: trustme.CA) -> None:
    with mail_server(Mailboxes(), tls_context=tls_of(authority)) as boxes:
        (outcome,) = send(boxes.port, tmp_path, to("ann"), **LOGIN)
    assert outcome.verdict is Verdict.UNAVAILABLE


def test_a_server_without_starttls_gets_no_mail_in_the_open(tmp_path: Path, authority: trustme.CA) -> None:
    with mail_server(Mailboxes()) as boxes:
        (outcome,) = send(boxes.port, tmp_path, to("ann"), security="starttls", ca="ca.pem")
    assert outcome.verdict is Verdict.UNAVAILABLE
    assert boxes.mails == []


def test_a_certificate_that_nobody_vouches_for_is_not_believed(tmp_path: Path, authority: trustme.CA) -> None:
    with mail_server(Mailboxes(), tls_context=tls_of(trustme.CA())) as boxes:
        (outcome,) = send(boxes.port, tmp_path, to("ann"), security="starttls", ca="ca.pem")
    assert outcome.verdict is Verdict.UNAVAILABLE
    assert boxes.mails == []


@contextmanager
def odd_server(say: Callable[[socket.socket, threading.Event], None]) -> Iterator[int]:
    """A socket that talks as it likes to whoever comes."""
    over = threading.Event()

    def serve(listener: socket.socket) -> None:
        while not over.is_set():
            with suppress(OSError):  # nobody came, or who came went
                connection, _ = listener.accept()
                with connection:
                    say(connection, over)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            over.set()
            thread.join()


def test_a_server_that_drips_ends_with_the_time_of_the_mail(tmp_path: Path) -> None:
    def drip(connection: socket.socket, over: threading.Event) -> None:
        for byte in b"220-" + b"x" * 1_000_000:
            connection.send(bytes([byte]))
            if over.wait(0.01):
                return

    with odd_server(drip) as port:
        outcomes = send(port, tmp_path, to("ann", "bo"), timeout="200ms")
    assert verdicts(outcomes) == [Verdict.UNAVAILABLE] * 2


def test_a_server_that_floods_takes_no_memory(tmp_path: Path) -> None:
    def flood(connection: socket.socket, over: threading.Event) -> None:
        while not over.is_set():
            connection.sendall(b"220-" + b"x" * 65_536)

    with odd_server(flood) as port:
        outcomes = send(port, tmp_path, to("ann"), timeout="1s")
    assert verdicts(outcomes) == [Verdict.UNAVAILABLE]


def test_a_server_that_talks_nonsense_is_not_believed(tmp_path: Path) -> None:
    def babble(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(b"220 hello\r\n")
        while not over.is_set() and connection.recv(4_096):
            connection.sendall(b"999 what\r\n")

    with odd_server(babble) as port:
        (outcome,) = send(port, tmp_path, to("ann"), timeout="1s")
    assert outcome.verdict is not Verdict.SENT


def test_a_server_that_is_not_there_is_no_attempt_of_a_mail(tmp_path: Path) -> None:
    assert verdicts(send(free_port(), tmp_path, to("ann", "bo"))) == [Verdict.UNAVAILABLE] * 2


def test_this_machine_out_of_files_is_no_attempt_of_a_mail(tmp_path: Path) -> None:
    with mail_server(Mailboxes()) as boxes, opened(boxes.port, tmp_path) as channel:
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        taken = exhaust_files()
        try:
            (outcome,) = channel.send(to("ann"))
        finally:
            for descriptor in taken:
                os.close(descriptor)
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        assert (outcome.verdict, outcome.reason) == (
            Verdict.UNAVAILABLE,
            "this process has too many files open",
        )
        assert channel.send(to("ann")) == [SENT]
