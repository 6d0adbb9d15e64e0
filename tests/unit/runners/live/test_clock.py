"""Whose time a node goes by: the system's, a steady one, or the stations'."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnstream.runners.live.clock import (
    FIRST_WAIT_S,
    HOLD_S,
    REPORT_S,
    SETTLE_S,
    NodeClock,
    Trust,
    Verdict,
    Votes,
    count_votes,
    decide,
)

T0 = 1_781_740_800
DAY = 86_400
TEN_YEARS = 3_653 * DAY
FUTURE_S = 120


class Told:
    """An alarm port that remembers what stands."""

    def __init__(self) -> None:
        self.standing: dict[str, str] = {}
        self.blocking = False

    def raise_alarm(self, key: str, text: str, *, is_blocking: bool = True, zh: str = "") -> None:
        assert zh
        self.standing[key], self.blocking = text, is_blocking

    def end_alarm(self, key: str) -> None:
        self.standing.pop(key, None)


class World:
    """True time, a system clock that may be off, stations, and a node that ticks every second."""

    def __init__(self, n_stations: int = 10, off_s: float = 0.0) -> None:
        self.true_s, self.off_s = float(T0), off_s
        self.alarms = Told()
        self.waiting: dict[int, int] = {}
        self.n_stations = n_stations
        self.clock = self._new_clock()
        self.engine_s = -1
        self.refused: list[float] = []

    def _new_clock(self) -> NodeClock:
        return NodeClock(
            jump_s_max=60,
            future_s_max=FUTURE_S,
            n_stations=self.n_stations,
            alarms=self.alarms,
            wall=lambda: self.true_s + self.off_s,
            steady=lambda: self.true_s - 12_345,
        )

    def restart(self, after_s: float, *, is_accepted: bool = False) -> None:
        self.true_s += after_s
        self.clock, self.waiting = self._new_clock(), {}
        self.clock.begin(self.engine_s, is_accepted=is_accepted)

    def goes_on(self, seconds: int, reports: int = 1, off_s: int = 0) -> None:
        """Every second a tick; so many stations in turn report their present, as their clocks have it."""
        for second in range(seconds):
            self.true_s += 1
            for number in range(reports):
                station = (second * reports + number) % self.n_stations
                self.waiting[station] = int(self.true_s) + off_s
            self.tick()

    def tick(self) -> None:
        now_s = self.clock.tick(self.engine_s, lambda: self.waiting)
        if now_s is None:
            return
        assert now_s >= self.engine_s
        self.engine_s = now_s
        late_s = [now_s - observed_s for observed_s in self.waiting.values()]
        self.refused += [seconds for seconds in late_s if seconds < -FUTURE_S or seconds > 6 * 3600]
        self.waiting.clear()

    @property
    def error_s(self) -> float:
        return self.engine_s - self.true_s


def started() -> World:
    world = World()
    world.clock.begin(-1)
    world.goes_on(60)
    assert world.error_s == 0
    return world


@pytest.mark.parametrize("off_s", [DAY, -DAY, TEN_YEARS, 3_600, -3_600, 61, -61])
def test_a_clock_that_is_wrong_for_twelve_seconds_moves_nothing(off_s: int) -> None:
    world = started()
    world.off_s = off_s
    world.goes_on(12)
    assert world.error_s == 0
    assert ("ahead of" if off_s > 0 else "behind") in world.alarms.standing["clock"]
    assert not world.alarms.blocking
    world.off_s = 0
    world.goes_on(1)
    assert world.alarms.standing == {}
    assert (world.error_s, world.refused) == (0, [])


@pytest.mark.parametrize("off_s", [DAY, -DAY])
def test_a_clock_that_stays_wrong_is_never_followed(off_s: int) -> None:
    world = started()
    world.off_s = off_s
    world.goes_on(3 * 3600)
    assert (world.error_s, world.refused) == (0, [])


@pytest.mark.parametrize("off_s", [2, -2, 60, -60])
def test_a_step_of_a_time_server_is_followed(off_s: int) -> None:
    world = started()
    world.off_s = off_s
    world.goes_on(300)
    assert world.alarms.standing == {}
    assert world.error_s == off_s


def test_a_machine_that_slept_is_believed_once_stations_confirm_it() -> None:
    world = started()
    steady = world.true_s  # the steady clock stood still meanwhile
    world.true_s += 7_200
    world.clock._steady = lambda: world.true_s - 12_345 - 7_200
    assert steady < world.true_s
    world.goes_on(SETTLE_S + 5)
    assert (world.error_s, world.refused, world.alarms.standing) == (0, [], {})


def test_a_few_stations_with_a_wrong_clock_do_not_move_a_node() -> None:
    world = started()
    world.off_s = DAY
    for _ in range(HOLD_S * 2):
        world.waiting |= {0: int(world.true_s) + DAY, 1: int(world.true_s) + DAY}
        world.goes_on(1, reports=3)
        world.waiting.clear()
    assert abs(world.error_s) < HOLD_S


@pytest.mark.parametrize("off_s", [TEN_YEARS, -TEN_YEARS, DAY, -DAY])
def test_a_first_start_with_a_wrong_clock_takes_the_stations_time(off_s: int) -> None:
    world = World(off_s=off_s)
    world.clock.begin(-1)
    world.goes_on(HOLD_S + 10)
    assert abs(world.error_s) <= 1
    assert world.refused == []
    assert "clock" in world.alarms.standing


@pytest.mark.parametrize("off_s", [TEN_YEARS, -TEN_YEARS, DAY, -DAY])
@pytest.mark.parametrize("outage_s", [30, 3_600, DAY])
def test_a_restart_with_a_wrong_clock_takes_the_stations_time(off_s: int, outage_s: int) -> None:
    world = started()
    world.off_s = off_s
    world.restart(outage_s)
    world.goes_on(HOLD_S + 10)
    assert abs(world.error_s) <= (30 if outage_s == 30 else 1)
    assert world.refused == []


def test_a_start_after_a_real_outage_of_a_day_goes_by_the_clock_once_stations_report() -> None:
    world = started()
    world.restart(DAY)
    world.goes_on(20, reports=0)
    assert "warnstream clock accept" in world.alarms.standing["clock"]
    assert world.error_s == -DAY, "warnings' timers go on from the last step meanwhile"
    world.goes_on(4)
    assert (world.error_s, world.alarms.standing) == (0, {})


def test_what_stations_kept_during_an_outage_is_never_judged_as_of_now() -> None:
    world = started()
    world.restart(DAY)
    stepped_s = world.engine_s
    for minutes in range(0, 24 * 60, 60):  # an hour of everybody's memory a second, then the present
        world.waiting |= dict.fromkeys(range(10), int(world.true_s) - DAY + 60 * minutes)
        world.goes_on(1, reports=0)
    assert world.engine_s - stepped_s <= SETTLE_S
    world.goes_on(5)
    assert world.error_s == 0


def test_an_ordinary_restart_waits_for_nobody() -> None:
    world = started()
    world.restart(300)
    world.goes_on(1, reports=0)
    assert (world.error_s, world.alarms.standing) == (0, {})


def test_one_station_with_a_fast_clock_holds_no_restart_up() -> None:
    world = started()
    world.restart(60)
    world.goes_on(2)
    world.waiting[0] = int(world.true_s) + 1_800
    world.goes_on(3)
    assert world.error_s == 0


def test_a_first_start_without_any_reading_believes_the_clock_after_a_while() -> None:
    world = World()
    world.clock.begin(-1)
    world.goes_on(FIRST_WAIT_S - 1, reports=0)
    assert world.engine_s == -1
    world.goes_on(2, reports=0)
    assert world.error_s == 0


def test_a_person_does_not_wait_for_the_first_reading_of_a_first_start() -> None:
    world = World()
    world.clock.begin(-1)
    assert world.clock.tick(-1, dict) is None
    assert world.clock.tick(-1, dict, is_asked=True) == int(world.true_s)


def test_the_duty_officer_may_accept_a_jump() -> None:
    world = started()
    world.off_s = DAY
    world.goes_on(12, reports=0)
    world.clock.accept()
    world.goes_on(1, reports=0)
    assert (world.error_s, world.alarms.standing) == (DAY, {})


def test_accepted_while_the_node_was_down_counts_at_the_start() -> None:
    world = started()
    world.restart(DAY, is_accepted=True)
    world.goes_on(1, reports=0)
    assert (world.error_s, world.alarms.standing) == (0, {})


def test_an_accepted_clock_behind_the_last_step_stands_still_and_is_no_readiness() -> None:
    world = started()
    world.off_s = -3_600
    world.clock.accept()
    world.goes_on(10, reports=0)
    assert "behind the last step" in world.alarms.standing["clock"]
    assert world.alarms.blocking
    world.goes_on(3_600, reports=0)
    assert world.alarms.standing == {}


def test_a_clock_behind_the_last_step_is_never_followed_by_votes() -> None:
    votes = Votes(system=50, steady=0, later=[])
    for trust in Trust:
        assert decide(votes, trust, 3, HOLD_S, is_behind=True) is not Verdict.SYSTEM


def test_a_reading_that_fits_both_times_or_neither_is_no_vote() -> None:
    votes = count_votes([T0 - 60, T0 - 2 * REPORT_S, T0 + DAY / 2, T0 + DAY], T0 + 300, T0, FUTURE_S)
    assert (votes.system, votes.steady) == (0, 0)
    assert votes.later == [T0 + DAY, T0 + DAY / 2]


@given(
    st.sampled_from([DAY, -DAY, TEN_YEARS, -TEN_YEARS, 7_200, -7_200]),
    st.lists(st.integers(0, 3), min_size=1, max_size=200),
    st.integers(1, 60),
)
def test_whatever_reports_while_the_clock_is_wrong_true_readings_are_judged(
    off_s: int, reports: list[int], wrong_for_s: int
) -> None:
    world = started()
    for second, of_second in enumerate(reports):
        world.off_s = off_s if second < wrong_for_s else 0
        world.goes_on(1, reports=of_second)
    assert world.refused == []
    assert world.error_s == 0
