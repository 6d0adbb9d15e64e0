"""``expected:`` of a table of rain: what raises a level before its threshold is reached."""

from collections.abc import Collection, Sequence
from typing import Annotated

from pydantic import Field

from warnstream.config.thresholds.context import HazardContext
from warnstream.config.yaml import value_types
from warnstream.config.yaml.quantities import format_duration
from warnstream.config.yaml.sections import Section, default, part
from warnstream.config.yaml.value_types import choice_of
from warnstream.forecast.chances.features import STEP_S
from warnstream.forecast.chances.table import LEADS
from warnstream.model.forecast import ExpectedLevel
from warnstream.model.level import Level

NO_TABLE = (
    "expected forecast.table or forecast.radar in warnstream.yaml: without one nobody knows a probability"
)
WITHIN_S_MAX = LEADS * STEP_S
PROBABILITY_MIN, PROBABILITY_MAX = 0.05, 0.95


class ExpectedSection(Section):
    """A level that is raised while a threshold is near."""

    of: Annotated[Level, value_types.level()] = Field(description="Level whose thresholds are near.")
    at_least: Annotated[float | None, value_types.percent(10, 99)] = default(
        None, description="Share of a threshold that must have fallen."
    )
    within_s: Annotated[int | None, value_types.duration("15min", "3h", whole_minutes=True)] = default(
        None, alias="within", description="Instead of a share: time in which the threshold will be reached."
    )
    probability: Annotated[float | None, value_types.percent(5, 95)] = default(
        None, description="With at least that probability; beside `within`."
    )
    durations: list[Annotated[int, value_types.duration("10min", "60d", whole_minutes=True)]] = part(
        list, "Durations that count; without it all that the level has."
    )
    level_max: Annotated[Level | None, value_types.level()] = default(
        None, description="Highest level that is raised; without it the level itself."
    )

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """A share or a probability; what is near raises no more than what it is near to."""
        faults = []
        if (self.at_least is None) == (self.probability is None):
            faults.append(("", "expected at_least, or within and probability"))
        if (self.within_s is None) != (self.probability is None):
            faults.append(("within", "expected within and probability together"))
        if self.within_s is not None and self.within_s % STEP_S:
            faults.append(("within", "expected whole quarter hours"))
        if self.level_max is not None and self.level_max > self.of:
            faults.append(("level_max", f"expected {self.of.word} or a level below it"))
        return faults

    @property
    def value(self) -> ExpectedLevel:
        """As the evaluators read it."""
        return ExpectedLevel(
            self.of,
            self.level_max or self.of,
            self.at_least or 0.0,
            tuple(sorted(self.durations)),
            self.within_s or 0,
            self.probability or 0.0,
        )


def check_expected(
    sections: Sequence[ExpectedSection], thresholds: Collection[tuple[Level, int]], context: HazardContext
) -> None:
    """What no threshold is there for would never be compared, and nobody would know."""
    if not context.is_whole:
        return
    for number, section in enumerate(sections):
        if section.probability is not None and context.around.has_chances is False:
            context.fault(("expected", number, "probability"), NO_TABLE)
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
        if section.probability is not None and not any(_is_rolled(one_s, section) for one_s in over_s):
            expected = (
                f"expected a level with a threshold over whole quarter hours, as {section.of.word} has none"
            )
            context.fault(("expected", number, "of"), expected)


def _is_rolled(duration_s: int, section: ExpectedSection) -> bool:
    """Whether a probability compares a duration."""
    return duration_s % STEP_S == 0 and (not section.durations or duration_s in section.durations)


def chance_faults(duration_s: int, within_s: int, probability: float) -> list[tuple[str, str]]:
    """What is wrong with a probability as (key, sentence); an empty key is that of the duration."""
    faults = []
    if duration_s % STEP_S:
        faults.append(("", "expected whole quarter hours: members of the rain to come have such steps"))
    if within_s % STEP_S or within_s > WITHIN_S_MAX:
        faults.append(("within", f"expected whole quarter hours up to {WITHIN_S_MAX // 3600}h"))
    if not PROBABILITY_MIN <= probability <= PROBABILITY_MAX:
        expected = f"expected a probability from {PROBABILITY_MIN:.0%} to {PROBABILITY_MAX:.0%}"
        faults.append(("probability", expected))
    return faults
