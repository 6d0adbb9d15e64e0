"""What posts and doors report: who is on duty, heads by number, patrols; and what cannot be counted."""

from dataclasses import replace

import pytest

from tests.networks import network_of
from tests.unit.routing.villages import CODES, T0, Night, message, new_chain, numbers_of
from warnstream.model.digests import FieldReport
from warnstream.model.effects import Answer
from warnstream.model.level import Level
from warnstream.model.network import ChainPost
from warnstream.model.rules.policies import RoutingPolicy
from warnstream.model.times import HOUR_S
from warnstream.model.warning import Cause
from warnstream.routing.placing import Placing
from warnstream.routing.reports import UNCLEAR_S, PlacedReport, Reports

GRID = "grid-0"
NUMBERS = FieldReport(GRID, to_move=31, moved=20, refused=2)


def from_post(report: FieldReport, village: int = 0, fault: str = "") -> PlacedReport:
    return PlacedReport(report, village, True, fault)


def reports(people: int = 0) -> Reports:
    return Reports(lambda _village: people, 12 * HOUR_S)


def heads(known: Reports, village: int = 0) -> dict[str, int]:
    return dict(known.heads_of(village))


def test_the_newest_of_every_number_counts_and_what_is_not_said_again_stands() -> None:
    known = reports()
    known.take(from_post(NUMBERS), T0)
    known.take(from_post(FieldReport(GRID, moved=29)), T0 + 60)
    assert heads(known) == {"to_move": 31, "moved": 29, "refused": 2}
    known.take(from_post(FieldReport("town-a", moved=30)), T0 + 120)
    assert heads(known)["moved"] == 30
    assert known.state.villages[0].posts[GRID].numbers()["moved"] == 29


@pytest.mark.parametrize(
    ("number", "people", "said"),
    [(-1, 0, "below zero"), (2_001, 200, "more than ten times the 200 people"), (100_001, 0, "100000")],
)
def test_an_absurd_number_is_not_counted_and_told_in_both_languages(
    number: int, people: int, said: str
) -> None:
    known = reports(people)
    known.take(from_post(FieldReport(GRID, to_move=number, moved=1)), T0)
    assert heads(known) == {}
    (unclear,) = known.state.unclear
    assert said in unclear.why
    assert "应转" in unclear.why


def test_ten_times_the_people_known_is_still_counted_and_marked() -> None:
    known = reports(200)
    known.take(from_post(FieldReport(GRID, to_move=2_000)), T0)
    assert heads(known) == {"to_move": 2_000}
    assert "2000 is more than the 200 people known" in known.state.villages[0].doubt()


def test_numbers_that_do_not_add_up_are_counted_and_marked_until_they_do() -> None:
    known = reports()
    known.take(from_post(FieldReport(GRID, to_move=31, moved=30, refused=2)), T0)
    assert "moved 30 and refused 2 are more than 31" in known.state.villages[0].doubt()
    known.take(from_post(FieldReport(GRID, moved=29)), T0)
    assert known.state.villages[0].doubt() == ""


def test_a_report_that_cannot_be_counted_is_told_until_its_sender_reports_again_or_time_passes() -> None:
    known = reports()
    known.take(from_post(NUMBERS, -1, "which village?"), T0)
    known.take(from_post(FieldReport("town-a", to_move=5), -1, "which village?"), T0)
    assert [report.sender for report in known.state.unclear] == [GRID, "town-a"]
    known.take(from_post(NUMBERS), T0 + 60)
    assert [report.sender for report in known.state.unclear] == ["town-a"]
    known.forget_old(T0 + UNCLEAR_S)
    assert known.state.unclear == []
    assert known.state.n_unclear == 2


def test_a_post_that_signs_in_is_on_duty_for_its_time() -> None:
    known = reports()
    known.take(from_post(FieldReport(GRID, on_duty=True), -1), T0)
    known.forget_old(T0 + 12 * HOUR_S - 1)
    assert known.state.on_duty == {GRID: T0}
    known.forget_old(T0 + 12 * HOUR_S)
    assert known.state.on_duty == {}


def test_patrols_are_kept_by_village_and_hour_and_old_hours_go() -> None:
    known, hour_s = reports(), T0 - T0 % HOUR_S
    for at_s in (hour_s + 60, hour_s + 120, hour_s + HOUR_S):
        known.take(from_post(FieldReport(GRID, patrolled=True)), at_s)
    assert list(known.state.villages[0].patrols) == [hour_s, hour_s + HOUR_S]
    known.take(from_post(FieldReport("town-a", patrolled=True)), hour_s + 48 * HOUR_S)
    assert known.state.villages[0].patrols == {hour_s + HOUR_S: GRID, hour_s + 48 * HOUR_S: "town-a"}


# In the chain.


def test_the_next_digest_has_the_numbers_and_a_new_episode_begins_without_them() -> None:
    night = Night()
    night.rise(Level.YELLOW)
    night.step(from_post(NUMBERS))
    night.rise(Level.RED, wait_s=200)
    (line,) = night.last("leader").lines
    assert dict(line.heads) == {"to_move": 31, "moved": 20, "refused": 2}
    night.fall(Level.NONE, wait_s=200)
    assert dict(night.chain.reports.heads_of(0)) != {}, "people are in shelters after the end"
    night.rise(Level.YELLOW, wait_s=200)
    assert night.chain.reports.heads_of(0) == ()


def test_the_number_of_people_in_need_stands_in_the_digest_that_rings_for_them() -> None:
    night = Night()
    night.rise(Level.RED)
    night.wait(120)
    night.help_of_door("door")
    night.step(PlacedReport(FieldReport("door", "m", in_need=3), 0, False), wait_s=120)
    (call,) = night.chain.helps.of_name.values()
    assert call.heads == 3
    night.wait(600)
    assert night.last(GRID).helps[0].heads == 3


def test_one_person_in_need_counts_and_none_takes_no_number_away() -> None:
    night = Night()
    night.help_of_door("door-7")
    night.step(PlacedReport(FieldReport("door-7", "m", in_need=1), 0, False))
    (call,) = night.chain.helps.of_name.values()
    assert call.heads == 1
    night.step(PlacedReport(FieldReport("door-7", "m", in_need=0), 0, False))
    assert call.heads == 1


def test_reports_outlive_a_restart_and_follow_a_village_that_moves_in_the_register() -> None:
    night = Night()
    night.step(message(1, Level.RED, Cause.RAISED, night.now_s))
    night.step(from_post(NUMBERS, 1), from_post(FieldReport("leader", on_duty=True), -1))
    night.step(from_post(FieldReport("town-a", moved=1), -1, "which village?"))
    before = night.chain.reports.state
    night.restart()
    assert night.chain.reports.state == before
    moved = new_chain()
    moved.restore(night.chain.snapshot(CODES), numbers_of(("v1", "v0")))
    assert dict(moved.reports.heads_of(0)) == {"to_move": 31, "moved": 20, "refused": 2}
    assert moved.reports.state.on_duty == before.on_duty


def test_an_answer_and_a_report_are_two_things() -> None:
    night = Night(new_chain(RoutingPolicy()))
    night.rise(Level.YELLOW)
    night.step(from_post(NUMBERS))
    assert night.state() == "calling"
    night.answer(GRID, Answer.ACKNOWLEDGED)
    assert night.state() == "heard"


# Which village is meant.

NETWORK = replace(
    network_of(1, 3),
    chain=(
        ChainPost("grid", "grid member", 1, "V0", "sms", "1"),
        ChainPost("county", "officer", 3, "*", "sms", "3"),
    ),
)


def placed(report: FieldReport, *standing: int) -> PlacedReport:
    return Placing(NETWORK).of_post(report, lambda village: village in standing)


def test_a_post_of_one_village_means_it_whatever_stands() -> None:
    assert placed(FieldReport("grid", moved=1)).village == 0


def test_a_post_of_many_means_the_one_that_it_names_or_the_only_one_where_something_stands() -> None:
    assert placed(FieldReport("county", village="V2", moved=1)).village == 2
    assert placed(FieldReport("county", moved=1), 1).village == 1


def test_a_post_of_many_that_names_none_is_asked_which() -> None:
    asked = placed(FieldReport("county", moved=1), 0, 1)
    assert asked.village == -1
    assert "which village?" in asked.fault
    assert "V0、V1" in asked.fault


def test_a_village_of_others_is_refused_by_name() -> None:
    assert "V2: no village of this post" in placed(FieldReport("grid", village="V2", moved=1)).fault


def test_signing_in_and_a_call_for_help_need_no_village() -> None:
    assert placed(FieldReport("county", on_duty=True), 0, 1).fault == ""
    assert placed(FieldReport("county", in_need=3), 0, 1).fault == ""


def test_a_door_has_no_duty_and_no_round() -> None:
    assert Placing.of_door(FieldReport("door", patrolled=True), 0).fault
    assert Placing.of_door(FieldReport("door", moved=4), 0).fault == ""


def test_of_two_numbers_the_one_with_the_later_true_time_counts_whichever_came_first() -> None:
    known = reports()
    known.take(from_post(FieldReport(GRID, moved=29)), T0)
    known.take(from_post(FieldReport(GRID, moved=20, refused=2, happened_s=T0 - HOUR_S)), T0 + 60)
    assert heads(known) == {"moved": 29, "refused": 2}
    known.take(from_post(FieldReport(GRID, moved=31, happened_s=T0 + 30)), T0 + 120)
    assert heads(known)["moved"] == 31


def test_a_true_time_that_cannot_be_is_not_counted() -> None:
    known = reports()
    known.take(from_post(FieldReport(GRID, moved=29, happened_s=T0 + HOUR_S)), T0)
    assert heads(known) == {}
    assert "last 7 days" in known.state.unclear[0].why


def test_a_patrol_that_is_told_late_stands_in_the_hour_in_which_it_was() -> None:
    known = reports()
    known.take(from_post(FieldReport(GRID, patrolled=True, happened_s=T0 - 3 * HOUR_S)), T0)
    (hour,) = known.state.villages[0].patrols
    assert hour <= T0 - 3 * HOUR_S < hour + HOUR_S
