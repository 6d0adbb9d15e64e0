"""What a step works out for the places that moved is what it would find if it worked out everything.

Beside an assessment that goes on stands one that takes up a snapshot before every step: it knows nothing of
the step before and goes the whole way. Steps of a few readings at any time, all kinds of tables, silent and
lying gauges, spares, parts that raise, restarts.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from typing import NoReturn

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.networks import QUALITY, T0, WINDOWS
from tests.properties.test_part_laws import N_STATIONS, VARIABLES, N, county, rules, weights
from warnstream.assessment import Assessment, villages
from warnstream.assessment.rule_needs import whole_of
from warnstream.hazards.registry import HAZARD_KINDS
from warnstream.lifecycle.hysteresis import LevelState, LevelStep
from warnstream.model.observations.readings import Variable, batch_of
from warnstream.model.observations.station_quality import StationNeighbours
from warnstream.model.rules.indicators import HazardLevels, VillageRain
from warnstream.model.rules.outlook import Outlook

CUT = ("critical_rainfall", "rainstorm", "landslide_rain")
RAISES = (*CUT, "rain of villages", "rain windows", "levels", "basis")
STEP_S = 300


@pytest.fixture(autouse=True, scope="module")
def few_are_half() -> Iterator[None]:
    """In so small a county an eighth of the places is none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(villages, "_MOST", 0.5)
        yield


def assessment() -> Assessment:
    """Six places, two gauges each; gauge 5 is the spare of gauge 4, all are each other's neighbours."""
    network = county()
    network = replace(network, stations=replace(network.stations, spares=((4, 5),)))
    near = np.array([[n for n in range(N_STATIONS) if n != m] for m in range(N_STATIONS)], dtype=np.int32)
    neighbours = StationNeighbours(near, np.full(near.shape, 3000.0))
    return Assessment(
        network,
        rules(),
        weights=replace(weights(), neighbours=neighbours),
        windows=WINDOWS,
        quality=QUALITY,
        nowcast=None,
        whole=whole_of(rules()),
    )


def found(one: Assessment, rows: list[tuple[int, int, int, float]], now_s: int) -> list[object]:
    """Everything that a step finds, to be compared."""
    columns = zip(*rows, strict=True) if rows else ((), (), (), ())
    before_s, station, variable, value = columns
    kinds = [VARIABLES[number] for number in variable]
    batch = batch_of(station, kinds, now_s - np.array(before_s, dtype=np.int64), value)
    step = one.step(batch, now_s)
    arrays = [step.rain.rain_mm, step.rain.coverage, step.rain.is_blind, step.rain.highest_mm]
    arrays += [step.sight.heard, *step.ratio.values(), step.flags]
    for rule in one.rules:
        findings = one._judgement.findings(rule.name)  # what no output shows whole
        for levels in () if findings is None else (findings.of_places, findings.of_villages):
            named = [field.name for field in fields(HazardLevels) if field.name != "outlook"]
            outlook = levels.outlook or Outlook.nowhere(len(levels.level))
            arrays += [getattr(levels, name) for name in named]
            arrays += [getattr(outlook, field.name) for field in fields(Outlook)]
        arrays += list(one.level(rule.name).snapshot().values())
    return [
        repr(step.changes),
        step.failures,
        [(array.shape, array.dtype, array.tobytes()) for array in arrays],
    ]


@contextmanager
def raising(part: str | None) -> Iterator[None]:
    """A kind of hazard, or a part of the step, raises."""

    def raises(*_args: object, **_named: object) -> NoReturn:
        raise RuntimeError("seeded fault")

    with pytest.MonkeyPatch.context() as patch:
        if part in HAZARD_KINDS:
            patch.setitem(HAZARD_KINDS, part, replace(HAZARD_KINDS[part], evaluate=raises))
        elif part == "rain of villages":
            patch.setattr("warnstream.assessment.villages.VillageState.rain", raises)
        elif part == "basis":
            for kind in CUT:
                patch.setitem(HAZARD_KINDS, kind, replace(HAZARD_KINDS[kind], basis=raises))
        elif part == "levels":
            patch.setattr("warnstream.lifecycle.hysteresis.LevelState.propose", raises)
        elif part == "rain windows":
            patch.setattr("warnstream.windows.rain_window.RainWindow.add", raises)
        yield


a_reading = st.tuples(
    st.sampled_from((0, 30, 240, 2_000)),
    st.integers(0, N_STATIONS - 1),
    st.sampled_from((0, 0, 0, 0, 1, 3)),
    st.sampled_from((0.0, 0.4, 3.0, 8.0, 16.0, 33.0)),
)
a_step = st.tuples(
    st.sampled_from((0, 1, 20, 60, STEP_S, STEP_S, 1_200)),
    st.lists(a_reading, max_size=3),
    st.sampled_from((None,) * 8 + RAISES),
    st.booleans(),
)


@settings(max_examples=60, deadline=None)
@example(  # soil water of the step that failed stood for ten minutes: what holds a level was gone
    wet=1.0,
    steps=[
        (1_200, [], None, False),
        (300, [(0, 0, 0, 33.0)], "rain of villages", False),
        (0, [], None, False),
    ],
)
@given(wet=st.floats(0.5, 12.0), steps=st.lists(a_step, max_size=14))
def test_few_places_are_judged_as_all_would_be(
    wet: float, steps: list[tuple[int, list[tuple[int, int, int, float]], str | None, bool]]
) -> None:
    going_on, now_s = assessment(), T0
    first = [(0, station, 0, wet) for station in range(N_STATIONS)]
    script = [(STEP_S, first, None, False)] * 3 + steps
    state = going_on.snapshot()
    for wait_s, rows, part, is_restarted in script:
        now_s += wait_s
        anew = assessment()
        anew.restore(state)
        if is_restarted:
            going_on = assessment()
            going_on.restore(state)
        if part is not None:  # what stands need not be worked out, so it does not raise in both
            with raising(part):
                found(going_on, rows, now_s)
        else:
            assert found(going_on, rows, now_s) == found(anew, rows, now_s)
        state = going_on.snapshot()


def places_judged(monkeypatch: pytest.MonkeyPatch, kind: str) -> list[int]:
    """How many places each evaluation of a kind of hazard sees, as they come."""
    seen: list[int] = []
    plain = HAZARD_KINDS[kind]

    def evaluate(rule: object, sources: object) -> HazardLevels:
        seen.append(len(sources.rain.is_blind))  # type: ignore[attr-defined]
        return plain.evaluate(rule, sources)  # type: ignore[arg-type]

    monkeypatch.setitem(HAZARD_KINDS, kind, replace(plain, evaluate=evaluate))
    return seen


@pytest.mark.parametrize("kind", CUT)
def test_one_reading_has_two_places_judged_again(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    one = assessment()
    found(one, [(0, station, 0, 2.0) for station in range(N_STATIONS)], T0 + STEP_S)
    seen = places_judged(monkeypatch, kind)
    found(one, [(0, 2, 0, 5.0)], T0 + STEP_S + 60)
    assert seen == [2]
    found(one, [], T0 + STEP_S + 60)
    assert seen == [2]


@pytest.mark.parametrize("kind", CUT)
def test_a_hazard_that_raised_is_judged_everywhere_next_time(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = assessment()
    found(one, [(0, station, 0, 2.0) for station in range(N_STATIONS)], T0 + STEP_S)
    with raising(kind):
        found(one, [(0, 2, 0, 5.0)], T0 + STEP_S + 60)
    seen = places_judged(monkeypatch, kind)
    found(one, [(0, 2, 0, 1.0)], T0 + STEP_S + 70)
    assert seen == [N]


def test_hazards_that_could_not_be_asked_see_again_when_they_can() -> None:
    one = assessment()
    rows = [(0, station, 0, 0.4) for station in range(N_STATIONS)]
    found(one, rows, T0 + STEP_S)
    with raising("basis"):
        found(one, [], T0 + STEP_S)
    assert one.level("critical_rainfall").is_blind.all()
    found(one, [], T0 + STEP_S)
    assert not one.level("critical_rainfall").is_blind.any()


def test_hazards_without_a_level_are_not_gone_through_while_nothing_is_new(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, kinds = assessment(), {*CUT, "river_stage", "relayed"}
    found(one, [(0, station, 0, 0.4) for station in range(N_STATIONS)], T0 + STEP_S)
    proposed = []
    plain = LevelState.propose

    def propose(state: LevelState, *arguments: object) -> LevelStep:
        proposed.append(next(rule.evaluator for rule in one.rules if one.level(rule.name) is state))
        return plain(state, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(LevelState, "propose", propose)
    found(one, [], T0 + STEP_S)
    assert set(proposed) == set(HAZARD_KINDS) - kinds


@pytest.mark.parametrize("kind", sorted(set(HAZARD_KINDS) - set(CUT)))
def test_kinds_that_read_more_than_rain_say_that_they_cannot_be_cut(kind: str) -> None:
    assert not HAZARD_KINDS[kind].is_cut


def test_the_most_that_any_village_has_is_that_of_all_places() -> None:
    one = assessment()
    found(one, [(0, station, 0, 9.0 - station) for station in range(N_STATIONS)], T0 + STEP_S)
    step = one.step(batch_of([3], [Variable.RAIN], [T0 + STEP_S + 60], [0.5]), T0 + STEP_S + 60)
    rain: VillageRain = step.rain
    np.testing.assert_array_equal(rain.highest_mm, np.nanmax(rain.rain_mm, axis=0))
