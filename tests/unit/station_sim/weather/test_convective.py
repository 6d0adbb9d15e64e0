import numpy as np
import pytest

from station_sim import outline
from station_sim.county.county import County, build_county
from station_sim.errors import SimulatorError
from station_sim.ground.rivers import storm_over
from station_sim.weather.convective import Storm
from station_sim.weather.field import INTENSITY_MM_PER_H_MAX, Target, sample
from station_sim.weather.kinds import WEATHER_KINDS, Typhoon, weather_over
from station_sim.weather.terrain import elevation_m
from warnstream.commands import arguments
from warnstream.model.arrays import Float64Array

pytestmark = pytest.mark.slow

SMALL = np.array([[-20_000.0, -15_000.0], [20_000.0, 15_000.0]])
KINDS = list(WEATHER_KINDS)


def hourly_maxima(rain_mm: Float64Array) -> Float64Array:
    total = np.vstack([np.zeros(rain_mm.shape[1]), np.cumsum(rain_mm, axis=0)])
    maxima: Float64Array = (total[60:] - total[:-60]).max(axis=0)
    return maxima


def at_stations(county: County, kind: str, seed: int, n_minutes: int) -> Float64Array:
    xy_m = outline.project(county.stations.latitude, county.stations.longitude)
    (rain_mm,) = sample(
        storm_over(county, seed, n_minutes, kind), [Target(xy_m, np.zeros(len(xy_m), dtype=np.int64))]
    )
    return rain_mm


@pytest.fixture(scope="module")
def full_county() -> County:
    return build_county(1)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_storm_is_plausible(full_county: County, seed: int) -> None:
    """Hourly maxima of 40 to 80 mm near the track, most of the county far below, no drop above the bound."""
    rain_mm = at_stations(full_county, "convective", seed, 480)
    hour_mm = hourly_maxima(rain_mm)
    assert 40 <= hour_mm.max() <= 100
    assert np.median(hour_mm) < 15
    assert 0.02 < (hour_mm > 40).mean() < 0.2
    assert rain_mm.min() >= 0
    assert rain_mm.max() * 60 <= INTENSITY_MM_PER_H_MAX


def test_the_storm_crosses_from_the_west(full_county: County) -> None:
    xy_m = outline.project(full_county.stations.latitude, full_county.stations.longitude)
    rain_mm = at_stations(full_county, "convective", 1, 480)
    centre_x_m = [np.average(xy_m[:, 0], weights=rain_mm[m : m + 60].sum(axis=0)) for m in (30, 210, 390)]
    assert np.diff(centre_x_m).min() > 20_000


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_weather_and_another_seed_another(kind: str) -> None:
    first, again, other = (list(weather_over(kind, seed, SMALL, 90).intensity_frames()) for seed in (4, 4, 5))
    assert len(first) == 90
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert any((a != b).any() for a, b in zip(first, other, strict=True)) or not np.any([first, other])


@pytest.mark.parametrize("kind", KINDS)
def test_rain_of_every_kind_stays_within_its_bounds(kind: str) -> None:
    for frame in weather_over(kind, 2, SMALL, 60).intensity_frames():
        assert frame.min() >= 0
        assert frame.max() <= INTENSITY_MM_PER_H_MAX


def test_a_line_is_a_wall_across_its_way() -> None:
    """When the line stands over the frame, its strong rain is several times longer than wide."""
    places = np.array([[-60_000.0, -60_000.0], [60_000.0, 60_000.0]])
    frames = list(weather_over("line", 1, places, 240).intensity_frames())
    strongest = max(frames, key=lambda frame: int((frame > 40).sum()))
    rows, columns = np.nonzero(strongest > 40)
    spread = np.linalg.eigvalsh(np.cov(np.stack([rows, columns])))
    assert np.sqrt(spread[1] / spread[0]) > 4


def test_the_wind_of_a_typhoon_blows_anticlockwise_and_inward() -> None:
    typhoon = Typhoon(1, SMALL, 600)
    drift = typhoon.centre_m(1) - typhoon.centre_m(0)
    east, north = typhoon.wind_m_per_s(np.array([60_000.0]), np.array([0.0]), 0)
    assert north[0] - drift[1] / 60 > 15
    assert east[0] - drift[0] / 60 < 0


def test_a_typhoon_rains_more_where_its_wind_blows_uphill() -> None:
    """The same storm on the same hills, with and without the lifting."""
    with_hills, flat = Typhoon(3, SMALL, 600), Typhoon(3, SMALL, 600)
    flat._slopes = (np.zeros_like(flat._slopes[0]), np.zeros_like(flat._slopes[1]))
    x_m, y_m = np.meshgrid(with_hills.grid.x_m, with_hills.grid.y_m)
    ratios, uphill = [], []
    frames = zip(with_hills.intensity_frames(), flat.intensity_frames(), strict=True)
    for minute, (lifted, level) in enumerate(frames):
        if minute % 120 == 60:
            centre = with_hills.centre_m(minute + 0.5)
            east, north = with_hills.wind_m_per_s(x_m - centre[0], y_m - centre[1], minute)
            wet = (level > 1) & (lifted < INTENSITY_MM_PER_H_MAX)
            ratios.append(lifted[wet] / level[wet])
            uphill.append((east * with_hills._slopes[0] + north * with_hills._slopes[1])[wet])
    ratio, vertical = np.concatenate(ratios), np.concatenate(uphill)
    assert ratio[vertical > 0.2].min() > 1.05
    assert ratio[vertical < -0.2].max() < 0.95


def test_plum_rain_goes_on_for_days_about_one_line() -> None:
    places = np.array([[-40_000.0, -60_000.0], [40_000.0, 60_000.0]])
    weather = weather_over("plum_rain", 1, places, 24 * 60)
    hours = np.array([frame.mean() for n, frame in enumerate(weather.intensity_frames()) if n % 60 == 30])
    assert (hours > 0.2).mean() > 0.8


def test_the_demo_offers_every_kind() -> None:
    assert tuple(WEATHER_KINDS) == arguments.WEATHER_KINDS


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(SimulatorError, match="no weather 'snow': expected one of convective, line"):
        weather_over("snow", 1, SMALL, 60)


def test_the_terrain_belongs_to_the_frame_and_not_to_the_county_s_seed() -> None:
    first, second = build_county(1), build_county(2)
    assert first.stations.elevation_m[:600].tolist() == second.stations.elevation_m[:600].tolist()
    heights = elevation_m(np.random.default_rng(1).uniform(-80_000, 80_000, (2000, 2)))
    assert heights.min() >= 20
    assert 1_000 < heights.max() < 2_200


def test_sampling_agrees_with_the_field() -> None:
    places = np.array([[0.0, 0.0], [9_500.0, 4_500.0]])
    storm = Storm(5, places, 30)
    point, square = sample(storm, [Target(places, np.array([0, 0])), Target(places[1:], np.array([2]))])
    frames = np.stack(list(storm.intensity_frames()))
    row, column = storm.grid.cell_of(places)
    assert point * 60 == pytest.approx(frames[:, row, column], abs=1e-9)
    window = frames[:, row[1] - 2 : row[1] + 3, column[1] - 2 : column[1] + 3]
    assert square[:, 0] * 60 == pytest.approx(window.mean(axis=(1, 2)), abs=1e-9)
