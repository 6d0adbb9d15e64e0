"""`make bench`: fits its half hour, asks for modules that are there, and tells what is missing."""

import importlib
import math
from pathlib import Path

import pytest

from benchmarks.bench_all import BUDGET_S, SECTIONS, Part, document
from benchmarks.table import Row, read_rows, rows_as_table, write_rows


def test_the_limits_of_all_sections_together_are_within_27_minutes() -> None:
    assert sum(section.seconds_max for section in SECTIONS) <= BUDGET_S == 27 * 60


def test_every_section_is_a_module_with_a_command_of_its_own() -> None:
    assert len({section.name for section in SECTIONS}) == len(SECTIONS)
    for section in SECTIONS:
        assert importlib.import_module(f"benchmarks.{section.module}").__doc__


def test_a_row_tells_median_spread_and_ratio_to_its_yardstick() -> None:
    row = Row("appends", "ms", [4.0, 2.0, 3.0], "SQLite", 6.0)
    assert row.line() == "| appends | ms | 3 (2-4) | SQLite: 6 | 0.5 |"


def test_a_row_without_a_yardstick_has_no_ratio() -> None:
    assert rows_as_table([Row("doors", "rows", [900_000])]).endswith("| doors | rows | 900,000 |  |  |")
    assert math.isnan(Row("doors", "rows", [1.0], "nothing", 0.0).ratio)


def test_a_row_needs_a_value() -> None:
    with pytest.raises(ValueError, match="without a value"):
        Row("doors", "rows", [])


def test_rows_come_back_from_their_file(tmp_path: Path) -> None:
    rows = [Row("a", "s", [1.0, 2.0], "b", 3.0)]
    write_rows(tmp_path / "rows.json", rows)
    assert read_rows(tmp_path / "rows.json") == rows
    assert read_rows(tmp_path / "none.json") == []


def test_the_document_says_what_failed_and_what_was_not_run() -> None:
    parts = {
        "limits": Part("a table", [Row("copied", "GB/s", [9.0])]),
        "engine": Part("", [], "ended after 110 s, the most it may take"),
    }
    text = document("head", parts, 90.0, is_quick=False)
    assert "engine: ended after 110 s" in text
    assert "not run: parts, assess" in text
    assert "| copied | GB/s | 9 |" in text
    assert "`python -m benchmarks.bench_limits`" in text
    assert "1.5 min" in text


def test_what_a_section_could_not_measure_stands_at_the_top() -> None:
    parts = {"peers": Part("Not measured: polars rolling: not installed here\n\n| who | µs |", [])}
    assert "peers, polars rolling: not installed here" in document("head", parts, 60.0, is_quick=False)


def test_a_whole_run_says_that_nothing_is_left_out() -> None:
    parts = {section.name: Part("", [Row(section.name, "s", [1.0])]) for section in SECTIONS}
    assert "Left out: nothing." in document("head", parts, 60.0, is_quick=False)
