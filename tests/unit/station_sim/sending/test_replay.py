import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from station_sim.sending.replay import Replay, read_archive
from station_sim.topics import is_clock
from warnstream.model.errors import ArchiveError
from warnstream.model.times import parse_iso

START_S = parse_iso("2019-04-08T20:00:00Z")

ROWS = [
    ("B", "2019-04-08T20:15:00Z", "rain", 1.5),
    ("A", "2019-04-08T20:15:00Z", "rain", 0.2),
    ("A", "2019-04-08T20:00:00Z", "rain", 0.0),
    ("A", "2019-04-08T20:15:00Z", "stage", 2.25),
    ("Z", "2019-04-08T20:07:30Z", "stage", 3.0),
]


def write_csv(path: Path, rows: list[tuple[object, ...]]) -> Path:
    pd.DataFrame(rows, columns=["station", "observed_at", "variable", "value"]).to_csv(path, index=False)
    return path


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "readings.csv", list(ROWS))


def contents(replay: Replay) -> list[dict[str, object]]:
    return [json.loads(m.payload) for m in replay.messages() if not is_clock(m.topic)]


def test_readings_come_by_time_then_station_with_their_variables_together(archive: Path) -> None:
    assert contents(Replay(read_archive(archive))) == [
        {"station": "A", "time": "2019-04-08T20:00:00Z", "rain": 0.0},
        {"station": "Z", "time": "2019-04-08T20:07:30Z", "stage": 3.0},
        {"station": "A", "time": "2019-04-08T20:15:00Z", "rain": 0.2, "stage": 2.25},
        {"station": "B", "time": "2019-04-08T20:15:00Z", "rain": 1.5},
    ]


def test_topics_name_the_kind_of_station(archive: Path) -> None:
    topics = [m.topic for m in Replay(read_archive(archive), "p").messages() if not is_clock(m.topic)]
    assert topics == [
        "p/replay/rain/A/obs",
        "p/replay/river/Z/obs",
        "p/replay/rain/A/obs",
        "p/replay/rain/B/obs",
    ]


def test_a_beacon_ends_every_minute_from_the_first_reading_to_the_last(archive: Path) -> None:
    clock = [m.time_s for m in Replay(read_archive(archive)).messages() if is_clock(m.topic)]
    assert clock == [START_S + 60 * minute for minute in range(16)]


def test_no_reading_comes_after_the_beacon_of_its_minute(archive: Path) -> None:
    clock_s = 0
    for message in Replay(read_archive(archive)).messages():
        if is_clock(message.topic):
            clock_s = message.time_s
        else:
            assert clock_s < message.time_s <= max(clock_s, START_S - 60) + 60


def test_the_clock_goes_on_after_the_last_reading_if_asked(archive: Path) -> None:
    *_, last = Replay(read_archive(archive), after_s=7200).messages()
    assert last.time_s == parse_iso("2019-04-08T22:15:00Z")


@pytest.mark.parametrize(
    "as_time",
    [
        lambda text: text,
        parse_iso,
        pd.Timestamp,
        lambda text: pd.Timestamp(text).tz_localize(None),
        lambda text: text.removesuffix("Z") + "+00:00",
    ],
    ids=["iso", "epoch", "datetime", "naive datetime", "offset"],
)
def test_times_are_understood_in_every_documented_form(
    tmp_path: Path, as_time: Callable[[str], Any], archive: Path
) -> None:
    table = pd.DataFrame(ROWS, columns=["station", "observed_at", "variable", "value"])
    table = table.assign(observed_at=[as_time(text) for text in table["observed_at"]])
    path = tmp_path / "readings.parquet"
    table.to_parquet(path)
    assert list(Replay(read_archive(path)).messages()) == list(Replay(read_archive(archive)).messages())


def test_station_codes_of_digits_stay_text(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "r.csv", [("007", "2019-04-08T20:15:00Z", "rain", 1.0)])
    assert contents(Replay(read_archive(path)))[0]["station"] == "007"


def test_a_variable_that_comes_twice_is_sent_twice(tmp_path: Path) -> None:
    row = ("A", "2019-04-08T20:15:00Z", "rain")
    path = write_csv(tmp_path / "r.csv", [(*row, 1.0), (*row, 2.0)])
    assert [c["rain"] for c in contents(Replay(read_archive(path)))] == [1.0, 2.0]


def test_missing_values_are_left_out_and_counted(tmp_path: Path) -> None:
    time = "2019-04-08T20:15:00Z"
    path = write_csv(tmp_path / "r.csv", [("A", time, "rain", None), ("B", time, "rain", 2.0)])
    archive = read_archive(path)
    assert archive.n_missing == 1
    assert [c["station"] for c in contents(Replay(archive))] == ["B"]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("A", "yesterday", "rain", 1.0)], "row 1: observed_at: expected an ISO 8601 time or epoch seconds"),
        ([("A", "2019-04-08T20:15:00Z", "rain", "wet")], "row 1: value: expected a number, got 'wet'"),
        ([(None, "2019-04-08T20:15:00Z", "rain", 1.0)], "row 1: station: expected a name, got nothing"),
        ([("A", "2019-04-08T20:15:00Z", "rain", None)], "expected at least one reading with a value"),
    ],
)
def test_a_bad_archive_is_refused_with_row_and_column(
    tmp_path: Path, rows: list[tuple[object, ...]], expected: str
) -> None:
    with pytest.raises(ArchiveError, match=expected):
        read_archive(write_csv(tmp_path / "r.csv", rows))


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("station,time,variable,value\n", encoding="utf-8")
    with pytest.raises(ArchiveError, match="missing: observed_at"):
        read_archive(path)


@pytest.mark.parametrize("name", ["absent.csv", "absent.parquet"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(ArchiveError, match=f"{name}: cannot be read"):
        read_archive(tmp_path / name)
