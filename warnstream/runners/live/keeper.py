"""The keeper of a node's state: entry -> intake -> outcome -> carried out; recovery; snapshots.

Whatever the engine asks for is kept in the outbox, whose channels send it in
threads of their own. A node that was killed takes its newest snapshot and the
entries after it: nothing is lost, and what had been told is known by its key.
"""

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from functools import partial

from msgspec import structs

from warnstream import __version__
from warnstream.adapters.http.models.county import DifferenceRecord
from warnstream.adapters.ledger.node_outbox import following_of
from warnstream.adapters.outbox.types import AlarmNotice
from warnstream.config.settings import Configuration
from warnstream.desk import WarningStatus
from warnstream.engine import Engine, EngineStep
from warnstream.model.errors import StoreError, describe
from warnstream.model.network import ChainPost
from warnstream.model.observations.readings import ReadingBatch
from warnstream.model.observations.refusals import Refusal
from warnstream.runners.build import build_intake, topics_of
from warnstream.runners.history.start import Start, begin, entry_of, known_to_outbox
from warnstream.runners.intake.door_entries import OF_DOORS
from warnstream.runners.intake.entries import HELP
from warnstream.runners.intake.history_entries import (
    CONFIGURATION,
    ISSUED,
    SET_ASIDE,
    SetAside,
    encode,
    issued_of,
)
from warnstream.runners.intake.intake import Intake
from warnstream.runners.intake.outcome import Outcome
from warnstream.runners.live.alarm_notices import Notices
from warnstream.runners.live.doors import DoorKeeper
from warnstream.runners.live.recording.around import Stores, Watchers
from warnstream.runners.live.recording.recorder import Desk, Recorder
from warnstream.runners.live.recording.shifts import ShiftKeeper
from warnstream.runners.live.reloading.changeover import Ready, TakenOver, take_over
from warnstream.runners.live.snapshots.keeping import Snapshots
from warnstream.runners.live.views.county_state import CountyState
from warnstream.runners.live.views.failures import tell_failures
from warnstream.runners.live.views.guard import ViewGuard
from warnstream.runners.live.views.judging import Judging
from warnstream.runners.live.views.kept_warnings import KeptWatch
from warnstream.runners.live.views.level_differences import tell_differences
from warnstream.runners.live.views.replay_progress import ReplayProgress
from warnstream.runners.live.watches.after_step import tell_refused_inputs
from warnstream.runners.live.watches.chain_watch import ChainWatch
from warnstream.runners.live.watches.old_alarms import end_old_alarms
from warnstream.runners.live.watches.order_watch import OrderWatch
from warnstream.runners.live.watches.past_crossings import PastCrossingWatch, count_past_crossings
from warnstream.runners.renderer import Renderer, no_end_of

log = logging.getLogger(__name__)


class Keeper:
    """The state of one node, for the loop's thread.

    Parameters
    ----------
    configuration : Configuration
    stores : Stores
    watchers : Watchers

    Attributes
    ----------
    bundle : OwnBundle
    chain : ChainWatch
        What people see of duty posts and calls for help.
    hands : OrderWatch
        What people see of orders by hand.
    board : CountyState
        What people see of the county after the last step.
    judging : Judging
        What the node waits for, where it judges nothing.
    numbers : Lock
        Held while villages and hazards get other numbers.
    snapshots : Snapshots
    warnings : list of WarningStatus
        Open warnings, worst first; replaced, never changed, so that any thread may read it.
    """

    def __init__(self, configuration: Configuration, stores: Stores, watchers: Watchers) -> None:
        self._configuration = configuration
        self._stores, self._watchers, self.bundle = stores, watchers, stores.bundle
        self._intake = build_intake(configuration)
        self._may_snapshot = True
        self._people = configuration
        self.numbers = threading.Lock()
        self._recorder = Recorder(
            stores.outbox, stores.log, watchers.alarms, watchers.metrics, watchers.wake_channels
        )
        self._shifts, registers = ShiftKeeper(stores.outbox, self._recorder), stores.bundle.registers
        self._doors = DoorKeeper(stores.outbox, stores.log, watchers.alarms, self._append, registers)
        self.snapshots = Snapshots(
            configuration.storage,
            stores.log,
            stores.outbox,
            self._whole,
            watchers.alarms,
            watchers.metrics,
            lambda: self.bundle.look(int(time.time())),
        )
        self._kept = KeptWatch(watchers.alarms)
        self.differences: list[DifferenceRecord] = []
        self._refused_inputs = 0
        self.chain = ChainWatch(watchers.alarms, watchers.metrics)
        self._views = ViewGuard(watchers.alarms)
        self.warnings: list[WarningStatus] = []
        self._show_under(configuration)

    def _show_under(self, configuration: Configuration) -> None:
        """Who is told, and what people see, goes by the numbers of this configuration from now on."""
        alarms, metrics, rules = self._watchers.alarms, self._watchers.metrics, configuration.rules
        self._notices = Notices(configuration, self._send)
        self._renderer = Renderer(self._people, metrics, lambda: self._intake.engine.desk)
        self.board = CountyState(configuration, metrics)
        self._past_crossings = PastCrossingWatch(alarms, rules, configuration.message.time_zone)
        self.hands = OrderWatch(alarms, metrics, rules, configuration.message.time_zone)
        self.judging = Judging(configuration)

    @property
    def engine(self) -> Engine:
        """To be read only, in the loop's thread or after its end."""
        return self._intake.engine

    @property
    def people(self) -> Configuration:
        """The configuration with places and people of every warning that stands, of removed rows too."""
        return self._people

    @property
    def now_s(self) -> int:
        """Engine time; -1 before the first step."""
        return self._intake.now_s

    @property
    def backlog_waiting(self) -> int:
        """Readings of long ago that wait for the engine."""
        return self._intake.backlog_waiting

    @property
    def backlog_taken(self) -> int:
        """Readings of long ago that the last step took."""
        return self._intake.backlog_taken

    @property
    def fresh_waiting(self) -> int:
        """Fresh readings that the next step will judge."""
        return self._intake.fresh_waiting

    @property
    def is_asked(self) -> bool:
        """A sign, an order or an answer of a person waits for a step."""
        return self._intake.is_asked

    @property
    def intake(self) -> Intake:
        """What entries have led to, and what waits for a step; to be read only."""
        return self._intake

    def newest_waiting(self) -> dict[int, int]:
        """Newest time observed by each station among the readings that the next step will judge."""
        return self._intake.newest_waiting()

    def recover(self, progress: ReplayProgress) -> None:
        """Go on from what the log and the outbox know: see `warnstream.runners.history.start`."""
        journal, begun, at_s = self._stores.log, time.monotonic(), int(time.time())
        present = entry_of(self._configuration, __version__, at_s, self.bundle.keep(at_s))
        start = begin(
            self._configuration,
            present,
            journal.latest_snapshot(),
            self._after,
            *known_to_outbox(self._stores.outbox),
            waiting_doors=self._stores.outbox.doors.kept_villages(),
            bundle_of=self.bundle.configuration_of,
        )
        self._intake, self._people, count = start.intake, start.kept.configuration, 0
        self._show_under(self._configuration)
        fingerprint = self._configuration.fingerprint
        topics, now_s = topics_of(self._configuration), self._intake.now_s
        self._doors.recover(self._people.network, fingerprint, topics, now_s)
        for replayed in start.replay(self._after(start.begins_after)):
            count += 1
            progress.taken(replayed.number, start.begins_after, journal.last_sequence())
            self._carry_out(replayed.number, replayed.outcome, is_live=replayed.is_live)
        if self._configuration.node.clock == "system":
            accepted = self._intake.is_clock_accepted
            self._watchers.clock.begin(self._intake.now_s, is_accepted=accepted)
        for poisoned in start.poisoned:
            self._set_aside(poisoned.number, poisoned.error)
        self._watchers.alarms.adopt(self._intake.alarms.standing.values())
        self.chain.adopt(self._intake.alarms.standing)
        self._adopt_shown()
        self._recorder.catch_up(self._desk)
        if start.is_changed:
            self._change_over(start)
        self._doors.recovered(self._intake.engine.desk.last_bulletins(), fingerprint)
        self.retire_channels()
        self._kept.look(self._intake.engine.desk, self._people.network.villages, self._people.rules)
        self.warnings = self._intake.engine.desk.open_warnings()
        end_old_alarms(
            self._watchers.alarms,
            self.warnings,
            self._intake.engine.desk,
            is_rebuilt=self._stores.outbox.put_aside is not None,
            is_kept=bool(self.bundle.number),
        )
        took_s = round(time.monotonic() - begun, 2)
        log.info("recovered", extra={"entries": count, "after": start.begins_after, "took_s": took_s})

    def _after(self, number: int) -> Iterator[tuple[int, str, bytes]]:
        """Entries after a number, as far back as they are kept."""
        journal = self._stores.log
        return journal.since(max(number, journal.first_sequence() - 1))

    def _change_over(self, start: Start) -> None:
        """The present configuration becomes an entry; what stands goes on under it."""
        payload = encode(structs.replace(start.present, at_s=int(self._watchers.clock())))
        before = start.history.configuration
        log.warning(
            "configuration changed",
            extra={
                "fingerprint": start.present.fingerprint[:12],
                "before": before.fingerprint[:12] if before else None,
                "warnings_open": len(start.history.open_cases()),
            },
        )
        sequence = self._append([(CONFIGURATION, payload)])
        if sequence is not None:
            self.take(sequence, CONFIGURATION, payload)

    def _adopt_shown(self) -> None:
        """What stands already is shown as it stands."""
        self._past_crossings.adopt(self._intake.alarms.standing)
        self.hands.adopt(self._intake.alarms.standing)
        self._forbid_untrue_ends()

    def retire_channels(self) -> None:
        """What waits for a channel that there is no more has failed; once nobody sends by it."""
        self._recorder.retire_channels(list(self._configuration.channels))

    def change_over(self, ready: Ready) -> list[str] | None:
        """Go on under another configuration, between two entries; what of the state begins anew.

        None while something waits to be recorded by the numbers of now. WarnstreamError, ValueError or
        KeyError if that cannot be; nothing has changed then.
        """
        if not self._recorder.is_level:
            return None
        before, doors = self._intake, self._stores.outbox.doors
        taken = take_over(ready, before, self._people, doors.waiting_villages())
        with self.bundle.noted(ready.change.use(self._stores.log.last_sequence())):
            sequence = self._stores.log.append_many([(CONFIGURATION, ready.payload)])
        try:
            self._go_on_under(ready, taken, sequence)
        except Exception as error:
            # Half changed: the log has the entry, and a start makes the change whole.
            self._may_snapshot = False
            log.critical("a change is half made: the node ends, its next start completes it", exc_info=error)
            raise SystemExit(f"a change is half made ({describe(error)}): start the node again") from error
        before.let_go()
        return taken.notes

    def _go_on_under(self, ready: Ready, taken: TakenOver, sequence: int) -> None:
        """The entry is in the log: everything goes by the new numbers from now on."""
        doors, board, judging = self._stores.outbox.doors, self.board, self.judging
        with self.numbers:
            self._configuration, self._intake, self._people = ready.configuration, taken.intake, taken.people
            following = following_of(self._configuration.channels)
            doors.move_to(self._people.network, self._configuration.fingerprint, following)
            self._show_under(self._configuration)
            self.warnings = taken.intake.engine.desk.open_warnings()
        self.board.go_on_from(board)
        self.judging.go_on_from(judging)
        self._adopt_shown()
        self.bundle.change_to(self._configuration, ready.change.number, ready.change.instead)
        self.take(sequence, CONFIGURATION, ready.payload)
        self._kept.look(self._intake.engine.desk, self._people.network.villages, self._people.rules)

    def take(self, sequence: int, kind: str, payload: bytes) -> None:
        """Let the engine see an entry that is durable, and carry out what it asks for."""
        started = time.monotonic()
        try:
            if kind in OF_DOORS:
                self._doors.take(kind, payload)
                return
            if kind == HELP:
                desk, network = self._intake.engine.desk, self._people.network
                self._doors.close_call(payload, desk, network, self._intake.now_s)
            outcome = self._intake.consume(kind, payload)
        except Exception as error:
            # A bug must not silence the node: the next entry is taken, and everybody is told.
            log.exception("entry cannot be judged", extra={"sequence": sequence, "kind": kind})
            self._set_aside(sequence, describe(error))
            return
        if outcome.steps:
            self._watchers.alarms.end_alarm("engine")
            self._watchers.metrics.tick.observe((time.monotonic() - started) / len(outcome.steps))
        self._carry_out(sequence, outcome, is_live=True)
        self._recorder.catch_up_if_due(self._desk)
        self.snapshots.worked(time.monotonic() - started)

    def _set_aside(self, sequence: int, error: str) -> None:
        """An entry that cannot be judged is not tried again at every start."""
        self._watchers.metrics.entries_set_aside.inc()
        text = f"entry {sequence} of the journal could not be judged and is set aside: {error}"
        self._watchers.alarms.raise_alarm("engine", text)
        self._append([(SET_ASIDE, encode(SetAside(sequence, error)))])

    def keep_refused(self, refusals: list[Refusal], sequence: int) -> None:
        """Keep refusals for the operator, under the entry that they came in."""
        for refusal in refusals:
            self._watchers.metrics.readings_refused.labels(str(refusal.reason)).inc()
        if refusals:
            self._stores.refused.keep(refusals, time.time(), sequence)

    def go_on(self) -> bool:
        """Between entries: what is left of a front, a snapshot's end, silent doors; whether more is left."""
        self.snapshots.settle()
        is_simulated = self._configuration.node.clock == "simulated"
        now_s = self._intake.now_s if is_simulated else int(self._watchers.clock())
        moved = self._shifts.look(self._people.network, now_s)
        if (calls := self._doors.call_silent(now_s)) or moved:
            self._watchers.wake_channels()
        return self._recorder.go_on() or calls

    def _whole(self, is_awaited: bool) -> Intake | None:  # noqa: FBT001  # the port of snapshots
        """The state, where all that it led to is recorded; `is_awaited`: record what waits for that."""
        self._recorder.catch_up_if_due(self._desk)
        if is_awaited:
            self._recorder.finish()
        return self._intake if self._may_snapshot and self._recorder.is_level else None

    @property
    def _desk(self) -> Desk:
        return Desk(self._intake.engine.desk, self._people.network, self._renderer)

    def _carry_out(self, sequence: int, outcome: Outcome, *, is_live: bool) -> None:
        """What an entry led to; of one of the past all but what was issued then."""
        self.keep_refused(outcome.refusals, sequence)
        self._watchers.metrics.messages_without_reading.inc(outcome.n_without)
        if outcome.announced:
            self._watchers.look_at_grids()
        self._notices.tell_all(outcome.alarms, outcome.rings)
        self._watchers.metrics.count_rings(outcome.rings, is_live=is_live)
        self._watchers.to_drill(sequence, outcome.of_drill)
        if is_live:
            self._issue(sequence, outcome)
        for readings, step in outcome.steps:
            self._count_step(readings, step, is_live=is_live)
        if outcome.answers:
            answers = outcome.answers
            self._doors.answer(answers)
            self._recorder.write(lambda: self._stores.outbox.answer_of_posts(answers))
            for given in answers:
                self._watchers.metrics.answers.labels(str(given.answer)).inc()
        if is_live and outcome.changed_over is not None:
            self.differences = tell_differences(outcome.differences, self._watchers.metrics)

    def _issue(self, sequence: int, outcome: Outcome) -> None:
        """What the steps ask for into the log, then into the outbox: told is only what the log knows."""
        asked = [outcome.changed_over] if outcome.changed_over is not None else []
        asked += [step.effects for _, step in outcome.steps]
        issued = [(number, effects) for number, effects in enumerate(asked) if effects.is_told]
        if not issued:
            return
        desk, codes = self._intake.engine.desk, self._people.network.villages.code
        payloads = [encode(issued_of(sequence, step, effects, desk, codes)) for step, effects in issued]
        last = self._append([(ISSUED, payload) for payload in payloads])
        if last is None:
            return
        self._forbid_untrue_ends()
        for number, (_, effects) in enumerate(issued, start=last - len(issued) + 1):
            if not effects:
                continue
            self._doors.issue(effects.to_doors, self._renderer)
            self._watchers.wake_channels()
            self._recorder.record(number, effects, self._desk)
            self._views.update("issued", partial(self._watchers.metrics.count_issued, effects))
        self.warnings = self._intake.engine.desk.open_warnings()
        self._refused_inputs = tell_refused_inputs(self._intake.engine.desk, self._refused_inputs)

    def _forbid_untrue_ends(self) -> None:
        """No end goes out to doors where something stands again, whenever it was issued."""
        outbox, desk = self._stores.outbox, self._intake.engine.desk
        outbox.forbid_ends(no_end_of(desk, self._people.network.villages))

    def _append(self, new: list[tuple[str, bytes]]) -> int | None:
        """Make entries of our own durable, however often the disk refuses; the number of the last one.

        None if the node was stopped meanwhile: it takes no snapshot then, so the next start finds
        again what these entries would have said.
        """
        while True:
            try:
                sequence = self._stores.log.append_many(new)
            except StoreError as error:
                if self._watchers.disk.refused(error):
                    continue
                self._may_snapshot = False
                return None
            self._watchers.disk.took()
            return sequence

    def _send(self, notice: AlarmNotice, posts: Sequence[ChainPost]) -> None:
        """A notice of the node itself, for posts."""
        self._recorder.write(lambda: self._stores.outbox.record_alarm(notice, posts))
        self._watchers.wake_channels()

    def _count_step(self, readings: ReadingBatch, step: EngineStep, *, is_live: bool) -> None:
        """Metrics and the state that people see."""
        assessed = step.assessment
        engine, network, show = self._intake.engine, self._people.network, self._views.update
        if any(warning.unaffirmed_s for warning in self.warnings):  # the duty officer may have confirmed one
            self.warnings = engine.desk.open_warnings()
        self._watchers.metrics.warnings_unaffirmed.set(
            sum(warning.unaffirmed_s > 0 for warning in self.warnings)
        )
        show("chain", lambda: self.chain.take(engine.desk, network.villages, is_live=is_live))
        show("tests", lambda: self._watchers.metrics.count_tests(self._intake.duty.desk.tests.counted))
        show("hands", lambda: self.hands.take(engine.desk, network.villages, is_live=is_live))
        now_s = self._intake.now_s
        show("county", lambda: self.board.take(readings, assessed, engine.assessment, now_s))
        show("judging", lambda: self.judging.take(readings, assessed, is_live=is_live))
        if is_live:
            crossings, told = assessed.past_crossings, self._intake.past_crossings.told
            show("past_levels", lambda: count_past_crossings(crossings, network, self._watchers.metrics))
            show("past_crossings", lambda: self._past_crossings.take(told))
            tell_failures(assessed.failures, self._configuration.rules, self._watchers.alarms)
            if self._kept.is_standing:
                show("kept", lambda: self._kept.look(engine.desk, network.villages, self._people.rules))
            on_step = self._watchers.on_step
            if on_step is not None:
                show("steps", lambda: on_step(step))
