"""Laws of the whole first machine: rain, soil water, stages and levels together, late and repeated readings.

An oracle in plain Python says what rain every village has over every window.
"""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.networks import LOWERING, QUALITY, T0, network_of, rain_rule, stage_rule
from warnstream.assessment import Assessment, AssessmentStep, Weights
from warnstream.model.changes import Change, LevelChange
from warnstream.model.level import Level
from warnstream.model.network import StationWeights
from warnstream.model.observations.readings import UNUSABLE, ReadingBatch, Variable, batch_of, empty_batch
from warnstream.model.rules.landslides import LandslideRain, LandslideTerritory
from warnstream.model.rules.policies import NeighbourPolicy, WindowPolicy
from warnstream.model.rules.rules import HazardRule

HOUR_S = 3600
N = 3
STEP_S = 600
STEPS = 36
SLOTS = 30
"""Readings are observed in the first of the steps; the last are there for the late ones."""
DELAY_MAX = 6
INTERVAL_S = 300
WINDOWS = WindowPolicy(
    longest_s=12 * HOUR_S,
    lateness_s_max=2 * HOUR_S,
    grace_s=120,
    silent_after_s=900,
    future_s_max=120,
    by_minute_s=3 * HOUR_S,
)
RULES = {
    "short": (1800, (5, 10, 20, 40)),
    "hour": (HOUR_S, (10, 20, 30, 50)),
    "long": (21_600, (15, 30, 60, 90)),
}

# Station, five-minute slot of the observation, tips of 0.1 mm, steps of delay.
reading = st.tuples(
    st.integers(0, N - 1), st.integers(1, 2 * SLOTS), st.integers(0, 250), st.integers(0, DELAY_MAX)
)
Row = tuple[int, int, int, int]
storms = st.lists(reading, min_size=1, max_size=40, unique_by=lambda row: row[:2])


def weights() -> StationWeights:
    """Every village hears its own station and half as much the next."""
    station = np.array([[i, (i + 1) % N] for i in range(N)], dtype=np.int32)
    share = np.array([[2 / 3, 1 / 3]] * N)
    return StationWeights(station, share, np.array([[0.0, 5000.0]] * N))


def landslide() -> HazardRule:
    """Yellow at 40 mm of soil water, less with rain of the last hour; red at 80."""
    none, no_line = np.full(4, np.nan), np.zeros(0)
    rain_mm = np.array([0.0, 30.0])
    territory = LandslideTerritory(
        (no_line, rain_mm, no_line, rain_mm),
        (no_line, np.array([40.0, 20.0]), no_line, np.array([80.0, 60.0])),
        none,
        none,
        (1.0, 72.0),
        np.array([50.0, np.nan, np.nan, np.nan]),
        none,
        none,
    )
    table = LandslideRain(np.zeros(N, dtype=np.int32), (territory,), HOUR_S, 6 * HOUR_S, 0.84)
    return HazardRule(
        "landslide", "landslide_rain", "滑坡", "Landslide", table, 0.0, Level.NONE, LOWERING, "test"
    )


Spares = tuple[tuple[int, int], ...]
BELIEVING = replace(QUALITY, neighbours=NeighbourPolicy(spare_intervals=10_000))
"""Whom quality control doubts depends on what was there in time (`test_spare_laws`)."""


def new_machine(spares: Spares = ()) -> Assessment:
    rain_rules = [rain_rule(N, mm, duration_s=duration, name=name) for name, (duration, mm) in RULES.items()]
    network = network_of(N, N, INTERVAL_S)
    return Assessment(
        replace(network, stations=replace(network.stations, spares=spares)),
        (*rain_rules, stage_rule(1, 1, (4, 8, 12, 20)), landslide()),
        weights=Weights(weights(), weights()),
        windows=WINDOWS,
        quality=BELIEVING,
        nowcast=None,
    )


def arrives(row: Row, *, in_time: bool = False) -> int:
    """Number of the step that a reading comes with."""
    return -(-row[1] * INTERVAL_S // STEP_S) + (0 if in_time else row[3])


def batch_at(rows: list[Row], step: int, *, in_time: bool = False) -> ReadingBatch:
    """Rain as listed; the station beside it reports its tips as a stage as well."""
    due = [row for row in rows if arrives(row, in_time=in_time) == step]
    if not due:
        return empty_batch()
    station, slot, tips, _ = (np.array(column) for column in zip(*due, strict=True))
    at_s = T0 + slot * INTERVAL_S
    return batch_of(
        np.concatenate([station, station]),
        np.repeat([Variable.RAIN, Variable.STAGE], len(due)),
        np.concatenate([at_s, at_s]),
        np.concatenate([tips / 10, tips / 10]),
    )


def run(
    rows: list[Row], *, restart_at: int = -1, in_time: bool = False, spares: Spares = ()
) -> tuple[Assessment, list[AssessmentStep]]:
    machine, steps = new_machine(spares), []
    for step in range(1, STEPS + 1):
        if step == restart_at:
            state = machine.snapshot()
            machine = new_machine(spares)
            machine.restore(state)
        steps.append(machine.step(batch_at(rows, step, in_time=in_time), T0 + step * STEP_S))
    return machine, steps


def unconfirmed(change: LevelChange) -> LevelChange:
    if change.reason is None:
        return change
    return replace(change, reason=replace(change.reason, confirmed=False))


def changes_of(steps: list[AssessmentStep]) -> list[LevelChange]:
    return [change for step in steps for change in step.changes]


def rain_um(rows: list[Row], station: int, begin_min: int, end_min: int) -> int:
    """Micrometres of a station after one minute up to another, by adding minute after minute."""
    n, total = INTERVAL_S // 60, 0
    for of, slot, tips, _ in rows:
        for minute in range(n):
            at_min = (T0 + slot * INTERVAL_S) // 60 - n + 1 + minute
            if of == station and begin_min < at_min <= end_min:
                total += tips * 100 * (minute + 1) // n - tips * 100 * minute // n
    return total


@settings(max_examples=10, deadline=None)
@given(rows=storms, restart_at=st.integers(1, STEPS))
def test_a_restart_at_any_step_equals_no_restart(rows: list[Row], restart_at: int) -> None:
    """Not only the same changes: the same state to the last bit."""
    machine, steps = run(rows)
    again, steps_again = run(rows, restart_at=restart_at)
    assert changes_of(steps_again) == changes_of(steps)
    state, state_again = machine.snapshot(), again.snapshot()
    assert state.keys() == state_again.keys()
    for part, arrays in state.items():
        for name, array in arrays.items():
            np.testing.assert_array_equal(state_again[part][name], array, err_msg=f"{part}.{name}")


@settings(max_examples=10, deadline=None)
@given(rows=storms, spares=st.sampled_from([(), ((0, 2),)]))
def test_late_readings_leave_the_state_of_readings_in_time(rows: list[Row], spares: Spares) -> None:
    """Everything but time: rain, soil water and its kin are the same whenever readings came."""
    late = run(rows, spares=spares)[0].snapshot()
    in_time = run(rows, in_time=True, spares=spares)[0].snapshot()
    for part in ("rain", "antecedent", "duplicates"):
        for name, array in in_time[part].items():
            np.testing.assert_array_equal(late[part][name], array, err_msg=f"{part}.{name}")


@settings(max_examples=10, deadline=None)
@given(rows=storms, order=st.randoms(use_true_random=False))
def test_the_order_within_a_batch_does_not_matter(rows: list[Row], order: object) -> None:
    shuffled = list(rows)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    assert changes_of(run(shuffled)[1]) == changes_of(run(rows)[1])


@settings(max_examples=10, deadline=None)
@given(rows=storms, again=st.lists(st.tuples(st.integers(0, 39), st.integers(0, DELAY_MAX)), max_size=20))
def test_readings_that_come_again_change_nothing(rows: list[Row], again: list[tuple[int, int]]) -> None:
    """Repetitions arrive with their first or after it, within the lateness.

    Whether a step between stages is doubtful may depend on what they are compared
    with in their batch, and so whether the reason is confirmed: that is set aside.
    """
    repeated = []
    for index, delay in again:
        station, slot, tips, first = rows[index % len(rows)]
        repeated.append((station, slot, tips, max(delay, first)))
    found, expected = changes_of(run(rows + repeated)[1]), changes_of(run(rows)[1])
    assert [unconfirmed(change) for change in found] == [unconfirmed(change) for change in expected]


@settings(max_examples=10, deadline=None)
@given(rows=storms)
def test_no_rain_is_lost_or_made(rows: list[Row]) -> None:
    """What was not flagged as unusable is in the longest window, to the micrometre."""
    machine, steps = run(rows)
    accepted = 0
    for step, found in enumerate(steps, start=1):
        batch = batch_at(rows, step)
        counts = (batch.variable == Variable.RAIN) & ((found.flags & UNUSABLE) == 0)
        accepted += int(np.rint(batch.value[counts] * 1000).sum())
    held = machine.accumulate(np.array([12 * HOUR_S], dtype=np.int32))
    assert int(held.rain_um.sum()) == accepted == sum(row[2] * 100 for row in rows)


def sums_of(rows: list[Row], now_s: int, duration_s: int) -> list[tuple[float, float]]:
    """Rain in micrometres and coverage of every station's window, by plain Python."""
    found = []
    for station in range(N):
        times = [T0 + slot * INTERVAL_S for of, slot, _, _ in rows if of == station]
        end = max(-(-max(times, default=-1) // 60), now_s // 60 - INTERVAL_S // 60 - 2)
        begin = end - duration_s // 60
        if duration_s > 3 * HOUR_S:
            begin = begin // 10 * 10
        n = INTERVAL_S // 60
        seen = sum(max(min(at // 60, end) - max(at // 60 - n, begin), 0) for at in times)
        found.append((float(rain_um(rows, station, begin, end)), seen / (end - begin)))
    return found


def village_um(rows: list[Row], now_s: int, duration_s: int) -> list[float]:
    """Rain of every village in micrometres; -1 where nobody speaks for it."""
    sums = sums_of(rows, now_s, duration_s)
    newest_s = [
        max((T0 + slot * INTERVAL_S for of, slot, _, _ in rows if of == s), default=-1) for s in range(N)
    ]
    reports = [now_s - last_s - INTERVAL_S <= WINDOWS.silent_after_s for last_s in newest_s]
    result = []
    for village in range(N):
        near = [(village, 2 / 3), ((village + 1) % N, 1 / 3)]
        weight = sum(share * sums[station][1] for station, share in near)
        speaks = any(reports[station] for station, _ in near) and weight > 0
        total = sum(share * sums[station][1] * sums[station][0] for station, share in near)
        result.append(total / weight if speaks else -1.0)
    return result


@settings(max_examples=10, deadline=None)
@given(rows=storms)
def test_levels_rise_exactly_as_far_as_the_oracle_says(rows: list[Row]) -> None:
    """Every step, village and rule: at once up to the level of the rain, and never beyond it."""
    machine = new_machine()
    for step in range(1, STEPS + 1):
        now_s = T0 + step * STEP_S
        found = machine.step(batch_at(rows, step), now_s)
        known = [row for row in rows if arrives(row) <= step]
        for name, (duration_s, critical) in RULES.items():
            rain = village_um(known, now_s, duration_s)
            # Village rain is rounded to the micrometre.
            at_least = [sum(um >= 1000 * mm + 1 for mm in critical) for um in rain]
            at_most = [sum(um >= 1000 * mm - 1 for mm in critical) for um in rain]
            assert (machine.level(name).level >= at_least).all()
            for change in found.changes:
                if change.hazard == name and change.kind is Change.RISE:
                    assert at_least[change.village] <= change.level <= at_most[change.village]
