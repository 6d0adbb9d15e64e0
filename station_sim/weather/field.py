"""The 1 km field of rain: its grid, how places sample it, and what every kind of weather offers.

A kind of weather is a `RainField`: it yields one frame of true intensity for
each minute. Whoever needs rain at places asks `sample`, which passes once over
the frames for all sets of places.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from warnstream.model.arrays import Float64Array, Int64Array

CELL_M = 1_000.0
INTENSITY_MM_PER_H_MAX = 130.0
"""Bound of every field: about what a single hour's world-class cloudburst holds for minutes."""

MARGIN_M = 15_000.0
TEXTURE_PERIOD_KM = 256


class RainField(Protocol):
    """Weather over a frame.

    Attributes
    ----------
    grid : FieldGrid
    n_minutes : int
        Length; minute k is the minute that ends k + 1 minutes after the start.
    """

    grid: "FieldGrid"
    n_minutes: int

    def intensity_frames(self) -> Iterator[Float64Array]:
        """Rain intensity minute by minute, mm/h, shape (n_rows, n_columns)."""
        ...


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


def sample(field: RainField, targets: Sequence["Target"]) -> list[Float64Array]:
    """True rain of each minute over several sets of places in one pass over the field.

    Returns
    -------
    list of Float64Array, shape (n_minutes, n_places) each
        Millimetres in the minute.
    """
    windows = [_windows(field.grid, target) for target in targets]
    samples = [np.empty((field.n_minutes, len(target.xy_m))) for target in targets]
    integral = np.zeros((field.grid.n_rows + 1, field.grid.n_columns + 1))
    for minute, frame in enumerate(field.intensity_frames()):
        np.cumsum(np.cumsum(frame, axis=0), axis=1, out=integral[1:, 1:])
        for window, sample in zip(windows, samples, strict=True):
            sample[minute] = window.mean(integral)
    return [np.maximum(sample / 60.0, 0.0) for sample in samples]


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


def grid_about(places_xy_m: Float64Array) -> FieldGrid:
    """The grid that covers places, shape (n, 2) in local metres, with a margin all round."""
    west_m, south_m = places_xy_m.min(axis=0) - MARGIN_M
    east_m, north_m = places_xy_m.max(axis=0) + MARGIN_M
    return FieldGrid(
        float(west_m),
        float(south_m),
        int((north_m - south_m) // CELL_M) + 1,
        int((east_m - west_m) // CELL_M) + 1,
    )


def texture(generator: np.random.Generator, km_low: float = 10.0, km_high: float = 60.0) -> Float64Array:
    """Smooth periodic noise with mean near 1 between 0 and 2.5, in patches of a range of lengths.

    Returns
    -------
    Float64Array, shape (TEXTURE_PERIOD_KM, TEXTURE_PERIOD_KM)
    """
    size = TEXTURE_PERIOD_KM
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None])
    spectrum = np.where((frequency > 1 / km_high) & (frequency < 1 / km_low), 1.0, 0.0)
    phase = generator.uniform(0, 2 * np.pi, spectrum.shape)
    noise = np.fft.irfft2(spectrum * np.exp(1j * phase), s=(size, size))
    smooth: Float64Array = np.clip(1.0 + 0.8 * noise / noise.std(), 0.0, 2.5)
    return smooth


def moved_texture(noise: Float64Array, grid: FieldGrid, xy_m: Float64Array) -> Float64Array:
    """A texture on the grid, moved along by whole kilometres: it is noise, its steps cannot be seen."""
    shift = np.round(xy_m / CELL_M).astype(int)
    rows = (np.arange(grid.n_rows) - shift[1]) % TEXTURE_PERIOD_KM
    columns = (np.arange(grid.n_columns) - shift[0]) % TEXTURE_PERIOD_KM
    moved: Float64Array = noise[np.ix_(rows, columns)]
    return moved
