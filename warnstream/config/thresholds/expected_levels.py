"""``expected:`` of a table of rain: what raises a level before its threshold is reached."""

from collections.abc import Collection, Sequence
from typing import Annotated

from pydantic import Field

from warnstream.config.thresholds.context import HazardContext
from warnstream.config.yaml import value_types
from warnstream.config.yaml.quantities import format_duration
from warnstream.config.yaml.sections import Section, default, part
from warnstream.config.yaml.value_types import choice_of
from warnstream.model.level import Level
from warnstream.model.rules.expected import ExpectedLevel


class ExpectedSection(Section):
    """A level that is raised while a threshold is near."""

    of: Annotated[Level, value_types.level()] = Field(description="Level whose thresholds are near.")
    at_least: Annotated[float, value_types.percent(10, 99)] = Field(
        description="Share of a threshold that must have fallen."
    )
    durations: list[Annotated[int, value_types.duration("10min", "60d", whole_minutes=True)]] = part(
        list, "Durations that count; without it all that the level has."
    )
    level_max: Annotated[Level | None, value_types.level()] = default(
        None, description="Highest level that is raised; without it the level itself."
    )

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """What is near raises no more than what it is near to."""
        if self.level_max is None or self.level_max <= self.of:
            return []
        return [("level_max", f"expected {self.of.word} or a level below it")]

    @property
    def value(self) -> ExpectedLevel:
        """As the evaluators read it."""
        return ExpectedLevel(
            self.of, self.level_max or self.of, share=self.at_least, duration_s=tuple(sorted(self.durations))
        )


def check_expected(
    sections: Sequence[ExpectedSection], thresholds: Collection[tuple[Level, int]], context: HazardContext
) -> None:
    """What no threshold is there for would never be compared, and nobody would know."""
    if not context.is_whole:
        return
    for number, section in enumerate(sections):
        over_s = {duration_s for level, duration_s in thresholds if level == section.of}
        if not over_s:
            levels = choice_of([level.word for level in sorted({level for level, _ in thresholds})])
            context.fault(("expected", number, "of"), f"expected a level that has a threshold: {levels}")
            continue
        for index, duration_s in enumerate(section.durations):
            if duration_s not in over_s:
                known = choice_of([format_duration(one_s) for one_s in sorted(over_s)])
                expected = f"expected a duration that {section.of.word} has a threshold for: {known}"
                context.fault(("expected", number, "durations", index), expected)
