"""suggestion.csv, in the form of thresholds.csv with every row of the hazard, and suggestion.json."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np

from warnstream.config.yaml.quantities import format_duration
from warnstream.model.level import LEVELS, Level
from warnstream.model.network import Places
from warnstream.model.rules.rules import CriticalRain, HazardRule
from warnstream.review.suggest.suggestion import Suggested, Suggestion

SCHEMA = "warnstream-suggestion/1"
COLUMNS = ("village", "hazard", "duration", "level", "value", "unit", "station", "source")


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked: of which hazard, duration and level, with which wish in words."""

    rule: HazardRule
    duration_s: int
    level: Level
    wish: str


def csv_text(suggestions: Sequence[Suggestion], asked: Asked, places: Places, table: CriticalRain) -> str:
    """Rows of every place that something is suggested for: the new value and all others as they are.

    A village that has rows is judged by its rows alone, so those of its other levels stand beside it.
    """
    found = {village.code: (village, region) for region in suggestions for village in region.villages}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for place, code in enumerate(places.site.code):
        if code in found and found[code][0].value_mm is not None:
            writer.writerows(_rows(code, place, found[code], asked, table))
    return out.getvalue()


def _rows(
    code: str, place: int, found: tuple[Suggested, Suggestion], asked: Asked, table: CriticalRain
) -> Iterator[tuple[str, ...]]:
    one, region = found
    for column, duration_s in enumerate(table.duration_s.tolist()):
        for level in LEVELS:
            value = float(table.critical_mm[place, column, level - 1])
            is_new = (duration_s, level) == (asked.duration_s, asked.level)
            source = source_of(one, region, asked) if is_new else asked.rule.source
            value = one.value_mm if is_new and one.value_mm is not None else value
            if not isnan(value):
                yield (
                    code,
                    asked.rule.name,
                    format_duration(duration_s),
                    level.word,
                    f"{value:g}",
                    "mm",
                    "",
                    source,
                )


def source_of(one: Suggested, region: Suggestion, asked: Asked) -> str:
    """Method, years, interval: what a reader of the table has to know."""
    high = "above" if one.high_mm is None else f"{one.high_mm:g}"
    low = "below" if one.low_mm is None else f"{one.low_mm:g}"
    return (
        f"warnstream suggest: {asked.wish}; gamma-Poisson over {region.region} "
        f"({region.n_villages} villages, {region.first_year}-{region.last_year}); 90 % {low} to {high} mm"
    )


def out_of_order(
    suggestions: Sequence[Suggestion], asked: Asked, places: Places, table: CriticalRain
) -> list[str]:
    """Suggested values that do not stand between those of the levels below and above, in words."""
    number = {code: place for place, code in enumerate(places.site.code)}
    column = int(np.flatnonzero(table.duration_s == asked.duration_s)[0])
    said = []
    for region in suggestions:
        for village in region.villages:
            if village.value_mm is None:
                continue
            of_place = table.critical_mm[number[village.code], column]
            lower = [
                float(mm) for mm in of_place[: asked.level - 1] if not isnan(mm) and mm >= village.value_mm
            ]
            upper = [float(mm) for mm in of_place[asked.level :] if not isnan(mm) and mm <= village.value_mm]
            said += [
                f"{village.code}: {village.value_mm:g} mm is not above a lower level's {mm:g}" for mm in lower
            ]
            said += [
                f"{village.code}: {village.value_mm:g} mm is not below a higher level's {mm:g}"
                for mm in upper
            ]
    return said


def as_dict(
    suggestions: Sequence[Suggestion], asked: Asked, missed: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Everything as JSON values; unknown numbers are None."""
    return {
        "schema": SCHEMA,
        "hazard": asked.rule.name,
        "level": asked.level.word,
        "duration_s": asked.duration_s,
        "wish": asked.wish,
        "regions": [_known(asdict(suggestion)) for suggestion in suggestions],
        "events": list(missed),
    }


def _known(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _known(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_known(item) for item in value]
    if isinstance(value, float):
        return None if isnan(value) else round(value, 4)
    return value


def write_suggestion(directory: Path, table: str, record: dict[str, Any]) -> list[Path]:
    """Write both files; equal archives give equal bytes."""
    directory.mkdir(parents=True, exist_ok=True)
    text = json.dumps(record, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    files = {directory / "suggestion.csv": table, directory / "suggestion.json": text}
    for path, content in files.items():
        path.write_text(content, encoding="utf-8")
    return list(files)
