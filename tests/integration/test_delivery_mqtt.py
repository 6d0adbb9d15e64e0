"""The sending connection against a real broker."""

import socket
from dataclasses import replace

import pytest
from paho.mqtt import subscribe

from tests.conftest import Mosquitto, free_port
from tests.unit.adapters.county import outgoing_message
from warnstream.adapters.channels.mqtt import MqttChannel
from warnstream.adapters.mqtt.publisher import PahoPublisher, Publication
from warnstream.config.settings import BrokerSettings
from warnstream.delivery.dispatch.outcome import SENT
from warnstream.model.effects import RecipientKind

pytestmark = pytest.mark.server


def settings(port: int, protocol: str = "3.1.1") -> BrokerSettings:
    return BrokerSettings(False, "127.0.0.1", port, protocol, "test-node", None, None, None, 0.02, 500)


@pytest.fixture
def port(mosquitto: Mosquitto) -> int:
    return mosquitto.port


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
def test_a_batch_is_sent_when_the_broker_has_acknowledged_it(port: int, protocol: str) -> None:
    publisher = PahoPublisher(settings(port, protocol))
    publisher.start()
    assert publisher.wait_until_connected(60)
    batch = [outgoing_message(address=f"door-{n}", number=n) for n in range(300)]
    outcomes = MqttChannel("ws", publisher).send(batch)
    publisher.stop()
    assert outcomes == [SENT] * 300


def test_a_village_s_message_is_found_by_whoever_comes_later(port: int) -> None:
    publisher = PahoPublisher(settings(port))
    publisher.start()
    assert publisher.wait_until_connected(60)
    message = outgoing_message(kind=RecipientKind.VILLAGE)
    MqttChannel("ws", publisher).send([message, replace(message, msg_type="Cancel")])
    publisher.stop()
    found = subscribe.simple(  # type: ignore[no-untyped-call]
        ["ws/warn/#"], msg_count=2, hostname="127.0.0.1", port=port
    )
    assert {message.topic for message in found} == {"ws/warn/V1/flash_flood", "ws/warn/V1/flash_flood/cap"}
    assert any(b'"type":"Cancel"' in message.payload for message in found)


def test_a_village_s_bulletin_is_found_by_whoever_comes_later(port: int) -> None:
    publisher = PahoPublisher(settings(port))
    publisher.start()
    assert publisher.wait_until_connected(60)
    village = outgoing_message(kind=RecipientKind.VILLAGE)
    records = [f'{{"n":{n},"status":"Actual"}}' for n in (1, 2)]
    older, newer = (replace(village, msg_type="leave", cap_xml=record) for record in records)
    assert MqttChannel("ws", publisher).send([older, newer]) == [SENT] * 2
    publisher.stop()
    found = subscribe.simple(  # type: ignore[no-untyped-call]
        ["ws/bulletin/#"], msg_count=1, hostname="127.0.0.1", port=port
    )
    assert (found.topic, found.payload) == ("ws/bulletin/V1", records[1].encode())


def test_without_a_broker_everything_is_to_be_tried_again() -> None:
    publisher = PahoPublisher(settings(free_port()))
    publisher.start()
    outcomes = MqttChannel("ws", publisher).send([outgoing_message()])
    publisher.stop()
    assert [outcome.can_retry for outcome in outcomes] == [True]


def test_a_broker_that_does_not_acknowledge_is_not_believed() -> None:
    """A listener that accepts the session and then says nothing."""
    connack = b"\x20\x02\x00\x00"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        publisher = PahoPublisher(settings(listener.getsockname()[1]), timeout_s=0.2)
        publisher.start()
        connection, _ = listener.accept()
        with connection:
            connection.recv(1_024)
            connection.sendall(connack)
            assert publisher.wait_until_connected(60)
            faults = publisher([Publication("ws/warn/V1/flash_flood", b"{}", retain=True)])
            publisher.stop()
    assert faults == ["the broker did not acknowledge in time"]


def test_what_was_not_acknowledged_in_time_is_never_sent_behind_the_outbox_s_back() -> None:
    """The outbox decides what is sent again: until a broker is back a message may be over, or replaced."""
    connack, publish_sign = b"\x20\x02\x00\x00", 0x30
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(60)
        publisher = PahoPublisher(settings(listener.getsockname()[1]), timeout_s=0.2)
        publisher.start()
        first, _ = listener.accept()
        first.recv(1_024)
        first.sendall(connack)
        assert publisher.wait_until_connected(60)
        old = Publication("ws/device/d", b"over since this morning", retain=False)
        assert publisher([old]) == ["the broker did not acknowledge in time"]
        first.close()
        second, _ = listener.accept()
        with second:
            second.settimeout(60)
            assert second.recv(1_024)[0] == 0x10
            second.sendall(connack)
            assert publisher.wait_until_connected(60)
            faults = publisher([Publication("ws/device/d", b"new", retain=False)])
            received = second.recv(65_536)
        publisher.stop()
    assert faults == ["the broker did not acknowledge in time"]
    assert received[0] & 0xF0 == publish_sign
    assert b"new" in received
    assert b"over since" not in received
