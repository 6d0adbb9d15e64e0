"""A rule of the operator's own in thresholds.yaml; its conditions are read by `warnstream.config.rules`."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field

from warnstream.config.thresholds.context import Build, HazardContext
from warnstream.config.thresholds.sections import HazardSection
from warnstream.config.wording import count_of, count_villages
from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import default
from warnstream.model.rules.expressions import RuleTable
from warnstream.model.rules.rules import Thresholds


class RuleSection(HazardSection):
    """A rule of the operator's own; docs/rules.md is its page."""

    evaluator: Literal["rule"] = Field(description="Module of warnstream.hazards that judges it.")
    levels: list[Annotated[Any, value_types.condition()]] = Field(
        min_length=1, description="`level:` and the condition that reaches it."
    )
    areas: list[Annotated[str, value_types.text()]] = Field(
        default_factory=lambda: ["*"],
        min_length=1,
        description="Villages, townships or counties that the rule is for; * for all.",
    )
    values: Annotated[str | None, value_types.text()] = default(
        None, description="CSV file with amounts and sensors by village, for `{column: name}`."
    )
    stale_after_s: Annotated[int, value_types.duration("1min", "90d")] = default(
        "30min", alias="stale_after", description="A sensor silent for longer says nothing."
    )

    def read(self, context: HazardContext) -> Build:
        """Read the conditions and the table of values."""
        return context.rules.read(self, context)

    @staticmethod
    def describe(thresholds: Thresholds, n_villages: int) -> str:
        """Conditions and villages of the rule."""
        assert isinstance(thresholds, RuleTable)
        concerns = thresholds.concerns
        n_concerned = n_villages if concerns is None else int(concerns.sum())
        conditions = count_of(len(thresholds.leaves()), "condition", "conditions")
        return f"{conditions} in {count_villages(n_concerned)}"

    @staticmethod
    def describe_levels(thresholds: Thresholds) -> Iterator[str]:
        """The condition of each level, the lowest first."""
        assert isinstance(thresholds, RuleTable)
        for item in sorted(thresholds.levels, key=lambda item: item.level):
            yield f"{item.level.word} if {item.words}"
