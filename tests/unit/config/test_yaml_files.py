"""Each file of data/ is wrong in the way its name says; its first comments are the faults it must give."""

from collections.abc import Callable
from pathlib import Path

import pytest

WRONG = sorted((Path(__file__).parent / "data").glob("*/*.yaml"))


def test_there_are_wrong_files_of_every_kind() -> None:
    assert {path.parent.name for path in WRONG} == {"warnstream", "thresholds", "channels"}


@pytest.mark.parametrize("path", WRONG, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_wrong_file_gives_exactly_its_faults(
    path: Path, config_dir: Path, faults_with: Callable[[str, str], list[str]]
) -> None:
    text = path.read_text(encoding="utf-8")
    expected = [line.removeprefix("# ") for line in text.splitlines() if line.startswith("# ")]
    found = faults_with(f"{path.parent.name}.yaml", text)
    assert expected
    assert [fault.replace(str(config_dir), "CONFIG_DIR") for fault in found] == expected


def test_a_control_character_is_named_with_its_line(
    faults_after: Callable[[str, str, str], list[str]],
) -> None:
    assert faults_after("warnstream.yaml", "name: county", "name: coun\x01ty") == [
        "warnstream.yaml:2: not valid YAML: character #x0001 is not allowed"
    ]


def test_nesting_without_end_is_refused(faults_with: Callable[[str, str], list[str]]) -> None:
    assert faults_with("channels.yaml", "channels: " + "[" * 5000)[0] == (
        "channels.yaml:1: not valid YAML: nested deeper than 20 levels"
    )


def test_words_that_yaml_1_1_changes_stay_text(faults_after: Callable[[str, str, str], list[str]]) -> None:
    """In YAML 1.1 `no` is false and 10:30 is 630: here both are what was written."""
    assert faults_after("warnstream.yaml", "name: county", "name: no") == []


def test_a_section_with_all_keys_commented_out_has_its_defaults(
    faults_after: Callable[[str, str, str], list[str]],
) -> None:
    assert faults_after("warnstream.yaml", "  longest: 24h\n", "  # longest: 24h\n") == []


def test_a_number_of_thousands_of_digits_is_a_fault(
    faults_after: Callable[[str, str, str], list[str]],
) -> None:
    found = faults_after("thresholds.yaml", "rain_mm: 45", f"rain_mm: {'9' * 5000}")
    assert found[0].startswith("thresholds.yaml:7: hazards.flash_flood.levels[0].rain_mm: expected a number")
