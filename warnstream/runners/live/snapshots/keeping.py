"""A node's snapshots: its loop copies the state, a thread compresses and writes it, the loop then lets go.

Copying takes milliseconds, writing as many hundreds. So what is written are copies, of one moment between two
entries, that nobody changes. There is one at a time. Entries that only older snapshots need are pruned once
the new one is on disk, never before: a crash at any moment finds the older one and every entry after it. One
that could not be written is told (an alarm, a metric, the log) and tried again.
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

from warnstream.adapters.journal.bound import NEAR
from warnstream.adapters.ledger.copies import LedgerCopy
from warnstream.adapters.ledger.node_outbox import NodeOutbox
from warnstream.adapters.metrics import Metrics
from warnstream.config.settings import StorageSettings
from warnstream.model.alarms import AlarmPort
from warnstream.model.errors import StoreError, describe
from warnstream.model.times import DAY_S
from warnstream.runners.intake.intake import Intake
from warnstream.runners.intake.state_file import StateCopy
from warnstream.runners.live.log import Log
from warnstream.runners.live.snapshots.pace import SnapshotPace

log = logging.getLogger(__name__)

OUTBOX_KEEP_S = 90 * DAY_S
"""Ended warnings stay in the outbox that long, for review and export."""

ALARM = "snapshot"


class Snapshots:
    """Of one node; every method is for its loop's thread.

    Parameters
    ----------
    storage : StorageSettings
    journal : Log
    outbox : NodeOutbox
    whole : callable
        The state, or None while it is not to be kept: what it led to is not recorded yet. Given whether
        somebody waits for it, so that what can be recorded is.
    alarms : AlarmPort
    metrics : Metrics
    on_kept : callable
        Called once one is on disk.

    Attributes
    ----------
    is_kept : bool
        Whether the last one that was begun is on disk.
    """

    def __init__(
        self,
        storage: StorageSettings,
        journal: Log,
        outbox: NodeOutbox,
        whole: Callable[[bool], Intake | None],
        alarms: AlarmPort,
        metrics: Metrics,
        on_kept: Callable[[], None],
    ) -> None:
        self._storage, self._journal, self._outbox = storage, journal, outbox
        self._whole, self._alarms, self._metrics = whole, alarms, metrics
        self._on_kept = on_kept
        self._pace = SnapshotPace(storage.snapshot_every_s, time.monotonic())
        self._threads = ThreadPoolExecutor(1, "snapshot")
        self._writing: Future[int] | None = None
        self.is_kept = False

    @property
    def is_writing(self) -> bool:
        """One is on its way; no other is begun."""
        return self._writing is not None

    def worked(self, took_s: float) -> None:
        """The engine took so long for an entry, which a restart would have to repeat."""
        self._pace.worked(took_s)

    def look(self) -> None:
        """End one that is on disk, begin one that is due."""
        self.settle()
        if not self.is_writing and self._pace.is_due(time.monotonic()):
            self.begin()

    def begin(self) -> bool:
        """Copy the state and have it written; False if that cannot be done now, or one is on its way."""
        return not self.is_writing and self._begin(is_awaited=False)

    def _begin(self, *, is_awaited: bool) -> bool:
        self._pace.begin(time.monotonic())
        self.is_kept = False
        begun = time.perf_counter()
        try:
            intake = self._whole(is_awaited)
            if intake is None:
                self._pace.failed()
                return False
            write = partial(self._write, self._journal.last_sequence(), intake.copied())
            self._writing = self._threads.submit(write, self._outbox.doors.copied())
        except Exception as error:  # noqa: BLE001  # whatever it is, the node goes on and says so
            self._tell_failed(error)
            return False
        self._metrics.snapshot_copying.observe(time.perf_counter() - begun)
        return True

    def settle(self) -> None:
        """What a snapshot that has been written lets go, or that it has failed."""
        if self._writing is not None and self._writing.done():
            self._end()

    def finish(self) -> bool:
        """Wait until one of now is on disk; False if none could be written."""
        if self._writing is not None:
            self._end()
        return self._begin(is_awaited=True) and self._end()

    def close(self) -> None:
        """Write the last one, after the one on its way; nothing is written any more."""
        self.finish()
        self._threads.shutdown()

    def give_up(self) -> None:
        """Nothing is written any more; one on its way is."""
        self._threads.shutdown()

    def _write(self, sequence: int, copied: StateCopy, doors: LedgerCopy) -> int:
        """In the thread: the ledger first, so that the journal is never pruned beyond what it needs."""
        begun = time.perf_counter()
        self._outbox.doors.write(sequence, doors)
        self._journal.save_snapshot(sequence, copied.packed())
        self._metrics.snapshot_writing.observe(time.perf_counter() - begun)
        return sequence

    def _end(self) -> bool:
        assert self._writing is not None
        writing, self._writing = self._writing, None
        try:
            self._let_go(writing.result())
        except Exception as error:  # noqa: BLE001  # whatever it is, the node goes on and says so
            self._tell_failed(error)
            return False
        self.is_kept = True
        self._pace.written(time.monotonic())
        self._alarms.end_alarm(ALARM)
        return True

    def _let_go(self, sequence: int) -> None:
        """What only older snapshots need."""
        storage, journal = self._storage, self._journal
        pruned = journal.prune(older_than_s=storage.journal_keep_s, bytes_max=storage.journal_bytes_max)
        pruned += journal.prune_to_newest(int(NEAR * storage.journal_bytes_max))
        if pruned:
            log.info("journal pruned", extra={"entries": pruned, "first": journal.first_sequence()})
        self._outbox.advance(sequence)
        intake = self._whole(False)
        if intake is not None:
            self._outbox.prune(intake.now_s - OUTBOX_KEEP_S)
        self._on_kept()

    def _tell_failed(self, error: Exception) -> None:
        self._pace.failed()
        self._metrics.snapshot_failures.inc()
        known = isinstance(error, StoreError)
        log.error("snapshot not written", exc_info=None if known else error, extra={"error": str(error)})
        text = f"the state cannot be kept, a restart would take longer: {describe(error)}"
        self._alarms.raise_alarm(ALARM, text, is_blocking=False)
