"""What people look at fails alone: a view that raises stops neither the judgement nor the other views."""

import logging
from collections.abc import Callable

from warnstream.model.alarms import AlarmPort
from warnstream.model.errors import describe

log = logging.getLogger(__name__)


class ViewGuard:
    """Updates views, each behind an alarm of kind ``view`` that stands while it cannot be updated.

    Parameters
    ----------
    alarms : AlarmPort
    """

    def __init__(self, alarms: AlarmPort) -> None:
        self._alarms = alarms

    def update(self, view: str, take: Callable[[], object]) -> None:
        """Let a view take what happened."""
        try:
            take()
        except Exception as error:
            log.exception("a view cannot be updated", extra={"view": view})
            text = f"what is shown of {view} is old: {describe(error)}"
            self._alarms.raise_alarm(f"view:{view}", text, is_blocking=False)
        else:
            self._alarms.end_alarm(f"view:{view}")
