"""Fields of rain about a county: what a radar saw of one interval, on cells of our own.

Whatever the cells of its files, a field has square ones in local metres: county and `MARGIN_M` around, rain
that will be here in three hours is not here yet. The geometry follows from the network alone, and from it
roughly, so that a village more or less changes none.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from warnstream.model.arrays import Float64Array, Int16Array
from warnstream.model.geodesy import local_xy_m
from warnstream.model.grids import GridFrame
from warnstream.model.network import Network
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.runs.model_run import ModelRun

UNSEEN = -1
UNITS_PER_MM = 100
"""Fields count hundredths of a millimetre: a tenth in five minutes would be 1.2 mm/h."""
MM_MAX = 32_767 / UNITS_PER_MM
CELL_M = 2_000
MARGIN_M = 100_000
CELLS_MAX = 192
"""Along each side; a larger county has less margin, then larger cells."""
_ROUND_DEGREES, _ROUND_M = 0.1, 10_000


@dataclass(frozen=True)
class FieldGeometry:
    """Square cells in local metres about a point.

    Attributes
    ----------
    latitude, longitude : float
        The point.
    south_m, west_m : int
        Centre of the first cell: north and east of the point.
    cell_m, n_rows, n_columns : int
        Rows go north, columns east.
    """

    latitude: float
    longitude: float
    south_m: int
    west_m: int
    cell_m: int
    n_rows: int
    n_columns: int

    @cached_property
    def digest(self) -> bytes:
        """Eight bytes that name it."""
        text = repr((self.latitude, self.longitude, self.south_m, self.west_m, self.cell_m, *self.shape))
        return hashlib.sha256(text.encode()).digest()[:8]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.n_rows, self.n_columns

    def positions(self, latitude: Float64Array, longitude: Float64Array) -> tuple[Float64Array, Float64Array]:
        """Fractional rows and columns of points; whole numbers are centres of cells."""
        xy_m = local_xy_m(latitude, longitude, self.latitude, self.longitude)
        east, north = xy_m[:, 0], xy_m[:, 1]
        return (north - self.south_m) / self.cell_m, (east - self.west_m) / self.cell_m


def geometry_of(
    network: Network, cell_m: int = CELL_M, margin_m: int = MARGIN_M, cells_max: int = CELLS_MAX
) -> FieldGeometry:
    """The cells of a network's fields; with other numbers those of something else that covers it."""
    villages, stations = network.villages, network.stations
    latitude, longitude = (
        round(float(np.mean(degrees)) / _ROUND_DEGREES) * _ROUND_DEGREES
        for degrees in (villages.latitude, villages.longitude)
    )
    latitude, longitude = round(latitude, 6), round(longitude, 6)
    rain = stations.measures_rain
    xy_m = local_xy_m(
        np.concatenate([villages.latitude, stations.latitude[rain]]),
        np.concatenate([villages.longitude, stations.longitude[rain]]),
        latitude,
        longitude,
    )
    low = np.floor(xy_m.min(axis=0) / _ROUND_M) * _ROUND_M
    high = np.ceil(xy_m.max(axis=0) / _ROUND_M) * _ROUND_M
    extent_m = high - low
    cell_m *= max(int(np.ceil(extent_m.max() / (cell_m * cells_max))), 1)
    cells = np.minimum(np.ceil((extent_m + 2 * margin_m) / cell_m), cells_max).astype(np.int64)
    first = np.rint((low + high) / 2 - (cells - 1) / 2 * cell_m).astype(np.int64)
    return FieldGeometry(
        latitude, longitude, int(first[1]), int(first[0]), cell_m, int(cells[1]), int(cells[0])
    )


@dataclass(frozen=True, slots=True, eq=False)
class FieldFrame:
    """What a radar saw of one interval.

    Attributes
    ----------
    grid : str
        Name of the grid whose files it is from.
    geometry : bytes
        Digest of its `FieldGeometry`.
    end_s, interval_s : int
        The amounts fell in the `interval_s` seconds up to `end_s`; whole minutes.
    rain : Int16Array, shape (n_rows, n_columns)
        Means of cells in `UNITS_PER_MM`; `UNSEEN` where nothing was seen, which is not dry.
    """

    grid: str
    geometry: bytes
    end_s: int
    interval_s: int
    rain: Int16Array

    @property
    def begin_s(self) -> int:
        """When the interval began."""
        return self.end_s - self.interval_s


@dataclass(frozen=True, slots=True)
class FieldRefusal:
    """A field that was not taken, and why."""

    reason: RefusalReason
    detail: str
    frame: FieldFrame


Frame = GridFrame | FieldFrame | ModelRun
"""What files become: amounts at points, a field of the grid that members are made of, a run of a model."""


def packed_mm(rain_mm: Float64Array) -> Int16Array:
    """Millimetres as fields hold them; NaN is `UNSEEN`, more than fits is what fits."""
    whole = np.rint(np.minimum(np.nan_to_num(rain_mm), MM_MAX) * UNITS_PER_MM)
    return np.where(np.isnan(rain_mm), UNSEEN, whole).astype(np.int16)


def unpacked_mm(rain: Int16Array) -> Float64Array:
    """Millimetres, NaN where nothing was seen."""
    return np.where(rain < 0, np.nan, rain / UNITS_PER_MM)
