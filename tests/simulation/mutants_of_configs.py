"""Small changes of the shipped configurations, as a slip of an operator's hand would make them.

Each names a file, what stands there, what would stand there, and words of a test that should notice it:
those tests run first, the others after them, so that a mutant that is noticed costs seconds.

    python -m tests.simulation.mutants_of_configs [FOLDER ...]       # a table
"""

import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from warnstream.config.rule_tests.read import files_of, read_tests
from warnstream.runners.rule_tests.suite import outcomes_of

CONFIGS = Path(__file__).resolve().parents[2] / "configs"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change; `place` counts the places in the file where the text stands, from 0."""

    folder: str
    file: str
    old: str
    new: str
    hint: str
    place: int = 0

    def __str__(self) -> str:
        return f"{self.folder}/{self.file}: {self.old} -> {self.new}"

    def apply(self, directory: Path) -> None:
        """Change a copy of the folder; there must be something to change."""
        path = directory / self.file
        parts = path.read_text(encoding="utf-8").split(self.old)
        assert len(parts) > self.place + 1, self
        head, tail = self.old.join(parts[: self.place + 1]), self.old.join(parts[self.place + 1 :])
        path.write_text(f"{head}{self.new}{tail}", encoding="utf-8")


def rules(old: str, new: str, hint: str, place: int = 0, folder: str = "demo") -> Mutant:
    return Mutant(folder, "thresholds.yaml", old, new, hint, place)


def node(old: str, new: str, hint: str, place: int = 0, folder: str = "demo") -> Mutant:
    return Mutant(folder, "warnstream.yaml", old, new, hint, place)


def row(level: str, duration: str, mm: int, other_mm: int, hint: str, folder: str = "demo") -> Mutant:
    text = f"level: {level}, duration: {duration}, rain_mm: "
    return rules(f"{text}{mm}}}", f"{text}{other_mm}}}", hint, folder=folder)


MUTANTS = (
    # Values.
    row("orange", "3h", 50, 51, "50 mm in three hours"),
    row("red", "3h", 100, 99, "99.9 mm in three hours are no red"),
    row("yellow", "6h", 50, 40, "half a millimetre"),
    row("blue", "12h", 50, 75, "half a millimetre"),
    row("blue", "1h", 35, 36, "35 mm"),
    row("yellow", "1h", 45, 44, "44.9 mm"),
    row("orange", "1h", 60, 61, "60 mm"),
    row("red", "1h", 80, 79, "79.9 mm"),
    row("blue", "3h", 55, 57, "a warning stands an hour"),
    row("yellow", "3h", 75, 85, "three hours"),
    row("orange", "3h", 100, 99, "99.9 mm in three hours are no orange"),
    row("red", "3h", 120, 121, "119.9 mm in three"),
    row("yellow", "6h", 95, 105, "six hours"),
    row("orange", "6h", 120, 119, "119.9 mm in six"),
    row("red", "6h", 150, 151, "149.8 mm"),
    row("yellow", "24h", 130, 145, "wet day"),
    row("orange", "24h", 160, 166, "wet day"),
    row("red", "24h", 200, 195, "wet day"),
    rules("soil_water_mm: 145", "soil_water_mm: 149", "the slope is yellow"),
    rules("soil_water_mm: 160", "soil_water_mm: 155", "a night of rain"),
    rules("{level: blue, mm: 120}", "{level: blue, mm: 170}", "wet day"),
    rules("mm: 600", "mm: 605", "604.8"),
    # Levels.
    Mutant(
        "rio",
        "thresholds.yaml",
        "level: orange, duration: 1h",
        "level: red, duration: 1h",
        "40 mm in an hour",
    ),
    rules("forecast_level_max: yellow", "forecast_level_max: orange", "59.9 mm", place=1),
    rules("reported_level: blue", "reported_level: yellow", "a crack"),
    rules("validated_level: orange", "validated_level: red", "a crack"),
    # Durations.
    rules(
        "level: orange, duration: 1h, rain_mm: 60",
        "level: orange, duration: 2h, rain_mm: 60",
        "60 mm in an hour",
    ),
    rules("hold: 30min", "hold: 60min", "a falling river", place=2),
    rules("hold: 30min", "hold: 60min", "people are told", place=1),
    rules("active_min: 60min", "active_min: 90min", "a warning stands an hour", place=1),
    rules("clear_ratio: 0.8", "clear_ratio: 0.5", "people are told", place=1),
    rules("hold: 60min", "hold: 120min", "a night of rain"),
    # Who is called when: ranks and waits.
    node("yellow: 30min, orange: 10min", "yellow: 20min, orange: 10min", "lowest rank"),
    node("yellow: one", "yellow: each_rank", "one answer"),
    node("orange: each_rank", "orange: one", "every rank"),
    node("again: [5min", "again: [15min", "every rank"),
    node("household_level_min: yellow", "household_level_min: orange", "people are told"),
    node("settle: 10min", "settle: 3h", "people are told"),
    node("silent_after: 15min", "silent_after: 90min", "a village whose gauges"),
    Mutant("demo", "tests/people.yaml", "P2,township,2", "P2,township,1", "lowest rank"),
    # Rio's siren.
    Mutant("rio", "thresholds.yaml", "rain_mm: 40", "rain_mm: 39", "39.9"),
    Mutant("rio", "thresholds.yaml", "rain_mm: 10.1", "rain_mm: 10", "10 mm"),
    Mutant("rio", "thresholds.yaml", "rain_mm: 20.1", "rain_mm: 20", "20 mm"),
    Mutant("rio", "thresholds.yaml", "rain_mm: 150", "rain_mm: 151", "150 mm"),
    Mutant("rio", "thresholds.yaml", "hold: 30min", "hold: 90min", "the siren ends"),
    Mutant("rio", "warnstream.yaml", "household_level_min: orange", "household_level_min: yellow", "39.9"),
    Mutant("rio", "warnstream.yaml", "yellow: 30min", "yellow: 45min", "the volunteer"),
)

EQUIVALENT = (node("all_ranks_from: orange", "all_ranks_from: red", "every rank"),)
"""Slips that change nothing: where orange needs an answer of each rank, every rank is asked in any case."""


def noticed_by(mutant: Mutant, directory: Path) -> str:
    """Name of the first test that fails on a changed copy of the folder; empty: nobody notices."""
    folder = directory / mutant.folder
    shutil.copytree(CONFIGS / mutant.folder, folder)
    mutant.apply(folder)
    paths = sorted(files_of(folder), key=lambda path: mutant.hint not in path.read_text(encoding="utf-8"))
    for path in paths:  # the one with the hint first, and of it the tests that it means
        files = read_tests(folder, [path])
        for word in (mutant.hint, "") if path == paths[0] else ("",):
            failed = next((file for file in outcomes_of(files, word) if file.misses), None)
            if failed is not None:
                return failed.test.name
    return ""


def main() -> None:
    """Print what notices each mutant of some folders (of all), and how many of them nobody does."""
    from tests.simulation.mutants_of_county_cn import COUNTY_CN, UNNOTICED

    survivors = []
    every = [*MUTANTS, *COUNTY_CN, *UNNOTICED]
    every = [mutant for mutant in every if not sys.argv[1:] or mutant.folder in sys.argv[1:]]
    for mutant in every:
        with tempfile.TemporaryDirectory() as directory:
            name = noticed_by(mutant, Path(directory))
        survivors += [] if name else [mutant]
        print(f"{mutant}: {name or 'NOT NOTICED'}", flush=True)
    print(f"{len(every) - len(survivors)} of {len(every)} noticed")


if __name__ == "__main__":
    main()
