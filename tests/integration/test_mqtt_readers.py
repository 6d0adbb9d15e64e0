"""Both readers of a broker, against a scripted broker and a real mosquitto."""

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import paho.mqtt.client as paho
import pytest
from paho.mqtt import publish
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.alarms import RecordedAlarms
from tests.conftest import Mosquitto
from tests.integration.scripted_broker import ScriptedBroker
from warnstream.adapters.inbox import InboundBatch, Inbox
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.mqtt import connection as mqtt_connection
from warnstream.adapters.mqtt import fields, server_packets
from warnstream.adapters.mqtt.ports import NodePorts
from warnstream.adapters.mqtt.source import MqttSource
from warnstream.config.settings import BrokerSettings

OBS = "ws/county/rain/R0001/obs"
READERS = pytest.mark.parametrize("reader", ["bulk", "paho"])
PROTOCOLS = pytest.mark.parametrize("protocol", ["3.1.1", "5"])


@contextmanager
def source(
    port: int,
    reader: str,
    protocol: str = "3.1.1",
    topics: tuple[str, ...] = ("ws/#",),
    alarms: RecordedAlarms | None = None,
) -> Iterator[tuple[MqttSource, Inbox]]:
    settings = BrokerSettings(
        False, "127.0.0.1", port, protocol, "node", None, None, None, 0.02, 500, reader
    )  # fmt: skip
    inbox = Inbox()
    opened = MqttSource(settings, topics, NodePorts(inbox, Metrics(), alarms or RecordedAlarms()))
    opened.start()
    try:
        yield opened, inbox
    finally:
        opened.stop()


def take(opened: MqttSource, inbox: Inbox, count: int, *, acknowledge: bool = True) -> list[InboundBatch]:
    found: list[InboundBatch] = []
    deadline = time.monotonic() + 60
    while sum(len(block.topics) for block in found) < count:
        assert time.monotonic() < deadline, f"{sum(len(block.topics) for block in found)} of {count} came"
        batch = inbox.take(messages_max=1_000, wait_s=0.2, gather_s=0)
        found += batch
        if acknowledge:
            opened.acknowledge(batch)
    return found


def payloads(arrived: list[InboundBatch]) -> list[bytes]:
    return [payload for block in arrived for payload in block.payloads]


@pytest.fixture
def broker() -> Iterator[ScriptedBroker]:
    scripted = ScriptedBroker()
    yield scripted
    scripted.close()


@READERS
@pytest.mark.parametrize("is_v5", [False, True])
def test_messages_redelivered_before_the_suback_are_taken_and_acknowledged(
    broker: ScriptedBroker, reader: str, is_v5: bool
) -> None:
    early = b"".join(
        server_packets.encode_publish(OBS, b"%d" % n, n, is_v5=is_v5, dup=True) for n in (1, 2, 3)
    )
    with source(broker.port, reader, "5" if is_v5 else "3.1.1") as (opened, inbox):
        broker.accept(is_v5=is_v5, before=early)
        assert payloads(take(opened, inbox, 3)) == [b"1", b"2", b"3"]
        assert broker.read(12) == server_packets.encode_pubacks([b"\0\1", b"\0\2", b"\0\3"])


@READERS
def test_frames_cut_anywhere_are_whole_again(broker: ScriptedBroker, reader: str) -> None:
    with source(broker.port, reader) as (opened, inbox):
        broker.accept()
        data = b"".join(
            server_packets.encode_publish(OBS, bytes(n), n, is_v5=False) for n in (1, 127, 200, 20_000)
        )
        for start in range(0, len(data), 97):
            broker.send(data[start : start + 97])
        assert [len(payload) for payload in payloads(take(opened, inbox, 4))] == [1, 127, 200, 20_000]


@READERS
def test_all_that_a_broker_may_say_between_messages_is_understood(
    broker: ScriptedBroker, reader: str
) -> None:
    with source(broker.port, reader) as (opened, inbox):
        broker.accept()
        broker.send(
            server_packets.encode_publish(OBS, b"zero", 0, is_v5=False)
            + server_packets.PINGRESP_PACKET
            + server_packets.encode_publish(OBS, b"one", 1, is_v5=False, retain=True)
            + b"\x34" + fields.varint(len(OBS) + 7) + fields.text_field(OBS) + b"\x00\x02two"
            + server_packets.encode_publish(OBS, b"after", 3, is_v5=False)
        )  # fmt: skip
        found = take(opened, inbox, 3, acknowledge=False)
        assert broker.read(4) == b"\x50\x02\x00\x02", "PUBREC of the QoS 2 message"
        opened.acknowledge(found)
        broker.send(b"\x62\x02\x00\x02")
        found += take(opened, inbox, 1)
        assert payloads(found) == [b"zero", b"one", b"after", b"two"]
        rest = broker.read(12)
        assert sorted(rest[n : n + 4] for n in (0, 4, 8)) == [b"@\2\0\1", b"@\2\0\3", b"p\2\0\2"]


def test_topic_aliases_and_properties_of_mqtt_5_are_followed(broker: ScriptedBroker) -> None:
    with source(broker.port, "bulk", "5") as (opened, inbox):
        broker.accept(is_v5=True)
        for topic in (fields.text_field(OBS), b"\0\0"):
            body = topic + b"\0\1" + b"\x08\x23\x00\x05\x02\0\0\0\x09" + b"x"
            broker.send(b"\x32" + fields.varint(len(body)) + body)
        assert [block.topics for block in take(opened, inbox, 2)] in ([[OBS], [OBS]], [[OBS, OBS]])


@READERS
def test_a_broken_stream_ends_the_connection_and_a_new_one_begins_clean(
    broker: ScriptedBroker, reader: str
) -> None:
    with source(broker.port, reader) as (opened, inbox):
        broker.accept()
        broker.send(server_packets.encode_publish(OBS, b"1", 1, is_v5=False) + b"\x32\x20\x00")
        first = take(opened, inbox, 1, acknowledge=False)
        broker.drop()
        broker.accept()
        opened.acknowledge(first)  # of the earlier connection: must not be said on this one
        broker.send(server_packets.encode_publish(OBS, b"1", 9, is_v5=False, dup=True))
        assert payloads(take(opened, inbox, 1)) == [b"1"]
        assert broker.read(4) == b"@\x02\x00\x09"


def test_a_broker_that_streams_is_alive_though_its_answer_to_our_ping_is_late(
    broker: ScriptedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt_connection, "KEEPALIVE_S", 2)
    with source(broker.port, "bulk") as (opened, inbox):
        broker.accept()
        for n in range(1, 61):  # six seconds, three keepalives, no PINGRESP
            broker.send(server_packets.encode_publish(OBS, b"%d" % n, n, is_v5=False))
            time.sleep(0.1)  # the stream lasts longer than the keepalives
        assert payloads(take(opened, inbox, 60)) == [b"%d" % n for n in range(1, 61)]
        assert opened.is_connected
        assert opened._connection == 1
        deadline = time.monotonic() + 60
        while opened.is_connected:  # one that has fallen silent is not
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.mark.parametrize(("protocol", "code"), [("3.1.1", 0x80), ("5", 0x87)])
@READERS
def test_a_broker_that_refuses_the_subscription_is_told_of_and_not_taken_for_connected(
    broker: ScriptedBroker, reader: str, protocol: str, code: int
) -> None:
    alarms = RecordedAlarms()
    with source(broker.port, reader, protocol, alarms=alarms) as (opened, _):
        broker.accept(is_v5=protocol == "5", code=code)
        deadline = time.monotonic() + 60
        while not alarms.standing:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert alarms.texts() == ["the broker refuses node: subscriptions to ws/#"]
        assert not opened.is_connected


def test_what_is_not_mqtt_ends_the_connection_and_not_the_thread(broker: ScriptedBroker) -> None:
    with source(broker.port, "bulk") as (opened, inbox):
        broker.accept()
        broker.send(b"\x30\xff\xff\xff\xff\xff")
        broker.accept()
        broker.send(server_packets.encode_publish(OBS, b"1", 1, is_v5=False))
        assert payloads(take(opened, inbox, 1)) == [b"1"]


@READERS
@PROTOCOLS
@pytest.mark.server
def test_everything_comes_through_mosquitto_once(mosquitto: Mosquitto, reader: str, protocol: str) -> None:
    n = 3_000
    with source(mosquitto.port, reader, protocol) as (opened, inbox):
        wait_subscribed(mosquitto.port, opened, inbox)
        publisher = new_publisher(mosquitto.port, protocol)
        for number in range(n):
            publisher.publish(OBS, b"%d" % number, qos=1)
        found = payloads(take(opened, inbox, n))
        publisher.disconnect()
        publisher.loop_stop()
    assert found == [b"%d" % number for number in range(n)]


@READERS
@pytest.mark.server
def test_what_was_not_acknowledged_comes_again_and_a_share_group_too(
    mosquitto: Mosquitto, reader: str
) -> None:
    topics = (f"$share/group/{OBS}",)
    with source(mosquitto.port, reader, topics=topics) as (opened, inbox):
        wait_subscribed(mosquitto.port, opened, inbox)
        publisher = new_publisher(mosquitto.port, "3.1.1")
        for number in range(50):
            publisher.publish(OBS, b"%d" % number, qos=1)
        assert len(payloads(take(opened, inbox, 50, acknowledge=False))) == 50
        publisher.disconnect()
        publisher.loop_stop()
    with source(mosquitto.port, reader, topics=topics) as (opened, inbox):
        assert sorted(payloads(take(opened, inbox, 50)), key=int) == [b"%d" % number for number in range(50)]


@READERS
@pytest.mark.server
def test_retained_messages_come_at_every_subscription(mosquitto: Mosquitto, reader: str) -> None:
    publisher = new_publisher(mosquitto.port, "3.1.1")
    publisher.publish(OBS, b"kept", qos=1, retain=True).wait_for_publish(10)
    publisher.disconnect()
    publisher.loop_stop()
    with source(mosquitto.port, reader) as (opened, inbox):
        assert payloads(take(opened, inbox, 1)) == [b"kept"]


def wait_subscribed(port: int, opened: MqttSource, inbox: Inbox) -> None:
    """Until the broker has taken the subscription: what is published before that is not ours."""
    deadline = time.monotonic() + 60
    for number in itertools.count():
        assert time.monotonic() < deadline
        probe = b"probe %d" % number
        publish.single(OBS, probe, qos=1, hostname="127.0.0.1", port=port)
        batch = inbox.take(messages_max=1_000, wait_s=0.5, gather_s=0)
        opened.acknowledge(batch)
        if probe in payloads(batch):
            return


def new_publisher(port: int, protocol: str) -> paho.Client:
    version = MQTTProtocolVersion.MQTTv5 if protocol == "5" else MQTTProtocolVersion.MQTTv311
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="publisher", protocol=version)
    client.max_inflight_messages_set(500)
    connected = threading.Event()
    client.on_connect = lambda *_: connected.set()
    client.connect("127.0.0.1", port)
    client.loop_start()
    assert connected.wait(60)
    return client
