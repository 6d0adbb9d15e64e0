"""How hard the demo's storm is to warn of, beside Rio's: one rule, 50 mm in 3 h, reached or forecast.

Run: ``python -m benchmarks.score_storms --seeds 1 2 3 [--rio RIO_DATA_DIR]`` (a minute a seed, two
for Rio). The rule stands alone in both: yellow at 50 mm in 3 h, which the nowcast of the gauges may
raise before it has fallen. Simulated: the full county without faults under the default storm,
judged against the true rain of the 25 km2 about each village. Rio: the five event files of the
Alerta Rio record through `configs/rio/prepare.py`, each gauge a village, judged against the gauge's
own rain. A false alarm is a warning without 50 mm in any 3 h from half an hour before it to 6 h
after; so rain that stayed just below counts as one, there as here.
"""

import argparse
import runpy
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.score_grids import readings_of
from station_sim.county.county import build_county
from station_sim.county.demo_config import write_demo_config
from station_sim.sending.scenario import DEFAULT_START_S, Scenario
from station_sim.stations.faults import NO_FAULTS
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.model.arrays import Float64Array
from warnstream.model.level import Level
from warnstream.model.observations.readings import ReadingBatch
from warnstream.model.times import MINUTE_S, iso_utc
from warnstream.review.events import Event
from warnstream.review.logger_files import read_readings
from warnstream.review.verification import HazardScore, VerificationPolicy, score_warnings
from warnstream.runners.replay.replay import Replay

RULE = """hazards:
  rainstorm:
    evaluator: rainstorm
    title: {zh: 暴雨, en: Rainstorm}
    source: benchmarks/score_storms.py
    levels: [{level: yellow, duration: 3h, rain_mm: 50}]
    continues_mm_per_h: 1
    forecast_level_max: yellow
    lowering: {clear_ratio: 0.8, hold: 30min, active_min: 60min, coverage_min: 0.8}
"""
HAZARD = "rainstorm"
LIMIT_MM, WINDOW_MIN = 50.0, 180
QUARTER_MIN = 15


def main() -> None:
    """Print a line for each storm and one for all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="*", default=[1, 2, 3], metavar="SEED")
    parser.add_argument("--rio", type=Path, metavar="RIO_DATA_DIR")
    options = parser.parse_args()
    tell("simulated, all", [simulated(seed) for seed in options.seeds])
    if options.rio:
        tell("Rio, all", of_rio(options.rio))


def tell(name: str, scores: Sequence[HazardScore]) -> None:
    """One line of the sums of several storms."""
    hits, late, misses = (sum(getattr(score, key) for score in scores) for key in ("hits", "late", "misses"))
    warnings, verified = (sum(getattr(score, key) for score in scores) for key in ("warnings", "verified"))
    leads = [
        outcome.lead_min for score in scores for outcome in score.outcomes if outcome.lead_min is not None
    ]
    early = [lead for lead in leads if lead > 0]
    print(
        f"{name}: {hits + misses} events, {hits} hit ({late} of them late), {misses} missed; "
        f"{warnings} warnings, FAR {1 - verified / max(warnings, 1):.2f}; lead of those in time "
        f"{np.median(early) if early else np.nan:.0f} min (median)",
        flush=True,
    )


def simulated(seed: int) -> HazardScore:
    """The default storm of a seed over the full county of that seed."""
    scenario = Scenario(seed, build_county(seed), 8.0, DEFAULT_START_S, NO_FAULTS)
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        scenario.county.write(directory)
        write_demo_config(directory)
        (directory / "thresholds.yaml").write_text(RULE, encoding="utf-8")
        configuration = load_configuration(directory)
        readings = readings_of(scenario, configuration)
    rain_mm = scenario.ground.village_rain_mm
    found = score(configuration, readings, reached(rain_mm, WINDOW_MIN, MINUTE_S, DEFAULT_START_S))
    tell(f"simulated, seed {seed}", [found])
    return found


def of_rio(data: Path) -> list[HazardScore]:
    """The event files of Rio, one score each."""
    program = runpy.run_path(str(Path(__file__).resolve().parent.parent / "configs" / "rio" / "prepare.py"))
    scores = []
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        program["prepare"](data, directory)
        (directory / "thresholds.yaml").write_text(RULE, encoding="utf-8")
        configuration = load_configuration(directory)
        for path in sorted(directory.glob("readings_*.parquet")):
            rows = pd.read_parquet(path)
            quarters = rows.pivot_table(index="observed_at", columns="station", values="value")
            quarters = quarters.resample(f"{QUARTER_MIN}min", label="right", closed="right").sum()
            rain_mm = quarters.reindex(columns=list(configuration.network.villages.code)).to_numpy()
            first_s = int(quarters.index[0].timestamp()) - QUARTER_MIN * MINUTE_S
            happened = reached(
                np.nan_to_num(rain_mm), WINDOW_MIN // QUARTER_MIN, QUARTER_MIN * MINUTE_S, first_s
            )
            scores.append(score(configuration, read_readings(path, configuration).readings, happened))
            tell(f"Rio, {path.stem.removeprefix('readings_')}", scores[-1:])
    return scores


def reached(rain_mm: Float64Array, n_window: int, step_s: int, start_s: int) -> list[tuple[int, int]]:
    """(village, time) of every minute at which the window's rain passes the limit from below."""
    total = np.vstack([np.zeros((1, rain_mm.shape[1])), np.cumsum(rain_mm, axis=0)])
    window = total[1:] - np.vstack([np.zeros((n_window, rain_mm.shape[1])), total[1:]])[: len(rain_mm)]
    is_over = window >= LIMIT_MM - 1e-9
    begins = is_over & ~np.vstack([np.zeros((1, rain_mm.shape[1]), dtype=bool), is_over[:-1]])
    steps, villages = np.nonzero(begins)
    return [
        (int(village), start_s + (int(step) + 1) * step_s)
        for step, village in zip(steps, villages, strict=True)
    ]


def score(
    configuration: Configuration, readings: ReadingBatch, happened: list[tuple[int, int]]
) -> HazardScore:
    """Replay, then the yellow warnings against what happened."""
    villages = configuration.network.villages
    messages = [
        message
        for minute in Replay(configuration, readings).steps()
        for message in minute.step.effects.messages
    ]
    events = [
        Event(str(number), iso_utc(at_s), at_s, None, None, None, HAZARD, (villages.code[village],))
        for number, (village, at_s) in enumerate(happened)
    ]
    found = score_warnings(messages, events, villages, VerificationPolicy(hazards=(HAZARD,)))
    return next(score for score in found.scores if score.hazard == HAZARD and score.level is Level.YELLOW)


if __name__ == "__main__":
    main()
