"""Keeps refusals in a thread of its own: a record, which may never hold up a reading or a start.

While the file is locked, full or damaged, refusals wait in memory and an alarm
says so; a damaged file is put aside and a new one begun.

Limit: `WAITING_MAX` refusals wait; beyond it the oldest are counted and dropped.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from warnstream.adapters.metrics import Metrics
from warnstream.adapters.refused.store import RefusedStore
from warnstream.adapters.sqlite import DamagedError, put_aside
from warnstream.model.alarms import AlarmPort
from warnstream.model.errors import StoreError
from warnstream.model.observations.refusals import Refusal

log = logging.getLogger(__name__)

WAITING_MAX = 20_000

RETRY_S = 2.0
"""Pause before a file that refused is tried again."""

CLOSE_S_MAX = 10.0
"""Longest wait at the end for what is not written yet."""

_Waiting = tuple[Sequence[Refusal], float, int]


class RefusedWriter:
    """The refusals of one node on their way to disk.

    Parameters
    ----------
    directory : Path
        Folder of ``refused.sqlite3``; must exist.
    refused_max : int
        As of `RefusedStore`.
    alarms : AlarmPort
    metrics : Metrics
    """

    def __init__(self, directory: Path, refused_max: int, alarms: AlarmPort, metrics: Metrics) -> None:
        self._directory, self._refused_max = directory, refused_max
        self._alarms, self._metrics = alarms, metrics
        self._store: RefusedStore | None = None
        self._waiting: deque[_Waiting] = deque()
        self._rows = 0
        self._news = threading.Condition()
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name="refused", daemon=True)
        self._thread.start()

    def keep(self, refusals: Sequence[Refusal], received_at: float, entry: int) -> None:
        """Keep the refusals of one entry; entries come in order. Neither fails nor waits."""
        with self._news:
            self._waiting.append((refusals, received_at, entry))
            self._rows += len(refusals)
            while self._rows > WAITING_MAX and len(self._waiting) > 1:
                dropped = len(self._waiting.popleft()[0])
                self._rows -= dropped
                self._metrics.refusals_unrecorded.inc(dropped)
            self._news.notify_all()

    def wait_until_written(self, timeout_s: float) -> bool:
        """Whether nothing waits any more."""
        with self._news:
            return self._news.wait_for(lambda: not self._waiting, timeout_s)

    def close(self) -> None:
        """Write what waits, if the file takes it, and close it."""
        with self._news:
            self._is_closing = True
            self._news.notify_all()
        self._thread.join(CLOSE_S_MAX)
        if self._waiting:
            log.warning("refusals not kept", extra={"count": self._rows})

    def _run(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._waiting or self._is_closing)
                if not self._waiting:
                    break
                first = self._waiting[0]
            if self._write(first):
                with self._news:
                    if self._waiting and self._waiting[0] is first:
                        self._waiting.popleft()
                        self._rows -= len(first[0])
                    self._news.notify_all()
            elif self._is_closing:
                break
            else:
                self._pause()
        if self._store is not None:
            self._store.close()

    def _write(self, waiting: _Waiting) -> bool:
        try:
            if self._store is None:
                self._store = RefusedStore(self._directory, self._refused_max)
            self._store.keep(*waiting)
        except DamagedError as error:
            self._refuses(error)
            self._begin_anew()
            return False
        except StoreError as error:
            self._refuses(error)
            return False
        self._alarms.end_alarm("refused")
        return True

    def _refuses(self, error: StoreError) -> None:
        text = f"refused readings are not kept for inspection: {error}"
        self._alarms.raise_alarm("refused", text, is_blocking=False)

    def _begin_anew(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None
        try:
            aside = put_aside(self._directory / "refused.sqlite3")
        except StoreError as error:
            log.error("damaged file cannot be put aside", extra={"error": str(error)})  # noqa: TRY400
            return
        log.error("refused.sqlite3 was damaged, put aside and begun anew", extra={"aside": aside})

    def _pause(self) -> None:
        deadline = time.monotonic() + RETRY_S
        with self._news:
            self._news.wait_for(lambda: self._is_closing, max(deadline - time.monotonic(), 0.0))
