"""Replies that no machine understands: whoever is on duty is told that a person has to read them."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from warnstream.model.alarms import AlarmPort, kind_word

NAMED_MAX = 5
"""So many recipients are named, the newest first; of more their number."""


@dataclass(slots=True)
class _OfChannel:
    """Replies of one channel since nobody wrote for a while."""

    heard_at: float
    count: int = 0
    recipients: dict[str, None] = field(default_factory=dict)


class ReplyWatch:
    """An alarm of kind ``reply`` for each channel, which leaves the node ready.

    It begins with a reply that is for a person and ends once none came for a while. It names recipients, and
    not what they wrote: the alarm stands where everybody may look, the words are in the node's log.

    Parameters
    ----------
    alarms : AlarmPort
    stands_s : int
        How long an alarm stands after the newest reply.
    clock : callable
        Seconds that only rise.
    """

    def __init__(self, alarms: AlarmPort, stands_s: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._alarms, self._stands_s, self._clock = alarms, stands_s, clock
        self._lock = threading.Lock()
        self._of: dict[str, _OfChannel] = {}

    def adopt(self, standing: Iterable[str]) -> None:
        """Alarms that stood when the node ended: they stand on as if they had begun now."""
        with self._lock:
            for key in standing:
                if kind_word(key) == "reply":
                    self._of.setdefault(key.partition(":")[2], _OfChannel(self._clock()))

    def heard(self, channel: str, recipients: Sequence[str]) -> None:
        """A reply is for a person; from any thread."""
        with self._lock:
            found = self._of.setdefault(channel, _OfChannel(0.0))
            found.heard_at, found.count = self._clock(), found.count + 1
            for recipient in recipients:
                found.recipients.pop(recipient, None)
                found.recipients[recipient] = None
            en, zh = _texts(channel, found)
            self._alarms.raise_alarm(f"reply:{channel}", en, is_blocking=False, zh=zh)

    def look(self) -> None:
        """End what is old enough."""
        before = self._clock() - self._stands_s
        with self._lock:
            over = [channel for channel, found in self._of.items() if found.heard_at <= before]
            for channel in over:  # with the lock: a reply that comes now begins another alarm
                del self._of[channel]
                self._alarms.end_alarm(f"reply:{channel}")


def _texts(channel: str, found: _OfChannel) -> tuple[str, str]:
    """English and Chinese text of an alarm."""
    newest, more = list(found.recipients)[: -NAMED_MAX - 1 : -1], len(found.recipients) - NAMED_MAX
    en = ", ".join(newest) + (f" and {more} more" if more > 0 else "")
    zh = "、".join(newest) + (f"等{len(found.recipients)}个" if more > 0 else "")
    who_en, who_zh = en or "an unknown phone", zh or "未知号码"
    return (
        f"replies over {channel} that a person has to read: {found.count}, of {who_en}; the log has them",
        f"{channel}收到{found.count}条须人工阅读的回复，来自{who_zh}，原文见日志",
    )
