"""The log of a drill: a journal of its own, with what came of the node's journal that concerns the drill.

Answers, reports, ticks and outcomes are entries as in the node's journal. ``drill_begun`` is the first one,
``drill_over`` names villages in which the drill has ended, ``drill_taken`` says how far the node's journal
has been taken, so that a restart takes nothing twice.
"""

from typing import TypeVar

import msgspec

from warnstream.model.hands.drills import DrillOrder

Content = TypeVar("Content")

BEGUN = "drill_begun"
OVER = "drill_over"
TAKEN = "drill_taken"


class Begun(msgspec.Struct, frozen=True):
    """A drill has begun: its order, when (engine time), and the names of its villages for ever."""

    order: DrillOrder
    at_s: int


class Over(msgspec.Struct, frozen=True):
    """The drill is over in these villages, and why."""

    villages: list[str]
    why: str
    at_s: int


STOPPED = "stopped"
"""Why it is over: somebody ordered that."""
LAPSED = "lapsed"
"""Its time is over."""
REAL = "real"
"""Something real has risen there."""


def encode(content: Begun | Over | int) -> bytes:
    """Payload of an entry."""
    return msgspec.msgpack.encode(content)


def decode_begun(payload: bytes) -> Begun:
    """Content of a `BEGUN` entry. ValueError if it is none."""
    return _decode(payload, Begun)


def decode_over(payload: bytes) -> Over:
    """Content of an `OVER` entry. ValueError if it is none."""
    return _decode(payload, Over)


def decode_taken(payload: bytes) -> int:
    """Content of a `TAKEN` entry. ValueError if it is none."""
    return _decode(payload, int)


def _decode(payload: bytes, kind: type[Content]) -> Content:
    try:
        return msgspec.msgpack.decode(payload, type=kind)
    except msgspec.MsgspecError as error:
        raise ValueError(f"not an entry of a drill: {error}") from None
