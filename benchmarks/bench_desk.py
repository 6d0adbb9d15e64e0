"""The second machine: a front warns every village of a county at once, and every door is put on the list.

    python -m benchmarks.bench_desk [--doors N] [--repeats N]

The demo's county with 900,000 doors. All 2,855 villages rise to orange in one step: the lifecycle issues
its messages (`WarningDesk.step`); what doors are told is an entry of the log, then in the ledger; messages,
topics and posts are rendered (texts and CAP) and put into rows in one transaction, as a node does. A channel
claims doors by 500 and says what became of them, people answer, each answer an entry, and all rise to red.
Beside the ledger stands SQLite inserting as many short rows with one index: the least that rows cost on this
disk. A minute, 1 GB of disk.
"""

import argparse
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from random import Random
from typing import TypeVar

from benchmarks.table import Row, add_rows_option, rows_as_table, write_rows
from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from warnstream.adapters.journal.journal import Journal
from warnstream.adapters.ledger.node_outbox import NodeOutbox
from warnstream.adapters.outbox.outbox import Rendered
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.delivery.dispatch.notification import Settlement, Signal
from warnstream.delivery.render import render_any
from warnstream.desk import WarningDesk
from warnstream.model.bulletins import Bulletin
from warnstream.model.changes import Change, LevelChange, Reason
from warnstream.model.digests import Digest
from warnstream.model.effects import Answer, Effects, RecipientAnswer
from warnstream.model.level import Level
from warnstream.model.warning import WarningMessage
from warnstream.runners.build import build_engine, bulletin_wording, topics_of
from warnstream.runners.history.doors import follow_doors
from warnstream.runners.intake import entries
from warnstream.runners.intake.door_entries import OUTCOME
from warnstream.runners.intake.history_entries import ISSUED, encode, issued_of

START_S = 1_781_762_400
DOORS, CLAIM, ANSWERS = 900_000, 500, 2_000
CLAIMS_MAX = 200
T = TypeVar("T")
FRONT = "ledger: who is told, put down durably, s"
BARE = "SQLite alone: as many rows, s"
SENT = Settlement(Signal.SENT)


class Stores:
    """Log, rows and ledger of a node without its loop."""

    def __init__(self, directory: Path, configuration: Configuration) -> None:
        self.configuration, self.network = configuration, configuration.network
        self.journal = Journal(directory)
        self.outbox = NodeOutbox(directory)
        self.outbox.open_doors(directory, self.network, self.keep)
        self._wording = bulletin_wording(configuration)

    def keep(self, payload: bytes) -> Future[None]:
        """Outcomes into the log, then to the ledger."""
        self.journal.append(OUTCOME, payload)
        self.outbox.doors.take_outcomes(payload)
        done: Future[None] = Future()
        done.set_result(None)
        return done

    def render(self, one: WarningMessage | Bulletin | Digest) -> Rendered:
        """Texts as a node writes them."""
        return render_any(one, self._wording, self.configuration.message)

    def issue(self, effects: Effects, desk: WarningDesk) -> int:
        """What a step asks for into the log, then doors into the ledger; how many."""
        issued = issued_of(self.journal.last_sequence(), 0, effects, desk, self.network.villages.code)
        self.journal.append(ISSUED, encode(issued))
        return self.outbox.issue(effects.to_doors, self.render)

    def answer_all(self, answers: Sequence[RecipientAnswer]) -> None:
        """Answers, each durable alone."""
        for given in answers:
            payload = entries.encode_answer(given.message, given.recipient, given.answer)
            self.journal.append(entries.ANSWER, payload)
            self.outbox.doors.answer_many([given])

    def close(self) -> None:
        """Close the files."""
        self.outbox.close()
        self.journal.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--doors", type=int, default=DOORS, help="of the county; default 900,000")
    parser.add_argument("--villages", type=int, help="default 2,855")
    parser.add_argument("--repeats", type=int, default=2, help="runs on new folders; default 2")
    add_rows_option(parser)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        configuration, loaded_s = county(Path(name), options.doors, options.villages)
    n_doors = len(configuration.network.households)
    found: dict[str, list[float]] = {}
    for _ in range(options.repeats):
        with tempfile.TemporaryDirectory() as name:
            for label, value in measure(configuration, Path(name)).items():
                found.setdefault(label, []).append(value)
    rows = [Row(f"configuration with {n_doors:,} doors loaded", "s", [loaded_s]), *rows_of(found)]
    print(f"{len(configuration.network.villages):,} villages, {n_doors:,} doors\n")
    print(rows_as_table(rows))
    write_rows(options.rows, rows)


def county(directory: Path, n_doors: int, n_villages: int | None) -> tuple[Configuration, float]:
    """The demo's county with so many doors, as many in each village; and the seconds that loading takes."""
    plan = CountyPlan(n_villages=n_villages)
    n_villages = len(build_county(1, plan).villages)
    per_village = max(1, round(n_doors / n_villages))
    plan = CountyPlan(n_villages=n_villages, households_per_village=per_village)
    build_county(1, plan).write(directory)
    write_demo_config(directory)
    started = time.perf_counter()
    return load_configuration(directory), time.perf_counter() - started


def measure(configuration: Configuration, directory: Path) -> dict[str, float]:
    """One front over the county; keys are rows of the table."""
    desk = build_engine(configuration).desk
    found: dict[str, float] = {}
    stores, found["ledger: opened over the register, s"] = clocked(lambda: Stores(directory, configuration))
    with closing(stores):
        effects, found["desk: every village of a county rises at once, s"] = clocked(
            lambda: desk.step(all_rise(configuration, Level.ORANGE, Level.NONE, START_S), START_S)
        )
        n_told, found[FRONT] = clocked(lambda: stores.issue(effects, desk))
        found["ledger: doors of the front, doors"] = n_told
        _, found["outbox: messages, topics and posts rendered and put into rows, s"] = clocked(
            lambda: stores.outbox.record(effects, stores.network, stores.render)
        )
        again, found["ledger: the same again after a crash, s"] = clocked(
            lambda: stores.outbox.issue(effects.to_doors, stores.render)
        )
        if again:
            raise RuntimeError(f"{again} doors were put down twice")
        found |= told_and_answered(stores, effects)
        _, found["desk: a step without inputs, every warning open, ms"] = clocked(
            lambda: desk.step([], START_S + 60), unit_s=1e-3
        )
        red = all_rise(configuration, Level.RED, Level.ORANGE, START_S + 120)
        effects, found["desk: all of them rise again, s"] = clocked(lambda: desk.step(red, START_S + 120))
        _, found["ledger: who is told again, older ones replaced, s"] = clocked(
            lambda: stores.issue(effects, desk)
        )
        found |= kept_and_recovered(stores, directory)
    found[BARE] = bare_inserts(directory, n_told)
    return found


def told_and_answered(stores: Stores, effects: Effects) -> dict[str, float]:
    """A channel claims and settles, people answer."""
    outbox, channel = stores.outbox, stores.network.households.channel[0]
    claims, settled = [], []
    doors: list[tuple[str, str]] = []
    for _ in range(CLAIMS_MAX):
        claimed, took_s = clocked(lambda: outbox.claim(channel, CLAIM, 0.0), unit_s=1e-3)
        if not claimed:
            break
        claims.append(took_s)
        done = dict.fromkeys((row.key for row in claimed), SENT)
        _, took_s = clocked(lambda done=done: outbox.settle(done, 1.0), unit_s=1e-3)  # type: ignore[misc]
        settled.append(took_s)
        doors += [(row.message.identifier, row.recipient) for row in claimed]
    names = {bulletin.identifier for bulletin in effects.bulletins}
    told = [door for door in doors if door[0] in names]
    chance = Random(1)
    given = [RecipientAnswer(*chance.choice(told), Answer.MOVING, START_S + 30) for _ in range(ANSWERS)]
    _, answered_s = clocked(lambda: stores.answer_all(given))
    return {
        "ledger: claim 500, median, ms": statistics.median(claims),
        "ledger: claim 500, longest, ms": max(claims),
        "ledger: outcomes of 500 kept, median, ms": statistics.median(settled),
        "ledger: an answer, each durable alone, ms": answered_s * 1e3 / len(given),
    }


def kept_and_recovered(stores: Stores, directory: Path) -> dict[str, float]:
    """A snapshot, and a start from it and from the log alone."""
    doors, found = stores.outbox.doors, {}
    topics = topics_of(stores.configuration)
    counts = doors.counts()

    def recovered() -> NodeOutbox:
        again = NodeOutbox(directory)
        again.open_doors(directory, stores.network, stores.keep)
        again.doors.begin(stores.network)
        follow_doors(again.doors, stores.journal.since(again.doors.sequence), topics)
        again.doors.follow_no_more()
        return again

    for label in ("the log alone", "a snapshot"):
        again, found[f"ledger: recovered from {label}, s"] = clocked(recovered)
        if again.doors.counts() != counts:
            raise RuntimeError(f"{label} led to another ledger")
        again.close()
        if label == "the log alone":
            _, found["ledger: snapshot, s"] = clocked(lambda: doors.save(stores.journal.last_sequence()))
    return found


def all_rise(configuration: Configuration, level: Level, previous: Level, now_s: int) -> list[LevelChange]:
    """Every village comes to a level."""
    hazard = configuration.rules[0].name
    return [
        LevelChange(Change.RISE, hazard, village, level, previous, now_s, now_s, reason(level, now_s))
        for village in range(len(configuration.network.villages))
    ]


def reason(level: Level, now_s: int) -> Reason:
    """Rain above the threshold of its level."""
    return Reason(
        indicator="rain",
        station="R0001",
        value=20.0 * level,
        threshold=18.0 * level,
        unit="mm",
        duration_s=3_600,
        forecast_value=0.0,
        lead_s=0,
        observed_until_s=now_s,
        coverage=1.0,
        confirmed=True,
        source="made up for a benchmark",
    )


def bare_inserts(directory: Path, n_rows: int) -> float:
    """Seconds for as many rows of 100 bytes with a unique key, in one durable transaction."""
    with closing(sqlite3.connect(directory / "bare.sqlite3", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE told (key TEXT PRIMARY KEY, address TEXT, state INTEGER)")
        rows = ((f"warning-{n % 2_855:05d}-message|H{n:09d}|device", f"H{n:09d}", 0) for n in range(n_rows))
        started = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO told VALUES (?, ?, ?)", rows)
        connection.execute("COMMIT")
        return time.perf_counter() - started


def clocked(work: Callable[[], T], unit_s: float = 1.0) -> tuple[T, float]:
    """What a piece of work returns, and how long it took."""
    started = time.perf_counter()
    result = work()
    return result, (time.perf_counter() - started) / unit_s


def rows_of(found: dict[str, list[float]]) -> list[Row]:
    """For the table; the ledger beside bare SQLite."""
    rows = []
    for label, values in found.items():
        what, _, unit = label.rpartition(", ")
        if label == FRONT:
            rows.append(Row(what, unit, values, "SQLite, same rows", statistics.median(found[BARE])))
        else:
            rows.append(Row(what, unit, values))
    return rows


if __name__ == "__main__":
    main()
