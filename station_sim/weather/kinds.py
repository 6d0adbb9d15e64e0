"""Named kinds of weather over a county: what `--kind` chooses.

- `convective`: one storm of an afternoon (`station_sim.weather.convective`); 8 h.
- `line`: a squall line: a wall of strong cells across the wind with a sheet of
  rain behind it, which crosses the county in a few hours; 8 h.
- `typhoon`: comes in from the sea in the south-east and weakens over land: an
  eye, an inner ring, spiral bands, and more rain where its wind blows up the
  hills; 30 h.
- `plum_rain`: a front that lies across the county for days and wavers, with
  trains of cells along it; 72 h.
- `climate`: days cut out of the calibrated climate (`station_sim.weather.climate`),
  from the height of the wet season; 72 h.

They bring believable rain with a known truth. They are no weather models.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from station_sim.errors import SimulatorError
from station_sim.seeds import stream
from station_sim.weather.cells import Cells, join, paint
from station_sim.weather.climate import DAY_MIN, YEAR_MIN, cells_of_year, read_climate
from station_sim.weather.convective import Storm, unit
from station_sim.weather.field import (
    INTENSITY_MM_PER_H_MAX,
    RainField,
    grid_about,
    moved_texture,
    texture,
)
from station_sim.weather.terrain import broad, lift_factor, slopes_of, terrain_grid
from warnstream.model.arrays import Float64Array

_DRY_MM_PER_H = 0.1
"""Below a tenth of a millimetre an hour no gauge notices; dry is dry."""


def _settled(rain: Float64Array) -> Float64Array:
    rain[rain < _DRY_MM_PER_H] = 0.0
    return np.minimum(rain, INTENSITY_MM_PER_H_MAX)


class LineStorm:
    """A squall line of a seed; see `RainField`."""

    def __init__(self, seed: int, places_xy_m: Float64Array, n_minutes: int) -> None:
        self.n_minutes = n_minutes
        self.grid = grid_about(places_xy_m)
        generator = stream(seed, "line track")
        self._heading = np.radians(generator.uniform(-25.0, 25.0))
        self._speed_m_per_min = generator.uniform(38_000.0, 52_000.0) / 60
        middle = np.array([self.grid.x_m.mean(), self.grid.y_m.mean()])
        # The line enters half an hour after the start.
        along, _ = self._along_across(self.grid.x_m[[0, 0, -1, -1]], self.grid.y_m[[0, -1, 0, -1]])
        self._front_m = float(along.min()) - 0.5 * 60 * self._speed_m_per_min
        self._centre_across_m = float(middle @ unit(self._heading + np.pi / 2))
        self._half_length_m = generator.uniform(70_000.0, 100_000.0)
        self._sheet_mm_per_h = generator.uniform(3.0, 6.0)
        self._sheet_width_m = generator.uniform(18_000.0, 28_000.0)
        self._texture = texture(stream(seed, "line texture"))
        self.cells = self._cells(stream(seed, "line cells"))

    def _along_across(self, x_m: Float64Array, y_m: Float64Array) -> tuple[Float64Array, Float64Array]:
        cosine, sine = unit(self._heading)
        return x_m * cosine + y_m * sine, -x_m * sine + y_m * cosine

    def _cells(self, generator: np.random.Generator) -> Cells:
        # One cell to about 7 km of line and 40 minutes of life.
        n = int(generator.poisson(2 * self._half_length_m / 7_000 * (self.n_minutes + 60) / 40))
        born = np.sort(generator.uniform(-60, self.n_minutes, n))
        across = generator.uniform(-1, 1, n)
        # The middle of the line runs ahead of its ends: a bow.
        bow_m = -15_000.0 * across**2 + generator.normal(0, 2_000, n)
        along = self._front_m + self._speed_m_per_min * born + bow_m
        side = self._centre_across_m + across * self._half_length_m
        place = along[:, None] * unit(self._heading) + side[:, None] * unit(self._heading + np.pi / 2)
        speed = self._speed_m_per_min * generator.normal(1.0, 0.04, n)
        return Cells(
            born,
            generator.uniform(35, 60, n),
            place[:, 0],
            place[:, 1],
            speed * np.cos(self._heading),
            speed * np.sin(self._heading),
            generator.uniform(50, 120, n),
            generator.uniform(2_800, 4_600, n),
        )

    def intensity_frames(self) -> Iterator[Float64Array]:
        """Rain intensity minute by minute, mm/h, shape (n_rows, n_columns)."""
        x_m, y_m = np.meshgrid(self.grid.x_m, self.grid.y_m)
        along, across = self._along_across(x_m, y_m)
        off_centre = (across - self._centre_across_m) / self._half_length_m
        inside = np.exp(-(off_centre**4))
        for minute in range(self.n_minutes):
            moved_m = self._speed_m_per_min * (minute + 0.5)
            behind_m = self._front_m + moved_m - 15_000.0 * off_centre**2 - along - self._sheet_width_m
            noise = moved_texture(self._texture, self.grid, moved_m * unit(self._heading))
            rain = self._sheet_mm_per_h * inside * np.exp(-((behind_m / self._sheet_width_m) ** 2)) * noise
            paint(rain, self.cells, minute + 0.5, self.grid.x_m, self.grid.y_m, add=False)
            yield _settled(rain)


class Typhoon:
    """A typhoon of a seed; see `RainField`.

    Rain by distance from the centre has the form of R-CLIPER (Lonfat et al. 2007):
    it rises linearly to the ring of strongest rain and falls off exponentially.
    Bands are logarithmic spirals that turn slowly; wind is a modified Rankine vortex.
    """

    _BANDS: Final = 3
    _PITCH: Final = np.radians(16.0)

    def __init__(self, seed: int, places_xy_m: Float64Array, n_minutes: int) -> None:
        self.n_minutes = n_minutes
        self.grid = grid_about(places_xy_m)
        generator = stream(seed, "typhoon track")
        heading = np.radians(generator.uniform(125.0, 150.0))
        self._drift_m_per_min = generator.uniform(13_000.0, 18_000.0) / 60 * unit(heading)
        middle = np.array([self.grid.x_m.mean(), self.grid.y_m.mean()])
        self._miss_m = generator.uniform(-45_000.0, 45_000.0)
        nearest = middle + self._miss_m * unit(heading + np.pi / 2)
        # It is nearest to the middle of the county after 55 % of the time.
        self._start_m = nearest - self._drift_m_per_min * 0.55 * n_minutes
        self._landfall_min = 0.35 * n_minutes
        self._ring_m = generator.uniform(35_000.0, 50_000.0)
        self._ring_mm_per_h = generator.uniform(9.0, 13.0)
        self._reach_m = generator.uniform(75_000.0, 110_000.0)
        self._wind_m_per_s = generator.uniform(33.0, 42.0)
        self._phase = generator.uniform(0, 2 * np.pi)
        self._coarse = texture(stream(seed, "typhoon texture"), 12.0, 60.0)
        self._fine = texture(stream(seed, "typhoon cells"), 6.0, 14.0)
        self._slopes = slopes_of(broad(terrain_grid(self.grid)))

    def centre_m(self, minute: float) -> Float64Array:
        """Place of the eye, local metres."""
        centre: Float64Array = self._start_m + self._drift_m_per_min * minute
        return centre

    def strength(self, minute: float) -> float:
        """1 over the sea; over land wind halves in about 9 h (Kaplan and DeMaria 1995 decay 0.095 / h)."""
        return float(np.exp(-0.095 * max(0.0, minute - self._landfall_min) / 60))

    def wind_m_per_s(
        self, east_m: Float64Array, north_m: Float64Array, minute: float
    ) -> tuple[Float64Array, Float64Array]:
        """Wind to the east and north at offsets from the eye: anticlockwise, 20 degrees inward."""
        away_m = np.maximum(np.hypot(east_m, north_m), 1.0)
        ratio = away_m / self._ring_m
        speed = self._wind_m_per_s * self.strength(minute) * np.where(ratio < 1, ratio, ratio**-0.5)
        inward = np.radians(20.0)
        around, towards = speed * np.cos(inward) / away_m, speed * np.sin(inward) / away_m
        drift_east, drift_north = self._drift_m_per_min / 60
        return (
            -north_m * around - east_m * towards + drift_east,
            east_m * around - north_m * towards + drift_north,
        )

    def intensity_frames(self) -> Iterator[Float64Array]:
        """Rain intensity minute by minute, mm/h, shape (n_rows, n_columns)."""
        x_m, y_m = np.meshgrid(self.grid.x_m, self.grid.y_m)
        for minute in range(self.n_minutes):
            centre = self.centre_m(minute + 0.5)
            east_m, north_m = x_m - centre[0], y_m - centre[1]
            away_m = np.maximum(np.hypot(east_m, north_m), 500.0)
            rise = away_m / self._ring_m
            base = np.where(rise < 1, 0.15 + 0.85 * rise, np.exp((self._ring_m - away_m) / self._reach_m))
            # Bands wind inward anticlockwise, turn once in about nine hours and dissolve inside the ring.
            angle = np.arctan2(north_m, east_m) + np.log(away_m / self._ring_m) / np.tan(self._PITCH)
            turn = self._phase + 2 * np.pi * minute / 540
            bands = np.exp((1.5 * np.cos(self._BANDS * (angle - turn)) - 0.5) * np.minimum(rise, 1.0) ** 2)
            noise = (0.5 + 0.5 * moved_texture(self._coarse, self.grid, centre)) * (
                0.3 + 0.7 * moved_texture(self._fine, self.grid, 1.6 * centre)
            )
            lift = lift_factor(*self.wind_m_per_s(east_m, north_m, minute), self._slopes)
            rain = self._ring_mm_per_h * self.strength(minute) ** 0.6 * base * bands * noise * lift
            yield _settled(rain)


class PlumRain:
    """A front that lies still for days, of a seed; see `RainField`."""

    def __init__(self, seed: int, places_xy_m: Float64Array, n_minutes: int) -> None:
        self.n_minutes = n_minutes
        self.grid = grid_about(places_xy_m)
        generator = stream(seed, "plum rain front")
        self._middle_m = np.array([self.grid.x_m.mean(), self.grid.y_m.mean()])
        self._tilt = np.tan(np.radians(generator.uniform(5.0, 25.0)))
        self._offset_m = generator.uniform(-20_000.0, 20_000.0)
        self._waver_m = generator.uniform(20_000.0, 35_000.0)
        self._waver_min = generator.uniform(20.0, 32.0) * 60
        self._phase = generator.uniform(0, 2 * np.pi, 3)
        self._width_m = generator.uniform(28_000.0, 40_000.0)
        self._sheet_mm_per_h = generator.uniform(2.2, 3.4)
        self._drift_m_per_min = np.array([generator.uniform(26_000.0, 34_000.0) / 60, 0.0])
        self._texture = texture(stream(seed, "plum rain texture"))
        self.cells = self._cells(stream(seed, "plum rain cells"))

    def front_m(self, minute: Float64Array | float, x_m: Float64Array) -> Float64Array:
        """Northing of the front's middle at eastings."""
        waver = self._waver_m * np.sin(2 * np.pi * np.asarray(minute) / self._waver_min + self._phase[0])
        line: Float64Array = (
            self._middle_m[1] + self._offset_m + waver + self._tilt * (x_m - self._middle_m[0])
        )
        return line

    def pulse(self, minute: Float64Array | float) -> Float64Array:
        """Share of the front's full strength: it freshens and slackens twice a day."""
        fast = np.sin(2 * np.pi * np.asarray(minute) / 690 + self._phase[1])
        slow = np.sin(2 * np.pi * np.asarray(minute) / 1_700 + self._phase[2])
        share: Float64Array = np.clip(0.55 + 0.35 * fast + 0.25 * slow, 0.05, 1.0)
        return share

    def _cells(self, generator: np.random.Generator) -> Cells:
        """Trains: bursts of cells born one after the other at one place on the front."""
        n_trains = int(generator.poisson(self.n_minutes / 60 * 1.3)) + 1
        begins = generator.uniform(-60, self.n_minutes, n_trains)
        begins = begins[generator.random(n_trains) < self.pulse(begins)]
        west_m, east_m = self.grid.x_m[0] - 30_000, self.grid.x_m[-1]
        source = generator.uniform(west_m, east_m, len(begins))
        n_cells = generator.poisson(14, len(begins))
        train = np.repeat(np.arange(len(begins)), n_cells)
        n = len(train)
        born = begins[train] + generator.uniform(0, 150, n)
        x_m = source[train] + generator.normal(0, 4_000, n)
        y_m = self.front_m(begins[train], x_m) + generator.normal(0, 2_500, n)
        speed = self._drift_m_per_min[0] * generator.uniform(0.6, 1.1, n)
        return Cells(
            born,
            generator.uniform(40, 70, n),
            x_m,
            y_m,
            speed,
            speed * self._tilt,
            generator.uniform(20, 75, n),
            generator.uniform(2_500, 4_500, n),
        )

    def intensity_frames(self) -> Iterator[Float64Array]:
        """Rain intensity minute by minute, mm/h, shape (n_rows, n_columns)."""
        x_m, y_m = self.grid.x_m, self.grid.y_m
        for minute in range(self.n_minutes):
            off_m = y_m[:, None] - self.front_m(minute, x_m)[None, :]
            noise = moved_texture(self._texture, self.grid, self._drift_m_per_min * minute)
            strength = self._sheet_mm_per_h * float(self.pulse(minute))
            rain = strength * np.exp(-((off_m / self._width_m) ** 2)) * noise
            paint(rain, self.cells, minute + 0.5, x_m, y_m, add=False)
            yield _settled(rain)


class ClimateWeather:
    """The first days of a year of the calibrated climate, on a field; see `RainField`."""

    def __init__(self, seed: int, places_xy_m: Float64Array, n_minutes: int) -> None:
        if n_minutes > YEAR_MIN:
            raise SimulatorError(
                f"the climate has years of {YEAR_MIN // DAY_MIN} days, not {n_minutes} minutes"
            )
        self.n_minutes = n_minutes
        self.grid = grid_about(places_xy_m)
        low, high = self.grid.x_m[[0, -1]], self.grid.y_m[[0, -1]]
        climate = read_climate()
        self._evaporation_mm_per_h = climate.evaporation_mm_per_h
        cells = cells_of_year(climate, seed, 0, np.array([low[0], high[0]]), np.array([low[1], high[1]]))
        alive = (cells.born_min < n_minutes) & (cells.born_min + cells.life_min > 0)
        self.cells = join([cells.take(np.flatnonzero(alive))])

    def intensity_frames(self) -> Iterator[Float64Array]:
        """Rain intensity minute by minute, mm/h, shape (n_rows, n_columns)."""
        for minute in range(self.n_minutes):
            rain = np.zeros((self.grid.n_rows, self.grid.n_columns))
            paint(rain, self.cells, minute + 0.5, self.grid.x_m, self.grid.y_m, add=True)
            yield np.clip(rain - self._evaporation_mm_per_h, 0.0, INTENSITY_MM_PER_H_MAX)


@dataclass(frozen=True, slots=True)
class WeatherKind:
    """How to make a kind of weather (seed, places, minutes), and how long it usually lasts."""

    make: Callable[[int, Float64Array, int], RainField]
    hours: float


WEATHER_KINDS: Final[dict[str, WeatherKind]] = {
    "convective": WeatherKind(Storm, 8.0),
    "line": WeatherKind(LineStorm, 8.0),
    "typhoon": WeatherKind(Typhoon, 30.0),
    "plum_rain": WeatherKind(PlumRain, 72.0),
    "climate": WeatherKind(ClimateWeather, 72.0),
}

DEFAULT_KIND: Final = "convective"


def weather_over(kind: str, seed: int, places_xy_m: Float64Array, n_minutes: int) -> RainField:
    """Weather of a kind over the frame of places.

    Parameters
    ----------
    kind : str
        A key of `WEATHER_KINDS`.
    seed : int
    places_xy_m : Float64Array, shape (n, 2)
        Places that the frame must cover, local metres (`outline.project`).
    n_minutes : int

    Raises
    ------
    SimulatorError
        If there is no such kind.
    """
    if kind not in WEATHER_KINDS:
        raise SimulatorError(f"no weather {kind!r}: expected one of {', '.join(WEATHER_KINDS)}")
    return WEATHER_KINDS[kind].make(seed, places_xy_m, n_minutes)
