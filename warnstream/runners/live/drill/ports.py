"""What drills have to know of their node, and how they tell it of their troubles."""

from typing import Protocol

from warnstream.config.settings import Configuration
from warnstream.desk import WarningStatus
from warnstream.engine import Engine
from warnstream.model.alarms import AlarmPort

ALARM = "exercise"


class Situation(Protocol):
    """What drills have to know of the node."""

    warnings: list[WarningStatus]

    @property
    def people(self) -> Configuration:
        """What numbers the villages of warnings."""

    @property
    def engine(self) -> Engine:
        """Whose transfers of people are as real as its warnings."""

    @property
    def now_s(self) -> int:
        """Engine time; -1 before the first step."""


class DrillAlarms:
    """Troubles of one drill under keys of its own: they keep the node ready."""

    def __init__(self, alarms: AlarmPort, drill: str) -> None:
        self._alarms, self._drill = alarms, drill

    def raise_alarm(self, key: str, text: str, *, is_blocking: bool = True, zh: str = "") -> None:
        """As `AlarmPort`; nothing of a drill keeps the node from working."""
        del is_blocking
        text = f"drill {self._drill}: {text}"
        self._alarms.raise_alarm(f"{ALARM}:{self._drill}:{key}", text, is_blocking=False, zh=zh)

    def end_alarm(self, key: str) -> None:
        """As `AlarmPort`."""
        self._alarms.end_alarm(f"{ALARM}:{self._drill}:{key}")
