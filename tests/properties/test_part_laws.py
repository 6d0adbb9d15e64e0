"""Some of the villages, judged with what was derived from all, get what all get: by every kind of table."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.alerts import alert, arrived, info, relay_table
from tests.forecasts import steep_members
from tests.networks import HOUR, LOWERING, QUALITY, T0, WINDOWS, network_of, rain_rule
from tests.unit.hazards.test_landslide_rain import line
from tests.unit.rules.county import parse
from warnstream.assessment import Assessment, Weights
from warnstream.assessment.rule_needs import whole_of
from warnstream.hazards.strong_wind import WindTable
from warnstream.model.alerts.alert import AlertArea, Circle
from warnstream.model.changes import LevelChange
from warnstream.model.forecast import ExpectedLevel
from warnstream.model.level import Level
from warnstream.model.network import Network, StationWeights, Zone
from warnstream.model.observations.readings import Variable, batch_of
from warnstream.model.rules.expressions import RuleTable
from warnstream.model.rules.indicators import Indicator
from warnstream.model.rules.landslides import LandslideRain
from warnstream.model.rules.rules import (
    CriticalRain,
    CriticalStage,
    FireTable,
    HazardRule,
    Reaches,
    SlopeTable,
    Thresholds,
    WaterloggingTable,
    Wetness,
)
from warnstream.model.warning import MessageType

N_VILLAGES, N_STATIONS = 5, 6
ZONES = (Zone("Z1", "above", 1, 0.0, 0.05, None), Zone("Z2", "below", 1, 0.0, 0.06, None))
N = N_VILLAGES + 1  # village 1 has two zones
STEPS, STEP_S = 24, 300
AMOUNTS = np.array([5.0, 10.0, 20.0, 40.0])
VARIABLES = (
    Variable.RAIN,
    Variable.STAGE,
    Variable.DISPLACEMENT,
    Variable.WATER_DEPTH,
    Variable.WIND_GUST,
    Variable.TEMPERATURE,
    Variable.HUMIDITY,
    Variable.WIND_SPEED,
)


def int32(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.int32)


def per_place(scale: float = 1.0) -> np.ndarray:
    """Every place has values of its own; the last has none."""
    table = np.stack([scale * AMOUNTS * (1 + place / 10) for place in range(N)])[:, None]
    table[-1] = np.nan
    return table


def rows(scale: float) -> np.ndarray:
    return np.stack([scale * AMOUNTS * (1 + row / 10) for row in range(N)])


@cache
def tables() -> dict[str, Thresholds]:
    """Sensors of one place confirm, follow or outdo those of another."""
    village, station = int32(2, 0, 5, 3, 0, 1), int32(0, 1, 2, 3, 4, 5)
    near = int32(0, 1, 1, 0, 2, 5, 5, 2, 3, 4, 4, 3).reshape(-1, 2)
    hour = int32(HOUR)
    wetness = Wetness(0.84, (20.0, 40.0), per_place(1.2), per_place(0.8), np.zeros(0), np.zeros(0))
    reaches = Reaches(
        int32(0, 600, 0, 0, 1200, 0),
        int32(0, 900, 0, 0, 1800, 0),
        np.array([1, 0.9, 1, 1, 0.8, 1.0]),
        np.zeros(N),
        int32(0, 3),
        np.array([[0.0, 20.0], [0.0, 30.0]]),
    )
    critical_line = line(Level.ORANGE, (0, 60), (20, 40))
    return {
        "critical_rainfall": CriticalRain(hour, per_place(), wetness),
        "rainstorm": CriticalRain(hour, np.broadcast_to(AMOUNTS, (N, 1, 4))),
        "river_stage": CriticalStage(village, station, rows(0.2), 1800, reaches=reaches),
        "landslide_rain": LandslideRain(
            int32(0, 1, -1, 0, 1, 0), (critical_line, critical_line), 12 * HOUR, 24 * HOUR, 0.84
        ),
        "slope_movement": SlopeTable(
            village,
            station,
            np.full(N, Indicator.DISPLACEMENT, dtype=np.uint8),
            np.full(N, Variable.DISPLACEMENT, dtype=np.uint8),
            rows(1.0),
            np.full(N, np.nan),
            np.zeros(N),
            near,
            1800,
            1,
            0.5,
            0.05,
            0.9,
            1800,
        ),
        "waterlogging": WaterloggingTable(
            village, station, rows(1.0), CriticalRain(hour, per_place()), 1, 1800
        ),
        "strong_wind": WindTable(village, station, rows(0.7), 600, 1800),
        "forest_fire": FireTable(AMOUNTS, int32(0, 1, 2, 3, -1, 5)[:, None], 4 * HOUR),
        "relayed": relay_table(county().places.site),
        "rule": _written(),
    }


def _written() -> Thresholds:
    levels = """
        - {level: blue, rain: 1h, at_least: {column: blue_mm}, clear: {column: clear_mm}}
        - level: orange
          all: [{rain: 1h, at_least: 20mm}, {hazard: river_stage, at_least: yellow}]
        - {level: red, stage: {column: gauge}, at_least: 6m, for: 10min}
    """
    columns = {"blue_mm": "mm", "clear_mm": "mm", "gauge": "station"}
    parsed = parse(levels, hazards=("own", "river_stage"), table="own.csv", columns=columns)
    assert parsed.faults == []
    return RuleTable(
        tuple(parsed.levels),
        {"own.csv:blue_mm": np.linspace(4.0, 14.0, N), "own.csv:clear_mm": np.linspace(3.0, 11.0, N)},
        {"column own.csv:gauge": int32(0, -1, 2, 3, 4, -1)},
        np.arange(N) != 3,
    )


EXPECTED = (
    ExpectedLevel(Level.RED, Level.YELLOW, share=0.6),
    ExpectedLevel(Level.YELLOW, Level.BLUE, 0.9),
    ExpectedLevel(Level.RED, Level.ORANGE, within_s=HOUR, probability=0.3),
)


def rules() -> tuple[HazardRule, ...]:
    plain = rain_rule(N, AMOUNTS.tolist())
    return tuple(
        replace(
            plain,
            name="own" if kind == "rule" else kind,
            evaluator=kind,
            thresholds=table,
            continues_mm_per_h=1.0 if kind == "rainstorm" else 0.0,
            lowering=replace(LOWERING, hold_s=600, active_s_min=600),
            expected=EXPECTED if isinstance(table, CriticalRain) else (),
        )
        for kind, table in tables().items()
    )


def county() -> Network:
    return replace(network_of(N_STATIONS, N_VILLAGES, STEP_S), zones=ZONES)


def weights() -> Weights:
    station = np.stack([np.arange(N), (np.arange(N) + 1) % N_STATIONS], axis=1).astype(np.int32)
    own = StationWeights(station, np.tile([0.7, 0.3], (N, 1)), np.full((N, 2), 1000.0))
    farther = replace(own, station=((station + 2) % N_STATIONS).astype(np.int32))
    return Weights(own, farther)


def assess(villages: np.ndarray | None) -> Assessment:
    network, all_rules, whole = county(), rules(), whole_of(rules())
    if villages is None:
        places, part, some = None, network, all_rules
    else:
        places = network.places.of_villages(villages)
        part, some = network.of_villages(villages), tuple(rule.of_places(places) for rule in all_rules)
    return Assessment(
        part,
        some,
        weights=weights() if places is None else weights().of_places(places),
        windows=WINDOWS,
        quality=QUALITY,
        nowcast=None,
        ahead=steep_members(network, weights().own)
        if places is None
        else steep_members(network, weights().own).of_places(places),
        whole=whole,
    )


Row = tuple[int, int, int, float]
CIRCLE = AlertArea("x", circles=(Circle((0.0, 0.05), 7000.0),))

readings = st.lists(
    st.tuples(
        st.integers(0, N_STATIONS - 1),
        st.integers(0, STEPS - 1),
        st.sampled_from(range(len(VARIABLES))),
        st.sampled_from((0.0, 0.4, 3.0, 8.0, 16.0, 33.0)),
    ),
    max_size=120,
    unique_by=lambda row: row[:3],
)


ALERTS = {
    0: (alert(), alert("A2", 1, MessageType.ALERT, info("Minor", areas=(CIRCLE,)))),
    2: (alert("A3", 2, MessageType.UPDATE, info("Extreme", areas=(CIRCLE,)), names=("A1",)),),
}
"""By step: of one village by its code, and of a circle that holds some places."""


def changes_of(assessment: Assessment, storm: Sequence[Row]) -> list[LevelChange]:
    found: list[LevelChange] = []
    for step in range(STEPS):
        at_s = T0 + STEP_S * (step + 1)
        now = sorted(row for row in storm if row[1] == step)
        batch = batch_of(
            [row[0] for row in now],
            [VARIABLES[row[2]] for row in now],
            [at_s] * len(now),
            [row[3] for row in now],
        )
        result = assessment.step(batch, at_s, [arrived(alert) for alert in ALERTS.get(step, ())])
        assert result.failures == {}
        found += result.changes
    return found


@settings(max_examples=25)
@given(storm=readings, chosen=st.sets(st.integers(0, N_VILLAGES - 1), min_size=1))
def test_some_villages_get_what_all_get(storm: list[Row], chosen: set[int]) -> None:
    villages = np.array(sorted(chosen))
    of_all = [change for change in changes_of(assess(None), storm) if change.village in chosen]
    of_some = [
        replace(change, village=int(villages[change.village]))
        for change in changes_of(assess(villages), storm)
    ]
    assert [repr(change) for change in of_some] == [repr(change) for change in of_all]


def test_a_slope_is_borne_out_by_a_neighbour_that_warns_another_village() -> None:
    """Stations 0 and 1 are neighbours; station 0 warns place 2, station 1 place 0."""
    storm = [(station, step, 2, 16.0) for station in (0, 1) for step in range(3)]
    villages = np.array([0])
    found = [change for change in changes_of(assess(villages), storm) if change.hazard == "slope_movement"]
    assert [change.reason.confirmed for change in found if change.reason] == [True]


def test_a_rule_without_numbers_for_the_villages_here_is_silent_and_does_not_fail() -> None:
    last = np.array([N_VILLAGES - 1])  # its place has no critical rain
    storm = [(station, 3, 0, 33.0) for station in range(N_STATIONS)]
    changes = changes_of(assess(last), storm)  # which sees to it that nothing fails
    assert {change.hazard for change in changes} >= {"rainstorm"}
    assert "critical_rainfall" not in {change.hazard for change in changes}


def test_a_gauge_is_held_to_what_thresholds_of_other_villages_say_of_it() -> None:
    """120 m are far above the thresholds of gauge 4, which stand with place 0 alone."""
    flagged = []
    for villages in (None, np.array([3])):
        batch = batch_of([4], [Variable.STAGE], [T0 + STEP_S], [120.0])
        flagged.append(int(assess(villages).step(batch, T0 + STEP_S).flags[0]))
    assert flagged[0] == flagged[1] != 0


@pytest.mark.parametrize("kind", tables())
def test_levels_of_a_part_of_a_table_are_those_of_its_places(kind: str) -> None:
    table, places = tables()[kind], np.array([0, 2, 5])
    np.testing.assert_array_equal(table.of_places(places).defined(3), table.defined(N)[places])


def test_villages_out_of_order_are_refused() -> None:
    for wrong in ([1, 0], [1, 1], [N_VILLAGES], [-1]):
        with pytest.raises(ValueError, match="ascending numbers of villages"):
            county().of_villages(np.array(wrong))


def test_doors_follow_their_villages() -> None:
    network = county()
    doors = replace(
        network.households,
        code=tuple("abcdef"),
        channel=("sms",) * 6,
        address=tuple("123456"),
        first_of_village=int32(0, 1, 1, 4, 5, 6),
    )
    part = replace(network, households=doors).of_villages(np.array([1, 2, 4]))
    assert part.households.code == ("b", "c", "d", "f")
    assert part.households.first_of_village.tolist() == [0, 0, 3, 4]
    assert [zone.village for zone in part.zones] == [0, 0]
    assert part.places.village.tolist() == [0, 0, 1, 2]
