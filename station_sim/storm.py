"""A seeded convective storm on a 1 km field: the true rain.

A rain area drifts across the county from the west. Inside it lies uneven
stratiform rain of a few mm/h; near its core convective cells are born again
and again, grow, move on faster than the storm as a whole, and decay, so that
several of them pass over one place ("training"), which is what brings 40 to
80 mm in an hour near the track while most of the county gets little. Where
cells overlap the stronger one counts, so intensity stays below
`INTENSITY_MM_PER_H_MAX`.

It is a rain generator, not a weather model: no terrain effect, no wind, no
physics; its cells are round. One frame is one minute and one cell of the
field 1 km2; a county of 17,300 km2 and 8 h take about two seconds.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from station_sim import outline
from station_sim.seeds import stream
from warnstream.model.arrays import Float64Array, Int64Array
from warnstream.model.times import MINUTE_S, iso_utc

if TYPE_CHECKING:
    import xarray

CELL_M = 1_000.0
INTENSITY_MM_PER_H_MAX = 130.0
"""Bound of the field: the strongest cell (120) and the strongest stratiform rain (10)."""

_MARGIN_M = 15_000.0
_START_WEST_M = 20_000.0
_TEXTURE_PERIOD_KM = 256
_BIRTHS_PER_MIN_CORE = 0.30
_BIRTHS_PER_MIN_AROUND = 0.22


@dataclass(frozen=True, slots=True)
class FieldGrid:
    """The 1 km grid: south-west corner in local metres, rows run north, columns east."""

    west_m: float
    south_m: float
    n_rows: int
    n_columns: int

    @property
    def x_m(self) -> Float64Array:
        """Centres of the columns."""
        return self.west_m + (np.arange(self.n_columns, dtype=np.float64) + 0.5) * CELL_M

    @property
    def y_m(self) -> Float64Array:
        """Centres of the rows."""
        return self.south_m + (np.arange(self.n_rows, dtype=np.float64) + 0.5) * CELL_M

    def cell_of(self, xy_m: Float64Array) -> tuple[Int64Array, Int64Array]:
        """Row and column of points, shape (n, 2) in local metres; the nearest one for points outside."""
        row = np.floor((xy_m[:, 1] - self.south_m) / CELL_M).astype(np.int64)
        column = np.floor((xy_m[:, 0] - self.west_m) / CELL_M).astype(np.int64)
        return np.clip(row, 0, self.n_rows - 1), np.clip(column, 0, self.n_columns - 1)


@dataclass(frozen=True, slots=True)
class Cells:
    """Convective cells, one entry each.

    Attributes
    ----------
    born_min, life_min : Float64Array
        Minutes since the start; minutes.
    x_m, y_m : Float64Array
        Place at birth, local metres.
    east_m_per_min, north_m_per_min : Float64Array
    peak_mm_per_h : Float64Array
        Intensity of the centre at the middle of its life, 60 to 120 near the core.
    radius_m : Float64Array
        Distance at which intensity is exp(-1/2) of the centre's.
    """

    born_min: Float64Array
    life_min: Float64Array
    x_m: Float64Array
    y_m: Float64Array
    east_m_per_min: Float64Array
    north_m_per_min: Float64Array
    peak_mm_per_h: Float64Array
    radius_m: Float64Array


class Storm:
    """The storm of a seed over a frame.

    Parameters
    ----------
    seed : int
    places_xy_m : Float64Array, shape (n, 2)
        Places that the field must cover, local metres (`outline.project`).
    n_minutes : int
        Length; minute k is the minute that ends k + 1 minutes after the start.
    """

    def __init__(self, seed: int, places_xy_m: Float64Array, n_minutes: int) -> None:
        self.n_minutes = n_minutes
        self.grid = _grid_about(places_xy_m)
        generator = stream(seed, "storm track")
        heading = np.radians(generator.uniform(-12.0, 12.0))
        self._drift_m_per_min = generator.uniform(20_000.0, 24_000.0) / 60 * _unit(heading)
        height_m = self.grid.n_rows * CELL_M
        self._start_xy_m = np.array(
            [
                self.grid.west_m + _MARGIN_M - _START_WEST_M,
                self.grid.south_m + height_m * generator.uniform(0.42, 0.58),
            ]
        )
        self._area_radius_m = generator.uniform(38_000.0, 48_000.0)
        self._stratiform_mm_per_h = generator.uniform(2.0, 3.5)
        self._texture = _texture(stream(seed, "storm texture"))
        self.cells = _cells(stream(seed, "storm cells"), self._centre_xy_m, heading, n_minutes)

    def _centre_xy_m(self, minute: float) -> Float64Array:
        centre: Float64Array = self._start_xy_m + self._drift_m_per_min * minute
        return centre

    def intensity_frames(self) -> Iterator[Float64Array]:
        """Rain intensity minute by minute, mm/h, shape (n_rows, n_columns)."""
        x_m, y_m = self.grid.x_m, self.grid.y_m
        for minute in range(self.n_minutes):
            convective = self._convective(minute + 0.5, x_m, y_m)
            yield np.minimum(convective + self._stratiform(minute, x_m, y_m), INTENSITY_MM_PER_H_MAX)

    def _convective(self, minute: float, x_m: Float64Array, y_m: Float64Array) -> Float64Array:
        field = np.zeros((len(y_m), len(x_m)))
        cells = self.cells
        age = (minute - cells.born_min) / cells.life_min
        for n in np.flatnonzero((age > 0) & (age < 1)):
            elapsed_min = minute - cells.born_min[n]
            x = cells.x_m[n] + cells.east_m_per_min[n] * elapsed_min
            y = cells.y_m[n] + cells.north_m_per_min[n] * elapsed_min
            reach_m = 3.5 * cells.radius_m[n]
            columns = slice(*np.searchsorted(x_m, (x - reach_m, x + reach_m)))
            rows = slice(*np.searchsorted(y_m, (y - reach_m, y + reach_m)))
            east = np.exp(-0.5 * ((x_m[columns] - x) / cells.radius_m[n]) ** 2)
            north = np.exp(-0.5 * ((y_m[rows] - y) / cells.radius_m[n]) ** 2)
            peak = cells.peak_mm_per_h[n] * np.sin(np.pi * age[n])
            patch = field[rows, columns]
            np.maximum(patch, peak * north[:, None] * east[None, :], out=patch)
        return field

    def _stratiform(self, minute: int, x_m: Float64Array, y_m: Float64Array) -> Float64Array:
        x, y = self._centre_xy_m(minute + 0.5)
        inside = np.exp(
            -(
                (((x_m - x) / self._area_radius_m) ** 2)[None]
                + (((y_m - y) / self._area_radius_m) ** 2)[:, None]
            )
        )
        # The texture moves with the rain area, in whole kilometres: it is noise, its steps cannot be seen.
        shift = np.round(np.array([x, y]) / CELL_M).astype(int)
        rows = (np.arange(len(y_m)) - shift[1]) % _TEXTURE_PERIOD_KM
        columns = (np.arange(len(x_m)) - shift[0]) % _TEXTURE_PERIOD_KM
        rain: Float64Array = self._stratiform_mm_per_h * inside * self._texture[np.ix_(rows, columns)]
        # Below a tenth of a millimetre an hour no gauge notices; dry is dry.
        rain[rain < 0.1] = 0.0
        return rain

    def sample(self, targets: Sequence["Target"]) -> list[Float64Array]:
        """True rain of each minute over several sets of places in one pass over the field.

        Returns
        -------
        list of Float64Array, shape (n_minutes, n_places) each
            Millimetres in the minute.
        """
        windows = [_windows(self.grid, target) for target in targets]
        samples = [np.empty((self.n_minutes, len(target.xy_m))) for target in targets]
        integral = np.zeros((self.grid.n_rows + 1, self.grid.n_columns + 1))
        for minute, frame in enumerate(self.intensity_frames()):
            np.cumsum(np.cumsum(frame, axis=0), axis=1, out=integral[1:, 1:])
            for window, sample in zip(windows, samples, strict=True):
                sample[minute] = window.mean(integral)
        return [np.maximum(sample / 60.0, 0.0) for sample in samples]

    def true_field(self, start_s: int, step_min: int = 5) -> "xarray.Dataset":
        """The field as a CF dataset: amounts of `step_min` minutes with time bounds.

        Needs xarray. `step_min` must divide the storm's minutes; about 0.15 MB per step before compression.
        """
        if self.n_minutes % step_min:
            raise ValueError(f"{step_min} minutes do not divide the storm's {self.n_minutes}")
        n_steps = self.n_minutes // step_min
        amount_mm = np.zeros((n_steps, self.grid.n_rows, self.grid.n_columns), dtype=np.float32)
        for minute, frame in enumerate(self.intensity_frames()):
            amount_mm[minute // step_min] += (frame / 60.0).astype(np.float32)
        ends_s = start_s + MINUTE_S * step_min * np.arange(1, n_steps + 1)
        return _dataset(self.grid, amount_mm, ends_s, step_min * MINUTE_S)


@dataclass(frozen=True, slots=True)
class Target:
    """Places whose rain is asked for.

    Attributes
    ----------
    xy_m : Float64Array, shape (n, 2)
        Local metres.
    half_width_km : Int64Array, shape (n,)
        The rain is the mean of a square of 2 half widths + 1 km; 0 takes the one cell of the place.
    """

    xy_m: Float64Array
    half_width_km: Int64Array


@dataclass(frozen=True, slots=True)
class _Windows:
    """Squares of the field as rows and columns of its integral image."""

    top: Int64Array
    bottom: Int64Array
    left: Int64Array
    right: Int64Array

    def mean(self, integral: Float64Array) -> Float64Array:
        total = (
            integral[self.bottom, self.right]
            - integral[self.top, self.right]
            - integral[self.bottom, self.left]
            + integral[self.top, self.left]
        )
        mean: Float64Array = total / ((self.bottom - self.top) * (self.right - self.left))
        return mean


def _windows(grid: FieldGrid, target: Target) -> _Windows:
    row, column = grid.cell_of(target.xy_m)
    half = target.half_width_km
    return _Windows(
        np.maximum(row - half, 0),
        np.minimum(row + half + 1, grid.n_rows),
        np.maximum(column - half, 0),
        np.minimum(column + half + 1, grid.n_columns),
    )


def _grid_about(places_xy_m: Float64Array) -> FieldGrid:
    west_m, south_m = places_xy_m.min(axis=0) - _MARGIN_M
    east_m, north_m = places_xy_m.max(axis=0) + _MARGIN_M
    return FieldGrid(
        float(west_m),
        float(south_m),
        int((north_m - south_m) // CELL_M) + 1,
        int((east_m - west_m) // CELL_M) + 1,
    )


def _unit(angle: float) -> Float64Array:
    return np.array([np.cos(angle), np.sin(angle)], dtype=np.float64)


def _texture(generator: np.random.Generator) -> Float64Array:
    """Smooth periodic noise with mean near 1 between 0 and 2.5: patches of 10 to 60 km."""
    size = _TEXTURE_PERIOD_KM
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None])
    spectrum = np.where((frequency > 1 / 60) & (frequency < 1 / 10), 1.0, 0.0)
    phase = generator.uniform(0, 2 * np.pi, spectrum.shape)
    noise = np.fft.irfft2(spectrum * np.exp(1j * phase), s=(size, size))
    texture: Float64Array = np.clip(1.0 + 0.8 * noise / noise.std(), 0.0, 2.5)
    return texture


def _cells(
    generator: np.random.Generator,
    centre_xy_m: Callable[[float], Float64Array],
    heading: float,
    n_minutes: int,
) -> Cells:
    """Cells born in the core (a line along the track) and, weaker, anywhere in the rain area."""
    columns = []
    # Births begin before the start so that the storm is full-grown when it comes.
    for rate_per_min, is_core in ((_BIRTHS_PER_MIN_CORE, True), (_BIRTHS_PER_MIN_AROUND, False)):
        n_cells = int(generator.poisson(rate_per_min * (n_minutes + 60)))
        born_min = np.sort(generator.uniform(-60, n_minutes, n_cells))
        centre = np.array([centre_xy_m(minute) for minute in born_min]).reshape(-1, 2)
        spread_m = np.array([9_000.0, 3_500.0]) if is_core else np.array([26_000.0, 30_000.0])
        offset = generator.normal(0.0, 1.0, (n_cells, 2)) * spread_m
        place = centre + offset[:, :1] * _unit(heading) + offset[:, 1:] * _unit(heading + np.pi / 2)
        speed = generator.uniform(24_000, 32_000, n_cells) / 60
        angle = heading + np.radians(generator.normal(4.0, 3.0, n_cells))
        columns.append(
            (
                born_min,
                generator.uniform(35, 60, n_cells),
                place[:, 0],
                place[:, 1],
                speed * np.cos(angle),
                speed * np.sin(angle),
                generator.uniform(60, 120, n_cells) if is_core else generator.uniform(15, 60, n_cells),
                generator.uniform(2_800, 4_500, n_cells)
                if is_core
                else generator.uniform(2_000, 3_500, n_cells),
            )
        )
    return Cells(*(np.concatenate(column) for column in zip(*columns, strict=True)))


def _dataset(
    grid: FieldGrid, amount_mm: NDArray[np.float32], ends_s: Int64Array, step_s: int
) -> "xarray.Dataset":
    """CF dataset of amounts, shape (n_steps, n_rows, n_columns), that end at `ends_s`."""
    import xarray as xr

    x_m, y_m = grid.x_m, grid.y_m
    latitude, _ = outline.unproject(np.stack([np.zeros_like(y_m), y_m], axis=-1))
    _, longitude = outline.unproject(np.stack([x_m, np.zeros_like(x_m)], axis=-1))
    units = "seconds since 1970-01-01 00:00:00"
    bounds = np.stack([ends_s - step_s, ends_s], axis=-1)
    return xr.Dataset(
        {
            "precipitation_amount": (
                ("time", "latitude", "longitude"),
                amount_mm,
                {
                    "standard_name": "precipitation_amount",
                    "long_name": "simulated true rain of the interval",
                    "units": "kg m-2",
                    "cell_methods": "time: sum",
                },
            ),
            "time_bounds": (("time", "bounds"), bounds, {}),
        },
        coords={
            "time": ("time", ends_s, {"standard_name": "time", "units": units, "bounds": "time_bounds"}),
            "latitude": ("latitude", latitude, {"standard_name": "latitude", "units": "degrees_north"}),
            "longitude": ("longitude", longitude, {"standard_name": "longitude", "units": "degrees_east"}),
        },
        attrs={
            "Conventions": "CF-1.11",
            "title": "Simulated storm; no real rain",
            "comment": f"1 kg m-2 is 1 mm; {iso_utc(int(ends_s[0]) - step_s)} to {iso_utc(int(ends_s[-1]))}",
        },
    )
