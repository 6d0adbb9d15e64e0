"""The broker: whether it takes this node's name and lets it hear its topics."""

import threading
from collections.abc import Iterator
from typing import Any, Protocol

import paho.mqtt.client as paho

from warnstream.adapters.mqtt.connection import connect_async, new_client
from warnstream.config.settings import Configuration
from warnstream.runners.build import topics_of
from warnstream.runners.doctor.finding import Finding, fault, ok

PART = "broker"
WAIT_S = 10.0
FAILURE = 128
"""Codes of SUBACK from here on refuse."""


def broker(configuration: Configuration) -> Iterator[Finding]:
    """Findings on the broker; a name of its own, so that a running node keeps its session."""
    settings = configuration.broker
    if settings.embedded:
        return
    where = f"{settings.host}:{settings.port}"
    try:
        client = new_client(settings, f"{settings.client_id}-doctor", keeps_session=False, kind=paho.Client)
    except (OSError, ValueError) as error:
        yield fault(PART, f"{where}: {error}")
        return
    heard = Heard()
    client.on_connect, client.on_connect_fail = heard.connected, heard.not_connected
    client.on_subscribe, client.on_disconnect = heard.subscribed, heard.disconnected
    connect_async(client, settings, keeps_session=False)
    client.loop_start()
    try:
        yield from ask(client, heard, where, topics_of(configuration).subscriptions)
    finally:
        client.disconnect()
        client.loop_stop()


class Heard:
    """What the broker answered."""

    def __init__(self) -> None:
        self.answered, self.granted = threading.Event(), threading.Event()
        self.refusal = ""
        self.codes: list[int] = []

    def connected(self, _client: object, _data: object, _flags: object, reason: Any, _more: object) -> None:
        """The answer to CONNECT."""
        self.refusal = str(reason) if reason.is_failure else ""
        self.answered.set()

    def not_connected(self, _client: object, _data: object) -> None:
        """Nothing took the connection."""
        self.refusal = self.refusal or "nobody takes the connection"

    def disconnected(
        self, _client: object, _data: object, _flags: object, reason: Any, _more: object
    ) -> None:
        """The connection is over."""
        self.refusal = self.refusal or str(reason)

    def subscribed(self, _client: object, _data: object, _mid: int, reasons: Any, _more: object) -> None:
        """The answer to SUBSCRIBE."""
        self.codes = [int(reason.value) for reason in reasons]
        self.granted.set()


class Subscriber(Protocol):
    """What is asked of a client, once it connects."""

    def subscribe(self, topic: list[tuple[str, int]], /) -> object:
        """Ask for topics, each with the highest QoS."""


def ask(client: Subscriber, heard: Heard, where: str, topics: list[str]) -> Iterator[Finding]:
    """Wait for the connection, then for the answer to a subscription."""
    if not heard.answered.wait(WAIT_S):
        yield fault(PART, f"{where}: no connection within {WAIT_S:.0f} s: {heard.refusal or 'no answer'}")
        return
    if heard.refusal:
        yield fault(PART, f"{where}: it refuses: {heard.refusal}")
        return
    yield ok(PART, f"{where}: connected")
    client.subscribe([(topic, 1) for topic in topics])
    if not heard.granted.wait(WAIT_S):
        yield fault(PART, f"{where}: no answer to a subscription within {WAIT_S:.0f} s")
        return
    refused = [topic for topic, code in zip(topics, heard.codes, strict=False) if code >= FAILURE]
    weak = [topic for topic, code in zip(topics, heard.codes, strict=False) if code == 0]
    if refused:
        yield fault(PART, f"{where}: it refuses {', '.join(refused)}: its access list")
    if weak:
        yield fault(PART, f"{where}: QoS 0 at most for {', '.join(weak)}: readings would be lost")
    if not refused and not weak:
        yield ok(PART, f"{where}: {len(topics)} topics at QoS 1")
