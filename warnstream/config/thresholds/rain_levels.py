"""Rain over durations: levels of thresholds.yaml for all villages, rows of the table for single ones.

A village that has rows of its own for a hazard is judged by those alone; the
others by the `levels` of thresholds.yaml.
"""

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import Field

from warnstream.config.thresholds.context import HazardContext
from warnstream.config.thresholds.rows import ClassValue, Threshold, check_classes, duration_fault
from warnstream.config.wording import count_villages
from warnstream.config.yaml import value_types
from warnstream.config.yaml.quantities import format_duration
from warnstream.config.yaml.sections import Section
from warnstream.config.yaml.tree import Location
from warnstream.model.arrays import Float64Array
from warnstream.model.level import LEVELS, Level
from warnstream.model.network import Villages
from warnstream.model.rules.rules import CriticalRain


class RainLevelSection(Section):
    """Rain that reaches a level."""

    level: Annotated[Level, value_types.level()] = Field(description="Level that is reached.")
    duration_s: Annotated[int, value_types.duration("10min", "60d", whole_minutes=True)] = Field(
        alias="duration", description="Accumulation time; beyond `windows.longest` kept by days."
    )
    rain_mm: Annotated[float, value_types.decimal(0, 5000, above=True)] = Field(
        description="Rain over the duration that reaches the level, mm."
    )


def check_rain_levels(levels: Sequence[RainLevelSection], context: HazardContext) -> None:
    """Durations, duplicates and order of the levels in thresholds.yaml."""

    def fault(number: int, key: str, expected: str) -> None:
        at: Location = ("levels", number, key) if key else ("levels", number)
        context.fault(at, expected)

    first: dict[tuple[int, int, str], int] = {}
    values = []
    for number, level in enumerate(levels):
        wetness = getattr(level, "wetness", None) or ""
        values.append(ClassValue(number, level.duration_s, level.level, level.rain_mm, wetness))
        wrong = duration_fault(level.duration_s, context.around.longest_s)
        if wrong:
            fault(number, "duration", wrong)
        earlier = first.setdefault((level.duration_s, level.level, wetness), number)
        if earlier != number:
            fault(number, "", f"duplicate threshold, first in levels[{earlier}]")
    check_classes(values, "mm", lambda number, expected: fault(number, "rain_mm", expected))


def levels_over(levels: Sequence[RainLevelSection], rows: Sequence[Threshold]) -> set[tuple[Level, int]]:
    """Levels and durations in seconds that a table has any value for."""
    general = {(level.level, level.duration_s) for level in levels}
    return general | {(row.level, row.duration_s) for row in rows}


def critical_rain(
    levels: Sequence[RainLevelSection],
    rows: Sequence[Threshold],
    villages: Villages,
    wetness: str = "",
) -> CriticalRain:
    """Values over all places; of ground of one class, its own before those of all."""
    durations_s = sorted({duration_s for _, duration_s in levels_over(levels, rows)})
    column = {duration_s: index for index, duration_s in enumerate(durations_s)}
    default: Float64Array = np.full((len(durations_s), len(LEVELS)), np.nan)
    for level in sorted(levels, key=lambda level: getattr(level, "wetness", None) or ""):
        if (getattr(level, "wetness", None) or wetness) != wetness:
            continue
        default[column[level.duration_s], level.level - 1] = level.rain_mm
    critical_mm = np.repeat(default[np.newaxis], len(villages), axis=0)
    village_of_code = villages.index_of_code()
    critical_mm[[village_of_code[row.village] for row in rows]] = np.nan
    for row in sorted(rows, key=lambda row: row.wetness):
        if (row.wetness or wetness) != wetness:
            continue
        critical_mm[village_of_code[row.village], column[row.duration_s], row.level - 1] = row.value
    return CriticalRain(np.array(durations_s, dtype=np.int32), critical_mm)


def describe_rain(table: CriticalRain) -> str:
    """Durations of a table, and how many villages have any value."""
    over = ", ".join(format_duration(int(duration_s)) for duration_s in table.duration_s)
    return f"rain over {over} in {count_villages(int(table.defined(0).any(axis=1).sum()))}"
