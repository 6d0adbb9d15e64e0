"""Drills beside real warnings: what was taken, what goes on."""

import msgspec

from warnstream.adapters.http.models.words import Count, Text, TimeUtc


class DrillTakenRecord(msgspec.Struct, frozen=True):
    """An order about drills is durable; it is carried out within a second. `drills` are their names."""

    act: Text
    drills: list[Text]
    villages: Count


class DrillRecord(msgspec.Struct, frozen=True):
    """A drill that is on, or over and still takes late answers; `ended` says why, by village."""

    drill: Text
    author: Text
    reason: Text
    announced: bool
    begun: TimeUtc
    ends: TimeUtc
    villages: list[Text]
    running: list[Text]
    ended: dict[str, Text]


class DrillsRecord(msgspec.Struct, frozen=True):
    """Drills, newest first."""

    drills: list[DrillRecord]
