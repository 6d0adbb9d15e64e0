"""What the outbox hands out: claims, counts, who has not answered."""

from dataclasses import dataclass

from warnstream.model.effects import Answer, RecipientKind
from warnstream.model.level import Level

KEY_SEPARATOR = "|"


KINDS = (RecipientKind.VILLAGE, RecipientKind.POST, RecipientKind.HOUSEHOLD)
"""Order of importance; the place in it is stored."""

RANK_OF_KIND = {kind: rank for rank, kind in enumerate(KINDS)}

ANSWERS = (Answer.ACKNOWLEDGED, Answer.MOVING, Answer.SAFE, Answer.NEED_HELP)
"""Ascending: an answer may only rise, so a call for help stays until people have dealt with it."""

RANK_OF_ANSWER = {answer: rank for rank, answer in enumerate(ANSWERS, start=1)}


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message or bulletin as channels need it.

    Of a bulletin `msg_type` is its action, `warning` the voice of its village, `hazard` the leading
    hazard, and `cap_xml` its record: JSON for the village's topic.
    """

    identifier: str
    warning: str
    version: int
    village: str
    hazard: str
    level: int
    msg_type: str
    status: str
    sent_s: int
    expires_s: int
    cap_xml: str
    text_zh: str
    text_en: str


ALARM_TYPE = "Alarm"
"""`msg_type` of messages that are no warning but an alarm of the node itself."""

TEST_TYPE = "Test"
"""`msg_type` of test calls: no warning, and nobody owes more than to show that the way works."""


@dataclass(frozen=True, slots=True)
class AlarmNotice:
    """The begin (version 1) or end (version 2) of an alarm of the node, as posts read it; or a test call."""

    name: str
    version: int
    status: str
    at_s: int
    expires_s: int
    text_zh: str
    text_en: str
    level: Level = Level.RED
    answer_by_s: int = 0
    msg_type: str = ALARM_TYPE


@dataclass(frozen=True, slots=True)
class Claimed:
    """A notification that its channel now has to send.

    `number` names the row or the door (answer links carry it); `attempt` counts from 1 and
    includes the one to be made now.
    """

    number: int
    key: str
    message: StoredMessage
    recipient: str
    kind: RecipientKind
    channel: str
    address: str
    level: int
    answer_by_s: int
    attempt: int


@dataclass(frozen=True, slots=True)
class Addressed:
    """What an answer page shows: the message one recipient got, and the newest answer given to it.

    `current` is what is to be read: of a bulletin the village's newest one, whatever link was opened.
    """

    message: StoredMessage
    recipient: str
    last_answer: Answer | None
    current: StoredMessage


def split_key(key: str) -> tuple[str, str, str]:
    """Message, recipient and channel of an idempotency key.

    Raises
    ------
    ValueError
        If it is not three parts joined by ``|``.

    Examples
    --------
    >>> split_key("ws.V1.flash_flood.20240101T000000Z.1|H7|sms")
    ('ws.V1.flash_flood.20240101T000000Z.1', 'H7', 'sms')
    """
    parts = key.rsplit(KEY_SEPARATOR, 2)
    if len(parts) != 3 or not all(parts):
        raise ValueError(f"{key!r} is not a notification key: message|recipient|channel")
    return parts[0], parts[1], parts[2]


@dataclass(frozen=True, slots=True)
class Reach:
    """Recipients of one kind over all warnings: addressed, reached by at least one message, answered."""

    addressed: int
    reached: int
    answered: int
