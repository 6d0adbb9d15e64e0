"""The state of a box that stands by: it judges what the other box judged, and tells nobody.

Entries are taken as those of the past are at a start (`runners.history.start`): readings
are judged for the state, and what people were told is followed. So outbox, ledger and
snapshots are those that a start needs, and taking over is a start from a snapshot of
just now.

An entry is taken once the box that leads has said that everything it led to is in the
log (`settled`): its messages stand behind it.
"""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from warnstream import __version__
from warnstream.adapters.bundles.store import BundleStore
from warnstream.adapters.journal.journal import Journal
from warnstream.adapters.ledger.node_outbox import NodeOutbox, following_of
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.outbox.types import AlarmNotice
from warnstream.config.settings import Configuration
from warnstream.model.errors import WarnstreamError, describe
from warnstream.model.network import ChainPost
from warnstream.model.warning import MessageStatus
from warnstream.runners.build import topics_of
from warnstream.runners.bundles.frozen import load_bundle
from warnstream.runners.bundles.registers import Registers
from warnstream.runners.history.start import begin, entry_of, known_to_outbox
from warnstream.runners.intake.door_entries import OF_DOORS
from warnstream.runners.intake.entries import HELP
from warnstream.runners.intake.history_entries import (
    CONFIGURATION,
    ISSUED,
    SET_ASIDE,
    ConfigurationEntry,
    Issued,
    decode_configuration,
    decode_issued,
    decode_set_aside,
)
from warnstream.runners.intake.intake import Intake
from warnstream.runners.intake.outcome import Outcome, Past
from warnstream.runners.intake.standby_entries import FOLLOWED, LEADER, TOLD
from warnstream.runners.live.alarm_notices import Notices
from warnstream.runners.live.alarms import Alarms
from warnstream.runners.live.doors import Append, DoorKeeper
from warnstream.runners.live.recording.recorder import Desk, Recorder
from warnstream.runners.live.recording.shifts import ShiftKeeper
from warnstream.runners.live.reloading.changeover import Ready, take_over
from warnstream.runners.live.snapshots.keeping import Snapshots
from warnstream.runners.renderer import Renderer
from warnstream.runners.standby.taken import TakenLog

log = logging.getLogger(__name__)


class Judge:
    """The engine, outbox and ledger of a box that stands by; for one thread.

    Parameters
    ----------
    configuration : Configuration
    journal : Journal
        Of this box.
    outbox : NodeOutbox
        Its ledger is open.
    alarms : Alarms
        Shown here; nobody is sent them.
    metrics : Metrics
    append : callable
        For entries that the ledger asks for, where this machine may write them; None otherwise.
    passes_over : bool
        What cannot be followed has not been judged elsewhere either and is passed over with an alarm;
        otherwise the box that leads says so first.
    ready_for : callable
        An engine without state for the configuration of an entry; None where it is not to be gone by.

    Raises
    ------
    StoreError
        If the log cannot be read.
    """

    def __init__(  # noqa: PLR0913  # what it stands on, each by name
        self,
        configuration: Configuration,
        journal: Journal,
        outbox: NodeOutbox,
        alarms: Alarms,
        metrics: Metrics,
        append: Append = lambda _entries: None,
        *,
        passes_over: bool = False,
        ready_for: Callable[[ConfigurationEntry], Ready | None] = lambda _entry: None,
    ) -> None:
        self._configuration, self._outbox, self._alarms, self._metrics = (
            configuration,
            outbox,
            alarms,
            metrics,
        )
        self._passes_over, self._ready_for = passes_over, ready_for
        self._journal, self._log = journal, TakenLog(journal)
        self._notices = Notices(configuration, self._send)
        self._recorder = Recorder(outbox, self._log, alarms, metrics, lambda: None)
        self._shifts = ShiftKeeper(outbox, self._recorder)
        registers = Registers(BundleStore(configuration.storage.directory))
        self.doors = DoorKeeper(outbox, self._log, alarms, append, registers)
        self.snapshots = Snapshots(
            configuration.storage, self._log, outbox, self._whole, alarms, metrics, lambda: None
        )
        self._issued: dict[int, list[tuple[int, Issued]]] = {}
        self._aside: set[int] = set()
        self._intake, self._people = self._begin()
        self._bring_up()

    @property
    def taken(self) -> int:
        """The newest entry that the state contains."""
        return self._log.taken

    @property
    def configuration(self) -> Configuration:
        """By which it judges."""
        return self._configuration

    @property
    def now_s(self) -> int:
        """Engine time; -1 before the first step."""
        return self._intake.now_s

    def _begin(self) -> tuple[Intake, Configuration]:
        """The state of the newest snapshot; entries after it are taken as they settle."""
        configuration, journal = self._configuration, self._log
        present = entry_of(configuration, __version__, int(time.time()))
        journal.taken = self._known_until = self._journal.last_sequence()  # what is known of people is known
        start = begin(
            configuration,
            present,
            journal.latest_snapshot(),
            lambda number: journal.since(max(number, journal.first_sequence() - 1)),
            *known_to_outbox(self._outbox),
            waiting_doors=self._outbox.doors.kept_villages(),
            bundle_of=self._bundle_of,
        )
        for _ in start.replay(()):  # takes up what the snapshot knows of people, too
            pass
        self._begins_after = max(start.begins_after, journal.first_sequence() - 1)
        self._is_real = present.status is MessageStatus.ACTUAL
        self._is_exercise = start.history.was_exercise(self._begins_after)
        return start.intake, start.kept.configuration

    def _bundle_of(self, number: int) -> Configuration:
        return load_bundle(BundleStore(self._configuration.storage.directory).bundle(number))

    def _bring_up(self) -> None:
        """The ledger goes up to the end of the log at once, as at a start; the rows to where the state is."""
        configuration, desk = self._configuration, self._intake.engine.desk
        self._renderer = Renderer(self._people, self._metrics, lambda: self._intake.engine.desk)
        topics, network = topics_of(configuration), self._people.network
        self.doors.recover(network, configuration.fingerprint, topics, self._intake.now_s)
        self.doors.recovered(desk.last_bulletins(), configuration.fingerprint)
        self._log.taken = self._begins_after
        self._recorder.catch_up(self._desk)

    def learn(self, entries: Iterable[tuple[int, str, bytes]]) -> None:
        """What the box that leads did about entries that are to be taken next: before the first of them."""
        for number, kind, payload in entries:
            if kind == ISSUED:
                found = decode_issued(payload)
                self._issued.setdefault(found.of, []).append((number, found))
            elif kind == SET_ASIDE:
                self._aside.add(decode_set_aside(payload).entry)

    def take(self, entries: Iterable[tuple[int, str, bytes]]) -> None:
        """Take entries in order.

        Raises
        ------
        WarnstreamError
            If one cannot be taken that the box that leads has not set aside, and none is passed over. The
            state is not that box's any more: no snapshot may be made of it.
        """
        for number, kind, payload in entries:
            begun_s = time.monotonic()
            issued = self._issued.pop(number, [])
            if number not in self._aside:
                try:
                    self._take(number, kind, payload, issued)
                except Exception as error:  # noqa: BLE001  # told, or raised again
                    self._not_taken(f"entry {number} ({kind}): {describe(error)}", error)
            self._log.taken = number
            self._recorder.go_on()
            self._shifts.look(self._people.network, self._intake.now_s)
            self.snapshots.worked(time.monotonic() - begun_s)

    def _not_taken(self, text: str, error: Exception) -> None:
        if not self._passes_over:
            raise WarnstreamError(text) from error
        log.error("entry cannot be followed", exc_info=error)
        self._alarms.raise_alarm("engine", f"could not be followed: {text}")

    def settle(self) -> None:
        """All that was learnt of has been taken."""
        for cause, late in sorted(self._issued.items()):
            log.warning("issued for an entry that was taken before", extra={"entry": cause})
            for number, found in late:
                self._intake.engine.desk.adopt(found.village_cases, found.voices)
                self._record(number, found)
        self._issued.clear()
        self._aside.clear()
        self._intake.owe_nothing()
        self._recorder.catch_up_if_due(self._desk)

    def _take(self, number: int, kind: str, payload: bytes, issued: list[tuple[int, Issued]]) -> None:
        if kind in OF_DOORS:
            if number > self._known_until:
                self.doors.take(kind, payload)
        elif kind == TOLD:
            self._recorder.write(partial(self._recorder.take_told, payload))
        elif kind not in {ISSUED, SET_ASIDE, LEADER, FOLLOWED}:
            self._follow(number, kind, payload, issued)

    def _follow(self, number: int, kind: str, payload: bytes, issued: list[tuple[int, Issued]]) -> None:
        if kind == HELP:
            self.doors.close_call(payload, self._intake.engine.desk, self._people.network, self._intake.now_s)
        if kind == CONFIGURATION:
            self._go_by(number, decode_configuration(payload))
        past = Past([effects for _, effects in issued], is_judged=not (self._is_real and self._is_exercise))
        outcome = self._intake.replay(kind, payload, past)
        if outcome.steps:
            self._alarms.end_alarm("engine")
        for entry, found in issued:
            self._record(entry, found)
        self._keep_answers(number, outcome)
        self._notices.tell_all(outcome.alarms, outcome.rings)

    def _go_by(self, number: int, entry: ConfigurationEntry) -> None:
        """The box that leads goes on under another configuration from this entry on: so does this one.

        WarnstreamError if that cannot be loaded, or the state not be carried.
        """
        self._is_exercise = entry.status is MessageStatus.EXERCISE
        ready = None if entry.fingerprint == self._configuration.fingerprint else self._ready_for(entry)
        if ready is None:
            return
        self._recorder.finish()  # what waits names villages by the numbers of before
        self._recorder.catch_up(self._desk)
        if not self._recorder.is_level:
            raise WarnstreamError("what was issued before a change of configuration cannot be recorded")
        before, doors = self._intake, self._outbox.doors
        taken = take_over(ready, before, self._people, doors.waiting_villages())
        self._configuration, self._intake, self._people = ready.configuration, taken.intake, taken.people
        if number > self._known_until:
            following = following_of(self._configuration.channels)
            doors.move_to(self._people.network, self._configuration.fingerprint, following)
        self._renderer = Renderer(self._people, self._metrics, lambda: self._intake.engine.desk)
        self._notices = Notices(self._configuration, self._send)
        before.let_go()
        for note in taken.notes:
            log.warning("state carried to the changed configuration", extra={"note": note})
        log.warning("this box goes by another configuration", extra={"entry": number, "bundle": entry.bundle})

    def _send(self, notice: AlarmNotice, posts: Sequence[ChainPost]) -> None:
        """A notice of the node itself, for posts."""
        self._recorder.write(partial(self._outbox.record_alarm, notice, posts))

    def _record(self, entry: int, issued: Issued) -> None:
        """What was issued, into ledger and outbox as the box that leads has put it there."""
        desk = self._desk
        digests = issued.digests_now(desk.network)
        effects = desk.desk.restate(issued.messages, issued.bulletins, digests)
        if entry > self._known_until:
            self.doors.issue(effects.to_doors, self._renderer)
        self._recorder.record(entry, effects, desk)

    def _keep_answers(self, number: int, outcome: Outcome) -> None:
        if answers := outcome.answers:
            if number > self._known_until:
                self.doors.answer(answers)
            self._recorder.write(partial(self._outbox.answer_of_posts, answers))

    @property
    def _desk(self) -> Desk:
        return Desk(self._intake.engine.desk, self._people.network, self._renderer)

    def _whole(self, is_awaited: bool) -> Intake | None:  # noqa: FBT001  # the port of snapshots
        if is_awaited:
            self._recorder.finish()
        is_level = self._recorder.is_level and self._log.taken >= self._known_until
        return self._intake if is_level else None

    def close(self) -> bool:
        """Write a last snapshot; False if none could be written: a start takes longer then."""
        is_kept = self.snapshots.finish()
        self.snapshots.close()
        return is_kept
