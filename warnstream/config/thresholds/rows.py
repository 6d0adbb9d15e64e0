"""Thresholds as rows, and what must agree between them.

Tables must be monotone: a higher level needs more rain or stage, a longer
duration at least as much rain, wetter ground no more than drier.
"""

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from warnstream.config.yaml.quantities import format_duration
from warnstream.model.level import Level
from warnstream.model.network import Places
from warnstream.model.observations.days import DAYS_MAX
from warnstream.model.times import DAY_S

DURATION_S_MIN = 600


CLASSES = ("dry", "medium", "wet")
"""From the driest ground to the wettest; an empty word stands for all of them."""

Report = Callable[[int, str], None]
"""Notes a fault of the threshold with that number: what was expected."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """One row of a table; `station` and `duration_s` are empty and 0 where they have no meaning."""

    line: int
    hazard: str
    village: str
    station: str
    duration_s: int
    level: Level
    value: float
    unit: str
    source: str
    wetness: str = ""


@dataclass(frozen=True, slots=True)
class ClassValue:
    """One threshold of one place: `number` is that of its row, `wetness` a class or empty."""

    number: int
    duration_s: int
    level: Level
    value: float
    wetness: str


def find_unordered(
    rows: Iterable[tuple[int, Level, float]], unit: str, report: Report, *, descending: bool = False
) -> None:
    """Report values that do not fit their neighbours.

    For one duration a higher level needs strictly more; for one level a longer
    duration needs at least as much.

    Parameters
    ----------
    rows : iterable of (int, Level, float)
        Duration in seconds (0 for a stage), level and value of each threshold of one place.
    unit : str
        Unit of the values, for the sentence.
    report : callable
        Called with the number of the row and what was expected of it.
    descending : bool
        A higher level needs strictly less, as of the hours that are left.
    """
    beyond, sign = ("below", -1) if descending else ("above", 1)
    numbered = [(duration_s, level, value, number) for number, (duration_s, level, value) in enumerate(rows)]
    by_duration = sorted(numbered)
    for (duration_s, lower, value, _), (next_s, upper, next_value, number) in itertools.pairwise(by_duration):
        if duration_s == next_s and lower < upper and not sign * next_value > sign * value:
            over = f" over {format_duration(duration_s)}" if duration_s else ""
            expected = f"expected {upper.word}{over} {beyond} {lower.word} ({value:g} {unit})"
            report(number, f"{expected}, got {next_value:g} {unit}")
    by_level = sorted(numbered, key=lambda row: (row[1], row[0], row[3]))
    for (duration_s, level, value, _), (next_s, next_level, next_value, number) in itertools.pairwise(
        by_level
    ):
        if level == next_level and duration_s < next_s and next_value < value:
            shorter, longer = format_duration(duration_s), format_duration(next_s)
            expected = f"expected {level.word} over {longer} at least that over {shorter} ({value:g} {unit})"
            report(number, f"{expected}, got {next_value:g} {unit}")


def check_classes(
    values: Sequence[ClassValue], unit: str, report: Report, *, descending: bool = False
) -> None:
    """Report values of one place that do not fit the others on the same ground, or on drier ground."""
    told: set[tuple[int, str]] = set()
    classes = CLASSES if any(value.wetness for value in values) else ("",)
    for wetness in classes:
        own = of_class(values, wetness)

        def report_once(number: int, expected: str, own: list[ClassValue] = own) -> None:
            if (own[number].number, expected) not in told:
                told.add((own[number].number, expected))
                report(own[number].number, expected)

        rows = ((value.duration_s, value.level, value.value) for value in own)
        find_unordered(rows, unit, report_once, descending=descending)
    if len(classes) > 1:  # else the ground makes no difference
        find_wetter_above_drier(values, unit, report)


def of_class(values: Iterable[ClassValue], wetness: str) -> list[ClassValue]:
    """What holds on ground of a class: its own values, and those of all classes where it has none."""
    found = {(value.duration_s, value.level): value for value in values if not value.wetness}
    found |= {(value.duration_s, value.level): value for value in values if value.wetness == wetness}
    return list(found.values())


def find_wetter_above_drier(values: Sequence[ClassValue], unit: str, report: Report) -> None:
    """Report values of wetter ground that ask for more than those of drier ground."""
    told: set[int] = set()
    for drier, wetter in (("dry", "medium"), ("medium", "wet"), ("dry", "wet")):
        limit = {(value.duration_s, value.level): value for value in of_class(values, drier)}
        for value in of_class(values, wetter):
            below = limit.get((value.duration_s, value.level))
            if below is None or value.value <= below.value:
                continue
            wrong, other, words = (value, below, "at most") if value.wetness else (below, value, "at least")
            if wrong.number in told:
                continue
            told.add(wrong.number)
            over = format_duration(value.duration_s)
            place = drier if value.wetness else wetter
            expected = f"expected {wrong.level.word} over {over} on {wrong.wetness} ground {words} that on"
            report(
                wrong.number,
                f"{expected} {place} ground ({other.value:g} {unit}), got {wrong.value:g} {unit}",
            )


def duration_fault(duration_s: int, longest_s: int | None) -> str:
    """What is wrong with an accumulation time; empty if nothing."""
    if duration_s % 60:
        return f"expected whole minutes, got {format_duration(duration_s)}"
    if duration_s < DURATION_S_MIN:
        return f"expected at least {format_duration(DURATION_S_MIN)}, got {format_duration(duration_s)}"
    if longest_s is None or duration_s <= longest_s:
        return ""
    if duration_s % DAY_S or duration_s > DAYS_MAX * DAY_S:
        longest = f"windows.longest of warnstream.yaml ({format_duration(longest_s)})"
        return (
            f"expected at most {longest}, or whole days up to {DAYS_MAX}d, got {format_duration(duration_s)}"
        )
    return ""


def rows_of_places(rows: list[Threshold], places: Places) -> list[Threshold]:
    """Rows of villages as rows of their zones; a zone with rows of its own for a hazard takes those alone."""
    if not places.is_divided:
        return rows
    own = {(row.hazard, row.village) for row in rows}
    of_village: dict[str, list[str]] = {}
    for code, parent in zip(places.site.code, places.site.parent, strict=True):
        of_village.setdefault(parent, []).append(code)
    return [
        replace(row, village=code)
        for row in rows
        for code in of_village.get(row.village, [row.village])
        if code == row.village or (row.hazard, code) not in own
    ]
