"""From a file of the simulator's model to a level and an hour: watch, entry, step, replay, restart."""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from station_sim.cli import main as station_sim
from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from station_sim.sending.scenario import DEFAULT_START_S
from tests.model_runs import write_netcdf
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.runs.reader import RunReader
from warnstream.cli import main
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.model.errors import StoreError
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.runs.model_run import ModelRun
from warnstream.model.times import iso_utc
from warnstream.runners.build import build_intake
from warnstream.runners.intake import entries
from warnstream.runners.intake.intake import Intake
from warnstream.runners.live.watches.grid_watch import SETTLE_S, GridWatch
from warnstream.runners.transfers.describe import describe_transfers

HOUR_S = 3600
MODELS = """forecasts:
  sim:
    files: model/*.nc
    variable: precipitation_amount
    accumulated: never
    members: 5
    reach: 8h
    max_age: 2h
    usual_delay: 10min
"""
RULE = """  long_rain:
    evaluator: rule
    title: {zh: 长历时降雨, en: Long rain}
    source: a test
    levels:
      - {level: yellow, forecast_rain: 6h, at_least: 20mm, probability: 20%}
"""
TRANSFER = "  transfer: {ahead: {rain: 6h, rain_mm: 20, source: a test}}\n"


class Kept:
    """A journal that takes everything, or nothing."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, bytes]] = []
        self.refuses = False

    def __call__(self, kind: str, payload: bytes) -> Future[None]:
        done: Future[None] = Future()
        if self.refuses:
            done.set_exception(StoreError("disk full", retryable=True))
            return done
        self.entries.append((kind, payload))
        done.set_result(None)
        return done


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("county")
    build_county(5, CountyPlan(n_stations=30, n_villages=40)).write(folder)
    write_demo_config(folder)
    node, thresholds = folder / "warnstream.yaml", folder / "thresholds.yaml"
    text = node.read_text("utf-8").replace("messages:\n", f"messages:\n{TRANSFER}", 1)
    node.write_text(text + MODELS, "utf-8")
    (folder / "model").mkdir()
    hazards = thresholds.read_text("utf-8").replace("hazards:\n", f"hazards:\n{RULE}", 1)
    thresholds.write_text(hazards, "utf-8")
    return folder


@pytest.fixture(autouse=True)
def _no_files_of_other_tests(county: Path) -> Iterator[None]:
    yield
    for path in (county / "model").iterdir():
        path.unlink()


@pytest.fixture
def run(county: Path) -> Path:
    path = county / "model" / "run.nc"
    start = iso_utc(DEFAULT_START_S)
    options = ["--seed", "5", "--config", str(county), "--hours", "8", "--step-min", "30", "--start", start]
    model = ["--nwp", str(path), "--nwp-members", "5", "--nwp-errors", "large"]
    assert station_sim(["storm", *options, *model]) == 0
    return path


def watch_of(configuration: Configuration) -> tuple[GridWatch, RunReader, Kept, Metrics]:
    kept, metrics = Kept(), Metrics()
    clock: Callable[[], float] = lambda: 4e9  # files are old enough to be whole  # noqa: E731
    simulated = replace(configuration, node=replace(configuration.node, clock="simulated"))
    reader = RunReader(configuration.models[0], configuration.network)
    return GridWatch(simulated, kept, metrics, clock), reader, kept, metrics


class Clock:
    """A clock that a test sets, now to begin with."""

    def __init__(self) -> None:
        self.off_s = 0.0

    def __call__(self) -> float:
        return time.time() + self.off_s


def live_watch(county: Path) -> tuple[GridWatch, RunReader, Kept, Clock]:
    """A watch on the system's clock, and the reader of its own."""
    configuration, clock, kept = load_configuration(county), Clock(), Kept()
    live = replace(configuration, node=replace(configuration.node, clock="system"))
    watch = GridWatch(live, kept, Metrics(), clock)
    reader = RunReader(live.models[0], live.network, lambda: clock() + live.windows.future_s_max)
    return watch, reader, kept, clock


def write_run(county: Path, name: str, reference_s: int) -> Path:
    """Nothing but a drizzle for eight hours, of five members."""
    latitude, longitude = np.arange(26.0, 31.0, 0.25), np.arange(117.0, 123.0, 0.25)
    settings: dict[str, Any] = {"reference_s": reference_s, "unit": "mm", "name": "precipitation_amount"}
    path = county / "model" / name
    bounds = [(hour, hour + 1) for hour in range(8)]
    rain = np.full((5, 8, len(latitude), len(longitude)), 0.1)
    write_netcdf(path, rain, range(1, 9), bounds=bounds, latitude=latitude, longitude=longitude, **settings)
    return path


@pytest.fixture
def hour_s() -> int:
    return int(time.time()) // HOUR_S * HOUR_S


def test_a_run_of_the_future_is_refused_once_and_the_next_one_taken(county: Path, hour_s: int) -> None:
    watch, reader, kept, _ = live_watch(county)
    write_run(county, "run.nc", hour_s + 8 * HOUR_S)
    for _ in range(2):
        watch.look(reader)
    assert [refusal.reason for refusal in watch.take_refusals()] == [RefusalReason.FUTURE]
    write_run(county, "true.nc", hour_s)
    watch.look(reader)
    assert [kind for kind, _ in kept.entries] == [entries.RUN]
    assert watch.take_refusals() == []


def test_a_run_that_came_while_the_clock_was_behind_is_taken_when_it_has_jumped(
    county: Path, hour_s: int
) -> None:
    watch, reader, kept, clock = live_watch(county)
    clock.off_s = -8.0 * HOUR_S
    write_run(county, "run.nc", hour_s)
    watch.look(reader)
    assert kept.entries == []
    clock.off_s = 0.0
    watch.look(reader)
    assert [kind for kind, _ in kept.entries] == [entries.RUN]


def test_a_run_whose_file_bears_a_time_of_1970_is_read(county: Path, hour_s: int) -> None:
    watch, reader, kept, _ = live_watch(county)
    os.utime(write_run(county, "run.nc", hour_s), (0, 0))
    watch.look(reader)
    assert [kind for kind, _ in kept.entries] == [entries.RUN]


def test_a_damaged_file_that_bears_a_time_of_the_future_is_refused(
    county: Path, hour_s: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch, reader, _, _ = live_watch(county)
    path = write_run(county, "run.nc", hour_s)
    path.write_bytes(path.read_bytes()[:3000])
    os.utime(path, (4e9, 4e9))
    watch.look(reader)
    assert watch.take_refusals() == []
    later_s = time.monotonic() + SETTLE_S
    monkeypatch.setattr(time, "monotonic", lambda: later_s)
    watch.look(reader)
    assert [refusal.reason for refusal in watch.take_refusals()] == [RefusalReason.BAD_GRID]


def test_whatever_a_library_says_of_one_file_the_next_is_read(
    county: Path, hour_s: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch, reader, kept, _ = live_watch(county)
    bad, good = write_run(county, "bad.nc", hour_s), write_run(county, "good.nc", hour_s)
    os.utime(bad, (1e9, 1e9))
    frames = reader.frames

    def without_memory(path: Path) -> list[ModelRun]:
        if path == bad:
            raise MemoryError("31.9 GiB")
        return frames(path)

    monkeypatch.setattr(reader, "frames", without_memory)
    watch.look(reader)
    assert [kind for kind, _ in kept.entries] == [entries.RUN]
    assert good.exists()
    later_s = time.monotonic() + SETTLE_S
    monkeypatch.setattr(time, "monotonic", lambda: later_s)
    monkeypatch.setattr(time, "time", lambda: hour_s + 2 * HOUR_S - 1.0)
    watch.look(reader)
    (refusal,) = watch.take_refusals()
    assert "not readable: MemoryError: 31.9 GiB" in refusal.detail


def ticks(intake: Intake, hours: range) -> list[str]:
    """What steps of every quarter of an hour find."""
    told = []
    for quarter in range(4 * hours.start, 4 * hours.stop):
        now_s = DEFAULT_START_S + 900 * quarter
        for _, step in intake.consume(entries.TICK, entries.encode_tick(now_s)).steps:
            assert step.assessment.failures == {}
            states = [
                (state.reference_s, state.is_out, state.is_used) for state in step.assessment.ahead.runs
            ]
            told.append(repr((now_s, states, step.assessment.changes)))
    return told


def test_a_file_becomes_one_entry_a_level_and_an_hour_the_same_in_every_replay(
    county: Path, run: Path
) -> None:
    configuration = load_configuration(county)
    watch, reader, kept, _ = watch_of(configuration)
    watch.look(reader)
    watch.look(reader)
    ((kind, payload),) = kept.entries
    assert kind == entries.RUN
    lives = []
    for restarts in (False, True):
        intake = build_intake(configuration)
        told = ticks(intake, range(1))
        intake.consume(kind, payload)
        if restarts:  # between the run and the step that takes it
            state, intake = intake.snapshot(), build_intake(configuration)
            intake.restore(state)
        told += ticks(intake, range(1, 2))
        record = describe_transfers(intake.engine.desk, None, intake.engine.assessment)
        told += ticks(intake, range(2, 4))
        lives.append((told, record.forecast))
    assert lives[0] == lives[1]
    told, forecast = lives[0]
    assert any("hazard='long_rain'" in line for line in told)
    assert forecast is not None
    assert forecast.run == iso_utc(DEFAULT_START_S)
    assert forecast.villages
    out = describe_transfers(intake.engine.desk, None, intake.engine.assessment).forecast
    assert out is not None
    assert (out.run, out.villages, out.note) == (None, [], "no forecast of 6 h, deadline cannot be kept")
    assert f"({DEFAULT_START_S}, True, False)" in told[-1]


def test_a_full_disk_keeps_the_run_for_the_next_look(county: Path, run: Path) -> None:
    watch, reader, kept, _ = watch_of(load_configuration(county))
    kept.refuses = True
    with pytest.raises(StoreError):
        watch.look(reader)
    assert kept.entries == []


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_a_file_that_is_cut_is_refused_and_counted_and_a_whole_one_is_taken(
    county: Path, run: Path, share: float
) -> None:
    whole = run.read_bytes()
    run.write_bytes(whole[: int(share * len(whole))])
    watch, reader, kept, metrics = watch_of(load_configuration(county))
    watch.look(reader)
    assert kept.entries == []
    (refusal,) = watch.take_refusals()
    assert refusal.reason is RefusalReason.BAD_GRID
    assert "grid sim: run.nc:" in refusal.detail
    assert metrics.grid_files_refused.labels("sim", "bad_grid")._value.get() == 1
    run.write_bytes(whole)
    watch.look(reader)
    assert [kind for kind, _ in kept.entries] == [entries.RUN]


def test_a_replay_of_files_tells_the_run_when_it_is_usually_there(
    county: Path, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pd = pytest.importorskip("pandas", reason="needs the extra review")
    stations = load_configuration(county).network.stations
    code = stations.code[int(np.flatnonzero(stations.measures_rain)[0])]
    times = pd.to_datetime(DEFAULT_START_S + 300 * np.arange(1, 25), unit="s", utc=True)
    table = pd.DataFrame(
        {"station": code, "observed_at": times, "variable": "rain", "value": 0.0, "interval_s": 300}
    )
    table.to_parquet(tmp_path / "readings.parquet")
    out = tmp_path / "out"
    assert (
        main(["replay", str(county), str(tmp_path / "readings.parquet"), "--grids", "--out", str(out)]) == 0
    )
    said = capsys.readouterr().out
    assert "runs of sim: 1" in said
    assert '"model": "sim"' in (out / "warnings.jsonl").read_text("utf-8")
