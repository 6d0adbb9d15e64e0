"""configs/rio/prepare.py on a record of one gauge: an event file with two offsets from UTC stops it."""

import gzip
import re
import runpy
from pathlib import Path

import pandas as pd
import pytest

PROGRAM = Path(__file__).resolve().parents[2] / "configs" / "rio" / "prepare.py"
SOUND = [("2013-01-19 00:00:00", "2013-01-19 02:00:00"), ("2013-01-19 00:15:00", "2013-01-19 02:15:00")]


def record(folder: Path, **event_files: list[tuple[str, str]]) -> Path:
    folder.mkdir()
    (folder / "stations.csv").write_text("station,nome,latitude,longitude\nvidigal,Vidigal,-22.99,-43.23\n")
    (folder / "events.csv").write_text(
        "event,event_file_date,time_local,kind,nearest_station,what,source,time_quality\n"
        "one,2013-01-19,2013-01-19 00:10,siren,vidigal,x,y,minute\n"
    )
    wet = pd.DataFrame({"station": ["vidigal"], "t_utc": [pd.Timestamp("2013-01-01")], "r15": [1.0]})
    wet.to_parquet(folder / "rain15_nonzero_1997_2017.parquet")
    with gzip.open(folder / "gaps_1997_2017.csv.gz", "wt") as file:
        file.write("station,start_utc,end_utc\n")
    for date, rows in event_files.items():
        with gzip.open(folder / f"event_{date}.csv.gz", "wt") as file:
            file.write("station,t_local,t_utc,r15\n")
            file.writelines(f"vidigal,{local},{utc},0.2\n" for local, utc in rows)
    return folder


def run(data: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr("sys.argv", ["prepare.py", str(data), str(out)])
    status: int = runpy.run_path(str(PROGRAM))["main"]()
    return status


def test_sound_files_become_archives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    winter = [("2013-07-19 00:00:00", "2013-07-19 03:00:00")]
    data = record(tmp_path / "data", **{"2013_01_19": SOUND, "2013_07_19": winter})
    assert run(data, tmp_path / "out", monkeypatch) == 0
    assert len(list((tmp_path / "out").glob("readings_*.parquet"))) == 2


@pytest.mark.parametrize(
    ("rows", "line", "found"),
    [
        ([*SOUND, ("2013-01-19 00:30:00", "2013-01-19 03:30:00")], 4, "-2 h in 2 rows, -3 h in 1 rows"),
        ([("2013-01-19 00:00:00", "2013-01-19 00:00:00")], 2, r"\+0 h in 1 rows"),
        ([*SOUND, ("2013-01-19 00:30:00", "")], 4, "-2 h in 2 rows, no time in 1 rows"),
    ],
)
def test_another_offset_stops_with_the_name_of_the_file_and_line(
    rows: list[tuple[str, str]],
    line: int,
    found: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = record(tmp_path / "data", **{"2013_01_19": SOUND, "2013_12_11": rows})
    assert run(data, tmp_path / "out", monkeypatch) == 2
    told = capsys.readouterr().err
    assert f"event_2013_12_11.csv.gz:{line}: expected local time 2 or 3 h behind UTC" in told
    assert re.search(found, told)
    assert not list((tmp_path / "out").glob("readings_*.parquet"))
