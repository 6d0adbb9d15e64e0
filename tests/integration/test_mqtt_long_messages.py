"""Messages longer than the listener takes: a gateway of MQTT 3.1.1 cannot be told, and must not be stuck."""

import pytest

from tests.integration.mqtt_listening import RawClient, connect_packet, listening
from warnstream.adapters.mqtt import fields

OBS = "ws/county/rain/R0001/obs"
LIMIT = 2_000


def publish(payload: bytes, message_id: int = 0, *, qos: int = 1, topic: str = OBS) -> bytes:
    body = fields.text_field(topic) + (message_id.to_bytes(2, "big") if qos else b"") + payload
    return bytes((0x30 | qos << 1,)) + fields.varint(len(body)) + body


def connect(port: int, *, is_v5: bool = False) -> RawClient:
    client = RawClient(port, connect_packet("a", is_v5=is_v5))
    head = client.read(2)
    assert client.read(head[1])[1] == 0
    return client


@pytest.mark.parametrize("cut", [1, 2, 3, 7, 40, 1_999, 70_000])
def test_it_is_passed_over_and_what_follows_arrives_however_the_bytes_are_cut(cut: int) -> None:
    data = publish(b"x" * 70_000, 1) + publish(b"after", 2)
    with listening(message_bytes_max=LIMIT) as opened, connect(opened.port) as client:
        for at in range(0, len(data), cut if cut > 40 else len(data)):
            client.send(data[at : at + cut] if cut > 40 else data)
        assert opened.take() == [(OBS, b"after")]
        opened.serve()
        assert client.read(8) == b"@\x02\0\1@\x02\0\2"
        assert opened.refused("too_large") == 1


def test_single_bytes_of_its_head_are_waited_for() -> None:
    data = publish(b"x" * 5_000, 1)
    with listening(message_bytes_max=LIMIT) as opened, connect(opened.port) as client:
        for at in range(40):
            client.send(data[at : at + 1])
        client.send(data[40:])
        opened.serve()
        assert client.read(4) == b"@\x02\0\1"


def test_many_in_one_read_are_all_passed_over() -> None:
    count = 3_000
    data = b"".join(publish(b"x" * LIMIT, number) for number in range(1, count + 1)) + publish(b"end", 9_999)
    with listening(message_bytes_max=LIMIT) as opened, connect(opened.port) as client:
        opened.serve()
        client.send(data)
        answered = client.read(4 * (count + 1))
        assert answered[-2:] == (9_999).to_bytes(2, "big")
        assert opened.refused("too_large", at_least=count) == count
        assert opened.received == [(OBS, b"end")]


@pytest.mark.parametrize(("qos", "answer"), [(0, b""), (2, b"P\x02\0\1")])
def test_at_the_other_qualities_of_service_the_client_stays_too(qos: int, answer: bytes) -> None:
    with listening(message_bytes_max=LIMIT) as opened, connect(opened.port) as client:
        opened.serve()
        client.send(publish(b"x" * 5_000, 1, qos=qos) + publish(b"after", 2))
        assert client.read(len(answer) + 4) in (answer + b"@\x02\0\2", b"@\x02\0\2" + answer)
        assert opened.received == [(OBS, b"after")]


def test_a_client_of_mqtt_5_knows_the_limit_and_is_closed() -> None:
    with listening(message_bytes_max=LIMIT) as opened, connect(opened.port, is_v5=True) as client:
        client.send(publish(b"\0" + b"x" * 5_000, 1))
        assert opened.refused("protocol") == 1


def test_a_long_packet_of_another_kind_is_closed() -> None:
    with listening(message_bytes_max=LIMIT) as opened, connect(opened.port) as client:
        client.send(b"\x82" + fields.varint(9_000) + b"\0\1" + b"x" * 8_998)
        assert opened.refused("protocol") == 1
