"""The climate, its statistics, and the report; whether the targets are met is a slow test."""

import json
from pathlib import Path

import numpy as np
import pytest

from station_sim.errors import SimulatorError
from station_sim.weather.calibration import (
    Comparison,
    Statistics,
    Target,
    compare,
    layout_of,
    names_not_met,
    read_targets,
    simulate,
)
from station_sim.weather.calibration_report import write_report
from station_sim.weather.climate import PARAMETERS_FILE, climate_of, read_climate, tips_of, years_at_gauges
from station_sim.weather.climate_fit import flat, nested, search
from warnstream.model.arrays import Float64Array

EDGES = (0.0, 3.0, 5.0)
XY = np.array([[0.0, 0.0], [2_000.0, 0.0], [6_000.0, 0.0]])
YEAR = 365 * 96


def year_of(amounts: dict[tuple[int, int], float]) -> Float64Array:
    quarters = np.zeros((YEAR, 3))
    for (quarter, gauge), rain_mm in amounts.items():
        quarters[quarter, gauge] = rain_mm
    return quarters


def statistics_of(amounts: dict[tuple[int, int], float]) -> dict[str, float]:
    statistics = Statistics(XY, EDGES)
    statistics.add_year(year_of(amounts))
    return statistics.values()


def test_wet_share_and_quantiles_count_what_a_hand_would() -> None:
    found = statistics_of({(0, 0): 0.2, (1, 0): 0.4, (2, 1): 1.0})
    assert found["wet 15 min share"] == pytest.approx(100 * 3 / (3 * YEAR))
    assert found["wet 15 min median"] == pytest.approx(0.4)
    assert found["yearly rain"] == pytest.approx(1.6 / 3)


def test_forty_mm_in_any_hour_count_once_a_day() -> None:
    """Two sliding hours of one local day and one of the next; 39.8 mm are not enough."""
    found = statistics_of(
        {(10, 0): 20.0, (12, 0): 20.0, (40, 0): 40.0, (41, 1): 40.0, (200, 2): 39.8, (300, 2): 40.2}
    )
    assert found["station-days with 40 mm/1 h"] == 3
    assert found["city-days with 40 mm/1 h"] == 2


def test_the_day_begins_at_local_midnight() -> None:
    """16:00 UTC is midnight at UTC+8: 15:45 and 16:00 are two days."""
    assert statistics_of({(63, 0): 50.0, (68, 1): 50.0})["city-days with 40 mm/1 h"] == 2


def test_correlation_agrees_with_numpy_in_each_class_of_distance() -> None:
    generator = np.random.default_rng(1)
    shared = generator.exponential(1.0, YEAR)
    quarters = np.stack(
        [shared, shared + generator.exponential(1.0, YEAR), generator.exponential(1.0, YEAR)], -1
    )
    statistics = Statistics(XY, EDGES)
    statistics.add_year(quarters)
    found = statistics.values()
    expected = np.asarray(np.corrcoef(quarters.T))
    assert found["correlation 15 min 0-3 km"] == pytest.approx(expected[0, 1])
    assert found["correlation 15 min 3-5 km"] == pytest.approx(expected[1, 2])


def test_a_dry_network_has_no_quantiles_and_meets_nothing() -> None:
    assert np.isnan(statistics_of({})["wet 15 min median"])
    target = Target("wet 15 min median", 0.4, "mm", 0.06, 0.03, "")
    assert not Comparison(target, float("nan")).is_met


def test_tips_keep_what_does_not_fill_one() -> None:
    rain = np.random.default_rng(1).exponential(0.05, (500, 4))
    tips = tips_of(rain, 0.2)
    left = rain.sum(axis=0) - tips.sum(axis=0)
    assert (left >= -1e-9).all()
    assert (left < 0.2).all()


def test_simulated_gauges_lie_as_far_apart_as_the_real_ones() -> None:
    targets = read_targets()
    xy_m = layout_of(targets)
    upper = np.triu_indices(targets.n_gauges, 1)
    away_km = np.linalg.norm(xy_m[upper[0]] - xy_m[upper[1]], axis=-1) / 1e3
    count = np.histogram(away_km, targets.class_edges_km)[0]
    assert np.abs(count - targets.pairs).sum() <= 10


def test_a_year_is_the_same_whenever_it_is_asked_for() -> None:
    climate = read_climate()
    places = np.array([[0.0, 0.0], [5_000.0, 0.0]])
    (first,) = years_at_gauges(climate, 5, 1, places)
    again = next(iter(years_at_gauges(climate, 5, 2, places)))
    assert (first == again).all()
    assert 300 < first.sum(axis=0).mean() < 3_000


def test_the_climate_has_dry_and_wet_spells() -> None:
    (rain_mm,) = years_at_gauges(read_climate(), 1, 1, np.zeros((1, 2)))
    wet_day = rain_mm[:, 0].reshape(365, -1).sum(axis=1) >= 1
    changes = np.flatnonzero(np.diff(wet_day.astype(int)))
    longest = np.diff(changes).max()
    assert 5 <= longest <= 60
    assert 0.1 < wet_day.mean() < 0.5


@pytest.mark.parametrize(
    ("change", "message"),
    [({"season": -1}, "season: expected a number of at least 0, got -1"), ({"moon": 1}, "expected the keys")],
)
def test_a_wrong_climate_is_refused(change: dict[str, object], message: str) -> None:
    import yaml

    tree = yaml.safe_load(PARAMETERS_FILE.read_text(encoding="utf-8"))
    with pytest.raises(SimulatorError, match=message):
        climate_of(tree | change, "climate.yaml")


def test_a_missing_climate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SimulatorError, match="cannot be read"):
        read_climate(tmp_path / "none.yaml")


def test_a_target_without_its_statistic_is_refused() -> None:
    with pytest.raises(SimulatorError, match="no such statistic: wet 15 min share"):
        compare(read_targets(), {})


def test_the_report_names_what_is_missed(tmp_path: Path) -> None:
    targets = read_targets()
    rows = [Comparison(target, target.value) for target in targets.targets[:-1]]
    rows.append(Comparison(targets.targets[-1], 100.0))
    markdown, data = write_report(tmp_path, targets, rows, 5, 1)
    name = targets.targets[-1].name
    assert f"Not met: {name}." in markdown.read_text(encoding="utf-8")
    assert json.loads(data.read_text(encoding="utf-8"))["not_met"] == [name]


def test_the_search_finds_the_bottom_of_a_bowl() -> None:
    """Minimum of an ill-conditioned quadratic, known by construction."""
    bottom = np.array([0.3, -0.2, 0.1])
    found = search(
        lambda point: float((np.array([1.0, 10.0, 100.0]) * (point - bottom) ** 2).sum()),
        np.zeros(3),
        60,
        1,
        lambda *_: None,
    )
    assert found == pytest.approx(bottom, abs=0.01)


def test_flat_and_nested_are_inverse() -> None:
    tree = {"season": 0.5, "fronts": {"hours": 3.0, "cells": {"spread": 1.0}}, "source": "me"}
    assert nested(tree, flat(tree)) == tree
    assert nested(tree, {"fronts.cells.spread": 2.0})["fronts"]["cells"]["spread"] == 2.0


@pytest.mark.slow
def test_the_climate_meets_its_targets() -> None:
    """By years that the search for its parameters did not see."""
    targets = read_targets()
    statistics = simulate(read_climate(), targets, 3, 40, layout_of(targets))
    assert names_not_met(compare(targets, statistics.values())) == []
