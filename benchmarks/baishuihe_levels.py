"""Levels of the Baishuihe landslide over six years, by what its movement is compared with.

Fourteen GPS points of the Three Gorges reservoir, read once a month from
2006-12 to 2012-12. The slope crept up to 560 mm in a month each summer and
never failed: a red level would have been a false alarm. The record is
replayed reading by reading through quality control, windows and the
evaluator, as a node would.

    python -m benchmarks.baishuihe_levels DATA

prints, month by month, the highest level under three choices of the steady
velocity, the points that were doubted, and how often each level began under
other settings. A few seconds.
"""

import argparse
import csv
import itertools
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from warnstream.assessment import Assessment, Weights
from warnstream.model.arrays import Float64Array
from warnstream.model.level import LEVELS, Level
from warnstream.model.network import Households, Network, Stations, StationWeights, Villages
from warnstream.model.observations.readings import Flag, Variable, batch_of
from warnstream.model.rules.indicators import Indicator
from warnstream.model.rules.policies import QualityPolicy, WindowPolicy
from warnstream.model.rules.rules import DowngradePolicy, HazardRule, SlopeTable
from warnstream.model.times import DAY_S, HOUR_S, parse_iso

Series = list[tuple[int, float]]
"""(seconds, cumulative displacement in mm), ascending."""

WINDOW_S = 25 * DAY_S
SLOWEST_MM_PER_DAY = 0.1
"""Points that do not move have this velocity at least: below it lies the noise of the GPS."""
ANGLES_DEG = [50.0, 65.0, 80.0, 85.0]
"""Blue just above steady movement (45 degrees), yellow at twice its velocity; orange and red as published."""
LOWERING = DowngradePolicy(clear_ratio=0.8, hold_s=1800, active_s_min=HOUR_S, coverage_min=0.8)
WINDOWS = WindowPolicy(
    longest_s=24 * HOUR_S, lateness_s_max=6 * HOUR_S, grace_s=120, silent_after_s=900, future_s_max=120
)
QUALITY = QualityPolicy(
    rain_mm_per_min_max=20, stage_m_range=(-5, 9000), stage_step_m_max=3, stuck_readings=6
)


@dataclass(frozen=True)
class Settings:
    """How the evaluator is set: windows in a row that must agree, and changes that are none.

    Monthly changes of the points that do not move have a standard deviation of 5 mm: three of them are noise.
    """

    persistence: int = 2
    noise_mm: float = 15.0


@dataclass
class Course:
    """What happened: the highest level of any point by month, rises by level, doubted points by month."""

    level: dict[str, Level] = field(default_factory=dict)
    rises: Counter[Level] = field(default_factory=Counter)
    doubted: dict[str, set[str]] = field(default_factory=dict)


def read_points(file: Path) -> dict[str, Series]:
    """Displacement of every point of ``baishuihe_gps_monthly.csv``."""
    points: dict[str, Series] = {}
    with file.open(encoding="utf-8") as text:
        for row in csv.DictReader(text):
            if row["d_mm"]:
                at_s = parse_iso(f"{row['date']}T00:00:00Z")
                points.setdefault(row["point"], []).append((at_s, float(row["d_mm"])))
    return {point: sorted(series) for point, series in points.items()}


def mean_mm_per_day(series: Series, until_s: int | None = None) -> float:
    """Over the whole record, or what of it was known at a time; the fast summers included."""
    known = [point for point in series if until_s is None or point[0] < until_s]
    if len(known) < 2:
        return SLOWEST_MM_PER_DAY
    return max((known[-1][1] - known[0][1]) / ((known[-1][0] - known[0][0]) / DAY_S), SLOWEST_MM_PER_DAY)


def usual_mm_per_day(series: Series) -> float:
    """Of the usual month."""
    monthly = [(b[1] - a[1]) / ((b[0] - a[0]) / DAY_S) for a, b in itertools.pairwise(series)]
    return max(float(np.median(monthly)), SLOWEST_MM_PER_DAY)


def replay(
    points: Mapping[str, Series], steady_mm_per_day: Float64Array, settings: Settings | None = None
) -> Course:
    """The record through the first machine; `steady_mm_per_day` has one value per point."""
    names, course = list(points), Course()
    assessment = _assessment(names, steady_mm_per_day, settings or Settings())
    rows = sorted((at_s, number, mm) for number, series in enumerate(points.values()) for at_s, mm in series)
    for at_s, group in itertools.groupby(rows, key=lambda row: row[0]):
        _, station, mm = zip(*group, strict=True)
        batch = batch_of(station, [Variable.DISPLACEMENT] * len(station), [at_s] * len(station), mm)
        step = assessment.step(batch, at_s)
        month = str(np.datetime64(at_s, "s"))[:7]
        course.rises.update(change.level for change in step.changes if change.level > change.previous)
        course.level[month] = Level(int(assessment.level("slope").level.max()))
        doubted = {names[s] for s, flag in zip(station, step.flags, strict=True) if flag & Flag.STEP}
        if doubted:
            course.doubted[month] = doubted
    return course


def without_hindsight(points: Mapping[str, Series], settings: Settings | None = None) -> Course:
    """Each year against the mean velocity of the record before it, as an operator could have set it.

    The first year has no record before it and is left out.
    """
    course = Course()
    for year in range(2008, 2013):
        begin_s = parse_iso(f"{year}-01-01T00:00:00Z")
        steady = np.array([mean_mm_per_day(series, begin_s) for series in points.values()])
        found = replay(points, steady, settings)
        course.level |= {month: level for month, level in found.level.items() if month[:4] == str(year)}
    return course


def _assessment(names: list[str], steady_mm_per_day: Float64Array, settings: Settings) -> Assessment:
    n = len(names)
    number = np.arange(n, dtype=np.int32)
    table = SlopeTable(
        village=number,
        station=number,
        indicator=np.full(n, Indicator.TANGENT_ANGLE, dtype=np.uint8),
        variable=np.full(n, Variable.DISPLACEMENT, dtype=np.uint8),
        critical=np.array([ANGLES_DEG] * n),
        steady_mm_per_day=steady_mm_per_day,
        thermal_deg_per_degc=np.zeros(n),
        near=np.array([(a, b) for a in number for b in number if a != b], dtype=np.int32),
        window_s=WINDOW_S,
        persistence=settings.persistence,
        noise_mm=settings.noise_mm,
        noise_deg=0.005,
        fit_r2_min=0.9,
        stale_after_s=45 * DAY_S,
    )
    rule = HazardRule(
        "slope", "slope_movement", "滑坡", "Slope", table, 0.0, Level.NONE, LOWERING, "improved tangent angle"
    )
    weights = StationWeights(number[:, None], np.ones((n, 1)), np.zeros((n, 1)))
    return Assessment(
        _network(names),
        (rule,),
        weights=Weights(weights, weights),
        windows=WINDOWS,
        quality=QUALITY,
        nowcast=None,
    )


def _network(names: list[str]) -> Network:
    """One village per point; where they stand does not matter here."""
    n, codes = len(names), tuple(names)
    none = np.zeros(n, dtype=np.bool_)
    stations = Stations(codes, np.zeros(n), np.zeros(n), np.full(n, 3600, dtype=np.int32), none, none)
    words = ("",) * n
    villages = Villages(codes, codes, words, words, np.zeros(n), np.zeros(n), (None,) * n)
    return Network(stations, villages, Households((), (), (), np.zeros(n + 1, dtype=np.int32)), ())


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path, help="folder landslide_displacement")
    points = read_points(parser.parse_args().data / "baishuihe_gps_monthly.csv")
    steady = {
        "mean of years": np.array([mean_mm_per_day(series) for series in points.values()]),
        "usual month": np.array([usual_mm_per_day(series) for series in points.values()]),
    }
    courses = {name: replay(points, value) for name, value in steady.items()}
    known = without_hindsight(points)
    print("month    mean of years  record before  usual month  doubted")
    for month, level in courses["mean of years"].level.items():
        others = (known.level.get(month), courses["usual month"].level[month])
        words = [other.word if other else ("none" if other is not None else "-") for other in others]
        doubted = " ".join(sorted(courses["mean of years"].doubted.get(month, ())))
        print(f"{month}  {level.word:<13}  {words[0]:<13}  {words[1]:<11}  {doubted}")
    print("\nrises by level            " + "  ".join(f"{level.word:>6}" for level in LEVELS))
    for name, value in steady.items():
        for settings in (
            Settings(),
            Settings(persistence=1),
            Settings(persistence=3),
            Settings(noise_mm=5.0),
        ):
            rises = replay(points, value, settings).rises
            label = f"{name}, {settings.persistence} windows, noise {settings.noise_mm:g} mm"
            print(f"{label:<38}" + "  ".join(f"{rises[level]:>6}" for level in LEVELS))


if __name__ == "__main__":
    main()
