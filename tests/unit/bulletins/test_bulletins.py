"""One voice per house: what a village's doors hear, and when."""

from dataclasses import replace
from typing import NoReturn

import pytest

from tests.unit.bulletins.village import DRILL, POLICY, message, new, orders, with_policy
from tests.unit.desk.county import T0, reason
from warnstream.lifecycle.bulletins import DRILL_PAUSE_S, Bulletins, Correction
from warnstream.lifecycle.voice import Voice
from warnstream.model.bulletins import N_MAX, Action, Bulletin, BulletinCause, Refuge, Standing
from warnstream.model.level import LEVELS, Level
from warnstream.model.times import HOUR_S, MINUTE_S
from warnstream.model.warning import Cause, MessageStatus, WarningMessage

FLOOD, SLIDE, RAIN, FIRE, WATER = "flash_flood", "landslide", "rainstorm", "forest_fire", "waterlogging"
SETTLE_S, CLEAR_S, REMIND_S = POLICY.settle_s, POLICY.clear_after_s, POLICY.remind_every_s


def one_of(found: list[Bulletin]) -> Bulletin:
    (bulletin,) = found
    return bulletin


def after(*messages: WarningMessage) -> Bulletins:
    """A village that has heard the first bulletin of these, at T0."""
    voices = new()
    one_of(voices.step(messages, T0))
    return voices


def test_the_first_rise_at_the_doors_level_opens_an_episode_at_once() -> None:
    found = one_of(new().step([message(FLOOD, Level.ORANGE)], T0))
    assert found.identifier == "ws.331124001001.20190408T211500Z.1"
    assert (found.opened_s, found.n, found.action, found.worst) == (T0, 1, Action.LEAVE, Level.ORANGE)
    assert (found.cause, found.status) == (BulletinCause.FIRST, MessageStatus.ACTUAL)
    assert found.evidence == reason()


def test_what_is_below_the_doors_level_opens_none() -> None:
    voices = new()
    assert voices.step([message(FLOOD, Level.BLUE)], T0) == []
    assert one_of(voices.step([message(FLOOD, Level.YELLOW)], T0 + 60)).n == 1


@pytest.mark.parametrize("level", LEVELS)
def test_the_order_follows_hazard_and_level(level: Level) -> None:
    """Red fire and red waterlogging send nobody out; a landslide is left at orange."""
    assert orders().order(FIRE, level).action in (Action.WATCH, Action.READY)
    assert orders().order(WATER, level).action in (Action.WATCH, Action.READY)
    assert orders().order(FIRE, Level.RED).response == "Avoid"
    assert orders().order(WATER, Level.RED).response == "Shelter"
    assert orders().order(SLIDE, Level.ORANGE).action is Action.LEAVE


def test_the_hazard_that_asks_most_leads_whatever_its_colour() -> None:
    found = one_of(new().step([message(FIRE, Level.RED), message(SLIDE, Level.ORANGE)], T0))
    assert [warning.hazard for warning in found.standing] == [SLIDE, FIRE]
    assert (found.action, found.worst) == (Action.LEAVE, Level.RED)


def test_a_second_hazard_that_asks_for_no_more_is_no_news() -> None:
    voices = after(message(FLOOD, Level.ORANGE))
    assert voices.step([message(RAIN, Level.YELLOW)], T0 + 60) == []
    assert voices.step([message("river_flood", Level.ORANGE)], T0 + 120) == []


def test_a_new_kind_of_refuge_at_the_same_level_is_news() -> None:
    voices = after(message(FLOOD, Level.ORANGE))
    found = one_of(voices.step([message(SLIDE, Level.ORANGE)], T0 + 60))
    assert (found.cause, found.n) == (BulletinCause.REFUGE, 2)
    assert voices.step([message(SLIDE, Level.YELLOW)], T0 + 120) == []
    assert voices.step([message(SLIDE, Level.ORANGE)], T0 + 180) == []  # both are known


def test_renewals_and_lost_sight_are_no_news() -> None:
    voices = after(message(FLOOD, Level.ORANGE))
    for cause in (Cause.RENEWED, Cause.SIGHT_LOST, Cause.SIGHT_REGAINED):
        assert voices.step([message(FLOOD, Level.ORANGE, cause=cause)], T0 + 60) == []


def test_a_rise_goes_out_at_once() -> None:
    voices = after(message(FLOOD, Level.ORANGE))
    found = one_of(voices.step([message(FLOOD, Level.RED)], T0 + 1))
    assert (found.action, found.worst, found.cause) == (Action.LEAVE, Level.RED, BulletinCause.RAISED)


def test_a_fall_is_stay_after_it_has_settled() -> None:
    voices = after(message(FLOOD, Level.RED))
    assert voices.step([message(FLOOD, Level.ORANGE)], T0 + 60) == []
    assert voices.step([], T0 + 60 + SETTLE_S - 1) == []
    found = one_of(voices.step([], T0 + 60 + SETTLE_S))
    assert (found.action, found.cause, found.worst) == (Action.STAY, BulletinCause.LOWERED, Level.ORANGE)
    assert voices.step([message(FLOOD, Level.YELLOW)], T0 + HOUR_S) == []
    assert voices.step([], T0 + 2 * HOUR_S) == []  # stay is said once


def test_a_swing_within_the_settling_time_says_nothing() -> None:
    voices = after(message(FLOOD, Level.RED))
    assert voices.step([message(FLOOD, Level.ORANGE)], T0 + 60) == []
    assert voices.step([message(FLOOD, Level.RED)], T0 + SETTLE_S) == []
    assert voices.step([], T0 + 60 + SETTLE_S) == []


def test_a_fall_counts_from_the_last_time_that_it_began() -> None:
    voices = after(message(FLOOD, Level.RED))
    voices.step([message(FLOOD, Level.ORANGE)], T0 + 60)
    voices.step([message(FLOOD, Level.RED)], T0 + SETTLE_S)
    assert voices.step([message(FLOOD, Level.ORANGE)], T0 + SETTLE_S + 60) == []
    assert voices.step([], T0 + 2 * SETTLE_S + 59) == []
    assert one_of(voices.step([], T0 + 2 * SETTLE_S + 60)).action is Action.STAY


def test_who_was_asked_to_go_hears_stay_when_something_lesser_and_worse_begins_as_the_first_ends() -> None:
    voices = after(message(FLOOD, Level.ORANGE))
    found = one_of(voices.step([message(FLOOD, Level.NONE), message(FIRE, Level.RED)], T0 + 60))
    assert (found.action, found.worst, found.cause) == (Action.STAY, Level.RED, BulletinCause.RAISED)


def test_a_rise_below_prepare_after_stay_is_stay_and_never_get_ready() -> None:
    voices = after(message(FLOOD, Level.RED))
    voices.step([message(FLOOD, Level.NONE), message(RAIN, Level.BLUE)], T0 + 60)
    assert one_of(voices.step([], T0 + 60 + SETTLE_S)).worst is Level.BLUE
    found = one_of(voices.step([message(RAIN, Level.YELLOW)], T0 + HOUR_S))
    assert (found.action, found.worst) == (Action.STAY, Level.YELLOW)


def test_a_rise_to_leave_after_stay_is_leave_and_the_next_fall_stay_again() -> None:
    voices = after(message(FLOOD, Level.RED))
    voices.step([message(FLOOD, Level.YELLOW)], T0 + 60)
    assert one_of(voices.step([], T0 + HOUR_S)).action is Action.STAY
    assert one_of(voices.step([message(FLOOD, Level.RED)], T0 + 2 * HOUR_S)).action is Action.LEAVE
    voices.step([message(FLOOD, Level.ORANGE)], T0 + 2 * HOUR_S + 60)
    assert one_of(voices.step([], T0 + 3 * HOUR_S)).action is Action.STAY


def test_where_nobody_was_asked_to_go_a_fall_is_no_news_and_the_end_is() -> None:
    """Yellow fell to blue, below the doors' level, later to none: the end is said."""
    voices = after(message(RAIN, Level.YELLOW))
    assert voices.step([message(RAIN, Level.BLUE)], T0 + HOUR_S) == []
    assert voices.step([message(RAIN, Level.NONE)], T0 + 2 * HOUR_S) == []
    found = one_of(voices.step([], T0 + 2 * HOUR_S + CLEAR_S))
    assert (found.action, found.ended, found.has_moved) == (Action.CLEAR, (RAIN,), False)


def test_the_end_waits_for_every_hazard_also_below_the_doors_level() -> None:
    voices = after(message(FLOOD, Level.ORANGE))
    voices.step([message(FLOOD, Level.NONE), message(RAIN, Level.BLUE)], T0 + HOUR_S)
    assert one_of(voices.step([], T0 + 2 * HOUR_S)).action is Action.STAY
    assert voices.step([message(RAIN, Level.NONE)], T0 + 3 * HOUR_S) == []
    found = one_of(voices.step([], T0 + 3 * HOUR_S + CLEAR_S))
    assert (found.action, found.has_moved, found.standing) == (Action.CLEAR, True, ())
    assert voices.step([], T0 + 9 * HOUR_S) == []
    assert voices.open_villages() == []


def test_a_rise_while_the_end_waits_goes_on_in_the_same_episode() -> None:
    voices = after(message(RAIN, Level.YELLOW))
    voices.step([message(RAIN, Level.NONE)], T0 + 60)
    assert voices.step([message(RAIN, Level.YELLOW)], T0 + 120) == []
    found = one_of(voices.step([message(RAIN, Level.ORANGE)], T0 + 180))
    assert (found.opened_s, found.n) == (T0, 2)


def test_the_end_counts_from_the_last_time_that_nothing_stood() -> None:
    voices = after(message(RAIN, Level.YELLOW))
    voices.step([message(RAIN, Level.NONE)], T0 + 60)
    voices.step([message(RAIN, Level.BLUE)], T0 + 120)
    assert voices.step([message(RAIN, Level.NONE)], T0 + CLEAR_S) == []
    assert voices.step([], T0 + 2 * CLEAR_S - 1) == []
    assert one_of(voices.step([], T0 + 2 * CLEAR_S)).action is Action.CLEAR


def test_an_episode_knows_nothing_of_the_one_before() -> None:
    voices = after(message(RAIN, Level.YELLOW))
    voices.step([message(RAIN, Level.NONE)], T0 + 60)
    one_of(voices.step([], T0 + HOUR_S))
    one_of(voices.step([message(FLOOD, Level.RED)], T0 + 2 * HOUR_S))
    error = [Correction(0, FLOOD)]
    found = one_of(voices.step([message(FLOOD, Level.NONE)], T0 + 2 * HOUR_S + 60, corrections=error))
    assert (found.action, found.ended) == (Action.CORRECT, (FLOOD,))


def test_the_next_episode_is_later_also_within_the_same_second() -> None:
    voices = new(with_policy(clear_after_s=0))
    voices.step([message(RAIN, Level.YELLOW)], T0)
    assert one_of(voices.step([message(RAIN, Level.NONE)], T0)).action is Action.CLEAR
    assert one_of(voices.step([message(RAIN, Level.YELLOW)], T0)).opened_s == T0 + 1


def test_an_error_is_corrected_at_once() -> None:
    voices = after(message(FLOOD, Level.RED))
    found = one_of(voices.step([message(FLOOD, Level.NONE)], T0 + 60, corrections=[Correction(0, FLOOD)]))
    assert (found.action, found.cause, found.standing) == (Action.CORRECT, BulletinCause.CORRECTED, ())
    assert voices.open_villages() == []


def test_an_error_beside_something_true_is_no_correction() -> None:
    voices = after(message(FLOOD, Level.RED), message(RAIN, Level.YELLOW))
    error = [Correction(0, FLOOD)]
    assert voices.step([message(FLOOD, Level.NONE)], T0 + 60, corrections=error) == []
    assert one_of(voices.step([], T0 + 60 + SETTLE_S)).action is Action.STAY
    voices.step([message(RAIN, Level.NONE)], T0 + HOUR_S)
    assert one_of(voices.step([], T0 + 2 * HOUR_S)).action is Action.CLEAR


def test_a_correction_of_a_village_without_bulletins_changes_nothing() -> None:
    assert new().step([], T0, corrections=[Correction(1, FLOOD)]) == []


def test_prepare_and_leave_are_repeated_until_something_falls() -> None:
    voices = after(message(FLOOD, Level.ORANGE))
    assert voices.step([], T0 + REMIND_S - 1) == []
    found = one_of(voices.step([], T0 + REMIND_S))
    assert (found.action, found.cause, found.n) == (Action.LEAVE, BulletinCause.REMINDER, 2)
    assert one_of(voices.step([], T0 + 2 * REMIND_S)).n == 3
    voices.step([message(FLOOD, Level.YELLOW)], T0 + 3 * REMIND_S - 60)
    assert voices.step([], T0 + 3 * REMIND_S) == []
    assert one_of(voices.step([], T0 + 4 * REMIND_S)).action is Action.STAY
    assert voices.step([], T0 + 9 * REMIND_S) == []


def test_what_asks_nobody_to_go_is_not_repeated() -> None:
    voices = after(message(FIRE, Level.RED))
    assert voices.step([], T0 + 5 * REMIND_S) == []


def test_without_an_interval_nothing_is_repeated() -> None:
    voices = new(with_policy(remind_every_s=0))
    voices.step([message(FLOOD, Level.RED)], T0)
    assert voices.step([], T0 + 30 * REMIND_S) == []


def test_the_status_is_that_of_the_opening() -> None:
    voices = after(message(RAIN, Level.YELLOW))
    found = one_of(voices.step([message(RAIN, Level.RED, status=DRILL)], T0 + 60))
    assert found.status is MessageStatus.ACTUAL


def test_something_real_ends_an_exercise_and_says_so_under_no_mark() -> None:
    voices = new()
    drill = one_of(voices.step([message(FLOOD, Level.RED, status=DRILL)], T0))
    assert drill.status is DRILL
    assert voices.step([message(RAIN, Level.BLUE)], T0 + 60) == []
    found = one_of(voices.step([message(RAIN, Level.YELLOW)], T0 + 120))
    assert (found.cause, found.status, found.n) == (BulletinCause.STATUS, MessageStatus.ACTUAL, 1)
    assert (found.opened_s, [warning.hazard for warning in found.standing]) == (T0 + 120, [RAIN])
    assert not found.has_moved


def test_an_exercise_is_silent_beside_something_real_and_for_an_hour_after_it() -> None:
    voices = after(message(RAIN, Level.YELLOW))
    assert voices.step([message(FLOOD, Level.RED, status=DRILL)], T0 + 60) == []
    voices.step([message(RAIN, Level.NONE)], T0 + 120)
    end = one_of(voices.step([], T0 + 120 + CLEAR_S))
    assert (end.action, end.status) == (Action.CLEAR, MessageStatus.ACTUAL)
    assert voices.step([], end.issued_s + DRILL_PAUSE_S - 1) == []
    assert one_of(voices.step([], end.issued_s + DRILL_PAUSE_S)).status is DRILL


def test_evidence_is_asked_for_the_leading_hazard_when_a_bulletin_is_issued() -> None:
    asked: list[tuple[int, str]] = []

    def now(village: int, hazard: str) -> None:
        asked.append((village, hazard))

    voices = new()
    found = one_of(voices.step([message(RAIN, Level.YELLOW), message(FLOOD, Level.RED)], T0, evidence=now))
    assert asked == [(0, FLOOD)]
    assert found.evidence is None  # nothing is measured that gives it a level
    fresh = reason(value=90.0)
    found = one_of(voices.step([], T0 + REMIND_S, evidence=lambda *_: fresh))
    assert found.evidence == found.standing[0].reason == fresh


def test_a_reason_that_cannot_be_told_costs_no_bulletin() -> None:
    def fail(_village: int, _hazard: str) -> NoReturn:
        raise ZeroDivisionError

    voices = new()
    found = one_of(voices.step([message(FLOOD, Level.RED)], T0, evidence=fail))
    assert (found.action, found.evidence) == (Action.LEAVE, None)
    assert voices.faults == ["reason of flash_flood in village 331124001001: ZeroDivisionError()"]


def test_the_worst_comes_first_and_ends_last() -> None:
    voices = new(with_policy(clear_after_s=0))
    voices.step([message(RAIN, Level.YELLOW)], T0)
    found = voices.step(
        [
            message(RAIN, Level.NONE),
            message(RAIN, Level.YELLOW, village=1),
            message(FLOOD, Level.RED, village=2),
        ],
        T0 + 60,
    )
    assert [(bulletin.village, bulletin.worst) for bulletin in found] == [
        (2, Level.RED),
        (1, Level.YELLOW),
        (0, Level.NONE),
    ]


def test_an_episode_with_too_many_bulletins_goes_on_as_another_one() -> None:
    voices = after(message(FLOOD, Level.ORANGE))
    voices._voices[0].n = N_MAX
    found = one_of(voices.step([message(FLOOD, Level.RED)], T0 + 60))
    assert (found.opened_s, found.n, found.cause) == (T0 + 60, 1, BulletinCause.RAISED)
    assert found.has_moved


def test_villages_where_something_stands_may_hear_no_end() -> None:
    voices = after(message(RAIN, Level.YELLOW))
    voices.step([message(RAIN, Level.BLUE, village=1, status=DRILL)], T0)
    assert voices.no_end() == {(0, MessageStatus.ACTUAL), (1, DRILL)}


def test_doors_told_before_there_were_bulletins_hear_every_rise_and_the_end() -> None:
    voices = new()
    voices.adopt([(0, Standing(FLOOD, Level.ORANGE, MessageStatus.ACTUAL))], T0)
    assert voices.step([message(FLOOD, Level.ORANGE, cause=Cause.RENEWED)], T0 + 60) == []
    assert one_of(voices.step([message(FLOOD, Level.RED)], T0 + 120)).n == 1
    voices.step([message(FLOOD, Level.NONE)], T0 + HOUR_S)
    assert one_of(voices.step([], T0 + 2 * HOUR_S)).action is Action.CLEAR


def test_a_snapshot_of_another_register_is_refused_only_where_doors_wait() -> None:
    voices = after(message(FLOOD, Level.ORANGE, village=2))
    fewer = Bulletins("ws", ("331124001001",), orders(), POLICY)
    with pytest.raises(ValueError, match="doors of village '331124001003' wait for an end"):
        fewer.restore(voices.snapshot())
    with pytest.raises(ValueError, match="not a snapshot of bulletins"):
        fewer.restore(b"\x00")
    voices.step([message(FLOOD, Level.NONE, village=2)], T0 + 60)
    voices.step([], T0 + HOUR_S)
    fewer.restore(voices.snapshot())
    assert fewer.open_villages() == []


def test_a_logged_voice_of_another_register_is_refused_only_where_doors_wait() -> None:
    voices = after(message(FLOOD, Level.ORANGE, village=2))
    fewer = Bulletins("ws", ("331124001001",), orders(), POLICY)
    with pytest.raises(ValueError, match="doors of village '331124001003' wait for an end"):
        fewer.follow(voices.voices_of([0, 2]))
    voices.step([message(FLOOD, Level.NONE, village=2)], T0 + 60)
    voices.step([], T0 + HOUR_S)
    fewer.follow(voices.voices_of([2]))
    assert fewer.open_villages() == []


def test_a_village_that_moved_in_the_register_keeps_its_episode() -> None:
    voices = after(message(FLOOD, Level.ORANGE))
    codes = ("331124001003", "331124001002", "331124001001")
    turned = Bulletins("ws", codes, orders(), POLICY)
    turned.restore(voices.snapshot())
    found = one_of(turned.step([], T0 + REMIND_S))
    assert (found.village, found.identifier) == (2, "ws.331124001001.20190408T211500Z.2")


def test_a_step_looks_only_at_villages_with_messages_or_due() -> None:
    voices = after(message(FLOOD, Level.ORANGE))
    voices.step([message(RAIN, Level.YELLOW, village=1)], T0)
    voices._voices[1] = replace_told(voices._voices[1])
    assert voices.step([], T0 + MINUTE_S) == []  # the second would speak if it were looked at


def replace_told(voice: Voice) -> Voice:
    assert voice.told is not None
    voice.told = replace(voice.told, worst=Level.BLUE, refuges=frozenset({Refuge.WIND}))
    return voice
