"""What rings the officer on duty: each rule by itself, in engine time."""

import itertools
from itertools import count

import pytest

from warnstream.duty import DutyDesk, OfficerAlarm
from warnstream.model.hands.duty import (
    COUNTY,
    SHIFT_S,
    DutyAct,
    DutyKind,
    DutyPolicy,
    Found,
    Place,
    Ring,
    Trouble,
    Urgency,
)
from warnstream.model.level import Level
from warnstream.model.times import HOUR_S, MINUTE_S

T0 = 1_800_000_000
UPPER: Place = ("North", "Upper")
LOWER: Place = ("South", "Lower")
PLAN = (("C1", "*"), ("C2", "*"))
numbers = count()


def desk_of() -> DutyDesk:
    return DutyDesk(("V0", "V1"), PLAN)


def help_call(opened_s: int = T0, place: Place = UPPER, level: Level = Level.RED) -> Found:
    return Found(place, Trouble.HELP, opened_s, 0 if place == UPPER else 1, level)


def rise(level: Level = Level.ORANGE, place: Place = UPPER) -> Found:
    return Found(place, Trouble.RISE, int(level), 0, level)


def act(kind: DutyKind, person: str = "zhang", **said: object) -> DutyAct:
    return DutyAct(f"act-{next(numbers)}", kind, person, **said)  # type: ignore[arg-type]


def see(place: Place = UPPER, urgency: Urgency = Urgency.A, for_s: int = 0) -> DutyAct:
    return act(DutyKind.SEE, place=place, urgency=int(urgency), for_s=for_s)


def alarm(desk: DutyDesk, place: Place = UPPER, urgency: Urgency = Urgency.A) -> OfficerAlarm:
    return desk.alarms.of[place, urgency]


def posts(rings: list[Ring]) -> list[tuple[str, ...]]:
    return [ring.posts for ring in rings]


def test_one_alarm_a_township_and_class_whatever_is_wrong_there() -> None:
    desk = desk_of()
    dry = Found(UPPER, Trouble.DRY, 2, 0, Level.RED)
    desk.step([help_call(), dry, rise(), help_call(place=LOWER)], T0)
    assert [(warning.place, warning.urgency) for warning in desk.alarms.standing()] == [
        (UPPER, Urgency.A),
        (LOWER, Urgency.A),
        (UPPER, Urgency.B),
    ]
    assert set(alarm(desk).badness) == {Trouble.HELP, Trouble.DRY}


@pytest.mark.parametrize(
    ("trouble", "urgency"),
    [
        (Trouble.HELP, Urgency.A),
        (Trouble.RELEASE, Urgency.A),
        (Trouble.DRY, Urgency.A),
        (Trouble.RISE, Urgency.B),
        (Trouble.CHANNEL, Urgency.B),
        (Trouble.NODE, Urgency.B),
    ],
)
def test_every_trouble_has_its_class(trouble: Trouble, urgency: Urgency) -> None:
    assert trouble.urgency is urgency


def test_seen_is_silent_until_it_worsens() -> None:
    desk = desk_of()
    desk.step([help_call(T0)], T0)
    desk.apply(see(), T0 + 10)
    desk.step([help_call(T0)], T0 + 20)
    assert alarm(desk).is_seen(T0 + 20)
    assert alarm(desk).seen_by == "zhang"
    desk.step([help_call(T0 + 25)], T0 + 90)  # another door has called
    assert not alarm(desk).is_seen(T0 + 90)
    assert alarm(desk).raised == 2


def test_another_trouble_of_the_class_is_worse() -> None:
    desk = desk_of()
    desk.step([help_call()], T0)
    desk.apply(see(), T0)
    desk.step([help_call(), Found(UPPER, Trouble.DRY, 1, 0, Level.RED)], T0 + 5)
    assert not alarm(desk).is_seen(T0 + 5)


@pytest.mark.parametrize(
    ("level", "asked_s", "lasts_s"),
    [
        (Level.RED, 0, 15 * MINUTE_S),
        (Level.RED, 2 * HOUR_S, 15 * MINUTE_S),
        (Level.RED, MINUTE_S, MINUTE_S),
        (Level.ORANGE, 0, HOUR_S),
        (Level.ORANGE, 2 * HOUR_S, HOUR_S),
    ],
)
def test_what_was_seen_expires_sooner_at_red(level: Level, asked_s: int, lasts_s: int) -> None:
    desk = desk_of()
    desk.step([help_call(level=level)], T0)
    desk.apply(see(for_s=asked_s), T0)
    desk.step([help_call(level=level)], T0 + lasts_s - 1)
    assert alarm(desk).is_seen(T0 + lasts_s - 1)
    desk.step([help_call(level=level)], T0 + lasts_s)
    assert not alarm(desk).is_seen(T0 + lasts_s)
    assert alarm(desk).raised == 2, "it is news again"


def test_class_b_that_was_seen_is_no_news_when_that_is_over() -> None:
    desk = desk_of()
    desk.step([rise()], T0)
    desk.apply(see(urgency=Urgency.B), T0)
    desk.step([rise()], T0 + 2 * HOUR_S)
    assert not alarm(desk, urgency=Urgency.B).is_seen(T0 + 2 * HOUR_S)
    assert alarm(desk, urgency=Urgency.B).raised == 1


def test_what_comes_back_within_ten_minutes_is_the_same_alarm_unless_worse() -> None:
    desk = desk_of()
    desk.step([rise()], T0)
    desk.apply(see(urgency=Urgency.B), T0)
    for minute in range(1, 9):  # comes and goes
        desk.step([rise()] if minute % 2 else [], T0 + minute * MINUTE_S)
    assert alarm(desk, urgency=Urgency.B).raised == 1
    desk.step([rise(Level.RED)], T0 + 10 * MINUTE_S)
    assert alarm(desk, urgency=Urgency.B).raised == 2
    desk.step([], T0 + 11 * MINUTE_S)
    desk.step([], T0 + 21 * MINUTE_S)
    desk.step([rise()], T0 + 22 * MINUTE_S)
    assert alarm(desk, urgency=Urgency.B).raised == 1, "after ten minutes of nothing it is a new one"


def test_nobody_on_duty_the_plan_is_rung_one_after_the_other_then_anew() -> None:
    desk, rung = desk_of(), []
    for second in range(0, 20 * MINUTE_S, 5):
        rung += [(second, *ring.posts) for ring in desk.step([help_call()], T0 + second)]
    assert rung == [
        (3 * MINUTE_S, "C1"),
        (6 * MINUTE_S, "C2"),
        (16 * MINUTE_S, "C1"),
        (19 * MINUTE_S, "C2"),
    ]


def test_the_officers_own_post_is_rung_first_and_only_for_their_area() -> None:
    desk = desk_of()
    desk.apply(act(DutyKind.TAKE_SHIFT, "zhang", area="North", post="P1"), T0)
    desk.apply(act(DutyKind.TAKE_SHIFT, "li", area="South", post="P2"), T0)
    found = [help_call(), help_call(place=LOWER)]
    desk.step(found, T0)
    assert posts(desk.step(found, T0 + 3 * MINUTE_S)) == [("P1",), ("P2",)]
    (ring,) = desk.step(found, T0 + 6 * MINUTE_S)
    assert (ring.posts, ring.places) == (("C1",), (UPPER, LOWER)), "one that says both"


def test_a_post_is_rung_every_three_minutes_at_most_and_for_its_own_area() -> None:
    desk = DutyDesk(("V0", "V1"), (("C1", "North"), ("C2", "South")))
    rung: list[tuple[int, tuple[str, ...], int]] = []
    for second in range(0, 30 * MINUTE_S, 5):
        places = [("North", f"town {number}") for number in range(min(second // 20, 40))]
        found = [help_call(place=place) for place in places]
        rung += [(second, ring.posts, len(ring.places)) for ring in desk.step(found, T0 + second)]
    times = [second for second, _, _ in rung]
    assert min(after - before for before, after in itertools.pairwise(times)) >= 3 * MINUTE_S
    assert {posts for _, posts, _ in rung} == {("C1",)}
    assert max(count for _, _, count in rung) > 1


def test_what_comes_and_goes_unseen_is_rung_as_soon_as_if_it_had_stayed() -> None:
    """Two minutes on, one off: each time is shorter than the three minutes after which somebody is rung."""
    desk, rung = desk_of(), []
    for minute in range(8):
        found = [] if minute % 3 == 2 else [help_call()]
        rung += [(minute, ring.posts) for ring in desk.step(found, T0 + minute * MINUTE_S)]
    assert rung == [(3, ("C1",)), (6, ("C2",))]
    assert desk.alarms.n_raised == 1, "and is no news each time"


def test_who_has_seen_it_is_not_rung_and_b_rings_nobody() -> None:
    desk = desk_of()
    found = [help_call(level=Level.ORANGE), rise(place=LOWER)]
    desk.step(found, T0)
    desk.apply(see(), T0 + MINUTE_S)
    assert desk.step(found, T0 + 3 * MINUTE_S) == []
    assert desk.step(found, T0 + 59 * MINUTE_S) == []


def test_a_worse_state_does_not_put_off_the_posts() -> None:
    desk, rung = desk_of(), []
    for second in range(0, 4 * MINUTE_S, 5):  # a door more calls every five seconds
        rung += desk.step([help_call(T0 + second)], T0 + second)
    assert posts(rung) == [("C1",)]


def test_a_shift_relieves_its_area_and_ends_by_itself() -> None:
    desk = desk_of()
    desk.apply(act(DutyKind.TAKE_SHIFT, "zhang", area="*", post="P1"), T0)
    desk.apply(act(DutyKind.HAND_OVER, "zhang", other="li", note="gauge 7 is loose"), T0 + 10)
    assert [(shift.person, shift.offered) for shift in desk.shifts.of] == [("zhang", "li")], (
        "until the other takes it"
    )
    desk.apply(act(DutyKind.TAKE_SHIFT, "li", area="*"), T0 + 20)
    assert [shift.person for shift in desk.shifts.of] == ["li"]
    desk.step([], T0 + 20 + SHIFT_S - 1)
    assert desk.shifts.has("li")
    desk.step([], T0 + 20 + SHIFT_S)
    assert not desk.shifts.of


def test_a_shift_that_was_taken_before_anything_was_judged_lasts_as_long() -> None:
    desk = desk_of()
    desk.apply(act(DutyKind.TAKE_SHIFT, "li", area="*"), -1)
    desk.step([], T0)
    assert [shift.since_s for shift in desk.shifts.of] == [T0]
    desk.step([], T0 + SHIFT_S)
    assert not desk.shifts.of


def test_more_than_ten_in_ten_minutes_are_a_flood_until_fewer_than_five() -> None:
    desk = desk_of()
    found = [rise(place=("North", f"town {number}")) for number in range(11)]
    desk.step(found[:10], T0)
    assert not desk.alarms.is_flood
    desk.step(found, T0 + MINUTE_S)
    assert desk.alarms.is_flood
    desk.step(found, T0 + 10 * MINUTE_S - 1)
    assert desk.alarms.is_flood
    desk.step(found, T0 + 10 * MINUTE_S)
    assert not desk.alarms.is_flood, "one is left of the last ten minutes"


def test_an_act_of_one_identifier_is_done_once() -> None:
    desk = desk_of()
    desk.step([help_call()], T0)
    once = see()
    desk.apply(once, T0)
    desk.step([help_call(T0 + 5)], T0 + 10)
    desk.apply(once, T0 + 20)
    assert not alarm(desk).is_seen(T0 + 20)


def test_what_concerns_the_node_is_everybodys() -> None:
    desk = desk_of()
    desk.apply(act(DutyKind.TAKE_SHIFT, "zhang", area="North", post="P1"), T0)
    desk.step([Found(COUNTY, Trouble.CHANNEL, 1, -1)], T0)
    assert alarm(desk, COUNTY, Urgency.B).stands
    assert desk.shifts.of[0].answers_for(COUNTY, "")


def test_a_snapshot_at_any_step_continues_exactly() -> None:
    found = [[help_call()], [help_call(), rise()], [rise()], [], [help_call(T0 + 100), rise(Level.RED)]]
    acts = {1: act(DutyKind.TAKE_SHIFT, "zhang", area="*", post="P1"), 3: see(urgency=Urgency.B)}
    whole, cut = desk_of(), desk_of()
    for number in range(40):
        if number in acts:
            whole.apply(acts[number], T0 + number * 60)
            cut.apply(acts[number], T0 + number * 60)
        state, cut = cut.snapshot(), desk_of()
        cut.restore(state)
        given = found[number % len(found)], T0 + number * 60
        assert cut.step(*given) == whole.step(*given)
        assert cut.snapshot() == whole.snapshot()
    with pytest.raises(ValueError, match="not a snapshot"):
        whole.restore(b"x")


def test_the_limits_of_the_standard_are_the_defaults() -> None:
    """ISA-18.2 (2016) calls more than ten alarms in ten minutes a flood, over below five."""
    policy = DutyPolicy()
    assert (policy.flood_begins, policy.flood_ends, policy.flood_window_s) == (10, 5, 600)
