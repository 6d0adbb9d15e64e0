"""A sensor that cannot give what a hazard asks of it is a fault at load, at the line of the key."""

from pathlib import Path

import pytest

from warnstream.config.load import load_configuration
from warnstream.model.errors import ConfigError


def hourly(folder: Path, river: str) -> Path:
    """The gauge reports once an hour; keys of the river hazard."""
    stations = folder / "stations.csv"
    stations.write_text(
        stations.read_text(encoding="utf-8").replace("rain stage,300", "rain stage,3600"), encoding="utf-8"
    )
    thresholds = folder / "thresholds.yaml"
    text = thresholds.read_text(encoding="utf-8").replace("  river_flood:\n", f"  river_flood:\n{river}")
    thresholds.write_text(text, encoding="utf-8")
    return folder


def test_an_hourly_gauge_and_half_an_hour_of_patience_do_not_go_together(config_dir: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_configuration(hourly(config_dir, ""))
    (fault,) = caught.value.faults
    expected = "expected at least 1h, got 30min: station 'G1' reports every 1h (stations.csv)"
    assert (fault.file, fault.path, fault.expected) == (
        "thresholds.yaml",
        "hazards.river_flood.stale_after",
        expected,
    )


def test_a_rise_cannot_be_extended_less_far_than_the_gauge_reports(config_dir: Path) -> None:
    keys = "    stale_after: 2h\n    forecast_level_max: red\n    horizon: 30min\n"
    with pytest.raises(ConfigError, match=r"horizon: expected at least 1h, got 30min: station 'G1'"):
        load_configuration(hourly(config_dir, keys))


def test_an_hourly_gauge_may_look_two_hours_ahead(config_dir: Path) -> None:
    keys = "    stale_after: 2h\n    forecast_level_max: red\n"
    assert load_configuration(hourly(config_dir, keys)).rules


def test_who_does_not_look_ahead_needs_no_horizon(config_dir: Path) -> None:
    assert load_configuration(hourly(config_dir, "    stale_after: 2h\n    horizon: 30min\n")).rules
