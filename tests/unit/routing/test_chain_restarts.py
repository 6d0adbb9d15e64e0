"""What goes on across a restart, a change of posts and a change of the policy."""

from dataclasses import replace

import pytest

from tests.unit.routing.villages import CODES, T0, Night, called, message, new_chain, numbers_of, posts_of
from warnstream.model.level import Level
from warnstream.model.rules.policies import RoutingPolicy
from warnstream.model.warning import Cause, MessageStatus

M = 60


def test_an_exercise_has_digests_of_its_own() -> None:
    drill = Night(new_chain(status=MessageStatus.EXERCISE))
    issued = drill.rise(Level.RED)
    assert {digest.status for digest in issued} == {MessageStatus.EXERCISE}


def test_timers_go_on_after_a_restart() -> None:
    night = Night()
    night.rise(Level.RED, village=2)
    night.answer("leader", wait_s=M)
    night.answer("town-b")
    night.restart()
    assert called(night.wait(4 * M)) == ["grid-2"]
    night.restart()
    assert called(night.wait(5 * M)) == ["grid-2"]


def test_after_a_change_of_posts_the_new_one_is_asked_and_the_old_one_owes_nothing() -> None:
    night = Night()
    night.rise(Level.YELLOW, village=1)
    of = {0: (), 1: (("newcomer", 1), ("leader", 3)), 2: (), 3: ()}
    night.restart(new_chain(of=lambda village: of[village], register=1))
    assert called(night.step(wait_s=10)) == ["newcomer"]
    assert night.chain.debts["grid-1"].owed == {}


def test_after_a_village_is_gone_nobody_owes_for_it() -> None:
    night = Night()
    night.step(message(1, Level.RED, Cause.FIRST, T0), message(2, Level.RED, Cause.FIRST, T0))
    again = new_chain(of=lambda _: (("grid-2", 1), ("leader", 3)), register=1)
    again.restore(night.chain.snapshot(CODES), numbers_of(("v2", "v9")))
    assert set(again.turns) == {0}
    assert set(again.debts["leader"].owed) == {0}
    assert again.debts["grid-1"].owed == {}


def test_after_a_change_of_the_configuration_whoever_owes_is_asked_anew_and_what_is_over_is_over() -> None:
    night = Night()
    night.step(message(1, Level.YELLOW, Cause.FIRST, T0), message(2, Level.RED, Cause.FIRST, T0))
    night.chain.ask_anew({1: {"flood": Level.YELLOW}})
    assert called(night.step(wait_s=10 * M)) == ["grid-1"]
    assert night.last("grid-1").answer_by_s == night.now_s + 30 * M
    assert night.state(2) == "quiet"
    assert night.chain.asked(2) == []  # nobody knows of it any more


@pytest.mark.parametrize(("posts", "hears"), [("the same", ["grid-2"]), ("others", [])])
def test_after_a_change_of_posts_whoever_was_rung_hears_that_the_call_is_taken_if_it_is_still_theirs(
    posts: str, hears: list[str]
) -> None:
    night = Night()
    night.help_of_door("door-7", village=2)
    night.take("Li Si", wait_s=10)  # the post has just had a digest, and must wait for the next one
    others = (("newcomer", 1), ("leader", 3))
    night.restart(new_chain(of=posts_of if posts == "the same" else lambda _: others, register=1))
    issued = night.wait(2 * M)
    assert called(issued) == hears
    assert all(call.assigned == "Li Si" for digest in issued for call in digest.helps)


def test_after_a_change_of_posts_an_open_call_is_owed_by_those_alone_whose_village_it_is() -> None:
    night = Night()
    (call,) = {line.help for digest in night.help_of_door("door-7", village=2) for line in digest.helps}
    night.restart(new_chain(register=1))
    assert list(night.chain.debts["grid-2"].helps) == [call]
    night.restart(new_chain(of=lambda _: (("newcomer", 1), ("leader", 3)), register=2))
    assert night.chain.debts["grid-2"].helps == {}


def test_a_lower_level_of_the_policy_asks_for_what_stands_already() -> None:
    night = Night(new_chain(RoutingPolicy(chain_level_min=Level.RED)))
    night.rise(Level.YELLOW, village=1)
    assert night.digests == {}
    night.restart(new_chain(register=1))
    night.chain.ask_anew({1: {"flood": Level.YELLOW}})
    assert called(night.step(wait_s=10)) == ["grid-1"]


def test_a_past_step_takes_the_numbers_that_were_issued_and_waits_with_its_review() -> None:
    night, again = Night(), new_chain()
    issued = night.rise(Level.YELLOW, village=1)
    renumbered = [replace(digest, n=7, identifier=f"{digest.series}.7") for digest in issued]
    again.follow([message(1, Level.YELLOW, Cause.RAISED, T0)], T0, renumbered)
    assert again.debts["grid-1"].n == 7
    (next_,) = again.step([message(1, Level.RED, Cause.RAISED, T0)], T0 + 300)[:1]
    assert next_.n == 8


def test_what_a_silence_kept_from_a_post_in_a_past_step_is_told_when_the_silence_is_over() -> None:
    again = new_chain()
    again.follow([message(1, Level.YELLOW, Cause.RAISED, T0)], T0, issued=(), silenced=["grid-1"])
    assert "grid-1" in called(again.step([], T0 + 600))


def test_bytes_that_are_no_snapshot_are_refused_and_change_nothing() -> None:
    night = Night()
    night.rise(Level.RED)
    before = night.chain.snapshot(CODES)
    with pytest.raises(ValueError, match="not a snapshot of the chain"):
        night.chain.restore(b"\xc1", numbers_of(CODES))
    assert night.chain.snapshot(CODES) == before


def test_what_stood_before_digests_existed_is_asked_at_the_next_step_unless_answered() -> None:
    night = Night()
    night.chain.adopt(0, {"flood": Level.YELLOW}, ["grid-0"], 1, T0)
    night.chain.adopt(1, {"flood": Level.YELLOW}, [], 2, T0)
    assert called(night.step(wait_s=10)) == ["grid-1", "town-a"]
    assert night.state(0) == "heard"


def test_the_lowest_level_that_concerns_posts_is_taken_over_as_a_first_raise() -> None:
    night = Night(new_chain(RoutingPolicy(chain_level_min=Level.YELLOW)))
    night.chain.adopt(1, {"flood": Level.YELLOW}, [], 1, T0)
    assert night.chain.turns[1].number == 1
    assert night.chain.turns[1].standing == {"flood": Level.YELLOW}
    assert called(night.step(wait_s=10)) == ["grid-1"]


def test_a_village_where_nothing_stood_before_digests_existed_asks_nobody() -> None:
    night = Night()
    night.chain.adopt(0, {}, [], 1, T0)
    assert night.step(wait_s=10) == []
    assert night.state(0) == "quiet"
    assert night.rise(Level.YELLOW) != []
