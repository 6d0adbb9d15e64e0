"""The alarms of a node: which stand, and which begin and end are sent to the duty posts.

Pure: the same signals in the same order give the same alarms under the same
names. An alarm that comes back within `AGAIN_S` of the last one that was sent is
kept and shown, but not sent again: a part that fails every other minute must not
ring the duty officer's phone all night. One that still stands after that time is
sent then: the last word of it was that it is over.

Limit: `STANDING_MAX` alarms stand at once; others are refused until one ends.
"""

from dataclasses import replace

import msgspec

from warnstream.lifecycle.identity import Naming, warning_name
from warnstream.model.alarms import Alarm, AlarmSignal
from warnstream.model.warning import MessageStatus

AGAIN_S = 600
STANDING_MAX = 1_000
NAMED_MAX = 10_000
"""Keys whose last name is remembered."""

PLACE = "@alarm"
"""Stands where the name of a warning has its village."""


class _Named(msgspec.Struct):
    naming: Naming
    sent_s: int


class _Snapshot(msgspec.Struct):
    standing: list[Alarm]
    named: dict[str, _Named]


class AlarmBook:
    """The alarms of one node.

    Parameters
    ----------
    prefix : str
        First part of their names.
    status : MessageStatus
        Given to alarms that begin.

    Attributes
    ----------
    standing : dict of str to Alarm
        By key, in the order of their begin.
    """

    def __init__(self, prefix: str, status: MessageStatus) -> None:
        self._prefix = prefix
        self._status = status
        self.standing: dict[str, Alarm] = {}
        self._named: dict[str, _Named] = {}

    def apply(self, signal: AlarmSignal) -> Alarm | None:
        """Let an alarm begin or end; the alarm, or None if the signal changes nothing."""
        return self._begin(signal) if signal.is_begin else self._end(signal)

    def let_time_work(self, now_s: int) -> list[Alarm]:
        """Alarms that came back too soon to be sent, and stand on: they are sent now."""
        due = [alarm for alarm in self.standing.values() if not alarm.is_sent and self._is_due(alarm, now_s)]
        found = [replace(alarm, is_sent=True) for alarm in due]
        for alarm in found:
            self.standing[alarm.key] = alarm
            if (known := self._named.get(alarm.key)) is not None:
                known.sent_s = now_s
        return found

    def _is_due(self, alarm: Alarm, now_s: int) -> bool:
        known = self._named.get(alarm.key)
        return known is None or not 0 <= now_s - known.sent_s < AGAIN_S

    def _begin(self, signal: AlarmSignal) -> Alarm | None:
        if signal.key in self.standing or len(self.standing) >= STANDING_MAX:
            return None
        last = self._named.get(signal.key) or _Named(Naming(), -AGAIN_S)
        is_sent = not 0 <= signal.at_s - last.sent_s < AGAIN_S  # a simulated time may begin anew
        alarm = Alarm(
            signal.key,
            signal.text,
            warning_name(self._prefix, PLACE, signal.key, signal.at_s, last.naming),
            signal.at_s,
            signal.is_blocking,
            is_sent,
            self._status,
            text_zh=signal.text_zh,
        )
        if len(self._named) >= NAMED_MAX:
            self._named = {key: self._named[key] for key in self.standing if key in self._named}
        sent_s = signal.at_s if is_sent else last.sent_s
        self._named[signal.key] = _Named(last.naming.opened(signal.at_s), sent_s)
        self.standing[signal.key] = alarm
        return alarm

    def _end(self, signal: AlarmSignal) -> Alarm | None:
        alarm = self.standing.pop(signal.key, None)
        return None if alarm is None else replace(alarm, ended_s=max(signal.at_s, alarm.begun_s))

    def snapshot(self) -> bytes:
        """State; `restore` of it continues exactly."""
        return msgspec.msgpack.encode(_Snapshot(list(self.standing.values()), self._named))

    def restore(self, state: bytes) -> None:
        """Take up a snapshot. ValueError if it is none."""
        try:
            snapshot = msgspec.msgpack.decode(state, type=_Snapshot)
        except msgspec.MsgspecError as error:
            raise ValueError(f"not a snapshot of alarms: {error}") from None
        self.standing = {alarm.key: alarm for alarm in snapshot.standing}
        self._named = snapshot.named
