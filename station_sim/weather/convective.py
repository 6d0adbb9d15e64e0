"""A seeded convective storm: the true rain of an afternoon.

A rain area drifts across the county from the west. Inside it lies uneven
stratiform rain of a few mm/h; near its core convective cells are born again
and again, grow, move on faster than the storm as a whole, and decay, so that
several of them pass over one place ("training"), which is what brings 40 to
80 mm in an hour near the track while most of the county gets little. Where
cells overlap the stronger one counts, so intensity stays below
`INTENSITY_MM_PER_H_MAX`.

It is a rain generator, not a weather model: no terrain effect, no wind, no
physics; its cells are round. A county of 17,300 km2 and 8 h take about two
seconds. Other kinds of weather stand in `station_sim.weather.kinds`.
"""

from collections.abc import Callable, Iterator

import numpy as np

from station_sim.seeds import stream
from station_sim.weather.cells import Cells, paint
from station_sim.weather.field import (
    CELL_M,
    INTENSITY_MM_PER_H_MAX,
    MARGIN_M,
    grid_about,
    moved_texture,
    texture,
)
from warnstream.model.arrays import Float64Array

_START_WEST_M = 20_000.0
_BIRTHS_PER_MIN_CORE = 0.30
_BIRTHS_PER_MIN_AROUND = 0.22


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
        self.grid = grid_about(places_xy_m)
        generator = stream(seed, "storm track")
        heading = np.radians(generator.uniform(-12.0, 12.0))
        self._drift_m_per_min = generator.uniform(20_000.0, 24_000.0) / 60 * unit(heading)
        height_m = self.grid.n_rows * CELL_M
        self._start_xy_m = np.array(
            [
                self.grid.west_m + MARGIN_M - _START_WEST_M,
                self.grid.south_m + height_m * generator.uniform(0.42, 0.58),
            ]
        )
        self._area_radius_m = generator.uniform(38_000.0, 48_000.0)
        self._stratiform_mm_per_h = generator.uniform(2.0, 3.5)
        self._texture = texture(stream(seed, "storm texture"))
        self.cells = _cells(stream(seed, "storm cells"), self._centre_xy_m, heading, n_minutes)

    def _centre_xy_m(self, minute: float) -> Float64Array:
        centre: Float64Array = self._start_xy_m + self._drift_m_per_min * minute
        return centre

    def intensity_frames(self) -> Iterator[Float64Array]:
        """Rain intensity minute by minute, mm/h, shape (n_rows, n_columns)."""
        x_m, y_m = self.grid.x_m, self.grid.y_m
        for minute in range(self.n_minutes):
            convective = np.zeros((len(y_m), len(x_m)))
            paint(convective, self.cells, minute + 0.5, x_m, y_m, add=False)
            yield np.minimum(convective + self._stratiform(minute, x_m, y_m), INTENSITY_MM_PER_H_MAX)

    def _stratiform(self, minute: int, x_m: Float64Array, y_m: Float64Array) -> Float64Array:
        x, y = self._centre_xy_m(minute + 0.5)
        inside = np.exp(
            -(
                (((x_m - x) / self._area_radius_m) ** 2)[None]
                + (((y_m - y) / self._area_radius_m) ** 2)[:, None]
            )
        )
        moved = moved_texture(self._texture, self.grid, np.array([x, y]))
        rain: Float64Array = self._stratiform_mm_per_h * inside * moved
        # Below a tenth of a millimetre an hour no gauge notices; dry is dry.
        rain[rain < 0.1] = 0.0
        return rain


def unit(angle: float) -> Float64Array:
    """Vector of length 1 at an angle from east, radians."""
    return np.array([np.cos(angle), np.sin(angle)], dtype=np.float64)


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
        place = centre + offset[:, :1] * unit(heading) + offset[:, 1:] * unit(heading + np.pi / 2)
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
