"""How near the simulated climate comes to a real network: targets, statistics, deviations.

The targets (calibration_targets.yaml) are numbers published from a network of
33 gauges; the same statistics are taken of simulated gauges that lie as far
apart as those. A target is met if the deviation is within its tolerance: 15 %
of the target, or an absolute tolerance where the file gives one with its reason.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from station_sim.errors import SimulatorError
from station_sim.seeds import stream
from station_sim.weather.climate import DAY_MIN, STEP_MIN, YEAR_MIN, Climate, tips_of, years_at_gauges
from warnstream.model.arrays import BoolArray, Float64Array

TARGETS_FILE = Path(__file__).with_name("calibration_targets.yaml")

_QUARTER_MIN = 15
_QUARTERS_PER_DAY = DAY_MIN // _QUARTER_MIN
_LOCAL_OFFSET_QUARTERS = 8 * 4
_LAYOUT_ROUNDS = 4_000


@dataclass(frozen=True, slots=True)
class Target:
    """One number to come near to.

    Attributes
    ----------
    name : str
    value : float
    unit : str
    tolerance : float
        Greatest deviation that is still near, in the target's unit.
    standard_error : float
        How far the published number itself would move with other years.
    note : str
        Why the tolerance is not the usual share; empty where it is.
    """

    name: str
    value: float
    unit: str
    tolerance: float
    standard_error: float
    note: str


@dataclass(frozen=True, slots=True)
class Targets:
    """All targets, and the shape of the network they were measured on.

    Attributes
    ----------
    source : str
    n_gauges : int
    tip_mm : float
    class_edges_km : tuple of float
        Bounds of the distance classes.
    pairs : tuple of int
        Pairs of gauges in each class.
    spread_km : tuple of two floats
        Standard deviation of the gauges' places east-west and north-south.
    targets : tuple of Target
    """

    source: str
    n_gauges: int
    tip_mm: float
    class_edges_km: tuple[float, ...]
    pairs: tuple[int, ...]
    spread_km: tuple[float, float]
    targets: tuple[Target, ...]

    @property
    def class_names(self) -> list[str]:
        """Names of the distance classes, e.g. ``3-5 km``."""
        edges = self.class_edges_km
        return [f"{low:g}-{high:g} km" for low, high in pairwise(edges)]


def read_targets(path: Path = TARGETS_FILE) -> Targets:
    """Read the targets file.

    Raises
    ------
    SimulatorError
        If it is missing or not what is expected; names the file and the key.
    """
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
        network, share = tree["network"], float(tree["tolerance_share"])
        targets = [_target(row, share) for row in tree["targets"]]
        return Targets(
            str(tree["source"]),
            int(network["gauges"]),
            float(network["tip_mm"]),
            tuple(float(edge) for edge in network["class_edges_km"]),
            tuple(int(n) for n in network["pairs"]),
            (float(network["spread_km"][0]), float(network["spread_km"][1])),
            tuple(targets),
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError, IndexError) as error:
        raise SimulatorError(f"{path}: expected targets with their network ({error!r})") from error


def _target(row: dict[str, Any], share: float) -> Target:
    value = float(row["value"])
    return Target(
        str(row["name"]),
        value,
        str(row["unit"]),
        float(row.get("tolerance", share * abs(value))),
        float(row["standard_error"]),
        str(row.get("note", "")),
    )


def layout_of(targets: Targets, seed: int = 1) -> Float64Array:
    """Places of as many gauges as the network had, with as many pairs in each distance class.

    Points are drawn once and then moved one by one where that brings the numbers of
    pairs nearer; the real places are not needed.

    Returns
    -------
    Float64Array, shape (n_gauges, 2)
        Local metres.
    """
    generator = stream(seed, "gauge layout")
    spread_m = np.array(targets.spread_km) * 1e3
    edges_m = np.array([*targets.class_edges_km, np.inf]) * 1e3
    wanted = np.array(targets.pairs)
    xy_m = generator.normal(0.0, 1.0, (targets.n_gauges, 2)) * spread_m

    def away(points: Float64Array) -> int:
        upper = np.triu_indices(len(points), 1)
        between = np.linalg.norm(points[upper[0]] - points[upper[1]], axis=-1)
        count = np.histogram(between, edges_m)[0][: len(wanted)]
        return int(np.abs(count - wanted).sum())

    best = away(xy_m)
    for _ in range(_LAYOUT_ROUNDS):
        moved = xy_m.copy()
        moved[generator.integers(len(xy_m))] = generator.normal(0.0, 1.0, 2) * spread_m
        now = away(moved)
        if now <= best:
            xy_m, best = moved, now
    return xy_m


class Statistics:
    """The statistics of the targets, taken year by year in little memory.

    Parameters
    ----------
    xy_m : Float64Array, shape (n_gauges, 2)
    class_edges_km : tuple of float
    """

    def __init__(self, xy_m: Float64Array, class_edges_km: tuple[float, ...]) -> None:
        n_gauges = len(xy_m)
        away_km = np.linalg.norm(xy_m[:, None] - xy_m[None], axis=-1) / 1e3
        upper = np.triu(np.ones((n_gauges, n_gauges), dtype=bool), 1)
        pairs = list(pairwise(class_edges_km))
        self._classes = [upper & (away_km >= low) & (away_km < high) for low, high in pairs]
        self._names = [f"{low:g}-{high:g} km" for low, high in pairs]
        self._hour, self._quarter, self._heavy = (_Moments(n_gauges) for _ in range(3))
        self._wet: list[Float64Array] = []
        self._n_quarters = self._n_years = 0
        self._total_mm = 0.0
        self._days = np.zeros(3)

    def add_year(self, quarter_mm: Float64Array) -> None:
        """Take a year of 15 min amounts as gauges report them, shape (n_quarters, n_gauges)."""
        self._n_years += 1
        self._n_quarters += quarter_mm.size
        self._wet.append(quarter_mm[quarter_mm > 0])
        self._total_mm += float(quarter_mm.mean(axis=1).sum())
        hour_mm = quarter_mm.reshape(-1, 4, quarter_mm.shape[1]).sum(axis=1)
        self._quarter.add(quarter_mm)
        self._hour.add(hour_mm)
        self._heavy.add(hour_mm[hour_mm.max(axis=1) >= 10.0 - 1e-9])
        over = _days_with(quarter_mm, 4, 40.0)
        over_day = _days_with(quarter_mm, _QUARTERS_PER_DAY, 150.0)
        self._days += (over.sum(), over.any(axis=1).sum(), over_day.any(axis=1).sum())

    def values(self) -> dict[str, float]:
        """Every statistic by name; NaN where there was no rain to measure."""
        wet_mm = np.concatenate(self._wet)
        found = {"wet 15 min share": 100.0 * len(wet_mm) / self._n_quarters}
        for name, share in (("median", 0.5), ("90 %", 0.9), ("99 %", 0.99), ("99.9 %", 0.999)):
            found[f"wet 15 min {name}"] = float(np.quantile(wet_mm, share)) if len(wet_mm) else np.nan
        found["yearly rain"] = self._total_mm / self._n_years
        for what, moments in (("1 h", self._hour), ("15 min", self._quarter), ("heavy hours", self._heavy)):
            correlation = moments.correlation()
            for name, members in zip(self._names, self._classes, strict=True):
                found[f"correlation {what} {name}"] = _mean_of(correlation[members])
        words = ("station-days with 40 mm/1 h", "city-days with 40 mm/1 h", "city-days with 150 mm/24 h")
        found |= {word: float(n) / self._n_years for word, n in zip(words, self._days, strict=True)}
        return found

    def small_tip_share(self) -> float:
        """Share of wet quarters with one tip only: a continuous companion of the median."""
        wet_mm = np.concatenate(self._wet)
        return float((wet_mm < 0.3).mean()) if len(wet_mm) else np.nan


def _mean_of(values: Float64Array) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else np.nan


def _days_with(quarter_mm: Float64Array, n_quarters: int, limit_mm: float) -> BoolArray:
    """Whether a sliding sum reaches a limit, by local day and gauge, shape (n_days, n_gauges)."""
    total = np.vstack([np.zeros((1, quarter_mm.shape[1])), np.cumsum(quarter_mm, axis=0)])
    reached = np.zeros(quarter_mm.shape, dtype=bool)
    reached[n_quarters - 1 :] = total[n_quarters:] - total[:-n_quarters] >= limit_mm - 1e-6
    local = np.roll(reached, _LOCAL_OFFSET_QUARTERS, axis=0)
    by_day = local.reshape(-1, _QUARTERS_PER_DAY, quarter_mm.shape[1])
    return np.asarray(by_day.any(axis=1), dtype=np.bool_)


class _Moments:
    """Sums that give a correlation matrix without keeping the series."""

    def __init__(self, n: int) -> None:
        self._n = 0
        self._sum = np.zeros(n)
        self._product = np.zeros((n, n))

    def add(self, series: Float64Array) -> None:
        self._n += len(series)
        # Dry rows add nothing to the sums, and most rows are dry.
        series = series[series.any(axis=1)]
        self._sum += series.sum(axis=0)
        self._product += series.T @ series

    def correlation(self) -> Float64Array:
        mean = self._sum / max(self._n, 1)
        covariance = self._product / max(self._n, 1) - np.outer(mean, mean)
        variance = np.diag(covariance)
        scale = np.sqrt(np.outer(variance, variance))
        with np.errstate(invalid="ignore", divide="ignore"):
            correlation: Float64Array = np.where(scale > 0, covariance / scale, np.nan)
        return correlation


def simulate(climate: Climate, targets: Targets, seed: int, n_years: int, xy_m: Float64Array) -> Statistics:
    """Statistics of years of simulated rain at gauges with the network's resolution."""
    statistics = Statistics(xy_m, targets.class_edges_km)
    for rain_mm in years_at_gauges(climate, seed, n_years, xy_m):
        statistics.add_year(quarters_of(rain_mm, targets.tip_mm))
    return statistics


def quarters_of(rain_mm: Float64Array, tip_mm: float) -> Float64Array:
    """15 min amounts that gauges report of true rain in steps of `STEP_MIN`."""
    steps = _QUARTER_MIN // STEP_MIN
    true_mm = rain_mm.reshape(YEAR_MIN // _QUARTER_MIN, steps, rain_mm.shape[1]).sum(axis=1)
    return tips_of(true_mm, tip_mm)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A target beside what was simulated."""

    target: Target
    simulated: float

    @property
    def deviation(self) -> float:
        """Simulated minus target as a share of the target."""
        return (self.simulated - self.target.value) / self.target.value

    @property
    def is_met(self) -> bool:
        """Within the tolerance; NaN is not."""
        # A billionth forgives the binary form of 0.2 mm tips.
        return abs(self.simulated - self.target.value) <= self.target.tolerance + 1e-9


def compare(targets: Targets, values: dict[str, float]) -> list[Comparison]:
    """Every target with its simulated value.

    Raises
    ------
    SimulatorError
        If a target names a statistic that is not taken.
    """
    unknown = [target.name for target in targets.targets if target.name not in values]
    if unknown:
        raise SimulatorError(f"calibration targets: no such statistic: {', '.join(unknown)}")
    return [Comparison(target, values[target.name]) for target in targets.targets]


def names_not_met(comparisons: Iterable[Comparison]) -> list[str]:
    """Targets that are missed, in order."""
    return [comparison.target.name for comparison in comparisons if not comparison.is_met]
