"""The last samples of slope, depth and weather sensors, for the stations and variables that a rule names."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from warnstream.model.arrays import Float64Array, Int32Array, Int64Array, rows_where
from warnstream.model.observations.readings import COUNTERS, ReadingBatch, Variable
from warnstream.model.rules.indicators import SensorSamples
from warnstream.windows.samples import SampleRing

_IS_OF_SENSORS = np.ones(len(Variable), dtype=np.bool_)
_IS_OF_SENSORS[[Variable.RAIN, Variable.STAGE, Variable.RAIN_TIP, *COUNTERS]] = False
"""By variable; newest observations of rain and stage are kept by rain windows and stages."""


@dataclass(frozen=True, slots=True)
class Series:
    """So many samples, not closer together than a spacing."""

    samples: int
    spacing_s: int


class SensorSeries:
    """Samples of one network's sensors.

    Parameters
    ----------
    station : Int32Array
        Stations that rules name, ascending; only their samples are kept.
    series : mapping of Variable to Series
        What is kept of each variable that a rule reads.
    n_stations : int
        Of the network.

    Attributes
    ----------
    observed_at_s : Int64Array, shape (n_stations,)
        Newest observation of anything but rain and stage; -1: none.
    """

    def __init__(self, station: Int32Array, series: Mapping[Variable, Series], n_stations: int) -> None:
        self._row: Int32Array = np.full(n_stations, -1, dtype=np.int32)
        self._row[station] = np.arange(len(station))
        self._rings = {
            variable: SampleRing(len(station), kept.samples, kept.spacing_s)
            for variable, kept in series.items()
        }
        self.observed_at_s: Int64Array = np.full(n_stations, -1, dtype=np.int64)

    def add(self, readings: ReadingBatch) -> None:
        """Take usable readings of any variable; those of other variables and stations are passed over."""
        own = rows_where(_IS_OF_SENSORS[readings.variable])
        np.maximum.at(self.observed_at_s, readings.station[own], readings.observed_at_s[own])
        count = np.bincount(readings.variable, minlength=len(Variable)).tolist()
        for variable, ring in self._rings.items():
            if not count[variable]:
                continue
            rows = rows_where(readings.variable == variable)
            station, at_s = readings.station[rows], readings.observed_at_s[rows]
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
        state: dict[str, Float64Array | Int64Array] = {
            "observed_at_s": self.observed_at_s.copy(),
            "station": np.flatnonzero(self._row >= 0),
        }
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
