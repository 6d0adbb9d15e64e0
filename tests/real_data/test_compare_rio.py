"""`warnstream compare` of 40 with 35 mm/h on real rain, beside sums that pandas works out by itself."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from warnstream.cli import main

pytestmark = [pytest.mark.real_data, pytest.mark.slow]

REPOSITORY = Path(__file__).resolve().parents[2]
SIREN_MM, TRIED_MM, DAY_MM = 40.0, 35.0, 150.0


Compared = tuple[pd.DataFrame, list[dict[str, Any]]]
"""Readings, and the episodes that differ."""


@pytest.fixture(scope="module")
def compared(
    shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """Readings of 2019-04-08, and the episodes of the siren's level."""
    folder = tmp_path_factory.mktemp("rio")
    program = REPOSITORY / "configs" / "rio" / "prepare.py"
    subprocess.run([sys.executable, program, shared_data / "rio_alerta_gauges", folder / "old"], check=True)
    shutil.copytree(folder / "old", folder / "new")
    thresholds = (folder / "old" / "thresholds.yaml").read_text("utf-8")
    assert f"rain_mm: {SIREN_MM:g}}}" in thresholds
    (folder / "new" / "thresholds.yaml").write_text(
        thresholds.replace(f"rain_mm: {SIREN_MM:g}}}", f"rain_mm: {TRIED_MM:g}}}"), encoding="utf-8"
    )
    archive = folder / "old" / "readings_2019-04-08.parquet"
    options = ["--archive", str(archive), "--jobs", "1", "--out", str(folder / "out")]
    assert main(["compare", str(folder / "old"), str(folder / "new"), *options]) == 0
    found = json.loads((folder / "out" / "compare.json").read_text("utf-8"))
    changed = [entry for entry in found["comparisons"][0]["changed"] if entry["level"] == "orange"]
    (row,) = [row for row in found["comparisons"][0]["rows"] if row["level"] == "orange"]
    assert row["same"] > 10
    return pd.read_parquet(archive), changed


def reached_s(readings: pd.DataFrame, village: str, begin_s: int, end_s: int, hour_mm: float) -> list[int]:
    """Readings at which the hour or the day reaches the siren's rule, from pandas alone."""
    own = readings[readings["station"] == village].set_index("observed_at")["value"].sort_index()
    hour, day = own.rolling("1h").sum(), own.rolling("24h").sum()
    is_reached = (hour.round(6) >= hour_mm) | (day.round(6) >= DAY_MM)
    at_s = own.index[is_reached].astype("datetime64[s, UTC]").astype("int64")
    return [at for at in at_s.tolist() if begin_s <= at <= end_s]


def test_what_is_added_or_earlier_is_so_by_the_sums_of_pandas(
    compared: Compared,
) -> None:
    readings, changed = compared
    assert {entry["outcome"] for entry in changed} == {"added", "earlier"}
    for entry in changed:
        span = entry["village"], entry["begin_s"], entry["end_s"]
        siren, tried = reached_s(readings, *span, SIREN_MM), reached_s(readings, *span, TRIED_MM)
        assert tried[0] == entry["begin_s"] == entry["new"][0][0], entry
        if entry["outcome"] == "added":
            assert siren == [], entry
        else:
            assert siren[0] - tried[0] == -60 * entry["shift_min"], entry
