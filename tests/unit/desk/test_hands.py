"""Orders of people on the desk: floors, ceilings, corrections, silences, two persons, releases."""

from dataclasses import replace

import pytest

from tests.unit.desk.county import (
    RULES,
    T0,
    county,
    desk_of,
    fall,
    lose_sight,
    new_desk,
    reason,
    regain_sight,
    rise,
)
from warnstream.desk import DeskInput, WarningDesk
from warnstream.lifecycle.machine import State
from warnstream.lifecycle.release import HOLD_S
from warnstream.model.bulletins import Action, BulletinPolicy
from warnstream.model.changes import LevelChange
from warnstream.model.effects import Effects
from warnstream.model.hands.orders import BOUNDS_MAX, HandOrder, OrderKind, ReleasePolicy, ReleaseRule
from warnstream.model.level import Level
from warnstream.model.times import HOUR_S, MINUTE_S
from warnstream.model.warning import Cause, MessageStatus

VILLAGE = county().villages.code[0]
OTHER = county().villages.code[1]
HALF_HOUR_S = 30 * MINUTE_S


def order(kind: OrderKind, level: Level = Level.NONE, number: int = 1, **changed: object) -> HandOrder:
    """An order of Zhang's about the first village's flash flood."""
    found = HandOrder(f"o{number}", kind, "zhang", "seen with my own eyes", (VILLAGE,), "flash_flood", level)
    return replace(found, **changed)  # type: ignore[arg-type]


def causes(effects: Effects) -> list[Cause]:
    return [message.cause for message in effects.messages]


def in_force(desk: WarningDesk) -> Level:
    return max((warning.level for warning in desk.open_warnings()), default=Level.NONE)


def at_level(level: Level) -> WarningDesk:
    desk = new_desk()
    desk.step([rise(level)], T0)
    return desk


def test_an_order_issues_where_nothing_is_measured_and_ends_when_it_expires() -> None:
    desk = new_desk()
    issued = desk.step([order(OrderKind.ISSUE, Level.ORANGE, for_s=HOUR_S)], T0)
    assert causes(issued) == [Cause.ISSUED_BY_HAND]
    assert issued.messages[0].by_hand
    assert [bulletin.action for bulletin in issued.bulletins] == [Action.LEAVE]
    assert desk.step([], T0 + HOUR_S - 1).messages == []
    ended = desk.step([], T0 + HOUR_S)
    assert causes(ended) == [Cause.ENDED]
    assert in_force(desk) is Level.NONE


def test_what_the_machine_finds_above_a_floor_counts_and_below_it_changes_nothing() -> None:
    desk = new_desk()
    desk.step([order(OrderKind.ISSUE, Level.ORANGE)], T0)
    assert desk.step([rise(Level.YELLOW)], T0 + 60).messages == []
    red = desk.step([rise(Level.RED, Level.YELLOW)], T0 + 120)
    assert (causes(red), red.messages[0].level) == ([Cause.RAISED], Level.RED)
    down = desk.step([fall(Level.BLUE, Level.RED)], T0 + 180)
    assert down.messages[0].level is Level.ORANGE
    gone = desk.step([], T0 + 6 * HOUR_S)
    assert [message.level for message in gone.messages] == [Level.BLUE]


def test_cancelled_at_red_fell_to_orange_red_again_is_red() -> None:
    desk = at_level(Level.RED)
    ended = desk.step([order(OrderKind.END)], T0 + 60)
    assert causes(ended) == [Cause.CANCELLED]
    assert desk.step([fall(Level.ORANGE, Level.RED)], T0 + 120).messages == []
    again = desk.step([rise(Level.RED, Level.ORANGE)], T0 + 180)
    assert causes(again) == [Cause.FIRST]
    assert in_force(desk) is Level.RED
    assert desk.open_warnings()[0].bound is None


def test_a_ceiling_on_red_expires_after_half_an_hour_and_red_comes_back_with_what_is_measured() -> None:
    desk = at_level(Level.RED)
    desk.step([order(OrderKind.LOWER, Level.YELLOW, for_s=10 * HOUR_S)], T0 + 60)
    assert in_force(desk) is Level.YELLOW
    assert desk.open_warnings()[0].found is Level.RED
    assert desk.step([], T0 + 60 + HALF_HOUR_S - 1).messages == []
    back = desk.step([], T0 + 60 + HALF_HOUR_S, lambda _village, _hazard: reason(value=91.0))
    assert (causes(back), back.messages[0].level) == ([Cause.RAISED], Level.RED)
    assert back.messages[0].reason == reason(value=91.0)


def test_a_ceiling_below_red_lasts_two_hours_at_most() -> None:
    desk = at_level(Level.ORANGE)
    desk.step([order(OrderKind.END, for_s=10 * HOUR_S)], T0)
    assert desk.step([], T0 + 2 * HOUR_S - 1).messages == []
    assert causes(desk.step([], T0 + 2 * HOUR_S)) == [Cause.FIRST]


def test_a_ceiling_dies_at_the_clear_and_says_nothing_twice() -> None:
    desk = at_level(Level.ORANGE)
    desk.step([order(OrderKind.END)], T0)
    assert desk.step([fall(Level.NONE, Level.ORANGE)], T0 + 60).messages == []
    assert causes(desk.step([rise(Level.BLUE)], T0 + 120)) == [Cause.FIRST]


def test_a_hand_made_red_lowered_to_orange_is_orange_until_it_expires() -> None:
    desk = new_desk()
    desk.step([order(OrderKind.ISSUE, Level.RED, is_alone=True)], T0)
    lowered = desk.step([order(OrderKind.LOWER, Level.ORANGE, 2)], T0 + 60)
    assert (causes(lowered), lowered.messages[0].level) == ([Cause.LOWERED_BY_HAND], Level.ORANGE)
    assert causes(desk.step([order(OrderKind.END, number=3)], T0 + 120)) == [Cause.CANCELLED]
    assert desk.step([], T0 + 10 * HOUR_S).messages == []


def test_an_error_is_corrected_in_words_of_its_own() -> None:
    desk = at_level(Level.ORANGE)
    told = desk.step([order(OrderKind.CORRECT)], T0 + 60)
    assert [bulletin.action for bulletin in told.bulletins] == [Action.CORRECT]


def test_an_extension_moves_the_expiry_and_affirms_where_nothing_binds() -> None:
    desk = new_desk()
    desk.step([order(OrderKind.ISSUE, Level.ORANGE, for_s=HOUR_S)], T0)
    desk.step([order(OrderKind.EXTEND, number=2, for_s=HOUR_S)], T0 + HALF_HOUR_S)
    assert desk.step([], T0 + HOUR_S).messages == []
    assert causes(desk.step([], T0 + HALF_HOUR_S + HOUR_S)) == [Cause.ENDED]
    measured = at_level(Level.ORANGE)
    measured.step([order(OrderKind.EXTEND)], T0 + 60)
    assert measured.open_warnings()[0].operator == "zhang"


def test_red_by_one_person_waits_for_a_second_and_lapses_without() -> None:
    desk = new_desk()
    assert desk.step([order(OrderKind.ISSUE, Level.RED)], T0).messages == []
    own = HandOrder("o2", OrderKind.RELEASE, "zhang", "sure", order="o1")
    assert "another person" in desk.order_faults(own)[0]
    agreed = desk.step([replace(own, identifier="o3", author="li")], T0 + 60)
    assert [(message.level, message.cause) for message in agreed.messages] == [
        (Level.RED, Cause.ISSUED_BY_HAND)
    ]
    bound = desk.open_warnings()[0].bound
    assert bound is not None
    assert (bound.author, bound.second) == ("zhang", "li")
    waiting = new_desk()
    waiting.step([order(OrderKind.ISSUE, Level.RED)], T0)
    waiting.step([], T0 + 10 * MINUTE_S)
    assert waiting.hands.state.lapsed == 1
    late = new_desk()
    late.step([order(OrderKind.ISSUE, Level.RED)], T0)
    assert late.step([replace(own, identifier="o4", author="li")], T0 + HOUR_S).messages == [], "too late"
    assert waiting.hands.state.waiting == []


def test_an_order_given_twice_is_carried_out_once() -> None:
    desk = at_level(Level.ORANGE)
    desk.step([order(OrderKind.END)], T0 + 60)
    desk.step([rise(Level.RED, Level.ORANGE)], T0 + 120)
    assert desk.step([order(OrderKind.END)], T0 + 180).messages == []
    assert in_force(desk) is Level.RED


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (order(OrderKind.ISSUE, Level.BLUE), ["stands at blue or above already"]),
        (order(OrderKind.END, hazard="rainstorm"), ["no warning of rainstorm stands"]),
        (order(OrderKind.LOWER, Level.ORANGE), ["nothing above orange"]),
        (order(OrderKind.RAISE, Level.RED, villages=(VILLAGE, OTHER)), [f"stands for {OTHER}: issue one"]),
        (order(OrderKind.END, villages=("nowhere",)), ["no village 'nowhere'"]),
        (order(OrderKind.END, version="ws.old.1"), ["the last message is ws."]),
        (order(OrderKind.END, reason="", author="", second=""), ["author: ", "reason: "]),
        (order(OrderKind.END, reason="x" * 201), ["1 to 200 characters"]),
        (order(OrderKind.SILENCE, villages=(), hazard=""), ["expected an area, a hazard or a post"]),
        (order(OrderKind.RELEASE), ["no doors wait"]),
        (order(OrderKind.RESPOND, response="V"), ["expected one of I, II, III, IV, end"]),
    ],
)
def test_what_cannot_be_is_refused_with_all_of_its_faults(given: HandOrder, words: list[str]) -> None:
    desk = at_level(Level.ORANGE)
    before = desk.snapshot()
    faults = desk.order_faults(given)
    assert len(faults) == len(words)
    assert all(word in fault for word, fault in zip(words, faults, strict=True)), faults
    assert desk.snapshot() == before
    assert not desk.step([given], T0 + 1).messages
    assert desk.refused_inputs == 1
    assert in_force(desk) is Level.ORANGE


def test_a_warning_that_is_lowered_by_hand_stays_held() -> None:
    desk = at_level(Level.RED)
    desk.step([lose_sight(Level.RED)], T0 + 1)
    lowered = desk.step([order(OrderKind.LOWER, Level.ORANGE)], T0 + 2)
    assert lowered.messages[0].blind
    assert desk.open_warnings()[0].state is State.HELD
    back = desk.step([], T0 + 2 + HALF_HOUR_S)
    assert back.messages[-1].blind
    assert in_force(desk) is Level.RED
    desk.step([regain_sight(Level.RED)], T0 + HOUR_S)
    assert desk.open_warnings()[0].state is State.ACTIVE


def test_a_silence_keeps_orange_from_posts_and_never_red() -> None:
    desk = new_desk()
    desk.step([order(OrderKind.SILENCE, hazard="flash_flood", villages=())], T0)
    quiet = desk.step([rise(Level.ORANGE)], T0 + 60)
    assert quiet.digests == []
    assert quiet.bulletins, "doors hear all the same"
    loud = desk.step([rise(Level.RED, Level.ORANGE)], T0 + 120)
    assert {digest.post for digest in loud.digests} == {"grid-a", "grid-b", "town", "leader"}


def test_what_a_silence_has_hidden_is_told_when_it_is_over() -> None:
    desk = new_desk()
    desk.step([order(OrderKind.SILENCE, villages=(VILLAGE,), hazard="", for_s=HOUR_S)], T0)
    desk.step([rise(Level.ORANGE)], T0 + 60)
    assert {digest.post for digest in desk.step([], T0 + HOUR_S).digests} == {
        "grid-a",
        "grid-b",
        "town",
        "leader",
    }


def test_one_silenced_post_gets_nothing_below_red_and_the_others_do() -> None:
    desk = new_desk()
    desk.step([order(OrderKind.SILENCE, villages=(), hazard="", post="town")], T0)
    told = desk.step([rise(Level.ORANGE)], T0 + 60)
    assert {digest.post for digest in told.digests} == {"grid-a", "grid-b", "leader"}


def test_red_that_two_agree_to_later_ends_no_warning_that_nobody_judges() -> None:
    """The village was judged when the first person asked, and is not when the second agrees."""
    known = desk_of()
    known.step([rise(Level.ORANGE)], T0)
    known.step([order(OrderKind.RAISE, Level.RED, villages=(VILLAGE,))], T0 + 60)
    after = desk_of(n_judged=0)
    after.restore(known.snapshot())
    after.change_over(T0 + 90)
    agreed = order(OrderKind.RELEASE, number=2, villages=(), hazard="", author="li", order="o1")
    assert Cause.CANCELLED not in causes(after.step([agreed], T0 + 120))
    assert after.open_warnings()[0].state is State.HELD


def test_a_silenced_post_hears_the_end_of_what_it_was_told() -> None:
    desk = new_desk()
    assert "town" in {digest.post for digest in desk.step([rise(Level.ORANGE)], T0).digests}
    desk.step([order(OrderKind.SILENCE, villages=(), hazard="", post="town")], T0 + 60)
    ended = desk.step([fall(Level.NONE, Level.ORANGE)], T0 + 300)
    (heard,) = [digest for digest in ended.digests if digest.post == "town"]
    assert [cause for line in heard.lines for _, cause in line.changed] == [Cause.ENDED]


def test_what_the_silence_of_a_post_has_hidden_is_told_when_it_is_over() -> None:
    desk = new_desk()
    desk.step([order(OrderKind.SILENCE, villages=(), hazard="", post="town", for_s=HALF_HOUR_S)], T0)
    desk.step([rise(Level.ORANGE)], T0 + 60)
    hidden = [digest for at_s in range(120, HALF_HOUR_S, 60) for digest in desk.step([], T0 + at_s).digests]
    assert "town" not in {digest.post for digest in hidden}
    assert desk.chains.dry == [0], "a post that is silenced owes its answer all the same"
    assert "town" in {digest.post for digest in desk.step([], T0 + HALF_HOUR_S).digests}


def test_the_response_is_declared_and_ended() -> None:
    desk = new_desk()
    desk.step([order(OrderKind.RESPOND, villages=(), hazard="", response="III")], T0)
    declared = desk.hands.state.response
    assert declared is not None
    assert (declared.response, declared.author, declared.since_s) == ("III", "zhang", T0)
    desk.step([order(OrderKind.RESPOND, number=2, villages=(), hazard="", response="end")], T0 + 60)
    assert desk.hands.state.response is None


def releasing(rule: ReleaseRule) -> WarningDesk:
    return desk_of(bulletins=BulletinPolicy(settle_s=0, clear_after_s=0, release=ReleasePolicy(rule)))


CONFIRM = ReleaseRule(rise=(0, 0, 0, 300, 0), doubtful=(0, 0, -1, -1, 300), clear=(0, 0, 0, 600, -1))


def test_doors_wait_for_an_officer_and_posts_know_at_once() -> None:
    desk = releasing(CONFIRM)
    risen = desk.step([rise(Level.ORANGE)], T0)
    assert risen.bulletins == []
    assert risen.digests
    assert [held.due_s for _, held in desk.bulletins.waiting()] == [T0 + 300]
    released = desk.step([order(OrderKind.RELEASE)], T0 + 60)
    assert [bulletin.action for bulletin in released.bulletins] == [Action.LEAVE]
    assert desk.bulletins.waiting() == []


WAIT = ReleaseRule(rise=(0, 0, 0, 300, 300), doubtful=(0, 0, 0, 300, 300), clear=(0, 0, 600, 600, 600))


def other(level: Level) -> LevelChange:
    """The first village's rainstorm rises."""
    return replace(rise(level), hazard="rainstorm")


@pytest.mark.parametrize("people_first", [True, False])
@pytest.mark.parametrize("more", [other(Level.RED), rise(Level.RED, Level.ORANGE)], ids=["other", "same"])
def test_a_text_that_nobody_has_read_is_not_released(more: LevelChange, *, people_first: bool) -> None:
    """Another danger rises in the very step that a release is carried out: it is read anew."""
    desk = releasing(WAIT)
    desk.step([rise(Level.ORANGE)], T0)
    inputs: list[DeskInput] = [order(OrderKind.RELEASE), more]
    assert desk.step(inputs if people_first else inputs[::-1], T0 + 60).bulletins == []
    ((_, held),) = desk.bulletins.waiting()
    assert (held.level, held.due_s) == (Level.RED, T0 + 300), "it waits since its beginning, no longer"
    (told,) = desk.hands.state.turned_down
    assert (told.author, told.what) == ("zhang", "release")
    assert VILLAGE in told.why
    (read,) = desk.step([order(OrderKind.RELEASE, number=2)], T0 + 120).bulletins
    assert read.worst is Level.RED


def test_an_end_that_was_read_is_not_released_as_a_rise_that_was_not() -> None:
    desk = releasing(WAIT)
    desk.step([rise(Level.YELLOW)], T0)
    desk.step([fall(Level.NONE, Level.YELLOW)], T0 + 60)
    assert [held.action for _, held in desk.bulletins.waiting()] == [Action.CLEAR]
    assert desk.step([order(OrderKind.RELEASE), rise(Level.ORANGE)], T0 + 120).bulletins == []
    assert [held.action for _, held in desk.bulletins.waiting()] == [Action.LEAVE]


def test_a_lesser_danger_beside_it_keeps_no_order_back_that_was_read() -> None:
    desk = releasing(WAIT)
    desk.step([rise(Level.ORANGE)], T0)
    (told,) = desk.step([order(OrderKind.RELEASE), other(Level.YELLOW)], T0 + 60).bulletins
    assert [standing.level for standing in told.standing] == [Level.ORANGE, Level.YELLOW]
    assert desk.hands.state.turned_down == []


def test_what_changes_no_word_is_released_as_it_was_read() -> None:
    desk = releasing(WAIT)
    desk.step([rise(Level.ORANGE)], T0)
    (told,) = desk.step([order(OrderKind.RELEASE), lose_sight(Level.ORANGE)], T0 + 60).bulletins
    assert told.worst is Level.ORANGE
    assert desk.hands.state.turned_down == []


def test_what_nobody_releases_goes_by_itself() -> None:
    desk = releasing(CONFIRM)
    desk.step([rise(Level.ORANGE)], T0)
    assert desk.step([], T0 + 299).bulletins == []
    assert len(desk.step([], T0 + 300).bulletins) == 1
    assert desk.bulletins.released_alone == 1


def test_what_waits_is_held_once_and_then_goes_by_itself() -> None:
    desk = releasing(CONFIRM)
    desk.step([rise(Level.ORANGE)], T0)
    held = desk.step([order(OrderKind.HOLD)], T0 + 60)
    assert held.bulletins == []
    assert [waiting.due_s for _, waiting in desk.bulletins.waiting()] == [T0 + 300 + HOLD_S]
    assert desk.order_faults(order(OrderKind.HOLD, number=2)) != [], "once a wait"
    assert desk.step([], T0 + 300).bulletins == []
    copied = releasing(CONFIRM)
    copied.restore(desk.snapshot())
    for either in (desk, copied):
        assert either.step([], T0 + 299 + HOLD_S).bulletins == []
        assert len(either.step([], T0 + 300 + HOLD_S).bulletins) == 1


def test_nothing_is_held_that_waits_for_nobody() -> None:
    desk = releasing(CONFIRM)
    assert desk.order_faults(order(OrderKind.HOLD)) != []
    desk.step([rise(Level.RED)], T0)
    desk.step([fall(Level.NONE, Level.RED)], T0 + 60)
    assert desk.bulletins.waiting() != []
    assert desk.order_faults(order(OrderKind.HOLD)) != [], "an end that waits for a person waits anyway"


def test_whoever_owes_an_answer_is_rung_again_and_nobody_else() -> None:
    desk = releasing(CONFIRM)
    assert desk.order_faults(order(OrderKind.CALL_AGAIN)) != []
    posts = {digest.post for digest in desk.step([rise(Level.ORANGE)], T0).digests}
    assert posts
    at_once = desk.step([order(OrderKind.CALL_AGAIN)], T0 + 5)
    later = [digest.post for at_s in (60, 120, 180) for digest in desk.step([], T0 + at_s).digests]
    rung = [digest.post for digest in at_once.digests] + later
    assert posts <= set(rung)
    assert len(rung) == len(posts), "once"


def test_red_does_not_wait_behind_an_orange_that_does() -> None:
    desk = releasing(CONFIRM)
    desk.step([rise(Level.ORANGE)], T0)
    red = desk.step([rise(Level.RED, Level.ORANGE)], T0 + 60)
    assert [bulletin.worst for bulletin in red.bulletins] == [Level.RED]


def test_what_has_fallen_meanwhile_is_not_told() -> None:
    desk = releasing(CONFIRM)
    desk.step([rise(Level.ORANGE)], T0)
    desk.step([fall(Level.NONE, Level.ORANGE)], T0 + 60)
    assert desk.bulletins.waiting() == []
    assert desk.step([], T0 + HOUR_S).bulletins == []


def test_an_end_waits_too_and_one_that_is_manual_waits_for_ever() -> None:
    desk = releasing(CONFIRM)
    desk.step([rise(Level.RED)], T0)
    assert desk.step([fall(Level.NONE, Level.RED)], T0 + 60).bulletins == []
    assert desk.step([], T0 + 10 * HOUR_S).bulletins == []
    over = desk.step([order(OrderKind.RELEASE)], T0 + 11 * HOUR_S)
    assert [bulletin.action for bulletin in over.bulletins] == [Action.CLEAR]
    assert over.bulletins[0].has_moved, "over, not yet back"


def test_what_a_person_orders_does_not_wait() -> None:
    desk = releasing(CONFIRM)
    told = desk.step([order(OrderKind.ISSUE, Level.ORANGE)], T0)
    assert [bulletin.status for bulletin in told.bulletins] == [MessageStatus.EXERCISE]


def test_a_level_comes_back_even_if_its_reason_cannot_be_told() -> None:
    desk = at_level(Level.RED)
    desk.step([order(OrderKind.LOWER, Level.YELLOW)], T0)

    def broken(_village: int, _hazard: str) -> None:
        raise ArithmeticError

    back = desk.step([], T0 + HOUR_S, broken)
    assert [message.level for message in back.messages] == [Level.RED]
    assert "ArithmeticError" in desk.last_refusal


def test_what_nobody_judges_any_more_can_only_be_ended_and_then_for_good() -> None:
    before = at_level(Level.ORANGE)
    desk = desk_of(rules=RULES[1:])
    desk.restore(before.snapshot())
    desk.change_over(T0)
    for kind in (OrderKind.ISSUE, OrderKind.LOWER):
        (fault,) = desk.order_faults(order(kind, Level.YELLOW))
        assert "can only be ended" in fault
    assert causes(desk.step([order(OrderKind.END)], T0 + 60)) == [Cause.CANCELLED]
    assert desk.bound_cases() == []
    assert desk.step([], T0 + 10 * HOUR_S).messages == []


def test_a_ceiling_on_what_nobody_judges_any_more_is_gone_and_hides_nothing() -> None:
    before = at_level(Level.RED)
    before.step([order(OrderKind.LOWER, Level.YELLOW)], T0 + 60)
    desk = desk_of(rules=RULES[1:])
    desk.restore(before.snapshot())
    told = desk.change_over(T0 + 120)
    assert [(message.level, message.blind) for message in told.messages][-1] == (Level.RED, True)
    assert desk.bound_cases() == []


def test_so_many_orders_bind_at_once_and_no_more() -> None:
    desk = new_desk()
    many = [
        order(OrderKind.SILENCE, number=number, hazard="rainstorm", for_s=HOUR_S)
        for number in range(BOUNDS_MAX)
    ]
    desk.step(many, T0)
    (fault,) = desk.order_faults(order(OrderKind.ISSUE, Level.RED, number=BOUNDS_MAX))
    assert "1000 orders bind already" in fault
    desk.step([order(OrderKind.SILENCE, number=BOUNDS_MAX)], T0 + 1)
    assert desk.hands.state.refused == 1
    desk.step([], T0 + HOUR_S)
    assert desk.order_faults(order(OrderKind.ISSUE, Level.RED, number=BOUNDS_MAX + 1)) == []


def test_an_identifier_that_was_given_to_another_order_is_refused_and_said() -> None:
    """Not passed over as if it had been carried out."""
    desk = at_level(Level.ORANGE)
    lower = order(OrderKind.LOWER, Level.YELLOW)
    desk.step([lower], T0 + 60)
    assert desk.identity_faults(replace(lower, asks_second=True)) == [], "the same again changes nothing"
    assert desk.step([lower], T0 + 90).messages == []
    assert desk.hands.state.turned_down == []
    another = replace(order(OrderKind.ISSUE, Level.ORANGE), villages=(OTHER,))
    (fault,) = desk.identity_faults(another)
    assert fault == "identifier: o1 was given to another order: give this one its own"
    again = new_desk()
    again.restore(desk.snapshot())
    assert again.step([another], T0 + 120).messages == []
    assert fault in again.last_refusal
    assert again.hands.state.turned_down[0].author == "zhang"


def test_a_hold_that_no_step_has_carried_out_is_owed_and_done_once() -> None:
    """A crash after the order was kept, then a start with another configuration: the log is followed."""
    desk = releasing(CONFIRM)
    desk.step([rise(Level.ORANGE)], T0)
    followed = releasing(CONFIRM)
    followed.restore(desk.snapshot())
    hold = order(OrderKind.HOLD)
    (owed,) = followed.follow([hold], T0 + 60)
    assert isinstance(owed, HandOrder)
    assert not followed.has_carried_out(owed)
    assert followed.change_over(T0 + 60, asks_posts=False).bulletins == []
    followed.hands.give_again(owed)
    followed.step([owed], T0 + 120)
    assert [waiting.due_s for _, waiting in followed.bulletins.waiting()] == [T0 + 300 + HOLD_S]
    assert followed.has_carried_out(owed)
    assert followed.follow([hold], T0 + 180) == [], "the same again is nothing new"


@pytest.mark.parametrize("changed", [CONFIRM, ReleaseRule(rise=(0, 0, 0, 400, 0), clear=CONFIRM.clear)])
def test_what_was_held_waits_on_over_a_changed_configuration(changed: ReleaseRule) -> None:
    desk = releasing(CONFIRM)
    desk.step([rise(Level.ORANGE)], T0)
    desk.step([order(OrderKind.HOLD)], T0 + 60)
    after = releasing(changed)
    after.restore(desk.snapshot())
    assert after.change_over(T0 + 120, asks_posts=False).bulletins == []
    due_s = T0 + changed.rise[Level.ORANGE] + HOLD_S
    assert [waiting.due_s for _, waiting in after.bulletins.waiting()] == [due_s]
    assert after.order_faults(order(OrderKind.HOLD, number=2)) != [], "once a wait, whatever has changed"
    assert after.step([], due_s - 1).bulletins == []
    assert len(after.step([], due_s).bulletins) == 1
