"""Hazards that have another name now: what was kept under the earlier one is read under that of now.

Snapshots and entries hold a hazard's name wherever something is of it: a warning, what doors know, what a
post owes, a silence, an order that waits. A name is a code, so it is looked for as a whole text; what people
wrote is left as they wrote it.
"""

from collections.abc import Mapping
from typing import TypeVar

import msgspec

Kept = TypeVar("Kept")

WRITTEN = frozenset({"note", "reason", "text", "title_zh", "title_en", "name", "author", "second", "code"})
"""Members with texts of people, and with codes of other things."""


def called_now(state: bytes, now: Mapping[str, str]) -> bytes:
    """Content in msgpack with every earlier name of `now` replaced, in what is nested in it, too.

    >>> kept = msgspec.msgpack.encode({"hazard": "flood", "note": "flood", "of": {"flood": 2, "rain": 1}})
    >>> msgspec.msgpack.decode(called_now(kept, {"flood": "flash_flood"}))
    {'hazard': 'flash_flood', 'note': 'flood', 'of': {'flash_flood': 2, 'rain': 1}}
    """
    if not any(before.encode() in state for before in now):
        return state
    return msgspec.msgpack.encode(_renamed(msgspec.msgpack.decode(state), now))


def under_name_now(kept: Kept, kind: type[Kept], now: Mapping[str, str]) -> Kept:
    """The same of something that is in memory; that very object where it has no earlier name."""
    state = msgspec.msgpack.encode(kept)
    renamed = called_now(state, now)
    return kept if renamed is state else msgspec.msgpack.decode(renamed, type=kind)


def _renamed(value: object, now: Mapping[str, str]) -> object:
    found = value
    if isinstance(value, str):
        found = now.get(value, value)
    elif isinstance(value, dict):
        found = {_renamed(key, now): _member(key, content, now) for key, content in value.items()}
    elif isinstance(value, list):
        found = [_renamed(content, now) for content in value]
    elif isinstance(value, tuple):
        found = tuple(_renamed(content, now) for content in value)
    elif isinstance(value, bytes):
        found = _nested(value, now)
    return found


def _member(key: object, content: object, now: Mapping[str, str]) -> object:
    return content if key in WRITTEN and isinstance(content, str) else _renamed(content, now)


def _nested(content: bytes, now: Mapping[str, str]) -> bytes:
    """A state within a state; other bytes are left as they are."""
    try:
        return called_now(content, now)
    except (msgspec.MsgspecError, ValueError):
        return content
