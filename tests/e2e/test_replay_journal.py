"""``warnstream replay --journal``: what a node was sent gives the warnings that an archive of it gives."""

import json
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from station_sim.message import Message
from station_sim.sending.scenario import DEFAULT_START_S, Scenario
from station_sim.stations.faults import NO_FAULTS
from station_sim.topics import is_clock
from tests.integration.journal_files import flip, segments
from warnstream.adapters.journal.journal import Journal
from warnstream.cli import main
from warnstream.config.load import load_configuration
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.model.observations.readings import concatenate
from warnstream.review.archive import write_archive
from warnstream.runners.build import build_decoder
from warnstream.runners.intake import entries

HOURS = 2.0


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A county whose node was sent a storm, and the same readings as an archive."""
    directory = tmp_path_factory.mktemp("county")
    county = build_county(5, CountyPlan(n_stations=60, n_villages=200))
    county.write(directory)
    write_demo_config(directory)
    messages = list(Scenario(5, county, HOURS, DEFAULT_START_S, NO_FAULTS).messages())
    configuration = load_configuration(directory)
    decoder = build_decoder(configuration)
    raw = [RawMessage(message.topic, message.payload) for message in messages if not is_clock(message.topic)]
    write_archive(
        directory / "readings.parquet",
        concatenate([decoder.decode(raw).readings]),
        configuration.network.stations,
    )
    with closing(Journal(directory / "data", segment_bytes=65_536)) as journal:
        fill(journal, messages)
    return directory


def fill(journal: Journal, messages: list[Message]) -> None:
    """Entries as the node writes them: batches cut anywhere, some messages twice, answers, ticks."""
    for begin in range(0, len(messages), 97):
        batch = [RawMessage(message.topic, message.payload) for message in messages[begin : begin + 100]]
        journal.append(entries.MESSAGES, entries.encode_messages(batch))
    journal.append(entries.MESSAGES, entries.encode_messages([RawMessage("ws/answer/H1", b"{}")]))
    journal.append(entries.MESSAGES, entries.encode_messages([RawMessage("ws/x/rain/nobody/obs", b"{")]))
    journal.append(entries.TICK, entries.encode_tick(DEFAULT_START_S))


def test_a_journal_and_an_archive_of_the_same_readings_give_the_same_warnings(
    county: Path, tmp_path: Path
) -> None:
    archive = ["replay", str(county), str(county / "readings.parquet"), "--out", str(tmp_path / "archive")]
    assert main(archive) == 0
    assert (
        main(["replay", str(county), "--journal", str(county / "data"), "--out", str(tmp_path / "own")]) == 0
    )
    for name in ("warnings.jsonl", "levels.parquet"):
        assert (tmp_path / "own" / name).read_bytes() == (tmp_path / "archive" / name).read_bytes()
    assert len((tmp_path / "own" / "warnings.jsonl").read_text(encoding="utf-8").splitlines()) > 20
    summary = json.loads((tmp_path / "own" / "summary.json").read_text(encoding="utf-8"))
    assert summary["readings"]["refused"] == {"not_json": 1}
    assert len(segments(county / "data")) > 2


def test_a_running_node_s_journal_and_a_copy_of_its_folder_can_be_replayed(
    county: Path, tmp_path: Path
) -> None:
    shutil.copytree(county / "data" / "journal", tmp_path / "copy")
    with closing(Journal(county / "data")):
        for directory in (county / "data", tmp_path / "copy"):
            out = tmp_path / directory.name
            assert main(["replay", str(county), "--journal", str(directory), "--out", str(out)]) == 0
    assert (tmp_path / "data" / "warnings.jsonl").read_bytes() == (
        tmp_path / "copy" / "warnings.jsonl"
    ).read_bytes()


def test_a_damaged_journal_is_an_error_that_names_the_place(
    county: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(county / "data", tmp_path / "data")
    flip(segments(tmp_path / "data")[0], 5_000)
    assert main(["replay", str(county), "--journal", str(tmp_path / "data"), "--out", str(tmp_path)]) == 1
    assert "wsj: damaged at byte 48 (checksum): entry 1 cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "said"), [("nothing", "expected a node's journal"), ("journal.sqlite3", "start the node once")]
)
def test_a_folder_without_a_journal_is_an_error_that_says_what_to_do(
    county: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, said: str
) -> None:
    (tmp_path / name).touch()
    assert main(["replay", str(county), "--journal", str(tmp_path), "--out", str(tmp_path / "out")]) == 1
    assert said in capsys.readouterr().err


def test_readings_and_a_journal_together_are_refused(county: Path, tmp_path: Path) -> None:
    both = ["replay", str(county), "readings.parquet", "--journal", "data", "--out", str(tmp_path)]
    with pytest.raises(SystemExit):
        main(both)
    with pytest.raises(SystemExit):
        main(["replay", str(county), "--out", str(tmp_path)])
