"""What the warning desk asks the world to do, and what people answer.

The desk is pure: it returns `Effects`; runners and adapters carry them out.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from warnstream.model.bulletins import Action, Bulletin
from warnstream.model.digests import Digest
from warnstream.model.warning import WarningMessage


class Answer(StrEnum):
    """What a person can answer. Read or delivered is not an answer."""

    ACKNOWLEDGED = "acknowledged"
    MOVING = "moving"
    SAFE = "safe"
    NEED_HELP = "need_help"


@dataclass(frozen=True, slots=True)
class RecipientAnswer:
    """An answer that arrived: who, to which message, what, when (engine time)."""

    message: str
    recipient: str
    answer: Answer
    at_s: int


@dataclass(frozen=True, slots=True)
class ClockAccepted:
    """The duty officer says that the system's clock is right, whatever jump it made.

    Attributes
    ----------
    operator, note : str
        Who, and why.
    """

    operator: str
    note: str


@dataclass(frozen=True, slots=True)
class OperatorCancel:
    """The duty officer ends a warning by hand, with a reason that is kept."""

    warning: str
    operator: str
    note: str


@dataclass(frozen=True, slots=True)
class OperatorAffirm:
    """The duty officer says that a warning still stands, so that it may be prolonged further."""

    warning: str
    operator: str
    note: str


@dataclass(frozen=True, slots=True)
class Effects:
    """Everything one step of the desk asks for, in order.

    A bulletin is for every household of its village, a digest for one post on all of its channels;
    addresses are implied by the register.
    `to_newcomers` are bulletins of before: who has one is known by its key, the rest get it now.
    `settled` names warnings that changed without a word (the level of one ended by hand is gone):
    nothing to carry out, but a restart has to know. So with `waits`: villages whose doors began, or
    ceased, to wait for an officer.
    """

    messages: list[WarningMessage] = field(default_factory=list)
    bulletins: list[Bulletin] = field(default_factory=list)
    digests: list[Digest] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)
    to_newcomers: list[Bulletin] = field(default_factory=list)
    waits: list[int] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.messages or self.bulletins or self.digests or self.to_newcomers)

    @property
    def is_told(self) -> bool:
        """Whether a restart has to know of the step."""
        return bool(self or self.settled or self.waits)

    @property
    def to_doors(self) -> list[Bulletin]:
        """Every bulletin that doors are to have, of this step or of before."""
        return [*self.bulletins, *self.to_newcomers]


class RecipientKind(StrEnum):
    """What a recipient is; also the order of importance when sending is slow."""

    VILLAGE = "village"
    POST = "post"
    HOUSEHOLD = "household"


VILLAGE_TOPIC_CHANNEL = "village_topic"
"""Built-in channel: the retained CAP messages and the bulletin of each village on the broker."""

OF_HAZARD = "/"
"""Within a recipient of that channel: what follows is a name that the hazard had before."""

DIGEST_TYPE = "digest"
"""What stands in the place of CAP's msgType where a message is a post's digest."""

BULLETIN_TYPES = frozenset(str(action) for action in Action)
"""What stands in the place of CAP's msgType where a message is a bulletin: its action."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One message, bulletin or digest to one recipient over one channel.

    Of a bulletin `warning` is the voice of the village's doors and `version` its sequence in it, so
    that a newer one replaces those that wait, also of an earlier episode; of a digest likewise.

    `key` is the idempotency key: message, recipient, channel. A receiver shows
    a key at most once; a sender may send it again whenever the outcome is unknown.
    `answer_by_s` is 0 where no answer is demanded.
    """

    key: str
    message: str
    warning: str
    version: int
    recipient: str
    kind: RecipientKind
    channel: str
    address: str
    level: int
    answer_by_s: int


@dataclass(frozen=True, slots=True)
class RenderedMessage:
    """A warning message in the forms that channels send.

    `village_code` is the village's code; `cap_xml` a complete CAP 1.2 document;
    texts are short, action first, and begin with the exercise mark in an exercise. `faults` names
    each part that could not be rendered and was replaced by a plain one; empty as a rule.
    """

    message: WarningMessage
    village_code: str
    cap_xml: str
    text_zh: str
    text_en: str
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RenderedBulletin:
    """A bulletin as doors read it, and as JSON for the village's topic.

    `faults` names each text that could not be written and was replaced by a plain one.
    """

    bulletin: Bulletin
    village_code: str
    record: bytes
    text_zh: str
    text_en: str
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RenderedDigest:
    """A digest as a post reads it, and as JSON for its answer page.

    `village_code` is empty where it is about several. `faults` as of a bulletin.
    """

    digest: Digest
    village_code: str
    record: bytes
    text_zh: str
    text_en: str
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PostAnswer:
    """A post answers a digest, named by its identifier."""

    digest: str
    post: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class DoorHelp:
    """A door of a village calls for help."""

    village: int
    door: str
