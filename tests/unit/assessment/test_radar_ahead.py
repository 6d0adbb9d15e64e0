"""Fields of a radar through the first machine: told before the threshold, out, back, snapshotted, refused."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from tests.forecasts import steep_members
from tests.networks import QUALITY, T0, WINDOWS, nearest_weights, network_of, rain
from tests.unit.rules.county import rule_of
from warnstream.assessment import Assessment, AssessmentStep, Weights
from warnstream.assessment.ahead.fields import Fields
from warnstream.forecast.radar.adjustment import Adjustment
from warnstream.forecast.radar.source import RadarMembers
from warnstream.model.arrays import Arrays
from warnstream.model.changes import LevelChange
from warnstream.model.grids import GridFrame, GridPolicy
from warnstream.model.level import Level
from warnstream.model.observations.readings import empty_batch
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.radar.fields import UNSEEN, FieldFrame, Frame, geometry_of

N = 2
NETWORK = network_of(N, N)
GEOMETRY = geometry_of(NETWORK)
RULE = rule_of("""
- {level: yellow, rain: 1h, at_least: 30mm, within: 1h, probability: 30%}
- {level: orange, rain: 1h, at_least: 30mm}
""")
XY_M = np.stack([np.arange(N) * 5000.0, np.zeros(N)], axis=1)


def field_of(minute: int, mm: float, *, interval_s: int = 300, unseen: bool = False) -> FieldFrame:
    """The same everywhere; or nothing seen at the places, rain beside them."""
    cells = np.full(GEOMETRY.shape, round(100 * mm), dtype=np.int16)
    if unseen:
        row, column = (
            int(position[0])
            for position in GEOMETRY.positions(NETWORK.villages.latitude, NETWORK.villages.longitude)
        )
        cells[row - 4 : row + 6, column - 4 : column + 12] = UNSEEN
    return FieldFrame("radar", GEOMETRY.digest, T0 + 60 * minute, interval_s, cells)


class Node:
    def __init__(self, *, has_table: bool = False, is_known: bool = True, future_max_s: int = 120) -> None:
        self.has_table, self.is_known = has_table, is_known
        self.windows = replace(WINDOWS, future_s_max=future_max_s)
        self.assessment = self.new()
        self.changes: list[LevelChange] = []

    def new(self) -> Assessment:
        weights = nearest_weights(N, N)
        site = NETWORK.places.site
        at = GEOMETRY.positions(site.latitude, site.longitude)
        return Assessment(
            NETWORK,
            (RULE,),
            weights=Weights(weights, weights),
            windows=self.windows,
            quality=QUALITY,
            nowcast=None,
            ahead=steep_members(NETWORK, weights) if self.has_table else None,
            radar=RadarMembers("radar", GEOMETRY, at, Adjustment(XY_M, XY_M), 300) if self.is_known else None,
            grids=(GridPolicy("radar"),),
        )

    def step(self, minute: int, *frames: Frame, mm: float = 0.2, restart: bool = False) -> AssessmentStep:
        if restart:
            state, self.assessment = self.assessment.snapshot(), self.new()
            self.assessment.restore(state)
        batch = rain(*((station, 60 * minute, mm) for station in range(N)))
        step = self.assessment.step(batch, T0 + 60 * minute, (), frames)
        self.changes += step.changes
        return step


MINUTES = range(5, 65, 5)


def at(node: Node, minute: int, *, restart: bool = False) -> str:
    """A step of a storm and what it told."""
    mm = min(0.1 * minute, 4.0)
    step = node.step(minute, field_of(minute, mm), mm=mm, restart=restart)
    return repr((step.ahead.source, step.ahead.is_out, step.failures, step.changes))


def storm(node: Node) -> list[str]:
    return [at(node, minute) for minute in MINUTES]


@cache
def without_restart() -> tuple[list[str], dict[int, dict[str, Arrays]], dict[str, Arrays]]:
    """What a node tells that nobody asks for a snapshot, those before every step, and that at the end."""
    plain, asked, kept, told = Node(), Node(), {}, []
    for minute in MINUTES:
        kept[minute] = asked.assessment.snapshot()
        told.append(at(asked, minute))
    assert storm(plain) == told
    return told, kept, plain.assessment.snapshot()


def test_a_radar_tells_of_rain_before_it_has_fallen() -> None:
    node = Node()
    storm(node)
    yellow = [change for change in node.changes if change.level is Level.YELLOW and change.village == 0]
    orange = [change for change in node.changes if change.level is Level.ORANGE and change.village == 0]
    assert yellow
    assert not orange or yellow[0].at_s < orange[0].at_s
    reason = yellow[0].reason
    assert reason is not None
    assert reason.expected is not None
    assert reason.expected.source == "radar"
    assert reason.expected.calibrated_on == ""
    assert not reason.expected.is_likely
    assert reason.value < 30


@pytest.mark.parametrize("restart_at", MINUTES[::2])
def test_a_restart_between_any_field_and_its_cycle_changes_nothing(restart_at: int) -> None:
    told, kept, end = without_restart()
    restarted = Node()
    restarted.assessment.restore(kept[restart_at])
    begin = MINUTES.index(restart_at)
    assert [at(restarted, minute) for minute in MINUTES[begin:]] == told[begin:]
    found = restarted.assessment.snapshot()
    for name, part in end.items():
        for key, array in part.items():
            np.testing.assert_array_equal(array, found[name][key], err_msg=f"{name}/{key}")


def test_without_a_radar_nothing_is_said_of_fields() -> None:
    node = Node(is_known=False)
    storm(node)
    assert {change.level for change in node.changes} <= {Level.ORANGE}
    assert node.step(70, field_of(70, 1.0)).ahead.refused == ()


def test_a_radar_without_a_young_field_is_out_and_gauges_take_its_place() -> None:
    node = Node(has_table=True)
    for minute in range(5, 25, 5):
        assert node.step(minute, field_of(minute, 1.0)).ahead.source == "radar"
    states = [node.step(minute).ahead for minute in (25, 30, 35)]
    assert [state.is_out for state in states] == [False, False, True]  # 20 is two intervals ago at 30
    assert [state.source for state in states] == ["radar", "radar", "gauges"]
    assert states[-1].newest_s == T0 + 60 * 20
    assert states[-1].stands_in
    back = node.step(40, field_of(40, 1.0)).ahead
    assert (back.is_out, back.source) == (False, "radar")


def test_a_slow_radar_may_be_older_where_that_is_said() -> None:
    kept = Fields("radar", GEOMETRY, 20.0, 120, age_s_max=1200)
    assert kept.take([field_of(0, 1.0)], T0) == []
    assert [kept.is_usable(T0 + 60 * minute) for minute in (11, 20, 21)] == [True, True, False]


def test_before_the_first_field_a_radar_has_ten_minutes() -> None:
    node = Node()
    assert [node.step(minute).ahead.is_out for minute in (1, 5, 10, 11, 12)] == [
        False,
        False,
        False,
        False,
        True,
    ]


def test_places_that_the_radar_does_not_see_are_not_dry_and_gauges_speak_there() -> None:
    alone, beside = Node(), Node(has_table=True)
    for minute in range(5, 40, 5):
        field = field_of(minute, 5.0, unseen=True)
        told = alone.step(minute, field, mm=6.0), beside.step(minute, field, mm=6.0)
    assert [step.ahead.source for step in told] == ["radar", "radar and gauges"]
    known = alone.assessment._judgement.ahead.book.known
    said = np.concatenate([chance.found.probability for chance in known.values()])
    assert (np.isnan(said) | (said == 1)).all()
    assert any(change.level is Level.YELLOW for change in beside.changes)


FAULTS = [
    (replace(field_of(5, 1.0), grid="other"), RefusalReason.BAD_GRID),
    (replace(field_of(5, 1.0), geometry=b"elsewher"), RefusalReason.BAD_GRID),
    (replace(field_of(5, 1.0), rain=field_of(5, 1.0).rain[1:]), RefusalReason.BAD_GRID),
    (field_of(60, 1.0), RefusalReason.FUTURE),
    (field_of(5, 1.0, interval_s=301), RefusalReason.BAD_TIME),
    (field_of(5, 1.0, interval_s=3600), RefusalReason.BAD_TIME),
    (field_of(5, 120.0), RefusalReason.OUT_OF_RANGE),
    (replace(field_of(5, 1.0), rain=np.full(GEOMETRY.shape, -7, np.int16)), RefusalReason.OUT_OF_RANGE),
    (replace(field_of(5, 1.0), rain=np.full(GEOMETRY.shape, UNSEEN, np.int16)), RefusalReason.NO_READING),
    (field_of(7, 1.0), RefusalReason.OVERLAP),
]


@pytest.mark.parametrize(
    ("frame", "reason"), FAULTS, ids=[f"{n}-{reason}" for n, (_, reason) in enumerate(FAULTS)]
)
def test_fields_that_cannot_be_used_are_refused_and_nothing_else_stops(
    frame: FieldFrame, reason: RefusalReason
) -> None:
    node = Node()
    state = node.step(10, field_of(10, 1.0), frame).ahead
    assert [refusal.reason for refusal in state.refused] == [reason]
    assert state.refused[0].detail
    assert state.source == "radar"
    assert node.step(15, field_of(15, 1.0)).failures == {}


def test_a_radar_whose_clock_is_ahead_as_far_as_is_allowed_is_gone_on_from() -> None:
    node = Node(future_max_s=600)
    told = [node.step(minute, field_of(minute + 9, 3.0)) for minute in (5, 10, 15)]
    assert {step.ahead.source for step in told} == {"radar"}
    assert not any(step.ahead.refused or step.failures for step in told)


def test_a_field_told_again_changes_nothing_and_older_ones_leave() -> None:
    node = Node()
    for minute in range(5, 65, 5):
        node.step(minute, field_of(minute, 1.0))
    assert node.step(65, field_of(60, 1.0)).ahead.n_fields == 0
    assert node.assessment.snapshot()["ahead"]["field.times"][:, 0].tolist() == [
        T0 + 60 * minute for minute in range(35, 65, 5)
    ]


def test_fields_of_another_geometry_in_a_snapshot_are_left() -> None:
    node = Node()
    node.step(5, field_of(5, 1.0))
    state = node.assessment.snapshot()
    state["ahead"]["field.of"] = np.frombuffer(b"anothergeometry", dtype=np.uint8)
    other = Node()
    other.assessment.restore(state)
    assert other.step(6).ahead.newest_s == -1


def test_members_that_fail_are_told_and_silence_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_args: object) -> None:
        raise RuntimeError("seeded fault")

    monkeypatch.setattr(RadarMembers, "members", fails)
    node = Node(has_table=True)
    step = node.step(5, field_of(5, 1.0))
    assert step.failures == {"probabilities": "RuntimeError: seeded fault"}
    assert step.ahead.source == "gauges"
    monkeypatch.undo()
    assert node.step(10, field_of(10, 1.0)).failures == {}


def test_gauges_correct_the_radar_where_enough_of_them_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warnstream.forecast.radar.adjustment.PAIRS_MIN", 2)
    node = Node()
    for minute in range(5, 70, 5):
        at_points = GridFrame("radar", T0 + 60 * minute, 300, np.full(2 * N, 0.5))
        step = node.step(minute, at_points, field_of(minute, 0.5), mm=1.0 + 0.01 * minute)
    assert step.ahead.source == "radar and gauges"
    assert step.ahead.refused == ()


def test_an_empty_step_makes_no_members_before_they_are_due() -> None:
    node = Node()
    node.step(5, field_of(5, 1.0))
    step = node.assessment.step(empty_batch(), T0 + 301)
    assert step.ahead.source == "radar"
    assert node.assessment._judgement.ahead.book.known != {}
