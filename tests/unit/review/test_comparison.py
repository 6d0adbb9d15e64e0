"""Counts, rates and whom two configurations would have told."""

from dataclasses import replace

import numpy as np
import pytest

from warnstream.model.changes import Change, LevelChange
from warnstream.model.level import Level
from warnstream.model.times import DAY_S, HOUR_S, fixed_zone
from warnstream.review.compare.comparison import EVENT_DAYS_MIN, YEAR_MIN, Comparison, Judged, Part, compare

BEIJING = fixed_zone(8 * HOUR_S)


def stands(village: int, level: Level, begin_s: int, end_s: int) -> list[LevelChange]:
    return [
        LevelChange(Change.RISE, "slide", village, level, Level.NONE, begin_s, begin_s, None),
        LevelChange(Change.FALL, "slide", village, Level.NONE, level, end_s, end_s, None),
    ]


def judged(name: str, *changes: LevelChange, villages: tuple[str, ...] = ("a", "b")) -> Judged:
    ordered = tuple(sorted(changes, key=lambda change: change.at_s))
    return Judged(
        name=name,
        fingerprint=name,
        villages=villages,
        names=tuple(village.upper() for village in villages),
        doors=np.full(len(villages), 3),
        parts=(Part(ordered, 0, 100 * DAY_S),),
        messages=(),
        bulletins=(),
        observed_min=np.full(len(villages), round(YEAR_MIN)),
        time_zone=BEIJING,
        failures={},
        n_readings=0,
        n_refused={},
        cpu_s=0.0,
    )


def storms(days: int, villages: int, hours: int = 1) -> list[LevelChange]:
    """On each day all villages stand at orange."""
    return [
        change
        for day in range(days)
        for village in range(villages)
        for change in stands(village, Level.ORANGE, day * DAY_S, day * DAY_S + hours * HOUR_S)
    ]


def compared(old: list[LevelChange], new: list[LevelChange]) -> Comparison:
    return compare(judged("old", *old), judged("new", *new))


def test_a_level_that_nobody_reached_has_no_row() -> None:
    found = compared(storms(3, 2), storms(3, 2))
    assert [(row.hazard, row.level) for row in found.rows] == [("slide", Level.ORANGE)]
    assert found.changed == []


def test_few_days_with_an_episode_have_counts_and_no_interval() -> None:
    rate = compared([], storms(EVENT_DAYS_MIN - 1, 2)).rows[0].rate
    assert (rate.event_days, rate.low, rate.high) == (EVENT_DAYS_MIN - 1, None, None)
    assert rate.new == pytest.approx(EVENT_DAYS_MIN - 1, rel=1e-4)


def test_what_every_day_adds_is_known_exactly_whatever_is_drawn() -> None:
    rate = compared(storms(12, 1), storms(12, 2)).rows[0].rate
    assert rate.low == pytest.approx(6.0, rel=1e-4)
    assert rate.high == pytest.approx(6.0, rel=1e-4)


def test_the_interval_is_drawn_by_days_so_that_one_storm_is_one_case() -> None:
    """Twenty warned days, one of which has ten villages: drawn singly the interval would be far narrower."""
    villages = tuple("abcdefghij")
    one_day = [change for village in range(10) for change in stands(village, Level.RED, 0, HOUR_S)]
    others = [
        change for day in range(1, 20) for change in stands(0, Level.RED, day * DAY_S, day * DAY_S + HOUR_S)
    ]
    old = judged("old", *others, villages=villages)
    new = judged("new", *others, *one_day, villages=villages)
    rate = compare(old, new).rows[0].rate
    assert rate.difference == pytest.approx(1.0, rel=1e-3)
    assert rate.low == 0.0  # in a third of the draws that day is not among them
    assert rate.high is not None
    assert rate.high >= 2.0


def test_villages_are_paired_by_code_whatever_their_numbers() -> None:
    old = judged("old", *stands(0, Level.RED, 0, HOUR_S), villages=("a", "b"))
    new = judged("new", *stands(2, Level.RED, 0, HOUR_S), villages=("c", "b", "a"))
    found = compare(old, new)
    assert found.changed == []
    assert (found.only_old, found.only_new) == ((), ("c",))
    assert found.name_of("a") == "A (a)"


def test_what_was_not_judged_over_the_same_time_is_not_compared() -> None:
    old = judged("old")
    new = replace(judged("new"), parts=(Part((), 0, DAY_S),))
    with pytest.raises(ValueError, match="not judged over the same time"):
        compare(old, new)
