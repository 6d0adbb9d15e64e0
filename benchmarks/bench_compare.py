"""What a further configuration costs beside the first: a county's storm judged by one, two and six of them.

    python -m benchmarks.bench_compare [--hours N] [--rounds N]

Each further one has flash flood thresholds of its own. CPU seconds of this process, in turn: the first by
itself, several side by side over one stream of readings (what ``warnstream compare`` does), and as many
engines one after the other. What they find is the same (tests/integration/test_side_by_side.py).
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

from benchmarks.bench_engine import machine
from benchmarks.equal_steps import Minute, county_of, storm_of
from station_sim.county.county import build_county
from warnstream.config.settings import Configuration
from warnstream.model.rules.rules import CriticalRain
from warnstream.runners.build import build_engine, derive
from warnstream.runners.replay.side_by_side import SideBySide

SHARES = (1.0, 0.9, 0.8, 1.1, 1.2, 1.3)
"""By which the thresholds of each configuration differ from the first one's."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--hours", type=float, default=4.0, help="of the storm (default 4)")
    parser.add_argument("--rounds", type=int, default=3, help="of all ways in turn (default 3)")
    options = parser.parse_args()
    county = build_county(1)
    with tempfile.TemporaryDirectory() as folder:
        first = county_of(county, Path(folder) / "county")
    every = [scaled(first, share) for share in SHARES]
    minutes = list(storm_of(county, first, options.hours))
    ways: dict[str, Callable[[], None]] = {
        "one": lambda: alone(every[:1], minutes),
        "two side by side": lambda: together(every[:2], minutes),
        "six side by side": lambda: together(every, minutes),
        "two, one after the other": lambda: alone(every[:2], minutes),
    }
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(options.rounds):
        for name, way in ways.items():
            begun = time.process_time()
            way()
            took[name].append(time.process_time() - begun)
    one_s = median(took["one"])
    print(f"{machine()}; {len(minutes)} minutes of storm, medians of {options.rounds} rounds\n")
    print("| configurations | CPU s | times one |\n|---|---:|---:|")
    for name, seconds in took.items():
        print(f"| {name} | {median(seconds):.2f} | {median(seconds) / one_s:.2f} |")


def scaled(configuration: Configuration, share: float) -> Configuration:
    """The same with other thresholds of rain."""
    rules = tuple(
        replace(rule, thresholds=replace(rule.thresholds, critical_mm=rule.thresholds.critical_mm * share))
        if rule.name == "flash_flood" and isinstance(rule.thresholds, CriticalRain)
        else rule
        for rule in configuration.rules
    )
    return replace(configuration, rules=rules)


def together(configurations: Sequence[Configuration], minutes: Sequence[Minute]) -> None:
    engines = SideBySide([derive(configuration) for configuration in configurations])
    for minute in minutes:
        engines.step(minute.readings, minute.now_s, minute.frames)


def alone(configurations: Sequence[Configuration], minutes: Sequence[Minute]) -> None:
    for configuration in configurations:
        engine = build_engine(configuration)
        for minute in minutes:
            engine.step(minute.readings, (), minute.now_s, minute.frames)


if __name__ == "__main__":
    main()
