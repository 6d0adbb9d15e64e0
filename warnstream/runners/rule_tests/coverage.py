"""Which thresholds raised a level in some test, and which in none.

A threshold counts where a level rose and its reason named it. That is less than "was reached": two rows that
are reached at once raise one level by one of them, and the other could be wrong without any test noticing.
The points of a line between two amounts (soil water and rain) count together, level by level.
"""

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from warnstream.config.faults import FaultLog
from warnstream.config.load import THRESHOLDS_FILE
from warnstream.config.rule_tests.read import TestFile
from warnstream.config.yaml.quantities import parse_duration_s
from warnstream.config.yaml.tree import Location, YamlTree, entries_under, path_text, read_yaml
from warnstream.model.changes import Change
from warnstream.model.times import DAY_S
from warnstream.runners.rule_tests.suite import Outcome

SHOWN_MAX = 40
"""So many rows without a test are listed of each file."""

_LINE_KEY = "soil_water_mm"
_NO_AMOUNTS = frozenset({"duration", "days", "level"})
RELATIVE_ERROR = 1e-6


@dataclass(frozen=True, slots=True)
class Row:
    """A threshold as written.

    `duration_s` is 0 and `amounts` empty where any fits; `village` is empty where the row is of all.
    """

    file: str
    line: int
    words: str
    hazard: str
    level: str
    duration_s: float
    amounts: tuple[float, ...]
    village: str = ""


@dataclass(frozen=True, slots=True)
class Raise:
    """A level that rose in a test, and by what."""

    hazard: str
    village: str
    level: str
    duration_s: int
    threshold: float

    def is_by(self, row: Row) -> bool:
        """Whether the reason named this row."""
        return (
            (self.hazard, self.level) == (row.hazard, row.level)
            and row.village in ("", self.village)
            and (not row.duration_s or row.duration_s == self.duration_s)
            and (
                not row.amounts
                or any(math.isclose(self.threshold, amount, rel_tol=RELATIVE_ERROR) for amount in row.amounts)
            )
        )


def coverage_lines(directory: Path, outcomes: Sequence[Outcome]) -> Iterator[str]:
    """For each file with thresholds how many of them raised a level, and those that did not.

    Parameters
    ----------
    directory : Path
        CONFIG_DIR.
    outcomes : sequence of Outcome
    """
    raises = {rise for outcome in outcomes for rise in _raises_of(outcome)}
    text = (directory / THRESHOLDS_FILE).read_text(encoding="utf-8-sig")
    tree = read_yaml(THRESHOLDS_FILE, text, FaultLog())
    assert tree is not None, directory  # it has been loaded
    rows = list(_rows_of_yaml(tree))
    files = {id(outcome.of): outcome.of for outcome in outcomes}
    for name in dict.fromkeys(_tables_of(tree)):
        rows += dict.fromkeys(row for of in files.values() for row in _rows_of_table(name, of, directory))
    for file in dict.fromkeys(row.file for row in rows):
        own = [row for row in rows if row.file == file]
        bare = [row for row in own if not any(rise.is_by(row) for rise in raises)]
        yield f"coverage: {len(own) - len(bare)} of {len(own)} thresholds of {file} raised a level"
        yield from (f"  in no test: {row.file}:{row.line}: {row.words}" for row in bare[:SHOWN_MAX])
        if len(bare) > SHOWN_MAX:
            yield f"  and {len(bare) - SHOWN_MAX} more"


def _raises_of(outcome: Outcome) -> Iterator[Raise]:
    codes = outcome.of.configuration.network.villages.code
    for change in outcome.record.changes:
        if change.kind is Change.RISE and change.reason is not None:
            reason = change.reason
            yield Raise(
                change.hazard,
                codes[change.village],
                change.level.word,
                reason.duration_s,
                reason.threshold,
            )


def _tables_of(tree: YamlTree) -> Iterator[str]:
    for hazard in (entries_under(tree, "hazards") or {}).values():
        if isinstance(hazard, dict) and isinstance(hazard.get("table"), str):
            yield hazard["table"]


def _rows_of_yaml(tree: YamlTree) -> Iterator[Row]:
    for hazard, section in (entries_under(tree, "hazards") or {}).items():
        yield from _rows_below(section, ("hazards", hazard), hazard, tree)


def _rows_below(value: object, location: Location, hazard: str, tree: YamlTree) -> Iterator[Row]:
    """Every list item with a level, however deep."""
    if isinstance(value, list):
        for number, item in enumerate(value):
            here = (*location, number)
            if isinstance(item, dict) and isinstance(item.get("level"), str):
                yield _row_of(item, here, hazard, tree)
            else:
                yield from _rows_below(item, here, hazard, tree)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _rows_below(item, (*location, key), hazard, tree)


def _row_of(item: Mapping[str, object], location: Location, hazard: str, tree: YamlTree) -> Row:
    numbers = {
        key: float(value)
        for key, value in item.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    duration = item.get("duration")
    duration_s = parse_duration_s(duration) if isinstance(duration, str) else 0.0
    duration_s = duration_s or numbers.get("days", 0.0) * DAY_S
    amounts = () if _LINE_KEY in item else tuple(v for k, v in numbers.items() if k not in _NO_AMOUNTS)
    said = ", ".join(f"{value}" for value in item.values() if isinstance(value, str | int | float))
    words = f"{path_text(location)}: {said}"
    return Row(tree.file, tree.line_of(location), words, hazard, str(item["level"]), duration_s, amounts)


def _rows_of_table(name: str, of: TestFile, directory: Path) -> Iterator[Row]:
    data = of.tables[name] if of.tables is not None else (directory / name).read_bytes()
    reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    for cells in reader:
        row = {key: (value or "").strip() for key, value in cells.items() if isinstance(key, str)}
        duration_s = parse_duration_s(row["duration"]) if row.get("duration") else 0.0
        words = " ".join(
            row[key] for key in ("village", "hazard", "duration", "level", "value") if row.get(key)
        )
        yield Row(
            name,
            reader.line_num,
            words,
            row["hazard"],
            row["level"],
            duration_s,
            (float(row["value"]),),
            row["village"],
        )
