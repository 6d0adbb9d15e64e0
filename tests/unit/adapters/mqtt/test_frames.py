"""MQTT on the wire: published examples, cuts anywhere, and bytes that are not MQTT."""

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnstream.adapters.mqtt import client_packets, fields, server_packets, topic_filters
from warnstream.adapters.mqtt import frames as wire
from warnstream.adapters.mqtt.fields import FrameError
from warnstream.adapters.mqtt.frames import Columns, Frame, StreamBuffer

LIMIT = 10_000

topics = st.text(st.characters(codec="utf-8", exclude_characters="\0+#"), min_size=1, max_size=20)
messages = st.tuples(topics, st.binary(max_size=300), st.integers(0, 65_535))


def frame_of(data: bytes) -> Frame:
    frame = wire.next_frame(data, 0, bytes_max=LIMIT)
    assert isinstance(frame, Frame)
    assert frame.stop == len(data)
    return frame


def read_all(
    parts: list[bytes], *, is_v5: bool = False, bytes_max: int = LIMIT
) -> list[tuple[bytes, bytes, bytes]]:
    """Messages of a stream that comes in parts, as (topic, payload, message id)."""
    stream = StreamBuffer()
    found: list[tuple[bytes, bytes, bytes]] = []
    known: dict[bytes, str] = {}
    for part in parts:
        data = stream.join(part)
        if data is None:
            continue
        at = 0
        while True:
            columns = Columns()
            at = wire.scan_publishes(data, at, known, columns, mask=0xF4, is_v5=is_v5, bytes_max=bytes_max)
            ids = iter(columns.message_ids)
            found += [(t.encode(), p, b"") for t, p in zip(columns.topics, columns.payloads, strict=True)]
            assert sum(1 for _ in ids) <= len(columns.topics)
            frame = wire.next_frame(data, at, bytes_max=bytes_max)
            if isinstance(frame, int):
                stream.keep(data[at:], frame)
                break
            publish = wire.parse_publish(data, frame, is_v5=is_v5)
            known[publish.topic] = fields.text_of(publish.topic)
            found.append((publish.topic, publish.payload, b""))
            at = frame.stop
    return found


@pytest.mark.parametrize(
    ("value", "encoded"),
    [(0, b"\0"), (127, b"\x7f"), (128, b"\x80\x01"), (16_383, b"\xff\x7f"), (16_384, b"\x80\x80\x01"),
     (2_097_151, b"\xff\xff\x7f"), (2_097_152, b"\x80\x80\x80\x01"), (268_435_455, b"\xff\xff\xff\x7f")],
)  # fmt: skip
def test_lengths_are_written_as_in_the_standard(value: int, encoded: bytes) -> None:
    """MQTT 3.1.1, table 2.4."""
    assert fields.varint(value) == encoded
    assert fields.Cursor(encoded, 0, len(encoded)).varint() == value


def test_the_standard_s_example_of_a_connect_is_read() -> None:
    """MQTT 3.1.1, section 3.1.2, figure 3.6: user name, password, will with QoS 1, clean session, 10 s."""
    body = b"\x00\x04MQTT\x04\xce\x00\x0a" + b"".join(
        fields.text_field(text) for text in ("client", "gone", "bye", "user", "secret")
    )
    data = b"\x10" + fields.varint(len(body)) + body
    connect = client_packets.parse_connect(data, frame_of(data))
    assert (connect.client_id, connect.username, connect.password) == ("client", "user", b"secret")
    assert connect.will == client_packets.Will("gone", b"bye", 1, retain=False)
    assert (connect.is_clean, connect.keepalive_s, connect.is_v5) == (True, 10, False)


def test_the_standard_s_example_of_a_publish_is_read() -> None:
    """MQTT 3.1.1, figure 3.11: topic a/b, message id 10."""
    data = b"\x32\x07\x00\x03a/b\x00\x0a"
    assert wire.parse_publish(data, frame_of(data), is_v5=False) == (b"a/b", b"", b"\x00\x0a", 1, False, 0)


def test_the_standard_s_example_of_a_subscribe_is_read() -> None:
    """MQTT 3.1.1, figure 3.22: a/b at QoS 1 and c/d at QoS 2."""
    data = b"\x82\x0e\x00\x0a\x00\x03a/b\x01\x00\x03c/d\x02"
    assert client_packets.parse_subscribe(data, frame_of(data), is_v5=False) == (
        b"\x00\x0a",
        [("a/b", 1), ("c/d", 2)],
    )


@pytest.mark.parametrize(
    ("topic_filter", "topic", "matching"),
    [("sport/tennis/player1/#", "sport/tennis/player1", True), ("sport/#", "sport", True),
     ("sport/tennis/+", "sport/tennis/player1", True), ("sport/tennis/+", "sport/tennis/player1/a", False),
     ("sport/+", "sport", False), ("sport/+", "sport/", True), ("+/+", "/finance", True),
     ("/+", "/finance", True), ("+", "/finance", False), ("#", "$SYS/monitor", False),
     ("+/monitor", "$SYS/monitor", False),
     ("$SYS/#", "$SYS/monitor", True)],
)  # fmt: skip
def test_filters_match_as_in_the_standard(topic_filter: str, topic: str, *, matching: bool) -> None:
    """MQTT 3.1.1, section 4.7."""
    assert topic_filters.matches(topic_filter, topic) is matching


@pytest.mark.parametrize("topic_filter", ["", "a#", "a/#/b", "a+", "+a/b"])
def test_wildcards_stand_alone_in_their_level(topic_filter: str) -> None:
    assert not topic_filters.is_filter(topic_filter)


@given(st.lists(messages, max_size=20), st.booleans(), st.data())
def test_any_cut_of_a_stream_gives_the_same_messages(
    sent: list[tuple[str, bytes, int]], is_v5: bool, data: st.DataObject
) -> None:
    stream = b"".join(server_packets.encode_publish(t, p, n, is_v5=is_v5) for t, p, n in sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=30)))
    parts = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert read_all(parts, is_v5=is_v5) == [(t.encode(), p, b"") for t, p, _ in sent]


@given(messages, st.booleans(), st.booleans(), st.booleans())
def test_what_is_written_is_read(
    message: tuple[str, bytes, int], is_v5: bool, retain: bool, dup: bool
) -> None:
    topic, payload, number = message
    data = server_packets.encode_publish(topic, payload, number, is_v5=is_v5, retain=retain, dup=dup)
    read = wire.parse_publish(data, frame_of(data), is_v5=is_v5)
    message_id = struct.pack(">H", number) if number else b""
    assert read == (topic.encode(), payload, message_id, int(number > 0), retain, 0)


@given(st.lists(messages, min_size=1, max_size=5), st.booleans(), st.data())
def test_changed_bytes_raise_nothing_but_a_frame_error(
    sent: list[tuple[str, bytes, int]], is_v5: bool, data: st.DataObject
) -> None:
    stream = bytearray(b"".join(server_packets.encode_publish(t, p, n, is_v5=is_v5) for t, p, n in sent))
    for _ in range(data.draw(st.integers(1, 4))):
        stream[data.draw(st.integers(0, len(stream) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(FrameError):
        read_all([bytes(stream)], is_v5=is_v5)


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_as_a_packet_raise_nothing_but_a_frame_error(body: bytes, is_v5: bool) -> None:
    for head in range(0, 256, 2):
        data = bytes((head,)) + fields.varint(len(body)) + body
        frame = frame_of(data)
        for parse in (
            lambda d=data, f=frame: client_packets.parse_connect(d, f),
            lambda d=data, f=frame: client_packets.parse_subscribe(d, f, is_v5=is_v5),
            lambda d=data, f=frame: client_packets.parse_unsubscribe(d, f, is_v5=is_v5),
            lambda d=data, f=frame: wire.parse_publish(d, f, is_v5=is_v5),
            lambda d=data, f=frame: client_packets.parse_puback(d, f),
        ):
            try:
                parse()
            except FrameError:
                continue


def test_an_oversized_frame_is_refused_from_its_first_bytes() -> None:
    with pytest.raises(FrameError, match="at most 10000") as caught:
        wire.next_frame(b"\x30\xff\xff\xff\x7f", 0, bytes_max=LIMIT)
    assert caught.value.code == fields.TOO_LARGE


def test_a_length_of_five_bytes_is_malformed() -> None:
    with pytest.raises(FrameError, match="more than four bytes"):
        wire.next_frame(b"\x30\xff\xff\xff\xff\x7f", 0, bytes_max=LIMIT)


@pytest.mark.parametrize(
    "data",
    [b"\x36\x05\x00\x01a\x00\x01", b"\x32\x05\x00\x01a\x00\x00", b"\x30\x03\x00\x01#", b"\x30\x02\x00\x00",
     b"\x30\x03\x00\x09a"],
    ids=["QoS 3", "message id 0", "wildcard", "no topic", "topic beyond the end"],
)  # fmt: skip
def test_an_impossible_publish_is_refused_on_both_paths(data: bytes) -> None:
    with pytest.raises(FrameError):
        read_all([data])


def test_an_alias_of_mqtt_5_is_read_and_left_to_the_caller() -> None:
    data = b"\x30\x09\x00\x01a\x03\x23\x00\x07xx"
    assert wire.parse_publish(data, frame_of(data), is_v5=True) == (b"a", b"xx", b"", 0, False, 7)


def test_single_bytes_of_a_large_message_are_joined_once() -> None:
    data = server_packets.encode_publish("a", bytes(9_000), 1, is_v5=False)
    assert read_all([bytes((byte,)) for byte in data]) == [(b"a", bytes(9_000), b"")]


def test_acknowledgements_are_joined_for_one_write() -> None:
    assert server_packets.encode_pubacks([b"\0\1", b"\0\2"]) == b"@\2\0\1@\2\0\2"
    assert server_packets.encode_pubacks([]) == b""
