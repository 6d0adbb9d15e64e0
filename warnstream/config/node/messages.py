"""Sections `messages` and `routing` of warnstream.yaml: who sends, by when people leave, who is called."""

from typing import Annotated

from pydantic import Field

from warnstream.config.node.forecasts import TransferAheadSection
from warnstream.config.yaml import value_types
from warnstream.config.yaml.quantities import format_duration
from warnstream.config.yaml.sections import Section, default, part
from warnstream.model.level import LEVELS, Level
from warnstream.model.rules.policies import TransferPolicy


class TransferSection(Section):
    """By when people must have left before an orange or red hazard that is expected."""

    policy_s: Annotated[int, value_types.duration("0s", "72h")] = default(
        "6h",
        alias="policy",
        description="So long before an expected orange or red hazard people must have left, as the county "
        "asks.",
    )
    law_s: Annotated[int, value_types.duration("0s", "72h")] = default(
        "3h", alias="law", description="The same, as the law asks; the longer counts."
    )
    night_begins_s: Annotated[int, value_types.duration("0s", "24h")] = default(
        "18h", alias="night_begins", description="Local clock: a hazard at night is left before it begins."
    )
    night_ends_s: Annotated[int, value_types.duration("0s", "24h")] = default(
        "6h", alias="night_ends", description="Local clock at which the night ends."
    )
    walk_s: Annotated[int, value_types.duration("0s", "6h")] = default(
        "20min",
        alias="walk",
        description="Who has less than that before a hazard goes to the nearest safe place, not to the "
        "shelter (a judgement, to be signed by the county).",
    )
    ahead: TransferAheadSection | None = default(
        None,
        description="Rain that asks for a transfer, whose hour is worked out from a model (`forecasts`).",
    )

    @property
    def policy(self) -> TransferPolicy:
        """As the engine uses it."""
        ahead = None if self.ahead is None else self.ahead.policy
        return TransferPolicy(**self.model_dump(exclude={"ahead"}), ahead=ahead)


class MessagesSection(Section):
    """Who sends, in whose name, and how long a message is valid."""

    sender: Annotated[str, value_types.cap_sender()] = Field(
        description="CAP sender, globally unique, without blanks, commas, `<`, `&`, such as "
        "warnings@county.example."
    )
    sender_name: Annotated[str | None, value_types.text()] = default(
        None, description="Office named to people: default the sender."
    )
    status: Annotated[str, value_types.one_of("Actual", "Exercise")] = default(
        "Exercise", description="Only `Actual` warns for real; `Exercise` marks every message."
    )
    validity_s: Annotated[int, value_types.duration("10min", "72h")] = default(
        "6h", alias="validity", description="How long a message holds."
    )
    renew_before_s: Annotated[int, value_types.duration("1min", "24h")] = default(
        "30min",
        alias="renew_before",
        description="How long before its end it is renewed; less than `validity`.",
    )
    web: Annotated[str, value_types.url(empty_allowed=True)] = default(
        "", description="Address that messages point to; empty: none."
    )
    transfer: TransferSection = part(TransferSection, "By when people must have left.")
    extension_limit_s: Annotated[int, value_types.duration("1h", "30d")] = default(
        "24h",
        alias="extension_limit",
        description="A warning prolonged longer without a rise waits for the duty officer, and says so.",
    )

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """A message cannot be renewed before it was sent."""
        if self.renew_before_s < self.validity_s:
            return []
        return [("renew_before", f"expected less than validity ({format_duration(self.validity_s)})")]


class AnswerWithinSection(Section):
    """How soon a duty post must answer, by level."""

    blue: Annotated[int, value_types.duration("1min", "24h")] = default(
        "60min", description="Time of each post to answer before the next rank is called."
    )
    yellow: Annotated[int, value_types.duration("1min", "24h")] = default(
        "30min", description="A worse level never leaves more time."
    )
    orange: Annotated[int, value_types.duration("1min", "24h")] = default(
        "10min", description="At level orange."
    )
    red: Annotated[int, value_types.duration("1min", "24h")] = default("5min", description="At level red.")

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """A worse level leaves no more time."""
        seconds = [getattr(self, level.word) for level in LEVELS]
        return [
            (upper.word, f"expected at most the time of {lower.word} ({format_duration(time_s)})")
            for lower, upper, time_s, next_s in zip(LEVELS, LEVELS[1:], seconds, seconds[1:], strict=False)
            if next_s > time_s
        ]


class RoutingSection(Section):
    """Whom a level concerns."""

    household_level_min: Annotated[Level, value_types.level()] = default(
        "yellow", description="Lowest level at which doors are called."
    )
    chain_level_min: Annotated[Level, value_types.level()] = default(
        "blue", description="Lowest level at which the responsibility chain is called."
    )
    answer_within: AnswerWithinSection = part(
        AnswerWithinSection, "Time of each duty post to answer before the next rank is called."
    )
