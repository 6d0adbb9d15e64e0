"""Laws of a drill: restarts after any step, a refusing disk, a changed configuration, something real."""

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from tests.alarms import RecordedAlarms
from warnstream.adapters.metrics import Metrics
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.model.effects import Answer, RecipientAnswer
from warnstream.model.errors import StoreError
from warnstream.model.hands.drills import DrillAct, DrillOrder, DrillStep, is_of_drill
from warnstream.model.level import Level
from warnstream.model.warning import MessageStatus
from warnstream.runners.drill.entries import LAPSED, REAL, STOPPED, Begun
from warnstream.runners.drill.folders import entries_of
from warnstream.runners.drill.scores import scores_of
from warnstream.runners.intake.history_entries import ISSUED, Issued, decode_issued
from warnstream.runners.live.drill.stage import Stage

T0 = 1_781_740_800
HAZARDS = ("flash_flood", "rainstorm")


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    directory = tmp_path_factory.mktemp("county")
    build_county(1, CountyPlan(n_stations=9, n_villages=3, n_gauges=1)).write(directory)
    write_demo_config(directory, broker_port=1, http_port=1, embedded_broker=False)
    return load_configuration(directory)


@dataclass
class Run:
    """One drill on disk, through any number of lives of its process."""

    folder: Path
    configuration: Configuration
    order: DrillOrder
    stage: Stage = field(init=False)
    now_s: int = T0
    sequence: int = 1

    def __post_init__(self) -> None:
        self.stage = self.opened(Begun(self.order, T0))

    def opened(self, begun: Begun | None = None) -> Stage:
        return Stage(
            self.folder,
            self.configuration,
            alarms=RecordedAlarms(),
            metrics=Metrics(),
            wake_channels=lambda: None,
            ask_log=nobody_asks,
            event_clock=lambda: float(self.now_s),
            begun=begun,
        )

    def kill(self) -> None:
        """The process ends without a word; the next one goes on from the disk."""
        self.stage.close(has_ended=False)
        self.stage = self.opened()

    def wait(self, seconds: int) -> None:
        self.now_s += seconds
        self.stage.step(self.now_s)
        while self.stage.go_on():
            pass

    def answer(self, number: int, answer: Answer) -> None:
        told = [(digest.identifier, digest.post) for of in self.issued() for digest in of.digests]
        if told:
            message, post = told[number % len(told)]
            self.sequence += 1
            self.stage.take(self.sequence, [RecipientAnswer(message, post, answer, self.now_s)])

    def end(self, why: str) -> None:
        if running := self.stage.course.running():
            self.stage.end(running, why, self.now_s)

    def issued(self) -> list[Issued]:
        return [decode_issued(payload) for _, kind, payload in entries_of(self.folder) if kind == ISSUED]

    def said(self) -> list[object]:
        """Everything that was issued, in order, without the numbers of entries."""
        return [(of.messages, of.bulletins, of.digests) for of in self.issued()]


def nobody_asks(_payload: bytes) -> "Future[None]":
    raise AssertionError("nobody sends here")


STEPS = st.lists(
    st.builds(
        DrillStep,
        st.integers(0, 3600),
        st.sampled_from(HAZARDS),
        st.sampled_from(list(Level)),
    ),
    min_size=1,
    max_size=5,
).map(lambda steps: tuple(sorted(steps, key=lambda one: one.after_s)))

EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.sampled_from([1, 60, 300, 900, 3600])),
        st.tuples(st.just("answer"), st.integers(0, 30)),
        st.tuples(st.just("end"), st.sampled_from([STOPPED, LAPSED, REAL])),
    ),
    min_size=1,
    max_size=10,
)


def play(run: Run, events: list[tuple[str, object]], after_each: Callable[[Run], None]) -> None:
    for word, value in [*events, ("end", LAPSED), ("wait", 60), ("wait", 60)]:
        if word == "wait":
            run.wait(int(str(value)))
        elif word == "answer":
            run.answer(int(str(value)), Answer.ACKNOWLEDGED)
        else:
            run.end(str(value))
        after_each(run)


def order_of(configuration: Configuration, steps: tuple[DrillStep, ...]) -> DrillOrder:
    villages = configuration.network.villages.code
    return DrillOrder("d1", DrillAct.START, "zhang", "test", villages, steps, 4 * 3600)


@pytest.fixture
def folders() -> Iterator[Path]:
    with TemporaryDirectory() as name:
        yield Path(name)


def new_run(folders: Path, name: str, county: Configuration, steps: tuple[DrillStep, ...]) -> Run:
    folder = folders / name
    shutil.rmtree(folder, ignore_errors=True)
    return Run(folder, county, order_of(county, steps))


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(STEPS, EVENTS)
def test_a_drill_that_is_killed_after_every_step_says_the_same_in_the_same_order(
    county: Configuration, steps: tuple[DrillStep, ...], events: list[tuple[str, object]]
) -> None:
    with TemporaryDirectory() as name:
        calm = new_run(Path(name), "calm", county, steps)
        play(calm, events, lambda _: None)
        killed = new_run(Path(name), "killed", county, steps)
        play(killed, events, Run.kill)
        assert killed.said() == calm.said()
        assert scores_of(killed.folder, county) == scores_of(calm.folder, county)
        calm.stage.close(has_ended=True)
        killed.stage.close(has_ended=True)


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(STEPS, EVENTS)
def test_nothing_of_a_drill_passes_for_real_and_who_was_told_hears_the_end(
    county: Configuration, steps: tuple[DrillStep, ...], events: list[tuple[str, object]]
) -> None:
    with TemporaryDirectory() as name:
        run = new_run(Path(name), "one", county, steps)
        play(run, events, lambda _: None)
        last: dict[str, bool] = {}
        for of in run.issued():
            for code, bulletin in of.bulletins:
                last[code] = bulletin.action.is_end
                assert bulletin.status is MessageStatus.EXERCISE
                assert is_of_drill(bulletin.identifier)
            for message in [message for _, message in of.messages]:
                assert message.status is MessageStatus.EXERCISE
                assert is_of_drill(message.identifier)
            for digest in of.digests:
                assert digest.status is MessageStatus.EXERCISE
                assert is_of_drill(digest.identifier)
        assert all(last.values())
        assert run.stage.desk.is_settled()
        run.stage.close(has_ended=True)


@pytest.mark.slow
@settings(max_examples=8, deadline=None)
@given(STEPS, EVENTS, st.integers(0, 40))
def test_a_disk_that_refuses_any_append_changes_nothing_that_is_said(
    county: Configuration, steps: tuple[DrillStep, ...], events: list[tuple[str, object]], at: int
) -> None:
    with TemporaryDirectory() as name:
        calm = new_run(Path(name), "calm", county, steps)
        play(calm, events, lambda _: None)
        full = new_run(Path(name), "full", county, steps)
        count = 0
        keep = full.stage._journal.append_many

        def refuse_once(new: list[tuple[str, bytes]]) -> int:
            nonlocal count
            count += 1
            if count == at:
                raise StoreError("no space left on device", retryable=True)
            return keep(new)

        full.stage._journal.append_many = refuse_once  # type: ignore[method-assign,assignment]
        for event in [*events, ("end", LAPSED), ("wait", 60), ("wait", 60)]:
            again(full, event)
        assert full.said() == calm.said()
        calm.stage.close(has_ended=True)
        full.stage.close(has_ended=True)


def again(run: Run, event: tuple[str, object]) -> None:
    """As the room does: what was refused is tried again, and nothing is taken twice."""
    word, value = event
    before = run.now_s
    try:
        if word == "wait":
            run.wait(int(str(value)))
        elif word == "answer":
            run.answer(int(str(value)), Answer.ACKNOWLEDGED)
        else:
            run.end(str(value))
    except StoreError:
        run.stage.pay()
        if word == "wait" and run.stage.course.now_s < run.now_s:
            run.now_s = before
            run.wait(int(str(value)))
        elif word == "answer" and run.stage.course.taken < run.sequence:
            run.sequence -= 1
            run.answer(int(str(value)), Answer.ACKNOWLEDGED)
        elif word == "end":
            run.end(str(value))


def test_after_a_changed_configuration_who_was_told_hears_the_end(
    county: Configuration, folders: Path
) -> None:
    steps = (DrillStep(0, HAZARDS[0], Level.RED),)
    run = new_run(folders, "one", county, steps)
    run.wait(60)
    told = {code for of in run.issued() for code, _ in of.bulletins}
    assert told == set(county.network.villages.code)
    run.configuration = replace(
        county, network=county.network.of_villages(np.array([1, 2])), fingerprint="another"
    )
    run.kill()
    run.wait(60)
    run.end(STOPPED)
    run.wait(60)
    last = {code: bulletin.action.is_end for of in run.issued() for code, bulletin in of.bulletins}
    assert last == dict.fromkeys(told, True)
    run.stage.close(has_ended=True)
