"""The tables of keys in the documentation are those of the sections that check a configuration."""

import re
from pathlib import Path

import pytest

from warnstream.config.key_tables import HEAD, key_tables, main, with_tables

PAGE = Path(__file__).parents[3] / "docs" / "configuration.md"
WITHOUT_KEYS = {"mqtt", "terminal"}
"""Kinds of channels that have no keys beside those of all."""


def asked(*names: str) -> str:
    return "".join(f"<!-- keys: {name} -->\nold\n<!-- end keys -->\n" for name in names)


def keys_of(page: str) -> list[str]:
    return re.findall(r"^\| `([^`]+)`", page, re.MULTILINE)


def test_the_page_is_up_to_date() -> None:
    """If this fails, run `make docs-keys`."""
    page = PAGE.read_text(encoding="utf-8")
    assert with_tables(page) == page


def test_the_page_has_every_table() -> None:
    names = set(re.findall(r"<!-- keys: (\w+) -->", PAGE.read_text(encoding="utf-8")))
    tables = key_tables()
    assert {name for name, rows in tables.items() if not rows} == WITHOUT_KEYS
    assert names == tables.keys() - WITHOUT_KEYS


def test_every_key_has_a_form_and_a_meaning() -> None:
    bare = [row.key for rows in key_tables().values() for row in rows if not (row.form and row.meaning)]
    assert bare == []


def test_a_row_has_key_form_default_and_meaning() -> None:
    lines = with_tables(asked("windows")).splitlines()
    assert tuple(lines[1:3]) == HEAD
    assert (
        "| `windows.grace` | 0s to 1h | `2min` | How long a window waits for a reading that is due; "
        "at most `silent_after` |"
    ) in lines


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("node", "| `node.name` | code | *required* |"),
        ("topics", "| `topics.gateways` | list of code | `[gateway]` |"),
        ("broker", "| `broker.embedded` | `true`, `false` | `false` |"),
        ("forecast", "| `forecast.cell_km` | 0.5 to 50 | `5` |"),
        ("quality", "| `quality.melt_below_c` | -90 to 10 | `0` |"),
        ("windows", "| `windows.longest` | 10min to 30d, whole minutes | `72h` |"),
        ("decoders", "| `decoders[].variables.*.factor` | -1000000000 to 1000000000 | `1` |"),
        ("rainstorm", "| `forecast_level_max` | level or `none` | `none` |"),
        ("strong_wind", "| `households` | `true`, `false` | `false` |"),
        ("orders", "| `hazards.*.levels.red` | section as `hazards.*.levels.blue` | none |"),
    ],
)
def test_forms_and_defaults_are_told_as_an_operator_writes_them(table: str, row: str) -> None:
    assert row in with_tables(asked(table))


def test_a_part_that_has_a_table_of_its_own_is_in_that_one_alone() -> None:
    page = with_tables(asked("quality", "quality.neighbours"))
    whole, _, part = page.partition("<!-- keys: quality.neighbours -->")
    assert "quality.stuck_readings" in keys_of(whole)
    assert "quality.neighbours.step" in keys_of(part)
    assert not set(keys_of(whole)) & set(keys_of(part))


def test_a_table_that_is_not_there_is_a_mistake_of_the_page() -> None:
    with pytest.raises(KeyError):
        with_tables(asked("windws"))


def test_the_command_writes_pages_anew(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{asked('forecast')}after\n", encoding="utf-8")
    main([str(page)])
    written = page.read_text(encoding="utf-8")
    assert written.startswith("before\n")
    assert written.endswith("after\n")
    assert "old" not in written
    assert "forecast.method" in keys_of(written)
