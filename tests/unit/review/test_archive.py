"""The archive's promise is about files: these tests write small ones into the test's own folder."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from warnstream.model.errors import ArchiveError
from warnstream.model.network import Stations
from warnstream.model.observations.readings import Variable, batch_of
from warnstream.model.observations.refusals import RefusalReason
from warnstream.review.archive import REFUSED_ROWS_MAX, read_archive, write_archive

T0 = 1_554_758_100
"""2019-04-08T21:15:00Z."""

STATIONS = Stations(
    code=("urca", "rocinha", "001"),
    latitude=np.zeros(3),
    longitude=np.zeros(3),
    interval_s=np.full(3, 900, np.int32),
    measures_rain=np.ones(3, bool),
    measures_stage=np.ones(3, bool),
)


def csv(folder: Path, *rows: str) -> Path:
    path = folder / "readings.csv"
    path.write_text("\n".join(["station,observed_at,variable,value", *rows]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "time",
    [
        "2019-04-08T21:15:00Z",
        "2019-04-08 21:15:00",
        "2019-04-08T18:15:00-03:00",
        "2019-04-08T21:15:00.700Z",
        "2019-04-08T21:14:60Z",
        "2019-04-08T24:00:00+02:45",
        str(T0),
    ],
)
def test_every_way_of_writing_a_time_is_the_same_second(tmp_path: Path, time: str) -> None:
    readings = read_archive(csv(tmp_path, f"urca,{time},rain,1.5"), STATIONS).readings
    np.testing.assert_array_equal(readings.observed_at_s, [T0])


@pytest.mark.parametrize(
    "time",
    [
        "yesterday",
        "",
        "20190408",
        str(T0 * 1000),
        "2019-13-01T00:00:00Z",
        "1e12",
        "9999-12-31T23:59:59Z",  # a replay up to then took 31 GiB for its minutes
        "2100-01-02T00:00:00Z",
        "0001-01-01T00:00:00Z",
    ],
)
def test_what_is_not_a_time_is_refused(tmp_path: Path, time: str) -> None:
    found = read_archive(csv(tmp_path, f"urca,{time},rain,1.5", f"urca,{T0},rain,2"), STATIONS)
    assert found.n_refused == {"bad_time": 1}
    assert len(found.readings) == 1


def test_a_written_time_before_1970_is_one(tmp_path: Path) -> None:
    readings = read_archive(csv(tmp_path, "urca,1966-01-11T06:00:00Z,rain,1.5"), STATIONS).readings
    assert readings.observed_at_s.tolist() == [-125_344_800]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f"leme,{T0},rain,1", RefusalReason.UNKNOWN_STATION),
        (f",{T0},rain,1", RefusalReason.UNKNOWN_STATION),
        (f"urca,{T0},hail,1", RefusalReason.UNKNOWN_VARIABLE),
        (f"urca,{T0},rain,", RefusalReason.BAD_VALUE),
        (f"urca,{T0},rain,wet", RefusalReason.BAD_VALUE),
        (f"urca,{T0},rain,inf", RefusalReason.BAD_VALUE),
        ("leme,yesterday,hail,wet", RefusalReason.UNKNOWN_STATION),
    ],
)
def test_refused_row_keeps_its_place_its_cells_and_one_reason(
    tmp_path: Path, row: str, reason: RefusalReason
) -> None:
    found = read_archive(csv(tmp_path, f"urca,{T0},rain,0.5", row), STATIONS)
    (refused,) = found.refused
    assert (refused.row, refused.reason) == (2, reason)
    assert refused.station == row.split(",", maxsplit=1)[0]
    assert found.n_refused == {reason: 1}
    np.testing.assert_array_equal(found.readings.value, [0.5])


def test_row_with_a_decimal_comma_is_refused_and_shifts_no_row_number(tmp_path: Path) -> None:
    path = csv(tmp_path, f"urca,{T0},rain,1", f"urca,{T0},rain,2,5", "urca", f"leme,{T0},rain,3")
    found = read_archive(path, STATIONS)
    assert [(row.row, row.reason) for row in found.refused] == [
        (2, RefusalReason.WRONG_SHAPE),
        (3, RefusalReason.WRONG_SHAPE),
        (4, RefusalReason.UNKNOWN_STATION),
    ]
    assert found.n_refused == {"wrong_shape": 2, "unknown_station": 1}
    np.testing.assert_array_equal(found.readings.value, [1.0])


def test_readings_come_in_the_order_of_time_then_station(tmp_path: Path) -> None:
    path = csv(
        tmp_path,
        f"rocinha,{T0 + 900},rain,4",
        f"rocinha,{T0},stage,3",
        f"urca,{T0},stage,1",
        f"urca,{T0},rain,2",
    )
    readings = read_archive(path, STATIONS).readings
    np.testing.assert_array_equal(readings.value, [1, 2, 3, 4])
    np.testing.assert_array_equal(
        readings.variable, [Variable.STAGE, Variable.RAIN, Variable.STAGE, Variable.RAIN]
    )


def test_station_code_of_digits_keeps_its_zeros(tmp_path: Path) -> None:
    readings = read_archive(csv(tmp_path, f"001,{T0},rain,1"), STATIONS).readings
    np.testing.assert_array_equal(readings.station, [2])


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.csv.gz"])
def test_what_is_written_is_read_back(tmp_path: Path, name: str) -> None:
    batch = batch_of([0, 1, 0], [0, 1, 0], [T0, T0, T0 + 60], [0.1, 12.345678901, 0.0])
    write_archive(tmp_path / name, batch, STATIONS)
    found = read_archive(tmp_path / name, STATIONS)
    np.testing.assert_array_equal(found.readings.station, batch.station)
    np.testing.assert_array_equal(found.readings.variable, batch.variable)
    np.testing.assert_array_equal(found.readings.observed_at_s, batch.observed_at_s)
    np.testing.assert_array_equal(found.readings.value, batch.value)
    assert not found.refused


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.csv.gz"])
def test_same_readings_give_the_same_bytes(tmp_path: Path, name: str) -> None:
    batch = batch_of([0, 1], [0, 0], [T0, T0], [0.1, 0.2])
    write_archive(tmp_path / name, batch, STATIONS)
    first = (tmp_path / name).read_bytes()
    write_archive(tmp_path / name, batch, STATIONS)
    assert (tmp_path / name).read_bytes() == first


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_parquet_times_of_any_resolution_are_read(tmp_path: Path, unit: str) -> None:
    time = pd.Series(np.array([T0, T0 + 900], "datetime64[s]").astype(f"datetime64[{unit}]"))
    table = pd.DataFrame({"station": "urca", "observed_at": time, "variable": "rain", "value": [1.0, 2.0]})
    table.to_parquet(tmp_path / "a.parquet")
    np.testing.assert_array_equal(
        read_archive(tmp_path / "a.parquet", STATIONS).readings.observed_at_s, [T0, T0 + 900]
    )


def test_empty_parquet_time_is_refused(tmp_path: Path) -> None:
    time = pd.Series([pd.NaT, pd.Timestamp(T0, unit="s")])
    table = pd.DataFrame({"station": "urca", "observed_at": time, "variable": "rain", "value": 1.0})
    table.to_parquet(tmp_path / "a.parquet")
    assert read_archive(tmp_path / "a.parquet", STATIONS).n_refused == {"bad_time": 1}


def test_all_refused_rows_are_counted_but_only_some_kept(tmp_path: Path) -> None:
    rows = [f"leme,{T0 + i},rain,1" for i in range(REFUSED_ROWS_MAX + 5)]
    found = read_archive(csv(tmp_path, *rows), STATIONS)
    assert len(found.refused) == REFUSED_ROWS_MAX
    assert found.n_refused == {"unknown_station": REFUSED_ROWS_MAX + 5}


def test_archive_without_rows_has_no_readings(tmp_path: Path) -> None:
    assert len(read_archive(csv(tmp_path), STATIONS).readings) == 0


def test_byte_order_mark_is_not_part_of_the_first_column(tmp_path: Path) -> None:
    path = csv(tmp_path, f"urca,{T0},rain,1")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(read_archive(path, STATIONS).readings) == 1


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "a.csv",
            b"station,observed_at,rain\nurca,1,2\n",
            "column variable, value is missing.*found station",
        ),
        ("a.csv", b"", "is missing"),
        ("a.csv", b"station,observed_at,variable,value\n\xff\xfe,1,rain,2\n", "cannot be read as csv"),
        ("a.csv.gz", b"not gzip", "cannot be read as csv.gz"),
        (
            "a.csv.gz",
            gzip.compress(b"station,observed_at,variable,value\n" * 9, mtime=0)[:-12],
            "cannot be read",
        ),
        ("a.parquet", b"not parquet", "cannot be read as parquet"),
        ("a.xlsx", b"", r"ends in \.parquet, \.csv or \.csv\.gz"),
    ],
)
def test_unreadable_archive_is_named_with_the_reason(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match=message) as caught:
        read_archive(path, STATIONS)
    assert str(path) in str(caught.value)


def test_missing_archive_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"nothing\.csv: there is no such file"):
        read_archive(tmp_path / "nothing.csv", STATIONS)
