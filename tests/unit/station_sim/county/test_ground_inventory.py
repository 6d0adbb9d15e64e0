"""A varied county is configured to be warned of slopes and low spots, with sources."""

from pathlib import Path

import numpy as np
import pytest

from station_sim import outline
from station_sim.county.county import County, CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from station_sim.county.ground_inventory import write_ground_hazards
from station_sim.errors import SimulatorError
from station_sim.sending.scenario import Scenario
from station_sim.stations.varied_network import varied
from warnstream.config.load import load_configuration
from warnstream.model.rules.landslides import LandslideRain
from warnstream.model.rules.rules import SlopeTable, WaterloggingTable

SEED = 7


@pytest.fixture(scope="module")
def county() -> County:
    return varied(build_county(SEED, CountyPlan(n_stations=20, n_villages=60, n_gauges=2)), SEED)


def test_the_node_judges_every_slope_and_low_spot_by_thresholds_with_a_source(
    county: County, tmp_path: Path
) -> None:
    ground = county.ground
    assert ground is not None
    county.write(tmp_path)
    write_demo_config(tmp_path)
    write_ground_hazards(tmp_path, ground, county.villages.code)
    rules = {rule.name: rule for rule in load_configuration(tmp_path).rules}

    slope, water = rules["slope"].thresholds, rules["waterlogging"].thresholds
    landslide = rules["landslide"].thresholds
    assert isinstance(slope, SlopeTable)
    assert isinstance(water, WaterloggingTable)
    assert isinstance(landslide, LandslideRain)
    pairs = set(zip(slope.station.tolist(), slope.village.tolist(), strict=True))
    assert pairs == set(ground.slope_sensor)
    assert set(zip(water.station.tolist(), water.village.tolist(), strict=True)) == set(ground.depth_sensor)
    of_their_own = landslide.territory == landslide.territory[ground.slope_village[0]]
    assert np.flatnonzero(of_their_own).tolist() == ground.slope_village.tolist()
    assert "Uchimura 2015" in rules["slope"].source
    assert "FloodNet" in rules["waterlogging"].source
    assert rules["landslide"].source.startswith("Caine 1980 for villages on slopes")


def test_the_inventory_is_that_of_the_truth_and_each_sensor_stands_where_it_warns(county: County) -> None:
    inventory, scenario = county.ground, Scenario(SEED, county, hours=1)
    assert inventory is not None
    truth = scenario.ground.ground
    assert inventory.slope_village.tolist() == truth.slope_village.tolist()
    assert inventory.low_spot_village.tolist() == truth.low_spot_village.tolist()
    assert len(inventory.slope_sensor) >= len(truth.slope_village) / 2
    assert len(inventory.depth_sensor) >= len(truth.low_spot_village) / 2
    stations, villages = county.stations, county.villages
    sensors = (*inventory.slope_sensor, *inventory.depth_sensor)
    station, village = np.array(sensors).T
    here = outline.project(stations.latitude[station], stations.longitude[station])
    there = outline.project(villages.latitude[village], villages.longitude[village])
    assert np.linalg.norm(here - there, axis=1).max() < 100


def test_another_thresholds_file_is_refused_with_the_line_that_it_lacks(
    county: County, tmp_path: Path
) -> None:
    assert county.ground is not None
    (tmp_path / "thresholds.yaml").write_text("hazards:\n  rain: {}\n", encoding="utf-8")
    with pytest.raises(SimulatorError, match=r"thresholds\.yaml: expected 'territories:' once"):
        write_ground_hazards(tmp_path, county.ground, county.villages.code)
