"""Many messages as columns: one piece of memory and where in it each payload lies.

What a busy connection brings stays in the memory that it was read into; a
message is a row of three numbers. No Python object is made per message, and a
batch is copied only where it is joined with others.

Limit: 2 GiB of content in one batch.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np

from warnstream.model.arrays import Int32Array

PAD_BYTES = 16
"""Zeros behind a batch's content, so that sixteen bytes can be read from any place of a payload."""

_MAGIC = b"\xc1\x01"
"""0xC1 never begins MessagePack, in which small batches are kept; the second byte is the version."""

_HEAD_BYTES = 16


@dataclass(frozen=True, slots=True)
class MessageColumns:
    """Messages in order of arrival.

    Attributes
    ----------
    topics : sequence of str
        Each topic once.
    topic : Int32Array, shape (n,)
        Which of the topics each message came on.
    content : bytes
        Holds every payload, and may hold more.
    begin, end : Int32Array, shape (n,)
        Where in it each payload lies.
    """

    topics: Sequence[str]
    topic: Int32Array
    content: bytes
    begin: Int32Array
    end: Int32Array

    def __len__(self) -> int:
        return len(self.topic)

    def payload(self, row: int) -> bytes:
        """The payload of one message, in memory of its own."""
        return self.content[self.begin[row] : self.end[row]]

    def pairs(self) -> list[tuple[str, bytes]]:
        """Topic and payload of every message."""
        content, topics = self.content, self.topics
        return [
            (topics[topic], content[begin:end])
            for topic, begin, end in zip(
                self.topic.tolist(), self.begin.tolist(), self.end.tolist(), strict=True
            )
        ]


def columns_of(topics: Sequence[str], payloads: Sequence[bytes]) -> MessageColumns:
    """Columns of messages that are Python objects."""
    number: dict[str, int] = {}
    topic = np.array([number.setdefault(name, len(number)) for name in topics], dtype=np.int32)
    end = np.cumsum(np.fromiter(map(len, payloads), np.int32, len(payloads)), dtype=np.int32)
    begin = np.concatenate([np.zeros(1, dtype=np.int32), end[:-1]]) if len(end) else end
    return MessageColumns(list(number), topic, b"".join((*payloads, bytes(PAD_BYTES))), begin, end)


class TopicsOf(Sequence[str]):
    """Topics of many messages, each made when it is asked for."""

    def __init__(self, batch: MessageColumns) -> None:
        self.batch = batch

    def __len__(self) -> int:
        return len(self.batch)

    @overload
    def __getitem__(self, row: int) -> str: ...
    @overload
    def __getitem__(self, row: slice) -> list[str]: ...
    def __getitem__(self, row: int | slice) -> str | list[str]:
        topics = self.batch.topics
        if isinstance(row, slice):
            return [topics[number] for number in self.batch.topic[row].tolist()]
        return topics[int(self.batch.topic[row])]

    def __iter__(self) -> Iterator[str]:
        return iter(self[:])


class PayloadsOf(Sequence[bytes]):
    """Payloads of many messages, each made when it is asked for."""

    def __init__(self, batch: MessageColumns) -> None:
        self.batch = batch

    def __len__(self) -> int:
        return len(self.batch)

    @overload
    def __getitem__(self, row: int) -> bytes: ...
    @overload
    def __getitem__(self, row: slice) -> list[bytes]: ...
    def __getitem__(self, row: int | slice) -> bytes | list[bytes]:
        batch = self.batch
        if isinstance(row, slice):
            ends = zip(batch.begin[row].tolist(), batch.end[row].tolist(), strict=True)
            return [batch.content[begin:end] for begin, end in ends]
        return batch.payload(row)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self[:])


def joined(parts: Sequence[tuple[Sequence[str], Sequence[bytes]]]) -> MessageColumns:
    """One batch of topics and payloads in order; those that are columns already are not taken apart."""
    batches = [
        payloads.batch if isinstance(payloads, PayloadsOf) else columns_of(topics, payloads)
        for topics, payloads in parts
    ]
    # A connection's table holds more topics than one batch has, and is that of many batches.
    tables = {id(batch.topics): batch.topics for batch in batches}
    used = {key: np.zeros(len(topics), dtype=np.bool_) for key, topics in tables.items()}
    for batch in batches:
        used[id(batch.topics)][batch.topic] = True
    number: dict[str, int] = {}
    ours = {key: np.zeros(len(topics), dtype=np.int32) for key, topics in tables.items()}
    for key, topics in tables.items():
        rows = np.flatnonzero(used[key])
        ours[key][rows] = [number.setdefault(topics[row], len(number)) for row in rows.tolist()]
    size = [len(batch.content) for batch in batches]
    shift = [np.int32(sum(size[:index])) for index in range(len(size))]
    return MessageColumns(
        list(number),
        np.concatenate([ours[id(batch.topics)][batch.topic] for batch in batches]),
        b"".join(batch.content for batch in batches),
        np.concatenate([batch.begin + at for batch, at in zip(batches, shift, strict=True)]),
        np.concatenate([batch.end + at for batch, at in zip(batches, shift, strict=True)]),
    )


def is_packed(data: bytes) -> bool:
    """Whether bytes are those of `pack`."""
    return data.startswith(_MAGIC)


def pack(batch: MessageColumns) -> bytes:
    """Bytes that `unpack` reads without copying the content.

    ``C1 01``, two zeros, then u32 numbers of messages, of topics and of the bytes of all topics; u32 end of
    each topic; topics in UTF-8, zeros up to a whole number of four bytes; topic, begin and end of every
    message (i32, begin and end from the content's first byte); the content and `PAD_BYTES` zeros.
    All little-endian.
    """
    names = [topic.encode("utf-8", "surrogatepass") for topic in batch.topics]
    ends = np.cumsum(np.fromiter(map(len, names), "<u4", len(names)), dtype="<u4")
    text = b"".join(names)
    head = np.array([len(batch), len(names), len(text)], dtype="<u4")
    numbers = (batch.topic, batch.begin, batch.end)
    return b"".join(
        (
            _MAGIC,
            bytes(2),
            head.tobytes(),
            ends.tobytes(),
            text,
            bytes(-len(text) % 4),
            *(column.astype("<i4", copy=False).tobytes() for column in numbers),
            batch.content,
            bytes(PAD_BYTES),
        )
    )


def unpack(data: bytes) -> MessageColumns:
    """Messages of `pack`; their content is `data` itself.

    Raises
    ------
    ValueError
        If it is not what `pack` makes.
    """
    if not is_packed(data) or len(data) < _HEAD_BYTES:
        raise ValueError("a packed batch of messages is cut off or of another version")
    n, n_topics, text_bytes = np.frombuffer(data, "<u4", 3, 4).tolist()
    text_at = _HEAD_BYTES + 4 * n_topics
    numbers_at = text_at + text_bytes + -text_bytes % 4
    content_at = numbers_at + 12 * n
    if content_at > len(data):
        raise ValueError(f"a packed batch of {n} messages is cut off after {len(data)} bytes")
    ends = np.frombuffer(data, "<u4", n_topics, _HEAD_BYTES).tolist()
    text = data[text_at : text_at + text_bytes]
    topics = [
        text[begin:end].decode("utf-8", "surrogatepass")
        for begin, end in zip([0, *ends][:-1], ends, strict=True)
    ]
    topic, begin, end = np.frombuffer(data, "<i4", 3 * n, numbers_at).reshape(3, n)
    return MessageColumns(topics, topic, data, begin + np.int32(content_at), end + np.int32(content_at))
