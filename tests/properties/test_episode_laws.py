"""Laws of pairing by episode, over random courses."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from warnstream.model.level import LEVELS, Level
from warnstream.review.episodes import Course, Outcome, episodes

END_S = 100
MIRROR = {
    Outcome.SAME: Outcome.SAME,
    Outcome.ADDED: Outcome.REMOVED,
    Outcome.REMOVED: Outcome.ADDED,
    Outcome.EARLIER: Outcome.LATER,
    Outcome.LATER: Outcome.EARLIER,
}


@st.composite
def courses(draw: st.DrawFn) -> Course:
    """Levels that change at different times, each to another one."""
    times = sorted(draw(st.sets(st.integers(0, END_S - 1), max_size=12)))
    changes, before = [], Level.NONE
    for at_s in times:
        level = draw(st.sampled_from([level for level in (Level.NONE, *LEVELS) if level is not before]))
        changes.append((at_s, level))
        before = level
    return Course(tuple(changes), END_S)


@given(courses(), courses(), st.sampled_from(LEVELS))
def test_the_mirror_of_a_comparison_is_the_comparison_mirrored(
    old: Course, new: Course, level: Level
) -> None:
    there, back = episodes(old, new, level), episodes(new, old, level)
    assert [MIRROR[found.outcome] for found in there] == [found.outcome for found in back]
    assert [(found.is_split, found.is_merged) for found in there] == [
        (found.is_merged, found.is_split) for found in back
    ]


@given(courses(), courses(), st.sampled_from(LEVELS))
def test_every_second_at_or_above_the_level_is_in_one_episode_and_no_other_second_is(
    old: Course, new: Course, level: Level
) -> None:
    standing = {
        second
        for course in (old, new)
        for stretch in course.at_or_above(level)
        for second in range(stretch.begin_s, stretch.end_s)
    }
    covered = Counter(
        second
        for found in episodes(old, new, level)
        for second in range(found.during.begin_s, found.during.end_s)
    )
    assert set(covered) == standing
    assert set(covered.values()) <= {1}


@given(courses(), st.sampled_from(LEVELS))
def test_a_configuration_beside_itself_is_the_same(course: Course, level: Level) -> None:
    assert {found.outcome for found in episodes(course, course, level)} <= {Outcome.SAME}
