"""A block is the beginning of what the frame scanner takes, found all at once."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warnstream.adapters.mqtt import frames as wire
from warnstream.adapters.mqtt import publish_blocks as mqtt_blocks
from warnstream.adapters.mqtt import server_packets
from warnstream.adapters.mqtt.frames import Columns
from warnstream.adapters.mqtt.publish_blocks import Block, KnownTopics, scan_block

LIMIT = 10_000
TOPICS = [f"ws/county/rain/R{n:04d}/obs" for n in range(40)] + ["t", "x" * 128, "中/obs"]


@pytest.fixture(autouse=True)
def _short_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt_blocks, "BLOCK_BYTES_MIN", 1)


def knowing(topics: list[str]) -> KnownTopics:
    known = KnownTopics()
    for topic in topics:
        known.add(topic.encode(), topic)
    known.table()  # after a read that brought no new ones
    return known


def block_of(
    data: bytes, known: KnownTopics | None = None, *, is_v5: bool = False, mask: int = 0xF5
) -> Block | None:
    return scan_block(data, known or knowing(TOPICS), mask=mask, is_v5=is_v5, bytes_max=LIMIT)


def publish(n: int, *, qos: int = 1, is_v5: bool = False, topic: str = "", text: bytes = b"") -> bytes:
    payload = text or b'{"station":"R%04d","rain":0.%d}' % (n, n) * (1 + n % 9)
    return server_packets.encode_publish(
        topic or TOPICS[n % 40], payload, (n % 65_535 + 1) * qos, is_v5=is_v5
    )


@pytest.mark.parametrize("qos", [0, 1])
@pytest.mark.parametrize("is_v5", [False, True])
def test_a_stream_of_messages_is_one_block(qos: int, is_v5: bool) -> None:
    data = b"".join(publish(n, qos=qos, is_v5=is_v5) for n in range(700))
    block = block_of(data, is_v5=is_v5)
    assert block is not None
    expected = Columns()
    assert block.stop == len(data)
    wire.scan_publishes(data, 0, knowing(TOPICS).names, expected, mask=0xF5, is_v5=is_v5, bytes_max=LIMIT)
    assert block.messages.pairs() == list(zip(expected.topics, expected.payloads, strict=True))
    assert block.message_ids == expected.message_ids
    assert len(block.messages) == 700


def test_zeros_in_identifiers_and_payloads_do_not_mislead() -> None:
    frames = [
        publish(n, text=b"\x32\x85\x01\0\x01t" * (n % 5) + b"text" * 40) for n in (255, 511, 0x3200, 3, 4)
    ]
    block = block_of(b"".join(frames) + publish(9, text=b" " * 200))
    assert block is not None
    assert block.message_ids == [b"\x01\0", b"\x02\0", b"\x32\x01", b"\0\x04", b"\0\x05", b"\0\x0a"]


@pytest.mark.parametrize(
    "other",
    [
        b"\xd0\0",
        publish(1, topic="ws/county/rain/R9999/obs"),
        publish(1, topic="ws/county/rain/R0001/obs/backlog"),
        publish(1, topic="x" * 129),
        server_packets.encode_publish("t", b"x" * 9_999, 1, is_v5=False),
        server_packets.encode_publish(TOPICS[0], b"x" * 99, 1, is_v5=False, retain=True),
        b"\x34" + publish(1)[1:],
        b"\x32\x06\0\x01t\0\0x",
        b"\x32\x03\0\x01t",
        b"\x32\x02\0\x09",
    ],
)
def test_a_block_ends_before_what_must_be_looked_at(other: bytes) -> None:
    first = b"".join(publish(n) for n in range(20))
    block = block_of(first + other + publish(3) * 20)
    assert block is not None
    assert block.stop == len(first)
    assert len(block.messages) == 20
    alone = block_of(other + publish(3) * 20)
    assert alone is None


def test_a_frame_that_is_not_whole_is_none_of_the_block() -> None:
    known, data = knowing(["t"]), publish(1, topic="t") * 30
    block = block_of(data[:-1], known)
    assert block is not None
    assert len(block.messages) == 29


def test_topics_that_are_no_longer_known_end_it() -> None:
    known = knowing(TOPICS)
    assert block_of(publish(1) * 20, known) is not None
    known.clear()
    assert block_of(publish(1) * 20, known) is None


def test_topics_are_tabled_only_when_no_new_ones_come() -> None:
    known = KnownTopics()
    for n in range(5):
        known.add(TOPICS[n].encode(), TOPICS[n])
        assert known.table() is None
    table = known.table()
    assert table is not None
    assert known.table() is table
    known.add(b"t", "t")
    assert known.table() is None


pieces = st.one_of(
    st.builds(
        publish,
        st.integers(0, 70_000),
        qos=st.sampled_from([0, 1]),
        topic=st.sampled_from([*TOPICS, "", "", "ws/county/rain/R9999/obs"]),
        text=st.one_of(st.just(b""), st.binary(max_size=200)),
    ),
    st.sampled_from([b"\xd0\0", b"\x30", b"\x32\x80\0", b"\0" * 9]),
)


@settings(max_examples=settings().max_examples * 3 // 2)
@given(
    st.lists(pieces, max_size=30), st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 255)), max_size=4)
)
def test_whatever_comes_a_block_is_a_beginning_of_what_the_scanner_takes(
    frames: list[bytes], changes: list[tuple[int, int]]
) -> None:
    data = bytearray(b"".join(frames))
    for place, byte in changes:
        if data:
            data[place % len(data)] = byte
    known, expected, rest = knowing(TOPICS), Columns(), Columns()
    stop = wire.scan_publishes(bytes(data), 0, known.names, expected, mask=0xF4, is_v5=False, bytes_max=LIMIT)
    block = block_of(bytes(data), known, mask=0xF4)
    if block is None:
        return
    n = len(block.messages)
    assert block.messages.pairs() == list(zip(expected.topics, expected.payloads, strict=True))[:n]
    assert block.message_ids == expected.message_ids[: len(block.message_ids)]
    again = wire.scan_publishes(
        bytes(data), block.stop, known.names, rest, mask=0xF4, is_v5=False, bytes_max=LIMIT
    )
    assert again == stop
    assert len(rest.topics) + n == len(expected.topics)
    assert len(rest.message_ids) + len(block.message_ids) == len(expected.message_ids)
