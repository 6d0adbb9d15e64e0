"""The table of probabilities: written, read back, and refused where it is wrong."""

from pathlib import Path

import numpy as np
import pytest

from warnstream.config.faults import FaultLog
from warnstream.config.folder import Folder
from warnstream.config.tables.chances import read_chances, table_text
from warnstream.forecast.chances.features import FEATURES
from warnstream.forecast.chances.table import KNOTS, LEADS, ChanceTable
from warnstream.model.errors import ConfigError


def table() -> ChanceTable:
    random = np.random.default_rng(1)
    a, c = random.normal(size=(2, LEADS, len(FEATURES))).round(5)
    bent = np.cumsum(random.uniform(0.1, 1.0, (LEADS, len(KNOTS))), axis=1).round(5)
    return ChanceTable(a, c, bent, "Alerta Rio, 33 gauges", (-23.1, -43.8, -22.7, -43.1), "")


def read(directory: Path, text: str) -> tuple[ChanceTable | None, list[str]]:
    (directory / "forecast.csv").write_text(text, encoding="utf-8")
    faults = FaultLog()
    found = read_chances("forecast.csv", Folder(directory, faults), faults)
    try:
        faults.raise_if_any()
    except ConfigError as error:
        return found, str(error).splitlines()
    return found, []


def test_a_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    written = table()
    found, _ = read(tmp_path, table_text(written))
    assert found is not None
    for name in ("a", "c", "bent"):
        np.testing.assert_allclose(getattr(found, name), getattr(written, name), atol=1e-5)
    assert (found.calibrated_on, found.box) == (written.calibrated_on, written.box)
    assert found.is_of(np.array([-22.9, -22.8]), np.array([-43.4, -43.2]))
    assert not found.is_of(np.array([28.4]), np.array([119.9]))
    assert not found.is_of(np.zeros(0), np.zeros(0))


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("15,own_15min,", "20,own_15min,", "expected one of 15, 30"),
        ("15,own_15min,", "15,own_20min,", "expected one of one, own_15min"),
        ("15,own_15min,", "15,own_30min,", "duplicate row 15,own_30min"),
        ("15,own_15min,", "15,own_15min,x", "a"),
        ("-23.100", "south", "degrees"),
        ("-23.100", "-22.000", "degrees"),
    ],
)
def test_a_wrong_table_is_refused_with_its_line(tmp_path: Path, old: str, new: str, fault: str) -> None:
    text = table_text(table())
    count = 1 if "own" in old else -1
    found, faults = read(tmp_path, text.replace(old, new, count))
    assert found is None
    assert any(fault in found for found in faults), faults


def test_a_table_with_a_missing_row_is_refused(tmp_path: Path) -> None:
    lines = table_text(table()).splitlines()
    found, faults = read(tmp_path, "\n".join(lines[:20] + lines[21:]) + "\n")
    assert found is None
    assert any("missing a right row" in fault for fault in faults), faults
