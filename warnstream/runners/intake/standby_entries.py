"""Entries of several machines with one log: who leads, what became of posts' notifications, who follows.

``leader``: every entry after it was written by that box, until the next one. ``told``: what channels have
come to with rows of the outbox; doors have entries of their own (`door_entries`). ``followed``: how far a
delivery node has copied a partition of Kafka into its own log. An engine passes over all of them.
"""

from collections.abc import Mapping

import msgspec

from warnstream.delivery.dispatch.notification import Settlement, Signal

LEADER = "leader"
TOLD = "told"

FOLLOWED = "followed"

OF_STANDBY = frozenset({LEADER, TOLD, FOLLOWED})


class FollowedEntry(msgspec.Struct, frozen=True):
    """A log has everything of a partition up to here: its next entry, and where events are read on."""

    next_entry: int
    next_event: int


class LeaderEntry(msgspec.Struct, frozen=True):
    """A leadership begins: its number, the box, second of its clock, identity of the log, how it came."""

    term: int
    box: str
    at_s: int
    log: str
    how: str = ""


def encode_leader(entry: LeaderEntry) -> bytes:
    """Payload of a `LEADER` entry."""
    return msgspec.msgpack.encode(entry)


def decode_leader(payload: bytes) -> LeaderEntry:
    """Content of a `LEADER` entry. ValueError if it is none."""
    try:
        return msgspec.msgpack.decode(payload, type=LeaderEntry)
    except msgspec.MsgspecError as error:
        raise ValueError(f"not a leader entry: {error}") from None


def encode_followed(entry: FollowedEntry) -> bytes:
    """Payload of a `FOLLOWED` entry."""
    return msgspec.msgpack.encode(entry)


def decode_followed(payload: bytes) -> FollowedEntry:
    """Content of a `FOLLOWED` entry. ValueError if it is none."""
    try:
        return msgspec.msgpack.decode(payload, type=FollowedEntry)
    except msgspec.MsgspecError as error:
        raise ValueError(f"not an entry of what was followed: {error}") from None


def encode_told(settlements: Mapping[str, Settlement], at: float) -> bytes:
    """Payload of a `TOLD` entry: by key, what attempts have led to at a time."""
    rows = [
        (key, str(settlement.signal), settlement.retry_at, settlement.reason)
        for key, settlement in settlements.items()
    ]
    return msgspec.msgpack.encode((at, rows))


def decode_told(payload: bytes) -> tuple[dict[str, Settlement], float]:
    """Settlements of a `TOLD` entry by key, and their time. ValueError if it is none."""
    try:
        at, rows = msgspec.msgpack.decode(payload, type=tuple[float, list[tuple[str, str, float, str]]])
        return {key: Settlement(Signal(signal), retry_at, why) for key, signal, retry_at, why in rows}, at
    except (msgspec.MsgspecError, ValueError) as error:
        raise ValueError(f"not an entry of what was told: {error}") from None
