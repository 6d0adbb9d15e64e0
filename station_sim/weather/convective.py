"""A seeded convective storm: the true rain of an afternoon.

A rain area drifts across the county from the west, on a way that bends. Inside
it lies uneven stratiform rain of a few mm/h; near its core convective cells are
born again and again, grow, move on each its own way, and decay within half an
hour, so that several of them pass over one place ("training"), which is what
brings 40 to 80 mm in an hour near the track while most of the county gets
little. Births come in bursts and pauses, and so an hour of heavy rain says little
of the next: that is what makes warnings of such storms hard
(`benchmarks.score_storms` sets them beside real ones). Where cells overlap the
stronger one counts, so intensity stays below `INTENSITY_MM_PER_H_MAX`.

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
_BIRTHS_PER_MIN_CORE = 1.1
_BIRTHS_PER_MIN_AROUND = 0.30
_BURST_SPREAD = 1.3
"""Standard deviation of the logarithm of the rate of births in the core."""
_BURST_MIN = 20.0
"""Time in which bursts and pauses forget themselves (1/e)."""
_BEND_PER_ROOT_H = np.radians(20.0)
"""The way's heading wanders by so much in an hour."""
_BEND_KEPT_MIN = 180.0
"""Time in which a bend forgets itself (1/e)."""
_LEAD_MIN = 60
"""Births begin before the start so that the storm is full-grown when it comes."""


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
        speed_m_per_min = generator.uniform(20_000.0, 24_000.0) / 60
        height_m = self.grid.n_rows * CELL_M
        start_xy_m = np.array(
            [
                self.grid.west_m + MARGIN_M - _START_WEST_M,
                self.grid.south_m + height_m * generator.uniform(0.42, 0.58),
            ]
        )
        self._area_radius_m = generator.uniform(38_000.0, 48_000.0)
        self._stratiform_mm_per_h = generator.uniform(2.0, 3.5)
        self._texture = texture(stream(seed, "storm texture"))
        headings = _wandering(stream(seed, "storm bends"), heading, n_minutes + _LEAD_MIN)
        steps_m = speed_m_per_min * np.stack([np.cos(headings), np.sin(headings)], axis=-1)
        way_m = np.cumsum(steps_m, axis=0)
        self._way_xy_m = start_xy_m + way_m - way_m[_LEAD_MIN]
        self.cells = _cells(stream(seed, "storm cells"), self._centre_xy_m, headings, n_minutes)

    def _centre_xy_m(self, minute: float) -> Float64Array:
        centre: Float64Array = self._way_xy_m[min(int(minute) + _LEAD_MIN, len(self._way_xy_m) - 1)]
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


def unit(angle: float | Float64Array) -> Float64Array:
    """Vectors of length 1 at angles from east in radians, shape (..., 2)."""
    vectors: Float64Array = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    return vectors


def _wandering(generator: np.random.Generator, heading: float, n_minutes: int) -> Float64Array:
    """Heading of the storm's way in each minute, radians: it wanders and is drawn back to where it began."""
    step = generator.normal(0.0, _BEND_PER_ROOT_H / np.sqrt(60.0), n_minutes)
    bent = np.zeros(n_minutes)
    for minute in range(1, n_minutes):
        bent[minute] = bent[minute - 1] * (1 - 1 / _BEND_KEPT_MIN) + step[minute]
    return heading + bent


def _bursts(generator: np.random.Generator, n_minutes: int) -> Float64Array:
    """Rate of births against its mean in each minute: a lognormal process of memory `_BURST_MIN`.

    Every storm has as many births as the next, only when differs: its hours are as heavy whatever the seed.
    """
    kept = np.exp(-1.0 / _BURST_MIN)
    step = generator.normal(0.0, np.sqrt(1 - kept**2), n_minutes)
    level = np.empty(n_minutes)
    level[0] = generator.normal()
    for minute in range(1, n_minutes):
        level[minute] = kept * level[minute - 1] + step[minute]
    rate = np.exp(_BURST_SPREAD * level)
    of_mean: Float64Array = rate / rate.mean()
    return of_mean


def _cells(
    generator: np.random.Generator,
    centre_xy_m: Callable[[float], Float64Array],
    headings: Float64Array,
    n_minutes: int,
) -> Cells:
    """Cells born in the core (a line along the track) and, weaker, anywhere in the rain area.

    `headings` are those of the minutes from `_LEAD_MIN` before the start.
    """
    columns = []
    for rate_per_min, is_core in ((_BIRTHS_PER_MIN_CORE, True), (_BIRTHS_PER_MIN_AROUND, False)):
        n_all = n_minutes + _LEAD_MIN
        rate = rate_per_min * (_bursts(generator, n_all) if is_core else np.ones(n_all))
        minute = np.repeat(np.arange(n_all), generator.poisson(rate))
        n_cells = len(minute)
        born_min = minute - _LEAD_MIN + generator.uniform(0.0, 1.0, n_cells)
        heading = headings[minute]
        centre = np.array([centre_xy_m(one) for one in born_min]).reshape(-1, 2)
        spread_m = np.array([12_000.0, 5_500.0]) if is_core else np.array([26_000.0, 30_000.0])
        along, across = (generator.normal(0.0, 1.0, (n_cells, 2)) * spread_m).T[:, :, None]
        place = centre + along * unit(heading) + across * unit(heading + np.pi / 2)
        speed = generator.uniform(14_000, 38_000, n_cells) / 60
        angle = heading + np.radians(generator.normal(4.0, 22.0, n_cells))
        columns.append(
            (
                born_min,
                generator.uniform(15, 35, n_cells),
                place[:, 0],
                place[:, 1],
                speed * np.cos(angle),
                speed * np.sin(angle),
                generator.uniform(60, 130, n_cells) if is_core else generator.uniform(15, 80, n_cells),
                generator.uniform(2_000, 3_400, n_cells)
                if is_core
                else generator.uniform(1_400, 2_600, n_cells),
            )
        )
    return Cells(*(np.concatenate(column) for column in zip(*columns, strict=True)))
