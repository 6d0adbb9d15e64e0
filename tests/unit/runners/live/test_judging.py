"""A node that judges nothing is not ready, and says what it waits for."""

from dataclasses import replace

import numpy as np
import pytest

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from warnstream.assessment import AssessmentStep
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.model.observations.readings import ReadingBatch, Variable, batch_of, empty_batch
from warnstream.runners.build import build_assessment
from warnstream.runners.live.judging import STILL_S, TOLD_STILL_S, Judging

NOW = 1_781_760_000


class Clock:
    """A monotonic clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    directory = tmp_path_factory.mktemp("county")
    build_county(1, CountyPlan(n_stations=4, n_villages=6, n_gauges=1)).write(directory)
    write_demo_config(directory)
    return load_configuration(directory)


def _by_clock(configuration: Configuration, clock: str) -> Configuration:
    return replace(configuration, node=replace(configuration.node, clock=clock))


def _step(configuration: Configuration, readings: ReadingBatch) -> AssessmentStep:
    return build_assessment(configuration).step(readings, NOW)


def _readings(*stations: int, at_s: int = NOW) -> ReadingBatch:
    n = len(stations)
    return batch_of(stations, [Variable.RAIN] * n, [at_s] * n, [0.0] * n)


def test_a_simulated_clock_that_nobody_tells_is_waited_for_by_name(simulated: Configuration) -> None:
    judging = Judging(_by_clock(simulated, "simulated"))
    first, second = judging.waits()
    assert first == "waits for ws/clock: node.clock is simulated, nothing else moves it"
    n = len(simulated.network.stations)
    assert second == f"waits for readings: no reading yet of any of {n} stations"


def test_a_simulated_clock_that_stops_is_waited_for_again(simulated: Configuration) -> None:
    clock = Clock()
    told = _by_clock(simulated, "simulated")
    judging = Judging(told, clock)
    readings = _readings(0)
    judging.take(readings, _step(told, readings), is_live=True)
    assert judging.waits() == []
    clock.now += TOLD_STILL_S + 1
    (reason,) = judging.waits()
    assert reason.startswith("waits for ws/clock, which was last told 301 s ago")


def test_one_station_makes_a_node_judge_and_the_others_are_named(simulated: Configuration) -> None:
    by_system = _by_clock(simulated, "system")
    judging = Judging(by_system)
    assert judging.missing() == ""
    readings = _readings(1)
    judging.take(readings, _step(by_system, readings), is_live=True)
    assert judging.waits() == []
    codes, n = by_system.network.stations.code, len(by_system.network.stations)
    others = ", ".join(code for number, code in enumerate(codes) if number != 1)
    assert judging.missing() == f"no reading yet of {n - 1} of {n} stations: {others}"


def test_steps_without_a_reading_are_not_judging(simulated: Configuration) -> None:
    by_system = _by_clock(simulated, "system")
    judging = Judging(by_system)
    judging.take(empty_batch(), _step(by_system, empty_batch()), is_live=True)
    (reason,) = judging.waits()
    assert reason.startswith("waits for readings: no reading yet")


def test_readings_that_are_all_refused_are_none(simulated: Configuration) -> None:
    """Real stations on a node whose clock is years away."""
    by_system = _by_clock(simulated, "system")
    judging = Judging(by_system)
    future = _readings(0, 1, 2, 3, at_s=NOW + 90_000)
    judging.take(future, _step(by_system, future), is_live=True)
    (reason,) = judging.waits()
    assert reason.startswith("waits for readings: no reading yet")


def test_steps_of_the_past_are_not_judging_now(simulated: Configuration) -> None:
    by_system = _by_clock(simulated, "system")
    judging = Judging(by_system)
    readings = _readings(*range(len(by_system.network.stations)))
    judging.take(readings, _step(by_system, readings), is_live=False)
    assert judging.waits() == ["waits for the first step"]


def test_a_loop_that_hangs_is_not_judging(simulated: Configuration) -> None:
    clock = Clock()
    by_system = _by_clock(simulated, "system")
    judging = Judging(by_system, clock)
    readings = _readings(0)
    judging.take(readings, _step(by_system, readings), is_live=True)
    clock.now += STILL_S + 1
    assert judging.waits() == [f"waits for a step: nothing has been judged for {STILL_S + 1:.0f} s"]


def test_what_is_waited_for_is_logged_once(
    simulated: Configuration, caplog: pytest.LogCaptureFixture
) -> None:
    by_system = _by_clock(simulated, "system")
    judging = Judging(by_system)
    with caplog.at_level("INFO"):
        for _ in range(3):
            judging.look()
        readings = _readings(0)
        judging.take(readings, _step(by_system, readings), is_live=True)
        for _ in range(3):
            judging.look()
    assert [record.getMessage() for record in caplog.records] == ["nothing is judged", "readings are judged"]


def test_stations_of_the_county_are_all_looked_at(simulated: Configuration) -> None:
    judging = Judging(simulated)
    everybody = _readings(*range(len(simulated.network.stations)))
    judging.take(everybody, _step(simulated, everybody), is_live=True)
    assert judging.missing() == ""
    assert np.all(judging._has_reading)
