"""From a file of the simulator's model to a level and an hour: watch, entry, step, replay, restart."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from station_sim.cli import main as station_sim
from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from station_sim.sending.scenario import DEFAULT_START_S
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.runs.reader import RunReader
from warnstream.cli import main
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.model.errors import StoreError
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.times import iso_utc
from warnstream.runners.build import build_intake
from warnstream.runners.intake import entries
from warnstream.runners.intake.intake import Intake
from warnstream.runners.live.watches.grid_watch import GridWatch
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
