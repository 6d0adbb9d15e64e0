import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from station_sim.county.county import County, build_county
from station_sim.ground.low_spots import PONDING_M
from station_sim.ground.rivers import RAINSTORM_SIGNAL, Truth, outflow_mm_per_h, truth_of
from station_sim.sending.scenario import Scenario
from warnstream.model.times import iso_utc

pytestmark = pytest.mark.slow


def test_a_reservoir_under_steady_rain_follows_the_exponential() -> None:
    """Linear reservoir: outflow = inflow (1 - exp(-t / K)), any hydrology textbook."""
    rain = np.full((120, 1), 0.5)
    outflow = outflow_mm_per_h(rain, np.array([40.0]))[:, 0]
    minutes = np.arange(1, 121)
    assert outflow == pytest.approx(30.0 * (1 - np.exp(-minutes / 40.0)))


def test_a_reservoir_gives_back_all_rain() -> None:
    rain = np.zeros((3000, 1))
    rain[:30] = 1.0
    assert outflow_mm_per_h(rain, np.array([45.0])).sum() / 60 == pytest.approx(30.0, rel=1e-6)


@pytest.fixture(scope="module")
def full() -> tuple[County, Truth]:
    county = build_county(1)
    return county, truth_of(county, 1, 0, 480)


def test_a_storm_floods_some_villages_and_spares_most(full: tuple[County, Truth]) -> None:
    county, events = full[0], full[1].events
    share = {kind: n / len(county.villages) for kind, n in Counter(event.label for event in events).items()}
    assert 0.005 < share["flash_flood"] < 0.1
    assert 0.005 < share["river_flood"] < 0.1
    assert 0.02 < share["rainstorm blue"] < 0.3
    assert 0.001 < share["landslide"] < 0.02
    assert 0.002 < share["waterlogging"] < 0.03


def test_slopes_fail_where_it_rained_most(full: tuple[County, Truth]) -> None:
    truth = full[1]
    ground = truth.ground
    total_mm = truth.village_rain_mm.sum(axis=0)[ground.slope_village]
    fails = ground.slopes.failure_minute >= 0
    assert total_mm[fails].min() > 40
    assert np.median(total_mm[fails]) > 3 * np.median(total_mm[~fails])


def test_landslides_and_waterlogging_of_the_truth_are_those_of_the_ground(scenario: Scenario) -> None:
    ground, code = scenario.ground.ground, scenario.county.villages.code
    failed = {
        (code[village], scenario.start_s + 60 * (minute + 1))
        for village, minute in zip(
            ground.slope_village.tolist(), ground.slopes.failure_minute.tolist(), strict=True
        )
        if minute >= 0
    }
    deep = ground.low_spots.depth_m >= PONDING_M
    ponds = {
        (code[village], scenario.start_s + 60 * (int(deep[:, n].argmax()) + 1))
        for n, village in enumerate(ground.low_spot_village.tolist())
        if deep[:, n].any()
    }
    found = {
        kind: {(e.village, e.time_s) for e in scenario.truth if e.kind == kind}
        for kind in ("landslide", "waterlogging")
    }
    assert found == {"landslide": failed, "waterlogging": ponds}


def test_a_reservoir_holds_what_has_not_run_out() -> None:
    """Water in = out + stored; a linear reservoir stores K times its outflow."""
    rain = np.random.default_rng(1).exponential(0.5, (200, 2))
    storage_min = np.array([30.0, 90.0])
    outflow = outflow_mm_per_h(rain, storage_min)
    before = np.vstack([np.zeros((1, 2)), outflow[:-1]])
    run_out = ((before + outflow) / 2).sum(axis=0) / 60.0
    stored = outflow[-1] / 60.0 * storage_min
    assert rain.sum(axis=0) == pytest.approx(run_out + stored, rel=0.002)


def test_more_rain_never_lowers_a_stage_or_delays_a_flood() -> None:
    generator = np.random.default_rng(1)
    rain, more = generator.exponential(0.2, (2, 200, 3))
    storage_min = np.array([30.0, 60.0, 120.0])
    assert (outflow_mm_per_h(rain + more, storage_min) >= outflow_mm_per_h(rain, storage_min)).all()


def test_thresholds_are_informative_but_not_perfect(full: tuple[County, Truth]) -> None:
    """Villages that reach their published red hour flood far more often than others, yet not always."""
    county, truth = full
    total = np.vstack([np.zeros(len(county.villages)), np.cumsum(truth.village_rain_mm, axis=0)])
    ratio = (total[60:] - total[:-60]).max(axis=0) / county.critical_rain.critical_mm[:, 2, 3]
    flooded = {event.village for event in truth.events if event.kind == "flash_flood"}
    is_flooded = np.array([code in flooded for code in county.villages.code])
    middle = (ratio > 0.75) & (ratio < 0.95)
    assert 0.05 < is_flooded[middle].mean() < 0.95
    assert is_flooded[ratio < 0.5].mean() < 0.01


@pytest.mark.parametrize(("level", "rain_mm", "minutes"), RAINSTORM_SIGNAL)
def test_a_rainstorm_is_counted_by_the_rule_of_each_level(
    scenario: Scenario, level: str, rain_mm: float, minutes: int
) -> None:
    found = {event.village: event.time_s for event in scenario.truth if event.label == f"rainstorm {level}"}
    total = np.vstack(
        [np.zeros(len(scenario.county.villages)), np.cumsum(scenario.ground.village_rain_mm, axis=0)]
    )
    for number, code in enumerate(scenario.county.villages.code):
        window = [total[end, number] - total[max(end - minutes, 0), number] for end in range(1, len(total))]
        reached = np.flatnonzero(np.array(window) >= rain_mm)
        expected = scenario.start_s + 60 * (int(reached[0]) + 1) if len(reached) else None
        assert found.get(code) == expected


def test_a_river_flood_comes_after_the_wave_has_passed_a_gauge(scenario: Scenario) -> None:
    county, gauges = scenario.county, scenario.ground.gauges
    column = {int(station): n for n, station in enumerate(gauges.station)}
    floods = [event for event in scenario.truth if event.kind == "river_flood"]
    assert floods
    for event in floods:
        village = county.villages.code.index(event.village)
        rows = np.flatnonzero(county.gauges.village == village)
        minute = (event.time_s - scenario.start_s) // 60
        earlier = [
            gauges.stage_m[:minute, column[int(county.gauges.station[row])]].max()
            / county.gauges.critical_m[row, 3]
            for row in rows
        ]
        assert max(earlier) > 0.85


def test_truth_is_written_in_the_events_format(scenario: Scenario, tmp_path: Path) -> None:
    scenario.write_truth(tmp_path)
    with (tmp_path / "truth.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["event", "time", "latitude", "longitude", "kind", "village", "level"]
    assert [(row["time"], row["kind"], row["village"]) for row in rows] == [
        (iso_utc(event.time_s), event.kind, event.village) for event in scenario.truth
    ]
