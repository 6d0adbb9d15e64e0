"""A box that stands by: it keeps every entry that the other one sends, confirms it, and judges it.

One thread speaks with the box that leads: entries are appended to a journal of this
box's own, under the same numbers, and confirmed once they are on disk. The caller's
thread judges what is settled (`Judge`) and looks for a takeover. Neither waits for the
other: a slow judgement delays no confirmation.
"""

import logging
import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path

from msgspec import structs

from warnstream.adapters.journal.journal import Journal
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.metrics.standby import StandbyMetrics
from warnstream.adapters.standby.connection import Connection, connect
from warnstream.adapters.standby.digest import digest_of
from warnstream.adapters.standby.frames import ProtocolError
from warnstream.adapters.standby.leadership import Leadership
from warnstream.adapters.standby.messages import (
    LEADS,
    STANDS_BY,
    BundlePart,
    Confirm,
    DrillEntries,
    DrillsKept,
    Entries,
    Follow,
    HandedOver,
    HandOver,
    Hello,
    Offer,
    Refused,
    Secret,
    Sowing,
    Trouble,
)
from warnstream.config.settings import Configuration
from warnstream.model.errors import DamagedError, StoreError, describe
from warnstream.runners.audit.writer import AuditWriter
from warnstream.runners.history.outbox import open_outbox
from warnstream.runners.intake.standby_entries import LEADER, decode_leader
from warnstream.runners.live.alarms import Alarms
from warnstream.runners.standby.bundles.holding import Holding
from warnstream.runners.standby.bundles.in_force import Configured
from warnstream.runners.standby.drills.shelf import DrillShelf
from warnstream.runners.standby.judge import Judge
from warnstream.runners.standby.link import PUT_ASIDE, Ending, Link, hello_of
from warnstream.runners.standby.recent import Recent, enumerate_entries
from warnstream.runners.standby.sowing import take_sown
from warnstream.runners.witness.watch import WitnessWatch

log = logging.getLogger(__name__)

AGAIN_S = 1.0
"""Pause before the other box is looked for again."""

REFUSED_AGAIN_S = 3.0
LOOK_S = 0.2

HAND_OVER_S_MAX = 60.0
"""A box that stops ends the batches that its channels have in hand."""


class Follower:
    """From the opening of this box's files to their closing.

    Parameters
    ----------
    configuration : Configuration
    leadership : Leadership
    context : SSLContext or None
        For connecting.
    metrics : (Metrics, StandbyMetrics)
    keep : callable
        Makes what is known of leading durable. StoreError.
    may_put_aside : bool
        Somebody said that this box's own log may go, where it differs.
    configured : Configured, optional
        What this machine was started with, where the log is under another configuration than that.
    witness : WitnessWatch, optional
        Is given this box's word with every confirmation.

    Raises
    ------
    StoreError
        If this box's files cannot be used.
    """

    def __init__(  # noqa: PLR0913  # what it stands on, each by name
        self,
        configuration: Configuration,
        leadership: Leadership,
        context: ssl.SSLContext | None,
        metrics: tuple[Metrics, StandbyMetrics],
        keep: Callable[[Leadership], None],
        *,
        may_put_aside: bool = False,
        configured: Configured | None = None,
        witness: WitnessWatch | None = None,
    ) -> None:
        standby = configuration.standby
        assert standby is not None
        self._configuration, self.leadership, self._context = configuration, leadership, context
        self._other = standby.other(leadership.box)
        self._keep, self._may_put_aside, self._witness = keep, may_put_aside, witness
        self.metrics, self._standby_metrics = metrics
        self._standby_metrics.leads.set(0)
        self._standby_metrics.is_protected.set(0)
        self.alarms = Alarms(lambda _kind, _payload: None, self.metrics)
        storage = configuration.storage
        self.journal = Journal(storage.directory, segment_bytes=storage.journal_segment_bytes)
        try:
            self._outbox = open_outbox(configuration, _refuse_outcomes)
            self._audit = AuditWriter(
                storage.directory, storage.audit_keep_s, self.journal, self.alarms, self.metrics
            )
            self.journal.followed_by = self._audit.take
            self.holding = Holding(
                configured or Configured(configuration, leadership.box, configuration.fingerprint),
                configuration,
            )
            self._judge = Judge(
                configuration,
                self.journal,
                self._outbox,
                self.alarms,
                self.metrics,
                ready_for=self.holding.ready_for,
            )
        except BaseException:
            self.journal.close()
            raise
        self.link, self._shelf = Link(), DrillShelf(storage.directory)
        self._recent = Recent(self.journal)
        # Looked up when it is asked for: an entry may take seconds, as a changed configuration does.
        self._standby_metrics.unjudged.set_function(lambda: self._recent.last - self._judge.taken)
        self._news = threading.Condition()
        self._connection: Connection | None = None
        self._stopping = threading.Event()
        self._ending: Ending | None = None
        self.sown: tuple[Path, int] | None = None
        self._is_blind, self._disk_refused, self._digest = False, "", (0, "")
        self._thread = threading.Thread(target=self._run_link, name="standby-link", daemon=True)

    @property
    def taken(self) -> int:
        """The newest entry that was judged."""
        return self._judge.taken

    def start(self) -> None:
        """Look for the box that leads from now on."""
        self._audit.start()
        self._thread.start()

    def run(self, is_wanted: Callable[[], bool]) -> Ending:
        """Judge what comes until something ends it; `is_wanted`: somebody wants this box to lead."""
        while self._ending is None:
            if is_wanted():
                self._take_over()
                break
            if not self._judged_some():
                with self._news:
                    if self._ending is None and not self._is_due:
                        self._news.wait(LOOK_S)
        assert self._ending is not None
        return self._ending

    def ask_to_stop(self) -> None:
        """End `run` soon; from any thread or a signal handler."""
        self._end(Ending.STOPPED)

    def close(self) -> None:
        """Write a last snapshot and close every file."""
        self._stopping.set()
        self._standby_metrics.unjudged.set_function(lambda: 0)
        self.holding.close()
        if self._connection is not None:
            self._connection.close()
        if self._thread.ident is not None:
            self._thread.join()
        is_kept = not self._is_blind and self._judge.close()
        if self._is_blind:
            self._judge.snapshots.give_up()
        if self._ending is Ending.IS_HANDED_OVER and is_kept:
            with suppress(StoreError):
                self._outbox.doors.end_well()  # nobody was in the hands of the box that has stopped
        self._shelf.close()
        self._outbox.close()
        self._audit.close()
        self.journal.close()

    def hello(self) -> Hello:
        """How this box greets whoever asks; without a digest where its log cannot be read."""
        try:
            return self._full_hello()
        except StoreError:
            return self._greeting(self.journal.last_sequence(), "")

    def _greeting(self, last: int, digest: str) -> Hello:
        return hello_of(self._configuration, self.leadership, STANDS_BY, last, digest, self.holding.runs)

    def _full_hello(self) -> Hello:
        """How it greets the box that it is to follow. StoreError."""
        last = self.journal.last_sequence()
        if self._digest[0] != last:  # it is asked for every second while the other box is away
            self._digest = (last, digest_of(self.journal, last))
        return self._greeting(*self._digest)

    def _demand_log(self) -> Hello | None:
        """The greeting; None where the end of this box's own log is damaged, which is told. StoreError."""
        try:
            return self._full_hello()
        except DamagedError as error:
            if self._may_put_aside:
                self._stopping.set()
                self._end(Ending.DIFFERS)
            trouble = f"this box's own log cannot be used: {error}; {PUT_ASIDE}"
            if self.link.trouble != trouble:
                log.error("the log cannot be used", extra={"why": trouble})  # noqa: TRY400
            self.link.trouble = trouble
            return None

    def reasons(self) -> list[str]:
        """How things stand, in sentences, for whoever asks whether this box is ready."""
        link, known = self.link, self.leadership
        leader = known.leader or self._other.name
        state = f"standby of {leader}, {link.behind} entries behind"
        said = [state if link.is_linked else f"standby of {leader}, which is not connected"]
        if link.refused is not None:
            said.append(f"{leader} refuses this box: {link.refused.text}")
        if link.trouble:
            said.append(link.trouble)
        if known.kept_aside:
            said.append(known.kept_aside)
        said += [*self.holding.said(), *self._shelf.said()]
        return [*said, *self.alarms.reasons(), *self.alarms.reasons(is_blocking=False)]

    def _end(self, ending: Ending) -> None:
        with self._news:
            if self._ending is None:
                self._ending = ending
            self._news.notify_all()

    @property
    def _is_due(self) -> bool:
        """Entries are settled that were not judged."""
        return self._judge.taken < self.link.settled <= self._recent.last

    def _judged_some(self) -> bool:
        """As `_judge_some`; whatever is wrong with an entry, those that come are kept and confirmed."""
        if self._is_blind:
            return False
        try:
            return self._judge_some()
        except Exception as error:
            log.exception("this box cannot judge along: it only keeps entries")
            text = f"this box cannot judge along, taking over would take longer: {describe(error)}"
            self.alarms.raise_alarm("engine", text)
            self._is_blind = True
            return False

    def _judge_some(self) -> bool:
        """Take everything that is settled; whether there was something."""
        self._judge.snapshots.settle()
        if not self._is_due:
            return False
        judge, settled = self._judge, self.link.settled
        at = judge.taken
        while at < settled:
            chunk = self._recent.after(at, settled)
            judge.learn(enumerate_entries(at + 1, chunk))
            at += len(chunk)
        while judge.taken < settled and self._ending is None:
            chunk = self._recent.after(judge.taken, settled)
            judge.take(enumerate_entries(judge.taken + 1, chunk))
            judge.snapshots.look()
        if judge.taken == settled:
            judge.settle()
        return True

    def _take_over(self) -> None:
        """Ask the box that leads to stop, if it is there; then this one may lead."""
        connection = self._connection
        if connection is not None and self.link.is_linked:
            log.warning("takeover: the other box is asked to stop", extra={"box": self._other.name})
            with suppress(OSError):
                connection.send(HandOver())
            deadline = time.monotonic() + HAND_OVER_S_MAX
            while self._ending is None and self.link.is_linked and time.monotonic() < deadline:
                self._judged_some()
                with self._news:
                    if self._ending is None:
                        self._news.wait(LOOK_S)
        self._end(Ending.TAKES_OVER)

    def _run_link(self) -> None:
        while not self._stopping.is_set():
            pause_s = AGAIN_S
            try:
                self._follow()
            except (OSError, ProtocolError, StoreError) as error:
                self._tell_gone(error)
            except Exception:
                log.exception("the line to the other box has failed")
            if self.link.refused is not None or self.link.trouble:
                pause_s = REFUSED_AGAIN_S
            self.link.is_linked, self._connection = False, None
            self._standby_metrics.linked.set(0)
            with self._news:
                self._news.notify_all()
            self._stopping.wait(pause_s)

    def _tell_gone(self, error: Exception) -> None:
        is_news = self.link.is_linked or isinstance(error, ProtocolError | StoreError)
        level = logging.WARNING if is_news else logging.DEBUG
        log.log(level, "not connected to the other box", extra={"box": self._other.name, "error": str(error)})
        if isinstance(error, ProtocolError | ssl.SSLError):
            self.link.trouble = f"{self._other.name} cannot be understood: {error}"
        elif isinstance(error, StoreError):
            self._tell_trouble(error)

    def _follow(self) -> None:
        """One connection, until it ends."""
        hello = self._demand_log()
        if hello is None:
            return
        connection = connect(self._other, self._context)
        self._connection = connection
        try:
            connection.send(hello)
            theirs = connection.receive_hello()
            if theirs.box != self._other.name or theirs.node != self._configuration.node.name:
                raise ProtocolError(f"there is box {theirs.box!r} of node {theirs.node!r}")
            self.link.url = theirs.url
            if theirs.role != LEADS or theirs.term < self.leadership.term:
                self.link.refused = None
                return
            if self._disk_refused:  # and the last connection ended with it
                connection.send(Trouble(self._disk_refused))
            connection.send(Follow())
            connection.send(self._shelf.held())
            while not self._stopping.is_set():
                self._hear(connection, theirs)
        finally:
            connection.close()

    def _hear(self, connection: Connection, theirs: Hello) -> None:
        said = connection.receive()
        if isinstance(said, Entries):
            self._take_entries(connection, theirs, said)
        elif isinstance(said, Offer | BundlePart | Secret):
            self.holding.take(connection, said)
        elif isinstance(said, DrillEntries):
            connection.send(DrillsKept(said.folder, self._shelf.take(said)))
        elif isinstance(said, Refused):
            self._take_refused(said)
            raise ConnectionResetError(f"refused: {said.text}")
        elif isinstance(said, Sowing):
            folder = take_sown(connection, said, self._configuration.storage.directory)
            self.sown = (folder, said.after)
            self._know(structs.replace(self.leadership, log=theirs.log, term=theirs.term, leader=theirs.box))
            self._stopping.set()
            self._end(Ending.IS_SOWN)
        elif isinstance(said, HandedOver):
            has_all = said.last == self.journal.last_sequence()
            log.warning("the other box has stopped", extra={"box": self._other.name, "has_all": has_all})
            self._stopping.set()
            self._end(Ending.IS_HANDED_OVER if has_all else Ending.TAKES_OVER)

    def _take_refused(self, said: Refused) -> None:
        if self.link.refused is None or self.link.refused.text != said.text:
            log.error("the other box refuses this one", extra={"box": self._other.name, "why": said.text})
        self.link.refused = said
        if said.code == "log" and self._may_put_aside:
            self._stopping.set()
            self._end(Ending.DIFFERS)

    def _take_entries(self, connection: Connection, theirs: Hello, said: Entries) -> None:
        if not self.link.is_linked:
            self.link.is_linked, self.link.refused, self.link.trouble = True, None, ""
            self._disk_refused = ""
            self._standby_metrics.linked.set(1)
            self._know(structs.replace(self.leadership, log=theirs.log, term=theirs.term, leader=theirs.box))
            log.warning("standing by", extra={"leader": theirs.box, "term": theirs.term})
        last = self.journal.last_sequence()
        if said.first != last + 1:
            raise ProtocolError(f"entry {said.first} was sent, this log goes on with {last + 1}")
        if said.entries:
            self._append(connection, said.entries)
            last += len(said.entries)
        with self._news:
            if said.entries:
                self._recent.add(said.entries)
            self.link.settled = max(self.link.settled, said.settled)
            self.link.behind = max(0, said.settled - last)
            self._news.notify_all()
        self._standby_metrics.behind.set(self.link.behind)
        if self._witness is not None and not self._witness.begin_confirming(is_level=not self.link.behind):
            raise ConnectionResetError("this box is asking the witness whether it may lead")
        connection.send(Confirm(last))

    def _append(self, connection: Connection, entries: list[tuple[str, bytes]]) -> None:
        while True:
            try:
                # First: after a crash in between it knows of a leadership, never of none.
                self._know_leaders(entries)
                self.holding.note_changes(self.journal.last_sequence() + 1, entries)
                self.journal.append_many(entries)
                break
            except StoreError as error:
                self._tell_trouble(error)
                connection.send(Trouble(str(error)))
                if self._stopping.wait(AGAIN_S):
                    raise
        self.link.trouble = self._disk_refused = ""

    def _know_leaders(self, entries: list[tuple[str, bytes]]) -> None:
        """Leaderships that begin with entries that are kept next. StoreError."""
        first = self.journal.last_sequence() + 1
        for number, (kind, payload) in enumerate(entries, start=first):
            if kind != LEADER:
                continue
            begun, known = decode_leader(payload), self.leadership
            began = known.began if known.knows_begin(begun.term) else [*known.began, (begun.term, number)]
            self._know(structs.replace(known, began=began, term=begun.term, leader=begun.box, log=begun.log))

    def _tell_trouble(self, error: StoreError) -> None:
        if not self.link.trouble:
            log.error("entries cannot be kept", extra={"error": str(error)})
        self._disk_refused = str(error)
        self.link.trouble = f"entries cannot be kept: {error}"

    def _know(self, leadership: Leadership) -> None:
        if leadership != self.leadership:
            self._keep(leadership)
            self.leadership = leadership
            self._standby_metrics.term.set(leadership.term)


def _refuse_outcomes(_payload: bytes) -> Future[None]:
    raise StoreError("a box that stands by tells nobody", retryable=False)
