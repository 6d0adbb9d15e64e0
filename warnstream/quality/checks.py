"""Range, step and persistence checks of readings.

A value beyond its range is physically impossible and counts as missing; a
step or a stuck value is doubtful and still counts, with lower certainty. A
lonely high gauge is never doubtful for being lonely: on a 5 km grid it *is*
the convective cell.

Ranges follow WMO-No. 8 and the limits that ZAMG gives for automatic stations
(CBS ET-AWS-1 Doc 9(2)); rain has no step limit, because a sudden 10 mm is
the signal.
"""

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, Int32Array, Int64Array, UInt16Array
from warnstream.model.network import Stations
from warnstream.model.policies import QualityPolicy
from warnstream.model.readings import Flag, ReadingBatch, Variable
from warnstream.model.times import MINUTE_S

RANGE_OF_VARIABLE: dict[Variable, tuple[float, float]] = {
    Variable.TEMPERATURE: (-50.0, 50.0),
    Variable.HUMIDITY: (0.0, 104.0),
    Variable.PRESSURE: (500.0, 1080.0),
    Variable.WIND_SPEED: (0.0, 75.0),
    Variable.WIND_DIRECTION: (0.0, 360.0),
    Variable.SOIL_MOISTURE: (0.0, 100.0),
    Variable.TILT_X: (-90.0, 90.0),
    Variable.TILT_Y: (-90.0, 90.0),
    Variable.DISPLACEMENT: (-1e6, 1e6),
    Variable.CRACK: (-1e4, 1e4),
    Variable.PORE_PRESSURE: (-100.0, 1e4),
    Variable.WATER_DEPTH: (-5.0, 1000.0),
}
"""Physical limits, both included; rain and stage have limits of their own in `QualityPolicy`."""


class QualityControl:
    """Checks the readings of one network; remembers each station's last value for comparison."""

    def __init__(self, stations: Stations, policy: QualityPolicy) -> None:
        self._policy = policy
        self._interval_s: Int32Array = stations.interval_s
        self._step_max = {
            Variable.STAGE: policy.stage_step_m_max,
            Variable.DISPLACEMENT: policy.movement_step_mm_max,
            Variable.CRACK: policy.movement_step_mm_max,
            Variable.TILT_X: policy.tilt_step_deg_max,
            Variable.TILT_Y: policy.tilt_step_deg_max,
        }
        n_stations = len(stations)
        self._last_value: Float64Array = np.full((len(Variable), n_stations), np.nan)
        self._last_at_s: Int64Array = np.full((len(Variable), n_stations), -1, dtype=np.int64)
        self._equal_run: Int32Array = np.zeros((len(Variable), n_stations), dtype=np.int32)

    def check_range(self, readings: ReadingBatch) -> UInt16Array:
        """`Flag.OUT_OF_RANGE` for what is physically impossible, shape (n,)."""
        return np.where(self._is_out_of_range(readings), Flag.OUT_OF_RANGE, 0).astype(np.uint16)

    def check_series(self, readings: ReadingBatch) -> UInt16Array:
        """`Flag.STEP` and `Flag.STUCK` by comparison with the reading before, shape (n,).

        Give it usable readings only: what is impossible or came before must
        not become the value that others are compared with. Readings older
        than the newest of their station are not judged.
        """
        flags = np.zeros(len(readings), dtype=np.uint16)
        for variable in (Variable.RAIN, *self._step_max):
            rows = np.flatnonzero(readings.variable == variable)
            if len(rows):
                flags[rows] = self._check_variable(variable, readings, rows)
        return flags

    def snapshot(self) -> dict[str, Float64Array | Int64Array | Int32Array]:
        """State as arrays."""
        return {
            "last_value": self._last_value.copy(),
            "last_at_s": self._last_at_s.copy(),
            "equal_run": self._equal_run.copy(),
        }

    def restore(self, state: dict[str, Float64Array | Int64Array | Int32Array]) -> None:
        """Take up a snapshot of a network of the same size."""
        self._last_value[:] = state["last_value"]
        self._last_at_s[:] = state["last_at_s"]
        self._equal_run[:] = state["equal_run"]

    def _is_out_of_range(self, readings: ReadingBatch) -> BoolArray:
        variable, value = readings.variable, readings.value
        lower = np.zeros(len(Variable))
        upper = np.full(len(Variable), np.inf)
        for word, (low, high) in RANGE_OF_VARIABLE.items():
            lower[word], upper[word] = low, high
        lower[Variable.STAGE], upper[Variable.STAGE] = self._policy.stage_m_range
        limit = upper[variable]
        rain = variable == Variable.RAIN
        own_s = self._interval_s[readings.station]
        minutes = np.where(readings.interval_s > 0, readings.interval_s, own_s) / MINUTE_S
        limit[rain] = self._policy.rain_mm_per_min_max * minutes[rain]
        limit[variable == Variable.RAIN_TIP] = self._policy.rain_mm_per_min_max
        outside: BoolArray = (value < lower[variable]) | (value > limit)
        return outside

    def _check_variable(self, variable: Variable, readings: ReadingBatch, rows: Int64Array) -> UInt16Array:
        """Flags from comparing each reading with the one before it at its station."""
        order = rows[np.lexsort((readings.observed_at_s[rows], readings.station[rows]))]
        station, value = readings.station[order], readings.value[order]
        observed_at_s = readings.observed_at_s[order]
        is_first = np.ones(len(order), dtype=np.bool_)
        is_first[1:] = station[1:] != station[:-1]
        before = np.where(is_first, self._last_value[variable, station], np.roll(value, 1))
        before_at_s = np.where(is_first, self._last_at_s[variable, station], np.roll(observed_at_s, 1))
        follows = observed_at_s > before_at_s
        equal = follows & (value == before) & (value > 0)
        run = _run_lengths(equal, is_first, self._equal_run[variable, station])
        flags = np.zeros(len(order), dtype=np.uint16)
        if variable == Variable.RAIN:
            flags[equal & (run >= self._policy.stuck_readings)] |= np.uint16(Flag.STUCK)
        else:
            flags[follows & (np.abs(value - before) > self._step_max[variable])] |= np.uint16(Flag.STEP)
        self._remember(variable, station, observed_at_s, value, run)
        result = np.zeros(len(rows), dtype=np.uint16)
        result[np.searchsorted(rows, order)] = flags
        return result

    def _remember(
        self,
        variable: Variable,
        station: Int32Array,
        observed_at_s: Int64Array,
        value: Float64Array,
        run: Int32Array,
    ) -> None:
        is_last = np.ones(len(station), dtype=np.bool_)
        is_last[:-1] = station[1:] != station[:-1]
        newer = is_last & (observed_at_s > self._last_at_s[variable, station])
        self._last_value[variable, station[newer]] = value[newer]
        self._last_at_s[variable, station[newer]] = observed_at_s[newer]
        self._equal_run[variable, station[newer]] = run[newer]


def _run_lengths(equal: BoolArray, is_first: BoolArray, run_before: Int32Array) -> Int32Array:
    """How many equal values in a row end at each reading, counting those before the batch.

    `equal` says that a reading equals the one before it at its station,
    `is_first` where a station's rows begin, `run_before` the run known there.
    """
    position = np.arange(len(equal))
    start = np.maximum.accumulate(np.where(~equal | is_first, position, 0))
    carried = np.where(equal[start], np.maximum(run_before[start], 1), 0)
    run: Int32Array = (position - start + 1 + carried).astype(np.int32)
    return run
