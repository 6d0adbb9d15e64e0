"""A warning message: one village, one hazard, one version of what people must know."""

from dataclasses import dataclass
from enum import StrEnum

from warnstream.model.changes import Reason
from warnstream.model.level import Level


class MessageType(StrEnum):
    """CAP 1.2 msgType words that warnstream issues."""

    ALERT = "Alert"
    UPDATE = "Update"
    CANCEL = "Cancel"


class MessageStatus(StrEnum):
    """CAP 1.2 status: an exercise is marked in every message and can never pass for a real warning."""

    ACTUAL = "Actual"
    EXERCISE = "Exercise"


class Cause(StrEnum):
    """Why this version of the warning was issued."""

    FIRST = "first"
    RAISED = "raised"
    LOWERED = "lowered"
    ENDED = "ended"
    RENEWED = "renewed"
    SIGHT_LOST = "sight_lost"
    SIGHT_REGAINED = "sight_regained"
    CANCELLED = "cancelled"
    ISSUED_BY_HAND = "issued_by_hand"
    RAISED_BY_HAND = "raised_by_hand"
    LOWERED_BY_HAND = "lowered_by_hand"

    @property
    def opens(self) -> bool:
        """A warning begins."""
        return self in (Cause.FIRST, Cause.ISSUED_BY_HAND)

    @property
    def rises(self) -> bool:
        """A warning begins or becomes worse."""
        return self.opens or self in (Cause.RAISED, Cause.RAISED_BY_HAND)

    @property
    def moves(self) -> bool:
        """The level is another than before, and it still stands."""
        return self.rises or self in (Cause.LOWERED, Cause.LOWERED_BY_HAND)

    @property
    def is_by_hand(self) -> bool:
        """A person has set the level that stands."""
        return self in (Cause.ISSUED_BY_HAND, Cause.RAISED_BY_HAND, Cause.LOWERED_BY_HAND)


@dataclass(frozen=True, slots=True)
class MessageReference:
    """What CAP's ``references`` needs of an earlier message."""

    identifier: str
    sent_s: int


@dataclass(frozen=True, slots=True)
class WarningMessage:
    """One message of one village's warning, Alert to Cancel.

    Attributes
    ----------
    identifier : str
        Unique and deterministic: the same input gives the same identifier on every node.
    warning : str
        Identity of the warning, equal in all its messages.
    version : int
        1 for the Alert, then counting.
    village, hazard, level, previous
        `village` is the index into `Villages`; a Cancel has level NONE.
    msg_type, status, cause
    sent_s, crossed_at_s, expires_s : int
        Engine time of issue; event time of the crossing; end of validity.
    onset_s : int
        When the threshold was or will be reached.
    reason : Reason or None
        None only where nothing was measured (sight lost, a hand, end that all sensors confirm).
    blind : bool
        The village's gauges are silent: the level is held, not confirmed.
    references : tuple of MessageReference
        All earlier messages of this warning, oldest first; empty for an Alert.
    unaffirmed_s : int
        How long the warning has been prolonged without a rise and without the duty officer's word,
        where that is longer than the policy allows; else 0.
    confirmed : bool
        False where the duty officer is to look: what carries the message is doubtful, alone or silent.
    by_hand : bool
        A person has set the level; `reason` is None.
    """

    identifier: str
    warning: str
    version: int
    village: int
    hazard: str
    level: Level
    previous: Level
    msg_type: MessageType
    status: MessageStatus
    cause: Cause
    sent_s: int
    crossed_at_s: int
    onset_s: int
    expires_s: int
    reason: Reason | None
    blind: bool
    references: tuple[MessageReference, ...]
    unaffirmed_s: int = 0
    confirmed: bool = True
    by_hand: bool = False
