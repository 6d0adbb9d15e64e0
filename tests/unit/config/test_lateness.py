from collections.abc import Callable
from pathlib import Path

import pytest

from warnstream.config.load import load_configuration
from warnstream.model.times import HOUR_S

FaultsAfter = Callable[[str, str, str], list[str]]


@pytest.mark.parametrize(("longest_threshold", "expected_h"), [("3h", 6), ("24h", 24)])
def test_a_reading_may_be_as_late_as_the_longest_threshold_is_long_and_at_least_six_hours(
    longest_threshold: str, expected_h: int, config_dir: Path, faults_after: FaultsAfter
) -> None:
    assert faults_after("thresholds.yaml", "red, duration: 3h", f"red, duration: {longest_threshold}") == []
    assert load_configuration(config_dir).windows.lateness_s_max == expected_h * HOUR_S


def test_what_is_written_stands(config_dir: Path, faults_after: FaultsAfter) -> None:
    assert faults_after("warnstream.yaml", "longest: 24h", "longest: 24h\n  lateness_max: 20min") == []
    assert load_configuration(config_dir).windows.lateness_s_max == HOUR_S // 3


def test_lateness_never_exceeds_what_is_kept(config_dir: Path, faults_after: FaultsAfter) -> None:
    assert faults_after("warnstream.yaml", "longest: 24h", "longest: 3h") == []
    assert load_configuration(config_dir).windows.lateness_s_max == 3 * HOUR_S
