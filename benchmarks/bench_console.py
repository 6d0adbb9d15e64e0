"""What the console costs: bytes of the page, CPU and bytes of a delta to 20 viewers, memory of six hours.

    python -m benchmarks.bench_console [--deltas N]

A county of 2,855 villages in a storm: 300 villages change their level in every frame, two thirds of all have
something in force. Frames are taken, merged, counted, compared and encoded by the console's own code, once
for 20 viewers of the whole county. CPU is of the process, so it may be read on a busy machine; bytes and
counts are the same everywhere. First paint, drawing and the browser's own time need a quiet machine and are
not in here.
"""

import argparse
import gzip
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.table import Row, add_rows_option, rows_as_table, write_rows
from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from warnstream.adapters.console.frame import VERSION, Frame, Head, part_of
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.console.county import County
from warnstream.console.geo import geo_of
from warnstream.console.pages import FOLDER
from warnstream.console.situation import Situation
from warnstream.console.stream import Channel, Squeeze, encode, state_of
from warnstream.console.times.pictures import Pictures
from warnstream.model.times import MINUTE_S

VIEWERS, CHANGED, STANDING = 20, 300, 0.66
PICTURES = 360
NOW_S = 1_800_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--deltas", type=int, default=300)
    add_rows_option(parser)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        build_county(1, CountyPlan(village_polygons=True)).write(Path(name))
        write_demo_config(Path(name))
        configuration = load_configuration(Path(name))
    rows = [*rows_of_page(configuration), *rows_of_stream(configuration, options.deltas)]
    print(rows_as_table(rows))
    write_rows(options.rows, rows)


class Storm:
    """Frames in which `CHANGED` villages go to another level."""

    def __init__(self, configuration: Configuration) -> None:
        self._fingerprint = configuration.fingerprint
        self._hazards = tuple(rule.name for rule in configuration.rules)
        self._n = len(configuration.network.villages)
        self._n_stations = len(configuration.network.stations)
        self._random = np.random.default_rng(1)
        self._level = np.zeros((len(self._hazards), self._n), dtype=np.uint8)
        self._level[0] = self._random.integers(1, 5, self._n) * (self._random.random(self._n) < STANDING)
        self._doors = np.zeros((self._n, 16), dtype=np.uint32)
        self._doors[:, 3], self._doors[:, 8] = 4, 4
        self._number = 0

    def frame(self) -> Frame:
        """The next one."""
        at = self._random.choice(self._n, CHANGED, replace=False)
        self._level[0, at] = (self._level[0, at] + self._random.integers(1, 5, CHANGED)) % 5
        self._doors[at, 8], self._doors[at, 9] = 2, 2
        self._number += 1
        none = np.zeros((0, 3), dtype=np.int64)
        parts = {
            "level": part_of(self._level, "u1"),
            "doors": part_of(self._doors, "u4"),
            "chain": part_of(none, "i8"),
            "helps": part_of(none, "i8"),
            "waits": part_of(np.zeros((0, 5), dtype=np.int64), "i8"),
            "alarms": part_of(np.zeros((0, 8), dtype=np.int64), "i8"),
            "sight": part_of(np.zeros(self._n), "u1"),
            "stations": part_of(np.ones(self._n_stations), "u1"),
        }
        now_s = NOW_S + self._number * MINUTE_S
        head = Head("county", self._fingerprint, False, float(now_s), now_s, 0.1, True, (), (), self._hazards)
        return Frame(VERSION, self._number, head, parts)


def rows_of_page(configuration: Configuration) -> list[Row]:
    """What a browser is sent before the first delta."""
    county = County(configuration, ())
    situation = Situation(county)
    situation.take(Storm(configuration).frame())
    area = county.area("*")
    geo = gzip.compress(encode(geo_of(county, area)), 6)
    files = [path.read_bytes() for path in FOLDER.iterdir()]
    channel = Channel()
    channel.advance(situation.view(area))
    assert channel.view is not None
    from warnstream.console.models import Clock

    state = encode(state_of(channel.view, channel.id, Clock()))
    return [
        Row(
            "files of the page, compressed",
            "kB",
            [sum(len(gzip.compress(file, 9)) for file in files) / 1_000],
        ),
        Row("files of the page in the wheel", "kB", [sum(map(len, files)) / 1_000]),
        Row("map of 2,855 outlines, compressed", "kB", [len(geo) / 1_000]),
        Row("state in a storm", "kB", [len(state) / 1_000]),
    ]


def rows_of_stream(configuration: Configuration, n_deltas: int) -> list[Row]:
    """Deltas to viewers, and pictures of six hours."""
    storm, county = Storm(configuration), County(configuration, ())
    situation, channel, pictures = Situation(county), Channel(), Pictures()
    area = county.area("*")
    situation.take(storm.frame())
    channel.advance(situation.view(area))
    viewers = [(channel.subscribe(channel.id), Squeeze()) for _ in range(VIEWERS)]
    plain, sent, cpu, squeezing = 0, 0, 0.0, 0.0
    for _ in range(n_deltas):
        frame = storm.frame()
        begun = time.process_time()
        situation.take(frame)
        channel.advance(situation.view(area))
        cpu += time.process_time() - begun
        for viewer, squeeze in viewers:
            while not viewer.events.empty():
                event = viewer.events.get_nowait()
                plain += len(event)
                begun = time.process_time()
                sent += len(squeeze.take(event))
                squeezing += time.process_time() - begun
    for _ in range(PICTURES):
        frame = storm.frame()
        situation.take(frame)
        pictures.take(frame.head, situation.parts)
    return [
        Row(f"CPU of a delta of {CHANGED} villages to {VIEWERS} viewers", "ms", [1_000 * cpu / n_deltas]),
        Row(f"CPU of compressing it for {VIEWERS} viewers", "ms", [1_000 * squeezing / n_deltas]),
        Row("bytes of a delta", "kB", [plain / VIEWERS / n_deltas / 1_000]),
        Row("bytes of a delta to each viewer, compressed", "kB", [sent / VIEWERS / n_deltas / 1_000]),
        Row(f"largest resident size, with {len(pictures.times_s)} pictures", "MB", [_peak_mb()]),
    ]


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024


if __name__ == "__main__":
    main()
