"""What spreadsheets do to tables: one fault, its cause, and nothing of what follows from it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.config.conftest import FILES
from warnstream.config.load import load_configuration

TABLES = [name for name in FILES if name.endswith(".csv")]
Faults = Callable[[], list[str]]
FaultsAfter = Callable[[str, str, str], list[str]]


@pytest.mark.parametrize("file", TABLES)
def test_blank_rows_of_a_spreadsheet_do_not_count(file: str, config_dir: Path, faults: Faults) -> None:
    path = config_dir / file
    header, *rows = path.read_text("utf-8").splitlines()
    blank = "," * header.count(",")
    path.write_text("\r\n".join([header, blank, *rows, blank, f" {blank} ", "", blank]), "utf-8")
    assert faults() == []
    again = load_configuration(config_dir)
    assert (len(again.network.villages), len(again.network.households)) == (3, 4)


@pytest.mark.parametrize("file", TABLES)
def test_a_quote_that_does_not_close_is_one_fault_at_its_own_line(
    file: str, config_dir: Path, faults: Faults
) -> None:
    path = config_dir / file
    header, first, *rows = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([header, '"' + first, *rows]), "utf-8")
    (fault,) = faults()
    assert fault.startswith(f'{file}:2: a quote (") opens in this row')


def test_rows_before_a_quote_that_does_not_close_are_still_checked(config_dir: Path, faults: Faults) -> None:
    path = config_dir / "villages.csv"
    lines = path.read_text("utf-8").splitlines()
    lines[1] = lines[1].replace("28.40", "98.40")
    lines[3] = '"' + lines[3]
    path.write_text("\n".join(lines), "utf-8")
    latitude, quote = faults()
    assert latitude.startswith("villages.csv:2: latitude: expected a number from -90 to 90")
    assert quote.startswith("villages.csv:4: a quote")


@pytest.mark.parametrize(
    ("file", "column"),
    [
        ("villages.csv", "village"),
        ("households.csv", "village"),
        ("chain.csv", "area"),
        ("thresholds.csv", "village"),
        ("households.csv", "household"),
        ("stations.csv", "station"),
    ],
)
def test_a_column_that_a_spreadsheet_has_rounded_is_one_fault(
    file: str, column: str, config_dir: Path, faults: Faults
) -> None:
    path = config_dir / file
    header, *rows = path.read_text("utf-8").splitlines()
    at = header.split(",").index(column)
    cells = [row.split(",") for row in rows]
    for row in cells:
        row[at] = "3.31E+11"
    path.write_text("\n".join([header, *(",".join(row) for row in cells)]), "utf-8")
    (fault,) = faults()
    assert fault == (
        f"{file}:2: {column}: a spreadsheet has rounded the code to 3.31E+11 and {len(rows) - 1} more: "
        "format the column as text and fill it in again"
    )


def test_all_files_rounded_alike_are_one_fault_each(config_dir: Path, faults: Faults) -> None:
    for file in ("villages.csv", "households.csv", "thresholds.csv"):
        path = config_dir / file
        text = path.read_text("utf-8")
        for code in ("001", "002", "003"):
            text = text.replace(f"\n{code},", "\n3.31E+11,").replace(f",{code},", ",3.31E+11,")
        path.write_text(text, "utf-8")
    assert [fault.partition(" and ")[0] for fault in faults()] == [
        "thresholds.csv:2: village: a spreadsheet has rounded the code to 3.31E+11",
        "villages.csv:2: village: a spreadsheet has rounded the code to 3.31E+11",
    ]
