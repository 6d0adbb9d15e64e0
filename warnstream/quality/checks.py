"""Checks of single values: range, tips, step and persistence.

A value beyond its range is physically impossible and counts as missing; all
else is doubtful and still counts, with lower certainty. Limits by variable
and their sources stand in `warnstream.model.observations.quality_limits`.

Displacements and cracks have a second limit for falling: a slope creeps down
and not back, so a value that falls by more than its noise is a slip of the
pen, a moved sensor or a new zero.

Steps and persistence compare a reading with those before it at its station;
the order of arrival within a batch does not matter. A reading older than the
newest of its station is not judged and does not become a value of comparison.
Persistence restarts wherever a value has changed enough, so a sensor that
stops moving is doubted one to two times `still_s` later.

State is about 330 bytes per station.
"""

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, Int32Array, Int64Array, UInt16Array, rows_where
from warnstream.model.network import Stations
from warnstream.model.observations.error_values import SHORT_ONLY_MM, SHORT_S_MAX, ErrorValues
from warnstream.model.observations.quality_limits import CALM_M_PER_S, DEW_POINT_STEP, EVER_S, ValueLimits
from warnstream.model.observations.readings import COUNTERS, RAIN, RAIN_TIP, Flag, ReadingBatch, Variable
from warnstream.model.rules.policies import QualityPolicy
from warnstream.model.times import HOUR_S
from warnstream.quality.rain_runs import runs_of
from warnstream.quality.tips import TipTimes
from warnstream.quality.turns import DEW_POINT, N_VARIABLES, Sorted, sorted_by_turn

MELT_S_MAX = 3 * HOUR_S
"""How old a temperature may be and still say whether it freezes."""

TEMPERATURE = int(Variable.TEMPERATURE)

_FEW_READINGS = 2_000
"""Up to so many they have few turns, and all series of a turn are judged together."""

_TIP_SHARE = 0.02
_ROUNDING_MM = 0.0051
"""A tip of 0.254 mm is often told with two decimals."""


class QualityControl:
    """Checks the readings of one network; remembers of each series what the next reading is compared with."""

    def __init__(self, stations: Stations, policy: QualityPolicy) -> None:
        self._policy = policy
        self._interval_s: Int32Array = stations.interval_s
        self._resolution_mm = stations.resolution_mm
        self._rain_limits = policy.rain_limits
        self._tips = TipTimes(len(stations), policy.rain_mm_per_min_max)
        self._lower, self._upper = _ranges(policy)
        self._error_values = ErrorValues(policy.error_values)
        self._limits = _limits_of_series(policy)
        self._step_edge_s, self._step_max = _step_table(self._limits)
        self._fall_min: Float64Array = np.full(N_VARIABLES + 1, -np.inf)
        self._fall_min[[Variable.DISPLACEMENT, Variable.CRACK]] = -policy.movement_fall_mm_max
        n_stations = len(stations)
        self._series_row = _numbered([Variable.RAIN, *self._limits])
        still = [series for series, limits in self._limits.items() if limits.still_s]
        self._still_row = _numbered(still)
        self._still_limits: Float64Array = (
            np.array(
                [
                    (limits.still_change, limits.still_s, limits.still_from, limits.still_to)
                    for limits in (self._limits[number] for number in still)
                ],
                dtype=np.float64,
            )
            .reshape(-1, 4)
            .T
        )
        n_series = len(self._limits) + 1
        self._last_value: Float64Array = np.full((n_series, n_stations), np.nan)
        self._last_at_s: Int64Array = np.full((n_series, n_stations), -1, dtype=np.int64)
        self._equal_run: Int32Array = np.zeros(n_stations, dtype=np.int32)
        shape = (len(still), n_stations)
        self._still_since_s: Int64Array = np.full(shape, -1, dtype=np.int64)
        self._still_value: Float64Array = np.full(shape, np.nan)
        self._still_low: Float64Array = np.zeros(shape)
        self._still_high: Float64Array = np.zeros(shape)

    @property
    def equal_rain_run(self) -> Int32Array:
        """How many equal amounts of rain, none of them zero, came last from each station."""
        return self._equal_run

    def check_range(self, readings: ReadingBatch) -> UInt16Array:
        """Flags of single values, shape (n,).

        `Flag.OUT_OF_RANGE` for what is impossible, `Flag.ERROR_VALUE` for numbers by which sensors say that
        they have none, `Flag.RECORD` for amounts that no place has had in
        their time, `Flag.TIP` for what no tips add up to.
        """
        rain = rows_where(readings.variable == RAIN)
        own_s = self._interval_s[readings.station[rain]]
        interval_s = np.where(readings.interval_s[rain] > 0, readings.interval_s[rain], own_s)
        record_mm = self._rain_limits.record_mm(interval_s)
        outside = self._is_out_of_range(readings, rain, interval_s, record_mm)
        flags: UInt16Array = outside * np.uint16(Flag.OUT_OF_RANGE)
        is_record = readings.value[rain] > record_mm
        flags[rain[is_record]] |= np.uint16(Flag.RECORD)
        is_error = self._error_values.found(readings.variable, readings.value)
        if is_error.any():
            may_fall = np.isin(readings.value[rain], SHORT_ONLY_MM) & (interval_s > SHORT_S_MAX)
            is_error[rain[may_fall]] = False
            flags[is_error] |= np.uint16(Flag.ERROR_VALUE)
        if self._resolution_mm is not None:
            flags[self._is_no_tip_multiple(readings)] |= np.uint16(Flag.TIP)
        return flags

    def check_series(self, readings: ReadingBatch) -> UInt16Array:
        """`Flag.STEP`, `STUCK`, `BOUNCE` and `MELT` by comparison with the readings before, shape (n,).

        Give it usable readings only: what is impossible or came before must
        not become the value that others are compared with.
        """
        flags = self._tips.bounced(readings).astype(np.uint16) * np.uint16(Flag.BOUNCE)
        tips = rows_where((readings.variable == RAIN_TIP) & (readings.value > 0))
        if len(tips):
            melting = tips[self.melts(readings.station[tips], readings.observed_at_s[tips])]
            flags[melting] |= np.uint16(Flag.MELT)
        series = readings.variable.astype(np.int64)
        known = rows_where(self._series_row[series] >= 0)
        if len(known) == 0:
            return flags
        some = sorted_by_turn(readings, series, known, self._series_row)
        if len(some.turn) > _FEW_READINGS:
            some = self._judge_rain(some, flags)
        # Time by time, all series of a station together: a wind vane is compared with the wind before it.
        for now in some.turns():
            found = self._judge(some.series[now], some.station[now], some.at_s[now], some.value[now])
            doubted = rows_where(found)
            if len(doubted):
                np.bitwise_or.at(flags, some.row[now][doubted], found[doubted])
        return flags

    def _judge_rain(self, some: Sorted, flags: UInt16Array) -> Sorted:
        """Flag rain of a burst, all turns at once; returns what has to be judged turn by turn.

        Gauges that tell their temperature are left: whether it froze is known turn by turn.
        """
        if RAIN in self._limits:
            return some
        tells = np.zeros(len(self._equal_run), dtype=np.bool_)
        tells[some.station[some.series == TEMPERATURE]] = True
        is_rain = (some.series == RAIN) & ~tells[some.station]
        rain = some.select(is_rain)
        last_at_s, last_mm = self._last_at_s[self._series_row[RAIN]], self._last_value[self._series_row[RAIN]]
        burst = runs_of(rain.station, rain.at_s, rain.value, last_at_s, last_mm, self._equal_run)
        newer = rain.select(burst.row)
        found = (burst.run >= self._policy.stuck_readings) * np.uint16(Flag.STUCK)
        melts = (newer.value > 0) & self.melts(newer.station, newer.at_s)
        flags[newer.row] |= found | melts * np.uint16(Flag.MELT)
        newest = newer.select(burst.is_last)
        last_at_s[newest.station], last_mm[newest.station] = newest.at_s, newest.value
        self._equal_run[newest.station] = burst.run[burst.is_last]
        return some.select(~is_rain)

    def snapshot(self) -> dict[str, Float64Array | Int64Array | Int32Array]:
        """State as arrays."""
        rows = {"series": self._series_row.copy(), "still": self._still_row.copy()}
        return {**rows, **{name: array.copy() for name, array in self._state().items()}}

    def restore(self, state: dict[str, Float64Array | Int64Array | Int32Array]) -> None:
        """Take up a snapshot. ValueError or KeyError if the network or its limits were others."""
        for name, array in self._state().items():
            if name in state or name != "tip_at_s":  # older snapshots do not know when tips came
                array[:] = state[name]

    def _state(self) -> dict[str, Float64Array | Int64Array | Int32Array]:
        return {
            "last_value": self._last_value,
            "last_at_s": self._last_at_s,
            "equal_run": self._equal_run,
            "tip_at_s": self._tips.last_at_s,
            "still_since_s": self._still_since_s,
            "still_value": self._still_value,
            "still_low": self._still_low,
            "still_high": self._still_high,
        }

    def _is_out_of_range(
        self, readings: ReadingBatch, rain: Int64Array, interval_s: Int32Array, record_mm: Float64Array
    ) -> BoolArray:
        """What cannot be, shape (n,); `rain` are rows of amounts, then time and record of each."""
        variable, value = readings.variable, readings.value
        limit = self._upper[variable]
        limit[rain] = self._rain_limits.impossible_mm(interval_s, record_mm)
        limit[variable == RAIN_TIP] = self._policy.rain_mm_per_min_max
        # NaN is outside too, and so is an infinite counter: others would be compared with it.
        outside: BoolArray = ~((value >= self._lower[variable]) & (value <= limit) & np.isfinite(value))
        return outside

    def _is_no_tip_multiple(self, readings: ReadingBatch) -> BoolArray:
        assert self._resolution_mm is not None
        # NaN, of a gauge whose tips are not known, is off by nothing.
        resolution_mm = self._resolution_mm[readings.station]
        is_rain = np.isin(readings.variable, (Variable.RAIN, *COUNTERS))
        off_mm = np.abs(readings.value - np.rint(readings.value / resolution_mm) * resolution_mm)
        tolerance_mm = np.minimum(np.maximum(_TIP_SHARE * resolution_mm, _ROUNDING_MM), resolution_mm / 4)
        return np.asarray(is_rain & (off_mm > tolerance_mm))

    def _judge(
        self, series: Int64Array, station: Int32Array, at_s: Int64Array, value: Float64Array
    ) -> UInt16Array:
        """Flags of readings of which no two belong to one series; shape (n,)."""
        n_stations = len(self._equal_run)
        place = self._series_row[series] * n_stations + station
        last_value, last_at_s = self._last_value.reshape(-1), self._last_at_s.reshape(-1)
        before, before_at_s = last_value[place], last_at_s[place]
        newer = at_s > before_at_s
        known = newer & (before_at_s >= 0)
        change = value - before
        is_step = np.abs(change) > self._step_limit(series, at_s - before_at_s)
        is_step |= change < self._fall_min[series]
        flags: UInt16Array = (known & is_step) * np.uint16(Flag.STEP)
        rain = rows_where(newer & (series == RAIN))
        if len(rain):
            gauge, amount, at_s_of_rain = station[rain], value[rain], at_s[rain]
            equal = known[rain] & (amount == before[rain])
            run = np.where(amount > 0, np.where(equal, self._equal_run[gauge] + 1, 1), 0)
            self._equal_run[gauge] = run
            flags[rain[run >= self._policy.stuck_readings]] |= np.uint16(Flag.STUCK)
        still = rows_where(newer & (self._still_row[series] >= 0))
        if len(still):
            stands = self._stands_still(series[still], station[still], at_s[still], value[still])
            flags[still[stands]] |= np.uint16(Flag.STUCK)
        if not newer.all():
            place, value, at_s = place[newer], value[newer], at_s[newer]
        last_value[place] = value
        last_at_s[place] = at_s
        if len(rain):
            wet = rain[(amount > 0) & self.melts(gauge, at_s_of_rain)]
            flags[wet] |= np.uint16(Flag.MELT)
        return flags

    def melts(self, station: Int32Array, at_s: Int64Array) -> BoolArray:
        """Where it froze at a time, so that rain is snow which a heater melts, late; shape (n,).

        Only where the station's own temperature is known, of at most `MELT_S_MAX` before.
        """
        row = self._series_row[Variable.TEMPERATURE]
        if row < 0:
            return np.zeros(len(station), dtype=np.bool_)
        age_s = at_s - self._last_at_s[row, station]
        is_known = (self._last_at_s[row, station] >= 0) & (age_s >= 0) & (age_s <= MELT_S_MAX)
        froze: BoolArray = is_known & (self._last_value[row, station] < self._policy.melt_below_c)
        return froze

    def _step_limit(self, series: Int64Array, apart_s: Int64Array) -> Float64Array:
        """Greatest change between readings so far apart, shape (n,)."""
        column = np.searchsorted(self._step_edge_s, apart_s)
        limit: Float64Array = self._step_max.reshape(-1)[series * self._step_max.shape[1] + column]
        return limit

    def _stands_still(
        self, series: Int64Array, station: Int32Array, at_s: Int64Array, value: Float64Array
    ) -> BoolArray:
        """Whether a series has not changed enough for too long; shape (n,)."""
        row = self._still_row[series]
        place = row * len(self._equal_run) + station
        since_s, first = self._still_since_s.reshape(-1), self._still_value.reshape(-1)
        lowest, highest = self._still_low.reshape(-1), self._still_high.reshape(-1)
        change, span_s, least, most = self._still_limits[:, row]
        off = value - first[place]
        turns = rows_where(series == Variable.WIND_DIRECTION)
        off[turns] = (off[turns] + 180.0) % 360.0 - 180.0
        low, high = np.minimum(lowest[place], off), np.maximum(highest[place], off)
        begun_s = since_s[place]
        anew = rows_where((begun_s < 0) | ~(high - low < change))
        low[anew] = high[anew] = 0.0
        begun_s[anew] = since_s[place[anew]] = at_s[anew]
        first[place[anew]] = value[anew]
        lowest[place], highest[place] = low, high
        stands: BoolArray = (at_s - begun_s >= span_s) & (value >= least) & (value <= most)
        if len(turns) and self._series_row[Variable.WIND_SPEED] >= 0:
            wind = self._last_value[self._series_row[Variable.WIND_SPEED], station[turns]]
            stands[turns[wind < CALM_M_PER_S]] = False
        return stands


def _ranges(policy: QualityPolicy) -> tuple[Float64Array, Float64Array]:
    """Lowest and highest possible value by variable; amounts and counters of rain are not negative."""
    lower, upper = np.zeros(N_VARIABLES), np.full(N_VARIABLES, np.inf)
    for variable, limits in policy.variables.items():
        lower[variable], upper[variable] = limits.range
    lower[Variable.STAGE], upper[Variable.STAGE] = policy.stage_m_range
    return lower, upper


def _limits_of_series(policy: QualityPolicy) -> dict[int, ValueLimits]:
    """Limits of every series that is compared with its own past, rain aside; ascending."""
    ever = {
        Variable.STAGE: policy.stage_step_m_max,
        Variable.DISPLACEMENT: policy.movement_step_mm_max,
        Variable.CRACK: policy.movement_step_mm_max,
        Variable.TILT_X: policy.tilt_step_deg_max,
        Variable.TILT_Y: policy.tilt_step_deg_max,
    }
    series = {int(variable): ValueLimits(step=((EVER_S, step),)) for variable, step in ever.items()}
    for variable, limits in policy.variables.items():
        if variable not in ever and (limits.step or limits.still_s):
            series[int(variable)] = limits
    if {int(Variable.TEMPERATURE), int(Variable.HUMIDITY)} <= series.keys():
        series[DEW_POINT] = ValueLimits(step=DEW_POINT_STEP)
    return dict(sorted(series.items()))


def _step_table(limits: dict[int, ValueLimits]) -> tuple[Int64Array, Float64Array]:
    """Edges of the times between readings, ascending, and the greatest change by series and time.

    A column holds for times above the edge before it, up to its own; beyond a series' last nothing is judged.
    """
    edge_s = sorted({step_s for limit in limits.values() for step_s, _ in limit.step})
    change = np.full((N_VARIABLES + 1, len(edge_s) + 1), np.inf)
    for series, own_limit in limits.items():
        for step_s, greatest in reversed(own_limit.step):
            change[series, : edge_s.index(step_s) + 1] = greatest
    return np.array(edge_s, dtype=np.int64), change


def _numbered(series: list[int]) -> Int64Array:
    """Row of each series among those named, -1 for the others."""
    row = np.full(N_VARIABLES + 1, -1, dtype=np.int64)
    row[series] = np.arange(len(series))
    return row
