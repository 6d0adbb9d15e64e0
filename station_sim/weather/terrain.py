"""Invented hills of the frame: where stations stand, where rain is lifted, what blocks a radar's beam.

A sum of plane waves of 6 to 90 km, the longer the higher, on land that rises
to the south-west, as it does in the real frame; every height is invented. One
seed is one terrain; the county has that of `TERRAIN_SEED` whatever the seed of
its places or of its weather.
"""

import numpy as np

from station_sim.seeds import stream
from station_sim.weather.field import CELL_M, FieldGrid
from warnstream.model.arrays import Float64Array

TERRAIN_SEED = 1

_N_WAVES = 90
_LENGTH_M = (6_000.0, 90_000.0)
_MEAN_M = 560.0
_WAVES_M = 330.0
_RISE_PER_M = 0.0024
_LOWEST_M = 20.0
_ROUNDING_M = 90.0


def elevation_m(xy_m: Float64Array, seed: int = TERRAIN_SEED) -> Float64Array:
    """Height above sea level of points, shape (n, 2) in local metres; about 20 to 1,900 m."""
    generator = stream(seed, "terrain")
    length_m = np.exp(generator.uniform(np.log(_LENGTH_M[0]), np.log(_LENGTH_M[1]), _N_WAVES))
    direction = generator.uniform(0, 2 * np.pi, _N_WAVES)
    phase = generator.uniform(0, 2 * np.pi, _N_WAVES)
    # Amplitude grows with length to the power 1.1: valleys within valleys, slopes of a few tenths.
    amplitude = length_m**1.1
    amplitude /= np.sqrt(0.5 * (amplitude**2).sum())
    waves = np.zeros(len(xy_m))
    for n in range(_N_WAVES):
        along_m = xy_m[:, 0] * np.cos(direction[n]) + xy_m[:, 1] * np.sin(direction[n])
        waves += amplitude[n] * np.sin(2 * np.pi * along_m / length_m[n] + phase[n])
    rise_m = -_RISE_PER_M * (xy_m[:, 0] + xy_m[:, 1])
    raw_m = _MEAN_M + _WAVES_M * waves + rise_m
    # Valley floors are flat: what would lie below the lowest ground is rounded off.
    height: Float64Array = _LOWEST_M + _ROUNDING_M * np.logaddexp(0.0, (raw_m - _LOWEST_M) / _ROUNDING_M)
    return height


def terrain_grid(grid: FieldGrid, seed: int = TERRAIN_SEED) -> Float64Array:
    """Heights of a grid's cell centres, shape (n_rows, n_columns)."""
    x_m, y_m = np.meshgrid(grid.x_m, grid.y_m)
    heights = elevation_m(np.stack([x_m.ravel(), y_m.ravel()], axis=-1), seed)
    return heights.reshape(grid.n_rows, grid.n_columns)


def lift_factor(
    east_m_per_s: Float64Array, north_m_per_s: Float64Array, slopes: tuple[Float64Array, Float64Array]
) -> Float64Array:
    """How much more rain falls where wind blows up a slope, and less where it blows down.

    1 + 0.5 s/m times the vertical wind that the ground forces, between 0.5 and
    2.5: the linear upslope model (Smith 1979, "The influence of mountains on the
    atmosphere") with the size of enhancement that is seen over low coastal hills.

    Parameters
    ----------
    east_m_per_s, north_m_per_s : Float64Array, shape (n_rows, n_columns)
    slopes : tuple of Float64Array, shape (n_rows, n_columns)
        Rise to the east and to the north, as of `slopes_of`.

    Examples
    --------
    20 m/s up a slope of one in twenty lift the air by 1 m/s:

    >>> flat = np.zeros((1, 1))
    >>> float(lift_factor(flat + 20, flat, (flat + 0.05, flat))[0, 0])
    1.5
    """
    vertical = east_m_per_s * slopes[0] + north_m_per_s * slopes[1]
    factor: Float64Array = np.clip(1.0 + 0.5 * vertical, 0.5, 2.5)
    return factor


def broad(height_m: Float64Array, half_km: int = 4) -> Float64Array:
    """Heights averaged over squares of 2 half widths + 1 km: what a deep current of air feels of them."""
    padded = np.pad(height_m, half_km, mode="edge")
    width = 2 * half_km + 1
    windows = np.lib.stride_tricks.sliding_window_view(padded, (width, width))
    return np.asarray(windows.mean(axis=(-2, -1)), dtype=np.float64)


def slopes_of(height_m: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Rise to the east and to the north of a grid of heights, metres per metre."""
    return np.asarray(np.gradient(height_m, CELL_M, axis=1)), np.asarray(
        np.gradient(height_m, CELL_M, axis=0)
    )
