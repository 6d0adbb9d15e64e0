"""Four ways to people, each with a server of others or one that a test plays: who was sent what, when.

Devices at a mosquitto, an SMSC of node-smpp, mailboxes of aiosmtpd, an HTTP gateway. Each notes what it was
sent in the order of arrival. Devices and the gateway are given keys; a mail's Message-ID stands for its key;
a short message has none: its answer link names message and recipient.
"""

import hashlib
import json
import re
import threading
import time
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from aiosmtpd.controller import Controller
from paho.mqtt.client import Client, MQTTMessage, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion

from tests.conftest import Mosquitto, free_port
from tests.integration.smsc import Smsc
from tests.integration.test_delivery_smtp import Mailboxes
from warnstream.adapters.ledger.links import link_number
from warnstream.adapters.outbox.post_links import post_link_number
from warnstream.adapters.sending.answer_tokens import Tokens

LINK = re.compile("/a/([A-Za-z0-9_-]{24})")
ANSWERS_SHARE = 0.3
"""Of messages that are shown, so many are answered at once."""

MAIL_SENDER = "node@county.example"


class Arrival(NamedTuple):
    """Something that one counterpart was sent: when (monotonic), and what stands for its key."""

    at: float
    name: str


class TimedSmsc(Smsc):
    """An SMSC that notes when it said what."""

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said.append({**json.loads(line), "at": time.monotonic()})


class TimedMailboxes(Mailboxes):
    """Mailboxes that note when they got which mail."""

    def __init__(self) -> None:
        super().__init__()
        self.arrivals: list[Arrival] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        reply = await super().handle_DATA(server, session, envelope)
        self.arrivals.append(Arrival(time.monotonic(), str(self.mails[-1][1]["Message-ID"])))
        return reply


class Counterparts:
    """All four, and what people answered by device and by short message."""

    def __init__(self, broker: Mosquitto, random: Random) -> None:
        self.broker, self._random = broker, random
        self.devices: list[Arrival] = []
        self.web: list[Arrival] = []
        self.mails = TimedMailboxes()
        self.sms: Smsc | None = None
        self.web_port = 0
        self._answers: list[tuple[str, str, MQTTMessageInfo]] = []
        self._client = Client(CallbackAPIVersion.VERSION2, client_id="devices", clean_session=False)
        self._client.on_message = self._show
        self._replied = 0

    def connect_devices(self) -> None:
        """All devices share a session that the broker keeps."""
        self._client.connect("127.0.0.1", self.broker.port)
        self._client.subscribe("ws/device/+", qos=1)
        self._client.loop_start()

    def disconnect_devices(self) -> None:
        """No device is there any more."""
        self._client.disconnect()
        self._client.loop_stop()

    def _show(self, client: Client, _userdata: object, message: MQTTMessage) -> None:
        content = json.loads(message.payload)
        is_new = content["key"] not in {arrival.name for arrival in self.devices[-500:]}
        self.devices.append(Arrival(time.monotonic(), content["key"]))
        door, bulletin = content["recipient"], content["message"]
        if is_new and door[0] == "H" and self._random.random() < ANSWERS_SHARE:
            answer = json.dumps({"message": bulletin, "answer": "acknowledged"})
            self._answers.append((bulletin, door, client.publish(f"ws/answer/{door}", answer, qos=1)))

    def reply_to_texts(self, phones: Container[str]) -> None:
        """Some of these people write back to what they were sent since the last time."""
        assert self.sms is not None
        found = self.sms.all("submit")
        new, self._replied = found[self._replied :], len(found)
        for submit in new:
            if submit["submit"] in phones and self._random.random() < ANSWERS_SHARE:
                self.sms.reply(str(submit["submit"]), "收到", source_addr_ton=1)

    def answers_by_device(self) -> set[tuple[str, str]]:
        """Message and door of every answer that the broker has acknowledged."""
        return {(message, door) for message, door, info in self._answers if info.is_published()}

    def phones_replied(self) -> set[str]:
        """Phones of which the node has acknowledged a reply to the SMSC."""
        assert self.sms is not None
        taken = self.sms.all("deliver_resp")
        return {str(pdu["of"]) for pdu in taken if pdu["deliver_resp"] == 0 and not pdu["esm"] & 0x3C}

    def texts(self) -> list[Arrival]:
        """What the SMSC has taken, by the token of its link."""
        assert self.sms is not None
        found = []
        for submit in self.sms.all("submit"):
            link = LINK.search(str(submit.get("payload") or submit.get("text", "")))
            found.append(Arrival(submit["at"], link[1] if link else f"no link: {submit}"))
        return found


def names_of(keys: Iterable[tuple[str, str, str, str]], tokens: Tokens) -> Mapping[str, str]:
    """What stands for a key at each counterpart -> the key.

    `keys` are (message, village, recipient, channel); the village is empty for a post.
    """
    found = {}
    for message, village, recipient, channel in keys:
        key = f"{message}|{recipient}|{channel}"
        name = key
        if channel == "mail":
            digest = hashlib.sha256(key.encode()).hexdigest()[:32]
            name = f"<{digest}@{MAIL_SENDER.rpartition('@')[2]}>"
        elif channel == "sms":
            number = link_number(village, recipient) if village else post_link_number(message, recipient)
            name = tokens.issue(number, message, recipient)
        found[name] = key
    return found


@contextmanager
def counterparts(program: str, folder: Path, random: Random) -> Iterator[Counterparts]:
    """All four on free ports of this machine."""
    folder.mkdir(parents=True, exist_ok=True)
    broker = Mosquitto(program, free_port(), folder)
    broker.start()
    them = Counterparts(broker, random)
    them.mails.port = free_port()
    mail = Controller(them.mails, hostname="127.0.0.1", port=them.mails.port)
    with ExitStack() as stack:
        stack.callback(broker.stop)
        mail.start()
        stack.callback(mail.stop)
        them.sms = TimedSmsc(free_port(), receipts=True, throttle_every=50)
        stack.callback(them.sms.kill)
        them.web_port = stack.enter_context(_web(them.web))
        them.connect_devices()
        stack.callback(them.disconnect_devices)
        yield them


@contextmanager
def _web(arrivals: list[Arrival]) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            arrivals.append(Arrival(time.monotonic(), body["key"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Silent."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """A node that is killed leaves a request half sent: that tells nobody and is no error."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
