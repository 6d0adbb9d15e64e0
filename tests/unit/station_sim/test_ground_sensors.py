"""Sensors near a slope or a low spot measure what the truth says it does."""

import json
from dataclasses import replace

import numpy as np
import pytest

from station_sim.sending.scenario import Scenario
from station_sim.stations.observations import Observations


def last_report(scenario: Scenario, words: tuple[str, ...], village: int) -> dict[str, float]:
    """The last report of a station with these variables that stands at a village."""
    villages, stations = scenario.county.villages, scenario.county.stations
    latitude, longitude = stations.latitude.copy(), stations.longitude.copy()
    latitude[0], longitude[0] = villages.latitude[village], villages.longitude[village]
    moved = replace(
        stations,
        variables=(words, *stations.variables[1:]),
        latitude=latitude,
        longitude=longitude,
    )
    observations = Observations(scenario.seed, moved, scenario.ground, scenario.start_s)
    report: dict[str, float] = json.loads(observations.payload(0, scenario.n_minutes))
    return report


def test_a_slope_sensor_feels_its_slope(scenario: Scenario) -> None:
    ground = scenario.ground.ground
    column = int(ground.slopes.displacement_mm[-1].argmax())
    report = last_report(
        scenario, ("tilt_x", "displacement", "pore_pressure"), int(ground.slope_village[column])
    )
    # Noise at rest: about 1.5 mm with 0.02 mm, 0.010 degrees with 0.0002.
    assert report["displacement"] == pytest.approx(1.5 + ground.slopes.displacement_mm[-1, column], abs=0.15)
    expected = 0.010 + ground.slopes.tilt_degrees[-1, column] * np.sqrt(0.5)
    assert report["tilt_x"] == pytest.approx(expected, abs=0.002)
    assert report["pore_pressure"] == pytest.approx(ground.slopes.pore_pressure_kpa[-1, column], abs=0.06)


def test_a_depth_sensor_feels_its_low_spot(scenario: Scenario) -> None:
    ground = scenario.ground.ground
    column = int(ground.low_spots.depth_m[-1].argmax())
    report = last_report(scenario, ("water_depth",), int(ground.low_spot_village[column]))
    assert report["water_depth"] == pytest.approx(100 * ground.low_spots.depth_m[-1, column], abs=0.06)


def test_a_sensor_far_from_any_slope_is_at_rest(scenario: Scenario) -> None:
    stations = scenario.county.stations
    latitude = stations.latitude.copy()
    latitude[0] = 31.0
    moved = replace(stations, variables=(("displacement",), *stations.variables[1:]), latitude=latitude)
    observations = Observations(scenario.seed, moved, scenario.ground, scenario.start_s)
    report = json.loads(observations.payload(0, scenario.n_minutes))
    assert report["displacement"] == pytest.approx(1.5, abs=0.15)
