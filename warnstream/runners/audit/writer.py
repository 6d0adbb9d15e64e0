"""Writes the audit in a thread of its own: a record, which may never hold up a reading, a warning or a start.

What the journal took is handed over once it is durable (`take`) and waits in memory. At a start, and whenever
too much waits, the thread reads the journal instead, from where the audit ends: a crash between an entry and
its lines loses none and writes none twice. While the disk refuses, an alarm says so; the journal remembers.

Limit: `WAITING_BYTES_MAX` wait in memory; beyond it the journal is read again. What the journal no longer has
by then is named by a line of its own (`GAP`).
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, Protocol

from warnstream.adapters.audit.files import FOLDER, AuditEntry, AuditFiles, Opened
from warnstream.adapters.audit.lines import BEGUN, GAP, GENESIS, JOURNAL_ANEW, AuditFact
from warnstream.adapters.audit.verify import verify
from warnstream.adapters.metrics import Metrics
from warnstream.model.alarms import AlarmPort
from warnstream.model.errors import StoreError, describe
from warnstream.model.times import parse_iso
from warnstream.runners.audit.facts import AUDITED, facts_of

log = logging.getLogger(__name__)

WAITING_BYTES_MAX = 32_000_000

RETRY_S = 2.0
RETRY_S_MAX = 60.0
"""Pause before a disk that refused is tried again; it doubles, since each attempt reads the journal again."""

GATHER_S = 0.5
"""What comes within that time is written together: the journal's own syncs share the disk."""

HEAD_EVERY_S = 5.0
"""``head.json`` is written so often while lines come."""

LOOK_S = 60.0
"""So often it says how far the journal has been followed while no lines come."""

BATCH_LINES = 2_000
"""Lines of a catch-up that are written and synced together."""

BATCH_BYTES = 200_000
"""Where more waits, entries are written one by one: a front of a county is thousands of lines."""

CHECK_PAUSE_S = 0.01
"""Rest after every thousand lines of the check at a start."""

CLOSE_S_MAX = 10.0

HEAD_DIGITS = 13
"""Hexadecimal digits of the newest hash that the metric's number holds exactly (52 bits)."""

REFUSED = "audit"
"""Alarm: lines are not written."""

BROKEN = "audit:chain"
"""Alarm: the chain is not what was written."""


class Followed(Protocol):
    """The journal, as far as an audit needs it."""

    def first_sequence(self) -> int:
        """Number of the oldest entry that is kept."""

    def last_sequence(self) -> int:
        """Number of the newest entry."""

    def timed_since(self, sequence: int) -> Iterator[tuple[int, float, str, bytes]]:
        """Number, second of writing, kind and payload of later entries. StoreError at one that is lost."""

    def file_after(self, sequence: int) -> int:
        """First entry of the next file: where to read on behind damage."""


class _Waiting(NamedTuple):
    entry: int
    at_s: int
    kind: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class AuditState:
    """How far an audit is: newest hash (zeros before the first), its file, journal entries followed."""

    head: str = GENESIS
    file: str = ""
    followed: int = 0
    is_behind: bool = True


class AuditWriter:
    """The audit of one node on its way to disk.

    Parameters
    ----------
    directory : Path
        The storage folder.
    keep_s : int
        As of `AuditFiles`.
    journal : Followed
    alarms : AlarmPort
    metrics : Metrics

    Attributes
    ----------
    state : AuditState
        Replaced, never changed: any thread may read it.
    """

    def __init__(
        self, directory: Path, keep_s: int, journal: Followed, alarms: AlarmPort, metrics: Metrics
    ) -> None:
        self._directory, self._keep_s = directory, keep_s
        self._journal, self._alarms, self._metrics = journal, alarms, metrics
        self.state = AuditState()
        self._files: AuditFiles | None = None
        self._waiting: deque[_Waiting] = deque()
        self._bytes = self._newest = self._followed = 0
        self._is_behind = True  # until the journal has been read: what is handed over before is in it
        self._is_closing = False
        self._head_at = float("-inf")
        self._retry_s = RETRY_S
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
        self._is_checked = False

    def start(self) -> None:
        """Catch up with the journal, check the chain, and follow."""
        self._thread.start()

    def take(self, first: int, at: float, entries: Sequence[tuple[str, bytes]]) -> None:
        """What the journal has just taken, in order; neither fails nor waits."""
        with self._news:
            self._newest = first + len(entries) - 1
            if self._is_behind:
                return
            for entry, (kind, payload) in enumerate(entries, start=first):
                if kind in AUDITED:
                    self._waiting.append(_Waiting(entry, int(at), kind, payload))
                    self._bytes += len(payload)
            if self._bytes > WAITING_BYTES_MAX:
                self._fall_behind()
            if self._waiting or self._is_behind:
                self._news.notify_all()

    def wait_until_written(self, timeout_s: float) -> bool:
        """Whether everything that the journal has taken is in the audit."""
        with self._news:
            return self._news.wait_for(lambda: self._is_level, timeout_s)

    def close(self) -> None:
        """Write what waits, if the disk takes it, and close the files."""
        with self._news:
            self._is_closing = True
            self._news.notify_all()
        if self._thread.ident is not None:
            self._thread.join(CLOSE_S_MAX)
        if not self._is_level:
            log.warning("audit is behind: the next start catches up", extra={"followed": self._followed})

    @property
    def _is_level(self) -> bool:
        return not self._is_behind and not self._waiting

    def _run(self) -> None:
        while True:
            is_last = self._is_closing  # once more after that: what came before is written
            try:
                self._work()
                if is_last:
                    self._write_head()
            except StoreError as error:
                self._refuses(str(error))
            except Exception as error:  # whatever it is, the record goes on, and the node with it
                log.exception("audit cannot be written")
                self._refuses(describe(error))
            else:
                if not is_last:
                    self._wait()
            if is_last:
                break
        if self._files is not None:
            self._files.close()

    def _work(self) -> None:
        """Write everything that is there to be written."""
        if self._files is None:
            self._files = AuditFiles(self._directory, self._keep_s)
            self._followed = self._files.followed
            self._show(self._files)
            self._check_if_due(self._files.opened)
        files = self._files
        if self._is_behind:
            self._catch_up(files)
        while waiting := self._next_waiting():
            taken = [
                AuditEntry(entry.entry, entry.at_s, facts_of(entry.kind, entry.payload)) for entry in waiting
            ]
            self._append(files, taken)
            self._done(waiting)
        if time.monotonic() - self._head_at >= HEAD_EVERY_S:
            self._write_head()
        self._show(files)
        self._retry_s = RETRY_S
        self._alarms.end_alarm(REFUSED)

    def _next_waiting(self) -> list[_Waiting]:
        """Some of what waits; it stays in the row until it is written."""
        with self._news:
            if self._is_behind:
                return []
            if not self._waiting:
                self._followed = max(self._followed, self._newest)
                self._news.notify_all()
            return list(self._waiting)[:1] if self._bytes > BATCH_BYTES else list(self._waiting)

    def _done(self, waiting: Sequence[_Waiting]) -> None:
        with self._news:
            for entry in waiting:
                if self._waiting and self._waiting[0] is entry:
                    self._waiting.popleft()
                    self._bytes -= len(entry.payload)

    def _append(self, files: AuditFiles, taken: Sequence[AuditEntry]) -> None:
        new = [entry for entry in taken if entry.entry > self._followed]
        if new:
            self._metrics.audit_lines.inc(files.append(new))
            self._followed = files.followed = new[-1].entry
            self._show(files)

    def _catch_up(self, files: AuditFiles) -> None:
        with self._news:
            self._is_behind = False  # what comes from now on waits in the row, or is read here already
        try:
            self._begin(files)
            known_until_s = self._known_until(files)
            batch: list[AuditEntry] = []
            for line in self._read_on(files):
                if line.facts and line.at_s >= known_until_s:
                    batch.append(line)
                if sum(len(each.facts) for each in batch) >= BATCH_LINES:
                    self._append(files, batch)
                    batch = []
            self._append(files, batch)
        except BaseException:
            with self._news:
                self._fall_behind()
            raise

    def _begin(self, files: AuditFiles) -> None:
        """Say where the audit begins to follow, if it is new or the journal is."""
        first, last = self._journal.first_sequence(), self._journal.last_sequence()
        now_s = int(time.time())
        if files.tail is None:
            files.note(AuditFact(BEGUN, {"from": first}), now_s, first - 1)
        elif last < files.followed:
            content: dict[str, object] = {"was": files.followed, "known_until": files.tail.time}
            log.error("the journal counts anew: the audit goes on from its beginning", extra=content)
            files.note(AuditFact(JOURNAL_ANEW, content), now_s, 0)
        self._followed = files.followed

    @staticmethod
    def _known_until(files: AuditFiles) -> int:
        """Of a journal that counts anew, perhaps an older copy: second until which its entries are known."""
        tail = files.tail
        if tail is None or tail.kind != JOURNAL_ANEW:
            return -1
        return parse_iso(str(tail.content["known_until"]))

    def _read_on(self, files: AuditFiles) -> Iterator[AuditEntry]:
        """What the journal has after `followed`; what it no longer has is a fact, too."""
        sequence = files.followed
        first = self._journal.first_sequence()
        if sequence + 1 < first:
            yield _gap(sequence + 1, first - 1, "pruned from the journal before the audit had them")
            sequence = first - 1
        while True:
            try:
                for entry, at, kind, payload in self._journal.timed_since(sequence):
                    sequence = entry
                    yield AuditEntry(entry, int(at), facts_of(kind, payload) if kind in AUDITED else [])
            except StoreError as error:
                if error.retryable:
                    raise
                resumed = self._journal.file_after(sequence)
                yield _gap(sequence + 1, resumed - 1, f"not readable in the journal: {error}")
                sequence = resumed - 1
            else:
                self._newest = max(self._newest, sequence)
                return

    def _fall_behind(self) -> None:
        """The journal is read again; called with the lock held."""
        self._is_behind = True
        self._waiting.clear()
        self._bytes = 0

    def _refuses(self, text: str) -> None:
        """Begin again, after a while, from the files as they are; an alarm says so."""
        self._alarms.raise_alarm(REFUSED, f"the audit is not written: {text}", is_blocking=False)
        if self._files is not None:
            self._files.close()
            self._files = None
        with self._news:
            self._fall_behind()
            self.state = replace(self.state, is_behind=True)
            self._news.wait_for(lambda: self._is_closing, self._retry_s)
        self._retry_s = min(2 * self._retry_s, RETRY_S_MAX)

    def _write_head(self) -> None:
        if self._files is None:
            return
        self._files.followed = max(self._files.followed, self._followed)
        self._files.write_head()
        self._head_at = time.monotonic()
        self._show(self._files)

    def _show(self, files: AuditFiles) -> None:
        self.state = AuditState(files.head, files.file, files.followed, self._is_behind)
        self._metrics.audit_followed.set(files.followed)
        self._metrics.audit_head.set(int(files.head[:HEAD_DIGITS], 16))

    def _wait(self) -> None:
        with self._news:
            if self._news.wait_for(lambda: self._waiting or self._is_behind or self._is_closing, LOOK_S):
                self._news.wait_for(lambda: self._is_closing, GATHER_S)

    def _check_if_due(self, opened: Opened) -> None:
        """At a start, and where lines are gone: is the chain what was written? However long it is."""
        if not self._is_checked or opened.is_cut:
            self._is_checked = True
            threading.Thread(target=self._check, args=(opened,), name="audit-check", daemon=True).start()

    def _check(self, opened: Opened) -> None:
        try:
            found = verify(self._directory / FOLDER, opened=opened, pause_s=CHECK_PAUSE_S)
        except Exception:  # the alarm of an earlier start stands on
            log.exception("audit cannot be checked")
            return
        if not found.faults:
            log.info("audit checked", extra={"lines": found.n_lines, "head": found.head})
            self._alarms.end_alarm(BROKEN)
            return
        for fault in found.faults[:10]:
            log.error("audit is not what was written", extra={"fault": str(fault)})
        more = f" and {len(found.faults) - 1} more faults" if len(found.faults) > 1 else ""
        text = f"the audit is not what was written: {found.faults[0]}{more}"
        self._alarms.raise_alarm(BROKEN, text, is_blocking=False)


def _gap(first: int, last: int, why: str) -> AuditEntry:
    text = f"entries {first} to {last} were {why}"
    log.error("audit has a gap", extra={"text": text})
    return AuditEntry(last, int(time.time()), [AuditFact(GAP, {"from": first, "to": last, "text": text})])
