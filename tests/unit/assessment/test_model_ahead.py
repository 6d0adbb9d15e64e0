"""Runs of weather models through the first machine: told ahead, out, back, snapshotted, refused, blended."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from tests.forecasts import steep_members
from tests.model_runs import HOUR, cells_of, run_of
from tests.networks import QUALITY, T0, WINDOWS, nearest_weights, network_of, rain
from tests.unit.rules.county import rule_of
from warnstream.assessment import Assessment, AssessmentStep, Weights
from warnstream.assessment.ahead.runs import Runs
from warnstream.forecast.runs.members import ModelMembers, ModelPolicy
from warnstream.model.arrays import Arrays
from warnstream.model.changes import Change, LevelChange
from warnstream.model.level import Level
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.rules.policies import TransferAhead
from warnstream.model.runs.model_run import UNSEEN, ModelRun
from warnstream.model.times import DAY_S

N = 2
NETWORK = network_of(N, N)
RULE = rule_of("""
- {level: orange, forecast_rain: 24h, at_least: 100mm, probability: 30%}
""")
NEAR = rule_of(
    """
- {level: yellow, rain: 1h, at_least: 30mm, within: 1h, probability: 30%}
""",
    name="near",
)
TRANSFER = TransferAhead(DAY_S, 100.0, 0.2, "plan of the county")
WET_FROM_12 = [0.0] * 12 + [20.0] * 24
DRY = [0.0] * 36


def run_with(n_wet: int, n_dry: int, *, reference_s: int = T0, name: str = "ens") -> ModelRun:
    return run_of(NETWORK, [WET_FROM_12] * n_wet + [DRY] * n_dry, reference_s=reference_s, name=name)


class Node:
    def __init__(self, *, names: tuple[str, ...] = ("ens",), has_table: bool = False, rules: int = 2) -> None:
        self.names, self.has_table = names, has_table
        self.rules = (RULE, NEAR)[:rules]
        self.assessment = self.new()
        self.changes: list[LevelChange] = []

    def new(self) -> Assessment:
        weights = nearest_weights(N, N)
        site, cells = NETWORK.places.site, cells_of(NETWORK)
        policies = [ModelPolicy(name, 6 * HOUR) for name in self.names]
        at = cells.positions(site.latitude, site.longitude)
        return Assessment(
            NETWORK,
            self.rules,
            weights=Weights(weights, weights),
            windows=replace(WINDOWS, longest_s=DAY_S),
            quality=QUALITY,
            nowcast=None,
            ahead=steep_members(NETWORK, weights) if self.has_table else None,
            models=ModelMembers(policies, cells, at, 300) if self.names else None,
            transfer=TRANSFER if self.names else None,
        )

    def step(self, minute: int, *runs: ModelRun, mm: float = 0.0, n_readings: int = 1) -> AssessmentStep:
        """A step with the newest readings of both gauges, one every five minutes."""
        heard = [60 * (minute - 5 * before) for before in reversed(range(n_readings))]
        batch = rain(*((station, at_s, mm) for at_s in heard for station in range(N)))
        step = self.assessment.step(batch, T0 + 60 * minute, (), runs)
        assert step.failures == {}
        self.changes += step.changes
        return step


def test_a_model_raises_a_level_before_a_drop_has_fallen_and_says_by_which_run() -> None:
    node = Node()
    node.step(235)
    node.step(240, run_with(5, 5))
    (change, *_) = node.changes
    assert (change.kind, change.level, change.at_s) == (Change.RISE, Level.ORANGE, T0 + 240 * 60)
    reason = change.reason
    assert reason is not None
    assert not reason.is_observed
    assert reason.expected is not None
    expected = reason.expected
    assert (expected.model, expected.run_s, expected.amount_mm, expected.within_s) == (
        "ens",
        T0,
        100.0,
        DAY_S,
    )
    assert expected.probability == pytest.approx(0.5, abs=0.03)
    assert expected.onset_early_s == (8 + 5) * HOUR  # five hours of 20 mm from the twelfth of the run on
    assert not expected.is_likely
    assert reason.value == pytest.approx(50, abs=3)
    assert (reason.threshold, reason.unit) == (30.0, "%")


@pytest.mark.parametrize(("n_wet", "rises"), [(2, False), (4, True)])
def test_the_share_of_members_decides(n_wet: int, *, rises: bool) -> None:
    node = Node()
    node.step(240, run_with(n_wet, 10 - n_wet))
    assert bool(node.changes) is rises


def test_what_has_fallen_is_not_part_of_forecast_rain() -> None:
    node = Node()
    for minute in range(5, 245, 5):
        node.step(minute, mm=3.0)  # 144 mm in four hours
    node.step(245, run_of(NETWORK, [DRY]))
    assert not [change for change in node.changes if change.hazard == "own"]


def test_the_hour_of_a_transfer_counts_what_has_fallen() -> None:
    node = Node()
    assert node.step(5).transfer is None
    dry = node.step(240, run_with(3, 7)).transfer
    assert dry is not None
    assert int(dry.found.early_s[0]) == 13 * HOUR
    wet = Node()
    for minute in range(5, 240, 5):
        wet.step(minute, mm=1.0)  # 47 mm
    found = wet.step(240, run_with(3, 7)).transfer
    assert found is not None
    assert int(found.found.early_s[0]) == 11 * HOUR  # three hours of 20 mm are enough


def test_old_runs_are_out_and_what_they_raised_stands_for_as_long_as_they_were_for() -> None:
    node = Node(rules=1)
    node.step(240, run_with(8, 2))
    out_at = first = None
    for minute in (*range(245, 380, 5), *range(405, 2400, 30)):
        step = node.step(minute, n_readings=1 if minute < 380 else 6)
        (state,) = step.ahead.runs
        if state.is_out and out_at is None:
            out_at, first = minute, step
    assert out_at == 365
    assert first is not None
    assert first.ahead.runs[0].reference_s == T0
    assert not first.ahead.runs[0].is_used
    fall = next(change for change in node.changes if change.kind is Change.FALL)
    # The last probability was of 06:00 and said something of the 24 hours from then on.
    assert fall.at_s > T0 + 30 * HOUR
    assert node.step(2405).transfer is None


def test_a_newer_run_takes_over_and_an_older_one_does_not() -> None:
    node = Node()
    node.step(240, run_with(0, 10))
    step = node.step(365, run_with(10, 0, reference_s=T0 + 6 * HOUR))
    assert step.ahead.runs[0].reference_s == T0 + 6 * HOUR
    assert node.changes
    (refused,) = node.step(370, run_with(0, 10)).ahead.runs[0].refused
    assert refused.reason is RefusalReason.TOO_LATE
    (refused,) = node.step(375, run_with(0, 10, reference_s=T0 + 3 * HOUR)).ahead.runs[0].refused
    assert refused.reason is RefusalReason.SUPERSEDED
    assert node.step(380, run_with(0, 10, reference_s=T0 + 6 * HOUR)).ahead.runs[0].n_runs == 0


def test_the_second_model_stands_in_for_the_first() -> None:
    node = Node(names=("ens", "icon"))
    step = node.step(300, run_with(1, 9), run_with(10, 0, reference_s=T0 + 3 * HOUR, name="icon"))
    assert [state.is_used for state in step.ahead.runs] == [True, False]
    assert not node.changes
    step = node.step(370)
    assert [(state.is_out, state.is_used) for state in step.ahead.runs] == [(True, False), (False, True)]
    assert node.changes[0].reason is not None
    assert node.changes[0].reason.expected is not None
    assert node.changes[0].reason.expected.model == "icon"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda run: replace(run, reference_s=T0 + DAY_S), RefusalReason.FUTURE),
        (lambda run: replace(run, reference_s=T0 - DAY_S), RefusalReason.TOO_LATE),
        (lambda run: replace(run, geometry=b"other"), RefusalReason.BAD_GRID),
        (lambda run: replace(run, forecast="other"), RefusalReason.BAD_GRID),
        (lambda run: replace(run, lead_s=run.lead_s[::-1].copy()), RefusalReason.BAD_TIME),
        (lambda run: replace(run, rain=run.rain[:, ::-1].copy()), RefusalReason.RUNNING_TOTAL),
        (lambda run: replace(run, rain=(run.rain - 5)), RefusalReason.OUT_OF_RANGE),
        (lambda run: replace(run, rain=np.minimum(run.rain * 100, 32767)), RefusalReason.OUT_OF_RANGE),
        (lambda run: replace(run, rain=np.full_like(run.rain, UNSEEN)), RefusalReason.NO_READING),
    ],
)
def test_what_cannot_be_is_refused_and_all_else_goes_on(
    change: Callable[[ModelRun], ModelRun], reason: RefusalReason
) -> None:
    node = Node()
    step = node.step(240, change(run_with(8, 2)))
    refused = [refusal for state in step.ahead.runs for refusal in state.refused]
    assert [refusal.reason for refusal in refused] == [reason]
    assert not node.changes
    assert node.step(245, run_with(8, 2)).ahead.runs[0].n_runs == 1


MINUTES = range(220, 460, 5)
RESTARTS = (240, 245, 250, 420)


def at(node: Node, minute: int) -> str:
    """A step beside runs of two kinds, and what it told."""
    runs = {235: [run_with(5, 5)], 430: [run_with(2, 8, reference_s=T0 + 6 * HOUR)]}.get(minute, [])
    step = node.step(minute, *runs, mm=0.4)
    transfer = None if step.transfer is None else step.transfer.found.probability.tolist()
    return repr((step.ahead.source, step.ahead.runs[0].is_used, transfer, step.changes))


@cache
def without_restart() -> tuple[list[str], dict[int, dict[str, Arrays]], dict[str, Arrays]]:
    """What a node tells that nobody asks for a snapshot, those before every restart, and that at the end."""
    plain, asked, kept, told = Node(has_table=True), Node(has_table=True), {}, []
    for minute in MINUTES:
        if minute in RESTARTS:
            kept[minute] = asked.assessment.snapshot()
        told.append(at(asked, minute))
    assert [at(plain, minute) for minute in MINUTES] == told
    return told, kept, plain.assessment.snapshot()


@pytest.mark.parametrize("restart_at", RESTARTS)
def test_a_restart_changes_nothing(restart_at: int) -> None:
    told, kept, end = without_restart()
    restarted = Node(has_table=True)
    restarted.assessment.restore(kept[restart_at])
    begin = MINUTES.index(restart_at)
    assert [at(restarted, minute) for minute in MINUTES[begin:]] == told[begin:]
    found = restarted.assessment.snapshot()
    for name, part in end.items():
        for key, array in part.items():
            np.testing.assert_array_equal(array, found[name][key], err_msg=f"{name}/{key}")


def test_without_a_run_members_are_the_same_to_the_bit_and_with_one_they_are_blended() -> None:
    with_model, without = Node(has_table=True), Node(names=(), has_table=True, rules=0)
    without.rules = (NEAR,)
    without.assessment = without.new()
    for minute in range(5, 60, 5):
        states = [node.step(minute, mm=0.2 * minute / 5).ahead.source for node in (with_model, without)]
        assert states == ["gauges", "gauges"]
        books = [node.assessment._judgement.ahead.book for node in (with_model, without)]
        for key, chance in books[1].known.items():
            for mine, other in zip(chance.found, books[0].known[key].found, strict=True):
                np.testing.assert_array_equal(mine, other)
    before = float(next(iter(books[0].known.values())).found.probability[0])
    step = with_model.step(60, run_of(NETWORK, [[60.0] * 12] * 3), mm=2.4)
    assert step.ahead.source == "gauges and model"
    assert float(next(iter(books[0].known.values())).found.probability[0]) > before


def test_before_the_first_run_a_model_has_ten_minutes() -> None:
    node = Node()
    assert [node.step(minute).ahead.runs[0].is_out for minute in (1, 5, 11, 12)] == [
        False,
        False,
        False,
        True,
    ]


def test_a_run_for_other_cells_in_a_snapshot_is_of_no_use() -> None:
    site, cells = NETWORK.places.site, cells_of(NETWORK)
    at = cells.positions(site.latitude, site.longitude)
    kept = Runs(ModelMembers([ModelPolicy("ens", 6 * HOUR)], cells, at, 300), 120)
    kept.take([run_with(1, 1)], T0)
    other = Runs(ModelMembers([ModelPolicy("ens", 6 * HOUR)], replace(cells, cell_m=6_000), at, 300), 120)
    other.restore(kept.snapshot())
    assert other.usable(T0) is None
    again = Runs(ModelMembers([ModelPolicy("ens", 6 * HOUR)], cells, at, 300), 120)
    again.restore(kept.snapshot())
    assert again.usable(T0) is not None
