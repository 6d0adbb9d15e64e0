"""Laws of day sums against plain Python: any order, any lateness, repetitions, spares, restarts."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.networks import LOWERING, QUALITY, WINDOWS, nearest_weights, network_of
from warnstream.assessment import Assessment, Weights
from warnstream.model.level import Level
from warnstream.model.observations.days import DayWindow
from warnstream.model.observations.readings import Variable, batch_of
from warnstream.model.rules.expressions import Quantity, Relation, RuleLevel, RuleTable, Term
from warnstream.model.rules.indicators import VillageRain, indicator_of_days
from warnstream.model.rules.rules import HazardRule
from warnstream.model.times import DAY_S, HOUR_S

INTERVAL_S = 600
DAY_BEGINS_S = 17 * HOUR_S + 600
T0 = 20_500 * DAY_S + 9 * HOUR_S
HOURS = 80
STEP_S = 2 * HOUR_S
N = 3
WINDOWS_OF_DAYS = (
    DayWindow(0, 0),
    DayWindow(0, 3),
    DayWindow(1, 1),
    DayWindow(1, 2),
    DayWindow(1, 3, 0.84),
)

reading = st.tuples(
    st.integers(0, N - 1),
    st.integers(1, HOURS * HOUR_S // INTERVAL_S),  # intervals after T0
    st.integers(0, 400),  # tips of 0.1 mm
    st.integers(0, 20),  # intervals of delay
)
storms = st.lists(reading, max_size=40)


def rule() -> HazardRule:
    levels = tuple(
        RuleLevel(
            level, Term(Quantity(indicator_of_days(window), days=window), Relation.AT_LEAST, 30, 24), ""
        )
        for level, window in zip((*Level, Level.RED), WINDOWS_OF_DAYS, strict=False)
        if level
    )
    every = tuple(
        RuleLevel(Level.BLUE, Term(Quantity(indicator_of_days(w), days=w), Relation.AT_LEAST, 1e6, 1e5), "")
        for w in WINDOWS_OF_DAYS
    )
    table = RuleTable((*levels, *every), {}, {})
    return HazardRule("days", "rule", "x", "x", table, 0.0, Level.NONE, LOWERING, "x")


def new_assessment(*, by_minute_s: int | None = None, spare: bool = False) -> Assessment:
    network = network_of(N, N, INTERVAL_S)
    if spare:
        network = replace(network, stations=replace(network.stations, spares=((0, 1),)))
    weights = nearest_weights(N, N)
    return Assessment(
        network,
        (rule(),),
        weights=Weights(weights, weights),
        windows=replace(WINDOWS, day_begins_s=DAY_BEGINS_S, by_minute_s=by_minute_s),
        quality=QUALITY,
        nowcast=None,
    )


Row = tuple[int, int, int, int]


def run(assessment: Assessment, storm: list[Row], restart_at: int = -1) -> list[VillageRain]:
    """What was known at every step; a reading comes with the step after its delay."""
    found = []
    for step in range(1, HOURS * HOUR_S // STEP_S + 3):
        now_s = T0 + step * STEP_S
        if step == restart_at:
            state = assessment.snapshot()
            assessment = new_assessment()
            assessment.restore(state)
        due = [row for row in storm if now_s - STEP_S < T0 + (row[1] + row[3]) * INTERVAL_S <= now_s]
        batch = batch_of(
            [row[0] for row in due],
            [Variable.RAIN] * len(due),
            [T0 + row[1] * INTERVAL_S for row in due],
            [row[2] / 10 for row in due],
        )
        found.append(assessment.step(batch, now_s).rain)
    return found


def oracle(storm: list[Row], windows: Sequence[DayWindow], now_s: int) -> tuple[np.ndarray, np.ndarray]:
    """Rain in mm of every station and window, and observed minutes, of each reading the greatest amount."""
    greatest: dict[tuple[int, int], int] = {}
    for station, at, tips, _ in storm:
        greatest[station, at] = max(tips, greatest.get((station, at), 0))
    um: dict[tuple[int, int], int] = defaultdict(int)
    minutes: dict[tuple[int, int], int] = defaultdict(int)
    for (station, at), tips in greatest.items():
        end_min, n = (T0 + at * INTERVAL_S) // 60, INTERVAL_S // 60
        for k in range(n):
            day = ((end_min - n + k) * 60 - DAY_BEGINS_S) // DAY_S
            um[station, day] += tips * 100 * (k + 1) // n - tips * 100 * k // n
            minutes[station, day] += 1
    today = (now_s - DAY_BEGINS_S) // DAY_S
    rain, seen = np.zeros((N, len(windows))), np.zeros((N, len(windows)))
    for station in range(N):
        for column, window in enumerate(windows):
            days = range(window.first, window.last + 1)
            rain[station, column] = sum(window.ratio**i * um[station, today - i] for i in days) / 1000
            seen[station, column] = sum(window.ratio**i * minutes[station, today - i] for i in days)
    return rain, seen


def check(assessment: Assessment, storm: list[Row], now_s: int) -> None:
    """Sums and coverage of every station: all are silent by now, their windows end 12 minutes ago."""
    found = assessment._stations.windows(now_s).days
    assert found is not None
    assert set(WINDOWS_OF_DAYS) <= set(found.windows)  # others hold a sum that began anew
    expected_mm, seen_min = oracle(storm, found.windows, now_s)
    today_min = (now_s - DAY_BEGINS_S) // DAY_S * 1440 + DAY_BEGINS_S // 60
    for column, window in enumerate(found.windows):
        days = range(window.first, window.last + 1)
        length = sum(
            window.ratio**i * min(max(now_s // 60 - 12 - today_min + 1440 * i, 0), 1440) for i in days
        )
        if window.ratio == 1.0:
            np.testing.assert_array_equal(found.rain_mm[:, column], expected_mm[:, column])
        np.testing.assert_allclose(found.rain_mm[:, column], expected_mm[:, column], rtol=1e-12)
        np.testing.assert_allclose(found.coverage[:, column], seen_min[:, column] / length, rtol=1e-12)


@settings(max_examples=40, deadline=None)
@given(storm=storms, by_minute=st.booleans())
def test_sums_of_days_equal_a_plain_sum_in_any_order(storm: list[Row], by_minute: bool) -> None:
    assessment = new_assessment(by_minute_s=None if by_minute else 3 * HOUR_S)
    steps = run(assessment, storm)
    check(assessment, storm, T0 + len(steps) * STEP_S)


@settings(max_examples=25, deadline=None)
@given(storm=storms, restart_at=st.integers(2, HOURS // 2))
def test_a_restart_at_any_step_equals_no_restart(storm: list[Row], restart_at: int) -> None:
    for sums, other in zip(
        run(new_assessment(), storm), run(new_assessment(), storm, restart_at), strict=True
    ):
        np.testing.assert_array_equal(sums.rain_mm, other.rain_mm)
        np.testing.assert_array_equal(sums.coverage, other.coverage)


@settings(max_examples=25, deadline=None)
@given(storm=storms, extra=reading)
def test_more_rain_never_lowers_a_sum_of_days(storm: list[Row], extra: Row) -> None:
    less, more = run(new_assessment(), storm)[-1], run(new_assessment(), [*storm, extra])[-1]
    for window in WINDOWS_OF_DAYS:
        assert (np.nan_to_num(more.over(window)) >= np.nan_to_num(less.over(window))).all()
        if window.ratio == 1:
            assert (more.coverage_over(window) >= less.coverage_over(window)).all()


@settings(max_examples=25, deadline=None)
@given(storm=storms)
def test_a_day_is_that_of_the_spare_where_it_observed_more(storm: list[Row]) -> None:
    rain = run(new_assessment(spare=True), storm)[-1]
    day = DayWindow(1, 1)
    column = WINDOWS_OF_DAYS.index(day)
    expected_mm, seen_min = oracle(storm, WINDOWS_OF_DAYS, T0 + (HOURS * HOUR_S // STEP_S + 2) * STEP_S)
    chosen = 1 if seen_min[1, column] > seen_min[0, column] else 0
    if seen_min[chosen, column]:
        assert rain.station_rain_mm[0, rain.column(day)] == expected_mm[chosen, column]
