"""A gauge with a spare beside it, through the whole first machine: levels, certainty, reasons, soil water."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tests.networks import (
    HOUR,
    QUALITY,
    T0,
    WINDOWS,
    nearest_weights,
    network_of,
    rain,
    rain_rule,
)
from warnstream.assessment import Assessment, AssessmentStep, Weights
from warnstream.model.changes import LevelChange, Reason
from warnstream.model.level import Level
from warnstream.model.network import Network
from warnstream.model.observations.station_quality import StationFlag, StationNeighbours, no_neighbours
from warnstream.runners.explain.record import station_state

N = 8
GAUGE, SPARE = 0, 7
STEP = 300
SIREN = (15, 25, 40, 80)


def spared_network() -> Network:
    """Station 7 is the spare of station 0; village i hears station i alone."""
    network = network_of(N, N - 1)
    return replace(network, stations=replace(network.stations, spares=((GAUGE, SPARE),)))


def assessment_of(neighbours: StationNeighbours | None = None) -> Assessment:
    near = np.array([[j for j in range(N) if j != i] for i in range(N)], dtype=np.int32)
    compared = StationNeighbours(near, np.full(near.shape, 3000.0))
    own = nearest_weights(N, N - 1)
    return Assessment(
        spared_network(),
        (rain_rule(N - 1, SIREN),),
        weights=Weights(own, own, compared if neighbours is None else neighbours),
        windows=WINDOWS,
        quality=QUALITY,
        nowcast=None,
    )


def run(
    assessment: Assessment,
    n_intervals: int,
    own: Callable[[int], float | None],
    spare: Callable[[int], float | None],
    around: float,
    first: int = 1,
) -> list[AssessmentStep]:
    """Intervals of five minutes; the n-th amounts of gauge and spare by functions of n, None: silent."""
    steps = []
    for number in range(first, first + n_intervals):
        at_s = STEP * number
        rows = [(s, at_s, around + 0.1 * ((number + s) % 2) * (around > 0)) for s in range(1, SPARE)]
        pair = ((GAUGE, own(number)), (SPARE, spare(number)))
        rows += [(station, at_s, amount) for station, amount in pair if amount is not None]
        steps.append(assessment.step(rain(*rows), T0 + at_s))
    return steps


def storm(number: int) -> float:
    return 4.0 + 0.2 * (number % 2)


def dry(_: int) -> float:
    return 0.0


def rises(steps: list[AssessmentStep], village: int = 0) -> list[LevelChange]:
    return [change for step in steps for change in step.changes if change.village == village]


def last_reason(steps: list[AssessmentStep]) -> Reason:
    reason = rises(steps)[-1].reason
    assert reason is not None
    return reason


def flags_of(step: AssessmentStep, station: int = GAUGE) -> StationFlag:
    return StationFlag(int(step.quality.flags[station]))


def test_the_village_of_a_clogged_gauge_is_warned_by_its_spare_and_the_reason_says_so() -> None:
    steps = run(assessment_of(), 16, dry, storm, 2.6)
    assert StationFlag.FAULTY_ZERO | StationFlag.CONTRADICTED in flags_of(steps[-1])
    assert max(change.level for change in rises(steps)) >= Level.ORANGE
    reason = last_reason(steps)
    assert reason.station == "S7"
    (fact,) = reason.facts
    assert (fact.indicator, fact.station, fact.note) == ("replaced", "S0", "faulty_zero")
    assert (fact.value, fact.threshold) == (0.0, reason.value)


def test_a_village_sees_and_its_warning_is_confirmed_while_the_neighbours_agree_with_the_spare() -> None:
    steps = run(assessment_of(), 16, dry, storm, 2.6)
    assert not steps[-1].sight.is_blind.any()
    assert not steps[-1].sight.is_partly_blind.any()
    assert steps[-1].sight.heard[0] == 1.0
    assert steps[-1].rain.coverage_over(HOUR)[0] == 1.0
    assert last_reason(steps).confirmed


def test_a_cell_that_only_the_spare_has_warns_at_once_and_unconfirmed() -> None:
    """No neighbour is wet, so their median cannot find the clogged gauge; its spare does."""
    steps = run(assessment_of(), 10, dry, storm, 0.0)
    assert flags_of(steps[-1]) & (StationFlag.FAULTY_ZERO | StationFlag.CONTRADICTED) == (
        StationFlag.CONTRADICTED
    )
    assert rises(steps)[-1].level >= Level.BLUE
    reason = last_reason(steps)
    assert (reason.station, reason.confirmed) == ("S7", False)
    assert reason.facts[0].note == "contradicted"


def test_a_gauge_without_neighbours_is_replaced_all_the_same() -> None:
    steps = run(assessment_of(no_neighbours(N)), 10, dry, storm, 0.0)
    assert flags_of(steps[-1]) == StationFlag.ISOLATED | StationFlag.CONTRADICTED
    assert rises(steps)[-1].level >= Level.BLUE


def test_the_rain_of_a_spare_stays_when_the_gauge_drips_again() -> None:
    """Its zeros of the last hour are still zeros that nobody measured."""
    assessment = assessment_of()
    run(assessment, 14, dry, storm, 2.6)
    before = assessment.level("flash_flood").level[0]
    steps = run(assessment, 4, lambda _: 0.2, storm, 2.6, first=15)
    assert not flags_of(steps[-1]) & (StationFlag.FAULTY_ZERO | StationFlag.CONTRADICTED)
    assert steps[-1].rain.over(HOUR)[0] == pytest.approx(12 * 4.1)
    assert assessment.level("flash_flood").level[0] >= before


def test_a_level_falls_on_the_dry_hour_of_the_spare_while_the_gauge_is_clogged() -> None:
    assessment = assessment_of()
    run(assessment, 16, dry, storm, 2.6)
    steps = run(assessment, 60, dry, dry, 0.0, first=17)
    assert flags_of(steps[-1]) & StationFlag.FAULTY_ZERO
    assert assessment.level("flash_flood").level.tolist() == [0] * (N - 1)


def test_without_a_sound_spare_a_clogged_gauge_leaves_its_village_blind() -> None:
    steps = run(assessment_of(), 12, dry, lambda _: None, 2.6)
    assert steps[-1].sight.is_blind.tolist() == [True] + [False] * (N - 2)
    assert StationFlag.CONTRADICTED not in flags_of(steps[-1])
    both = run(assessment_of(), 12, dry, dry, 2.6)
    assert both[-1].sight.is_blind.tolist() == [True] + [False] * (N - 2)


def test_a_false_high_influx_still_warns_unconfirmed_and_tells_what_the_spare_measured() -> None:
    """Of two gauges at one place that disagree the rain counts, up to the level of a lone gauge."""
    assessment = assessment_of()
    run(assessment, 12, lambda _: 0.0, lambda _: 0.0, 0.0)
    steps = run(assessment, 1, lambda _: 45.0, lambda _: 0.2, 0.0, first=13)
    assert rises(steps)[-1].level == Level.YELLOW
    reason = last_reason(steps)
    assert (reason.station, reason.value, reason.confirmed, reason.lone_gauge) == ("S0", 45.0, False, True)
    (fact,) = reason.facts
    assert (fact.indicator, fact.station, fact.value, fact.threshold) == ("spare", "S7", 0.2, 45.0)


def test_a_stuck_gauge_gives_way_to_its_dry_spare() -> None:
    step = run(assessment_of(), 14, lambda _: 3.0, dry, 0.0)[-1]
    assert flags_of(step) & StationFlag.STUCK
    assert step.rain.over(HOUR)[0] == 0.0
    assert not flags_of(step, SPARE) & StationFlag.CONTRADICTED


def test_a_silent_gauge_is_told_as_silent() -> None:
    steps = run(assessment_of(), 14, lambda _: None, storm, 2.6)
    (fact,) = last_reason(steps).facts
    assert (fact.indicator, fact.station, fact.note) == ("replaced", "S0", "silent")


def test_two_sound_gauges_are_told_as_one() -> None:
    steps = run(assessment_of(), 14, storm, storm, 2.6)
    reason = last_reason(steps)
    assert (reason.station, reason.facts, reason.confirmed) == ("S0", (), True)


def test_an_explanation_says_that_the_spare_speaks_and_adds_up() -> None:
    assessment = assessment_of()
    run(assessment, 16, dry, storm, 2.6)
    view = assessment.view(0)
    (gauge,) = view.places[0].stations
    assert (gauge.is_reporting, gauge.is_usable, gauge.confidence) == (True, True, 0.0)
    assert station_state(gauge) == "set aside, its spare speaks"
    assert gauge.rain_mm[-1] == pytest.approx(12 * 4.1)
    assert gauge.unmeasured[-1] == 0.0
    assert all(hazard.adds_up for hazard in view.hazards)


def test_a_grid_stands_in_for_a_clogged_gauge_only_while_its_spare_measures_nothing() -> None:
    for spare, is_measured in ((storm, True), (lambda _: None, False)):
        assessment = assessment_of()
        step = run(assessment, 16, dry, spare, 2.6)[-1]
        until_s = assessment._stations.measured_until_s(step.quality)
        assert bool(until_s[GAUGE] == T0 + 16 * STEP) is is_measured
        assert until_s[1] == T0 + 16 * STEP


def test_every_gauge_is_judged_by_its_own_rain() -> None:
    """A clogged gauge that falls silent would otherwise be trusted again for the rain of its spare."""
    assessment = assessment_of()
    run(assessment, 12, dry, storm, 2.6)
    steps = run(assessment, 12, lambda _: None, storm, 2.6, first=13)
    assert flags_of(steps[-1]) & StationFlag.FAULTY_ZERO
