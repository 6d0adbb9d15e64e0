"""Readings come in by a persistent session: what is not acknowledged comes again, what is does not."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import paho.mqtt.client as paho
import pytest
from paho.mqtt import publish
from paho.mqtt.enums import CallbackAPIVersion

from tests.alarms import RecordedAlarms
from tests.conftest import Mosquitto
from warnstream.adapters.inbox import InboundBatch, Inbox
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.mqtt import source as mqtt
from warnstream.adapters.mqtt.ports import NodePorts
from warnstream.adapters.mqtt.source import MqttSource
from warnstream.config.settings import BrokerSettings

pytestmark = pytest.mark.server

PROTOCOLS = pytest.mark.parametrize("protocol", ["3.1.1", "5"])


@contextmanager
def source(
    mosquitto: Mosquitto, protocol: str, *, catches_up: bool = False, alarms: RecordedAlarms | None = None
) -> Iterator[tuple[MqttSource, Inbox]]:
    settings = BrokerSettings(
        False, "127.0.0.1", mosquitto.port, protocol, "node", None, None, None, 0.02, 500
    )
    inbox = Inbox()
    ports = NodePorts(inbox, Metrics(), alarms or RecordedAlarms())
    opened = MqttSource(settings, ["ws/+/+/+/obs"], ports, catches_up=catches_up)
    opened.start()
    assert opened.wait_connected(60)
    yield opened, inbox
    opened.stop()


def send(mosquitto: Mosquitto, *payloads: str) -> None:
    for payload in payloads:
        publish.single("ws/c/rain/R1/obs", payload, qos=1, hostname="127.0.0.1", port=mosquitto.port)


def tell_all(mosquitto: Mosquitto) -> None:
    """The broker's log has every packet from here on."""
    mosquitto.stop()
    mosquitto.settings += "log_type all\n"
    mosquitto.start()


def told(mosquitto: Mosquitto, *words: str) -> int:
    """Lines of the broker's log that have all these words."""
    log = (mosquitto.directory / "mosquitto.log").read_text(encoding="utf-8")
    return sum(all(word in line for word in words) for line in log.splitlines())


def take(inbox: Inbox, count: int) -> list[InboundBatch]:
    found: list[InboundBatch] = []
    deadline = time.monotonic() + 60
    while len(payloads(found)) < count and time.monotonic() < deadline:
        found += inbox.take(messages_max=1, wait_s=0.2, gather_s=0.01)
    return found


def payloads(arrived: list[InboundBatch]) -> list[bytes]:
    return [payload for block in arrived for payload in block.payloads]


@PROTOCOLS
def test_what_is_sent_while_the_node_is_away_is_waiting_for_it(mosquitto: Mosquitto, protocol: str) -> None:
    with source(mosquitto, protocol):
        pass
    send(mosquitto, "1", "2", "3")
    with source(mosquitto, protocol) as (_, inbox):
        assert payloads(take(inbox, 3)) == [b"1", b"2", b"3"]


@PROTOCOLS
def test_only_what_was_not_acknowledged_comes_again(mosquitto: Mosquitto, protocol: str) -> None:
    tell_all(mosquitto)
    with source(mosquitto, protocol) as (opened, inbox):
        send(mosquitto, "1")
        opened.acknowledge(take(inbox, 1))
        send(mosquitto, "2", "3")
        assert payloads(take(inbox, 2)) == [b"2", b"3"]
        wait_until(lambda: told(mosquitto, "Received PUBACK from node") == 1)
    with source(mosquitto, protocol) as (opened, inbox):
        again = take(inbox, 2)
        assert payloads(again) == [b"2", b"3"]
        opened.acknowledge(again)
        wait_until(lambda: told(mosquitto, "Received PUBACK from node") == 3)
    with source(mosquitto, protocol) as (_, inbox):
        assert inbox.take(messages_max=10, wait_s=0.5, gather_s=0.01) == []


@PROTOCOLS
def test_a_broker_that_restarts_is_found_again(mosquitto: Mosquitto, protocol: str) -> None:
    with source(mosquitto, protocol) as (opened, inbox):
        send(mosquitto, "1")
        first = take(inbox, 1)
        mosquitto.stop()
        deadline = time.monotonic() + 60
        while opened.is_connected and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not opened.is_connected
        opened.acknowledge(first)  # too late for the old connection, and no harm to the new one
        mosquitto.start()
        assert opened.wait_connected(60)
        send(mosquitto, "2")
        assert payloads(take(inbox, 2))[-1] == b"2"


def test_a_waiting_take_is_woken_when_something_else_needs_attention() -> None:
    inbox = Inbox()
    threading.Timer(0.2, inbox.wake).start()
    started = time.monotonic()
    assert inbox.take(messages_max=10, wait_s=60, gather_s=0.01) == []
    assert time.monotonic() - started < 30


@PROTOCOLS
def test_what_comes_now_does_not_wait_for_what_the_broker_kept(mosquitto: Mosquitto, protocol: str) -> None:
    with source(mosquitto, protocol, catches_up=True):
        pass
    kept = 5_000
    publish.multiple([("ws/c/rain/R1/obs", b"%d" % n, 1, False) for n in range(kept)], port=mosquitto.port)
    with source(mosquitto, protocol, catches_up=True) as (opened, inbox):
        first = inbox.take(messages_max=500, wait_s=5, gather_s=0)
        assert all(block.is_stream for block in first)
        deadline = time.monotonic() + 60
        assert opened._live is not None
        assert opened._live.wait_connected(60)
        send(mosquitto, "now")
        # Nothing of what was kept is acknowledged, so the broker sends no more of it.
        second = take(inbox, 1_001 - len(payloads(first)))
        fresh = [block for block in second if b"now" in block.payloads]
        assert [(block.payloads, block.is_stream) for block in fresh] == [([b"now"], False)]
        opened.acknowledge([*first, *second])
        found = payloads([*first, *second])
        while len(found) < kept + 2:  # what came meanwhile comes by both sessions
            assert time.monotonic() < deadline, f"{len(found)} came"
            batch = inbox.take(messages_max=500, wait_s=1, gather_s=0)
            opened.acknowledge(batch)
            found += payloads(batch)
        assert set(found) == {*(b"%d" % n for n in range(kept)), b"now"}


def wait_until(reached: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def has_session(mosquitto: Mosquitto, client_id: str) -> bool:
    """Whether the broker keeps a session of that name (3.1.1)."""
    found: list[bool] = []
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=False)
    client.on_connect = lambda _client, _data, flags, _reason, _properties: found.append(
        flags.session_present
    )
    client.connect("127.0.0.1", mosquitto.port)
    client.loop_start()
    wait_until(lambda: found)
    client.disconnect()
    client.loop_stop()
    return found[0]


@PROTOCOLS
def test_a_session_that_has_caught_up_is_alone_again_though_a_busy_county_never_pauses(
    mosquitto: Mosquitto, protocol: str
) -> None:
    with source(mosquitto, protocol, catches_up=True):
        pass
    publish.multiple([("ws/c/rain/R1/obs", b"%d" % n, 1, False) for n in range(500)], port=mosquitto.port)
    stopping = threading.Event()

    def send_on() -> None:
        n = 0
        while not stopping.is_set():
            n += 1
            publish.multiple(
                [("ws/c/rain/R2/obs", b"now %d %d" % (n, i), 1, False) for i in range(50)],
                port=mosquitto.port,
            )

    sender = threading.Thread(target=send_on)
    with source(mosquitto, protocol, catches_up=True) as (opened, inbox):
        assert opened._live is not None
        assert opened._live.wait_connected(60)
        sender.start()
        try:
            deadline = time.monotonic() + 240
            while opened._live.is_connected:
                assert time.monotonic() < deadline, "the live session never ends"
                opened.acknowledge(inbox.take(messages_max=500, wait_s=0.3, gather_s=0))
        finally:
            stopping.set()
            sender.join()
        assert opened.is_connected
    assert not has_session(mosquitto, "node-live"), "nothing is hoarded for it"
    assert has_session(mosquitto, "node") or protocol == "5"


def test_a_session_that_brings_nothing_more_has_caught_up(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt, "QUIET_S", 0.3)
    with source(mosquitto, "3.1.1", catches_up=True):
        pass
    with source(mosquitto, "3.1.1", catches_up=True) as (opened, inbox):
        live = opened._live
        assert live is not None
        deadline = time.monotonic() + 60
        while opened._is_catching_up or live.is_connected:
            assert time.monotonic() < deadline
            opened.look()
            time.sleep(0.02)
        send(mosquitto, "2")
        assert payloads(take(inbox, 1)) == [b"2"]
        assert inbox.take(messages_max=10, wait_s=0.3, gather_s=0) == []


def test_the_live_session_that_an_earlier_version_left_at_the_broker_is_cleared(mosquitto: Mosquitto) -> None:
    assert not has_session(mosquitto, "node-live")
    assert has_session(mosquitto, "node-live"), "left there, as by an earlier version"
    with source(mosquitto, "3.1.1", catches_up=True) as (opened, _):
        assert opened._live is not None
        wait_until(lambda: opened._live is not None and opened._is_live_cleared)
        wait_until(lambda: told(mosquitto, "Client node-live", "disconnected") == 3)
    assert not has_session(mosquitto, "node-live")


@PROTOCOLS
def test_two_nodes_of_one_client_id_are_told_of(mosquitto: Mosquitto, protocol: str) -> None:
    alarms = RecordedAlarms()
    with source(mosquitto, protocol, alarms=alarms), source(mosquitto, protocol, alarms=alarms):
        wait_until(alarms.texts)
        told = alarms.texts()[0]
        assert "another client connects as node" in told
        assert "broker.client_id of its own" in told
