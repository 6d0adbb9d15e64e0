"""Series of readings against a plain reading of the law: one station and one time after the other."""

from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise
from math import inf, nan

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.networks import HOUR, QUALITY, T0, network_of
from warnstream.model.observations.quality_limits import (
    CALM_M_PER_S,
    DEW_POINT_STEP,
    VALUE_LIMITS,
    ValueLimits,
)
from warnstream.model.observations.readings import Flag, Variable, batch_of
from warnstream.quality import checks, turns
from warnstream.quality.checks import MELT_S_MAX, QualityControl
from warnstream.quality.turns import dew_point_c

RAIN, STAGE, CRACK = Variable.RAIN, Variable.STAGE, Variable.CRACK
WARM, HUMID = Variable.TEMPERATURE, Variable.HUMIDITY
WIND, VANE, SOIL = Variable.WIND_SPEED, Variable.WIND_DIRECTION, Variable.SOIL_MOISTURE
SERIES = (RAIN, STAGE, CRACK, WARM, HUMID, WIND, VANE, SOIL)
DEW = "dew point"
N = 3
TICK_S = 600

LIMITS = {
    WARM: ValueLimits((-90, 60), ((600, 2.0), (1800, 3.0), (7200, 6.0)), 1800, 0.5),
    HUMID: ValueLimits((0, 104), ((600, 20.0),), 1200, 1.0, still_to=95.0),
    WIND: ValueLimits((0, 120), ((600, 10.0),), 1200, 0.5, still_from=0.5),
    VANE: ValueLimits((0, 360), (), 1800, 10.0),
    SOIL: ValueLimits((0, 100)),
}
POLICY = replace(QUALITY, variables=LIMITS, stuck_readings=3, melt_below_c=1.0)
STEPS: dict[object, tuple[tuple[int, float], ...]] = {
    STAGE: ((2**62, POLICY.stage_step_m_max),),
    CRACK: ((2**62, POLICY.movement_step_mm_max),),
    DEW: DEW_POINT_STEP,
    **{variable: limits.step for variable, limits in LIMITS.items()},
}
VALUES = {
    RAIN: [0.0, 0.0, 1.0, 1.0, 2.5],
    STAGE: [10.0, 12.0, 13.0, 13.5, 20.0],
    CRACK: [0.0, 100.0, 100.5, 700.0, 1301.0],
    WARM: [0.0, 0.9, 1.0, 1.4, 3.0, 4.0, 9.0],
    HUMID: [0.0, 20.0, 40.0, 40.5, 95.0, 95.5, 100.0],
    WIND: [0.2, 0.4, 0.5, 0.9, 1.0, 11.0],
    VANE: [0.0, 4.0, 10.0, 185.0, 355.0],
    SOIL: [30.0, 30.0, 90.0],
}
"""Many stand exactly at a limit of the one before."""

said = st.sampled_from(SERIES).flatmap(
    lambda variable: st.tuples(st.integers(0, N - 1), st.just(variable), st.sampled_from(VALUES[variable]))
)
times = st.lists(st.tuples(st.sampled_from([1, 1, 1, 2, 3, 12, 19]), st.lists(said, max_size=8)), max_size=30)
"""Ticks since the time before, and what stations say at it."""


@dataclass
class Station:
    """What the law remembers of one station."""

    last: dict[object, tuple[int, float]] = field(default_factory=dict)
    equal_run: int = 0
    still: dict[object, tuple[int, float, float, float]] = field(default_factory=dict)

    def time(self, at_s: int, values: dict[object, float]) -> dict[object, int]:
        """Flags of what it says at one time; the vane is judged by the wind of before."""
        values = {
            series: value for series, value in values.items() if at_s > self.last.get(series, (-1, nan))[0]
        }
        flags = {
            series: self.step(series, at_s, value) | self.stuck(series, at_s, value)
            for series, value in values.items()
        }
        self.last |= {series: (at_s, value) for series, value in values.items()}
        if values.get(RAIN, 0.0) > 0 and self.freezes(at_s):
            flags[RAIN] |= Flag.MELT
        return flags

    def step(self, series: object, at_s: int, value: float) -> int:
        if series not in self.last:
            return 0
        before_s, before = self.last[series]
        limit = next((most for edge_s, most in STEPS.get(series, ()) if at_s - before_s <= edge_s), inf)
        falls = series == CRACK and value - before < -POLICY.movement_fall_mm_max
        return Flag.STEP if abs(value - before) > limit or falls else 0

    def stuck(self, series: object, at_s: int, value: float) -> int:
        if series == RAIN:
            equal = RAIN in self.last and self.last[RAIN][1] == value
            self.equal_run = 0 if value == 0 else self.equal_run + 1 if equal else 1
            return Flag.STUCK if self.equal_run >= POLICY.stuck_readings else 0
        limits = LIMITS.get(series) if isinstance(series, Variable) else None
        if limits is None or not limits.still_s:
            return 0
        since_s, first, low, high = self.still.get(series, (-1, nan, 0.0, 0.0))
        off = value - first
        if series == VANE:
            off = (off + 180) % 360 - 180
        low, high = min(low, off), max(high, off)
        if since_s < 0 or high - low >= limits.still_change:
            since_s, first, low, high = at_s, value, 0.0, 0.0
        self.still[series] = since_s, first, low, high
        is_calm = series == VANE and self.last.get(WIND, (0, inf))[1] < CALM_M_PER_S
        is_long = at_s - since_s >= limits.still_s and limits.still_from <= value <= limits.still_to
        return Flag.STUCK if is_long and not is_calm else 0

    def freezes(self, at_s: int) -> bool:
        known_s, degrees = self.last.get(WARM, (-1, nan))
        return known_s >= 0 and 0 <= at_s - known_s <= MELT_S_MAX and degrees < POLICY.melt_below_c


Row = tuple[int, int, Variable, float]
"""Time, station, variable, value."""


def law(stations: list[Station], rows: list[Row]) -> list[int]:
    """Flags of the rows of one batch; of several of one series and time the least value is judged."""
    found = [0] * len(rows)
    order = sorted(range(len(rows)), key=lambda i: (rows[i][1], rows[i][0], rows[i][2], rows[i][3]))
    for (station, at_s), group in groupby(order, key=lambda i: (rows[i][1], rows[i][0])):
        row_of: dict[object, int] = {}
        for i in group:
            row_of.setdefault(rows[i][2], i)
        values = {series: rows[i][3] for series, i in row_of.items()}
        if WARM in values and values.get(HUMID, 0.0) > 0:
            row_of[DEW] = row_of[HUMID]
            values[DEW] = float(dew_point_c(np.array([values[WARM]]), np.array([values[HUMID]]))[0])
        for series, flags in stations[station].time(at_s, values).items():
            found[row_of[series]] |= flags
    return found


def rows_of(times: list[tuple[int, list[tuple[int, Variable, float]]]], *, twins: bool) -> list[Row]:
    rows, at_s = {}, T0
    for ticks, all_said in times:
        at_s += ticks * TICK_S
        for place, (station, variable, value) in enumerate(all_said):
            is_twin = twins and variable not in (WARM, HUMID)
            rows[at_s, station, variable, place if is_twin else -1] = (at_s, station, variable, value)
    return list(rows.values())


@pytest.fixture(params=[0, checks._FEW_READINGS], ids=["as a burst", "turn by turn"])
def _as_burst(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rain is judged all at once in a burst; here in any batch, too."""
    monkeypatch.setattr(checks, "_FEW_READINGS", request.param)


@pytest.mark.usefixtures("_as_burst")
@pytest.mark.parametrize("twins", [False, True])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(times=times, cuts=st.lists(st.integers(0, 100), max_size=4), order=st.randoms(use_true_random=False))
def test_every_series_is_judged_by_its_own_past(
    twins: bool,
    times: list[tuple[int, list[tuple[int, Variable, float]]]],
    cuts: list[int],
    order: object,
) -> None:
    """In batches that come in any order and overlap in time, with a restart after each."""
    rows = rows_of(times, twins=twins)
    bounds = sorted({0, len(rows), *(min(cut, len(rows)) for cut in cuts)})
    network, stations = network_of(N, 1).stations, [Station() for _ in range(N)]
    control = QualityControl(network, POLICY)
    for begin, end in pairwise(bounds):
        batch = rows[begin:end] + [row for row in rows[max(begin - 2, 0) : begin] if not twins]
        order.shuffle(batch)  # type: ignore[attr-defined]
        at_s, station, variable, value = zip(*batch, strict=True)
        flags = control.check_series(batch_of(station, variable, at_s, value))
        assert flags.tolist() == law(stations, batch)
        assert control.equal_rain_run.tolist() == [station.equal_run for station in stations]
        state, control = control.snapshot(), QualityControl(network, POLICY)
        control.restore(state)


def test_times_too_far_apart_for_one_key_are_judged_like_any_other() -> None:
    far = batch_of([1, 1, 0], [STAGE] * 3, [0, 2**61, 5], [10.0, 20.0, 3.0])
    assert QualityControl(network_of(N, 1).stations, POLICY).check_series(far).tolist() == [0, Flag.STEP, 0]


def test_times_that_fit_one_key_at_the_first_stations_only_are_judged_like_any_other() -> None:
    """Three stations fill most of what a key can hold; the times of the fourth would begin again."""
    apart_s = 2**61 // (turns.N_VARIABLES + 1) * 6 // 5
    far = batch_of([3, 3, 0], [STAGE] * 3, [0, apart_s, 5], [10.0, 20.0, 3.0])
    assert QualityControl(network_of(4, 1).stations, POLICY).check_series(far).tolist() == [0, Flag.STEP, 0]


def test_many_pairs_of_temperature_and_humidity_have_dew_points_like_few() -> None:
    n = 2 * (turns._FEW_ROWS + 1)
    kinds, times = [WARM, HUMID] * (n // 2), [T0 + 3600 * (i // 2) for i in range(n)]
    values = [25.0, 50.0] * (n // 2)
    values[100:102] = [27.0, 30.0]  # dew point 8.0 instead of 13.9
    batch = batch_of([0] * n, kinds, times, values)
    twin = batch_of([0] * (n + 1), [*kinds, RAIN], [*times, T0 - 60], [*values, 1.0])
    doubled = batch_of([0] * (n + 2), [*kinds, RAIN, RAIN], [*times, T0, T0], [*values, 1.0, 1.0])
    for block in (batch, twin, doubled):
        flags = QualityControl(network_of(N, 1).stations, POLICY).check_series(block)
        assert np.flatnonzero(flags & Flag.STEP).tolist() == [101, 103]


def test_air_of_two_places_has_no_dew_point() -> None:
    """25 degrees at one and 50 % at another a second before, an hour later 29 degrees and 30 %."""
    hours = (T0, T0 + HOUR)
    stations, kinds = [0, 1, 2] * 2 + [2], [WARM, HUMID, RAIN] * 2 + [RAIN]
    times = [at for hour in hours for at in (hour + 1, hour, hour)] + [T0]  # rain twice: twins
    values = [25.0, 50.0, 0.0, 29.0, 30.0, 0.0, 0.0]
    flags = QualityControl(network_of(N, 1).stations, replace(POLICY, variables=VALUE_LIMITS)).check_series(
        batch_of(stations, kinds, times, values)
    )
    assert flags.tolist() == [0] * 7
