"""What a node does while its disk refuses: nothing is acknowledged, it says so, and it tries again."""

import logging
import threading
import time

from warnstream.adapters.metrics import Metrics
from warnstream.model.alarms import AlarmPort
from warnstream.model.errors import StoreError

log = logging.getLogger(__name__)

RETRY_S = 1.0
"""Pause before what the disk refused is tried again."""

TELL_S = 30.0
"""While the disk refuses, the log says so that often: it may be on the same disk."""

ALARM = "disk"


class DiskWatch:
    """Waits for the disk, for one thread.

    Parameters
    ----------
    alarms : AlarmPort
    metrics : Metrics
    stopping : threading.Event
        Set from elsewhere to end the waiting, and here when waiting cannot help.
    """

    def __init__(self, alarms: AlarmPort, metrics: Metrics, stopping: threading.Event) -> None:
        self._alarms, self._metrics, self._stopping = alarms, metrics, stopping
        self._is_refusing = False
        self._told_at = 0.0

    def refused(self, error: StoreError) -> bool:
        """Wait before the next attempt; False once the node is to stop.

        Raises
        ------
        StoreError
            The same error, if trying again cannot help.
        """
        self._metrics.storage_refusals.inc()
        now = time.monotonic()
        if not self._is_refusing or now - self._told_at >= TELL_S:
            self._told_at = now
            log.critical("disk refuses: readings are not acknowledged", extra={"error": str(error)})
        self._is_refusing = True
        self._alarms.raise_alarm(ALARM, f"readings are not acknowledged: {error}")
        if not error.retryable:
            self._stopping.set()
            raise error
        return not self._stopping.wait(RETRY_S)

    def took(self) -> None:
        """It took something."""
        if self._is_refusing:
            self._is_refusing = False
            log.warning("disk writes again: readings are acknowledged")
        self._alarms.end_alarm(ALARM)
