"""Does another commit find the same? SHA-256 of all that steps give, of storms that are cut in several ways.

    python -m benchmarks.equal_steps [--rio FOLDER] [--hours N]

Run it in both trees (``PYTHONPATH=TREE python FILE`` runs this file over the code of another one) and compare
the lines. In what is hashed are levels, reasons, rain, coverage, failures, messages, bulletins and digests of
every step and the state at the end of each minute. The county has zones, spares, a radar, signs and every
kind of fault; steps take a minute's readings, or 17, or 2. Rio's gauges report every 15 minutes, and all its
days are cut.
"""

import argparse
import csv
import hashlib
import runpy
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

import warnstream
from station_sim.county.county import County, build_county
from station_sim.county.demo_config import write_demo_config
from station_sim.county.ground_inventory import write_ground_hazards
from station_sim.sending.scenario import Scenario
from station_sim.stations.faults import HARSH_FAULTS
from station_sim.stations.varied_network import varied
from station_sim.topics import is_clock
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration, GridSettings
from warnstream.engine import Engine
from warnstream.ingest.flat_json.decoder import Decoder, RawMessage
from warnstream.model.grids import BiasPolicy, GridFrame, GridPolicy
from warnstream.model.observations.readings import ReadingBatch, empty_batch
from warnstream.model.observations.signs import SignReport
from warnstream.review.archive import read_archive
from warnstream.runners.build import build_engine

RIO_DATE = "2019-04-08"
RADAR = GridPolicy("radar", interval_s=600, age_s_max=1800, bias=BiasPolicy(pairs_min=3))
DARK_MINUTES = range(60, 110)
"""Gauges of the middle are silent, so that the radar speaks for them."""
SIGN_MINUTES = (40, 75)
MINUTES_CUT = {0: 0, 17: 40, 2: 10}
"""So many of the county's last minutes, by the readings of a step; before them every minute is one."""


class Minute(NamedTuple):
    """What arrives in one."""

    now_s: int
    readings: ReadingBatch
    signs: tuple[SignReport, ...] = ()
    frames: tuple[GridFrame, ...] = ()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--rio", type=Path, metavar="FOLDER", help="the record of Alerta Rio; without it no Rio"
    )
    parser.add_argument("--hours", type=float, default=1.7, help="of the county's storm (default 1.7)")
    parser.add_argument("--only", choices=("plain", "everything", "rio"), help="one of the storms")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        for kind, county in (("plain", build_county(1)), ("everything", varied(build_county(1), 1))):
            if options.only not in (None, kind):
                continue
            configuration = county_of(county, Path(name) / kind)
            minutes = list(storm_of(county, configuration, options.hours))
            report(f"county, {kind}", configuration, minutes)
        if options.rio is not None and options.only in (None, "rio"):
            configuration, minutes = rio_of(options.rio, Path(name) / "rio")
            report(f"Rio {RIO_DATE}", configuration, minutes)


def report(what: str, configuration: Configuration, minutes: Sequence[Minute]) -> None:
    for cut, last_minutes in MINUTES_CUT.items():
        first_cut = 0 if what.startswith("Rio") else len(minutes) - last_minutes
        digest, n_steps, n_changes = digest_of(build_engine(configuration), minutes, cut, first_cut)
        label = "a minute" if cut == 0 else f"{cut} readings"
        print(f"{what}, steps of {label}: {n_steps} steps, {n_changes} changes, {digest}", flush=True)


def digest_of(engine: Engine, minutes: Sequence[Minute], cut: int, first_cut: int) -> tuple[str, int, int]:
    """Hash of everything that the steps gave, their number, and the number of changes of level."""
    digest, n_steps, n_changes = hashlib.sha256(), 0, 0
    for number, minute in enumerate(minutes):
        parts = _parts(minute, cut if number >= first_cut else 0)
        for part, (now_s, readings) in enumerate(parts):
            signs, frames = (minute.signs, minute.frames) if part == 0 else ((), ())
            step = engine.step(readings, signs, now_s, frames)
            n_steps, n_changes = n_steps + 1, n_changes + len(step.assessment.changes)
            assessed, effects = step.assessment, step.effects
            told = (assessed.changes, effects.messages, effects.bulletins, effects.digests)
            digest.update(repr(told).encode())
            digest.update(repr((assessed.failures, assessed.past_crossings, effects.settled)).encode())
            for array in (
                assessed.flags,
                assessed.rain.rain_mm,
                assessed.rain.coverage,
                assessed.quality.flags,
                assessed.sight.heard,
                *assessed.ratio.values(),
            ):
                digest.update(np.ascontiguousarray(array).tobytes())
        for name, arrays in sorted(engine.assessment.snapshot().items()):
            if name.startswith(("level.", "conditions", "quality", "doubt", "late")):
                for array in arrays.values():
                    digest.update(np.ascontiguousarray(array).tobytes())
    digest.update(engine.desk.snapshot())
    return digest.hexdigest(), n_steps, n_changes


def _parts(minute: Minute, cut: int) -> list[tuple[int, ReadingBatch]]:
    """A minute's readings in steps: spread over the minute after it, as they come in."""
    n = len(minute.readings)
    if not cut or n <= cut:
        return [(minute.now_s, minute.readings)]
    n_parts = -(-n // cut)
    return [
        (minute.now_s + 60 * part // n_parts, minute.readings.select(slice(part * cut, part * cut + cut)))
        for part in range(n_parts)
    ]


def county_of(county: County, folder: Path) -> Configuration:
    """The demo county; if it is varied with slopes and low spots, it has zones, spares and a radar, too."""
    folder.mkdir()
    county.write(folder)
    write_demo_config(folder)
    if county.ground is None:
        return load_configuration(folder)
    write_ground_hazards(folder, county.ground, county.villages.code)
    _divide_villages(folder)
    _pair_gauges(folder)
    radar = GridSettings(RADAR, Path("radar"), "*.nc", "rain", None, None, True, 0.5, 60.0)
    return replace(load_configuration(folder), grids=(radar,))


def _divide_villages(folder: Path) -> None:
    """Every fortieth village has two zones, a kilometre or two apart."""
    with (folder / "villages.csv").open(encoding="utf-8", newline="") as file:
        villages = list(csv.DictReader(file))
    lines = ["zone,village,name,latitude,longitude"]
    for village in villages[::40]:
        for number in (1, 2):
            latitude = float(village["latitude"]) + 0.02 * number
            lines.append(
                f"{village['village']}-z{number},{village['village']},Zone {number},{latitude:.5f},"
                f"{village['longitude']}"
            )
    (folder / "zones.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _pair_gauges(folder: Path) -> None:
    """Every twelfth rain gauge is the spare of the one before it."""
    path = folder / "stations.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    gauges = [row for row in rows if row["variables"].split()[:1] == ["rain"]]
    for row in rows:
        row.setdefault("spare_of", "")
    for gauge, spare in zip(gauges[10::12], gauges[11::12], strict=False):
        spare["spare_of"] = gauge["station"]
        spare["latitude"], spare["longitude"] = gauge["latitude"], gauge["longitude"]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def storm_of(county: County, configuration: Configuration, hours: float) -> Iterator[Minute]:
    """The demo's storm with harsh faults, and what a radar and people see of it."""
    network = configuration.network
    decoder, random = Decoder(network.stations), np.random.default_rng(7)
    middle = np.abs(network.stations.latitude - np.median(network.stations.latitude)) < 0.1
    n_points = len(network.places) + int(network.stations.measures_rain.sum())
    waiting: list[RawMessage] = []
    number = 0
    for message in Scenario(1, county, hours, fault_mix=HARSH_FAULTS).messages():
        if not is_clock(message.topic):
            waiting.append(RawMessage(message.topic, message.payload))
            continue
        readings, now_s = decoder.decode(waiting).readings, message.time_s
        frames: tuple[GridFrame, ...] = ()
        signs: tuple[SignReport, ...] = ()
        if configuration.grids:
            if number in DARK_MINUTES:
                readings = readings.select(~middle[readings.station])
            if number % 10 == 0:
                rain_mm = np.where(random.random(n_points) < 0.02, np.nan, random.gamma(0.7, 9.0, n_points))
                frames = (GridFrame("radar", now_s - now_s % 600, 600, rain_mm),)
            signs = _signs(configuration, number)
        yield Minute(now_s, readings, signs, frames)
        waiting, number = [], number + 1


def _signs(configuration: Configuration, minute: int) -> tuple[SignReport, ...]:
    """Cracks that posts of some villages see."""
    network = configuration.network
    if minute not in SIGN_MINUTES:
        return ()
    villages = [minute * number for number in range(1, 30)]
    posts = [min(network.posts_of_village(village), key=lambda post: post.rank) for village in villages]
    return tuple(
        SignReport(network.villages.code[village], "crack", post.post, "seen")
        for village, post in zip(villages, posts, strict=True)
    )


def rio_of(record: Path, folder: Path) -> tuple[Configuration, list[Minute]]:
    """Rio's storm: its readings minute by minute, and the minutes between."""
    tree = Path(warnstream.__file__).resolve().parents[1]
    runpy.run_path(str(tree / "configs" / "rio" / "prepare.py"))["prepare"](record, folder)
    configuration = load_configuration(folder)
    readings = read_archive(folder / f"readings_{RIO_DATE}.parquet", configuration.network.stations).readings
    first_s, last_s = int(readings.observed_at_s[0]), int(readings.observed_at_s[-1])
    times_s = np.arange(-(-first_s // 60) * 60, last_s + 3600, 60)
    ends = np.searchsorted(readings.observed_at_s, times_s, side="right")
    begin, minutes = 0, []
    for now_s, end in zip(times_s.tolist(), ends.tolist(), strict=True):
        batch = readings.select(slice(begin, end)) if end > begin else empty_batch()
        minutes.append(Minute(now_s, batch))
        begin = end
    return configuration, minutes


if __name__ == "__main__":
    main()
