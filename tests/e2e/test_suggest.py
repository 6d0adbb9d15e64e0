"""``warnstream suggest`` from files to files: what it writes can be used as it stands; nothing is applied."""

import csv
import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from warnstream.cli import main

N_VILLAGES, YEARS = 8, 10
THRESHOLDS = """
hazards:
  flash_flood:
    evaluator: critical_rainfall
    title: {zh: 山洪, en: Flash flood}
    source: a table for tests
    table: thresholds.csv
    levels:
      - {level: yellow, duration: 1h, rain_mm: 20}
      - {level: orange, duration: 1h, rain_mm: 30}
      - {level: red, duration: 1h, rain_mm: 200}
      - {level: orange, duration: 3h, rain_mm: 60}
    forecast_level_max: yellow
    lowering: {clear_ratio: 0.8, hold: 30min, active_min: 60min, coverage_min: 0.8}
"""


def write_folder(folder: Path) -> None:
    """Eight villages beside a gauge each, on a line."""
    repository = Path(__file__).resolve().parents[2]
    shutil.copytree(
        repository / "configs" / "rio", folder, ignore=shutil.ignore_patterns("tests", "*.py", "*.md")
    )
    (folder / "thresholds.yaml").write_text(THRESHOLDS, encoding="utf-8")
    (folder / "thresholds.csv").write_text(
        "village,hazard,duration,level,value,unit,station\n", encoding="utf-8"
    )
    east = [f"{-43 + 0.2 * number:.3f}" for number in range(N_VILLAGES)]
    stations = [f"G{number},-22.9,{x},,rain,3600,Here" for number, x in enumerate(east)]
    villages = [f"V{number},Village {number},-22.9,{x},T,Here" for number, x in enumerate(east)]
    tables = {
        "stations.csv": ["station,latitude,longitude,elevation_m,variables,interval_s,county", *stations],
        "villages.csv": ["village,name,latitude,longitude,township,county", *villages],
        "households.csv": ["household,village,channel,address", "H1,V0,terminal,x"],
        "chain.csv": ["post,role,rank,area,channel,address", "P1,duty_officer,1,*,terminal,x"],
    }
    for name, lines in tables.items():
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_archives(folder: Path, years: int) -> list[str]:
    """Hours of rain, two a month with 15 mm and more."""
    random = np.random.default_rng(1)
    written = []
    for year in range(2000, 2000 + years):
        hours = pd.date_range(f"{year}-01-01", f"{year + 1}-01-01", freq="h", tz="UTC", inclusive="left")
        parts = []
        for number in range(N_VILLAGES):
            rain = np.zeros(len(hours))
            rain[random.choice(len(hours), 24, replace=False)] = 15 + random.exponential(6, 24).round(1)
            parts.append(
                pd.DataFrame(
                    {"station": f"G{number}", "observed_at": hours, "variable": "rain", "value": rain}
                )
            )
        path = folder / f"rain{year}.parquet"
        pd.concat(parts).sort_values(["observed_at", "station"]).to_parquet(path)
        written.append(str(path))
    return written


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    folder = tmp_path_factory.mktemp("suggest") / "county"
    write_folder(folder)
    return folder, write_archives(folder.parent, YEARS)


def ask(folder: Path, archives: list[str], *options: str) -> list[str]:
    given = ["--hazard", "flash_flood", "--level", "orange", "--wish", "alarms <= 1 per year"]
    return ["suggest", str(folder), *given, "--archive", *archives, *options]


def test_the_rows_keep_the_wish_can_be_used_as_they_stand_and_nothing_is_applied(
    county: tuple[Path, list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, archives = county
    before = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    out = tmp_path / "out"
    assert main(ask(folder, archives, "--duration", "1h", "--out", str(out))) == 0
    printed = capsys.readouterr().out
    assert "nothing is applied" in printed
    assert "fitted on 2000-2004, judged on 2005-2009" in printed
    assert before == {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    rows = list(csv.DictReader((out / "suggestion.csv").read_text("utf-8").splitlines()))
    assert len(rows) == 4 * N_VILLAGES, (
        "the other levels and durations of a village stand beside its new value"
    )
    new = [row for row in rows if row["source"].startswith("warnstream suggest: alarms <= 1 per year; ")]
    assert {(row["duration"], row["level"]) for row in new} == {("1h", "orange")}
    # 24 hours a year above 15 mm: one of them above 15 + 6 ln 24 = 34.1 mm.
    assert all(31 < float(row["value"]) < 38 for row in new)
    assert all("2000-2009" in row["source"] and "90 %" in row["source"] for row in new)
    used = tmp_path / "used"
    shutil.copytree(folder, used)
    shutil.copy(out / "suggestion.csv", used / "thresholds.csv")
    assert main(["check", str(used)]) == 0
    record = json.loads((out / "suggestion.json").read_text("utf-8"))
    assert record["schema"] == "warnstream-suggestion/1"
    (region,) = record["regions"]
    assert region["score"]["covered"] >= 0.85
    assert [village["code"] for village in region["villages"]] == [
        f"V{number}" for number in range(N_VILLAGES)
    ]


def test_three_years_are_too_few_and_no_row_is_written(
    county: tuple[Path, list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, archives = county
    assert main(ask(folder, archives[:3], "--duration", "1h", "--out", str(tmp_path))) == 0
    assert "too few to say: 3.0 years of the median village" in capsys.readouterr().out
    assert len((tmp_path / "suggestion.csv").read_text("utf-8").splitlines()) == 1


def test_events_below_the_values_are_named(
    county: tuple[Path, list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, archives = county
    events = tmp_path / "events.csv"
    events.write_text(
        "event,time,latitude,longitude,kind,village\nquiet,2003-02-30T00:00Z,,,flash flood,V1\n",
        encoding="utf-8",
    )
    events.write_text(events.read_text("utf-8").replace("02-30", "02-20"), encoding="utf-8")
    assert main(ask(folder, archives, "--duration", "1h", "--events", str(events))) == 0
    printed = capsys.readouterr().out
    assert "events: 1; the values would have missed 1" in printed
    assert "quiet: at most" in printed


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "--duration: orange has values over 1h, 3h; expected one of them"),
        (["--duration", "2h"], "--duration 2h: flash_flood has 1h, 3h"),
        (["--duration", "soon"], "--duration 'soon': "),
        (["--duration", "1h", "--level", "purple"], "expected one of blue, yellow, orange, red"),
        (["--duration", "1h", "--hazard", "frost"], "thresholds.yaml has flash_flood"),
        (["--duration", "1h", "--wish", "far <= 0.5"], "expected 'alarms <= NUMBER per year'"),
        (["--duration", "1h", "--wish", "alarms <= 0 per year"], "expected 'alarms <= NUMBER per year'"),
        (["--duration", "1h", "--archive", "nowhere.parquet"], "nowhere.parquet"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_what_can(
    county: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    folder, archives = county
    assert main([*ask(folder, archives[:1]), *options]) == 1
    assert said in capsys.readouterr().err
