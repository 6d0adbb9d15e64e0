"""What a channel is: it takes a batch of messages, says of each what became of it, and hears what comes back.

The exercise mark is enforced here, where a message becomes something that can
be sent at all: `OutgoingMessage` puts the mark before the texts of an exercise
that lack it and takes it out of an actual warning, whoever wrote the texts.
No channel can get around it.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from warnstream.adapters.mqtt.publisher import Publish
from warnstream.delivery.dispatch.outcome import Outcome
from warnstream.model.digests import FieldReport
from warnstream.model.effects import BULLETIN_TYPES, DIGEST_TYPE, Answer, RecipientKind
from warnstream.model.level import Level
from warnstream.model.rules.policies import RetryPolicy
from warnstream.model.warning import MessageStatus, MessageType

EXERCISE_MARK_ZH = "【演练】"
EXERCISE_MARK_EN = "[EXERCISE]"


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

    `token` opens the recipient's answer page, `answer_url` is that page's address; both are empty for
    villages, which do not answer, the address also where the node does not know how people reach it.
    `late_s` is how long after its issue the message leaves, 0 while that is in time.

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
    answer_url: str = ""
    late_s: int = 0

    @property
    def is_bulletin(self) -> bool:
        """It is what a village's doors are told, not a warning of one hazard; its type is the action."""
        return self.msg_type in BULLETIN_TYPES

    @property
    def action(self) -> str:
        """What a bulletin asks of people, or that it is a post's digest; empty for messages of a warning."""
        return self.msg_type if self.is_bulletin or self.msg_type == DIGEST_TYPE else ""

    @property
    def cap_type(self) -> str:
        """CAP's word for it: a bulletin or digest is the first of its sequence, a later one or the end."""
        if not self.action:
            return self.msg_type
        if self.level is Level.NONE:
            return str(MessageType.CANCEL)
        is_first = self.message.endswith(".1")
        return str(MessageType.ALERT if is_first else MessageType.UPDATE)

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


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What channels are made in: the way to the broker, the folder of the configuration, the terminal.

    `storage` is the folder of what the node keeps. `write_line` is where terminal channels write; None is
    the node's log. `channel` is the name of the one that is made.
    """

    topic_prefix: str
    publish: Publish
    directory: Path
    storage: Path
    write_line: Callable[[str], None] | None = None
    channel: str = ""


class Inbound(Protocol):
    """What comes back over a channel. May be called from any thread."""

    def delivered(self, key: str) -> None:
        """The recipient's device has shown, or a person has heard, the notification of that key.

        A key that nobody knows is passed over.

        Raises
        ------
        StoreError
            If it cannot be kept: report it again.
        """

    def undelivered(self, key: str, reason: str) -> None:
        """The channel took the notification of that key, and it will not reach its recipient.

        Nothing happens for a key that nobody knows or whose recipient has it after all.

        Raises
        ------
        StoreError
            If it cannot be kept: report it again.
        """

    def unread(self, channel: str, recipients: Sequence[str], text: str, why: str) -> None:
        """A reply that no rule understands, or that wants more than one does: a person has to read it.

        Parameters
        ----------
        channel : str
        recipients : sequence of str
            Who may have written; empty if that is not known.
        text, why : str
            What is written, and why it is for a person.
        """

    def answered(self, token: str, answer: Answer) -> bool:
        """What the recipient replied, by the token of the message; False if the token is not ours.

        Raises
        ------
        StoreError
            If it cannot be kept: report it again.
        """

    def reported(self, token: str, report: FieldReport) -> str:
        """What the recipient reported beside an answer, by the token of the message.

        Why it cannot be counted, in words for a person; empty if it is. The sender is whoever was sent
        the message, whatever `report` says.

        Raises
        ------
        StoreError
            If it cannot be kept: report it again.
        """


class Channel(Protocol):
    """One way to reach people; everything but the making of it happens in one thread.

    A channel may raise whatever it likes: its batch is tried again, message by message, and
    no other channel notices. It must come back from `send` by itself within its own time limit.
    """

    batch_max: int
    """Most messages that `send` is given at once; small enough that a batch ends within seconds."""

    def open(self, inbound: Inbound) -> None:
        """Get ready to send; called once before the first batch, and again if it raises.

        Parameters
        ----------
        inbound : Inbound
            Takes receipts and replies, for channels that hear any.
        """

    def send(self, batch: Sequence[OutgoingMessage]) -> Sequence[Outcome]:
        """Send a batch; the outcome of each message, in the same order.

        A message whose outcome is unknown is `retry`: its key lets the receiver show it once.
        One recipient's fault never changes the outcome of another.
        """

    def close(self) -> None:
        """Give back connections; also if it was never opened."""


@dataclass(frozen=True, slots=True)
class LinkFault:
    """Why a channel that hears receipts and replies hears none, and for how long, in seconds."""

    reason: str
    lasts_s: float


@runtime_checkable
class Linked(Protocol):
    """A channel that keeps a connection also while nothing is to be sent; it is opened at the start."""

    def link_fault(self) -> LinkFault | None:
        """Why nothing can come back now; None if it can. From any thread."""


@dataclass(frozen=True, slots=True)
class ConfiguredChannel:
    """A channel with how often it tries and from when on its messages are late, seconds after their issue.

    `expected_per_s` is how many a second it will send, where its keys tell; `hand_on_after_s` how long it may
    be held before doors that have another way are told by that.
    """

    channel: Channel
    retry: RetryPolicy
    late_after_s: float = math.inf
    expected_per_s: float | None = None
    hand_on_after_s: float = math.inf
