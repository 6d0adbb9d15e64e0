"""Explanations that people ask a running node for: made by its loop, between two steps.

The engine belongs to the loop's thread. A request waits in a queue until the
loop has time for one; then everything it tells is of one and the same step. One
is made in a turn of the loop, a lone one at once; of many at most one per
`EVERY_S`, so that asking cannot keep readings waiting. Whoever waits wakes the
loop again: it sleeps when nothing comes.
"""

import queue
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from warnstream.adapters.http.models.explanation import ExplanationRecord
from warnstream.config.settings import Configuration
from warnstream.engine import Engine
from warnstream.model.errors import StoreError
from warnstream.runners.explain.record import view_record

EVERY_S = 0.1
AT_ONCE = 10
"""So many may come together after a silence and need not wait for each other."""
WAITING_MAX = 20
WAIT_S = 5.0
"""Longest wait of a caller."""


@dataclass(frozen=True, slots=True)
class _Asked:
    village: str
    told: Future[ExplanationRecord]


class LiveExplanations:
    """A queue from any thread to the loop.

    Parameters
    ----------
    configuration : Configuration
    engine : callable
        The engine of the moment.
    wake : callable
        Ends the loop's sleep.
    took : callable
        Told the seconds that an explanation took the loop.
    """

    def __init__(
        self,
        configuration: Configuration,
        engine: Callable[[], Engine],
        wake: Callable[[], None],
        took: Callable[[float], None],
    ) -> None:
        self._took = took
        self._configuration = configuration
        self._engine = engine
        self._wake = wake
        self._village = configuration.network.villages.index_of_code()
        self._waiting: queue.Queue[_Asked] = queue.Queue(WAITING_MAX)
        self._next_at = 0.0

    def ask(self, village_code: str) -> ExplanationRecord | None:
        """What decided on a village at the last step; None if there is no such village.

        Raises
        ------
        StoreError
            If nothing has been judged yet, too many ask, or the node is too busy.
        """
        if village_code not in self._village:
            return None
        asked = _Asked(village_code, Future())
        try:
            self._waiting.put_nowait(asked)
            return self._wait_for(asked)
        except (queue.Full, TimeoutError):
            raise StoreError("too many ask for explanations", retryable=True) from None
        except ValueError as error:
            raise StoreError(str(error), retryable=True) from None

    def _wait_for(self, asked: _Asked) -> ExplanationRecord:
        """What was asked for; TimeoutError if the loop has no time for it."""
        for _ in range(round(WAIT_S / EVERY_S) - 1):
            self._wake()
            try:
                return asked.told.result(EVERY_S)
            except TimeoutError:
                continue
        return asked.told.result(EVERY_S)

    def go_by(self, configuration: Configuration) -> None:
        """Another configuration judges from now on; in the loop's thread."""
        self._configuration, self._village = configuration, configuration.network.villages.index_of_code()

    def serve(self) -> None:
        """Answer one that waits; in the loop's thread, between steps."""
        now = time.monotonic()
        if self._waiting.empty() or now < self._next_at - AT_ONCE * EVERY_S:
            return
        self._next_at = max(self._next_at, now) + EVERY_S
        asked = self._waiting.get()
        try:
            asked.told.set_result(self._tell(asked.village))
        except Exception as error:  # noqa: BLE001  # whoever asks must not end the loop
            asked.told.set_exception(error)
        self._took(time.monotonic() - now)
        if not self._waiting.empty():
            self._wake()

    def _tell(self, code: str) -> ExplanationRecord:
        engine, village = self._engine(), self._village.get(code)
        if village is None:
            raise ValueError(f"there is no village {code} any more")
        view = engine.assessment.view(village)
        warnings = engine.desk.of_village(village)
        return view_record(self._configuration, view, warnings, names_posts=False)
