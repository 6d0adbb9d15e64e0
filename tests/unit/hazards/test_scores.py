"""What became of probabilities: cases that do not overlap, what was not seen is no case, what is off."""

import numpy as np
import pytest

from tests.networks import T0
from warnstream.hazards.expected.chances import Asked, ChanceBook
from warnstream.hazards.expected.crossing import Crossing, nobody_knows
from warnstream.hazards.expected.scores import CASES_MIN, GAP_S_MAX, SOURCES, Score
from warnstream.model.forecast import RainMembers

HOUR = 3600


def said(*probability: float, reached: tuple[int, ...] = ()) -> Crossing:
    """What is worked out at a cycle; `reached` are places whose threshold has been."""
    found = nobody_knows(len(probability))
    found.probability[:] = probability
    for place in reached:
        found.probability[place], found.early_s[place] = 1.0, 0
    return found


def run(score: Score, *cycles: Crossing, every_s: int = 300, source: str = "gauges") -> list[bool]:
    return [score.step(found, HOUR, source, T0 + every_s * number) for number, found in enumerate(cycles)]


def test_a_case_is_what_was_said_at_its_beginning_and_what_came_until_its_end() -> None:
    score = Score(3)
    calm, storm = said(0.42, 0.42, 0.05), said(0.9, 0.9, 0.9, reached=(1,))
    ended = run(score, calm, *[calm] * 4, storm, *[calm] * 7)
    assert ended == [False] * 12 + [True]
    cases, sums, came = score.total[SOURCES.index("gauges")].T
    assert (cases[4], cases[0], cases.sum()) == (2, 1, 3)
    assert sums[4] == pytest.approx(0.84)
    assert (came[4], came[0]) == (1, 0)


def test_the_next_cases_begin_where_the_last_ones_ended() -> None:
    score = Score(1)
    run(score, *[said(0.3)] * 25)
    assert score.total[0, 3, 0] == 2
    assert score.times[0] == T0 + 2 * HOUR


def test_what_was_reached_before_or_not_known_in_between_is_no_case() -> None:
    score = Score(3)
    first, middle = said(0.5, 0.5, 0.5, reached=(0,)), said(0.5, float("nan"), 0.5)
    run(score, first, middle, *[said(0.5, 0.5, 0.5)] * 11)
    assert score.total[..., 0].sum() == 1
    assert score.total[0, 5, 0] == 1


def test_a_threshold_that_is_reached_after_the_time_does_not_count() -> None:
    score = Score(1)
    score.step(said(0.5), HOUR, "gauges", T0)
    for minute in (20, 40, 55):
        score.step(said(0.5), HOUR, "gauges", T0 + 60 * minute)
    score.step(said(0.5, reached=(0,)), HOUR, "gauges", T0 + 60 * 62)
    assert score.total[0, 5].tolist() == [1, 0.5, 0]


def test_a_gap_ends_cases_without_a_result() -> None:
    score = Score(1)
    score.step(said(0.5), HOUR, "gauges", T0)
    assert not score.step(said(0.5), HOUR, "gauges", T0 + GAP_S_MAX + 1)
    assert not score.total.any()
    assert score.times[0] == T0 + GAP_S_MAX + 1


def test_every_source_has_cases_of_its_own() -> None:
    score = Score(1)
    run(score, *[said(0.3)] * 13, source="radar")
    assert score.total[SOURCES.index("radar"), 3, 0] == 1
    assert score.total[..., 0].sum() == 1
    (state,) = score.states((HOUR,), HOUR)
    assert (state.source, state.cases[3], state.came[3], state.off) == ("radar", 1, 0, ())


@pytest.mark.parametrize(("n", "came", "off"), [(499, 0, []), (500, 0, [3]), (500, 130, []), (500, 240, [3])])
def test_many_cases_in_which_something_else_came_are_off(n: int, came: int, off: list[int]) -> None:
    score = Score(n)
    calm = said(*[0.35] * n)
    run(score, calm, said(*[0.35] * n, reached=tuple(range(came))), *[calm] * 11)
    assert score.off("gauges") == off
    assert score.off("radar") == []
    assert score.off("elsewhere") == []


def book_of(n: int) -> ChanceBook:
    return ChanceBook([Asked("key", (HOUR,), HOUR, 0.3)], n)


def test_what_is_off_is_not_called_calibrated_and_a_restart_knows_it() -> None:
    n = CASES_MIN
    book, rain = book_of(n), np.zeros((10, 12, n), dtype=np.float32)
    rain[:4] = 50.0  # four of ten members reach 40 mm, and it never comes

    def cycle(number: int) -> None:
        at_s = T0 + 300 * number
        members = RainMembers(rain, 900, at_s, "gauges", "the record")
        book.step(members, lambda _s: np.zeros(n), lambda _a: np.full((1, n), 40.0), at_s)

    for number in range(12):
        cycle(number)
    assert book.known["key"].calibrated_on == "the record"
    state = book.snapshot()
    book = book_of(n)
    book.restore(state)
    cycle(12)
    assert book.known["key"].calibrated_on == ""
    assert book.calibrated_of(HOUR, HOUR) == ""
    assert book.calibrated_of(HOUR, 2 * HOUR) == "the record"
    (told,) = book.scores()
    assert (told.off, told.cases[4], told.came[4]) == ((4,), n, 0)
    assert book.scores() is book.scores()
