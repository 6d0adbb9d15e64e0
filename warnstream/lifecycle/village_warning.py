"""The warning of one village and hazard: its state, its level and what has been said so far.

`VillageWarning.take` applies one signal and writes the message that is due.
Versions count up by one, every later message refers to all earlier ones, and
nothing follows a Cancel until a new warning, with a new name, is opened.
"""

from dataclasses import dataclass, field

from warnstream.lifecycle import machine
from warnstream.lifecycle.identity import Naming, message_name, warning_name
from warnstream.lifecycle.machine import Signal, State
from warnstream.model.changes import Change, LevelChange, Reason
from warnstream.model.level import Level
from warnstream.model.rules.policies import MessagePolicy
from warnstream.model.warning import Cause, MessageReference, MessageStatus, WarningMessage


@dataclass(slots=True)
class VillageWarning:
    """One village, one hazard: the warning that stands, or the last one.

    Attributes
    ----------
    village, hazard
        `village` is the index into `Villages`.
    state, level
        `level` is what people were last told; NONE when no warning stands.
    warning : str
        Identity; empty before the first warning.
    version : int
        Of the latest message; 0 before the first.
    crossed_at_s, onset_s, expires_s : int
        As in `WarningMessage`.
    reason : Reason or None
        The last measured reason.
    sent : tuple of MessageReference
        All messages of this warning, oldest first.
    latest : WarningMessage or None
    naming : Naming
    operator, note : str
        Who ended or affirmed the warning by hand, and why; empty otherwise.
    affirmed_s : int
        When it rose last, or the duty officer last said that it stands.
    status : MessageStatus or None
        Of all its messages, as of its opening: a drill that becomes real, or a real warning that ends
        as a drill, must be impossible. None before the first warning and in older snapshots.
    by_hand : bool
        A person has set the level.
    """

    village: int
    hazard: str
    state: State = State.QUIET
    level: Level = Level.NONE
    warning: str = ""
    version: int = 0
    crossed_at_s: int = 0
    onset_s: int = 0
    expires_s: int = 0
    reason: Reason | None = None
    sent: tuple[MessageReference, ...] = ()
    latest: WarningMessage | None = None
    naming: Naming = field(default_factory=Naming)
    operator: str = ""
    note: str = ""
    affirmed_s: int = 0
    status: MessageStatus | None = None
    by_hand: bool = False

    @property
    def is_open(self) -> bool:
        """People are under this warning."""
        return self.state in machine.OPEN_STATES

    def status_under(self, policy: MessagePolicy) -> MessageStatus:
        """Status of its messages: the one it opened with; that of the policy where none is known."""
        return self.status or (self.latest.status if self.latest else policy.status)

    def unaffirmed_s(self, policy: MessagePolicy, now_s: int) -> int:
        """How long it has been prolonged on its own, where that is longer than allowed; else 0."""
        alone_s = now_s - (self.affirmed_s or self.crossed_at_s)
        return alone_s if self.is_open and 0 < policy.extension_s_max < alone_s else 0

    def signals_of(self, change: LevelChange) -> list[Signal]:
        """What a change means for this warning.

        GaugeAvailability regained at a level below the one that was held means two
        signals: it is seen again, and it has fallen meanwhile.

        Raises
        ------
        ImpossibleSignalError
            If a rise does not rise, or a fall does not fall, from what people were told.
        """
        fallen = Signal.FALL if change.level else Signal.CLEAR
        if change.kind is Change.SIGHT_LOST:
            return [Signal.SIGHT_LOST]
        if change.kind is Change.SIGHT_REGAINED:
            return [Signal.SIGHT_REGAINED, *([fallen] if self.is_open and change.level < self.level else [])]
        is_rise = change.kind is Change.RISE
        agrees = change.level > self.level if is_rise else change.level < self.level or not self.is_open
        if not agrees:
            raise machine.ImpossibleSignalError(
                f"a {change.kind} to {change.level.word} of {self.hazard} in village {self.village}, "
                f"where people were told {self.level.word}"
            )
        return [Signal.RISE if is_rise else fallen]

    def take(
        self,
        signal: Signal,
        change: LevelChange | None,
        *,
        village_code: str,
        policy: MessagePolicy,
        now_s: int,
    ) -> WarningMessage | None:
        """Apply one signal; the message that is due, or None.

        Raises
        ------
        ImpossibleSignalError
            If the signal cannot happen in this state; nothing has changed then.
        """
        state, cause = machine.step(self.state, signal)
        self.state = state
        if cause is None:
            return None
        if cause.opens and change is not None:
            self._open(change, village_code, policy)
        previous = self.level
        self._follow(cause, change)
        if cause.rises:
            self.affirmed_s = now_s
        return self._write(cause, previous, policy, now_s)

    def _open(self, change: LevelChange, village_code: str, policy: MessagePolicy) -> None:
        crossed_at_s = change.crossed_at_s
        self.warning = warning_name(policy.prefix, village_code, self.hazard, crossed_at_s, self.naming)
        self.naming = self.naming.opened(crossed_at_s)
        self.version, self.sent, self.operator, self.note = 0, (), "", ""
        self.status = policy.status

    def _follow(self, cause: Cause, change: LevelChange | None) -> None:
        """Level, times and reason after a signal."""
        if cause in (Cause.ENDED, Cause.CANCELLED):
            self.level = Level.NONE
        if change is None:
            return
        if cause.moves:
            self.by_hand = cause.is_by_hand
            self.level, self.crossed_at_s, self.reason = change.level, change.crossed_at_s, change.reason
        if cause.rises:
            self.onset_s = change.crossed_at_s + (change.reason.onset_after_s if change.reason else 0)
        if cause is Cause.ENDED:
            self.crossed_at_s, self.reason = change.crossed_at_s, change.reason
        if cause is Cause.SIGHT_REGAINED and change.reason is not None:
            self.reason = change.reason

    def _write(self, cause: Cause, previous: Level, policy: MessagePolicy, now_s: int) -> WarningMessage:
        self.version += 1
        self.expires_s = now_s + policy.validity_s
        # An end has a reason only where a sensor that raised the warning is silent.
        is_measured = cause is Cause.ENDED or (self.is_open and self.state is not State.HELD)
        reason = self.reason if is_measured else None
        message = WarningMessage(
            identifier=message_name(self.warning, self.version),
            warning=self.warning,
            version=self.version,
            village=self.village,
            hazard=self.hazard,
            level=self.level,
            previous=previous,
            msg_type=machine.MESSAGE_TYPE[cause],
            status=self.status_under(policy),
            cause=cause,
            sent_s=now_s,
            crossed_at_s=self.crossed_at_s,
            onset_s=self.onset_s,
            expires_s=self.expires_s,
            reason=reason,
            blind=self.state is State.HELD,
            references=self.sent,
            unaffirmed_s=self.unaffirmed_s(policy, now_s),
            confirmed=self.state is not State.HELD and (reason is None or reason.confirmed),
            by_hand=self.is_open and self.by_hand,
        )
        self.sent = (*self.sent, MessageReference(message.identifier, now_s))
        self.latest = message
        return message
