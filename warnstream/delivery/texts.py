"""What every language's texts are made of: the parts of a message, names made clean and short, numbers.

A language is one module (`texts_zh`, `texts_en`): its words and a function from `MessageParts` to
`Texts`, and its entry in `LANGUAGES` of `warnstream.delivery.render`. Names that come from tables
are cleaned of control characters and cut to a length, whatever a spreadsheet contained. What a
renderer cannot write is replaced by `warnstream.delivery.plain`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from warnstream.delivery.transfer import transfer_deadline_s
from warnstream.model.bulletins import TRANSFER
from warnstream.model.changes import Fact, Reason
from warnstream.model.level import Level
from warnstream.model.network import Network
from warnstream.model.rules.indicators import INDICATOR_OF_WORD, IndicatorInfo
from warnstream.model.rules.policies import MessagePolicy
from warnstream.model.rules.rules import HazardRule
from warnstream.model.times import HOUR_S, UTC, TimeZone, clock_local
from warnstream.model.warning import MessageStatus, MessageType, WarningMessage

NAME_MAX = 14
"""Longest name of a place, hazard or station in a text; longer ones are cut with an ellipsis."""


def indicator_info(word: str) -> IndicatorInfo | None:
    """What is known of a fact's indicator; None of facts that are none, such as ``travel``."""
    indicator = INDICATOR_OF_WORD.get(word)
    return None if indicator is None else indicator.info


@dataclass(frozen=True, slots=True)
class Texts:
    """One language's parts of a message; `text` is what a phone or a loudspeaker gets.

    `event` is the hazard's name, `place` the village, `headline` one line for a
    list, `why` the measured reason, `action` what to do.
    """

    event: str
    place: str
    headline: str
    why: str
    action: str
    text: str


@dataclass(frozen=True, slots=True)
class Title:
    """A name in the languages that the tables have; another language takes the English one."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class ReasonParts:
    """What was measured, without words.

    Attributes
    ----------
    reason : Reason
    signs : tuple of Title
        What people have seen.
    clock : str
        Local hours and minutes of the last reading used.
    time_zone : TimeZone
        Of the local clock.
    """

    reason: Reason
    signs: tuple[Title, ...]
    clock: str
    time_zone: TimeZone = UTC

    def facts_of(self, indicator: str) -> tuple[Fact, ...]:
        """Facts of one kind, in their order."""
        return tuple(fact for fact in self.reason.facts if fact.indicator == indicator)

    @property
    def is_seen(self) -> bool:
        """Whether the station itself has observed the value, if only the village awaits what it means."""
        comes_from_upstream = bool(self.facts_of("travel"))
        return self.reason.is_observed or (comes_from_upstream and self.reason.forecast_value == 0)

    @property
    def reaches(self) -> bool:
        """Whether the value is at or beyond its threshold; of times to failure shorter ones are beyond."""
        info = indicator_info(self.reason.indicator)
        if info is not None and info.fewer_is_worse:
            return self.reason.value <= self.reason.threshold
        return self.reason.value >= self.reason.threshold


@dataclass(frozen=True, slots=True)
class MessageParts:
    """A warning message without words: everything that the texts of any language say.

    Attributes
    ----------
    message : WarningMessage
    event : Title
        The hazard's name.
    village, township, county : str
        As the tables have them, uncut.
    sender : str
        Who warns, clean.
    level : Level
        The level that stands, or the one that has ended.
    reason : ReasonParts or None
        None where nothing was measured.
    deadline_s : int or None
        By when to have left; None unless an orange or red hazard is expected and not there yet.
    time_zone : TimeZone
        Of the local clock.
    is_relayed : bool
        Another service issues such warnings.
    """

    message: WarningMessage
    event: Title
    village: str
    township: str
    county: str
    sender: str
    level: Level
    reason: ReasonParts | None
    deadline_s: int | None
    time_zone: TimeZone
    is_relayed: bool = False

    @property
    def is_exercise(self) -> bool:
        """Every text of an exercise begins with its mark."""
        return self.message.status is MessageStatus.EXERCISE

    @property
    def is_of_one_gauge(self) -> bool:
        """One gauge alone says so, against whole, dry neighbours: the first words of every text."""
        return self.reason is not None and self.reason.reason.lone_gauge

    @property
    def is_end(self) -> bool:
        """The warning is over."""
        return self.message.msg_type is MessageType.CANCEL

    @property
    def unaffirmed_h(self) -> int:
        """Whole hours that nobody has looked at the warning for longer than allowed; 0 as a rule."""
        return self.message.unaffirmed_s // HOUR_S

    @property
    def is_deadline_past(self) -> bool:
        """Whether the time to have left was over when the message was issued."""
        return self.deadline_s is not None and self.deadline_s <= self.message.sent_s


@dataclass(frozen=True, slots=True)
class PlainWords:
    """Words of the text that is sent when a renderer failed (`warnstream.delivery.plain`).

    `actions` and `colours` are by level, 0 to 4; the first action is the all clear.
    """

    mark: str
    warning: str
    stop: str
    colours: tuple[str, str, str, str, str]
    actions: tuple[str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class Language:
    """One language: its tag in CAP, what writes its texts, and its words if that fails."""

    tag: str
    texts: Callable[[MessageParts], Texts]
    plain: PlainWords


def parts_of(
    message: WarningMessage, network: Network, rules: Sequence[HazardRule], policy: MessagePolicy
) -> MessageParts:
    """What a message says, without words."""
    villages, village = network.villages, message.village
    reason = message.reason
    return MessageParts(
        message=message,
        event=title_of(message.hazard, rules),
        village=villages.name[village],
        township=villages.township[village],
        county=villages.county[village],
        sender=clean(policy.sender_name),
        level=message.level or message.previous,
        reason=None if reason is None else reason_parts(reason, policy),
        deadline_s=_deadline_s(message, policy),
        time_zone=policy.time_zone,
        is_relayed=any(rule.is_relayed for rule in rules if rule.name == message.hazard),
    )


def reason_parts(reason: Reason, policy: MessagePolicy) -> ReasonParts:
    """What was measured, with the names of signs and the local clock."""
    kinds = [fact.note for fact in reason.facts if fact.indicator == "sign"]
    signs = tuple(Title(*policy.title_of_sign(kind)) for kind in kinds)
    clock = clock_local(reason.observed_until_s, policy.time_zone)
    return ReasonParts(reason, signs, clock, policy.time_zone)


def title_of(hazard: str, rules: Sequence[HazardRule]) -> Title:
    """Name of a hazard; its own name where no rule has one."""
    if hazard == TRANSFER:
        return Title("转移令", "Transfer")
    for rule in rules:
        if rule.name == hazard:
            return Title(clean(rule.title_zh) or hazard, clean(rule.title_en) or hazard)
    return Title(clean(hazard), clean(hazard))


def _deadline_s(message: WarningMessage, policy: MessagePolicy) -> int | None:
    reason = message.reason
    if message.level < Level.ORANGE or reason is None or reason.is_observed:
        return None
    ahead_s = reason.lead_s
    if (expected := reason.expected) is not None:
        if not expected.amount_mm or expected.onset_early_s < 0:
            return None  # neither a share nor a nowcast's probability reaches as far as a transfer takes
        ahead_s = expected.onset_early_s
    onset_s = reason.observed_until_s + ahead_s
    return transfer_deadline_s(onset_s, policy.transfer, policy.time_zone)


def clean(text: str) -> str:
    r"""Text without control, format and unassigned characters; runs of blanks become one.

    >>> clean("Upper\x00  village\u202e\n")
    'Upper village'
    """
    if not text.isprintable():  # a tenth of the cost of looking at each character
        text = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(text.split())


def short(text: str, length_max: int = NAME_MAX) -> str:
    """A clean name, cut with an ellipsis if it is longer."""
    name = clean(text)
    return name if len(name) <= length_max else name[: length_max - 1] + "…"


def number(value: float, unknown: str) -> str:
    """A measured number with at most two decimals; a value nobody has is called unknown.

    >>> number(52.30000001, "unknown"), number(80.0, "unknown"), number(float("nan"), "unknown")
    ('52.3', '80', 'unknown')
    """
    if not np.isfinite(value) or abs(value) >= 1e6:
        return unknown
    return f"{value:.2f}".rstrip("0").rstrip(".")
