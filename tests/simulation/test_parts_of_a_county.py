"""The demo county's storm judged in four parts: every village is told what the whole county tells it.

Each part has a quarter of the villages and all stations, and reads weights, nowcast, needs and grid
that were derived once from the whole. Gauges of the middle fall silent, so that a radar speaks for
them; people see signs. What is compared is compared byte by byte.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from station_sim.county.county import build_county
from station_sim.county.demo_config import write_demo_config
from station_sim.sending.scenario import Scenario
from station_sim.stations.faults import HARSH_FAULTS
from station_sim.topics import is_clock
from warnstream.config.load import load_configuration
from warnstream.config.settings import GridSettings
from warnstream.engine import Engine
from warnstream.ingest.flat_json.decoder import Decoder, RawMessage
from warnstream.model.arrays import Int64Array
from warnstream.model.bulletins import Bulletin
from warnstream.model.changes import LevelChange
from warnstream.model.grids import BiasPolicy, GridFrame, GridPolicy
from warnstream.model.network import Network
from warnstream.model.observations.readings import ReadingBatch
from warnstream.model.observations.signs import SignReport
from warnstream.model.warning import WarningMessage
from warnstream.runners.build import Derived, assemble, derive

HOURS = 4.0
DARK_FROM_MINUTE, DARK_TO_MINUTE = 90, 180
RADAR = GridPolicy("radar", interval_s=600, age_s_max=1800, bias=BiasPolicy(pairs_min=3))
EVENTS_LEAST = 2_000

Minute = tuple[int, ReadingBatch, tuple[SignReport, ...], tuple[GridFrame, ...]]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Derived:
    """The demo county, with a radar that nobody writes files for: frames come from the test."""
    folder = tmp_path_factory.mktemp("county")
    build_county(1).write(folder)
    write_demo_config(folder)
    configuration = load_configuration(folder)
    radar = GridSettings(RADAR, Path("radar"), "*.nc", "rain", None, None, True, 0.5, 60.0)
    return derive(replace(configuration, grids=(radar,)))


@pytest.fixture(scope="module")
def storm(whole: Derived) -> list[Minute]:
    """What arrives in each minute."""
    return list(_minutes(whole.configuration.network))


def _minutes(network: Network) -> Iterator[Minute]:
    decoder, rng = Decoder(network.stations), np.random.default_rng(7)
    middle = np.abs(network.stations.latitude - np.median(network.stations.latitude)) < 0.1
    n_points = len(network.places) + int(network.stations.measures_rain.sum())
    waiting: list[RawMessage] = []
    minute = 0
    for message in Scenario(1, build_county(1), HOURS, fault_mix=HARSH_FAULTS).messages():
        if not is_clock(message.topic):
            waiting.append(RawMessage(message.topic, message.payload))
            continue
        readings, now_s = decoder.decode(waiting).readings, message.time_s
        if DARK_FROM_MINUTE <= minute < DARK_TO_MINUTE:
            readings = readings.select(~middle[readings.station])
        frames: tuple[GridFrame, ...] = ()
        if minute % 10 == 0:
            rain_mm = np.where(rng.random(n_points) < 0.02, np.nan, rng.gamma(0.7, 9.0, n_points))
            if minute == 100:
                rain_mm[5] = 1e6  # the frame is refused, for villages far from point 5 as well
            frames = (GridFrame("radar", now_s - now_s % 600, 600, rain_mm),)
        signs: tuple[SignReport, ...] = ()
        if minute in {40, 75}:
            villages = [network.villages.code[minute * number] for number in range(1, 30)]
            posts = [
                min(network.posts_of_village(minute * n), key=lambda post: post.rank) for n in range(1, 30)
            ]
            signs = tuple(
                SignReport(code, "crack", post.post, "seen")
                for code, post in zip(villages, posts, strict=True)
            )
        yield now_s, readings, signs, frames
        waiting, minute = [], minute + 1


def quarters(network: Network) -> list[Int64Array]:
    """Villages of four compact blocks."""
    villages = network.villages
    is_north = villages.latitude > np.median(villages.latitude)
    is_east = villages.longitude > np.median(villages.longitude)
    return [
        np.flatnonzero((is_north == north) & (is_east == east))
        for north in (False, True)
        for east in (False, True)
    ]


def told(
    engine: Engine, storm: list[Minute], villages: Int64Array, network: Network
) -> dict[str, list[bytes]]:
    """Level changes with reasons, messages and bulletins of every village, in their order."""
    log: dict[str, list[bytes]] = {network.villages.code[village]: [] for village in villages}
    codes = {network.villages.code[village] for village in villages}
    for now_s, readings, signs, frames in storm:
        here = [sign for sign in signs if sign.village in codes]
        step = engine.step(readings, here, now_s, frames)
        assert step.assessment.failures == {}
        events: list[LevelChange | WarningMessage | Bulletin] = [
            *step.assessment.changes,
            *step.effects.messages,
            *step.effects.bulletins,
        ]
        for event in events:
            village = int(villages[event.village])
            log[network.villages.code[village]].append(repr(replace(event, village=village)).encode())
    return log


def test_four_parts_tell_what_the_whole_county_tells(whole: Derived, storm: list[Minute]) -> None:
    network = whole.configuration.network
    every = np.arange(len(network.villages))
    expected = told(assemble(whole), storm, every, network)
    assert sum(map(len, expected.values())) > EVENTS_LEAST
    text = b"".join(line for lines in expected.values() for line in lines)
    assert b"grid='radar'" in text
    assert b"'sign'" in text
    assert text.count(b"lead_s=3600") > 10
    found: dict[str, list[bytes]] = {}
    for villages in quarters(network):
        found |= told(assemble(whole.of_villages(villages)), storm, villages, network)
    assert found.keys() == expected.keys()
    different = [code for code, lines in expected.items() if found[code] != lines]
    assert different == []


def test_a_part_of_a_part_is_that_part(whole: Derived, storm: list[Minute]) -> None:
    network = whole.configuration.network
    quarter = quarters(network)[2]
    some = np.arange(0, len(quarter), 7)
    twice = whole.of_villages(quarter).of_villages(some)
    once = whole.of_villages(quarter[some])
    first = storm[:120]
    expected = told(assemble(once), first, quarter[some], network)
    assert told(assemble(twice), first, quarter[some], network) == expected
