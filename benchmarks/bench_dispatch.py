"""Who is told what and when: a storm and a typhoon over the demo county, through slow and dead channels.

    python -m benchmarks.bench_dispatch [--hours N] [--only storm|typhoon|channels]

The engine judges the county's storm minute by minute; posts answer five minutes after a digest, a fifth of
them never. Its bulletins go to a ledger of doors, out of which a channel of 40 doors a minute is served that
is dead for ten minutes at the worst time; once in the order of `delivery.dispatch.queue`, once in the order
before it (the level alone). Then all villages at once, with 900,000 doors: hazards that arrive within three
hours over a channel of 500 a second, and calls to the silent over 330 lines. Times are simulated.
"""

import argparse
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from benchmarks.table import Row, add_rows_option, rows_as_table, write_rows
from station_sim.county.county import build_county
from station_sim.county.demo_config import write_demo_config
from station_sim.sending.scenario import Scenario
from station_sim.topics import is_clock
from warnstream.adapters.ledger import book as book_module
from warnstream.adapters.ledger.book import Book
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.delivery.dispatch.finishing import Prospect, Throughput
from warnstream.delivery.dispatch.queue import Grade, Urgency
from warnstream.delivery.ledger.ledger import Ledger, Put
from warnstream.delivery.ledger.queue import DoorClaim, DoorQueue
from warnstream.delivery.ledger.states import Delivery, Result, Said
from warnstream.ingest.flat_json.decoder import Decoder, RawMessage
from warnstream.model.bulletins import N_BITS, Action, Bulletin, BulletinCause
from warnstream.model.digests import Digest
from warnstream.model.effects import Answer, RecipientAnswer
from warnstream.model.level import Level
from warnstream.model.network import Network
from warnstream.model.times import MINUTE_S
from warnstream.model.warning import WarningMessage
from warnstream.runners.build import build_engine

ABSENT_SHARE, ANSWER_MIN = 0.2, 5
SLOW_PER_MIN, DEAD_MIN = 40, 10
VILLAGES, DOORS_PER_VILLAGE = 2_855, 315
START_S = 1_781_762_400
AS_NOW, AS_BEFORE = "now", "by level alone"


@dataclass
class Night:
    """What the engine asked for, minute by minute."""

    network: Network
    minutes: list[tuple[int, list[Bulletin]]] = field(default_factory=list)
    digests: Counter[str] = field(default_factory=Counter)
    digests_at: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    untrue_ends: int = 0
    gentler: int = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--hours", type=float, help="of each storm; default 8 and 30")
    parser.add_argument("--only", choices=("storm", "typhoon", "channels"))
    add_rows_option(parser)
    options = parser.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        build_county(1).write(Path(name))
        write_demo_config(Path(name))
        configuration = load_configuration(Path(name))
    for what, weather, usual_h in (("storm", None, 8.0), ("typhoon", "typhoon", 30.0)):
        if options.only in (None, what):
            hours = options.hours or usual_h
            night = night_of(configuration, weather, hours, absent=ABSENT_SHARE)
            rows += rows_of_night(f"{what} of {hours:g} h", night)
            rows += rows_of_slow_channel(what, night)
            if what == "storm":
                silent = night_of(configuration, weather, hours, absent=1.0)
                rows += rows_of_posts("storm, no post answers", silent)
    if options.only in (None, "channels"):
        rows += [*rows_of_arrival(), *rows_of_voice()]
    print(rows_as_table(rows))
    write_rows(options.rows, rows)


# The night.


def night_of(configuration: Configuration, weather: str | None, hours: float, absent: float) -> Night:
    """A storm through the engine."""
    county, engine = build_county(1), build_engine(configuration)
    kind = {} if weather is None else {"weather": weather}
    decoder, night = Decoder(configuration.network.stations), Night(configuration.network)
    chance, waiting = Random(1), []
    posts = sorted(post.post for post in configuration.network.chain)
    away = set(chance.sample(posts, round(absent * len(posts))))
    answers: defaultdict[int, list[RecipientAnswer]] = defaultdict(list)
    standing: defaultdict[int, dict[str, WarningMessage]] = defaultdict(dict)
    for message in Scenario(1, county, hours, **kind).messages():  # type: ignore[arg-type]
        if not is_clock(message.topic):
            waiting.append(RawMessage(message.topic, message.payload))
            continue
        now_s, minute = message.time_s, len(night.minutes)
        effects = engine.step(decoder.decode(waiting).readings, answers.pop(minute, []), now_s).effects
        waiting = []
        for warning in effects.messages:
            if warning.level:
                standing[warning.village][warning.hazard] = warning
            else:
                standing[warning.village].pop(warning.hazard, None)
        look_at(night, effects.bulletins, standing)
        for digest in effects.digests:
            count_digest(night, digest, now_s)
            if digest.post not in away and digest.answer_by_s:
                given = RecipientAnswer(digest.identifier, digest.post, Answer.ACKNOWLEDGED, now_s)
                answers[minute + ANSWER_MIN].append(given)
        night.minutes.append((now_s, effects.bulletins))
    return night


def look_at(
    night: Night, bulletins: Sequence[Bulletin], standing: dict[int, dict[str, WarningMessage]]
) -> None:
    """Ends while something stands at the doors' level, and orders below what another hazard asks."""
    for bulletin in bulletins:
        worst = max((other.level for other in standing[bulletin.village].values()), default=Level.NONE)
        night.untrue_ends += bulletin.action.is_end and worst >= Level.YELLOW
        night.gentler += not bulletin.action.is_end and bulletin.worst < worst


def count_digest(night: Night, digest: Digest, now_s: int) -> None:
    night.digests[digest.post] += 1
    night.digests_at[digest.post].append(now_s)


def rows_of_night(what: str, night: Night) -> list[Row]:
    bulletins = [bulletin for _, found in night.minutes for bulletin in found]
    per_village = Counter(bulletin.village for bulletin in bulletins)
    first = night.network.households.first_of_village
    texts = sum(int(first[bulletin.village + 1] - first[bulletin.village]) for bulletin in bulletins)
    return [
        Row(f"{what}: bulletins times doors of the village", "texts", [texts]),
        Row(f"{what}: most bulletins to one village", "bulletins", [max(per_village.values(), default=0)]),
        Row(f"{what}: ends where something stands at yellow or more", "bulletins", [night.untrue_ends]),
        Row(f"{what}: orders below the worst that stands", "bulletins", [night.gentler]),
        *rows_of_posts(f"{what}, a fifth of the posts absent", night),
    ]


def rows_of_posts(what: str, night: Night) -> list[Row]:
    most = max((most_within(times, 600) for times in night.digests_at.values()), default=0)
    return [
        Row(f"{what}: texts to posts", "texts", [night.digests.total()]),
        Row(f"{what}: most texts to one post", "texts", [max(night.digests.values(), default=0)]),
        Row(f"{what}: most texts to one post in 10 min", "texts", [most]),
    ]


def most_within(times_s: Sequence[int], span_s: int) -> int:
    """Most times within any span."""
    return max(sum(at <= other < at + span_s for other in times_s) for at in times_s)


# A slow channel.


@contextmanager
def order(kind: str) -> Iterator[None]:
    """The order of telling: that of the product, or the one before it."""
    module: Any = book_module
    known = module.urgency_of, module.arrival_s
    if kind == AS_BEFORE:
        module.urgency_of, module.arrival_s = by_level, lambda _bulletin: 1
    try:
        yield
    finally:
        module.urgency_of, module.arrival_s = known


def by_level(bulletin: Bulletin) -> int:
    return 2 * int(bulletin.worst) + (bulletin.cause is not BulletinCause.REMINDER)


@dataclass
class Served:
    """What came of a channel's night."""

    waits_min: list[float]
    never: int
    older_after_newer: int


def rows_of_slow_channel(what: str, night: Night) -> list[Row]:
    found = {}
    for kind in (AS_NOW, AS_BEFORE):
        with order(kind):
            found[kind] = serve(night)
    where = f"{what}, {SLOW_PER_MIN} doors a minute, dead for {DEAD_MIN} min"
    now, before = found[AS_NOW], found[AS_BEFORE]
    return [
        Row(f"{where}: older text after a newer one", "texts", [now.older_after_newer]),
        Row(
            f"{where}: first leave until its door has it, median",
            "min",
            [_share(now, 50)],
            AS_BEFORE,
            _share(before, 50),
        ),
        Row(
            f"{where}: first leave until its door has it, p95",
            "min",
            [_share(now, 95)],
            AS_BEFORE,
            _share(before, 95),
        ),
        Row(
            f"{where}: doors of a leave not told before its end",
            "doors",
            [now.never],
            AS_BEFORE,
            before.never,
        ),
    ]


def _share(served: Served, percent: int) -> float:
    return float(np.percentile(served.waits_min, percent)) if served.waits_min else float("nan")


def serve(night: Night) -> Served:
    """Every minute so many doors; none while the channel is dead, around the minute that warns most."""
    book, never = Book(night.network), 0
    waits: list[float] = []
    first = night.network.households.first_of_village
    loads = [sum(bulletin.action is Action.LEAVE for bulletin in found) for _, found in night.minutes]
    dead_from = int(np.argmax(loads))
    shown: dict[int, int] = {}
    leaves: dict[int, dict[int, int]] = {}
    older = 0
    for minute, (now_s, bulletins) in enumerate(night.minutes):
        for bulletin in bulletins:
            book.put_down(bulletin)
            rows = range(int(first[bulletin.village]), int(first[bulletin.village + 1]))
            if bulletin.action is Action.LEAVE:
                leaves.setdefault(bulletin.village, dict.fromkeys(rows, now_s))
            elif bulletin.action.is_end:
                never += len(leaves.pop(bulletin.village, {}))
        assert book.queue is not None
        is_dead = dead_from <= minute < dead_from + DEAD_MIN
        for way in range(len(book.register.ways)):
            for taken in [] if is_dead else book.queue.claim(way, SLOW_PER_MIN, float(now_s)):
                older += shown.get(taken.row, 0) > taken.sequence
                shown[taken.row] = taken.sequence
                begun_s = leaves.get(taken.village, {}).pop(taken.row, None)
                if begun_s is not None:
                    waits.append((now_s - begun_s) / MINUTE_S)
                settle(book.ledger, book.queue, taken, now_s)
    never += sum(len(rows) for rows in leaves.values())
    return Served(waits, never, older)


def settle(
    ledger: Ledger, queue: DoorQueue, one: DoorClaim, now_s: int, result: Result = Result.SENT
) -> None:
    ledger.take(one.village, one.sequence, np.array([one.row]), result, now_s)
    queue.release(one.row, one.sequence)


# Everybody at once.


def county_at_once(
    arrives_s: Sequence[int], grade: np.ndarray | None = None, ways: int = 1
) -> tuple[Ledger, DoorQueue]:
    """All villages are told to leave in one step."""
    first = np.arange(0, (VILLAGES + 1) * DOORS_PER_VILLAGE, DOORS_PER_VILLAGE, dtype=np.int32)
    n_doors = VILLAGES * DOORS_PER_VILLAGE
    next_way = {0: 1} if ways > 1 else None
    ledger = Ledger(first, np.zeros(n_doors, np.uint8), grade=grade, next_way=next_way)
    queue = DoorQueue(ledger, ways)
    for village, at_s in enumerate(arrives_s):
        ledger.put_down(Put(village, (START_S << N_BITS) | 1, START_S, Urgency.LEAVE, at_s, 4, asks=True))
        queue.put_down(village)
    return ledger, queue


def rows_of_arrival() -> list[Row]:
    """500 a second: when all doors of villages that are hit within the hour have been told."""
    chance = Random(2)
    arrives = [START_S + chance.randrange(3 * 3_600) for _ in range(VILLAGES)]
    soon = {village for village, at_s in enumerate(arrives) if at_s < START_S + 3_600}
    found: dict[str, float] = {}
    errors: list[float] = []
    for kind in ("by arrival", "in order of number"):
        ledger, queue = county_at_once(arrives if kind == "by arrival" else [0] * VILLAGES)
        left = sum(DOORS_PER_VILLAGE for _ in soon)
        rate, second, total, told = Throughput(), 0, len(ledger), 0
        while taken := queue.claim(0, 500, float(second)):
            second += 1
            rate.took(len(taken), 1.0)
            told += len(taken)
            if second == 60:
                needs_s = Prospect({Urgency.LEAVE: total - told}, rate.per_s).needs_s()
                assert needs_s is not None
                errors.append(abs(second + needs_s - total / 500) / (total / 500))
            rows = np.array([claim.row for claim in taken])
            ledger.state[rows] = Delivery.SENT  # what an outcome costs is measured elsewhere
            for claim in taken:
                left -= claim.village in soon
                queue.release(claim.row, claim.sequence)
            if left == 0:
                found.setdefault(kind, float(second))
    where = f"{VILLAGES * DOORS_PER_VILLAGE:,} doors, 500 a second"
    return [
        Row(
            f"{where}: doors of villages hit within the hour are told after",
            "s",
            [found["by arrival"]],
            "in order of number",
            found["in order of number"],
        ),
        Row(f"{where}: finish told after a minute is off by", "%", [100 * max(errors)]),
    ]


def rows_of_voice() -> list[Row]:
    """330 lines and calls of a minute: 60,000 doors that leave, half of them answer the text."""
    chance = np.random.default_rng(3)
    grade = np.full(VILLAGES * DOORS_PER_VILLAGE, Grade.UNKNOWN, np.uint8)
    grade[chance.random(len(grade)) < 0.055] = Grade.HELPLESS
    n_villages = 60_000 // DOORS_PER_VILLAGE
    ledger, queue = county_at_once([0] * n_villages, grade, ways=2)
    everybody = ledger.waiting_by_urgency(0)[Urgency.LEAVE]
    for village in range(n_villages):
        rows = np.arange(village * DOORS_PER_VILLAGE, (village + 1) * DOORS_PER_VILLAGE)
        ledger.take(village, (START_S << N_BITS) | 1, rows, Result.SENT, START_S)
        for row in rows[chance.random(len(rows)) < 0.54].tolist():
            ledger.say(row, (START_S << N_BITS) | 1, Said.ACKNOWLEDGE, START_S + 300)
        silent, _ = ledger.silent_since(village)
        ledger.take(village, (START_S << N_BITS) | 1, silent, Result.SILENT, START_S + 600)
        for row in silent.tolist():
            queue.release(row, (START_S << N_BITS) | 1)
    minute, helpless_min = 0, 0
    while taken := queue.claim(1, 330, float(minute)):
        minute += 1
        rows = np.array([claim.row for claim in taken])
        helpless_min = minute if (grade[rows] == Grade.HELPLESS).any() else helpless_min
        ledger.state[rows] = Delivery.SENT
        for claim in taken:
            queue.release(claim.row, claim.sequence)
    where = f"voice, 330 lines, {everybody:,} doors to leave"
    return [
        Row(f"{where}: the silent are called after", "min", [minute], "everybody", everybody / 330),
        Row(f"{where}: of these who cannot go alone after", "min", [helpless_min]),
    ]


if __name__ == "__main__":
    main()
