"""What the real desk does about drills: it says what is real, and rings a human for help."""

from dataclasses import replace

from tests.unit.desk.county import MESSAGE_POLICY, T0, county, desk_of, fall, rise
from warnstream.desk import WarningDesk
from warnstream.model.bulletins import BulletinPolicy
from warnstream.model.effects import Answer, Effects, RecipientAnswer
from warnstream.model.hands.drills import AFTER_DRILL_S, DrillAct, DrillOrder
from warnstream.model.level import Level
from warnstream.model.warning import MessageStatus

CODES = county().villages.code
DRILL = DrillOrder("d1", DrillAct.START, "zhang", "yearly", (CODES[0],), (), 3600)


def new_desk() -> WarningDesk:
    """A desk that warns for real."""
    policy = replace(MESSAGE_POLICY, status=MessageStatus.ACTUAL)
    return desk_of(messages=policy)


def told(effects: Effects, village: int) -> bool:
    """Whether the bulletin of a village says that it is no drill."""
    return next(bulletin.ends_drill for bulletin in effects.bulletins if bulletin.village == village)


def drilled_desk() -> WarningDesk:
    desk = new_desk()
    assert not desk.step([DRILL], T0)
    return desk


def test_the_first_real_order_in_a_drilled_village_says_that_it_is_no_drill() -> None:
    desk = drilled_desk()
    effects = desk.step([rise(Level.RED), rise(Level.RED, village=1)], T0 + 60)
    assert told(effects, 0)
    assert not told(effects, 1)
    assert {digest.ends_drill for digest in effects.digests if 0 in digest.villages} == {True}


def test_a_rise_in_an_episode_whose_end_was_not_told_says_it_once() -> None:
    """The rain stopped five minutes ago, a drill begins, and it comes back: that is no first bulletin."""
    desk = desk_of(messages=replace(MESSAGE_POLICY, status=MessageStatus.ACTUAL), bulletins=BulletinPolicy())
    desk.step([rise(Level.ORANGE)], T0)
    desk.step([fall(Level.NONE, Level.ORANGE)], T0 + 60)
    desk.step([DRILL], T0 + 360)
    (again,) = desk.step([rise(Level.RED)], T0 + 420).bulletins
    assert (again.n, again.ends_drill) == (2, True)
    restarted = new_desk()
    restarted.restore(desk.snapshot())
    assert restarted.drilled.told == {CODES[0]}, "the next one need not say it"


def test_an_hour_after_the_drill_nothing_is_said_of_it_any_more() -> None:
    desk = drilled_desk()
    desk.step([DrillOrder("d2", DrillAct.STOP, "zhang", "over")], T0 + 60)
    effects = desk.step([rise(Level.RED)], T0 + 61 + AFTER_DRILL_S)
    assert not told(effects, 0)


def test_what_is_known_of_drills_survives_a_restart() -> None:
    desk = drilled_desk()
    again = new_desk()
    again.restore(desk.snapshot())
    assert told(again.step([rise(Level.RED)], T0 + 60), 0)
    assert desk.snapshot() != new_desk().snapshot()


def test_a_call_for_help_in_a_drill_rings_the_real_chain_and_other_answers_do_nothing() -> None:
    desk = drilled_desk()
    bulletin = f"ws@drill.{CODES[0]}.20260618T000000Z.1"
    quiet = desk.step([RecipientAnswer(bulletin, "door-0", Answer.SAFE, T0)], T0 + 60)
    assert not quiet
    assert desk.ignored_answers == 1
    effects = desk.step([RecipientAnswer(bulletin, "door-0", Answer.NEED_HELP, T0)], T0 + 120)
    assert effects.digests
    assert effects.digests[0].helps[0].caller == "door-0"


def test_help_of_somebody_who_does_not_live_there_is_counted_and_changes_nothing() -> None:
    desk = drilled_desk()
    bulletin = f"ws@drill.{CODES[0]}.20260618T000000Z.1"
    assert not desk.step([RecipientAnswer(bulletin, "nobody", Answer.NEED_HELP, T0)], T0 + 60)
    assert desk.ignored_answers == 1
