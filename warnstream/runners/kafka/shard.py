"""One county as a worker judges it: an entry of its partition in, events out. No I/O.

The same entries give the same events, byte by byte, whichever worker takes them and how often: a worker
that dies is followed by another one from a snapshot. What an event is called does not depend on who tells
it either.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from warnstream import __version__
from warnstream.config.settings import Configuration
from warnstream.model.changes import LevelChange
from warnstream.model.errors import WarnstreamError, describe
from warnstream.model.times import iso_utc
from warnstream.runners.build import Derived, assemble, build_intake
from warnstream.runners.history.start import begin, entry_of
from warnstream.runners.intake.entries import TICK, decode_tick
from warnstream.runners.intake.history_entries import (
    CONFIGURATION,
    ConfigurationEntry,
    decode_configuration,
    encode,
    issued_of,
)
from warnstream.runners.intake.outcome import Outcome
from warnstream.runners.intake.state_file import StateCopy

CHANGE, MESSAGE, ISSUED_EVENT = "change", "message", "issued"
"""Kinds of events: a level changed; a message of a warning; all that a step issued, as a journal has it."""


class OtherConfigurationError(WarnstreamError):
    """From an entry on another configuration judges than this worker has."""

    def __init__(self, number: int, entry: ConfigurationEntry, own: str) -> None:
        super().__init__(
            f"from entry {number} on configuration {entry.fingerprint[:12]} judges, this worker has "
            f"{own[:12]}: copy CONFIG_DIR to it and start it again"
        )


@dataclass(frozen=True, slots=True)
class Event:
    """What an entry led to.

    Attributes
    ----------
    kind : str
    key : str
        Its identity: told again it is the same, with the same value.
    of : int
        Number of the entry.
    value : bytes
    """

    kind: str
    key: str
    of: int
    value: bytes


@dataclass(slots=True)
class Taken:
    """What became of an entry: events, or why it could not be judged; `n_steps` of the engine."""

    events: list[Event]
    error: str = ""
    n_steps: int = 0


class ChangeEvent(msgspec.Struct, frozen=True):
    """A level change as others read it; the village by its code, levels 0 to 4."""

    village: str
    hazard: str
    kind: str
    level: int
    previous: int
    at: str
    crossed_at: str
    confirmed: bool
    reason: object


class Shard:
    """The engine of one county, at one entry of its log.

    Parameters
    ----------
    derived : Derived
        Of the whole configuration.

    Attributes
    ----------
    next : int
        Number of the entry that is to be taken next.
    kept : bool
        It knows rows that the configuration has lost, under warnings that stand.
    """

    def __init__(self, derived: Derived) -> None:
        self._derived, self.configuration = derived, derived.configuration
        self.next, self.kept = 1, False
        self._intake = build_intake(self.configuration, engine=assemble(derived))
        self._people: Configuration = self.configuration
        self._own = entry_of(self.configuration, __version__, 0)

    @property
    def now_s(self) -> int:
        """Engine time; -1 before the first step."""
        return self._intake.now_s

    @property
    def backlog(self) -> int:
        """Readings of long ago that wait for steps."""
        return self._intake.backlog_waiting

    def restore(self, number: int, payload: bytes, *, is_own: bool) -> list[str]:
        """Take up a state that contains every entry up to a number; what of it begins anew.

        `is_own`: the very same configuration and software wrote it, and no row of it is lost.

        Raises
        ------
        ValueError, LookupError
            If it is of no use.
        """
        if is_own:
            notes = self._intake.restore(payload)
            self.next = number + 1
            return notes
        start = begin(self.configuration, self._own, (number, payload), lambda _number: iter(()), [])
        if start.begins_after != number:
            raise ValueError("the snapshot does not fit this configuration and this software")
        for _ in start.replay(()):  # takes up what the snapshot knows of people, too
            pass
        self._intake, self._people = start.intake, start.kept.configuration
        self.kept = bool(start.kept.villages or start.kept.hazards)
        self.next = number + 1
        return start.notes

    def take(self, kind: str, payload: bytes) -> Taken:
        """Judge the next entry; a fault of ours in it is told, and the one after it counts.

        Raises
        ------
        OtherConfigurationError
            If another configuration judges from it on; nothing was taken then.
        """
        number = self.next
        try:
            if self._is_passed_over(number, kind, payload):
                self.next += 1
                return Taken([])
            self.next += 1
            outcome = self._intake.consume(kind, payload)
            return Taken(self._events_of(number, outcome), n_steps=len(outcome.steps))
        except OtherConfigurationError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, it must not silence the county
            self.next = number + 1
            return Taken([], describe(error))

    def copied(self) -> StateCopy:
        """The state after the last entry, in copies that nothing changes."""
        return self._intake.copied()

    def _is_passed_over(self, number: int, kind: str, payload: bytes) -> bool:
        """A time that is over, of a bridge that was thought dead; a configuration that judges already."""
        if kind == TICK:
            return decode_tick(payload) < self._intake.now_s
        if kind != CONFIGURATION:
            return False
        entry = decode_configuration(payload)
        if entry.fingerprint != self.configuration.fingerprint:
            raise OtherConfigurationError(number, entry, self.configuration.fingerprint)
        before = self._intake.configuration
        return bool(before) and entry.is_same_as(decode_configuration(before))

    def _events_of(self, number: int, outcome: Outcome) -> list[Event]:
        """Of every step its changes and messages, then all that it issued."""
        codes = self._people.network.villages.code
        events = [
            event
            for _, step in outcome.steps
            for event in (
                *(_change(number, codes, change) for change in step.assessment.changes),
                *(
                    Event(MESSAGE, f"message/{message.identifier}", number, _message(codes, message))
                    for message in step.effects.messages
                ),
            )
        ]
        asked = [outcome.changed_over] if outcome.changed_over is not None else []
        asked += [step.effects for _, step in outcome.steps]
        desk = self._intake.engine.desk
        for step, effects in enumerate(asked):
            if effects.is_told:
                issued = encode(issued_of(number, step, effects, desk, codes))
                events.append(Event(ISSUED_EVENT, f"issued/{number}/{step}", number, issued))
        return events


def _change(number: int, codes: Sequence[str], change: LevelChange) -> Event:
    code = codes[change.village]
    value = ChangeEvent(
        code,
        change.hazard,
        str(change.kind),
        int(change.level),
        int(change.previous),
        iso_utc(change.at_s),
        iso_utc(change.crossed_at_s),
        change.confirmed,
        change.reason,
    )
    key = f"change/{code}/{change.hazard}/{change.at_s}/{change.kind}"
    return Event(CHANGE, key, number, msgspec.json.encode(value))


def _message(codes: Sequence[str], message: object) -> bytes:
    built = msgspec.to_builtins(message)
    built["village"] = codes[built["village"]]
    return msgspec.json.encode(built)
