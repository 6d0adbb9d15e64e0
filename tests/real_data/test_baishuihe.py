"""The Baishuihe landslide crept for years, fast each summer, and never failed: no red; a slip of the pen."""

import csv
import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.networks import QUALITY, WINDOWS, nearest_weights, network_of
from tests.unit.hazards.rain import LOWERING
from warnstream.assessment import Assessment, Weights
from warnstream.model.indicators import Indicator
from warnstream.model.level import Level
from warnstream.model.readings import Flag, Variable, batch_of
from warnstream.model.rules import HazardRule, SlopeTable
from warnstream.model.times import DAY_S, parse_iso

Series = list[tuple[int, float]]
pytestmark = pytest.mark.real_data


def read_points(folder: Path) -> dict[str, Series]:
    points: dict[str, Series] = {}
    file = folder / "landslide_displacement" / "baishuihe_gps_monthly.csv"
    with file.open(encoding="utf-8") as text:
        for row in csv.DictReader(text):
            if row["d_mm"]:
                at_s = parse_iso(f"{row['date']}T00:00:00Z")
                points.setdefault(row["point"], []).append((at_s, float(row["d_mm"])))
    return {point: sorted(series) for point, series in points.items()}


def monthly_mm_per_day(series: Series) -> list[float]:
    return [(b[1] - a[1]) / ((b[0] - a[0]) / DAY_S) for a, b in itertools.pairwise(series)]


def mean_mm_per_day(series: Series) -> float:
    """Over all years, the fast summers included."""
    return max((series[-1][1] - series[0][1]) / ((series[-1][0] - series[0][0]) / DAY_S), 0.1)


def quiet_mm_per_day(series: Series) -> float:
    """Of the usual month."""
    return max(float(np.median(monthly_mm_per_day(series))), 0.1)


def judge(
    points: dict[str, Series], steady_of: Callable[[Series], float]
) -> tuple[list[Level], dict[str, set[str]]]:
    """Every level that the points reach by tangent angle, and the months in which a reading is doubtful."""
    n = len(points)
    number = np.arange(n, dtype=np.int32)
    table = SlopeTable(
        village=number,
        station=number,
        indicator=np.full(n, Indicator.TANGENT_ANGLE, dtype=np.uint8),
        variable=np.full(n, Variable.DISPLACEMENT, dtype=np.uint8),
        critical=np.array([[50.0, 65.0, 80.0, 85.0]] * n),
        steady_mm_per_day=np.array([steady_of(series) for series in points.values()]),
        thermal_deg_per_degc=np.zeros(n),
        near=np.array([(a, b) for a in number for b in number if a != b], dtype=np.int32),
        window_s=25 * DAY_S,
        persistence=2,
        noise_mm=5.0,
        noise_deg=0.005,
        fit_r2_min=0.9,
        stale_after_s=45 * DAY_S,
    )
    rule = HazardRule("slope", "slope_movement", "滑坡", "Slope", table, 0.0, Level.NONE, LOWERING, "test")
    weights = nearest_weights(n, n)
    assessment = Assessment(
        network_of(n, n),
        (rule,),
        weights=Weights(weights, weights),
        windows=WINDOWS,
        quality=QUALITY,
        nowcast=None,
    )
    rows = sorted((at_s, p, d) for p, s in enumerate(points.values()) for at_s, d in s)
    names = list(points)
    levels: list[Level] = []
    doubtful: dict[str, set[str]] = {}
    for at_s in sorted({row[0] for row in rows}):
        station, value = zip(*((p, d) for t, p, d in rows if t == at_s), strict=True)
        batch = batch_of(station, [Variable.DISPLACEMENT] * len(station), [at_s] * len(station), value)
        step = assessment.step(batch, at_s)
        levels += [change.level for change in step.changes]
        for p, flag in zip(station, step.flags, strict=True):
            if flag & Flag.STEP:
                month = str(np.datetime64(at_s, "s"))[:7]
                doubtful.setdefault(month, set()).add(names[p])
    return levels, doubtful


def test_six_years_of_creep_never_call_for_evacuation(shared_data: Path) -> None:
    levels, _ = judge(read_points(shared_data), mean_mm_per_day)
    assert max(levels) == Level.ORANGE
    assert levels.count(Level.ORANGE) <= 6


def test_against_the_velocity_of_quiet_months_the_same_creep_is_red(shared_data: Path) -> None:
    """Why docs/hazards.md asks for the mean of years: step-like summers fake red otherwise."""
    levels, _ = judge(read_points(shared_data), quiet_mm_per_day)
    assert levels.count(Level.RED) >= 10


def test_the_slip_of_march_2011_is_doubtful_and_nothing_else_is(shared_data: Path) -> None:
    """In DX01 too, which the description of the data does not name."""
    _, doubtful = judge(read_points(shared_data), mean_mm_per_day)
    points = {"ZG93", "ZG118", "DX01"}
    assert doubtful == {"2011-03": points, "2011-04": points}
