"""Entries of what became of doors: outcomes of attempts, doubts after a crash, calls for help closed.

``outcome``: channels have told doors something, or could not. ``doubt``: a process has ended without saying
who was in its hands. ``call_closed``: another person has closed a door's call. With ``issued`` and answers
they are the whole history of the ledger (decision 29).
"""

from typing import TypeVar

import msgspec

Content = TypeVar("Content")

OUTCOME = "outcome"
DOUBT = "doubt"
CALL_CLOSED = "call_closed"

OF_DOORS = frozenset({OUTCOME, DOUBT, CALL_CLOSED})
"""Kinds that the ledger takes and the engine passes over."""


class ClosedCall(msgspec.Struct, frozen=True, array_like=True):
    """A call for help that is over: village and door by code, second of the engine."""

    village: str
    door: str
    at_s: int


def encode_doubt(since_s: int) -> bytes:
    """Payload of a `DOUBT` entry: ends issued since then may have come too late for somebody in hand."""
    return msgspec.msgpack.encode(since_s)


def decode_doubt(payload: bytes) -> int:
    """Time of a `DOUBT` entry. ValueError if it is none."""
    return _decode(payload, int)


def encode_closed(call: ClosedCall) -> bytes:
    """Payload of a `CALL_CLOSED` entry."""
    return msgspec.msgpack.encode(call)


def decode_closed(payload: bytes) -> ClosedCall:
    """The call of a `CALL_CLOSED` entry. ValueError if it is none."""
    return _decode(payload, ClosedCall)


def _decode(payload: bytes, kind: type[Content]) -> Content:
    try:
        return msgspec.msgpack.decode(payload, type=kind)
    except msgspec.MsgspecError as error:
        raise ValueError(f"not an entry of doors: {error}") from None
