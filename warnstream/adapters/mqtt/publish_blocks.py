"""Many PUBLISH frames of one read, found all at once: a block of messages without an object for each.

Stations publish texts, and a text holds no zero byte: what does is the length
of a topic, two bytes that stand near the beginning of every frame. From all
zeros of a read follow all places where a frame may begin; those that continue
each other from the first byte on are the frames. Topics are known by their
bytes, eight at a time. The block ends before the first frame that is anything
else than a QoS 0 or 1 message to a known topic, and `scan_publishes` looks at
that one: it is what decides, a block only decides the same faster.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from warnstream.ingest.byte_words import WORD_BYTES, first_bytes, words_of
from warnstream.model.arrays import BoolArray, Int32Array, Int64Array, UInt8Array, UInt64Array
from warnstream.model.messages import MessageColumns

BLOCK_BYTES_MIN = 8 * 1024
"""Shorter reads are scanned faster frame by frame."""

TOPIC_BYTES_MAX = 128
"""Longer topics end a block."""

_BYTES_PER_ZERO_MIN = 8
"""A read with more zeros holds no texts."""

_U = np.uint64
_ODD = _U(0x9E3779B97F4A7C15)


class KnownTopics:
    """Topics by their bytes: those whose messages a connection may put into the inbox.

    Attributes
    ----------
    names : dict of bytes to str
        For looking up one by one.
    """

    def __init__(self) -> None:
        self.names: dict[bytes, str] = {}
        self._seen = 0
        self._table: _Table | None = None

    def add(self, raw: bytes, topic: str) -> None:
        """Know one more."""
        self.names[raw] = topic

    def clear(self) -> None:
        """Know none."""
        self.names.clear()
        self._table = None
        self._seen = 0

    def table(self) -> "_Table | None":
        """All of them for looking up many at once; None while every read still brings new ones."""
        n, self._seen = self._seen, len(self.names)
        if self._table is None or self._table.n_topics != len(self.names):
            if n != len(self.names):
                return None
            self._table = _Table(self.names)
        return self._table


class _Table:
    """Known topics as words, sorted by a mix of them."""

    def __init__(self, names: dict[bytes, str]) -> None:
        self.n_topics = len(names)
        some = [raw for raw in names if len(raw) <= TOPIC_BYTES_MAX]
        self.topics = [names[raw] for raw in some]
        self.n_words = max((-(-len(raw) // WORD_BYTES) for raw in some), default=0)
        width = self.n_words * WORD_BYTES
        text = b"".join(raw.ljust(width, b"\0") for raw in some)
        words = np.frombuffer(text, dtype="<u8").reshape(len(some), self.n_words).T
        n_bytes = np.array([len(raw) for raw in some], dtype=np.int64)
        mixed = _mix(list(words), n_bytes)
        self._order = np.argsort(mixed, kind="stable").astype(np.int32)
        self._mixed = mixed[self._order]
        self._words = np.ascontiguousarray(words)
        self._n_bytes = n_bytes

    def find(
        self, words: UInt64Array, begin: Int64Array, n_bytes: Int64Array
    ) -> tuple[Int32Array, BoolArray]:
        """Which topic each is, and whether it is one at all; shape (n,)."""
        parts = [
            first_bytes(words[begin + place], np.clip(n_bytes - place, 0, WORD_BYTES))
            for place in range(0, self.n_words * WORD_BYTES, WORD_BYTES)
        ]
        place = np.searchsorted(self._mixed, _mix(parts, n_bytes))
        topic = self._order[np.minimum(place, len(self._mixed) - 1)]
        is_known: BoolArray = self._n_bytes[topic] == n_bytes
        for part, known in zip(parts, self._words, strict=True):
            is_known &= known[topic] == part
        return topic, is_known


def _mix(parts: Sequence[UInt64Array], n_bytes: Int64Array) -> UInt64Array:
    """One word of several; which topic it is, is looked at afterwards."""
    mixed = n_bytes.astype(np.uint64)
    for part in parts:
        mixed = (mixed ^ part) * _ODD
        mixed ^= mixed >> _U(32)
    return mixed


@dataclass(frozen=True, slots=True)
class Block:
    """Messages of one read.

    Attributes
    ----------
    messages : MessageColumns
        Their content is the whole read.
    message_ids : list of bytes
        Of those of QoS 1, as on the wire, in order.
    stop : int
        Where the first frame after them begins.
    """

    messages: MessageColumns
    message_ids: list[bytes]
    stop: int

    @property
    def size_bytes(self) -> int:
        """Memory that is held until the last of them is done with."""
        return len(self.messages.content)


@dataclass(frozen=True, slots=True)
class _Frames:
    """Frames that continue each other; arrays of shape (n,).

    Attributes
    ----------
    start, stop : Int64Array
    topic : Int64Array
        Where the topic's length stands.
    """

    start: Int64Array
    stop: Int64Array
    topic: Int64Array

    def select(self, rows: BoolArray | Int64Array | slice) -> "_Frames":
        """Some of them."""
        return _Frames(self.start[rows], self.stop[rows], self.topic[rows])


def scan_block(data: bytes, known: KnownTopics, *, mask: int, is_v5: bool, bytes_max: int) -> Block | None:
    """Messages from the first byte on; None if the first frame must be looked at by itself.

    The parameters are those of `scan_publishes`, which takes exactly the same messages, and perhaps more.
    """
    # Invariant: a block is the beginning of what `scan_publishes` takes of the same bytes, tested side by
    # side; what is not sure is left to it. Why: an object for each topic, payload and identifier, from here
    # to the decoder, was five of the nine microseconds of a message (decision 18). Rejected: numba, a heavy
    # wheel and seconds of compilation at start; what it would save was not measured.
    table = known.table()
    if len(data) < BLOCK_BYTES_MIN or table is None or not table.topics:
        return None
    text = np.frombuffer(data, dtype=np.uint8)
    zero = np.flatnonzero(text == 0)
    if len(zero) * _BYTES_PER_ZERO_MIN > len(data):
        return None
    frames = _in_a_row(_candidates(text, zero, mask))
    # Whole topics are read as words, which must not end behind the data.
    span = 2 + table.n_words * WORD_BYTES
    fits = (frames.stop - frames.start <= bytes_max) & (frames.topic + span <= len(data))
    frames = frames.select(slice(_until(fits)))
    n_topic = text[frames.topic + 1].astype(np.int64)
    after = frames.topic + 2 + n_topic
    has_id = text[frames.start] & 2 != 0
    begin = after + 2 * has_id + int(is_v5)
    topic, is_good = table.find(words_of(data), frames.topic + 2, n_topic)
    is_good &= begin <= frames.stop
    ids_at = np.minimum(after, len(data) - 2)
    is_good &= ~has_id | (text[ids_at] != 0) | (text[ids_at + 1] != 0)
    if is_v5:
        is_good &= text[np.minimum(begin - 1, len(data) - 1)] == 0
    n = _until(is_good)
    if n == 0:
        return None
    batch = MessageColumns(
        table.topics, topic[:n], data, begin[:n].astype(np.int32), frames.stop[:n].astype(np.int32)
    )
    ids = np.ndarray((len(data) - 1,), "V2", data, strides=(1,))[after[:n][has_id[:n]]]
    return Block(batch, ids.tolist(), int(frames.stop[n - 1]))


def _candidates(text: UInt8Array, zero: Int64Array, mask: int) -> _Frames:
    """Every place where a frame may begin whose topic's length begins with one of these zeros."""
    found = []
    for n_head in (2, 3):
        topic = zero[np.searchsorted(zero, n_head) :]
        start, low = topic - n_head, text[topic - n_head + 1].astype(np.int64)
        if n_head == 2:
            length, is_length = low, low < 128
        else:
            high = text[topic - 1].astype(np.int64)
            length, is_length = low - 128 + (high << 7), (low >= 128) & (high > 0) & (high < 128)
        stop = topic + length
        may_be = is_length & (text[start] & mask == 0x30) & (length >= 2) & (stop <= len(text))
        found.append(_Frames(start[may_be], stop[may_be], topic[may_be]))
    if not len(found[0].start) or not len(found[1].start):
        return found[0] if len(found[0].start) else found[1]
    both = _Frames(
        *(np.concatenate([getattr(block, name) for block in found]) for name in ("start", "stop", "topic"))
    )
    return both.select(np.argsort(both.start, kind="stable"))


def _in_a_row(some: _Frames) -> _Frames:
    """Those of the candidates that begin at 0 or where another one of them ends."""
    if not len(some.start) or some.start[0] != 0:
        return some.select(slice(0))
    if (some.start[1:] == some.stop[:-1]).all():
        return some
    following = np.searchsorted(some.start, some.stop)
    goes_on = some.start[np.minimum(following, len(some.start) - 1)] == some.stop
    next_of = np.where(goes_on, following, len(some.start)).tolist()
    rows, row = [], 0
    while row < len(next_of):
        rows.append(row)
        row = next_of[row]
    return some.select(np.array(rows, dtype=np.int64))


def _until(good: BoolArray) -> int:
    """How many are good before the first that is not."""
    bad = np.flatnonzero(~good)
    return int(bad[0]) if len(bad) else len(good)
