"""A radar beside a node: a blackout under the storm, villages warned from the grid, kill, restart, replay."""

import gzip
import json
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from station_sim.message import Message, beacon
from station_sim.mqtt_client import BrokerAddress, BrokerTransport
from station_sim.sending.live_radar import LiveRadar
from station_sim.sending.publish import Publisher
from station_sim.sending.scenario import DEFAULT_START_S, Scenario
from station_sim.stations.faults import FaultKind, FaultMix
from station_sim.topics import is_clock
from station_sim.weather.radar import RadarErrors
from tests.conftest import free_port
from tests.e2e.live import LiveNode, new_intake
from warnstream.adapters.geometry import own_weights
from warnstream.adapters.grids.frames import GridReader
from warnstream.adapters.journal.journal import Journal
from warnstream.cli import main
from warnstream.commands.warnings import export_warnings
from warnstream.config.load import load_configuration
from warnstream.delivery.cap import certainty
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.model.grids import GridFrame, in_order_of_time
from warnstream.model.observations.readings import ReadingBatch
from warnstream.model.times import iso_utc
from warnstream.model.warning import WarningMessage
from warnstream.review.report import same_warnings, write_warnings
from warnstream.runners.build import build_decoder
from warnstream.runners.replay.replay import Replay

pytestmark = pytest.mark.slow

SEED = 2
HOURS = 4.0
CLEAR = RadarErrors(0.0, 0.05, 0.05, 0.0, 0.0, attenuation_db_max=0.0)
"""A good radar: what is shown is the way of its rain through the node, not its errors."""


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    county = build_county(SEED, CountyPlan(n_stations=60, n_villages=200))
    mix = FaultMix(blackout=0.15).only([FaultKind.BLACKOUT])
    return Scenario(SEED, county, HOURS, DEFAULT_START_S, mix)


def county_in(directory: Path, scenario: Scenario) -> int:
    """A county with a grid; returns the port of its node's HTTP interface."""
    scenario.county.write(directory)
    port, http_port = free_port(), free_port()
    write_demo_config(directory, broker_port=port, http_port=http_port, sms_port=free_port(), radar=True)
    look_ahead(directory)
    return http_port


def look_ahead(directory: Path) -> None:
    """The radar also tells of rain to come: orange within an hour raises blue."""
    node, thresholds = directory / "warnstream.yaml", directory / "thresholds.yaml"
    before = "forecast:\n"
    node.write_text(node.read_text("utf-8").replace(before, f"{before}  radar: county_radar\n"), "utf-8")
    lowering, expected = (
        "    table: thresholds.csv\n",
        "    expected: [{of: orange, within: 1h, probability: 30%}]\n",
    )
    text = thresholds.read_text("utf-8")
    thresholds.write_text(text.replace(lowering, f"{lowering}{expected}", 1), "utf-8")


def readings_of(scenario: Scenario, directory: Path) -> ReadingBatch:
    decoder = build_decoder(load_configuration(directory))
    raw = [
        RawMessage(message.topic, message.payload)
        for message in scenario.messages()
        if not is_clock(message.topic)
    ]
    readings = decoder.decode(raw).readings
    return readings.select(np.lexsort((readings.station, readings.observed_at_s)))


def replayed(
    directory: Path, readings: ReadingBatch, frames: tuple[GridFrame, ...]
) -> tuple[list[WarningMessage], set[int]]:
    messages: list[WarningMessage] = []
    blind: set[int] = set()
    for minute in Replay(load_configuration(directory), readings, None, frames).steps():
        messages += minute.step.effects.messages
        blind |= set(np.flatnonzero(minute.step.assessment.sight.is_blind).tolist())
    return messages, blind


def test_villages_in_a_blackout_are_warned_from_the_grid_and_without_it_from_farther_gauges(
    scenario: Scenario, tmp_path: Path
) -> None:
    county_in(tmp_path, scenario)
    configuration = load_configuration(tmp_path)
    LiveRadar(scenario, tmp_path / "radar", errors=CLEAR).write_all()
    reader = GridReader(configuration.grids[0], configuration.network, 20.0)
    readings = readings_of(scenario, tmp_path)
    with_grid, blind = replayed(tmp_path, readings, in_order_of_time(reader.read_all()))
    without, blind_without = replayed(tmp_path, readings, ())
    assert blind == blind_without != set()
    told = [warning for warning in with_grid if warning.reason is not None and warning.reason.grid]
    assert told
    assert {warning.village for warning in told} & blind
    dead = [configuration.network.stations.index_of_code()[fault.station] for fault in scenario.faults]
    weights = own_weights(configuration.network, configuration.village)
    lost = np.isin(weights.station, dead) & (weights.weight > 0)
    assert {warning.village for warning in told} <= set(np.flatnonzero(lost.any(axis=1)).tolist())
    assert not any(warning.reason.confirmed for warning in told if warning.reason is not None)
    assert {certainty(warning) for warning in told} == {"Possible"}
    assert not any(warning.reason is not None and warning.reason.grid for warning in without)

    def worst(messages: list[WarningMessage]) -> dict[tuple[int, str], int]:
        found: dict[tuple[int, str], int] = {}
        for message in messages:
            key = message.village, message.hazard
            found[key] = max(found.get(key, 0), int(message.level))
        return found

    more, less = worst(with_grid), worst(without)
    assert all(more.get(key, 0) >= level for key, level in less.items())
    assert sum(more.values()) > sum(less.values())


@pytest.fixture
def node(tmp_path: Path, scenario: Scenario) -> Iterator[LiveNode]:
    found = LiveNode(tmp_path, county_in(tmp_path, scenario))
    yield found
    found.end()


def play(node: LiveNode, messages: Iterable[Message]) -> None:
    listener = load_configuration(node.directory).listener
    assert listener is not None
    published = Publisher(messages, BrokerTransport(BrokerAddress(port=listener.port)), speed=600.0).run()
    assert published.finished


def test_a_node_killed_in_the_blackout_goes_on_with_the_grid_and_its_journal_gives_the_same(
    node: LiveNode, scenario: Scenario
) -> None:
    directory = node.directory
    radar = LiveRadar(scenario, directory / "radar", errors=CLEAR)
    messages = list(scenario.messages())
    half = scenario.start_s + int(HOURS * 1_800)
    node.start()
    play(node, radar.beside(message for message in messages if message.time_s <= half))
    node.wait_until(iso_utc(half), 60)
    node.kill()
    # What has been told is in the journal: the node needs no file of it any more.
    for path in (directory / "radar").iterdir():
        path.unlink()
    node.start()
    play(node, radar.beside(message for message in messages if message.time_s > half))
    node.wait_until(iso_utc(scenario.end_s), 60)
    assert node.metric('warnstream_ahead_fields_total{grid="county_radar"}') > 0
    assert node.metric('warnstream_ahead_radar_out{grid="county_radar"}') == 0
    state = node.get("/api/v1/state")
    assert (state["ahead"]["radar"], state["ahead"]["out"]) == ("county_radar", False)
    record: dict[str, str] = state["grids"][0]
    assert record["newest"] >= iso_utc(scenario.end_s - 900)
    later = scenario.end_s + 1_200  # no file comes any more
    play(node, [beacon("ws", later)])
    node.wait_until(iso_utc(later), 60)
    assert node.get("/api/v1/state")["ahead"]["out"] is True
    node.wait_for(lambda: any(reason.startswith("radar county_radar is out") for reason in reasons_of(node)))
    assert node.stop() == 0

    export_warnings(load_configuration(directory), directory / "live.jsonl")
    whole, issued = new_intake(directory), []
    with closing(Journal(directory / "data")) as journal:
        for _, kind, payload in journal.since(0):
            for _, step in whole.consume(kind, payload).steps:
                issued += step.effects.messages
    write_warnings(directory / "expected.jsonl", issued, load_configuration(directory))
    assert same_warnings(directory / "live.jsonl", directory / "expected.jsonl") == []
    assert by_grid(directory / "live.jsonl")
    assert by_radar(directory / "live.jsonl")
    assert by_radar(directory / "live.jsonl") == by_radar(directory / "expected.jsonl")

    out = directory / "again"
    assert main(["replay", str(directory), "--journal", str(directory / "data"), "--out", str(out)]) == 0
    assert by_grid(out / "warnings.jsonl")
    assert by_radar(out / "warnings.jsonl")


def reasons_of(node: LiveNode) -> list[str]:
    """What the node says of itself."""
    found: list[str] = node.get("/readyz")["reasons"]
    return found


def by_grid(path: Path) -> list[dict[str, object]]:
    """Messages that rest on the grid."""
    messages = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [
        message for message in messages if message["reason"] and message["reason"]["grid"] == "county_radar"
    ]


def by_radar(path: Path) -> list[object]:
    """What was expected by the radar, probabilities to the last digit."""
    messages = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    expected = [
        (message["village"], message["reason"].get("expected")) for message in messages if message["reason"]
    ]
    return [message for message in expected if message[1] and message[1]["probability"]]


def spoilt_files(folder: Path, sound: Path) -> dict[str, str]:
    """Files that cannot be used, written long ago; name -> the reason by which each is refused."""
    with xr.open_dataset(sound, engine="h5netcdf") as opened:
        good = opened.load()
    rain = good["precipitation_amount"]
    several = xr.concat([rain] * 3, dim="time") * 0 + np.array([1.0, 3.0, 6.0])[:, None, None]
    ends = good["time"].to_numpy()[0] + np.arange(3) * np.timedelta64(5, "m")
    begins = np.full(3, ends[0] - np.timedelta64(5, "m"))
    total = good.drop_dims("time").assign_coords(time=ends)
    total["precipitation_amount"] = several.assign_coords(time=ends).assign_attrs(rain.attrs)
    total["time"].attrs["bounds"] = "time_bounds"
    total["time"].encoding["units"] = "seconds since 1970-01-01"
    total["time_bounds"] = (("time", "bounds"), np.stack([begins, ends], axis=-1))
    spoilt = {
        "nothing.nc": (good.assign(precipitation_amount=rain * np.nan), "no_reading"),
        "unit.nc": (good.assign(precipitation_amount=rain.assign_attrs(units="dBZ")), "wrong_unit"),
        "shifted.nc": (good.assign_coords(latitude=good["latitude"] + 0.05), "shifted"),
        "total.nc": (total, "running_total"),
    }
    for name, (content, _) in spoilt.items():
        content.to_netcdf(folder / name, engine="h5netcdf")
    whole = sound.read_bytes()
    (folder / "cut.nc").write_bytes(whole[: len(whole) // 3])
    (folder / "picture.nc").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(600))
    (folder / "cut_gz.nc").write_bytes(gzip.compress(whole)[:-100])
    return {name: reason for name, (_, reason) in spoilt.items()} | {
        "cut.nc": "bad_grid",
        "picture.nc": "unsupported_content",
        "cut_gz.nc": "bad_grid",
    }


def test_files_that_cannot_be_used_are_refused_and_counted_and_nothing_else_stops(
    node: LiveNode, scenario: Scenario
) -> None:
    folder, made = node.directory / "radar", node.directory / "made"
    radar = LiveRadar(scenario, made, errors=CLEAR)
    (sound, packed, *rest) = radar.write_all()
    for path in rest:
        path.unlink()
    packed.write_bytes(gzip.compress(packed.read_bytes()))
    expected = spoilt_files(made, sound)
    long_ago = time.time() - 60  # no file that is still written
    for path in made.iterdir():
        os.utime(path, (long_ago - 60 * (path == sound),) * 2)
    node.start()
    until = scenario.start_s + 1800
    play(node, (message for message in scenario.messages() if message.time_s < until))
    node.wait_until(iso_utc(until - 60), 60)
    made.rename(folder)  # not before: their frames would be of the future
    counted = Counter(expected.values())
    node.wait_for(lambda: all(refused(node, reason) >= n for reason, n in counted.items()))
    play(
        node, (message for message in scenario.messages() if message.time_s == until)
    )  # frames are taken by a step
    node.wait_for(lambda: node.metric('warnstream_grid_frames_total{grid="county_radar"}') >= 2)
    assert {reason: refused(node, reason) for reason in counted} == dict(counted)
    assert node.metric('warnstream_grid_frames_total{grid="county_radar"}') == 2
    assert node.get("/api/v1/state")["now"] == iso_utc(until)
    assert node.stop() == 0
    log = (node.directory / "node.log").read_text("utf-8")
    assert all(path.name in log for path in folder.iterdir() if path.name in expected)


def refused(node: LiveNode, reason: str) -> float:
    return node.metric(f'warnstream_grid_files_refused_total{{grid="county_radar",reason="{reason}"}}')
