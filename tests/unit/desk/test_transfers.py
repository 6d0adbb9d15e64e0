"""Transfer lists on a desk: who is on them, what doors and posts hear, who has moved, and the return."""

from dataclasses import replace

import pytest

from tests.unit.desk.county import AT_ONCE, T0, county, fall, rise
from tests.unit.desk.transfers_county import (
    FIRST,
    SECOND,
    THIRD,
    Orders,
    mark,
    moving_desk,
    people,
    returned,
)
from warnstream.delivery.ledger.states import People
from warnstream.desk import WarningDesk
from warnstream.model.bulletins import TRANSFER, Action, BulletinCause, BulletinPolicy
from warnstream.model.effects import Answer, RecipientAnswer
from warnstream.model.hands.orders import SAFE, UNSAFE, HandOrder, OrderKind
from warnstream.model.level import Level
from warnstream.model.times import HOUR_S, MINUTE_S
from warnstream.model.transfers.objects import HouseholdFacts
from warnstream.model.warning import MessageStatus
from warnstream.runners.transfers.counters import counters_of

BY = "11:00"  # T0 is 05:15 there


def opened(*villages: str, **more: object) -> tuple[WarningDesk, Orders]:
    desk, orders = moving_desk(), Orders()
    desk.step([orders(OrderKind.TRANSFER, *villages, **{"by": BY} | more)], T0)
    return desk, orders


def rows_of(desk: WarningDesk) -> set[str]:
    return {code for transfer_list in desk.transfers.open for code in transfer_list.rows}


# Who is on a list.


def test_a_list_has_the_doors_and_objects_of_its_villages() -> None:
    desk, _ = opened()
    (one,) = desk.transfers.open
    assert list(one.rows) == ["door-0", "door-1", "door-2", "door-3", "hut", "boat", "pond"]
    assert (one.state, one.n_open) == ("moving", 7)


def test_grades_and_zones_choose_and_an_empty_cell_forgets_nobody() -> None:
    desk, _ = opened(zones=("Z-stream",), grades=("A",))
    assert rows_of(desk) == {"door-0", "door-1", "door-2", "door-3", "hut", "boat"}
    facts = HouseholdFacts(("A", "D", "", "A", *"DDDD"), (2,) * 8, (0,) * 8, ("",) * 8, ("",) * 8, ("",) * 8)
    network = people()
    network = replace(network, households=replace(network.households, facts=facts))
    desk = moving_desk(network)
    desk.step([Orders()(OrderKind.TRANSFER, grades=("A",))], T0)
    assert rows_of(desk) == {"door-0", "door-2", "door-3", "hut", "boat"}


def test_a_village_of_which_nothing_is_known_is_one_row() -> None:
    network = county()
    first = network.households.first_of_village.copy()
    first[:] = 0
    empty = replace(network.households, code=(), channel=(), address=(), first_of_village=first)
    desk = moving_desk(replace(network, households=empty))
    desk.step([Orders()(OrderKind.TRANSFER)], T0)
    assert rows_of(desk) == {f"village:{FIRST}"}


def test_a_row_is_on_one_open_list_at_most() -> None:
    desk, orders = opened(grades=("A",))
    desk.step([orders(OrderKind.TRANSFER, by=BY)], T0 + 60)
    first, second = desk.transfers.open
    assert list(second.rows) == ["pond"]
    assert not first.rows.keys() & second.rows.keys()
    (fault,) = desk.order_faults(orders(OrderKind.TRANSFER, by=BY))
    assert fault == "villages: nobody there is to be moved: all of them are on o1, o2"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"villages": ("X",)}, "villages: no village 'X'"),
        ({"villages": ()}, "villages: expected at least one"),
        ({"zones": ("X",)}, "zones: no zone 'X'"),
        ({"villages": (SECOND,), "zones": ("Z-slope",)}, f"zones: 'Z-slope' is of village {FIRST}"),
        ({"villages": (FIRST, SECOND), "zones": ("Z-slope",)}, f"zones: none of {SECOND}, which is named"),
        ({"grades": ("E",)}, "grades: expected A, B, C, D, got 'E'"),
        ({"by": "03:00"}, "by: 03:00 has passed, or is more than 12 h ahead"),
        ({"by": "tomorrow"}, "by: 'tomorrow'"),
        ({"by": "2019-04-12T05:15:00+08:00"}, "by: 2019-04-12T05:15:00+08:00 is more than 48 h ahead"),
        ({"by": "2019-04-09T03:15:00+08:00"}, "by: 2019-04-09T03:15:00+08:00 passed more than an hour ago"),
        ({"by": "11:00", "onset": "10:00"}, "by: expected an hour before the hazard's (onset)"),
        ({"version": "ws.331124001001.x.1"}, "version: the last message is none: look again"),
        ({"villages": (SECOND,), "grades": ("A",)}, "villages: nobody there is to be moved"),
        ({"reason": " "}, "reason: expected 1 to 200 characters"),
    ],
)
def test_an_order_that_cannot_be_changes_nothing(more: dict[str, object], expected: str) -> None:
    network = people()
    graded = HouseholdFacts(("D",) * 8, (2,) * 8, (0,) * 8, ("",) * 8, ("",) * 8, ("",) * 8)
    desk = moving_desk(replace(network, households=replace(network.households, facts=graded)))
    desk.step([], T0)
    before = desk.transfers.snapshot()
    order = replace(Orders()(OrderKind.TRANSFER), **more)  # type: ignore[arg-type]
    assert any(fault.startswith(expected) for fault in desk.order_faults(order)), desk.order_faults(order)
    effects = desk.step([order], T0)
    assert desk.transfers.snapshot() == before
    assert not effects.bulletins
    assert desk.hands.state.refused == 1


def test_an_order_given_twice_opens_one_list() -> None:
    desk, orders = opened()
    again = replace(orders(OrderKind.TRANSFER, by=BY), identifier="o1")
    desk.step([again], T0 + 60)
    assert len(desk.transfers.state.lists) == 1


# What doors and posts hear.


def test_doors_hear_it_once_and_again_at_its_hour() -> None:
    desk, orders = moving_desk(), Orders()
    effects = desk.step([orders(OrderKind.TRANSFER, by=BY)], T0)
    (bulletin,) = effects.bulletins
    assert (bulletin.action, bulletin.cause, bulletin.worst) == (
        Action.LEAVE,
        BulletinCause.FIRST,
        Level.ORANGE,
    )
    assert sorted(digest.post for digest in effects.digests) == ["grid-a", "grid-b", "leader", "town"]
    assert not desk.step([], T0 + 5 * HOUR_S).bulletins
    (again,) = desk.step([], T0 + 6 * HOUR_S).bulletins
    assert (again.action, again.cause) == (Action.LEAVE, BulletinCause.REMINDER)
    assert not desk.step([], T0 + 9 * HOUR_S).bulletins


def test_a_first_grade_alone_is_asked_to_prepare() -> None:
    desk, orders = moving_desk(), Orders()
    (bulletin,) = desk.step([orders(OrderKind.TRANSFER, grades=("A",))], T0).bulletins
    assert (bulletin.action, bulletin.worst) == (Action.PREPARE, Level.YELLOW)
    (wider,) = desk.step([orders(OrderKind.TRANSFER, by=BY)], T0 + 60).bulletins
    assert (wider.action, wider.cause) == (Action.LEAVE, BulletinCause.RAISED)


def test_it_is_never_gentler_than_what_doors_have_heard() -> None:
    desk, orders = moving_desk(), Orders()
    desk.step([rise(Level.RED)], T0)
    assert not desk.step([orders(OrderKind.TRANSFER, by=BY)], T0 + 60).bulletins
    (stay,) = desk.step([fall(Level.NONE, Level.RED)], T0 + 120).bulletins
    assert stay.action is Action.STAY
    assert [warning.hazard for warning in stay.standing] == [TRANSFER]


def test_time_that_is_not_enough_is_the_nearest_safe_place() -> None:
    desk, orders = moving_desk(), Orders()
    desk.step([orders(OrderKind.TRANSFER, by="06:00", onset="07:00")], T0)
    assert desk.transfers.open[0].is_late is False
    desk.step([], T0 + 45 * MINUTE_S)
    (late,) = desk.step([], T0 + 86 * MINUTE_S).bulletins
    assert (late.worst, late.cause) == (Level.RED, BulletinCause.RAISED)
    assert desk.transfers.open[0].is_late


def test_the_hour_comes_from_policy_and_law_where_the_order_has_none() -> None:
    desk, orders = moving_desk(), Orders()
    desk.step([orders(OrderKind.TRANSFER, onset="17:00")], T0)
    assert desk.transfers.open[0].by_s == T0 + 5 * HOUR_S + 45 * MINUTE_S  # six hours before it
    desk, orders = moving_desk(), Orders()
    desk.step([orders(OrderKind.TRANSFER, onset="07:00")], T0)
    assert desk.transfers.open[0].by_s == T0, "that would have been in the night: now"


def test_people_in_shelters_are_never_told_to_pack() -> None:
    desk, orders = opened()
    over = desk.step([orders(OrderKind.TRANSFER_OVER)], T0 + 60).bulletins
    assert [(bulletin.action, bulletin.has_moved) for bulletin in over] == [(Action.CLEAR, True)]
    hazard = replace(rise(Level.YELLOW), hazard="rainstorm")
    (told,) = desk.step([hazard], T0 + 120).bulletins
    asked = told.action
    assert asked in (Action.STAY, Action.PREPARE)
    ended = desk.step([replace(fall(Level.NONE, Level.YELLOW), hazard="rainstorm")], T0 + 180).bulletins
    assert [(bulletin.action, bulletin.has_moved) for bulletin in ended] == [(Action.CLEAR, True)]


def test_a_false_alarm_sends_nobody_home_who_was_moved_before_it() -> None:
    desk, orders = opened()
    desk.step([orders(OrderKind.TRANSFER_OVER)], T0 + 60)
    desk.step([rise(Level.RED)], T0 + 120)
    correct = orders(OrderKind.CORRECT, hazard="flash_flood")
    (said,) = desk.step([correct], T0 + 180).bulletins
    assert (said.action, said.has_moved) == (Action.CLEAR, True)


# Who has moved.


def test_answers_and_marks_move_rows_and_only_another_person_confirms() -> None:
    desk, _ = opened()
    one = desk.transfers.open[0]
    name = desk.last_bulletins()[0].identifier
    given = [
        RecipientAnswer(name, "door-0", Answer.SAFE, T0),
        RecipientAnswer(name, "door-1", Answer.MOVING, T0),
    ]
    desk.step([*given, mark("said_safe", "hut", by="grid-a"), mark("refused", "door-2")], T0 + 60)
    assert one.rows["door-0"].people is People.SAID_SAFE
    assert one.rows["door-1"].people is People.MOVING
    assert one.rows["door-2"].people is People.REFUSED
    assert one.n_open == 7
    (fault,) = desk.mark_faults(mark("safe", "hut", by="grid-a"))
    assert "another person confirms it" in fault
    desk.step([mark("safe", "hut", "door-0", "door-2")], T0 + 120)
    assert one.n_open == 4
    desk.step([mark("back", "hut", note="came for the goats")], T0 + 180)
    assert one.n_open == 5
    assert one.rows["hut"].doubt == "was safe by town"


def test_a_call_for_help_after_safe_is_a_contradiction_and_open_again() -> None:
    desk, _ = opened()
    one, name = desk.transfers.open[0], desk.last_bulletins()[0].identifier
    desk.step([mark("safe", "door-0")], T0 + 60)
    desk.step([RecipientAnswer(name, "door-0", Answer.NEED_HELP, T0)], T0 + 120)
    assert one.rows["door-0"].people is People.HELP
    assert one.rows["door-0"].doubt == "call after safe by town"
    assert one.n_open == 7


@pytest.mark.parametrize("odd", [Answer.MOVING, Answer.NEED_HELP])
def test_a_contradiction_stays_until_somebody_has_looked_again(odd: Answer) -> None:
    desk, _ = opened()
    one, name = desk.transfers.open[0], desk.last_bulletins()[0].identifier
    desk.step([mark("safe", "door-0")], T0 + 60)
    desk.step([RecipientAnswer(name, "door-0", odd, T0)], T0 + 120)
    doubt = one.rows["door-0"].doubt
    assert "after safe by town" in doubt
    desk.step([RecipientAnswer(name, "door-0", Answer.ACKNOWLEDGED, T0)], T0 + 180)
    assert one.rows["door-0"].doubt == doubt, "a receipt settles nothing"
    desk.step([mark("safe", "door-0", by="leader")], T0 + 240)
    assert (one.rows["door-0"].doubt, one.rows["door-0"].people) == ("", People.SAFE)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (mark("safe", "nobody"), "rows: 'nobody' is on no open transfer list"),
        (mark("flown", "hut"), "word: expected one of"),
        (mark("back", "hut"), "note: expected why"),
        (mark("safe"), "rows: expected at least one"),
    ],
)
def test_a_mark_that_cannot_be_changes_nothing(given: object, expected: str) -> None:
    desk, _ = opened()
    before = desk.transfers.snapshot()
    desk.step([given], T0 + 60)  # type: ignore[list-item]
    assert desk.transfers.snapshot() == before
    assert expected in desk.last_refusal


def test_a_list_is_out_when_nobody_is_open_and_goes_on_until_they_are_back() -> None:
    desk, orders = opened()
    one = desk.transfers.open[0]
    desk.step([mark("safe", *one.rows)], T0 + 60)
    assert (one.state, one.n_open, one.is_open) == ("out", 0, True)
    desk.step([mark("back", "hut", note="came back")], T0 + 120)
    assert one.state == "moving"
    desk.step([orders(OrderKind.TRANSFER_CLOSE, villages=(), order=one.name)], T0 + 180)
    assert one.state == "closed"
    assert one.closed is not None
    assert one.closed.by == "zhang"


# Over, and the return.


def test_a_return_needs_the_end_an_assessment_and_two_persons() -> None:
    desk, orders = opened()
    faults = desk.order_faults(orders(OrderKind.RETURN))
    assert any("two persons" in fault for fault in faults)
    assert any("not over" in fault for fault in faults)
    desk.step([orders(OrderKind.ASSESS, verdict=SAFE)], T0 + 60)
    desk.step([orders(OrderKind.TRANSFER_OVER)], T0 + 120)
    (stream, slope) = desk.order_faults(orders(OrderKind.RETURN, second="li"))
    assert stream == "zones: Z-stream was not assessed since the danger was over (assess)"
    assert slope.startswith("zones: Z-slope")
    desk.step([orders(OrderKind.ASSESS, verdict=UNSAFE, zones=("Z-slope",))], T0 + 180)
    desk.step([orders(OrderKind.ASSESS, verdict=SAFE, zones=("Z-stream",))], T0 + 180)
    (fault,) = desk.order_faults(orders(OrderKind.RETURN, second="li"))
    assert fault == "zones: zhang found Z-slope not safe"
    same = desk.order_faults(orders(OrderKind.RETURN, second="zhang"))
    assert same == ["second: expected another person than the author"]


def test_a_zone_returns_by_its_name_and_the_last_one_closes_the_list() -> None:
    desk, orders = opened()
    one = desk.transfers.open[0]
    returned(desk, orders, zones=("Z-stream",))
    (last,) = desk.bulletins.voices_of([0])
    assert last.voice.is_away
    assert one.is_open
    desk.step([orders(OrderKind.RETURN, second="li", zones=("Z-slope",))], T0 + 900)
    assert not one.is_open
    assert not desk.bulletins.ordered(0).is_away
    assert not desk.bulletins.has_left(0)


def test_a_return_of_a_part_names_it_and_leaves_the_others() -> None:
    desk, orders = opened()
    desk.step([orders(OrderKind.TRANSFER_OVER)], T0 + 60)
    desk.step([orders(OrderKind.ASSESS, verdict=SAFE)], T0 + 120)
    (part,) = desk.step([orders(OrderKind.RETURN, second="li", zones=("Z-stream",))], T0 + 180).bulletins
    assert (part.action, part.zones, part.n) == (Action.RETURN, ("溪边",), 3)
    (whole,) = desk.step([orders(OrderKind.RETURN, second="li", zones=("Z-slope",))], T0 + 240).bulletins
    assert (whole.action, whole.zones, whole.n) == (Action.RETURN, (), 4)


def test_a_warning_of_the_same_step_keeps_a_return_back() -> None:
    desk, orders = opened()
    desk.step([orders(OrderKind.TRANSFER_OVER)], T0 + 60)
    desk.step([orders(OrderKind.ASSESS, verdict=SAFE)], T0 + 120)
    effects = desk.step([orders(OrderKind.RETURN, second="li"), rise(Level.BLUE)], T0 + 180)
    assert not effects.bulletins
    assert "a warning stands" in desk.last_refusal
    assert desk.transfers.open[0].returned == {}
    over = desk.step([fall(Level.NONE, Level.BLUE)], T0 + 240)
    assert not over.bulletins, "it does not go out by itself afterwards"


def test_people_who_left_on_a_hazards_order_return_whole() -> None:
    desk, orders = moving_desk(), Orders()
    desk.step([rise(Level.RED)], T0)
    desk.step([fall(Level.NONE, Level.RED)], T0 + 60)
    desk.step([orders(OrderKind.ASSESS, verdict=SAFE)], T0 + 120)
    (fault,) = desk.order_faults(orders(OrderKind.RETURN, second="li", zones=("Z-slope",)))
    assert "it returns whole" in fault
    (back,) = desk.step([orders(OrderKind.RETURN, second="li")], T0 + 180).bulletins
    assert back.action is Action.RETURN
    again = desk.order_faults(orders(OrderKind.RETURN, second="li"))
    assert again == [f"villages: nobody in {FIRST} was asked to go and waits to come back"]


def test_a_village_that_was_told_nothing_has_nobody_to_return() -> None:
    desk, orders = moving_desk(), Orders()
    desk.step([orders(OrderKind.ASSESS, verdict=SAFE, villages=(THIRD,))], T0)
    faults = desk.order_faults(orders(OrderKind.RETURN, THIRD, second="li"))
    assert faults == [f"villages: nobody in {THIRD} was asked to go and waits to come back"]


@pytest.mark.parametrize("policy", [AT_ONCE, BulletinPolicy()], ids=["doors heard the end", "not yet"])
@pytest.mark.parametrize("level", [Level.BLUE, Level.RED])
def test_what_was_found_safe_before_another_warning_is_assessed_again(
    policy: BulletinPolicy, level: Level
) -> None:
    desk, orders = moving_desk(policy=policy), Orders()
    desk.step([orders(OrderKind.TRANSFER, by=BY)], T0)
    desk.step([orders(OrderKind.TRANSFER_OVER)], T0 + 60)
    desk.step([orders(OrderKind.ASSESS, verdict=SAFE)], T0 + 120)
    desk.step([rise(level)], T0 + 180)
    desk.step([fall(Level.NONE, level)], T0 + 240)
    assert "places_assessed" in {record.counter for record in counters_of(desk) if record.missing}
    faults = desk.order_faults(orders(OrderKind.RETURN, second="li"))
    assert faults[0] == "zones: Z-stream was not assessed since the danger was over (assess)"
    told = desk.step([orders(OrderKind.RETURN, second="li")], T0 + 300).bulletins
    assert Action.RETURN not in {bulletin.action for bulletin in told}
    desk.step([orders(OrderKind.ASSESS, verdict=SAFE)], T0 + 360)
    (back,) = desk.step([orders(OrderKind.RETURN, second="li")], T0 + 420).bulletins
    assert back.action is Action.RETURN


def test_leaving_the_shelter_is_a_decision_of_its_own() -> None:
    desk, orders = opened()
    leave = orders(OrderKind.LEAVE_SHELTER)
    assert desk.order_faults(leave) == [f"villages: the transfer is not over in {FIRST} yet"]
    desk.step([orders(OrderKind.TRANSFER_OVER)], T0 + 60)
    effects = desk.step([leave], T0 + 120)
    assert not effects.bulletins
    assert desk.transfers.open[0].shelter[FIRST].by == "zhang"
    assert desk.transfers.open[0].returned == {}


# What survives.


def test_a_changed_register_keeps_what_was_said_and_names_who_is_lost() -> None:
    desk, _ = opened()
    desk.step([mark("safe", "boat"), mark("moving", "hut")], T0 + 60)
    network = people()
    kept = tuple(listed for listed in network.objects if listed.code not in ("hut", "boat"))
    new = replace(network.objects[0], code="hut-2")
    again = moving_desk(replace(network, objects=(*kept, new)))
    again.restore(desk.snapshot())
    one = again.transfers.open[0]
    assert [row.code for row in again.transfers.lost()] == ["hut"]
    assert one.rows["hut"].people is People.MOVING
    assert one.rows["boat"].is_lost
    assert one.rows["hut-2"].people is People.SILENT
    assert one.n_open == 7
    assert not again.change_over(T0 + 120).bulletins
    assert not again.step([], T0 + 180).bulletins


def test_people_of_a_zone_that_the_register_has_renamed_are_away_until_they_are_told_to_come_back() -> None:
    desk, orders = opened(zones=("Z-slope",))
    desk.step([orders(OrderKind.TRANSFER_OVER)], T0 + 60)
    network = people()
    renamed = tuple(replace(zone, code=f"{zone.code}-2") for zone in network.zones)
    moved = tuple(replace(row, zone=f"{row.zone}-2" if row.zone else "") for row in network.objects)
    again = moving_desk(replace(network, zones=renamed, objects=moved))
    again.restore(desk.snapshot())
    again.change_over(T0 + 120)
    assert again.transfers.ordered(0).is_away
    faults = again.order_faults(orders(OrderKind.RETURN, second="li"))
    assert faults[0].startswith("zones: Z-stream-2 was not assessed")
    again.step([orders(OrderKind.ASSESS, verdict=SAFE)], T0 + 180)
    (back,) = again.step([orders(OrderKind.RETURN, second="li")], T0 + 240).bulletins
    assert (back.action, back.zones) == (Action.RETURN, ())
    assert again.transfers.open == []


def test_a_list_of_an_exercise_ends_when_the_node_warns_for_real() -> None:
    from tests.unit.desk.county import desk_of

    drill = desk_of(people())
    drill.step([Orders()(OrderKind.TRANSFER, by=BY)], T0)
    assert drill.transfers.open[0].status is MessageStatus.EXERCISE
    real = moving_desk()
    real.restore(drill.snapshot())
    real.change_over(T0 + 60)
    assert real.transfers.open == []
    real.step([], T0 + 120)
    assert real.bulletins.standing(0) == ()


def test_a_changed_configuration_tells_a_standing_transfer_to_nobody_twice() -> None:
    policy = BulletinPolicy(settle_s=0, clear_after_s=0, remind_every_s=0)
    desk = moving_desk(policy=policy)
    desk.step([Orders()(OrderKind.TRANSFER, by=BY)], T0)
    again = moving_desk(policy=policy)
    again.restore(desk.snapshot())
    effects = again.change_over(T0 + 60)
    assert effects.bulletins == []
    assert [warning.hazard for warning in again.bulletins.standing(0)] == [TRANSFER]
    assert again.chains.of[MessageStatus.ACTUAL].turns[0].standing == {TRANSFER: Level.ORANGE}


def test_a_transfer_stands_where_it_is_not_over_and_a_drill_ends_there() -> None:
    desk, orders = opened(FIRST, THIRD)
    assert desk.transfers.standing_in() == [FIRST, THIRD]
    desk.step([orders(OrderKind.TRANSFER_OVER, THIRD)], T0 + 60)
    assert desk.transfers.standing_in() == [FIRST]
    desk.step([orders(OrderKind.TRANSFER_CLOSE, villages=(), order="o1")], T0 + 120)
    assert desk.transfers.standing_in() == []


def asked(desk: WarningDesk, orders: Orders) -> HandOrder:
    """A return that a person at a screen has asked for, of a list that is over and assessed."""
    desk.step([orders(OrderKind.TRANSFER_OVER)], T0 + 60)
    desk.step([orders(OrderKind.ASSESS, verdict=SAFE)], T0 + 120)
    order = orders(OrderKind.RETURN, asks_second=True)
    assert desk.order_faults(order) == []
    desk.step([order], T0 + 180)
    return order


def test_a_return_from_a_screen_waits_for_another_person_and_is_told_then() -> None:
    desk, orders = opened()
    order = asked(desk, orders)
    assert [waiting.order for waiting in desk.hands.state.waiting] == [order]
    assert desk.transfers.open, "nobody is told to come back by one person"
    (own,) = desk.order_faults(orders(OrderKind.RELEASE, villages=(), order=order.identifier))
    assert own.startswith("author: expected another person")
    kept = desk.hands.snapshot()
    desk.hands.restore(kept)
    agreed = replace(orders(OrderKind.RELEASE, villages=(), order=order.identifier), author="li")
    (back,) = desk.step([agreed], T0 + 240).bulletins
    assert back.action is Action.RETURN
    assert not desk.transfers.open
    assert not desk.hands.state.waiting
    assert not desk.step([agreed, order], T0 + 300).bulletins, "the same again tells nobody"


def test_what_comes_to_stand_before_the_second_person_agrees_keeps_the_return_back() -> None:
    desk, orders = opened()
    order = asked(desk, orders)
    desk.step([rise(Level.BLUE)], T0 + 200)
    agreed = replace(orders(OrderKind.RELEASE, villages=(), order=order.identifier), author="li")
    effects = desk.step([agreed], T0 + 240)
    assert not [told for told in effects.bulletins if told.action is Action.RETURN]
    assert "a warning stands" in desk.last_refusal
    assert desk.transfers.open[0].returned == {}


def test_a_return_that_nobody_agrees_to_lapses() -> None:
    desk, orders = opened()
    asked(desk, orders)
    desk.step([], T0 + 180 + 11 * MINUTE_S)
    assert not desk.hands.state.waiting
    assert desk.transfers.open
