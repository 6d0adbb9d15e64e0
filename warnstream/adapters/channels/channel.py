"""What a channel is: it takes a batch of messages and says of each what became of it.

The exercise mark is enforced here, where a message becomes something that can
be sent at all: `OutgoingMessage` puts the mark before the texts of an exercise
that lack it and takes it out of an actual warning, whoever wrote the texts.
No channel can get around it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from warnstream.model.effects import BULLETIN_TYPES, RecipientKind
from warnstream.model.level import Level
from warnstream.model.warning import MessageStatus

EXERCISE_MARK_ZH = "【演练】"
EXERCISE_MARK_EN = "[EXERCISE]"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one message: sent, to be tried again, or refused for good.

    `retry_after_s` is the least wait that the receiving side asked for, 0 if it did not.
    """

    is_sent: bool
    can_retry: bool
    reason: str = ""
    retry_after_s: float = 0.0


SENT = Outcome(is_sent=True, can_retry=False)


def retry(reason: str, retry_after_s: float = 0.0) -> Outcome:
    """Not sent, or nobody knows; trying again can help."""
    return Outcome(is_sent=False, can_retry=True, reason=reason, retry_after_s=retry_after_s)


def refused(reason: str) -> Outcome:
    """Not sent, and trying again cannot help."""
    return Outcome(is_sent=False, can_retry=False, reason=reason)


def with_exercise_mark(text: str, mark: str, status: MessageStatus) -> str:
    """The text with the mark in front in an exercise, and without it anywhere else.

    Examples
    --------
    >>> with_exercise_mark("Move to high ground.", "[EXERCISE]", MessageStatus.EXERCISE)
    '[EXERCISE] Move to high ground.'
    >>> with_exercise_mark("[EXERCISE] Move to high ground.", "[EXERCISE]", MessageStatus.ACTUAL)
    'Move to high ground.'
    """
    if status is MessageStatus.ACTUAL:
        while mark in text:  # taking one out can put another together
            text = text.replace(mark, "").strip()
        return text
    if text.startswith(mark):
        return text
    gap = " " if mark.isascii() else ""
    return f"{mark}{gap}{text}"


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """One message on its way to one recipient; its texts carry the exercise mark exactly in an exercise.

    `token` opens the recipient's answer page; empty for villages, which do not answer.

    `cap_xml` is sent to villages only and empty for everybody else; of a bulletin it is its JSON record.

    Raises
    ------
    ValueError
        If a village's CAP document or record has another status than the message: it
        would pass an exercise for a real warning or the reverse.
    """

    key: str
    message: str
    warning: str
    msg_type: str
    status: MessageStatus
    hazard: str
    level: Level
    village: str
    recipient: str
    kind: RecipientKind
    address: str
    sent_s: int
    expires_s: int
    answer_by_s: int
    token: str
    text_zh: str
    text_en: str
    cap_xml: str

    @property
    def is_bulletin(self) -> bool:
        """It is what a village's doors are told, not a warning of one hazard; its type is the action."""
        return self.msg_type in BULLETIN_TYPES

    def __post_init__(self) -> None:
        marked_zh = with_exercise_mark(self.text_zh, EXERCISE_MARK_ZH, self.status)
        marked_en = with_exercise_mark(self.text_en, EXERCISE_MARK_EN, self.status)
        object.__setattr__(self, "text_zh", marked_zh)
        object.__setattr__(self, "text_en", marked_en)
        if self.kind is not RecipientKind.VILLAGE:
            return
        if self.is_bulletin:
            if f'"status":"{self.status}"' not in self.cap_xml:
                raise ValueError(f"{self.message}: the record does not say status {self.status}")
            return
        if self.status is MessageStatus.ACTUAL:
            unmarked = with_exercise_mark(self.cap_xml, EXERCISE_MARK_ZH, self.status)
            unmarked = with_exercise_mark(unmarked, EXERCISE_MARK_EN, self.status)
            object.__setattr__(self, "cap_xml", unmarked)
        if f"<status>{self.status}</status>" not in self.cap_xml:
            raise ValueError(f"{self.message}: the CAP document does not say status {self.status}")


class Channel(Protocol):
    """One way to reach people. Called from one thread only."""

    batch_max: int
    """Most messages that `send` is given at once; small enough that a batch ends within seconds."""

    def send(self, batch: Sequence[OutgoingMessage]) -> Sequence[Outcome]:
        """Send a batch; the outcome of each message, in the same order.

        A message whose outcome is unknown is `retry`: its key lets the receiver show it once.
        """

    def close(self) -> None:
        """Give back connections."""
