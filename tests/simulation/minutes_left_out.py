"""Random rules over random rain, judged every minute and at the minutes that count: nothing may differ.

Levels, messages, bulletins, digests, minutes in which villages saw, failures, and the whole state at the end
are compared, byte for byte. Rules that have a bound are most of them, rules that have none some.

    python -m tests.simulation.minutes_left_out --cases 10000 [--first N]
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import numpy as np

from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.engine import EngineStep
from warnstream.model.observations.readings import ReadingBatch, Variable, batch_of
from warnstream.model.rules.rules import CriticalRain
from warnstream.runners.build import derive
from warnstream.runners.replay.minutes_that_count import MinutesThatCount
from warnstream.runners.replay.replay import Minute
from warnstream.runners.replay.side_by_side import SideBySide

BEGINS_S = (1_709_163_000, 1_741_492_800, 1_761_433_200, 1_781_726_400)
"""Before 29 February, before both changes of a European clock, and in summer."""
INTERVALS_S = (300, 300, 600, 900)


@dataclass(slots=True)
class Told:
    """What came of one way of judging."""

    out: list[bytes] = field(default_factory=list)
    seen_min: list[int] = field(default_factory=list)
    sees: np.ndarray | None = None
    n_steps: int = 0
    n_levels: int = 0
    state: list[bytes] = field(default_factory=list)

    def take(self, steps: list[EngineStep], n_left_out: int) -> None:
        """Everything that went out in a step, and who saw in it and in the minutes before it."""
        self.n_steps += 1
        for step in steps:
            effects, assessed = step.effects, step.assessment
            told = [effects.messages, effects.bulletins, effects.digests]
            if any(told) or assessed.changes or assessed.failures:
                self.n_levels += len(assessed.changes)
                words = repr((assessed.changes, assessed.failures, assessed.past_crossings))
                self.out.append(msgspec.json.encode(told) + words.encode())
        seen = ~steps[0].assessment.sight.is_blind
        before = np.zeros(len(seen), dtype=np.int64) if self.sees is None else self.sees * n_left_out
        self.seen_min = (np.array(self.seen_min or np.zeros(len(seen))) + before + seen).tolist()
        self.sees = seen


def configuration_of(random: np.random.Generator, folder: Path) -> Configuration:
    """A county of its own: gauges, villages, thresholds, windows, quality control, forecast, posts."""
    n_gauges, n_villages = int(random.integers(2, 8)), int(random.integers(1, 5))
    interval_s = int(random.choice(INTERVALS_S))
    method = random.choice(["none", "persistence", "advection"])
    silent = random.choice(["15min", "20min", "40min"])
    folder.mkdir()
    (folder / "channels.yaml").write_text("channels:\n  device: {kind: mqtt}\n", encoding="utf-8")
    (folder / "warnstream.yaml").write_text(
        f"""\
node: {{name: county, utc_offset: "+01:00"}}
broker: {{host: broker.county.example}}
messages: {{sender: w@county.example, validity: {random.choice(["1h", "3h"])}, renew_before: 10min}}
windows: {{longest: 24h, grace: {random.choice(["0s", "2min"])}, silent_after: {silent}}}
forecast: {{method: {method}, every: {random.choice(["5min", "10min", "15min"])}}}
quality: {{stuck_readings: {random.choice([4, 12])}}}
villages: {{method: {random.choice(["nearest", "inverse_distance"])}, neighbours: {random.choice([1, 3])}}}
routing:
  household_level_min: {random.choice(["blue", "yellow"])}
  chain_level_min: {random.choice(["blue", "yellow"])}
""",
        encoding="utf-8",
    )
    (folder / "thresholds.yaml").write_text("hazards:\n" + "".join(_hazards(random)), encoding="utf-8")
    gauges = "station,latitude,longitude,elevation_m,variables,interval_s,county\n"
    for gauge in range(n_gauges):
        y, x = 28.40 + random.uniform(0, 0.06), 119.90 + random.uniform(0, 0.06)
        gauges += f"R{gauge},{y:.4f},{x:.4f},,rain,{interval_s},County\n"
    (folder / "stations.csv").write_text(gauges + "G1,28.41,119.90,,stage,600,County\n", encoding="utf-8")
    villages, doors = (
        "village,name,latitude,longitude,township,county\n",
        "household,village,channel,address\n",
    )
    for village in range(n_villages):
        y, x = 28.40 + random.uniform(0, 0.06), 119.90 + random.uniform(0, 0.06)
        villages += f"00{village},V{village},{y:.4f},{x:.4f},East,County\n"
        doors += f"h{village},00{village},device,h{village}\n"
    (folder / "villages.csv").write_text(villages, encoding="utf-8")
    (folder / "households.csv").write_text(doors, encoding="utf-8")
    (folder / "chain.csv").write_text(
        "post,role,rank,area,channel,address\np1,volunteer,1,000,device,p1\np2,township,2,East,device,p2\n",
        encoding="utf-8",
    )
    return load_configuration(folder)


def _hazards(random: np.random.Generator) -> Iterator[str]:
    """One hazard with a bound or two, now and then one without."""
    for name, evaluator in (("flood", "critical_rainfall"), ("storm", "rainstorm")):
        if name == "storm" and random.random() < 0.6:
            continue
        base = float(random.choice([2.0, 5.0, 12.0]))
        rows = [
            ("yellow", "1h", base),
            ("orange", "1h", base * 2),
            ("blue", random.choice(["3h", "6h"]), base * 1.5),
            ("red", "3h", base * 4),
        ]
        levels = ", ".join(f"{{level: {level}, duration: {d}, rain_mm: {mm:g}}}" for level, d, mm in rows)
        yield (
            f"  {name}:\n    evaluator: {evaluator}\n    title: {{zh: 山洪, en: Flood}}\n    source: test\n"
            f"    levels: [{levels}]\n"
            f"    forecast_level_max: {random.choice(['none', 'yellow', 'red'])}\n"
            f"    lowering: {{clear_ratio: 0.8, hold: {random.choice(['10min', '45min'])}, active_min: 30min,"
            " coverage_min: 0.8}\n" + ("    continues_mm_per_h: 1\n" if evaluator == "rainstorm" else "")
        )
    if random.random() < 0.08:
        yield (
            "  slope:\n    evaluator: rule\n    title: {zh: 滑坡, en: Slide}\n    source: x\n    levels:\n"
            "      - {level: orange, all: [{rain: 3h, at_least: 9mm}, {rain: 1h, at_least: 2mm}]}\n"
        )


def minutes_of(random: np.random.Generator, configuration: Configuration, hours: float) -> list[Minute]:
    """Showers between dry hours: gauges that drift, fall silent, repeat themselves, tell nonsense."""
    stations, begin_s = configuration.network.stations, int(random.choice(BEGINS_S))
    rows: list[tuple[int, int, Variable, float]] = []
    showers = [
        (random.uniform(0, hours * 3600), random.uniform(600, 7200)) for _ in range(random.integers(0, 4))
    ]
    for gauge in range(len(stations) - 1):
        interval_s = int(stations.interval_s[gauge])
        drift_s = int(random.integers(0, interval_s)) if random.random() < 0.5 else 0
        quiet = random.uniform(0, hours * 3600), random.uniform(0, 9000) * (random.random() < 0.4)
        is_deaf, is_stuck = random.random() < 0.1, random.random() < 0.1
        for at in range(drift_s or interval_s, int(hours * 3600), interval_s):
            if 0 <= at - quiet[0] < quiet[1] or random.random() < 0.01:
                continue
            rains = any(begin <= at < begin + length for begin, length in showers) and not is_deaf
            value = round(float(random.exponential(random.choice([0.3, 2.0]))), 1) if rains else 0.0
            value = 0.4 if is_stuck and 7200 < at < 12_000 else value
            value = float(random.choice([-1.0, 999.9, 0.2])) if random.random() < 0.002 else value
            rows.append((begin_s + at, gauge, Variable.RAIN, value))
            if random.random() < 0.01:
                rows.append((begin_s + at, gauge, Variable.RAIN, float(random.choice([0.0, value, 3.0]))))
    if random.random() < 0.1:
        rows += [(begin_s + 600 * n, len(stations) - 1, Variable.STAGE, 2.0) for n in range(1, 20)]
    rows.sort(key=lambda row: row[:2])
    at_s = np.array([row[0] for row in rows], dtype=np.int64)
    batch = batch_of([row[1] for row in rows], [row[2] for row in rows], at_s, [row[3] for row in rows])
    return list(_by_minute(batch, begin_s, begin_s + int(hours * 3600)))


def _by_minute(batch: ReadingBatch, begin_s: int, end_s: int) -> Iterator[Minute]:
    first = 0
    for now_s in range(begin_s - begin_s % 60 + 60, end_s + 60, 60):
        last = int(np.searchsorted(batch.observed_at_s, now_s, side="right"))
        yield Minute(now_s, batch.select(slice(first, last)), (), ())
        first = last


def scaled(configuration: Configuration, share: float) -> Configuration:
    """The same with other thresholds of rain."""
    rules = tuple(
        replace(rule, thresholds=replace(rule.thresholds, critical_mm=rule.thresholds.critical_mm * share))
        if isinstance(rule.thresholds, CriticalRain)
        else rule
        for rule in configuration.rules
    )
    return replace(configuration, rules=rules)


def judged(every: list[Configuration], minutes: list[Minute], *, every_minute: bool) -> Told:
    """What comes of the minutes; the state of each engine after the last one, too."""
    derived, told = [derive(configuration) for configuration in every], Told()
    engines = SideBySide(derived)
    counting = MinutesThatCount(engines, derived, every_minute)
    for minute in minutes:
        if (found := counting.take(minute, is_last=minute is minutes[-1])) is not None:
            told.take(found.steps, found.n_left_out)
    for engine in engines.engines:
        arrays = engine.assessment.snapshot()
        told.state += [
            f"{part}/{name}".encode() + array.tobytes()
            for part, content in sorted(arrays.items())
            for name, array in sorted(content.items())
        ]
        told.state.append(b"desk" + engine.desk.snapshot())
    return told


def differences(seed: int, folder: Path, hours: float = 10.0) -> tuple[list[str], Told, Told]:
    """What differs between both ways of one random case; empty: nothing. And what came of each."""
    random = np.random.default_rng(seed)
    first = configuration_of(random, folder)
    every = [first, scaled(first, 0.8)] if random.random() < 0.5 else [first]
    minutes = minutes_of(random, first, hours)
    whole = judged(every, minutes, every_minute=True)
    some = judged(every, minutes, every_minute=False)
    found = ["what went out"] if whole.out != some.out else []
    found += ["minutes seen"] if whole.seen_min != some.seen_min else []
    parts = [a for a, b in zip(whole.state, some.state, strict=True) if a != b]
    found += [f"state {part[:40]!r}" for part in parts]
    return found, whole, some


def main() -> int:
    """Go through the cases; 1 where any differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    options = parser.parse_args()
    counts: Counter[str] = Counter()
    for seed in range(options.first, options.first + options.cases):
        with tempfile.TemporaryDirectory() as directory:
            found, whole, some = differences(seed, Path(directory) / "county")
        counts += Counter(cases=1, steps=whole.n_steps, judged=some.n_steps, levels=whole.n_levels)
        counts["differ"] += bool(found)
        if found:
            print(f"case {seed}: {', '.join(found)}", flush=True)
        if seed % 100 == 99:
            print(dict(counts), flush=True)
    print(dict(counts))
    return int(counts["differ"] > 0)


if __name__ == "__main__":
    sys.exit(main())
