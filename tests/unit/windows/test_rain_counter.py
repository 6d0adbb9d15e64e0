"""Totals that fall, come back, wrap, are exchanged or reset late: what is rain and what is not."""

from collections.abc import Sequence

import numpy as np
import pytest

from tests.networks import T0, network_of
from warnstream.model.observations.counter_forms import CounterForm
from warnstream.model.observations.rain_limits import RainLimits
from warnstream.model.observations.readings import (
    COUNTER_FLAGS,
    Flag,
    Variable,
    batch_of,
)
from warnstream.model.rules.policies import CounterPolicy
from warnstream.windows.counters import RainCounters
from warnstream.windows.rain_window import RainWindow

PT, PJ = Variable.RAIN_TOTAL, Variable.RAIN_DAY
FELL, RETURNED, BEGAN = Flag.COUNTER_FELL, Flag.COUNTER_RETURNED, Flag.COUNTER_BEGAN
MIN, HOUR = 60, 3600
Row = tuple[int, float] | tuple[int, float, int]


class Gauge:
    """A counter and the window that its rain goes into."""

    def __init__(self, policy: CounterPolicy | None = None, own: CounterForm | None = None) -> None:
        stations = network_of(1, 1).stations
        if own is not None:
            stations.counter_forms[0] = own  # type: ignore[index]
        self._stations = stations
        self._policy = policy or CounterPolicy()
        self.counters = self._new()
        self.window = RainWindow(stations.interval_s, span_s=50 * HOUR, grace_s=120)
        self.flags: list[int] = []

    def _new(self) -> RainCounters:
        return RainCounters(self._stations, self._policy, limits=RainLimits(20), spread_s_max=24 * HOUR)

    def read(self, variable: Variable, rows: Sequence[Row]) -> list[int]:
        """Rows of seconds after T0, total and optionally source; flags of them."""
        if not rows:
            return []
        n = len(rows)
        at_s, value = [T0 + row[0] for row in rows], [row[1] for row in rows]
        source = [row[2] if len(row) == 3 else 0 for row in rows]
        batch = batch_of([0] * n, [variable] * n, at_s, value, sequence=source)
        grown, flags = self.counters.step(variable, batch)
        for rise in grown:
            self.window.reconcile(rise.station, rise.begin_s, rise.end_s, rise.rain_mm, rise.is_observed)
        found: list[int] = flags.tolist()
        self.flags += found
        return found

    def restart(self) -> None:
        """Go on from a snapshot."""
        state = self.counters.snapshot()
        self.counters = self._new()
        self.counters.restore(state)

    @property
    def rain_mm(self) -> float:
        """All rain of the window."""
        begin = np.full(1, self.window.oldest_min)
        rain_mm, _ = self.window.between(begin, int(self.window.last_observed_s[0]) // MIN + 1)
        return round(float(rain_mm[0]), 3)


def rain_of(rows: Sequence[Row], policy: CounterPolicy | None = None, variable: Variable = PT) -> float:
    gauge = Gauge(policy)
    gauge.read(variable, rows)
    return gauge.rain_mm


def every(step_s: int, *values: float) -> list[Row]:
    return [(step_s * number, value) for number, value in enumerate(values)]


def test_a_counter_that_falls_and_comes_back_is_no_rain() -> None:
    gauge = Gauge()
    assert gauge.read(PT, every(5 * MIN, 80.4, 0, 80.4)) == [0, FELL, RETURNED]
    assert gauge.rain_mm == 0


@pytest.mark.parametrize("wrap_mm", [None, 81, 100, 1000])
@pytest.mark.parametrize("dips", [1, 2, 5])
@pytest.mark.parametrize("step_s", [MIN, 5 * MIN, 15 * MIN, HOUR])
def test_a_return_is_none_however_long_the_fall_and_whatever_the_modulus(
    wrap_mm: float | None, dips: int, step_s: int
) -> None:
    rows = every(step_s, 80.2, 80.4, *[0.0] * dips, 80.4, 80.4, 80.6)
    assert rain_of(rows, CounterPolicy(wrap_mm=wrap_mm)) == pytest.approx(0.4)


def test_a_wrap_to_zero_counts_when_it_rains_again() -> None:
    gauge = Gauge(CounterPolicy(wrap_mm=100))
    assert gauge.read(PT, every(5 * MIN, 99.0, 99.6, 0, 0, 0.2)) == [0, 0, FELL, 0, 0]
    assert gauge.rain_mm == pytest.approx(1.2)
    assert gauge.read(PT, [(3600, 4.2)]) == [0]
    assert gauge.rain_mm == pytest.approx(5.2)


def test_rain_while_a_counter_was_away_counts_when_it_comes_back() -> None:
    assert rain_of(every(5 * MIN, 80.0, 80.4, 0, 0, 82.0)) == 2.0


def test_a_total_that_comes_back_a_little_lower_is_no_rain() -> None:
    """A logger that saves its total once an hour."""
    gauge = Gauge()
    flags = gauge.read(PT, every(5 * MIN, 80.0, 80.4, 0, 79.8, 79.8, 80.0))
    assert flags == [0, 0, FELL, BEGAN, 0, 0]
    assert gauge.rain_mm == pytest.approx(0.6)


def test_rain_right_after_a_reset_counts() -> None:
    assert rain_of(every(5 * MIN, 80.0, 80.4, 0, 0.6, 1.8, 1.8)) == pytest.approx(0.4 + 1.8)


def test_a_reset_in_the_middle_of_a_storm_loses_nothing_it_has_measured() -> None:
    assert rain_of(every(5 * MIN, 80, 84, 89, 4.0, 9.0, 13.0)) == 9.0 + 13.0


def test_a_reset_total_climbs_past_what_it_was_before() -> None:
    rows = every(5 * MIN, 6.0, 6.2, 0, 1, 2, 3, 4, 5, 6, 7, 8)
    assert rain_of(rows) == pytest.approx(0.2 + 8)


def test_a_gauge_exchanged_for_one_with_a_higher_total_brings_no_rain() -> None:
    gauge = Gauge()
    flags = gauge.read(PT, every(5 * MIN, 10, 10.2, 70, 70, 70.4))
    assert flags == [0, 0, BEGAN, 0, 0]
    assert gauge.rain_mm == pytest.approx(0.6)


def test_a_cloudburst_beyond_half_the_record_counts_when_the_next_reading_goes_on() -> None:
    gauge = Gauge()
    gauge.read(PT, every(5 * MIN, 10, 14, 69))
    assert gauge.rain_mm == 4
    gauge.read(PT, [(900, 89)])
    assert gauge.rain_mm == 79


def test_an_hourly_cloudburst_waits_for_nothing() -> None:
    """Zhengzhou, 20 July 2021: 201.9 mm in an hour."""
    assert rain_of(every(HOUR, 10, 14, 215.9)) == pytest.approx(205.9)


def test_an_increment_beyond_the_record_is_doubted_and_one_far_beyond_it_set_aside() -> None:
    gauge = Gauge()
    assert gauge.read(PT, every(HOUR, 0, 10, 420, 1620)) == [0, 0, Flag.RECORD, Flag.OUT_OF_RANGE]


def test_a_changed_factor_is_a_new_beginning() -> None:
    gauge = Gauge()
    flags = gauge.read(PT, [(0, 80.0), (300, 80.2), (600, 100.25, 7), (900, 100.5, 7)])
    assert flags == [0, 0, BEGAN, 0]
    assert gauge.rain_mm == pytest.approx(0.2 + 0.25)


def test_totals_of_two_factors_are_never_compared_with_each_other() -> None:
    gauge = Gauge()
    rows = [(300 * i, 80.0 + i / 10) if i % 2 else (300 * i, 84.0 + i / 10, 7) for i in range(12)]
    gauge.read(PT, rows)
    assert gauge.rain_mm == pytest.approx(1.1, abs=0.2)


def test_a_snapshot_of_an_earlier_version_goes_on() -> None:
    gauge = Gauge()
    value_mm, at_s = np.full((2, 1), np.nan), np.full((2, 1), -1, dtype=np.int64)
    value_mm[0, 0], at_s[0, 0] = 80.0, T0
    gauge.counters.restore({"value_mm": value_mm, "at_s": at_s})
    assert gauge.read(PT, [(300, 81.5, 7)]) == [0]
    assert gauge.rain_mm == 1.5


# Day counters. T0 is 08:00 in Beijing.


@pytest.mark.parametrize("late_s", [1, 30, 299, 300, 600, 899])
def test_the_old_total_of_a_day_counter_that_is_reset_late_is_no_new_rain(late_s: int) -> None:
    gauge = Gauge()
    rows: list[Row] = [(-600, 50.0), (-300, 50.0)]
    rows += [(t, 50.0 if t < late_s else 0.2) for t in range(30, 1500, 300)]
    gauge.read(PJ, rows)
    assert gauge.rain_mm == pytest.approx(0.2)
    assert not any(flag & COUNTER_FLAGS for flag in gauge.flags)


def test_a_day_counter_that_is_reset_early_is_not_doubted() -> None:
    gauge = Gauge()
    assert gauge.read(PJ, [(-600, 50.0), (-120, 0.0), (180, 0.4), (480, 0.6)]) == [0] * 4
    assert gauge.rain_mm == 0.6


def test_an_old_total_dated_by_its_reception_after_the_reset_is_no_new_rain() -> None:
    gauge = Gauge()
    gauge.read(PJ, [(-600, 30.0), (120, 0.0), (300, 30.0), (600, 0.2), (900, 0.4)])
    assert gauge.rain_mm == pytest.approx(0.4)


def test_a_small_total_of_the_day_before_takes_no_rain_from_the_new_day() -> None:
    gauge = Gauge()
    flags = gauge.read(PJ, [(-600, 0.4), (300, 0.0), (600, 2.0), (900, 5.0)])
    assert gauge.rain_mm == 5.0
    assert flags == [0] * 4


def test_a_day_counter_of_another_day_than_configured_makes_no_rain_at_eight() -> None:
    gauge = Gauge()
    assert gauge.read(PJ, every(5 * MIN, *[50.0] * 20)) == [0] * 20
    assert gauge.rain_mm == 0


@pytest.mark.parametrize(("total_mm", "rain_mm"), [(50.0, 0.0), (50.6, 0.6), (62.0, 12.0)])
def test_an_old_total_that_comes_most_of_an_hour_late_is_no_new_rain(total_mm: float, rain_mm: float) -> None:
    """Hourly uplinks dated by their reception, or summer time that nobody has configured."""
    assert rain_of([(-2400, 50.0), (1200, total_mm), (4800, 0.0)], None, PJ) == pytest.approx(rain_mm)


def test_a_day_counter_that_was_away_for_a_day_was_reset_meanwhile() -> None:
    rows: list[Row] = [(-25 * HOUR, 50.0), (300, 60.0), (1200, 0.4)]
    assert rain_of(rows, CounterPolicy(gap_s_max=24 * HOUR), PJ) == pytest.approx(
        60 * 288 / 289 + 0.4, abs=0.01
    )


LISBON = ((0, 0), (1_774_746_000, 3600), (1_792_890_000, 0))
"""2026: one hour ahead of UTC from 29 March 01:00 UTC to 25 October 01:00 UTC."""


@pytest.mark.parametrize(
    ("midnight_s", "moment"),
    [
        (1_774_742_400, "29 March 00:00, an hour before the clock moves"),
        (1_774_825_200, "30 March 00:00 of summer time, 23:00 UTC"),
        (1_792_882_800, "25 October 00:00 of summer time, 23:00 UTC"),
        (1_792_972_800, "26 October 00:00 UTC"),
    ],
)
def test_midnight_moves_with_summer_time(midnight_s: int, moment: str) -> None:
    policy = CounterPolicy(day_start_s=0, utc_offset_s=0, offsets=LISBON, reset_late_s_max=0)
    after_s = midnight_s - T0
    rows: list[Row] = [
        (after_s - HOUR, 40.0),
        (after_s, 41.0),
        (after_s + HOUR, 41.5),
        (after_s + 4 * HOUR, 43.0),
    ]
    assert rain_of(rows, policy, PJ) == 1.0 + 41.5 + 1.5, moment
    rows[2:] = [(after_s + HOUR, 0.5), (after_s + 4 * HOUR, 43.0)]
    gauge = Gauge(policy)
    assert gauge.read(PJ, rows) == [0] * 4


def test_a_station_and_a_topic_may_have_a_day_and_a_modulus_of_their_own() -> None:
    midnight = CounterForm(day_start_s=0)
    rows: list[Row] = [(16 * HOUR - 300, 30.0), (16 * HOUR, 30.2), (16 * HOUR + HOUR, 31.0)]
    own = Gauge(own=midnight)
    own.read(PJ, rows)
    assert own.rain_mm == pytest.approx(31.2), "its day began at midnight"
    by_topic = Gauge(CounterPolicy(forms={7: midnight}))
    by_topic.read(PJ, [(row[0], row[1], 7) for row in rows])
    assert by_topic.rain_mm == pytest.approx(31.2)
    plain = Gauge()
    plain.read(PJ, rows)
    assert plain.rain_mm == pytest.approx(1.0), "the day of the others goes on"
    wraps = Gauge(own=CounterForm(wrap_mm=200))
    assert wraps.read(PT, every(5 * MIN, 198, 199, 2)) == [0, 0, 0]
    assert wraps.rain_mm == 4
