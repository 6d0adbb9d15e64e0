"""The ledger of doors beside SQLite: a front put down, claims, durable answers, a snapshot, recovery.

    python -m benchmarks.bench_ledger [--doors N] [--answers N] [--repeats N]

2,855 villages with as many doors each. All of them are told something in one step: an entry of the log,
synced, then every row. A channel claims them by 500. Answers come from doors at random, a thousand in each
durable entry; beside them stand the two layouts that SQLite has for the same: a row for each door, and a BLOB
for each village, a thousand answers a transaction, on the same disk. CPU, a batch of each in turn, so a busy
machine slows all of them alike; wall-clock seconds only where something is synced.
"""

import argparse
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TypeVar

import msgspec
import numpy as np

from benchmarks.table import Row, add_rows_option, rows_as_table, write_rows
from warnstream.adapters.journal.journal import Journal
from warnstream.delivery.ledger.facts import DoorOutcome, decode_outcomes, encode_outcomes
from warnstream.delivery.ledger.ledger import Ledger, Put
from warnstream.delivery.ledger.parts import pack
from warnstream.delivery.ledger.queue import DoorClaim, DoorQueue
from warnstream.delivery.ledger.states import Result, Said
from warnstream.model.bulletins import N_BITS
from warnstream.model.warning import MessageStatus
from warnstream.runners.intake.state_file import pack_state

VILLAGES, DOORS = 2_855, 900_000
OPENED_S = 1_781_762_400
BATCH, CLAIM = 1_000, 500
SAID = (Said.ACKNOWLEDGE, Said.MOVE, Said.CLAIM_SAFE, Said.REFUSE)
ANSWER, ROWS, BLOBS = (
    "ledger: a durable answer, CPU, µs",
    "SQLite, a row a door: a durable answer, CPU, µs",
    "SQLite, a BLOB a village: a durable answer, CPU, µs",
)
T = TypeVar("T")
Answers = Sequence[tuple[int, Said]]


@dataclass
class County:
    """A ledger, its channel's queue and its log."""

    per_village: int
    journal: Journal
    ledger: Ledger = field(init=False)
    queue: DoorQueue = field(init=False)

    def __post_init__(self) -> None:
        self.ledger = new_ledger(self.per_village)
        self.queue = DoorQueue(self.ledger, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--doors", type=int, default=DOORS, help="default 900,000")
    parser.add_argument("--answers", type=int, default=100_000, help="default 100,000")
    parser.add_argument("--repeats", type=int, default=3, help="runs on new folders; default 3")
    add_rows_option(parser)
    options = parser.parse_args()
    found: dict[str, list[float]] = {}
    for repeat in range(options.repeats):
        with tempfile.TemporaryDirectory() as name:
            for label, value in measure(Path(name), options.doors, options.answers, repeat).items():
                found.setdefault(label, []).append(value)
    rows = rows_of(found)
    print(f"{VILLAGES:,} villages, {VILLAGES * (options.doors // VILLAGES):,} doors\n")
    print(rows_as_table(rows))
    write_rows(options.rows, rows)


def measure(directory: Path, n_doors: int, n_answers: int, seed: int) -> dict[str, float]:
    """One run; keys are rows of the table."""
    per_village = n_doors // VILLAGES
    chance = Random(seed)
    answers = [(chance.randrange(VILLAGES * per_village), chance.choice(SAID)) for _ in range(n_answers)]
    found: dict[str, float] = {}
    with closing(Journal(directory)) as journal:
        county = County(per_village, journal)
        started = time.process_time()
        found["ledger: a front put down durably, s"] = clocked(lambda: front(county, 1))[1]
        found["ledger: a front put down, CPU, s"] = time.process_time() - started
        found["ledger: the same villages again at a raise, s"] = clocked(lambda: front(county, 2))[1]
        claims, taken = claim_all(county)
        found["ledger: claim 500, median, ms"] = statistics.median(claims) * 1e3
        found["ledger: claim 500, 99th percentile, ms"] = float(np.percentile(claims, 99)) * 1e3
        spent_s, n_bytes = settle_all(county, taken)
        found["ledger: outcomes kept, CPU a door, µs"] = spent_s * 1e6 / len(county.ledger)
        found["ledger: outcomes kept, log a door, bytes"] = n_bytes / len(county.ledger)
        found |= answer_all(county, directory, answers)
        content, took_s = clocked(lambda: snapshot(county.ledger))
        found["ledger: snapshot, ms"], found["ledger: snapshot, MB"] = took_s * 1e3, len(content) / 1e6
        again, found["ledger: recovered from the log alone, s"] = clocked(lambda: recover(county))
        if again.people.tobytes() != county.ledger.people.tobytes():
            raise RuntimeError("the log led to another ledger")
        found["ledger: who is silent in a village, µs"] = each(lambda: county.ledger.silent(7), 1_000) * 1e6
        found["ledger: counts of a village, µs"] = each(lambda: county.ledger.counts([7]), 1_000) * 1e6
        found["ledger: counts of the county, µs"] = each(lambda: county.ledger.counts(slice(None)), 100) * 1e6
    return found


def new_ledger(per_village: int) -> Ledger:
    first = np.arange(0, (VILLAGES + 1) * per_village, per_village, dtype=np.int32)
    return Ledger(first, np.zeros(VILLAGES * per_village, np.uint8))


def sequence(n: int) -> int:
    return (OPENED_S << N_BITS) | n


def front(county: County, n: int) -> None:
    """Every village is told something: in the log, then in the ledger."""
    puts = [Put(village, sequence(n), OPENED_S + n, 7, asks=True) for village in range(VILLAGES)]
    county.journal.append_many([("issued", msgspec.msgpack.encode(puts))])
    for put in puts:
        county.ledger.put_down(put)
        county.queue.put_down(put.village)


def claim_all(county: County) -> tuple[list[float], list[list[DoorClaim]]]:
    """Seconds of CPU of every claim, and what each took."""
    times: list[float] = []
    batches: list[list[DoorClaim]] = []
    while True:
        started = time.process_time()
        taken = county.queue.claim(0, CLAIM, 0.0)
        if not taken:
            return times, batches
        times.append(time.process_time() - started)
        batches.append(taken)


def settle_all(county: County, batches: list[list[DoorClaim]]) -> tuple[float, int]:
    """Every outcome into the log and the ledger; seconds of CPU, and bytes of the entries."""
    started, n_bytes = time.process_time(), 0
    per_village = county.per_village
    for taken in batches:
        of_village: dict[int, list[int]] = {}
        for claim in taken:
            of_village.setdefault(claim.village, []).append(claim.row)
        outcomes = [
            DoorOutcome(
                f"{331_124_000_000 + village}",
                OPENED_S,
                2,
                "device",
                OPENED_S + 60,
                Result.SENT,
                [f"{331_124_000_000 + village}-{row % per_village:04d}" for row in rows],
            )
            for village, rows in of_village.items()
        ]
        payload = encode_outcomes(outcomes)
        n_bytes += len(payload)
        county.journal.append_many([("outcome", payload)])
        for village, rows in of_village.items():
            county.ledger.take(village, sequence(2), np.array(rows), Result.SENT, OPENED_S + 60)
        for claim in taken:
            county.queue.release(claim.row, claim.sequence)
    return time.process_time() - started, n_bytes


def answer_all(county: County, directory: Path, answers: Answers) -> dict[str, float]:
    """CPU of an answer in each of the three, a batch of each in turn."""
    spent = dict.fromkeys((ANSWER, ROWS, BLOBS), 0.0)
    with rows_of_doors(directory, county) as rows, blobs_of_villages(directory, county) as blobs:
        ways: list[tuple[str, Callable[[Answers], None]]] = [
            (ANSWER, lambda batch: answer_ledger(county, batch)),
            (ROWS, lambda batch: answer_rows(rows, batch)),
            (BLOBS, lambda batch: answer_blobs(blobs, batch, county.per_village)),
        ]
        for batch in batches_of(answers):
            for label, way in ways:
                started = time.process_time()
                way(batch)
                spent[label] += time.process_time() - started
    found = {label: seconds * 1e6 / len(answers) for label, seconds in spent.items()}
    found["ledger: durable answers, a second of CPU"] = 1e6 / found[ANSWER]
    return found


def batches_of(answers: Answers) -> Iterator[Answers]:
    for at in range(0, len(answers), BATCH):
        yield answers[at : at + BATCH]


def answer_ledger(county: County, batch: Answers) -> None:
    county.journal.append_many([("answers", msgspec.msgpack.encode(batch))])
    say, newest = county.ledger.say, sequence(2)
    for row, said in batch:
        say(row, newest, said, OPENED_S + 90)


def rows_of_doors(directory: Path, county: County) -> closing[sqlite3.Connection]:
    """A row for each door, as short as it can be."""
    connection = opened(directory / "rows.sqlite3")
    connection.execute(
        "CREATE TABLE doors (door INTEGER PRIMARY KEY, answer INTEGER, answered INTEGER, at INTEGER)"
    )
    connection.execute("BEGIN IMMEDIATE")
    rows = ((row, 0, 0, 0) for row in range(len(county.ledger)))
    connection.executemany("INSERT INTO doors VALUES (?, ?, ?, ?)", rows)
    connection.execute("COMMIT")
    return closing(connection)


def answer_rows(connection: sqlite3.Connection, batch: Answers) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(
        "UPDATE doors SET answer = max(answer, ?), answered = 2, at = ? WHERE door = ?",
        [(int(said), OPENED_S + 90, row) for row, said in batch],
    )
    connection.execute("COMMIT")


def blobs_of_villages(directory: Path, county: County) -> closing[sqlite3.Connection]:
    """A BLOB for each village: 12 bytes a door."""
    connection = opened(directory / "blobs.sqlite3")
    connection.execute("CREATE TABLE villages (village INTEGER PRIMARY KEY, doors BLOB)")
    connection.execute("BEGIN IMMEDIATE")
    rows = ((village, bytes(12 * county.per_village)) for village in range(VILLAGES))
    connection.executemany("INSERT INTO villages VALUES (?, ?)", rows)
    connection.execute("COMMIT")
    return closing(connection)


def answer_blobs(connection: sqlite3.Connection, batch: Answers, per_village: int) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for row, said in batch:
        village, place = divmod(row, per_village)
        with connection.blobopen("villages", "doors", village) as blob:
            blob.seek(12 * place)
            before = blob.read(1)[0]
            blob.seek(12 * place)
            blob.write(bytes((max(before, int(said)), 2, 0, 0)) + (OPENED_S + 90).to_bytes(8, "little"))
    connection.execute("COMMIT")


def opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def snapshot(ledger: Ledger) -> bytes:
    """As a node's snapshot has it."""
    return pack_state(pack(ledger), b"", MessageStatus.ACTUAL)


def recover(county: County) -> Ledger:
    """The ledger from every entry of the log."""
    ledger, per_village = new_ledger(county.per_village), county.per_village
    for _, kind, payload in county.journal.since(0):
        if kind == "issued":
            for put in msgspec.msgpack.decode(payload, type=list[Put]):
                ledger.put_down(put)
        elif kind == "outcome":
            for outcome in decode_outcomes(payload):
                village = int(outcome.village) - 331_124_000_000
                places = [int(code[-4:]) for code in outcome.doors]
                rows = np.array(places) + village * per_village
                ledger.take(village, outcome.sequence, rows, outcome.result, outcome.at_s)
        else:
            for row, said in msgspec.msgpack.decode(payload, type=list[tuple[int, int]]):
                ledger.say(row, sequence(2), Said(said), OPENED_S + 90)
    return ledger


def each(work: Callable[[], object], times: int) -> float:
    """Seconds of CPU that a piece of work takes."""
    started = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - started) / times


def clocked(work: Callable[[], T]) -> tuple[T, float]:
    """What a piece of work returns, and how long it took."""
    started = time.perf_counter()
    result = work()
    return result, time.perf_counter() - started


def rows_of(found: dict[str, list[float]]) -> list[Row]:
    """For the table; an answer beside the better one of SQLite's layouts."""
    best = min((ROWS, BLOBS), key=lambda label: statistics.median(found[label]))
    rows = []
    for label, values in found.items():
        what, _, unit = label.rpartition(", ")
        if label == ANSWER:
            yardstick = f"SQLite, {best.partition(', ')[2].partition(':')[0]}"
            rows.append(Row(what, unit, values, yardstick, statistics.median(found[best])))
        else:
            rows.append(Row(what, unit, values))
    return rows


if __name__ == "__main__":
    main()
