"""Rain accumulations and levels of one trace by warnstream and by others, in one interleaved run.

    python -m benchmarks.bench_peers [--stations N] [--minutes N] [--repeats N] [--kafka auto|no|yes]

Everybody gets the same readings (700 stations, one a minute, six hours, one in a hundred up to half an hour
late), keeps the rain of 10 min, 1, 3 and 6 h and compares it with four thresholds. warnstream takes
them minute by minute, as a node does. pandas and polars get the whole trace at once, afterwards, which a live
service cannot. bytewax and Faust take reading by reading, or hand batches to our ring; Faust reads
them from a Kafka broker that is started here (`benchmarks.kafka_jars`). The sums of all stations at
the end are compared with the plain sum of all readings. Who is absent is said so
(`pip install 'warnstream[bench,kafka]'`).
"""

import argparse
import importlib.util
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks import faust_runs
from benchmarks.kafka_cluster import KafkaCluster
from benchmarks.kafka_jars import why_absent
from benchmarks.peer_runs import OURS, RUNS, WINDOW_MIN, Trace, sums_at_end
from benchmarks.processes import say_not_measured
from benchmarks.table import Row, add_rows_option, write_rows

FAUST_RING = "Faust handing batches of 1,000 to our ring"
FAUST_TABLE = "Faust hopping-window tables, one reading per event"
TOLERANCE_MM = 0.005
WHAT_IS_COMPARED = """\
Ours and the streaming tools give levels every minute or reading. Ours also counts the minutes observed in
every window and puts late readings where they belong, which the queues do not. polars and pandas see
the whole trace once, afterwards, without coverage; polars uses all cores, ours one.
"""


@dataclass(slots=True)
class Peer:
    """What was found of one of them; `note` says why there is nothing, or what is different."""

    us_per_reading: list[float] = field(default_factory=list)
    note: str = ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--stations", type=int, default=700, help="default 700")
    parser.add_argument("--minutes", type=int, default=360, help="of readings; default 360")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each; default 3")
    parser.add_argument("--kafka", choices=("auto", "no", "yes"), default="auto", help="default auto")
    add_rows_option(parser)
    options = parser.parse_args()
    absent = why_no_faust() if options.kafka != "no" else "left out by --kafka no"
    if options.kafka == "yes" and absent:
        print(f"Faust cannot be measured: {absent}", file=sys.stderr)
        return 1
    trace = Trace(options.stations, options.minutes)
    found = measure(trace, options.repeats, absent)
    print(f"{trace.n_stations} stations x {trace.n_minutes} min, {len(trace):,} readings, ", end="")
    print(f"{len(WINDOW_MIN)} windows and levels; every run from the same arrays\n")
    print(WHAT_IS_COMPARED)
    for label, peer in found.items():
        if not peer.us_per_reading:
            say_not_measured(label, peer.note)
    print(table(found))
    write_rows(options.rows, rows(found))
    return 0


def why_no_faust() -> str:
    """What is missing for Faust; empty if nothing is."""
    # Faust, once imported, is a module that knows no specification of its own.
    missing = [
        name
        for name in ("faust", "aiokafka")
        if name not in sys.modules and importlib.util.find_spec(name) is None
    ]
    if missing:
        return f"not installed: {', '.join(missing)} (pip install 'warnstream[kafka]')"
    return why_absent()


def measure(trace: Trace, repeats: int, no_faust: str) -> dict[str, Peer]:
    """Microseconds per reading of each, interleaved."""
    found = {label: Peer() for label in (*RUNS, FAUST_RING, FAUST_TABLE)}
    wanted = sums_at_end(trace)
    with broker(no_faust) as address:
        for number in range(repeats):
            for label, (package, run) in RUNS.items():
                if importlib.util.find_spec(package) is None:
                    found[label].note = "not installed here"
                    continue
                started = time.perf_counter()
                sums = run(trace)
                found[label].us_per_reading.append(1e6 * (time.perf_counter() - started) / len(trace))
                differing = int((np.abs(sums - wanted) > TOLERANCE_MM).sum())
                found[label].note = note_of(differing, wanted.size)
            if address is None:
                found[FAUST_RING].note = found[FAUST_TABLE].note = no_faust
                continue
            take(found[FAUST_RING], faust_runs.run_ring(address, trace, number), wanted.size)
            if number == 0:  # half a minute for one minute of readings: once is enough
                run_ = faust_runs.run_table(address, trace, number)
                take(found[FAUST_TABLE], run_, wanted.size)
                found[FAUST_TABLE].note = f"first {run_.readings} readings; {found[FAUST_TABLE].note}"
    return found


@contextmanager
def broker(no_faust: str) -> Iterator[str | None]:
    """Address of a Kafka broker; None where there is none."""
    if no_faust:
        yield None
        return
    with tempfile.TemporaryDirectory() as name, KafkaCluster(Path(name)) as started:
        yield started.addresses[0]


def take(peer: Peer, run: faust_runs.Found, n_sums: int) -> None:
    peer.us_per_reading.append(run.us_per_reading)
    peer.note = note_of(run.differing, n_sums)


def note_of(differing: int, n_sums: int) -> str:
    return f"{differing} of {n_sums} sums wrong at the end" if differing else "all sums right"


def table(found: dict[str, Peer]) -> str:
    """Microseconds per reading and the multiple of ours."""
    own = statistics.median(found[OURS].us_per_reading)
    lines = ["| who | µs per reading, median (min-max) | x ours | note |", "|---|---|---|---|"]
    for label, peer in found.items():
        took = peer.us_per_reading
        if not took:
            lines.append(f"| {label} | | | {peer.note} |")
            continue
        middle = statistics.median(took)
        lines.append(
            f"| {label} | {middle:.3g} ({min(took):.3g}-{max(took):.3g}) | {middle / own:.1f} | {peer.note} |"
        )
    return "\n".join(lines)


def rows(found: dict[str, Peer]) -> list[Row]:
    """For the common table; who was not measured is left to the section's own."""
    own = statistics.median(found[OURS].us_per_reading)
    return [
        Row(f"trace: {label}", "µs a reading", peer.us_per_reading, "ours", own)
        for label, peer in found.items()
        if peer.us_per_reading
    ]


if __name__ == "__main__":
    sys.exit(main())
