"""Sums of days on cases small enough to add up by hand."""

import numpy as np
import pytest

from warnstream.model.arrays import Int32Array
from warnstream.model.observations.days import DayWindow, PastDays, last_days, over_duration
from warnstream.model.observations.station_quality import LASTS, DoubtPeriods, StationFlag
from warnstream.model.times import DAY_S, HOUR_S
from warnstream.windows.daily_sums import DailySums, DayRain
from warnstream.windows.rain_window import RainWindow
from warnstream.windows.spares import SparedRain

DAY0 = 20_600  # days from 08:00 in China begin at 00:00 UTC
DAYS_BACK_MM = (30, 0, 20, 10, 0, 0, 0, 50, 0, 0)
"""Rain of yesterday, the day before, and so on."""


class Days:
    """Stations that report every ten minutes into a ring, and their days."""

    def __init__(
        self,
        *windows: DayWindow,
        n_stations: int = 1,
        begins_s: int = 0,
        past: PastDays | None = None,
        spares: tuple[tuple[int, int], ...] = (),
        by_minute_s: int | None = None,
    ) -> None:
        self.ring = RainWindow(
            np.full(n_stations, 600, dtype=np.int32),
            span_s=DailySums.span_s(24 * HOUR_S, 6 * HOUR_S),
            grace_s=120,
            by_minute_s=by_minute_s,
        )
        self.rain_of_gauges = SparedRain(self.ring, spares)
        self.days = DailySums(n_stations, windows, day_begins_s=begins_s, past=past)
        self.now_s = 0

    def rain(self, now_s: int, *rows: tuple[int, int, float], interval_s: int = 600) -> "Days":
        """Readings (station, time, mm) that come by `now_s`."""
        self.now_s = now_s
        self.ring.advance(now_s)
        station: Int32Array = np.array([row[0] for row in rows], dtype=np.int32)
        observed_at_s = np.array([row[1] for row in rows], dtype=np.int64)
        intervals = np.full(len(rows), interval_s, dtype=np.int32)
        self.ring.add(station, observed_at_s, np.array([row[2] for row in rows], dtype=np.float64), intervals)
        self.days.advance(self.rain_of_gauges, now_s, station, observed_at_s - interval_s)
        return self

    @property
    def found(self) -> DayRain:
        return self.days.rain(self.ring.window_end_min(self.now_s))

    def mm(self, station: int = 0) -> list[float]:
        found: list[float] = self.found.rain_mm[station].tolist()
        return found


def ten_days(days: Days) -> Days:
    """An hour of rain on each of ten days, then one hour of 7 mm today."""
    today_s = (DAY0 + 10) * DAY_S
    for back, amount in reversed(list(enumerate(DAYS_BACK_MM, start=1))):
        at_s = today_s - back * DAY_S + 5 * HOUR_S
        days.rain(at_s, (0, at_s, amount), interval_s=3600)
    return days.rain(today_s + 2 * HOUR_S, (0, today_s + HOUR_S, 7.0), interval_s=3600)


@pytest.mark.parametrize(("ratio", "published"), [(0.8, 46.7246), (0.84, 54.4266), (0.9, 69.6644)])
def test_the_antecedent_index_begins_with_yesterday_as_published(ratio: float, published: float) -> None:
    (index,) = ten_days(Days(last_days(10, today=False, ratio=ratio))).mm()
    assert index == pytest.approx(published, abs=5e-5)


def test_with_today_the_index_takes_today_whole_and_leaves_the_tenth_day_out() -> None:
    (index,) = ten_days(Days(last_days(9, today=True, ratio=0.84))).mm()
    assert index == pytest.approx(7 + 54.4266, abs=5e-5)  # the days nine and ten were dry
    (shorter,) = ten_days(Days(last_days(8, today=True, ratio=0.84))).mm()
    assert shorter == pytest.approx(7 + 54.4266 - 50 * 0.84**8, abs=5e-5)


def test_sums_of_days_are_exact() -> None:
    days = ten_days(
        Days(last_days(3, today=False), last_days(3, today=True), over_duration(3 * DAY_S), DayWindow(0, 0))
    )
    assert days.mm() == [50.0, 37.0, 57.0, 7.0]


def test_days_run_from_eight_to_eight_where_they_begin_there() -> None:
    begins_s = 8 * HOUR_S  # local time is UTC here
    eight_s = DAY0 * DAY_S + begins_s
    days = Days(DayWindow(0, 0), DayWindow(1, 1), begins_s=begins_s)
    days.rain(eight_s - 600, (0, eight_s - 600, 3.0))
    assert days.mm() == [3.0, 0.0]
    days.rain(eight_s + 600, (0, eight_s, 1.0), (0, eight_s + 600, 0.4))
    assert days.mm() == [0.4, 4.0]


def test_a_reading_across_the_boundary_is_split_by_its_minutes() -> None:
    begins_s = 8 * HOUR_S
    at_s = DAY0 * DAY_S + begins_s + 20 * 60
    days = Days(DayWindow(0, 0), DayWindow(1, 1), begins_s=begins_s)
    days.rain(at_s, (0, at_s, 1.0), interval_s=3600)  # 20 of 60 minutes today, in whole micrometres
    assert days.mm() == [0.334, 0.666]


@pytest.mark.parametrize("by_minute_s", [None, 3 * HOUR_S])
def test_rain_that_comes_six_hours_late_corrects_yesterday(by_minute_s: int | None) -> None:
    midnight_s = DAY0 * DAY_S
    days = Days(DayWindow(1, 1), DayWindow(1, 1, 0.5), by_minute_s=by_minute_s)
    days.rain(midnight_s + 5 * HOUR_S, (0, midnight_s + 5 * HOUR_S, 0.0))
    assert days.mm() == [0.0, 0.0]
    days.rain(midnight_s + 5 * HOUR_S + 600, (0, midnight_s - 600, 12.0))
    assert days.mm() == [12.0, 6.0]


def test_coverage_is_the_share_of_the_days_up_to_the_last_reading() -> None:
    midnight_s = DAY0 * DAY_S
    days = Days(DayWindow(1, 1), DayWindow(0, 1), DayWindow(0, 0))
    rows = [(0, midnight_s - 12 * HOUR_S + 600 * (n + 1), 0.0) for n in range(72)]
    days.rain(midnight_s, *rows)
    days.rain(midnight_s + 600, (0, midnight_s + 600, 0.0))
    coverage = days.found.coverage[0]
    assert coverage.tolist() == [0.5, 730 / 1450, 1.0]
    days.rain(midnight_s + 12 * HOUR_S)  # silent since
    assert days.found.coverage[0].tolist() == [0.5, 730 / (1440 + 708), 10 / 708]


def test_the_same_object_stands_while_nothing_changes() -> None:
    days = Days(DayWindow(0, 3)).rain(DAY0 * DAY_S, (0, DAY0 * DAY_S, 1.0))
    assert days.found is days.found


def test_a_stand_still_of_days_leaves_them_unobserved_and_keeps_those_before() -> None:
    at_s = DAY0 * DAY_S + 600
    days = Days(DayWindow(1, 20)).rain(at_s, (0, at_s, 5.0))
    days.rain(at_s + 12 * DAY_S, (0, at_s + 12 * DAY_S, 0.0))
    assert days.mm() == [5.0]
    assert days.found.coverage[0, 0] == pytest.approx(10 / (20 * 1440))
    days.rain(at_s + 40 * DAY_S, (0, at_s + 40 * DAY_S, 0.0))
    assert days.mm() == [0.0]


def test_a_day_that_somebody_else_measured_stands_in_for_one_observed_less() -> None:
    past = PastDays(
        DAY0 - 2, np.array([[40_000], [25_000], [9_000]], dtype=np.int32), np.full((3, 1), 1440, np.uint16)
    )
    days = Days(DayWindow(1, 3), past=past)
    at_s = DAY0 * DAY_S + 600
    days.rain(at_s, (0, at_s, 5.0))
    assert days.mm() == [65.0]  # the day before yesterday and yesterday; today does not count
    assert days.found.coverage[0, 0] == pytest.approx(2 / 3)
    assert days.found.today_s == DAY0 * DAY_S  # nobody else's measure of today counts before it is over
    full = [(0, DAY0 * DAY_S + 600 * (n + 1), 0.1) for n in range(1, 144)]
    days.rain(at_s + DAY_S, *full)
    # All of its ten minutes are the station's own now: the file observed no more of that day.
    assert days.mm() == [pytest.approx(40 + 25 + 5 + 14.3)]


def test_each_day_is_taken_from_the_gauge_or_from_its_spare() -> None:
    midnight_s = DAY0 * DAY_S
    days = Days(DayWindow(1, 2), n_stations=2, spares=((0, 1),))
    two_days_ago_s, yesterday_s = midnight_s - 2 * DAY_S + 600, midnight_s - DAY_S + 600
    days.rain(two_days_ago_s, (0, two_days_ago_s, 8.0), (1, two_days_ago_s, 7.0))
    days.rain(yesterday_s, (1, yesterday_s, 2.0))
    days.rain(midnight_s)
    assert (days.mm(0), days.mm(1)) == ([10.0], [9.0])


def test_a_day_on_which_the_gauge_was_clogged_is_its_spares_and_is_told_whole() -> None:
    midnight_s = DAY0 * DAY_S
    yesterday_s = midnight_s - DAY_S + 600
    days = Days(DayWindow(1, 1), n_stations=2, spares=((0, 1),))
    days.rain(yesterday_s, (0, yesterday_s, 0.0), (1, yesterday_s, 9.0), interval_s=600)
    days.rain(midnight_s)
    assert days.mm() == [0.0]
    clogged = DoubtPeriods(
        np.array([0], dtype=np.int32),
        np.array([yesterday_s - 600]),
        np.array([LASTS]),
        np.array([StationFlag.FAULTY_ZERO], dtype=np.uint16),
    )
    days.days.advance(days.rain_of_gauges, midnight_s, *days.rain_of_gauges.doubt(clogged))
    assert days.mm() == [9.0]
    missed = days.rain_of_gauges.unmeasured_of_days(days.found)
    assert (missed.station.tolist(), missed.share.tolist()) == ([0], [[0.0]])
    alone = SparedRain(days.ring)
    alone.doubt(clogged)
    missed = alone.unmeasured_of_days(days.found)
    assert (missed.station.tolist(), missed.share.tolist()) == ([0], [[1.0]])


def test_a_restored_state_goes_on_as_before() -> None:
    days = ten_days(Days(last_days(10, today=False, ratio=0.84)))
    other = Days(last_days(10, today=False, ratio=0.84))
    other.days.restore(days.days.snapshot())
    other.ring.restore(days.ring.snapshot())
    other.now_s = days.now_s
    assert other.mm() == days.mm()
    with pytest.raises(ValueError, match="snapshot has days of"):
        Days(last_days(11, today=False)).days.restore(days.days.snapshot())


def test_sixty_days_take_less_than_four_hundred_bytes_per_station() -> None:
    state = Days(over_duration(60 * DAY_S), n_stations=100).days.snapshot()
    assert sum(array.nbytes for array in state.values()) < 400 * 100


def test_days_must_begin_where_the_ring_holds_a_row() -> None:
    with pytest.raises(ValueError, match="whole ten minutes, got 8100 s"):
        DailySums(1, (DayWindow(0, 1),), day_begins_s=8100)
