"""Laws of gauges with spares: order and restart change nothing, doubt dries no village, nothing is halved."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.networks import LOWERING, QUALITY, T0, WINDOWS, nearest_weights, network_of, rain, rain_rule
from warnstream.assessment import Assessment, AssessmentStep, Weights
from warnstream.model.level import Level
from warnstream.model.observations.readings import ReadingBatch, empty_batch
from warnstream.model.observations.station_quality import LASTS, StationFlag, StationNeighbours, no_neighbours
from warnstream.model.rules.landslides import LandslideRain, LandslideTerritory
from warnstream.model.rules.policies import NeighbourPolicy
from warnstream.model.rules.rules import HazardRule
from warnstream.windows.antecedent import AntecedentRain

N = 8
SPARES = ((0, 6), (1, 7), (1, 6))
"""Stations 6 and 7 are spares; 6 is the second spare of 1 too."""
STEPS = 24
STEP_S = 300
BELIEVING = replace(QUALITY, neighbours=NeighbourPolicy(spare_intervals=10_000))

Storm = list[list[int | None]]

runs = st.lists(
    st.tuples(st.sampled_from([None, 0, 0, 2, 4, 30, 150]), st.integers(1, 9)), min_size=1, max_size=9
)
"""Amounts in tenths of a millimetre that last: silent, dry, equal again and again, a cloudburst."""


@st.composite
def storms(draw: st.DrawFn) -> Storm:
    """Gauges 0 and 1 and their spares as they like; around them it rains, or it does not."""
    around = draw(st.sampled_from([0, 3, 3]))
    columns: list[list[int | None]] = []
    for station in range(N):
        column: list[int | None] = []
        if station in {0, 1, 6, 7}:
            for amount, lasts in draw(runs):
                column += [amount] * lasts
        column = (column + [0] * STEPS)[:STEPS]
        if station not in {0, 1, 6, 7}:
            column = [around + (step + station) % 4 * (around > 0) for step in range(STEPS)]
        columns.append(column)
    return [list(row) for row in zip(*columns, strict=True)]


def landslide(n: int) -> HazardRule:
    """A rule that reads soil water, effective rain and events."""
    none, no_line = np.full(4, np.nan), np.zeros(0)
    lines = (no_line, no_line, no_line, no_line)
    effective = np.array([30.0, 60.0, np.nan, np.nan])
    territory = LandslideTerritory(lines, lines, none, none, (1.0, 72.0), effective, none, none)
    table = LandslideRain(np.zeros(n, dtype=np.int32), (territory,), 3600, 6 * 3600, 0.84)
    return HazardRule(
        "landslide", "landslide_rain", "滑坡", "Landslide", table, 0.0, Level.NONE, LOWERING, "test"
    )


def new_machine(*, doubts: bool = True) -> Assessment:
    network = network_of(N, N - 2)
    near = np.array([[j for j in range(N) if j != i] for i in range(N)], dtype=np.int32)
    own = nearest_weights(N, N - 2)
    neighbours = StationNeighbours(near, np.full(near.shape, 3000.0)) if doubts else no_neighbours(N)
    return Assessment(
        replace(network, stations=replace(network.stations, spares=SPARES)),
        (rain_rule(N - 2, (2, 5, 10, 20)), landslide(N - 2)),
        weights=Weights(own, own, neighbours),
        windows=WINDOWS,
        quality=QUALITY if doubts else BELIEVING,
        nowcast=None,
    )


def batch_of_step(storm: Storm, step: int, order: list[int] | None = None) -> ReadingBatch:
    rows = [(s, STEP_S * (step + 1), t / 10) for s, t in enumerate(storm[step]) if t is not None]
    if order is not None:
        rows.sort(key=lambda row: order[row[0]])
    return rain(*rows) if rows else empty_batch()


def run(
    storm: Storm, *, doubts: bool = True, restart_at: int = -1, order: list[int] | None = None
) -> tuple[Assessment, list[AssessmentStep]]:
    machine, steps = new_machine(doubts=doubts), []
    for step in range(STEPS):
        if step == restart_at:
            state = machine.snapshot()
            machine = new_machine(doubts=doubts)
            machine.restore(state)
        steps.append(machine.step(batch_of_step(storm, step, order), T0 + STEP_S * (step + 1)))
    return machine, steps


def told(steps: list[AssessmentStep]) -> list[object]:
    return [
        (s.changes, s.quality.flags.tolist(), np.nan_to_num(s.rain.rain_mm, nan=-1.0).tolist()) for s in steps
    ]


@settings(max_examples=15, deadline=None)
@given(storm=storms(), restart_at=st.integers(0, STEPS - 1))
def test_a_restart_at_any_step_takes_the_same_gauges(storm: Storm, restart_at: int) -> None:
    machine, steps = run(storm)
    again, steps_again = run(storm, restart_at=restart_at)
    assert told(steps_again) == told(steps)
    for part, arrays in machine.snapshot().items():
        for name, array in arrays.items():
            np.testing.assert_array_equal(again.snapshot()[part][name], array, err_msg=f"{part}.{name}")


@settings(max_examples=15, deadline=None)
@given(storm=storms(), order=st.permutations(range(N)))
def test_the_order_within_a_step_takes_the_same_gauges(storm: Storm, order: list[int]) -> None:
    assert told(run(storm, order=order)[1]) == told(run(storm)[1])


BLIND: Storm = [
    [
        None if step < 1 else 0,
        None if step < 2 else 0,
        *[3] * 4,
        2 * (step < 2),
        0 if step in {6, 7} else None,
    ]
    for step in range(STEPS)
]
"""Gauges and spares are clogged but one, which has fallen silent."""

TIP: Storm = [
    [None if step < 10 else 0, 0 if step else None, *([3, 4, 5, 6] * 2)[step % 4 :][:4], 2 * (step == 8), 0]
    for step in range(STEPS)
]
"""A spare tips once among zeros that are doubted, while its gauge is silent."""


@settings(max_examples=15, deadline=None)
@given(storm=storms())
@example(storm=BLIND)
@example(storm=TIP)
def test_doubting_a_gauge_with_a_spare_dries_no_village(storm: Storm) -> None:
    """But for a stuck gauge, which repeats itself while its neighbours and its spare are dry."""
    for with_it, without in zip(run(storm)[1], run(storm, doubts=False)[1], strict=True):
        if with_it.quality.has(StationFlag.STUCK).any():
            break
        rain_mm, before_mm = with_it.rain.rain_mm, np.nan_to_num(without.rain.rain_mm)
        is_known = ~np.isnan(rain_mm)
        assert (rain_mm[is_known] >= before_mm[is_known]).all()
        # A doubted tip may leave nobody who measures: that is no dry village, it is a blind one and says so.
        assert (with_it.sight.is_blind | is_known.all(axis=1)).all()


@settings(max_examples=15, deadline=None)
@given(storm=storms())
def test_a_window_is_that_of_one_gauge(storm: Storm) -> None:
    """Never the sum of two, never made of two halves."""
    candidates = {0: (0, 6), 1: (1, 7, 6)}
    machine, _ = run(storm)
    windows = machine._stations.windows(machine.now_s).taken
    for gauge, those in candidates.items():
        for duration in range(len(windows.own.rain_um)):
            source = windows.source_of(gauge, duration)
            assert source in those
            amount_um = windows.accumulation.rain_um[duration, gauge]
            assert amount_um == windows.own.rain_um[duration, source]


@settings(max_examples=15, deadline=None)
@given(storm=storms())
def test_earlier_rain_is_that_of_a_run_in_which_all_doubts_had_been_known_at_once(storm: Storm) -> None:
    machine, steps = run(storm)
    stations = machine._stations
    assert stations.plan is not None
    assert stations.antecedent is not None
    anew = AntecedentRain(N, stations.plan, lateness_s=WINDOWS.lateness_s_max)
    anew.advance(stations.rain, machine.now_s, np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int64))
    for name in anew.states().__slots__:
        np.testing.assert_array_equal(
            getattr(stations.antecedent.states(), name), getattr(anew.states(), name), err_msg=name
        )
    assert all(step.quality.stretches.begin_s.max(initial=0) < LASTS for step in steps)


@pytest.mark.parametrize("flag", [StationFlag.FAULTY_ZERO, StationFlag.CONTRADICTED, StationFlag.STUCK])
def test_the_laws_are_put_to_the_test_by_gauges_that_lie(flag: StationFlag) -> None:
    """Otherwise they would hold because nothing ever happens."""
    own = 40 if flag is StationFlag.STUCK else 0
    around = 3 if flag is StationFlag.FAULTY_ZERO else 0
    storm: Storm = [
        [own, 0, *[around + (step + s) % 4 * (around > 0) for s in range(2, 6)], 60 - own + step % 2, 0]
        for step in range(STEPS)
    ]
    if flag is StationFlag.STUCK:
        storm = [[*row[:6], 0, 0] for row in storm]
    _, steps = run(storm)
    assert steps[-1].quality.has(flag)[0]
    assert len(steps[-1].quality.stretches) > 0
