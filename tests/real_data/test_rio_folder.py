"""configs/rio/prepare.py on the real record: sums as published, events in UTC, nothing missing invented."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from warnstream.model.arrays import BoolArray, Float64Array
from warnstream.review.events import Event, read_events

pytestmark = pytest.mark.real_data

REPOSITORY = Path(__file__).resolve().parent.parent.parent
DATES = ("2010-04-05", "2013-01-19", "2013-01-26", "2013-12-11", "2019-04-08")
HOURS_OF_SUM = {"r1h": 1, "r4h": 4, "r24h": 24, "r96h": 96}


@pytest.fixture(scope="module")
def folder(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("rio")
    program = REPOSITORY / "configs" / "rio" / "prepare.py"
    subprocess.run([sys.executable, program, shared_data / "rio_alerta_gauges", out], check=True)
    return out


def published(shared_data: Path, date: str) -> pd.DataFrame:
    path = shared_data / "rio_alerta_gauges" / f"event_{date.replace('-', '_')}.csv.gz"
    return pd.read_csv(path, parse_dates=["t_utc"])


def sums(readings: pd.DataFrame, rows: pd.DataFrame, hours: int) -> tuple[Float64Array, BoolArray]:
    """Plain sums of one station's archive at the times of its rows, and which windows are complete."""
    time_s = readings["observed_at"].dt.tz_localize(None).to_numpy().astype("datetime64[s]").astype(np.int64)
    at_s = rows["t_utc"].to_numpy().astype("datetime64[s]").astype(np.int64)
    running = np.concatenate([[0.0], np.cumsum(readings["value"].to_numpy())])
    end = np.searchsorted(time_s, at_s, side="right")
    begin = np.searchsorted(time_s, at_s - 3600 * hours, side="right")
    return running[end] - running[begin], end - begin == 4 * hours


@pytest.mark.parametrize("date", DATES)
def test_sums_of_the_archive_are_the_published_sums(folder: Path, shared_data: Path, date: str) -> None:
    archive = pd.read_parquet(folder / f"readings_{date}.parquet")
    own = {str(station): rows for station, rows in archive.groupby("station")}
    compared = dict.fromkeys(HOURS_OF_SUM, 0)
    for station, rows in published(shared_data, date).groupby("station"):
        for column, hours in HOURS_OF_SUM.items():
            total, complete = sums(own[str(station)], rows, hours)
            known = complete & rows[column].notna().to_numpy()
            np.testing.assert_allclose(total[known], rows[column].to_numpy()[known], atol=0.05)
            compared[column] += int(known.sum())
    assert compared["r1h"] > 9000
    if date != "2019-04-08":  # the long record ends in 2017: 96 h before 2019 are unknown
        assert compared["r96h"] > 8500


@pytest.mark.parametrize("date", DATES)
def test_quarter_hours_without_a_value_stay_missing(folder: Path, shared_data: Path, date: str) -> None:
    rows = published(shared_data, date)
    archive = pd.read_parquet(folder / f"readings_{date}.parquet")
    archive["observed_at"] = archive["observed_at"].dt.tz_localize(None)
    missing = rows[rows["r15"].isna()]
    found = missing.merge(archive, left_on=["station", "t_utc"], right_on=["station", "observed_at"])
    assert found.empty
    inside = archive["observed_at"] >= rows.groupby("station")["t_utc"].min()[archive["station"]].to_numpy()
    assert inside.sum() == rows["r15"].notna().sum()


def events_of(folder: Path, date: str) -> dict[str, Event]:
    return {event.name: event for event in read_events(folder / f"events_{date}.csv")}


def test_events_of_april_are_three_hours_from_utc(folder: Path) -> None:
    """Attention stage at 18:35 local time on 2019-04-08."""
    assert events_of(folder, "2019-04-08")["rio2019b-1"].time == "2019-04-08T21:35:00Z"


def test_events_of_summer_time_are_two_hours_from_utc(folder: Path) -> None:
    """Sirens of Vidigal at 23:05 local time on 2013-01-19."""
    siren = events_of(folder, "2013-01-19")["rio2013a-3"]
    assert (siren.time, siren.kind, siren.villages) == ("2013-01-20T01:05:00Z", "siren", ("vidigal",))


def test_window_and_evening_are_not_made_exact(folder: Path) -> None:
    events = events_of(folder, "2019-04-08")
    assert events["rio2019b-4"].window_s is not None
    assert (events["rio2019b-5"].at_s, events["rio2019b-5"].window_s) == (None, None)
