"""A step of two readings does not become dearer unseen: the functions that it calls are counted."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.step_calls import Minutes, calls_of, step_calls
from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from warnstream.config.load import load_configuration
from warnstream.model.observations.readings import RAIN, batch_of
from warnstream.runners.build import build_engine

CALLS_OF_TWO = 2_920
"""Of a step of two readings, Python 3.11 and numpy 2.4; 4,200 when all villages were worked out at each step.
More by a tenth fails: find out what calls them, or raise the number here and say why."""
T0 = 1_781_740_800


def light_rain(n_stations: int, n_minutes: int) -> Minutes:
    """Every gauge reports every five minutes, a fifth of them in each."""
    found = []
    for minute in range(n_minutes):
        station = np.arange(minute % 5, n_stations, 5)
        at_s = np.full(len(station), T0 + 60 * minute)
        rain_mm = 0.2 + 0.1 * ((station + minute) % 3)
        found.append((T0 + 60 * minute, batch_of(station, np.full(len(station), RAIN), at_s, rain_mm)))
    return found


@pytest.mark.slow
def test_a_step_of_two_readings_calls_no_more_functions_than_it_did(tmp_path: Path) -> None:
    build_county(1, CountyPlan(n_stations=80, n_villages=150, n_gauges=4)).write(tmp_path)
    write_demo_config(tmp_path)
    configuration = load_configuration(tmp_path)
    gauges = int(configuration.network.stations.measures_rain.sum())
    calls = step_calls(build_engine(configuration), light_rain(gauges, 41), first=31)
    print(calls)
    assert calls["step of 2 readings"] <= 1.1 * CALLS_OF_TWO


def test_calls_of_python_and_of_extensions_are_counted() -> None:
    def one() -> int:
        return len("")

    # The two functions here, and `sys.setprofile` that ends the count.
    assert calls_of(one) == 3
