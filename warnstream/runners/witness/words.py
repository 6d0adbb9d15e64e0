"""By whose word a box leads: the witness's, or that of the box that stands by and confirms."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol

from warnstream.adapters.metrics.standby import StandbyMetrics
from warnstream.model.alarms import AlarmPort
from warnstream.model.errors import StoreError
from warnstream.runners.witness.server import steady_s

NO_WITNESS = "witness"
NO_RIGHT = "right"
LOOK_S = 0.1

_NOTHING = "it acknowledges and sends nothing, the other one may lead by now"
REACHES_NOBODY = (
    f"this box reaches neither the witness nor the other box: {_NOTHING}",
    "与见证机和备机均失联，本机停止确认和发送，备机可能已接管",
)
NOT_LENT = (
    f"the witness answers and does not lend this box the right to lead yet, and nobody else does: {_NOTHING}",
    "见证机有应答但尚未授权本机，备机失联，本机停止确认和发送，备机可能已接管",
)
"""Of one that was started less than a lease ago, or has lent it to the other box."""

log = logging.getLogger(__name__)


class LeadsBy(Protocol):
    """The witness, as far as a box that leads needs it."""

    def may_lead(self) -> bool:
        """Whether this box may acknowledge, and tell people, at this moment."""

    def confirmed(self, sent_s: float) -> None:
        """The box that stands by has confirmed what was sent to it at a time (`steady_s`)."""

    def said(self) -> str:
        """For people: that the witness does not answer; empty if it does."""

    def is_ending(self) -> bool:
        """The process is to end."""


class Words:
    """Of one leadership; the caller holds a lock."""

    def __init__(self, by: LeadsBy, alarms: AlarmPort, metrics: StandbyMetrics) -> None:
        self._by, self._alarms, self._metrics = by, alarms, metrics
        self._sent: deque[float] = deque()
        self._why_not: tuple[str, str] | None = None

    def begin(self) -> None:
        """Another connection: what was sent before is not confirmed by it."""
        self._sent.clear()

    def sends(self) -> None:
        """Something goes out, which is confirmed once, in turn."""
        self._sent.append(steady_s())

    def confirmed(self) -> None:
        """One of them is confirmed."""
        if self._sent:
            self._by.confirmed(self._sent.popleft())

    def wait(self, news: threading.Condition, is_settled: Callable[[], bool]) -> None:
        """Nothing takes effect that the other box does not have, unless this box may lead.

        Raises
        ------
        StoreError
            If the process is to end first: do not acknowledge.
        """
        while not is_settled() and not self._by.may_lead():
            self._tell(may=False)
            if self._by.is_ending():
                raise StoreError("this box may not lead now, and is to end", retryable=True)
            news.wait(LOOK_S)
        self._tell(may=self._by.may_lead())

    def look(self) -> None:
        """Now and then: say how things stand."""
        trouble = self._by.said()
        self._metrics.witness.set(0 if trouble else 1)
        if trouble:
            self._alarms.raise_alarm(NO_WITNESS, trouble, is_blocking=False, zh=f"见证机无应答：{trouble}")
        else:
            self._alarms.end_alarm(NO_WITNESS)
        self._tell(may=self._by.may_lead())

    def _tell(self, *, may: bool) -> None:
        self._metrics.may_lead.set(1 if may else 0)
        why = None if may else REACHES_NOBODY if self._by.said() else NOT_LENT
        if why is self._why_not:
            return
        self._why_not = why
        if why is None:
            log.warning("this box may lead again")
            self._alarms.end_alarm(NO_RIGHT)
            return
        text, zh = why
        log.critical("this box may not lead", extra={"why": text})
        self._alarms.raise_alarm(NO_RIGHT, text, zh=zh)
