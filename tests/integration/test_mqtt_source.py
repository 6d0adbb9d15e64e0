"""Readings come in by a persistent session: what is not acknowledged comes again, what is does not."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from paho.mqtt import publish

from tests.conftest import Mosquitto
from warnstream.adapters.mqtt import MqttSource, ReceivedMessage
from warnstream.config.settings import BrokerSettings

pytestmark = pytest.mark.server

PROTOCOLS = pytest.mark.parametrize("protocol", ["3.1.1", "5"])


@contextmanager
def source(mosquitto: Mosquitto, protocol: str) -> Iterator[MqttSource]:
    settings = BrokerSettings(
        False, "127.0.0.1", mosquitto.port, protocol, "node", None, None, None, 0.02, 500
    )
    opened = MqttSource(settings, ["ws/+/+/+/obs"])
    opened.start()
    assert opened.wait_connected(10)
    yield opened
    opened.stop()


def send(mosquitto: Mosquitto, *payloads: str) -> None:
    for payload in payloads:
        publish.single("ws/c/rain/R1/obs", payload, qos=1, hostname="127.0.0.1", port=mosquitto.port)


def take(opened: MqttSource, count: int) -> list[ReceivedMessage]:
    found: list[ReceivedMessage] = []
    deadline = time.monotonic() + 10
    while len(found) < count and time.monotonic() < deadline:
        found += opened.take(messages_max=100, wait_s=0.2, gather_s=0.01)
    return found


def payloads(messages: list[ReceivedMessage]) -> list[bytes]:
    return [message.raw.payload for message in messages]


@PROTOCOLS
def test_what_is_sent_while_the_node_is_away_is_waiting_for_it(mosquitto: Mosquitto, protocol: str) -> None:
    with source(mosquitto, protocol):
        pass
    send(mosquitto, "1", "2", "3")
    with source(mosquitto, protocol) as opened:
        assert payloads(take(opened, 3)) == [b"1", b"2", b"3"]


@PROTOCOLS
def test_only_what_was_not_acknowledged_comes_again(mosquitto: Mosquitto, protocol: str) -> None:
    with source(mosquitto, protocol) as opened:
        send(mosquitto, "1", "2", "3")
        arrived = take(opened, 3)
        opened.acknowledge(arrived[:1])
        time.sleep(0.2)  # let the acknowledgement leave before the connection ends
    with source(mosquitto, protocol) as opened:
        again = take(opened, 2)
        assert payloads(again) == [b"2", b"3"]
        opened.acknowledge(again)
        time.sleep(0.2)
    with source(mosquitto, protocol) as opened:
        assert opened.take(messages_max=10, wait_s=0.5, gather_s=0.01) == []


@PROTOCOLS
def test_a_broker_that_restarts_is_found_again(mosquitto: Mosquitto, protocol: str) -> None:
    with source(mosquitto, protocol) as opened:
        send(mosquitto, "1")
        first = take(opened, 1)
        mosquitto.stop()
        deadline = time.monotonic() + 10
        while opened.is_connected and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not opened.is_connected
        opened.acknowledge(first)  # too late for the old connection, and no harm to the new one
        mosquitto.start()
        assert opened.wait_connected(20)
        send(mosquitto, "2")
        assert payloads(take(opened, 2))[-1] == b"2"


def test_a_waiting_take_is_woken_when_something_else_needs_attention(mosquitto: Mosquitto) -> None:
    with source(mosquitto, "3.1.1") as opened:
        threading.Timer(0.2, opened.wake).start()
        started = time.monotonic()
        assert opened.take(messages_max=10, wait_s=5, gather_s=0.01) == []
        assert time.monotonic() - started < 4
