"""The alarms of a running node: shown at once, kept by the journal, then sent to the duty posts.

Any thread may raise and end them. What is shown (/readyz, the state, metrics, the
log) changes at once, even while the disk that keeps journal and outbox refuses;
the entry follows as soon as it can be made durable.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable

from warnstream.adapters.http.models.county import AlarmRecord
from warnstream.adapters.metrics import Metrics
from warnstream.model.alarms import ALARM_KINDS, Alarm, AlarmSignal, kind_of, kind_word
from warnstream.model.errors import StoreError
from warnstream.model.times import iso_utc
from warnstream.runners.intake.entries import ALARM, encode_alarm

log = logging.getLogger(__name__)


class Alarms:
    """The alarm port (`AlarmPort`) of one node.

    Parameters
    ----------
    keep : callable
        Takes kind and payload of a journal entry, from any thread; StoreError while stopping.
    metrics : Metrics
    clock : callable
        Seconds since 1970 UTC.

    Attributes
    ----------
    clock : callable
        As given; a node sets its own once it has one.
    """

    def __init__(
        self,
        keep: Callable[[str, bytes], object],
        metrics: Metrics,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._keep, self._metrics, self.clock = keep, metrics, clock
        self._standing: dict[str, AlarmSignal] = {}
        self._lock = threading.Lock()

    def raise_alarm(self, key: str, text: str, *, is_blocking: bool = True, zh: str = "") -> None:
        """Something is wrong; repeating it while it stands only renews its text. `zh`: it in Chinese."""
        with self._lock:
            known = self._standing.get(key)
            at_s = known.at_s if known else int(self.clock())
            signal = AlarmSignal(key, text, at_s, is_begin=True, is_blocking=is_blocking, text_zh=zh)
            self._standing[key] = signal
            if known is None:
                self._pass_on(signal)
        if known is None:
            severity = logging.ERROR if is_blocking else logging.WARNING
            log.log(severity, "alarm", extra={"alarm": key, "text": text})

    def end_alarm(self, key: str) -> None:
        """It is over; nothing happens where it does not stand."""
        with self._lock:
            known = self._standing.pop(key, None)
            if known is None:
                return
            self._pass_on(AlarmSignal(key, known.text, int(self.clock()), is_begin=False))
        log.warning("alarm over", extra={"alarm": key, "since": iso_utc(known.at_s)})

    def adopt(self, standing: Iterable[Alarm]) -> None:
        """After a restart: what stood when the node ended stands until somebody ends it."""
        with self._lock:
            for alarm in standing:
                signal = AlarmSignal(
                    alarm.key, alarm.text, alarm.begun_s, True, alarm.is_blocking, alarm.text_zh
                )
                self._standing.setdefault(alarm.key, signal)
            self._count()

    def standing(self, kind: str = "") -> list[str]:
        """Keys of the alarms that stand, all or those of one kind."""
        with self._lock:
            return [key for key in self._standing if not kind or kind_word(key) == kind]

    def end_others(self, kind: str, still: Iterable[str] = ()) -> None:
        """End the alarms of a kind whose subject is not among those that are still in trouble."""
        kept = {f"{kind}:{subject}" for subject in still}
        for key in self.standing(kind):
            if key not in kept:
                self.end_alarm(key)

    def reasons(self, *, is_blocking: bool = True) -> list[str]:
        """Texts of the alarms that keep the node from being ready, or of those that do not."""
        with self._lock:
            return [signal.text for signal in self._standing.values() if signal.is_blocking == is_blocking]

    def signals(self) -> list[AlarmSignal]:
        """The alarms that stand, in the order in which they were raised."""
        with self._lock:
            return list(self._standing.values())

    def records(self) -> list[AlarmRecord]:
        """Alarms that stand, oldest first, for the HTTP interface."""
        with self._lock:
            found = sorted(self._standing.values(), key=lambda signal: signal.at_s)
        return [
            AlarmRecord(
                alarm=signal.key,
                text=signal.text,
                zh=signal.text_zh or kind_of(signal.key).zh,
                since=iso_utc(signal.at_s),
                blocking=signal.is_blocking,
            )
            for signal in found
        ]

    def _pass_on(self, signal: AlarmSignal) -> None:
        """Into the journal; called with the lock held, so that begin and end keep their order."""
        self._count()
        kind = _kind_word(signal.key)
        if signal.is_begin:
            self._metrics.alarms_begun.labels(kind).inc()
        try:
            self._keep(ALARM, encode_alarm(signal))
        except StoreError as error:  # stopping: the log has it, and what still is wrong is found again
            log.warning("alarm not kept", extra={"alarm": signal.key, "error": str(error)})

    def _count(self) -> None:
        counts = Counter(_kind_word(key) for key in self._standing)
        for kind in (*ALARM_KINDS, _OTHER):
            self._metrics.alarms.labels(kind).set(counts[kind])


_OTHER = "other"


def _kind_word(key: str) -> str:
    """Kind for a metric's label: a fixed set, whatever the key."""
    kind = kind_word(key)
    return kind if kind in ALARM_KINDS else _OTHER
