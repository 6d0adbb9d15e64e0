"""The layout of what passes over ``console.sock``; docs/console.md has it in words.

Every message is four bytes of length (big-endian) and that much MessagePack: an array that begins with the
kind of the message and the version of the layout. A node sends `Frame` and `Reply`, a console `Ask` and
`Act`. A frame is arrays that the node's step has anyway, as bytes: nothing is counted or worded for a viewer.
"""

from collections.abc import Mapping
from typing import TypeVar

import msgspec
import numpy as np

VERSION = 3
"""Counts up when anything here changes its meaning; a console refuses another version and says so."""

SOCKET = "console.sock"
"""Name of the socket in the storage directory."""

LENGTH_BYTES = 4
FRAME_BYTES_MAX = 1 << 26
"""Of a message to a console: levels and doors of 600,000 villages."""

ASK_BYTES_MAX = 16_384
"""Of a message to a node."""

NEVER = -1
"""A time that there is none of."""

PARTS = {
    "level": "u1 (hazards, villages): the level in force, 0 to 4",
    "sight": "u1 (villages): 0 sees, 1 partly blind, 2 blind",
    "stations": "u1 (stations): 1 reports, +2 doubted",
    "ratio": "f4 (hazards, villages): rain over critical rainfall, NaN where unknown; once a minute",
    "ahead": "u2 (leads, villages): rain expected over each lead of the head, in tenths of mm, 65535 "
    "unknown; once a minute",
    "doors": "u4 (villages, 16): doors by how far the newest bulletin came (8), by what people said (8)",
    "chain": "i8 (n, 3): village, 1 calling 2 heard 3 dry, when the next answer is due",
    "helps": "i8 (n, 3): village, opened, 1 if a person has the call",
    "alarms": "i8 (n, 8): village (-1: the node), class 1 A 2 B, troubles, level, since, news, its number, "
    "seen until (-1: unseen)",
    "waits": "i8 (n, 5): village, level, since, goes out by itself at (-1: never), 1 if it is an end",
}
"""Arrays of a frame: form, shape, meaning. Times are seconds since 1970 UTC, villages numbers of the node."""


LOOKS = {
    "village": "what stands in a village, and why (`VillageFacts`)",
    "why": "the whole explanation of its last judgement (JSON)",
    "past": "versions of its warnings, bulletins and digests as they were sent (`PastFacts`)",
    "record": "what people have done, newest first (`RecordFacts`)",
    "transfers": "transfer lists and the five counters; of one list with its rows (JSON); `village` names it",
    "drills": "drills that are on, scores of the newest, when each village had its last (JSON)",
    "state": "stations, blind villages, channels, alarms and audit of the node (JSON)",
}
"""What a console can ask, and what the answer is."""


class Part(msgspec.Struct, frozen=True, array_like=True):
    """An array, little-endian, rows first."""

    form: str
    shape: tuple[int, ...]
    content: bytes

    def array(self) -> np.ndarray:
        """It as an array, to read only. ValueError if bytes, form and shape do not fit."""
        if self.form not in FORMS or any(size < 0 for size in self.shape):
            raise ValueError(f"{self.form!r} {self.shape} is no array of a frame")
        return np.frombuffer(self.content, dtype=np.dtype(f"<{self.form}")).reshape(self.shape)


FORMS = frozenset({"u1", "u2", "u4", "i8", "f4"})

UNKNOWN = 65_535
"""Of `ahead`: no rain is known there."""


def part_of(array: np.ndarray, form: str) -> Part:
    """An array as a part."""
    packed = np.ascontiguousarray(array, dtype=np.dtype(f"<{form}"))
    return Part(form, packed.shape, packed.tobytes())


class KeptVillage(msgspec.Struct, frozen=True, array_like=True):
    """A village that the configuration has lost under a warning that stands; numbered after the rest."""

    code: str
    name: str
    township: str
    county: str
    latitude: float
    longitude: float


class ProposalFacts(msgspec.Struct, frozen=True, array_like=True):
    """An order that waits for a second person; `villages` are numbers, `level` 0 takes a warning away."""

    order: str
    kind: str
    author: str
    reason: str
    hazard: str
    level: int
    villages: tuple[int, ...]
    since_s: int
    due_s: int


class ShiftFacts(msgspec.Struct, frozen=True, array_like=True):
    """Who is on duty for an area, and to whom they want to hand over."""

    person: str
    area: str
    since_s: int
    offered: str
    note: str


class Head(msgspec.Struct, frozen=True):
    """What a frame says beside its arrays.

    Attributes
    ----------
    node, fingerprint : str
        Name of the node, and hash of its configuration.
    is_exercise : bool
    wall_s : float
        The node's clock when the frame was made.
    now_s : int
        Engine time; -1 before the first step.
    stepped_s : float
        Seconds since the last step; -1 before the first.
    is_ready : bool
    reasons, reasons_zh : tuple of str
        As /readyz has them, those first that keep the node from being ready, and the same in Chinese.
    channels_down : tuple of str
        Channels that reach nobody.
    hazards : tuple of str
        Rows of `level` and `ratio`.
    kept : tuple of KeptVillage
    proposals : tuple of ProposalFacts
        Orders that wait for a second person, oldest first.
    shifts : tuple of ShiftFacts
    is_flood : bool
        More alarms than an officer can take.
    leads_s : tuple of int
        Rows of `ahead`, ascending.
    drilling : tuple of int
        Villages in which a drill is on beside the real operation.
    n_blocking : int
        So many of the reasons keep the node from being ready.
    """

    node: str
    fingerprint: str
    is_exercise: bool
    wall_s: float
    now_s: int
    stepped_s: float
    is_ready: bool
    reasons: tuple[str, ...]
    channels_down: tuple[str, ...]
    hazards: tuple[str, ...]
    kept: tuple[KeptVillage, ...] = ()
    proposals: tuple[ProposalFacts, ...] = ()
    shifts: tuple[ShiftFacts, ...] = ()
    is_flood: bool = False
    leads_s: tuple[int, ...] = ()
    drilling: tuple[int, ...] = ()
    reasons_zh: tuple[str, ...] = ()
    n_blocking: int = 0


class Frame(msgspec.Struct, frozen=True, tag="frame", array_like=True):
    """The situation; parts that are not there are as they were in the frame before."""

    version: int
    sequence: int
    head: Head
    parts: dict[str, Part]


class Ask(msgspec.Struct, frozen=True, tag="ask", array_like=True):
    """A question that changes nothing.

    Attributes
    ----------
    village : str
        Code of the village that it is about; empty where it is about none.
    what : str
        A word of `LOOKS`.
    cursor : int
        Of the record: number of the entry after which it goes on.
    """

    version: int
    number: int
    village: str
    what: str = "village"
    cursor: int = 0


class Act(msgspec.Struct, frozen=True, tag="act", array_like=True):
    """What a person who has signed in wants done.

    Attributes
    ----------
    person : str
        Of operators.csv; the console has proven who it is.
    key : str
        The same one of that person again changes nothing.
    seen : str
        Version of the village that the person had before them; empty where none is concerned.
    content : bytes
        `warnstream.adapters.console.acts.Said`, as JSON.
    """

    version: int
    number: int
    person: str
    key: str
    seen: str
    content: bytes


class Reply(msgspec.Struct, frozen=True, tag="reply", array_like=True):
    """The answer to the `Ask` or `Act` of that number: facts as MessagePack, or why there are none."""

    version: int
    number: int
    content: bytes
    fault: str


Message = TypeVar("Message", Frame, Reply, "Frame | Reply", Ask, "Ask | Act")

_encoder = msgspec.msgpack.Encoder()
_from_node = msgspec.msgpack.Decoder(Frame | Reply)
_from_console = msgspec.msgpack.Decoder(Ask | Act)


def packed(message: Frame | Reply | Ask | Act) -> bytes:
    """A message with its length before it."""
    content = _encoder.encode(message)
    return len(content).to_bytes(LENGTH_BYTES, "big") + content


def read_from_node(content: bytes) -> Frame | Reply:
    """What a node has sent. ValueError if it is nothing of this layout, or another version's."""
    try:
        message = _from_node.decode(content)
    except msgspec.MsgspecError as error:
        raise ValueError(f"not a message of a node: {error}") from None
    return _of_this_version(message)


def read_ask(content: bytes) -> Ask | Act:
    """What a console asks or wants done. ValueError if it is nothing of this layout, or another version's."""
    try:
        message = _from_console.decode(content)
    except msgspec.MsgspecError as error:
        raise ValueError(f"not a message of a console: {error}") from None
    return _of_this_version(message)


def arrays_of(parts: Mapping[str, Part]) -> dict[str, np.ndarray]:
    """Parts by name as arrays; unknown ones are left out. ValueError if one is damaged."""
    return {name: part.array() for name, part in parts.items() if name in PARTS}


def _of_this_version(message: Message) -> Message:
    if message.version != VERSION:
        raise ValueError(f"layout {message.version} of the console's socket, expected {VERSION}")
    return message
