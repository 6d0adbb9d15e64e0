"""The season before a storm: a warm-up that a node reads, the villages below slopes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from station_sim.county.county import County, CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from station_sim.errors import SimulatorError
from station_sim.ground.rivers import places_at_risk
from station_sim.ground.season import DAILY_MM, write_season
from station_sim.sending.scenario import DEFAULT_START_S
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.model.level import Level
from warnstream.model.observations.readings import Variable, batch_of, empty_batch
from warnstream.runners.build import build_engine

pytestmark = pytest.mark.slow

SEED = 5


@pytest.fixture(scope="module")
def county() -> County:
    return build_county(SEED, CountyPlan(n_stations=30, n_villages=120))


@pytest.fixture
def directory(county: County, tmp_path: Path) -> Path:
    county.write(tmp_path)
    write_demo_config(tmp_path)
    write_season(tmp_path, county, SEED, DEFAULT_START_S)
    return tmp_path


def test_the_days_before_the_storm_are_known_of_every_gauge(directory: Path) -> None:
    configuration = load_configuration(directory)
    past = configuration.past_days
    assert past is not None
    gauges = configuration.network.stations.measures_rain
    assert past.rain_um.shape[0] == len(DAILY_MM)
    assert (past.observed_min[:, gauges] == 1440).all()
    mean_mm = past.rain_um[:, gauges].mean(axis=1) / 1000
    assert mean_mm == pytest.approx(np.array(DAILY_MM), rel=0.1)


def test_the_ground_is_wet_so_that_the_landslide_rule_can_be_reached(directory: Path) -> None:
    """45 mm in an hour at every gauge: yellow on the ground of the season, nothing on empty soil."""
    configuration = load_configuration(directory)
    gauges = np.flatnonzero(configuration.network.stations.measures_rain)

    def highest(configuration: Configuration) -> Level:
        engine, found = build_engine(configuration), Level.NONE
        for step in range(13):
            now_s = DEFAULT_START_S + 300 * step
            rain = batch_of(
                gauges, [Variable.RAIN] * len(gauges), [now_s] * len(gauges), [45 / 12] * len(gauges)
            )
            changes = engine.step(rain if step else empty_batch(), (), now_s + 60).assessment.changes
            if step == 0:
                assert not changes
            of_slides = [change.level for change in changes if change.hazard == "landslide"]
            found = max([found, *of_slides])
        return found

    assert highest(configuration) >= Level.YELLOW
    assert highest(replace(configuration, past_days=None)) == Level.NONE


def test_the_landslide_rule_is_for_villages_below_slopes(directory: Path, county: County) -> None:
    configuration = load_configuration(directory)
    below = places_at_risk(len(county.villages), SEED)[0].tolist()
    assert below
    (rule,) = [rule for rule in configuration.rules if rule.name == "landslide"]
    text = (directory / "thresholds.yaml").read_text()
    listed = text[text.index("areas: [") :].split("]", 1)[0]
    assert [code for code in county.villages.code if f'"{code}"' in listed] == [
        county.villages.code[village] for village in below
    ]
    assert rule.evaluator == "landslide_rain"


def test_a_folder_that_is_not_the_demo_s_is_refused(directory: Path, county: County) -> None:
    with pytest.raises(SimulatorError, match="expected 'areas:"):
        write_season(directory, county, SEED, DEFAULT_START_S)
