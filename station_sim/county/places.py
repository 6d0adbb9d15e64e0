"""Tables of the simulated county: stations, critical rain, gauges and the villages they warn.

Villages are `warnstream.model.network.Villages`. Rows are numbered; the other
tables name stations and villages by these numbers, files by their codes.
"""

from dataclasses import dataclass

from warnstream.model.arrays import Float64Array, Int32Array


@dataclass(frozen=True, slots=True)
class StationTable:
    """Who reports what.

    Attributes
    ----------
    code : tuple of str, length n_stations
    latitude, longitude, elevation_m : Float64Array, shape (n_stations,)
        WGS 84 degrees; metres, NaN where unknown.
    variables : tuple of tuple of str, length n_stations
        Words of `warnstream.model.observations.readings.Variable`.
    interval_s : Int32Array, shape (n_stations,)
        Reporting interval, whole minutes.
    county : tuple of str, length n_stations
    """

    code: tuple[str, ...]
    latitude: Float64Array
    longitude: Float64Array
    elevation_m: Float64Array
    variables: tuple[tuple[str, ...], ...]
    interval_s: Int32Array
    county: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.code)

    def kind(self, station: int) -> str:
        """Topic word of a station: ``river``, ``slope``, ``street`` (depth of water) or ``rain``."""
        words = self.variables[station]
        of_word = {"stage": "river", "tilt_x": "slope", "water_depth": "street"}
        return next((kind for word, kind in of_word.items() if word in words), "rain")


@dataclass(frozen=True, slots=True)
class CriticalRainTable:
    """Published critical rain of each village.

    Attributes
    ----------
    duration_s : Int32Array, shape (n_durations,)
        Ascending.
    critical_mm : Float64Array, shape (n_villages, n_durations, 4)
        Blue, yellow, orange, red; NaN where a village has no value.
    source : tuple of str, length n_villages
    """

    duration_s: Int32Array
    critical_mm: Float64Array
    source: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GaugeTable:
    """Which gauge warns which village, one row each.

    Attributes
    ----------
    station, village : Int32Array, shape (n_rows,)
    critical_m : Float64Array, shape (n_rows, 4)
        Stage that reaches blue, yellow, orange, red, above the gauge's own zero; NaN without a value.
    """

    station: Int32Array
    village: Int32Array
    critical_m: Float64Array
