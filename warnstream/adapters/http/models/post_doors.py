"""A post's own doors: what they were told, what they have said, and what a post says for them."""

from typing import Literal

import msgspec

from warnstream.adapters.http.models.words import Count, Text, TimeUtc

DOORS_MAX = 600
"""Doors of one answer; a post of a whole county reads villages, not doors."""

ANSWERS_MAX = 40
"""Of one request: a body has 8 KiB."""

Word = Literal["heard", "moving", "safe", "refused", "help"]


class PostDoorRecord(msgspec.Struct, frozen=True):
    """A door; `listed`: it is on an open transfer list, `comes`: who has its call for help."""

    door: Text
    said: Text
    changed: TimeUtc | None
    listed: bool
    comes: str


class PostVillageRecord(msgspec.Struct, frozen=True):
    """A village of a post; `bulletin` is what its doors were told last, null: nothing."""

    village: Text
    name: str
    level: Count
    bulletin: Text | None
    told: TimeUtc | None
    over: bool
    text_zh: str
    text_en: str
    doors: list[PostDoorRecord]
    more: Count


class PostDoorsRecord(msgspec.Struct, frozen=True):
    """The doors of a post; `message` is the digest whose link was opened, empty: the post's own token."""

    post: Text
    now: TimeUtc
    utc_offset_s: int
    exercise: bool
    message: str
    phone: str
    villages: list[PostVillageRecord]


class DoorSaid(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a post says for a door.

    `seen` and `bulletin` are what its page showed of door and village then, `ago_s` is how long ago it was.
    """

    village: str
    door: str
    word: Word
    seen: str = ""
    bulletin: str = ""
    ago_s: int = 0


class DoorSaidRecord(msgspec.Struct, frozen=True):
    """What came of it: taken, or not; `said` is what the door stands at."""

    door: Text
    result: Literal["taken", "conflict", "refused"]
    said: str
    problem: str = ""


class DoorsSaidRecord(msgspec.Struct, frozen=True):
    """What came of each, in the order in which they were sent."""

    answers: list[DoorSaidRecord]
