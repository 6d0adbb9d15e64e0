"""Clogged gauges of the simulator beside sound spares, through configuration, decoders, engine and replay."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from station_sim.message import Message
from station_sim.sending.scenario import DEFAULT_START_S, Scenario
from station_sim.stations.faults import NO_FAULTS, FaultKind
from station_sim.topics import is_clock
from warnstream.adapters.journal.journal import Journal
from warnstream.cli import main
from warnstream.config.load import load_configuration
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.model.observations.readings import concatenate
from warnstream.review.archive import write_archive
from warnstream.runners.build import build_decoder
from warnstream.runners.intake import entries

SEED = 5
HOURS = 6.0
CLOGGED = replace(NO_FAULTS, faulty_zero=0.12)


@dataclass(frozen=True)
class Storm:
    """A county whose clogged gauges have spares, and what its stations sent."""

    directory: Path
    messages: list[Message]
    gauges: tuple[str, ...]


def write_spares(path: Path, gauges: tuple[str, ...]) -> None:
    """Each of the gauges gets a spare beside it: its own row once more, under another code."""
    stations = pd.read_csv(path, dtype=str, keep_default_na=False)
    spares = stations[stations["station"].isin(gauges)].copy()
    spares["spare_of"] = spares["station"]
    spares["station"] += "B"
    pd.concat([stations, spares]).fillna("").to_csv(path, index=False)


def with_spares(faulty: list[Message], sound: list[Message], gauges: tuple[str, ...]) -> Iterator[Message]:
    """What the clogged gauges send, and at the same moment what their spares do: the truth."""
    said = {(message.time_s, message.topic): message for message in sound}
    for message in faulty:
        yield message
        code = message.topic.split("/")[-2]
        if code in gauges:
            truth = said[message.time_s, message.topic]
            topic = message.topic.replace(f"/{code}/", f"/{code}B/")
            yield truth._replace(
                topic=topic, payload=truth.payload.replace(code.encode(), f"{code}B".encode())
            )


@pytest.fixture(scope="module")
def storm(tmp_path_factory: pytest.TempPathFactory) -> Storm:
    directory = tmp_path_factory.mktemp("county")
    county = build_county(SEED, CountyPlan(n_stations=60, n_villages=200))
    county.write(directory)
    write_demo_config(directory)
    clogged = Scenario(SEED, county, HOURS, DEFAULT_START_S, CLOGGED)
    gauges = tuple(fault.station for fault in clogged.faults if fault.kind is FaultKind.FAULTY_ZERO)
    assert len(gauges) > 5
    write_spares(directory / "stations.csv", gauges)
    sound = Scenario(SEED, county, HOURS, DEFAULT_START_S, NO_FAULTS)
    messages = list(with_spares(list(clogged.messages()), list(sound.messages()), gauges))
    return Storm(directory, messages, gauges)


def archive(storm: Storm, path: Path, *, without: str | None = None, sound: bool = False) -> Path:
    """The readings as a file: without the spares, or with the gauges as sound as their spares."""
    configuration = load_configuration(storm.directory)
    raw = [
        RawMessage(message.topic, message.payload)
        for message in storm.messages
        if not is_clock(message.topic)
    ]
    readings = concatenate([build_decoder(configuration).decode(raw).readings])
    code = np.array(configuration.network.stations.code)
    if without is not None:
        readings = readings.select(~np.char.endswith(code[readings.station], without))
    if sound:
        index = configuration.network.stations.index_of_code()
        of_spare = {index[f"{gauge}B"]: index[gauge] for gauge in storm.gauges}
        is_gauge = np.isin(readings.station, list(of_spare.values()))
        readings = readings.select(~is_gauge)
        readings.station[:] = [of_spare.get(station, station) for station in readings.station.tolist()]
    write_archive(path, readings, configuration.network.stations)
    return path


def replay(storm: Storm, *source: str, out: Path) -> list[dict[str, object]]:
    assert main(["replay", str(storm.directory), *source, "--out", str(out)]) == 0
    return [json.loads(line) for line in (out / "warnings.jsonl").read_text(encoding="utf-8").splitlines()]


def replaced_by(warnings: list[dict[str, object]]) -> list[tuple[str, str, str]]:
    """Gauge, spare and why, of every warning that rests on a spare."""
    found = []
    for warning in warnings:
        reason = warning["reason"]
        assert isinstance(reason, dict | None)
        if reason is not None:
            facts = [fact for fact in reason["facts"] if fact["indicator"] == "replaced"]
            found += [(fact["station"], reason["station"], fact["note"]) for fact in facts]
    return found


def highest(warnings: list[dict[str, object]]) -> dict[tuple[str, str], int]:
    """Highest level of every village and hazard."""
    found: dict[tuple[str, str], int] = {}
    order = ("none", "blue", "yellow", "orange", "red")
    for warning in warnings:
        key = str(warning["village"]), str(warning["hazard"])
        found[key] = max(found.get(key, 0), order.index(str(warning["level"])))
    return found


def test_villages_of_clogged_gauges_are_warned_as_if_the_gauges_were_sound(
    storm: Storm, tmp_path: Path
) -> None:
    truth = replay(storm, str(archive(storm, tmp_path / "sound.parquet", sound=True)), out=tmp_path / "sound")
    spared = replay(storm, str(archive(storm, tmp_path / "all.parquet")), out=tmp_path / "all")
    alone = replay(
        storm, str(archive(storm, tmp_path / "alone.parquet", without="B")), out=tmp_path / "alone"
    )
    assert not replaced_by(truth)
    assert not replaced_by(alone)
    told = replaced_by(spared)
    assert told
    assert {spare for _, spare, _ in told} <= {f"{gauge}B" for gauge, _, _ in told}
    assert {why for _, _, why in told} <= {"faulty_zero", "contradicted"}
    real = highest(truth)
    missed = {
        name: sum(real[key] - min(highest(run).get(key, 0), real[key]) for key in real)
        for name, run in (("spared", spared), ("alone", alone))
    }
    assert missed["spared"] == 0 < missed["alone"], "levels below those of sound gauges, village by village"


def test_the_journal_of_a_node_gives_the_same_warnings(storm: Storm, tmp_path: Path) -> None:
    with closing(Journal(tmp_path / "data", segment_bytes=262_144)) as journal:
        for begin in range(0, len(storm.messages), 97):
            batch = [
                RawMessage(message.topic, message.payload) for message in storm.messages[begin : begin + 100]
            ]
            journal.append(entries.MESSAGES, entries.encode_messages(batch))
    replay(storm, str(archive(storm, tmp_path / "all.parquet")), out=tmp_path / "archive")
    replay(storm, "--journal", str(tmp_path / "data"), out=tmp_path / "own")
    for name in ("warnings.jsonl", "levels.parquet"):
        assert (tmp_path / "own" / name).read_bytes() == (tmp_path / "archive" / name).read_bytes()
