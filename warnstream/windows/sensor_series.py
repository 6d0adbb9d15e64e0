"""The last samples of slope and depth sensors, for the stations that a rule names."""

import numpy as np

from warnstream.model.arrays import Float64Array, Int32Array, Int64Array
from warnstream.model.observations.readings import ReadingBatch, Variable
from warnstream.model.rules.indicators import SensorSamples
from warnstream.windows.samples import SampleRing

SLOPE_SPACING_S = 600
DEPTH_SPACING_S = 60
SLOPE_SAMPLES = 48
"""Eight hours at one sample in ten minutes; a sensor that is read by hand keeps 48 readings."""
DEPTH_SAMPLES = 10

SLOPE_VARIABLES = (
    Variable.TILT_X,
    Variable.TILT_Y,
    Variable.DISPLACEMENT,
    Variable.CRACK,
    Variable.PORE_PRESSURE,
    Variable.TEMPERATURE,
)
"""Temperature is kept for the compensation of tilt."""


class SensorSeries:
    """Samples of one network's sensors.

    Parameters
    ----------
    station : Int32Array
        Stations that rules name, ascending; only their samples are kept.
    n_stations : int
        Of the network.
    """

    def __init__(self, station: Int32Array, n_stations: int) -> None:
        self._row: Int32Array = np.full(n_stations, -1, dtype=np.int32)
        self._row[station] = np.arange(len(station))
        self._rings = {
            variable: SampleRing(len(station), SLOPE_SAMPLES, SLOPE_SPACING_S) for variable in SLOPE_VARIABLES
        }
        self._rings[Variable.WATER_DEPTH] = SampleRing(len(station), DEPTH_SAMPLES, DEPTH_SPACING_S)
        self.observed_at_s: Int64Array = np.full(n_stations, -1, dtype=np.int64)

    def add(self, readings: ReadingBatch) -> None:
        """Take usable readings of any variable; those of other variables and stations are passed over."""
        count = np.bincount(readings.variable, minlength=len(Variable)).tolist()
        for variable, ring in self._rings.items():
            if not count[variable]:
                continue
            rows = np.flatnonzero(readings.variable == variable)
            station, at_s = readings.station[rows], readings.observed_at_s[rows]
            np.maximum.at(self.observed_at_s, station, at_s)
            kept = self._row[station] >= 0
            ring.add(self._row[station[kept]], at_s[kept], readings.value[rows[kept]])

    def samples(self) -> SensorSamples:
        """Samples of every variable, as they are now."""
        return SensorSamples(
            row=self._row,
            time_s={variable: ring.time_s for variable, ring in self._rings.items()},
            value={variable: ring.value for variable, ring in self._rings.items()},
        )

    def snapshot(self) -> dict[str, Float64Array | Int64Array]:
        """State as arrays."""
        state: dict[str, Float64Array | Int64Array] = {"observed_at_s": self.observed_at_s.copy()}
        for variable, ring in self._rings.items():
            for name, array in ring.snapshot().items():
                state[f"{variable.word}.{name}"] = array
        return state

    def restore(self, state: dict[str, Float64Array | Int64Array]) -> None:
        """Take up a snapshot.

        Raises
        ------
        ValueError, KeyError
            If it was taken of another network or other rules.
        """
        self.observed_at_s[:] = state["observed_at_s"]
        for variable, ring in self._rings.items():
            ring.restore({name: state[f"{variable.word}.{name}"] for name in ("time_s", "value")})
