"""What is wrong with a part of the shell though it goes on: each with a beginning and an end.

A trouble is logged when it begins and when it ends, stands in `/readyz`
between, and is 1 in `warnstream_trouble` by its name.
"""

import logging
import threading

from warnstream.adapters.metrics import Metrics

log = logging.getLogger(__name__)


class Troubles:
    """Troubles that stand, by name; from any thread.

    Parameters
    ----------
    metrics : Metrics
    part : str
        Whose they are; label of the metric.
    """

    def __init__(self, metrics: Metrics, part: str) -> None:
        self._gauge = metrics.trouble
        self._part = part
        self._texts: dict[str, str] = {}
        self._lock = threading.Lock()

    def texts(self) -> list[str]:
        """What stands now, as sentences."""
        with self._lock:
            return list(self._texts.values())

    def begin(self, name: str, text: str) -> None:
        """It began, or goes on with another text; logged once."""
        with self._lock:
            is_new = name not in self._texts
            self._texts[name] = text
        if is_new:
            self._gauge.labels(self._part, name).set(1)
            log.error(text, extra={"part": self._part, "trouble": name})

    def end(self, name: str) -> None:
        """It is over; nothing where it never began."""
        with self._lock:
            text = self._texts.pop(name, None)
        if text is not None:
            self._gauge.labels(self._part, name).set(0)
            log.warning("trouble is over", extra={"part": self._part, "trouble": name, "was": text})
