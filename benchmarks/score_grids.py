"""What a radar grid is worth when gauges lose power in the storm: simulated counties, scored.

For every seed the same storm is replayed four times: with every gauge; with a
blackout (the gauges nearest to one another under the heaviest hour die 20 minutes
into it); with the blackout and the radar; with the blackout and the radar
adjusted to the gauges that are left. Scored are the villages that were blind in
the blackout, flash floods and rainstorms alike, against what the simulator knows.

The rain, the radar's errors and the capacities are the simulator's: the figures
show how the parts work together, not what a radar is worth in any county.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from station_sim.sending.live_radar import LiveRadar
from station_sim.sending.scenario import DEFAULT_START_S, Scenario
from station_sim.stations.faults import NO_FAULTS, FaultMix
from station_sim.topics import is_clock
from station_sim.weather.radar import ATTENUATION_DB_MAX, RadarErrors
from warnstream.adapters.grids.frames import GridReader
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.model.grids import BiasPolicy, GridFrame, in_order_of_time
from warnstream.model.level import LEVELS, Level
from warnstream.model.observations.readings import ReadingBatch
from warnstream.model.times import iso_utc
from warnstream.model.warning import WarningMessage
from warnstream.review.events import Event
from warnstream.review.verification import VerificationPolicy, score_warnings
from warnstream.runners.build import build_decoder
from warnstream.runners.replay.replay import Replay

RUNS = ("all gauges", "blackout", "blackout, radar", "blackout, radar adjusted")
HAZARDS = ("flash_flood", "rainstorm")


@dataclass(frozen=True, slots=True)
class Run:
    """Messages of one replay, the villages that were blind at any minute, and where a grid spoke."""

    messages: list[WarningMessage]
    was_blind: frozenset[int]
    by_grid: int


def replay(configuration: Configuration, readings: ReadingBatch, frames: tuple[GridFrame, ...]) -> Run:
    messages: list[WarningMessage] = []
    blind: set[int] = set()
    for minute in Replay(configuration, readings, None, frames).steps():
        messages += minute.step.effects.messages
        blind |= set(np.flatnonzero(minute.step.assessment.sight.is_blind).tolist())
    by_grid = sum(bool(message.reason and message.reason.grid) for message in messages)
    return Run(messages, frozenset(blind), by_grid)


def readings_of(scenario: Scenario, configuration: Configuration) -> ReadingBatch:
    raw = [
        RawMessage(message.topic, message.payload)
        for message in scenario.messages()
        if not is_clock(message.topic)
    ]
    readings = build_decoder(configuration).decode(raw).readings
    return readings.select(np.lexsort((readings.station, readings.observed_at_s)))


def score_seed(seed: int, options: argparse.Namespace) -> dict[str, object]:
    """Scores of one seed, run by run."""
    share, weather = options.share, options.weather
    county = build_county(seed)
    if options.stations:
        county = build_county(seed, CountyPlan(n_stations=options.stations, n_villages=options.villages))
    hours = 8.0 if weather == "convective" else 24.0
    calm = Scenario(seed, county, hours, DEFAULT_START_S, NO_FAULTS, weather=weather)
    dark = replace(calm, fault_mix=FaultMix(blackout=share).only(["blackout"]))  # type: ignore[list-item]
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        county.write(directory)
        write_demo_config(directory, radar=True)
        adjusted = load_configuration(directory)
        errors = RadarErrors(attenuation_db_max=options.attenuation_db)
        LiveRadar(calm, directory / "radar", errors=errors).write_all()
        limit = adjusted.quality.rain_mm_per_min_max
        reader = GridReader(adjusted.grids[0], adjusted.network, limit)
        frames = in_order_of_time(reader.read_all())
    grid = adjusted.grids[0]
    bias = BiasPolicy(factor_max=options.factor_max)
    adjusted = replace(adjusted, grids=(replace(grid, policy=replace(grid.policy, bias=bias)),))
    plain = replace(adjusted, grids=(replace(grid, policy=replace(grid.policy, bias=None)),))
    whole, broken = readings_of(calm, adjusted), readings_of(dark, adjusted)
    runs = {
        "all gauges": replay(plain, whole, ()),
        "blackout": replay(plain, broken, ()),
        "blackout, radar": replay(plain, broken, frames),
        "blackout, radar adjusted": replay(adjusted, broken, frames),
    }
    lost = runs["blackout"].was_blind
    codes = {adjusted.network.villages.code[village] for village in lost}
    happened = [
        Event(
            str(number),
            iso_utc(event.time_s),
            event.time_s,
            None,
            event.latitude,
            event.longitude,
            event.kind.replace("_", " "),
            (event.village,),
            next((level for level in LEVELS if level.word == event.level), None),
        )
        for number, event in enumerate(calm.truth)
        if event.village in codes and event.kind in HAZARDS
    ]
    return {
        "seed": seed,
        "weather": weather,
        "stations_dead": len(dark.faults),
        "villages_blind": len(lost),
        "events": dict(Counter(event.kind for event in happened)),
        "runs": {
            name: scores_of(run, lost, happened, adjusted) | {"messages_by_grid": run.by_grid}
            for name, run in runs.items()
        },
    }


def scores_of(
    run: Run, lost: frozenset[int], happened: list[Event], configuration: Configuration
) -> dict[str, object]:
    """Hits, misses and false alarms in the villages that lost their gauges, by hazard and level."""
    messages = [message for message in run.messages if message.village in lost and message.hazard in HAZARDS]
    policy = VerificationPolicy(hazards=HAZARDS)
    found = score_warnings(messages, happened, configuration.network.villages, policy)
    return {
        f"{score.hazard} {score.level.word}": {
            "hits": score.hits,
            "late": score.late,
            "misses": score.misses,
            "false": score.false_alarms,
            "lead_min": None if np.isnan(score.lead_min_median) else round(score.lead_min_median),
        }
        for score in found.scores
        if score.hazard in HAZARDS and score.level in (Level.ORANGE, Level.RED)
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--share", type=float, default=0.03, help="of the stations that lose power")
    parser.add_argument("--weather", default="convective")
    parser.add_argument("--factor-max", type=float, default=BiasPolicy().factor_max, help="of the adjustment")
    parser.add_argument(
        "--attenuation-db",
        type=float,
        default=ATTENUATION_DB_MAX,
        help="most that rain takes of the signal behind it; 2 for a product that corrects for it",
    )
    parser.add_argument("--stations", type=int, help="default the full county")
    parser.add_argument("--villages", type=int)
    options = parser.parse_args()
    results = []
    for seed in options.seeds:
        results.append(score_seed(seed, options))
        print(json.dumps(results[-1]), file=sys.stderr, flush=True)
    print(f"{'':26}{'hits':>6}{'late':>6}{'misses':>8}{'false':>7}")
    for key in ("flash_flood orange", "flash_flood red", "rainstorm orange"):
        for name in RUNS:
            rows = [result["runs"][name].get(key, {}) for result in results]  # type: ignore[index]
            sums = [sum(row.get(word, 0) for row in rows) for word in ("hits", "late", "misses", "false")]
            print(f"{key:20}{name:26}" + "".join(f"{number:7}" for number in sums))
    return 0


if __name__ == "__main__":
    sys.exit(main())
