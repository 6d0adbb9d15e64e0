"""One log of a county, divided among its shards: every village hears what the whole county tells.

Byte for byte: a storm with harsh faults, a radar, signs, answers and orders by hand, in shards of a
`shards.csv`, by the code that workers of Kafka run. What the desk shares over villages is compared where one
shard has all of it: the digests of posts.
"""

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from station_sim.sending.scenario import Scenario
from station_sim.stations.faults import HARSH_FAULTS
from station_sim.topics import is_clock
from tests.shards import Entry, Said, as_told, divided, own_posts, write_shards
from warnstream import __version__
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration, GridSettings
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.model.effects import Answer
from warnstream.model.grids import BiasPolicy, GridFrame, GridPolicy, digest_of_points
from warnstream.model.hands.orders import HandOrder, OrderKind
from warnstream.model.level import Level
from warnstream.model.network import Network
from warnstream.runners.build import derive
from warnstream.runners.history.start import entry_of
from warnstream.runners.intake import entries
from warnstream.runners.intake.grid_entries import encode_frame
from warnstream.runners.intake.history_entries import CONFIGURATION, decode_issued, encode
from warnstream.runners.kafka.parts import derive_parts, parts_of
from warnstream.runners.kafka.shard import Event, Shard

HOURS = 2.5
PLAN = CountyPlan(n_gauges=50, n_villages=230)
KAFKA = 'kafka: {servers: ["127.0.0.1:9092"], partition: 3, partitions: 24}\n'
RADAR = GridPolicy("radar", interval_s=600, age_s_max=1800, bias=BiasPolicy(pairs_min=3))
WORDS = (*(Answer.SAFE, Answer.MOVING) * 10, Answer.NEED_HELP)
DARK_MINUTES = range(60, 120)


def with_radar(configuration: Configuration) -> Configuration:
    radar = GridSettings(RADAR, Path("radar"), "*.nc", "rain", None, None, True, 0.5, 60.0)
    return replace(configuration, grids=(radar,))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("county")
    build_county(1, PLAN).write(directory)
    write_demo_config(directory, clock="simulated")
    with (directory / "warnstream.yaml").open("a", encoding="utf-8") as file:
        file.write(KAFKA)
    return directory


@pytest.fixture(scope="module")
def whole(folder: Path) -> Configuration:
    return with_radar(load_configuration(folder))


@pytest.fixture(scope="module")
def run(whole: Configuration) -> tuple[list[Entry], list[Event]]:
    """The log of the county, and what its own engine tells; answers are given to what it has told."""
    shard, log, told = Shard(derive(whole)), [], []
    people = People(whole)

    def take(kind: str, payload: bytes) -> None:
        log.append((kind, payload))
        taken = shard.take(kind, payload)
        assert taken.error == ""
        told.extend(taken.events)
        people.hear(taken.events)

    take(CONFIGURATION, encode(entry_of(whole, __version__, 0)))
    for minute, payload in enumerate(minutes(whole.network)):
        for entry in people.say(minute):
            take(*entry)
        if minute % 10 == 0:
            take(*radar_of(whole.network, minute, shard.now_s))
        take(entries.MESSAGES, payload)
    return log, told


def minutes(network: Network) -> Iterator[bytes]:
    """Messages of each minute and the time after it; gauges of the middle are dark for an hour."""
    middle = np.abs(network.stations.latitude - np.median(network.stations.latitude)) < 0.1
    dark = {f"/{code}/" for code, is_dark in zip(network.stations.code, middle, strict=True) if is_dark}
    waiting: list[tuple[str, bytes]] = []
    minute = 0
    for message in Scenario(1, build_county(1, PLAN), HOURS, fault_mix=HARSH_FAULTS).messages():
        is_dark = minute in DARK_MINUTES and any(code in message.topic for code in dark)
        if not is_dark:
            waiting.append((message.topic, message.payload))
        if is_clock(message.topic):
            topics, payloads = zip(*waiting, strict=True)
            yield entries.encode_arrived([(topics, payloads)])
            waiting, minute = [], minute + 1


def radar_of(network: Network, minute: int, now_s: int) -> Entry:
    rng = np.random.default_rng(minute)
    n_points = len(network.places) + int(network.stations.measures_rain.sum())
    rain_mm = np.where(rng.random(n_points) < 0.02, np.nan, rng.gamma(0.7, 9.0, n_points))
    frame = GridFrame("radar", max(0, now_s) // 600 * 600, 600, rain_mm)
    return entries.GRID, encode_frame(frame, digest_of_points(network))


class People:
    """Doors and posts that answer what they are told, observers of signs, an officer."""

    def __init__(self, whole: Configuration) -> None:
        self._network, self._prefix = whole.network, whole.topic_prefix
        self._heard: list[tuple[str, str]] = []
        self._posts = {post.post for post in whole.network.chain if post.rank < 4}
        self._n = 0

    def hear(self, events: list[Event]) -> None:
        for event in events:
            if event.kind != "issued":
                continue
            issued = decode_issued(event.value)
            doors, number = self._network.households, self._network.villages.index_of_code()
            for code, bulletin in issued.bulletins:
                those = doors.of_village(number[code])
                self._heard += [(bulletin.identifier, doors.code[door]) for door in those[:2]]
            self._heard += [
                (digest.identifier, digest.post) for digest in issued.digests if digest.post in self._posts
            ]

    def say(self, minute: int) -> list[Entry]:
        """Answers on their topics and as entries, signs, orders."""
        heard, self._heard = self._heard, []
        answers = []
        for message, who in heard:
            self._n += 1
            word = WORDS[self._n % len(WORDS)] if who not in self._posts else Answer.ACKNOWLEDGED
            if self._n % 4:
                body = json.dumps({"message": message, "answer": word}).encode()
                answers.append(RawMessage(f"{self._prefix}/answer/{who}", body))
        found = [(entries.MESSAGES, entries.encode_messages(answers))] if answers else []
        found += [
            (entries.ANSWER, entries.encode_answer(message, who, Answer.ACKNOWLEDGED))
            for message, who in heard[::7]
        ]
        if minute in {40, 75}:
            found.append((entries.MESSAGES, entries.encode_messages(list(self._signs(minute)))))
        if minute == 30:
            codes = self._network.villages.code[::40]
            order = HandOrder("o1", OrderKind.ISSUE, "officer-1", "seen", codes, "flash_flood", Level.YELLOW)
            found.append((entries.ORDER, entries.encode_order(order)))
        return found

    def _signs(self, minute: int) -> Iterator[RawMessage]:
        for village in range(minute % 7, len(self._network.villages), 23):
            post = min(self._network.posts_of_village(village), key=lambda post: post.rank)
            body = json.dumps({"village": self._network.villages.code[village], "kind": "crack"}).encode()
            yield RawMessage(f"{self._prefix}/sign/{post.post}", body)


def test_the_log_has_what_shards_could_get_wrong(run: tuple[list[Entry], list[Event]]) -> None:
    log, told = run
    text = b"".join(event.value for event in told if event.kind == "change")
    assert {kind for kind, _ in log} == {"configuration", "messages", "answer", "grid", "order"}
    assert text.count(b'"change"') + len(told) > 500
    assert b"radar" in text
    assert b"sign" in text
    assert sum(event.kind == "message" for event in told) > 100


@pytest.mark.parametrize("n_shards", [1, 4, 12])
def test_every_village_of_every_shard_hears_what_the_whole_county_tells(
    folder: Path, whole: Configuration, run: tuple[list[Entry], list[Event]], n_shards: int
) -> None:
    log, told = run
    write_shards(folder, n_shards)
    cut = with_radar(load_configuration(folder))
    parts = parts_of(cut)
    assert len(parts) == n_shards
    assert [part.kafka.partition for part in parts if part.kafka] == list(range(3, 3 + n_shards))
    posts = own_posts(parts) if n_shards > 1 else [frozenset(post.post for post in whole.network.chain)]
    expected, found = Said(), Said()
    expected.take(as_told(told), frozenset().union(*posts))
    logs = divided(cut, parts, log)
    for derived, own, entries_of_part in zip(derive_parts(cut), posts, logs, strict=True):
        shard = Shard(derived)
        events = []
        for kind, payload in entries_of_part:
            taken = shard.take(kind, payload)
            assert taken.error == ""
            events += taken.events
        found.take(as_told(events), own)
    assert expected.unlike(found) == []
    assert len(expected.digests) > 50


JUDGE = """
import hashlib, pickle, sys
from pathlib import Path
from warnstream.config.load import load_configuration
from warnstream.runners.kafka.parts import derive_parts
from warnstream.runners.kafka.shard import Shard
shards = [Shard(derived) for derived in derive_parts(load_configuration(Path(sys.argv[1])))]
for shard, log in zip(shards, pickle.loads(Path(sys.argv[2]).read_bytes()), strict=True):
    told = hashlib.sha256()
    for kind, payload in log:
        taken = shard.take(kind, payload)
        assert taken.error == ""
        for event in taken.events:
            told.update(event.key.encode() + event.value)
    print("told", told.hexdigest())
    for name, array in sorted(shard.copied().arrays.items()):
        print(name, hashlib.sha256(array.tobytes()).hexdigest())
"""


def test_every_process_has_the_same_state_to_the_bit(
    folder: Path, run: tuple[list[Entry], list[Event]], tmp_path: Path
) -> None:
    """A set's order is another one in every process: whoever took a shard over saw other posts, and rang."""
    write_shards(folder, 4)
    cut = load_configuration(folder)
    log = [entry for entry in run[0] if entry[0] not in {CONFIGURATION, entries.GRID}][:60]
    (tmp_path / "log").write_bytes(pickle.dumps(divided(cut, parts_of(cut), log)))
    found = [
        subprocess.run(
            [sys.executable, "-c", JUDGE, str(folder), str(tmp_path / "log")],
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path.cwd())},
            capture_output=True,
            check=True,
            timeout=120,
        ).stdout
        for seed in ("1", "2")
    ]
    assert found[0].count(b"desk ") == found[0].count(b"told ") == 4
    assert found[0] == found[1]
