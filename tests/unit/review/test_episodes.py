"""Pairing by episode: what is one stretch, and what became of it."""

from itertools import pairwise
from math import isnan

import pytest

from warnstream.model.changes import Change, LevelChange
from warnstream.model.level import Level
from warnstream.review.episodes import NOTHING, Course, Episode, Outcome, Stretch, courses, episodes

END_S = 10_000


def course(*changes: tuple[int, Level]) -> Course:
    return Course(changes, END_S)


def orange(*stretches: tuple[int, int]) -> Course:
    """A village that stands at orange from one minute to another."""
    return course(
        *((minute * 60, level) for stretch in stretches for minute, level in zip(stretch, STOOD, strict=True))
    )


STOOD = (Level.ORANGE, Level.NONE)


def of(old: Course, new: Course, level: Level = Level.ORANGE) -> list[Episode]:
    return episodes(old, new, level)


@pytest.mark.parametrize(
    ("old", "new", "outcome", "shift_min"),
    [
        (orange((10, 60)), orange((10, 90)), Outcome.SAME, 0.0),
        (NOTHING, orange((10, 60)), Outcome.ADDED, float("nan")),
        (orange((10, 60)), NOTHING, Outcome.REMOVED, float("nan")),
        (orange((25, 60)), orange((10, 60)), Outcome.EARLIER, -15.0),
        (orange((10, 60)), orange((40, 90)), Outcome.LATER, 30.0),
    ],
)
def test_an_episode_is_what_became_of_its_beginning(
    old: Course, new: Course, outcome: Outcome, shift_min: float
) -> None:
    (found,) = of(old, new)
    assert found.outcome is outcome
    assert found.shift_min == shift_min or (isnan(found.shift_min) and isnan(shift_min))


def test_stretches_that_meet_are_one_episode_and_those_apart_are_two() -> None:
    assert len(of(orange((10, 20)), orange((20, 30)))) == 1
    assert [found.outcome for found in of(orange((10, 20)), orange((21, 30)))] == [
        Outcome.REMOVED,
        Outcome.ADDED,
    ]


def test_a_new_course_in_two_pieces_splits_one_and_its_mirror_merges_two() -> None:
    whole, pieces = orange((10, 60)), orange((10, 20), (30, 40))
    (split,), (merged,) = of(whole, pieces), of(pieces, whole)
    assert (split.is_split, split.is_merged, len(split.new)) == (True, False, 2)
    assert (merged.is_split, merged.is_merged, len(merged.old)) == (False, True, 2)


def test_a_chain_of_overlapping_stretches_is_one_episode() -> None:
    (found,) = of(orange((10, 30), (50, 70)), orange((25, 55)))
    assert (found.during, found.is_merged) == (Stretch(600, 4200), True)


def test_what_still_stands_at_the_end_ends_with_the_archive() -> None:
    (found,) = of(course((600, Level.RED)), NOTHING, Level.YELLOW)
    assert found.old == (Stretch(600, END_S),)


def test_the_highest_level_counts_what_stood_before_and_what_came_within() -> None:
    old = course((0, Level.YELLOW), (600, Level.ORANGE), (1200, Level.YELLOW), (1800, Level.NONE))
    new = course((0, Level.YELLOW), (1800, Level.NONE))
    (found,) = of(old, new, Level.YELLOW)
    assert (found.outcome, found.highest_old, found.highest_new) == (
        Outcome.SAME,
        Level.ORANGE,
        Level.YELLOW,
    )


def test_a_fall_from_red_to_yellow_is_no_end_at_yellow() -> None:
    falls = course((600, Level.RED), (1200, Level.YELLOW), (1800, Level.NONE))
    assert falls.at_or_above(Level.YELLOW) == [Stretch(600, 1800)]
    assert falls.at_or_above(Level.RED) == [Stretch(600, 1200)]


def test_only_rises_and_falls_make_a_course() -> None:
    changes = [
        LevelChange(kind, "slide", 3, level, Level.NONE, at_s, at_s, None)
        for at_s, (kind, level) in enumerate(
            [
                (Change.SIGHT_LOST, Level.NONE),
                (Change.RISE, Level.ORANGE),
                (Change.SIGHT_REGAINED, Level.ORANGE),
                (Change.FALL, Level.NONE),
            ]
        )
    ]
    found = courses(changes, END_S)
    assert list(found) == [("slide", 3)]
    assert found["slide", 3].changes == ((1, Level.ORANGE), (3, Level.NONE))
    assert all(
        former.end_s <= later.begin_s for former, later in pairwise(found["slide", 3].at_or_above(Level.BLUE))
    )
