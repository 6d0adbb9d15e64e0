"""Who is asked, who climbs, who is rung again, and when it is over."""

from dataclasses import replace
from itertools import pairwise

import pytest

from tests.unit.routing.villages import (
    CODES,
    POLICY,
    T0,
    Night,
    called,
    message,
    new_chain,
    posts_of,
    series,
)
from warnstream.model.digests import LINES_MAX, CallFailed, Need
from warnstream.model.effects import Answer, PostAnswer
from warnstream.model.level import Level
from warnstream.model.rules.policies import RoutingPolicy
from warnstream.model.warning import Cause, MessageStatus, WarningMessage
from warnstream.routing.chain import Chain
from warnstream.routing.debts import NEVER
from warnstream.routing.turns import Ask, ImpossibleTurnError, Signal, Turn

M = 60


def needing(need: Need, **changed: object) -> RoutingPolicy:
    return RoutingPolicy(need=(need,) * 5, **changed)  # type: ignore[arg-type]


# Who is asked.


def test_yellow_asks_the_lowest_rank_only_and_red_all_ranks_at_once() -> None:
    night = Night()
    assert called(night.rise(Level.YELLOW)) == ["deputy-0", "grid-0"]
    assert called(night.rise(Level.RED, village=1)) == ["grid-1", "leader", "town-a"]


def test_where_every_rank_is_needed_every_rank_is_asked_at_any_level() -> None:
    night = Night(new_chain(needing(Need.EACH_RANK)))
    assert called(night.rise(Level.YELLOW)) == ["deputy-0", "grid-0", "leader", "town-a"]


def test_a_level_without_time_to_answer_is_told_and_needs_no_answer() -> None:
    night = Night(new_chain(RoutingPolicy(answer_within_s=(0, 0, 1800, 600, 300))))
    night.rise(Level.BLUE)
    assert not night.last("grid-0").needs_answer
    assert night.state() == "heard"


def test_a_raise_to_a_level_that_needs_nobody_releases_those_who_owed() -> None:
    need = (Need.NONE, Need.ONE, Need.NONE, Need.ONE, Need.ONE)
    night = Night(new_chain(RoutingPolicy(need=need)))
    night.rise(Level.BLUE)
    night.rise(Level.YELLOW)
    assert night.state() == "heard"
    assert night.chain.debts["grid-0"].owed == {}


def test_one_answer_is_enough_at_yellow_and_one_of_each_rank_at_red() -> None:
    night = Night()
    night.rise(Level.YELLOW)
    night.answer("deputy-0")
    assert night.state() == "heard"
    night.rise(Level.RED, wait_s=3 * M)
    for post in ("deputy-0", "town-a"):
        night.answer(post)
        assert night.state() == "calling"
    night.answer("leader")
    assert night.state() == "heard"


def test_need_all_waits_for_everybody() -> None:
    night = Night(new_chain(needing(Need.ALL)))
    night.rise(Level.YELLOW)
    for post in ("grid-0", "town-a", "leader"):
        night.answer(post)
        assert night.state() == "calling"
    night.answer("deputy-0")
    assert night.state() == "heard"


def test_a_hazard_that_rises_below_the_worst_level_is_answered_for_anew() -> None:
    night = Night()
    night.rise(Level.RED)
    for post in ("grid-0", "town-a", "leader"):
        night.answer(post)
    issued = night.rise(Level.YELLOW, hazard="slope", wait_s=3 * M)
    assert called(issued) == ["deputy-0", "grid-0", "leader", "town-a"]
    assert all(digest.needs_answer for digest in issued)
    for post in ("grid-0", "town-a", "leader"):
        night.answer(post)
    issued = night.rise(Level.ORANGE, hazard="slope", wait_s=3 * M)
    assert all(digest.needs_answer for digest in issued)


def test_rises_that_follow_each_other_give_nobody_more_time() -> None:
    night = Night()
    night.rise(Level.RED, village=2)
    due_s = night.chain.debts["grid-2"].answer_by_s()
    for number in range(6):
        night.rise(Level.YELLOW, village=2, hazard=f"slope-{number}", wait_s=M)
    night.wait(M)
    assert night.now_s > due_s
    assert night.chain.dry == [2]
    assert night.last("grid-2").tries > 0


def test_a_rise_to_a_level_that_concerns_no_post_is_news() -> None:
    night = Night(new_chain(RoutingPolicy(chain_level_min=Level.YELLOW)))
    night.rise(Level.RED)
    for post in ("grid-0", "town-a", "leader"):
        night.answer(post)
    issued = night.rise(Level.BLUE, hazard="slope", wait_s=3 * M)
    assert issued
    assert not any(digest.needs_answer for digest in issued)


def test_another_hazard_at_the_worst_level_is_a_raise() -> None:
    night = Night()
    night.rise(Level.YELLOW)
    night.answer("grid-0")
    night.rise(Level.YELLOW, hazard="slope", wait_s=3 * M)
    assert night.state() == "calling"
    assert night.chain.turns[0].number == 2


def test_a_village_without_posts_is_dry_at_once() -> None:
    night = Night()
    night.rise(Level.YELLOW, village=3)
    assert night.chain.dry == [3]
    night.fall(Level.NONE, village=3)
    assert night.chain.dry == []


# Time.


def test_silence_at_yellow_climbs_rank_by_rank_and_then_runs_dry() -> None:
    night = Night()
    night.rise(Level.YELLOW)
    assert called(night.wait(30 * M)) == ["town-a"]
    assert night.last("town-a").lines[0].silent == ("deputy-0", "grid-0")
    assert called(night.wait(30 * M)) == ["leader"]
    assert night.state() == "calling"
    night.wait(30 * M)
    assert night.chain.dry == [0]
    assert night.wait(5 * 3600, tick_s=60) == []  # nobody is rung again below orange


def test_a_post_that_lapsed_at_yellow_answers_late_and_counts() -> None:
    night = Night()
    night.rise(Level.YELLOW)
    night.wait(91 * M)
    assert night.chain.dry == [0]
    night.answer("grid-0")
    assert night.state() == "heard"
    assert night.chain.dry == []


def test_a_lapsed_debt_is_armed_again_by_the_next_raise() -> None:
    night = Night()
    night.rise(Level.YELLOW)
    night.wait(40 * M)
    night.rise(Level.RED)
    assert night.last("grid-0").answer_by_s == night.now_s + 5 * M
    night.wait(6 * M)
    assert night.last("grid-0").tries == 1


def test_a_silent_post_is_rung_again_at_red_with_growing_waits_and_the_last_one_repeats() -> None:
    night = Night()
    night.rise(Level.RED, village=2)
    night.wait(4 * 3600)
    times = [digest.issued_s - T0 for digest in night.digests["grid-2"]]
    waits = [after - before for before, after in pairwise(times)]
    assert waits[:6] == [5 * M, 5 * M, 5 * M, 10 * M, 20 * M, 30 * M]
    assert set(waits[6:]) == {30 * M}
    assert [digest.tries for digest in night.digests["grid-2"]][:3] == [0, 1, 2]


def test_after_an_end_the_reminders_are_counted_anew() -> None:
    night = Night()
    night.rise(Level.RED, village=2)
    night.wait(20 * M)
    night.fall(Level.NONE, village=2)
    night.rise(Level.RED, village=2, wait_s=10 * M)
    assert night.last("grid-2").tries == 0
    night.wait(5 * M)
    assert night.last("grid-2").tries == 1


def test_a_top_rank_that_is_silent_at_red_is_an_alarm_until_somebody_needed_has_answered() -> None:
    night = Night()
    night.rise(Level.RED, village=2)
    night.answer("grid-2", wait_s=M)
    night.answer("town-b")
    night.wait(4 * M)
    assert night.chain.dry == [2]
    night.answer("leader")
    assert night.chain.dry == []
    assert night.state(2) == "heard"


def test_the_top_having_answered_a_silent_grid_member_is_rung_again_without_an_alarm() -> None:
    night = Night()
    night.rise(Level.RED, village=2)
    night.answer("leader")
    night.answer("town-b")
    issued = night.wait(11 * M)
    assert called(issued) == ["grid-2", "grid-2"]
    assert night.chain.dry == []


def test_a_raise_while_dry_asks_all_ranks_and_the_alarm_stays() -> None:
    night = Night()
    night.rise(Level.BLUE)
    night.wait(181 * M)
    assert night.chain.dry == [0]
    assert called(night.rise(Level.YELLOW)) == ["deputy-0", "grid-0", "leader", "town-a"]
    assert night.chain.dry == [0]
    night.answer("leader")
    assert night.chain.dry == []


def test_an_end_ends_the_alarm_and_everybody_asked_hears_it() -> None:
    night = Night()
    night.rise(Level.YELLOW)
    night.wait(95 * M)
    issued = night.fall(Level.NONE)
    assert called(issued) == ["deputy-0", "grid-0", "leader", "town-a"]
    assert issued[0].lines[0].changed == (("flood", Cause.ENDED),)
    assert not issued[0].needs_answer
    assert night.chain.dry == []
    assert night.wait(3600) == []


def test_a_fall_to_yellow_lets_the_debt_of_the_silent_lapse() -> None:
    night = Night()
    night.rise(Level.RED, village=2)
    night.answer("town-b")
    assert night.state(2) == "calling"
    night.fall(Level.YELLOW, village=2, wait_s=M)
    assert night.state(2) == "heard"  # at yellow the answer of one is enough
    assert night.chain.debts["grid-2"].owed == {}


def test_a_policy_waits_the_last_time_for_ever() -> None:
    assert [POLICY.wait_s(tries) // M for tries in (1, 2, 3, 4, 5, 6, 60)] == [5, 5, 10, 20, 30, 30, 30]


# Failures.


def test_a_post_that_cannot_be_reached_climbs_at_once_and_is_rung_again() -> None:
    night = Night()
    night.rise(Level.YELLOW, village=1)
    assert called(night.fail("grid-1")) == ["town-a"]
    night.rise(Level.RED, village=2, wait_s=3 * M)
    night.fail("leader")
    assert night.chain.dry == [2]
    again = night.wait(6 * M)
    assert "leader" in called(again)


def test_a_post_that_cannot_be_reached_is_tried_again_after_the_first_wait_and_not_at_once() -> None:
    night = Night()
    night.rise(Level.RED, village=1)
    night.fail("leader")
    times = [digest.issued_s - T0 for digest in night.wait(6 * M) if digest.post == "leader"]
    assert times == [5 * M]


def test_a_post_that_cannot_be_reached_again_and_again_is_tried_with_growing_waits() -> None:
    night = Night()
    night.rise(Level.RED, village=1)
    night.answer("town-a")
    for wait_s in (5 * M, 10 * M, 30 * M):
        night.fail("leader")
        failed_s = night.now_s
        night.wait(wait_s)
        assert [d.issued_s - failed_s for d in night.digests["leader"] if d.issued_s > failed_s] == [wait_s]


def test_a_failed_digest_climbs_for_every_village_that_still_waited_for_its_answer() -> None:
    """For village 0 the post was silent before: the leader has been asked. For village 1 time was left."""
    night = Night(new_chain(of=lambda _: (("grid", 1), ("leader", 2))))
    night.rise(Level.YELLOW, village=0)
    night.rise(Level.YELLOW, village=1, wait_s=29 * M)
    night.wait(M)
    assert set(night.chain.debts["leader"].owed) == {0}
    night.fail("grid")
    assert set(night.chain.debts["leader"].owed) == {0, 1}


def test_a_failure_of_an_older_digest_changes_nothing() -> None:
    night = Night()
    night.rise(Level.RED, village=1)
    night.rise(Level.RED, village=2, wait_s=3 * M)
    older = night.digests["leader"][0]
    before = night.chain.snapshot(CODES)
    night.step(CallFailed(older.identifier, "leader"))
    assert night.chain.snapshot(CODES) == before
    assert night.chain.dry == []


# Answers.


def test_an_answer_counts_for_all_villages_of_its_digest_whose_turn_has_not_moved() -> None:
    night = Night()
    night.step(*(message(v, Level.RED, Cause.RAISED, T0) for v in (0, 1)))
    night.rise(Level.RED, village=0, hazard="slope", wait_s=M)
    night.answer("leader", n=1)
    assert night.chain.turns[1].answered == ["leader"]
    assert night.chain.turns[0].answered == []


def test_a_post_that_has_answered_is_rung_for_the_rest_as_if_for_the_first_time() -> None:
    """It is there: whatever it still owes waits as short as at first."""
    night = Night()
    night.rise(Level.RED, village=1)
    night.wait(16 * M)  # rung again at 5, 10 and 15 minutes
    assert night.last("leader").tries == 3
    night.rise(Level.RED, village=2, wait_s=2 * M)
    night.answer("leader", n=4)
    night.wait(5 * M)
    assert night.last("leader").tries == 1


def test_whoever_calls_for_help_calls_from_the_worst_of_the_villages_it_answers_for() -> None:
    night = Night()
    levels = {0: Level.ORANGE, 1: Level.RED, 2: Level.RED}
    night.step(*(message(village, level, Cause.FIRST, T0) for village, level in levels.items()))
    night.answer("leader", Answer.NEED_HELP)
    (call,) = night.chain.helps.of_name.values()
    assert (call.village, call.caller) == (1, "leader")


def test_the_first_answer_that_falls_due_for_a_village_is_known() -> None:
    night = Night()
    night.rise(Level.YELLOW, village=0)
    assert night.chain.answer_by_s(0) == T0 + 30 * M
    assert [night.chain.answer_by_s(village) for village in (1, 3)] == [NEVER, NEVER]
    night.wait(30 * M)
    assert night.chain.answer_by_s(0) == T0 + 60 * M  # of the town; the others have lapsed
    night.answer("town-a")
    assert night.chain.answer_by_s(0) == NEVER


def test_the_answer_of_a_post_whose_digest_has_to_wait_is_not_due_yet() -> None:
    night = Night()
    night.rise(Level.RED, village=1)
    night.rise(Level.RED, village=2, wait_s=M)  # the leader has had a digest a minute ago
    assert night.chain.answer_by_s(2) == T0 + M + 5 * M
    for post in ("grid-2", "town-b"):
        night.answer(post)
    assert night.chain.answer_by_s(2) == NEVER
    night.wait(M)
    assert night.chain.answer_by_s(2) == T0 + 2 * M + 5 * M


def test_an_answer_to_a_digest_before_the_raise_does_not_stop_the_new_one() -> None:
    night = Night()
    night.rise(Level.YELLOW)
    night.rise(Level.RED, wait_s=3 * M)
    night.answer("grid-0", n=1)
    assert night.chain.turns[0].answered == []


def test_an_answer_cancels_the_call_that_was_coming_for_those_who_no_longer_owe() -> None:
    night = Night(new_chain(RoutingPolicy(digest_every_s=40 * M)))
    night.rise(Level.YELLOW, village=0)
    night.rise(Level.YELLOW, village=1, wait_s=10 * M)
    night.wait(31 * M)  # at 30 the town is called for village 0, at 40 for village 1, and must wait
    assert 1 in night.chain.debts["town-a"].owed
    night.answer("grid-1")
    assert 1 not in night.chain.debts["town-a"].owed
    night.wait(80 * M)
    assert all(line.village == 0 for digest in night.digests["town-a"] for line in digest.lines)


def test_nobody_answers_for_somebody_else_nor_a_digest_that_was_never_issued() -> None:
    night = Night()
    night.rise(Level.YELLOW)
    digest = night.last("grid-0").identifier
    for name, post in (
        (digest, "deputy-0"),
        (digest[:-1] + "2", "grid-0"),
        ("hello", "grid-0"),
        (digest, "x"),
    ):
        night.step(PostAnswer(name, post, Answer.ACKNOWLEDGED))
    assert night.chain.ignored == 4
    assert night.state() == "calling"


# Digests.


def test_a_post_gets_one_digest_of_all_its_villages_worst_first_and_no_second_within_two_minutes() -> None:
    night = Night()
    night.rise(Level.RED, village=1)
    assert [d.n for d in night.digests["leader"]] == [1]
    night.rise(Level.ORANGE, village=2, wait_s=10)
    night.rise(Level.RED, village=0, wait_s=10)
    assert len(night.digests["leader"]) == 1
    night.wait(100)
    second = night.last("leader")
    assert second.n == 2
    assert second.issued_s == T0 + 2 * M
    assert [(line.village, line.level) for line in second.lines] == [
        (0, Level.RED),
        (1, Level.RED),
        (2, Level.ORANGE),
    ]
    assert second.owed == (0, 0, 0, 1, 2)
    assert second.answer_by_s == T0 + 5 * M  # village 1 was asked two minutes ago


def test_the_time_to_answer_runs_from_the_digest_that_asks() -> None:
    night = Night()
    night.rise(Level.RED, village=1)
    night.answer("leader", wait_s=10)
    night.rise(Level.RED, village=2, wait_s=10)
    night.wait(110)
    assert night.last("leader").answer_by_s == T0 + 2 * M + 5 * M


def test_a_digest_names_two_hundred_villages_and_counts_the_rest() -> None:
    night = Night(new_chain(of=lambda _: (("grid", 1), ("leader", 2))))
    issued = night.step(*(many(village) for village in range(500)))
    assert [len(digest.lines) for digest in issued] == [LINES_MAX, LINES_MAX]
    assert issued[0].more == 300
    assert issued[0].owed == (0, 0, 0, 0, 500)
    night.answer("grid")
    assert night.chain.debts["grid"].owed == {}


def many(village: int) -> WarningMessage:
    return replace(message(0, Level.RED, Cause.FIRST, T0), village=village)


def test_a_step_in_which_nothing_is_due_looks_at_no_village() -> None:
    night = Night(new_chain(of=lambda _: (("grid", 1), ("leader", 2))))
    night.step(*(many(village) for village in range(500)))
    turns = night.chain.turns
    night.chain._villages.turns = Unreadable(turns)
    assert night.step(wait_s=60) == []
    with pytest.raises(AssertionError):
        night.step(wait_s=5 * M)


class Unreadable(dict):  # type: ignore[type-arg]
    def __getitem__(self, key: int) -> object:
        raise AssertionError("looked at a village")


def test_a_village_in_an_impossible_state_is_a_fault_in_words_and_silences_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    night = Night()

    def fails(turn: Turn, signal: Signal, now_s: int) -> Ask:
        if turn.number == 0 and turn.standing.get("flood") is Level.ORANGE:
            raise ImpossibleTurnError("a village that is quiet cannot take the signal raise")
        return take(turn, signal, now_s)

    take = Turn.take
    monkeypatch.setattr(Turn, "take", fails)
    issued = night.step(message(0, Level.ORANGE, Cause.FIRST, T0), message(1, Level.YELLOW, Cause.FIRST, T0))
    assert night.chain.faults == ["a village that is quiet cannot take the signal raise"]
    assert "grid-1" in called(issued)


def test_of_one_rank_who_leads_and_who_fetches_are_both_needed() -> None:
    duties = {"grid-0": "fetch", "deputy-0": "lead"}
    night = Night(Chain(posts_of, POLICY, MessageStatus.ACTUAL, series, duties=duties))
    night.rise(Level.RED)
    for post in ("grid-0", "town-a", "leader"):
        night.answer(post)
    assert night.state() == "calling", "nobody has said that people are led out"
    night.answer("deputy-0")
    assert night.state() == "heard"
