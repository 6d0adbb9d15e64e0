"""Hands on warnings: what binds, what waits for a person, what an order would reach."""

import msgspec

from warnstream.adapters.http.models.words import Count, LevelWord, Text, TimeUtc


class OrderTakenRecord(msgspec.Struct, frozen=True):
    """An order is durable; it is carried out at the next step."""

    order: Text
    kind: Text
    villages: Count


class RehearsalRecord(msgspec.Struct, frozen=True):
    """Whom an order would reach: doors by channel, seconds until the last of them where a rate is known."""

    kind: Text
    villages: list[Text]
    doors: dict[str, Count]
    seconds: dict[str, float]


class BoundRecord(msgspec.Struct, frozen=True):
    """A level that a person holds up or down; `found` is what the machine finds, `level` what is in force."""

    order: Text
    village: Text
    hazard: Text
    kind: Text
    bound: LevelWord
    found: LevelWord
    level: LevelWord
    author: Text
    second: str
    reason: Text
    since: TimeUtc
    expires: TimeUtc


class HandSilenceRecord(msgspec.Struct, frozen=True):
    """Posts are not told of rises up to orange."""

    order: Text
    villages: Count
    hazard: str
    post: str
    author: Text
    reason: Text
    expires: TimeUtc


class WaitingOrderRecord(msgspec.Struct, frozen=True):
    """Red by hand that waits for a second person."""

    order: Text
    villages: Count
    hazard: Text
    author: Text
    reason: Text
    lapses: TimeUtc


class HeldRecord(msgspec.Struct, frozen=True):
    """Doors of a village wait for a release; it goes by itself at `due`, never where that is null."""

    village: Text
    name: str
    action: Text
    hazard: str
    level: LevelWord
    since: TimeUtc
    due: TimeUtc | None


class CountyResponseRecord(msgspec.Struct, frozen=True):
    """The county's state of response."""

    response: Text
    author: Text
    reason: Text
    since: TimeUtc


class OrdersRecord(msgspec.Struct, frozen=True):
    """Everything that people have ordered and that still counts; of many the first are listed."""

    bounds: list[BoundRecord]
    silences: list[HandSilenceRecord]
    waiting_second: list[WaitingOrderRecord]
    waiting_release: list[HeldRecord]
    response: CountyResponseRecord | None


class HandsRecord(msgspec.Struct, frozen=True):
    """How many warnings a person holds up or down, what waits, and the county's state of response."""

    floors: Count
    ceilings: Count
    silences: Count
    waiting_second: Count
    waiting_release: Count
    response: Text | None
