"""QoS 2 into our own listener: confirmed when durable, taken once, over whatever connection it comes."""

import pytest

from tests.integration.mqtt_listening import RawClient, connect_packet, listening
from warnstream.adapters.mqtt import fields
from warnstream.adapters.mqtt.listener.access import user_line

OBS = "ws/county/rain/R0001/obs"
FIRST, SECOND = b"\0\1", b"\0\2"
PUBREC, PUBREL, PUBCOMP = b"P\x02", b"b\x02", b"p\x02"
BOTH = pytest.mark.parametrize("is_v5", [False, True])


def publish(message_id: bytes, payload: bytes, *, topic: str = OBS, is_v5: bool, dup: bool = False) -> bytes:
    body = fields.text_field(topic) + message_id + (b"\0" if is_v5 else b"") + payload
    return bytes((0x3C if dup else 0x34,)) + fields.varint(len(body)) + body


def connect(port: int, *, is_v5: bool, clean: bool = True) -> RawClient:
    client = RawClient(port, connect_packet("a", is_v5=is_v5, clean=clean))
    head = client.read(2)
    assert client.read(head[1])[1] == 0
    return client


@BOTH
def test_it_is_confirmed_when_it_is_durable_and_not_before(is_v5: bool) -> None:
    with listening() as opened, connect(opened.port, is_v5=is_v5) as client:
        client.send(publish(FIRST, b"x", is_v5=is_v5))
        batch = opened.take_arrived()
        assert client.is_silent(0.2)
        opened.listener.acknowledge(batch)
        assert client.read(4) == PUBREC + FIRST
        client.send(PUBREL + FIRST)
        assert client.read(4) == PUBCOMP + FIRST
        assert [block.payloads for block in batch] == [[b"x"]]


@BOTH
def test_until_it_is_released_the_same_identifier_is_the_same_message(is_v5: bool) -> None:
    with listening() as opened, connect(opened.port, is_v5=is_v5) as client:
        client.send(publish(FIRST, b"x", is_v5=is_v5))
        assert opened.take() == [(OBS, b"x")]
        assert client.read(4) == PUBREC + FIRST
        client.send(publish(FIRST, b"x", is_v5=is_v5, dup=True))
        assert client.read(4) == PUBREC + FIRST
        client.send(PUBREL + FIRST)
        assert client.read(4) == PUBCOMP + FIRST
        client.send(publish(FIRST, b"y", is_v5=is_v5))
        assert opened.take() == [(OBS, b"y")]
        assert client.read(4) == PUBREC + FIRST


@BOTH
def test_what_was_not_confirmed_when_the_connection_ended_is_confirmed_over_the_next(is_v5: bool) -> None:
    with listening() as opened:
        with connect(opened.port, is_v5=is_v5, clean=False) as client:
            client.send(publish(FIRST, b"x", is_v5=is_v5))
            batch = opened.take_arrived()
        with connect(opened.port, is_v5=is_v5, clean=False) as client:
            client.send(publish(FIRST, b"x", is_v5=is_v5, dup=True) + publish(SECOND, b"y", is_v5=is_v5))
            second = opened.take_arrived()
            opened.listener.acknowledge([*batch, *second])
            assert client.read(8) == PUBREC + FIRST + PUBREC + SECOND
        assert [block.payloads for block in [*batch, *second]] == [[b"x"], [b"y"]]


@BOTH
def test_a_stream_of_all_qualities_comes_whole(is_v5: bool) -> None:
    from warnstream.adapters.mqtt.server_packets import encode_publish

    with listening() as opened, connect(opened.port, is_v5=is_v5) as client:
        opened.serve()
        for n in range(1, 301):
            number, text = n.to_bytes(2, "big"), b"%d" % n
            client.send(
                publish(number, text, is_v5=is_v5)
                if n % 3 == 0
                else encode_publish(OBS, text, n if n % 3 == 1 else 0, is_v5=is_v5)
            )
        confirmed = client.read(4 * 200)
        kinds = [confirmed[at : at + 4] for at in range(0, len(confirmed), 4)]
        for head, rest in ((PUBREC, 0), (b"@\x02", 1)):
            wanted = [head + n.to_bytes(2, "big") for n in range(1, 301) if n % 3 == rest]
            assert [kind for kind in kinds if kind[:2] == head] == wanted
        assert sorted(int(payload) for _, payload in opened.received) == list(range(1, 301))


@BOTH
def test_releasing_what_never_came_is_answered(is_v5: bool) -> None:
    """A client that lost its PUBCOMP would else ask for ever."""
    with listening() as opened, connect(opened.port, is_v5=is_v5) as client:
        client.send(PUBREL + FIRST)
        assert client.read(5 if is_v5 else 4) == (b"p\x03" + FIRST + b"\x92" if is_v5 else PUBCOMP + FIRST)
        assert opened.listener.is_connected


def test_a_topic_of_others_is_refused_by_its_number(tmp_path: object) -> None:
    from pathlib import Path

    users = Path(str(tmp_path)) / "users"
    users.write_text(user_line("R0001", b"secret") + "\n", encoding="utf-8")
    with listening(users_file=users) as opened:
        packet = connect_packet("a", is_v5=True, user=("R0001", "secret"))
        with RawClient(opened.port, packet) as client:
            head = client.read(2)
            client.read(head[1])
            client.send(publish(FIRST, b"x", topic="ws/county/rain/R0002/obs", is_v5=True))
            assert client.read(5) == b"P\x03" + FIRST + b"\x87"
        assert opened.refused("permission") == 1
