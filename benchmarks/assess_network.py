"""A made-up network of any size for `bench_assess`: a grid of gauges, villages between them, 20 rules."""

from dataclasses import dataclass

import numpy as np

from warnstream.assessment import Assessment, Weights
from warnstream.model.arrays import Int32Array
from warnstream.model.level import LEVELS, Level
from warnstream.model.network import Households, Network, Stations, StationWeights, Villages
from warnstream.model.observations.readings import ReadingBatch, batch_of
from warnstream.model.rules.landslides import LandslideRain, LandslideTerritory
from warnstream.model.rules.policies import QualityPolicy, WindowPolicy
from warnstream.model.rules.rules import CriticalRain, DowngradePolicy, HazardRule

HOUR_S = 3600
INTERVAL_S = 300
START_S = 1_781_740_800
WINDOW_S = np.array([600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600, 72 * 3600], dtype=np.int32)
NEIGHBOURS = 4
N_RULES = 20
BY_MINUTE_S = 4 * HOUR_S
_LOWERING = DowngradePolicy(clear_ratio=0.8, hold_s=1800, active_s_min=3600, coverage_min=0.8)


@dataclass(frozen=True, slots=True)
class Size:
    """How many of everything."""

    name: str
    n_stations: int
    n_villages: int


SIZES = (
    Size("county", 700, 2_855),
    Size("province", 4_200, 20_000),
    Size("nation", 384_000, 600_000),
)


def network_of(size: Size) -> Network:
    """Places and people; nobody lives there."""
    n, v = size.n_stations, size.n_villages
    every = np.ones(n, dtype=np.bool_)
    interval_s = np.full(n, INTERVAL_S, dtype=np.int32)
    code = tuple(map(str, range(n)))
    stations = Stations(code, np.zeros(n), np.zeros(n), interval_s, every, ~every)
    names = tuple(map(str, range(v)))
    none = ("",) * v
    villages = Villages(names, none, none, none, np.zeros(v), np.zeros(v), (None,) * v)
    return Network(stations, villages, Households((), (), (), np.zeros(v + 1, dtype=np.int32)), ())


def weights_of(size: Size, random: np.random.Generator) -> Weights:
    """Inverse-distance weights of the four gauges around each village."""
    width = int(np.sqrt(size.n_stations))
    height = size.n_stations // width
    cell = np.sort(random.integers(0, (width - 1) * (height - 1), size.n_villages))
    row, column = np.divmod(cell, width - 1)
    corner = row * width + column
    station = np.stack([corner, corner + 1, corner + width, corner + width + 1], axis=1).astype(np.int32)
    x, y = random.random(size.n_villages), random.random(size.n_villages)
    distance = np.stack([np.hypot(x - i, y - j) for j in (0, 1) for i in (0, 1)], axis=1) + 1e-3
    weight = 1 / distance**2
    weight /= weight.sum(axis=1, keepdims=True)
    own = StationWeights(station, weight, 5000 * distance)
    return Weights(own, own)


def rules_of(size: Size, random: np.random.Generator) -> tuple[HazardRule, ...]:
    """Nineteen tables of critical rain, each over one duration, values per village; one of soil water."""
    rules = [
        _rule(f"rain{number}", "critical_rainfall", _critical(size, int(WINDOW_S[number % 8]), random))
        for number in range(N_RULES - 1)
    ]
    return (*rules, _rule("landslide", "landslide_rain", _landslide(size)))


def assessment_of(size: Size, seed: int = 1) -> Assessment:
    """The first machine over such a network."""
    random = np.random.default_rng(seed)
    return Assessment(
        network_of(size),
        rules_of(size, random),
        weights=weights_of(size, random),
        windows=WindowPolicy(72 * HOUR_S, 6 * HOUR_S, 120, 900, 120, BY_MINUTE_S),
        quality=QualityPolicy(20, (-5, 9000), 3, 6),
        nowcast=None,
    )


def readings_of(station: Int32Array, now_s: int, random: np.random.Generator) -> ReadingBatch:
    """Rain of some stations' last interval: a third of them have any."""
    tips = random.integers(0, 30, len(station)) * (random.random(len(station)) < 1 / 3)
    return batch_of(station, np.zeros(len(station)), np.full(len(station), now_s), tips / 10)


def dry_of(station: Int32Array, now_s: int) -> ReadingBatch:
    """Readings that say of some stations: no rain for the longest window."""
    n = len(station)
    return batch_of(station, np.zeros(n), np.full(n, now_s), np.zeros(n), np.full(n, WINDOW_S.max()))


def _critical(size: Size, duration_s: int, random: np.random.Generator) -> CriticalRain:
    blue = (20 + 5 * duration_s / HOUR_S) * (1 + 0.3 * random.random(size.n_villages))
    critical = blue[:, None, None] * np.array([1.0, 1.3, 1.7, 2.2])[None, None, :]
    return CriticalRain(np.array([duration_s], dtype=np.int32), critical)


def _landslide(size: Size) -> LandslideRain:
    none, no_line = np.full(len(LEVELS), np.nan), np.zeros(0)
    rain_mm = np.array([0.0, 40.0])
    territory = LandslideTerritory(
        line_rain_mm=(no_line, rain_mm, rain_mm, rain_mm),
        line_soil_water_mm=(no_line, rain_mm[::-1] + 80, rain_mm[::-1] + 110, rain_mm[::-1] + 140),
        intensity_a=none,
        intensity_b=none,
        intensity_h_range=(1.0, 72.0),
        effective_mm=none,
        antecedent_mm=none,
        weighted_mm=none,
    )
    village = np.zeros(size.n_villages, dtype=np.int32)
    return LandslideRain(village, (territory,), 6 * HOUR_S, 24 * HOUR_S, 0.84)


def _rule(name: str, evaluator: str, thresholds: CriticalRain | LandslideRain) -> HazardRule:
    return HazardRule(
        name, evaluator, name, name, thresholds, 0.0, Level.NONE, _LOWERING, "made up for a benchmark"
    )
