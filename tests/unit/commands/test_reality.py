"""What the journal shows to be otherwise than written: intervals, and stages of gauges."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from tests.unit.config.conftest import FILES
from warnstream.adapters.journal.journal import Journal
from warnstream.cli import main
from warnstream.commands import reality
from warnstream.commands.reality import reality_looks
from warnstream.config.load import load_configuration
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.model.times import iso_utc
from warnstream.runners.intake.entries import MESSAGES, encode_messages

T0 = 1_781_740_800


@pytest.fixture
def county(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def heard(county: Path, station: str, *, every_s: int, stage_m: float | None = None, n: int = 30) -> None:
    """A station has sent so many reports in the past."""
    configuration = load_configuration(county)
    with closing(Journal(configuration.storage.directory)) as journal:
        for number in range(n):
            content = {"station": station, "time": iso_utc(T0 + every_s * number), "rain": 0.0}
            if stage_m is not None:
                content["stage"] = stage_m + 0.01 * (number % 7)
            message = RawMessage(f"ws/county/rain/{station}/obs", json.dumps(content).encode())
            journal.append(MESSAGES, encode_messages([message]))


def looks(county: Path) -> list[str]:
    return reality_looks(load_configuration(county))


def test_what_is_as_written_is_not_looked_at(county: Path) -> None:
    assert looks(county) == [], "nor a node that has never run"
    heard(county, "S1", every_s=300)
    heard(county, "G1", every_s=300, stage_m=9.0)
    assert looks(county) == []


@pytest.mark.parametrize(("every_s", "words"), [(600, "10min"), (60, "1min"), (3_600, "1h")])
def test_a_station_that_reports_otherwise_than_its_interval_says(
    county: Path, every_s: int, words: str
) -> None:
    heard(county, "S1", every_s=every_s)
    assert looks(county) == [f"stations.csv: 1 station reports every {words}, interval says 5min: S1"]


def test_a_few_reports_say_nothing(county: Path) -> None:
    heard(county, "S1", every_s=3_600, n=reality.REPORTS_MIN)
    assert looks(county) == []


@pytest.mark.parametrize("stage_m", [130.0, -25.0])
def test_a_gauge_over_another_datum_than_its_levels(county: Path, stage_m: float) -> None:
    heard(county, "G1", every_s=300, stage_m=stage_m)
    (said,) = looks(county)
    assert said.startswith("river_flood: levels of gauge G1 from 10.5 to 12 m, the journal has 30 stages")
    assert said.endswith("is one over another datum?")


def test_a_level_in_which_the_river_always_stands(county: Path) -> None:
    heard(county, "G1", every_s=300, stage_m=10.6)
    (said,) = looks(county)
    assert said.endswith("the lowest is reached nearly always")


def test_check_prints_it_and_strict_makes_it_a_fault(
    county: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    heard(county, "S1", every_s=600)
    main(["check", str(county)])
    assert "look at: stations.csv: 1 station reports every 10min" in capsys.readouterr().out


def test_of_a_long_journal_the_newest_part_is_read(county: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reality, "BYTES_MAX", 1)
    heard(county, "S1", every_s=600)
    assert looks(county), "at least one segment"
