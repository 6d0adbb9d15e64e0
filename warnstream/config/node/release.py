"""The sections ``release:`` and ``changes:``: what doors are told by itself, what waits for a person."""

from collections.abc import Mapping
from typing import Annotated

from warnstream.config.settings import ChangePolicy
from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import Section, default, part
from warnstream.config.yaml.value_types import Form, shown
from warnstream.model.hands.orders import AUTOMATIC, MANUAL, HandPolicy, ReleasePolicy, ReleaseRule

CONFIRM_MIN, CONFIRM_MAX = "1min", "2h"
RED_MAX_S = 30 * 60
"""Doors never wait longer than that for red, whatever a county writes: as long as a hand may hide it."""


def release_word() -> Form:
    """``automatic``, ``manual``, or the time within which an officer may decide."""
    between = value_types.duration(CONFIRM_MIN, CONFIRM_MAX)

    def parse(value: object) -> int:
        if value == "automatic":
            return AUTOMATIC
        if value == "manual":
            return MANUAL
        try:
            return int(between.parse(value))
        except ValueError:
            raise ValueError(
                f"expected automatic, manual or a time from {CONFIRM_MIN} to {CONFIRM_MAX} after which it "
                f"goes by itself, got {shown(value)}"
            ) from None

    schema = {"anyOf": [{"enum": ["automatic", "manual"]}, dict(between.schema)]}
    words = f"`automatic`, `manual`, or a time from {CONFIRM_MIN} to {CONFIRM_MAX}"
    return Form(parse, schema, words)


class LevelsSection(Section):
    """Who releases, by level."""

    blue: Annotated[int, release_word()] = default("automatic", description="At level blue.")
    yellow: Annotated[int, release_word()] = default("automatic", description="At level yellow.")
    orange: Annotated[int, release_word()] = default("automatic", description="At level orange.")
    red: Annotated[int, release_word()] = default("automatic", description="At level red.")

    @property
    def seconds(self) -> tuple[int, ...]:
        """By level, none to red; what was never told at a level ends by itself."""
        return AUTOMATIC, self.blue, self.yellow, self.orange, self.red


class RuleSection(Section):
    """Release of one hazard, or of all that have no rule of their own."""

    rise: LevelsSection = part(LevelsSection, "What is observed and confirmed.")
    doubtful: LevelsSection = part(LevelsSection, "What one source says alone, or a forecast.")
    clear: LevelsSection = part(LevelsSection, "The end, by the worst level that doors were told.")

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """Red is never left to somebody who may sleep."""
        return [
            (
                f"{name}.red",
                f"expected automatic or a time up to {RED_MAX_S // 60}min: red does not wait for a person",
            )
            for name in ("rise", "doubtful")
            if (wait_s := getattr(self, name).red) == MANUAL or wait_s > RED_MAX_S
        ]

    @property
    def rule(self) -> ReleaseRule:
        """The section as the machine takes it."""
        return ReleaseRule(self.rise.seconds, self.doubtful.seconds, self.clear.seconds)


class CeilingSection(Section):
    """How long an order may hold a level down at most."""

    red: Annotated[int, value_types.duration("1min", "30min")] = default(
        "30min", description="Where the machine finds red."
    )
    below: Annotated[int, value_types.duration("1min", "2h")] = default(
        "2h", description="Where it finds less; also of a silence."
    )


class ReleaseSection(RuleSection):
    """What doors are told by itself, and how long orders by hand bind. Posts always know at once."""

    hazards: dict[Annotated[str, value_types.code()], RuleSection] = part(
        dict, "Rules of single hazards, by name; what they leave out is automatic."
    )
    second_within_s: Annotated[int, value_types.duration("1min", "30min")] = default(
        "10min", alias="second_within", description="How long red by hand waits for the second person."
    )
    ceiling: CeilingSection = part(CeilingSection, "How long a warning may be lowered or ended by hand.")
    floor_s: Annotated[int, value_types.duration("5min", "24h")] = default(
        "6h", alias="floor", description="How long a warning by hand stands where its order does not say."
    )

    def policy(self) -> ReleasePolicy:
        """Which bulletins wait."""
        return ReleasePolicy(self.rule, {name: section.rule for name, section in self.hazards.items()})

    def hands(self) -> HandPolicy:
        """How long orders bind."""
        return HandPolicy(
            ceiling_red_s=self.ceiling.red,
            ceiling_s=self.ceiling.below,
            floor_s=self.floor_s,
            second_within_s=self.second_within_s,
        )


def unknown_hazards(section: ReleaseSection, hazards: Mapping[str, object]) -> list[str]:
    """Hazards with a rule of release that thresholds.yaml does not have."""
    return sorted(section.hazards.keys() - hazards.keys())


CONCERNS = ("thresholds", "routing", "people", "places", "node")
"""What a change can be about, as `changes.second_person` names it."""


class ChangesSection(Section):
    """What `warnstream reload` asks for before a changed configuration goes live."""

    second_person: list[Annotated[str, value_types.one_of(*CONCERNS)]] = part(
        list,
        "Changes that go live only after another person of operators.csv has signed them: `thresholds`, "
        "`routing` (posts, waits, channels, release, orders, texts), `people` (households, operators), "
        "`places` (stations, villages, zones), `node` (all other keys).",
    )
    reload_wakes_max: Annotated[int, value_types.whole(0, 10_000_000)] = default(
        50, description="Doors that a reload may tell at once; more want `--yes`."
    )
    strict: Annotated[bool, value_types.yes_or_no()] = default(
        False, description="What `check` says to look at, and the live configuration had not, is a fault."
    )

    def policy(self) -> ChangePolicy:
        """As the node uses it."""
        return ChangePolicy(tuple(self.second_person), self.reload_wakes_max, self.strict)
