"""A small county that the simulator's tests share."""

import pytest

from station_sim.county.county import County, CountyPlan, build_county
from station_sim.sending.scenario import Scenario

SEED = 7


@pytest.fixture(scope="session")
def small_county() -> County:
    return build_county(SEED, CountyPlan(n_stations=40, n_villages=60, n_gauges=4))


@pytest.fixture(scope="session")
def scenario(small_county: County) -> Scenario:
    """Four hours with the default faults."""
    return Scenario(SEED, small_county, hours=4)
