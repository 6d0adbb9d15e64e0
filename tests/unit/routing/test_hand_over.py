"""A change of shift: whoever holds a post from now on hears what is open there, and nobody else anything."""

from itertools import pairwise

import pytest

from tests.unit.routing.villages import T0, Night, called, message, new_chain
from warnstream.model.digests import Digest
from warnstream.model.effects import Answer
from warnstream.model.hands.roster import NOBODY, Roster, Shift
from warnstream.model.level import Level
from warnstream.model.times import HOUR_S
from warnstream.model.warning import Cause

ANSWER_S = 300
"""Of red."""


def shifts(*bounds_s: int, post: str = "grid-0", phones: str = "abcdef") -> Roster:
    """Shifts of a post from bound to bound, each of another person."""
    pairs = pairwise(bounds_s)
    return Roster(
        Shift(post, begin_s, end_s, f"person {phone}", "sms", phone)
        for (begin_s, end_s), phone in zip(pairs, phones, strict=False)
    )


def night_of(roster: Roster) -> Night:
    return Night(new_chain(roster=roster))


def of_post(digests: list[Digest], post: str = "grid-0") -> list[Digest]:
    return [digest for digest in digests if digest.post == post]


ONE_CHANGE = shifts(T0 - HOUR_S, T0 + HOUR_S, T0 + 9 * HOUR_S)


def test_a_digest_names_the_shift_that_it_rings_and_no_person() -> None:
    night = night_of(ONE_CHANGE)
    (first,) = of_post(night.rise(Level.RED))
    assert first.shift_s == T0 - HOUR_S
    assert not first.hands_over
    assert "person" not in repr(first)
    assert night.last("leader").shift_s == 0, "a post without shifts"


def test_what_is_owed_is_handed_over_in_the_second_of_the_change_and_to_that_post_alone() -> None:
    night = night_of(ONE_CHANGE)
    night.rise(Level.RED, wait_s=HOUR_S - 130)
    found = night.step(wait_s=130)
    assert called(found) == ["grid-0"]
    (digest,) = found
    assert digest.hands_over
    assert digest.needs_answer
    assert [line.village for line in digest.lines] == [0]
    assert digest.shift_s == T0 + HOUR_S
    assert night.step(wait_s=60) == [], "once"


def test_what_stands_is_handed_over_where_nothing_is_owed_any_more() -> None:
    night = night_of(ONE_CHANGE)
    night.rise(Level.RED)
    for post in ("grid-0", "deputy-0", "town-a", "leader"):
        night.answer(post)
    (digest,) = night.step(wait_s=HOUR_S)
    assert (digest.post, digest.hands_over, digest.needs_answer) == ("grid-0", True, False)
    assert [(line.village, line.standing) for line in digest.lines] == [(0, (("flood", Level.RED),))]


def test_a_call_that_nobody_has_taken_is_handed_over() -> None:
    night = night_of(ONE_CHANGE)
    night.help_of_door("door-1")
    night.step(wait_s=HOUR_S)
    (digest,) = [digest for digest in night.digests["grid-0"] if digest.hands_over]
    assert [(call.caller, call.assigned) for call in digest.helps] == [("door-1", "")]


def test_a_call_that_the_post_has_given_to_somebody_is_handed_over_with_the_name_until_it_is_closed() -> None:
    night = night_of(shifts(T0 - HOUR_S, T0 + HOUR_S, T0 + 2 * HOUR_S, T0 + 9 * HOUR_S))
    night.help_of_door("door-1")
    night.answer("grid-0", Answer.MOVING, wait_s=60)
    night.step(wait_s=HOUR_S)
    (digest,) = [digest for digest in night.digests["grid-0"] if digest.hands_over]
    assert [(call.caller, call.assigned) for call in digest.helps] == [("door-1", "grid-0")]
    night.close("Wu")
    assert of_post(night.step(wait_s=HOUR_S)) == []


def test_nothing_is_said_where_nothing_is_open() -> None:
    night = night_of(ONE_CHANGE)
    night.rise(Level.YELLOW)
    night.answer("grid-0", wait_s=60)
    night.fall(Level.NONE, wait_s=600)
    assert night.step(wait_s=HOUR_S) == []


def test_a_person_who_goes_on_for_another_shift_is_not_rung_for_it() -> None:
    twice = Roster(Shift("grid-0", T0 + at_s, T0 + at_s + HOUR_S, "Li", "sms", "1") for at_s in (-1800, 1800))
    night = night_of(twice)
    night.rise(Level.RED)
    for post in ("grid-0", "deputy-0", "town-a", "leader"):
        night.answer(post)
    assert night.step(wait_s=1800) == []


def test_the_post_s_own_phone_takes_over_where_a_shift_ends_and_none_begins() -> None:
    night = night_of(shifts(T0 - HOUR_S, T0 + HOUR_S))
    night.rise(Level.RED)
    for post in ("grid-0", "deputy-0", "town-a", "leader"):
        night.answer(post)
    (digest,) = night.step(wait_s=HOUR_S)
    assert (digest.hands_over, digest.shift_s) == (True, 0)


def test_an_answer_from_the_shift_before_counts_for_what_it_was_rung_for() -> None:
    night = night_of(ONE_CHANGE)
    night.rise(Level.RED, wait_s=HOUR_S - 130)
    night.step(wait_s=130)
    assert len(night.digests["grid-0"]) == 2
    night.answer("grid-0", Answer.ACKNOWLEDGED, n=1, wait_s=5)
    assert not night.chain.debts["grid-0"].owed
    assert "grid-0" in night.chain.turns[0].answered


def test_the_time_to_answer_runs_on_over_a_change_and_the_ladder_climbs_as_ever() -> None:
    plain, held = night_of(NOBODY), night_of(shifts(T0 - HOUR_S, T0 + 200, T0 + 9 * HOUR_S))
    for night in (plain, held):
        night.rise(Level.RED)
        night.wait(ANSWER_S + 10)
    owed = [night.chain.debts["grid-0"].owed[0].is_overdue for night in (plain, held)]
    assert owed == [True, True]


def test_digests_keep_their_distance_and_the_change_is_told_when_the_next_may_go() -> None:
    night = night_of(shifts(T0 - HOUR_S, T0 + 50, T0 + 9 * HOUR_S))
    night.rise(Level.RED)
    assert of_post(night.wait(100)) == []
    (digest,) = of_post(night.wait(30))
    assert digest.hands_over
    assert digest.issued_s == T0 + 120


@pytest.mark.parametrize("wait_s", [0, 10, 50, 60, 119, 120, 3600])
def test_a_restart_at_any_moment_of_a_change_loses_and_doubles_no_hand_over(wait_s: int) -> None:
    roster = shifts(T0 - HOUR_S, T0 + 50, T0 + 9 * HOUR_S)
    night = night_of(roster)
    night.rise(Level.RED)
    night.wait(wait_s)
    night.restart(new_chain(roster=roster))
    night.wait(4000)
    assert sum(digest.hands_over for digest in night.digests["grid-0"]) == 1


def test_a_changed_roster_hands_over_at_its_first_step_and_asks_nobody_anew() -> None:
    night = night_of(ONE_CHANGE)
    night.rise(Level.RED)
    night.step(wait_s=200)
    night.restart(new_chain(roster=shifts(T0 - HOUR_S, T0 + 9 * HOUR_S, phones="z")))
    found = night.step(wait_s=10)
    assert called(found) == ["grid-0"]
    assert found[0].hands_over
    assert night.chain.debts["grid-0"].owed[0].first_n == 1, "owed since the first digest"


def test_a_step_that_comes_hours_late_hands_over_to_whoever_holds_the_post_then() -> None:
    night = night_of(shifts(*(T0 + at_h * HOUR_S for at_h in range(-1, 6))))
    night.rise(Level.RED)
    night.step(wait_s=3 * HOUR_S + 600)
    (digest,) = [digest for digest in night.digests["grid-0"] if digest.hands_over]
    assert digest.shift_s == T0 + 3 * HOUR_S


def test_a_change_falls_due_by_itself() -> None:
    night = night_of(ONE_CHANGE)
    night.rise(Level.YELLOW)
    night.answer("grid-0")
    night.answer("deputy-0")
    night.wait(1900)
    assert night.chain.due_s() == T0 + HOUR_S


def test_a_step_of_the_past_takes_the_hand_over_that_was_issued_then() -> None:
    night, twin = night_of(ONE_CHANGE), new_chain(roster=ONE_CHANGE)
    first = night.rise(Level.RED)
    twin.follow([message(0, Level.RED, Cause.RAISED, T0)], T0, first)
    second = night.step(wait_s=HOUR_S)
    twin.follow([], T0 + HOUR_S, second)
    assert any(digest.hands_over for digest in second)
    assert of_post(twin.step([], T0 + HOUR_S + 130)) == of_post(night.step(wait_s=130))
