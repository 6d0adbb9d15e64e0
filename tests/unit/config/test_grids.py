from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from warnstream.config.load import load_configuration
from warnstream.config.summary import lints
from warnstream.model.grids import BiasPolicy
from warnstream.model.radar.fields import FieldFrame
from warnstream.runners.build import derive


def write_grids(directory: Path, text: str) -> None:
    with (directory / "warnstream.yaml").open("a", encoding="utf-8") as file:
        file.write(f"grids:\n{text}")
    (directory / "radar").mkdir()


def test_a_grid_needs_no_more_than_its_files(config_dir: Path, faults: Callable[[], list[str]]) -> None:
    write_grids(config_dir, "  county_radar:\n    files: radar/rain_*.nc\n")
    assert faults() == []
    (grid,) = load_configuration(config_dir).grids
    assert (grid.folder, grid.pattern) == (config_dir / "radar", "rain_*.nc")
    assert (grid.policy.name, grid.policy.age_s_max, grid.policy.certainty) == (
        "county_radar",
        900,
        "Possible",
    )
    assert grid.policy.bias is None
    assert (grid.interval_s, grid.unit) == (None, None)


def test_a_folder_that_is_not_there_keeps_no_node_from_starting(
    config_dir: Path, faults: Callable[[], list[str]]
) -> None:
    write_grids(config_dir, "  radar: {files: nowhere/*.nc}\n")
    assert faults() == []
    told = [lint for lint in lints(load_configuration(config_dir)) if lint.startswith("grids.radar.files")]
    assert told == [
        f"grids.radar.files: no such folder now: {config_dir / 'nowhere'}; nothing is read until it is there"
    ]


def test_everything_about_a_grid_can_be_said(config_dir: Path) -> None:
    write_grids(
        config_dir,
        "  radar:\n    files: radar/*.nc\n    variable: RR\n    unit: mm h-1\n    interval: 10min\n"
        "    time_at: begin\n    max_age: 30min\n    gauges_below: 0.8\n    seen_min: 1\n"
        "    certainty: likely\n    bias: {window: 2h, pairs_min: 5, pair_mm_min: 0.5, factor_max: 3}\n",
    )
    (grid,) = load_configuration(config_dir).grids
    assert grid.policy.bias == BiasPolicy(7_200, 5, 0.5, 3.0)
    assert (grid.variable, grid.unit, grid.interval_s, grid.time_is_end) == ("RR", "mm h-1", 600, False)
    assert (grid.policy.gauges_below, grid.policy.certainty, grid.seen_min) == (0.8, "Likely", 1.0)


def test_running_totals_and_a_mask_can_be_said(config_dir: Path, faults: Callable[[], list[str]]) -> None:
    text = "  radar: {files: radar/*.nc, accumulated: resets, mask: {file: blocked.nc, variable: hills}}\n"
    write_grids(config_dir, text)
    assert any("grids.radar.mask.file: no such file: blocked.nc" in fault for fault in faults())
    (config_dir / "blocked.nc").touch()
    (grid,) = load_configuration(config_dir).grids
    assert (grid.accumulated, grid.mask, grid.mask_variable) == ("resets", config_dir / "blocked.nc", "hills")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  radar: {files: rad*/x.nc}\n", "expected wildcards in the name of the file only"),
        ("  radar: {}\n", "grids.radar.files: missing"),
        (
            "  radar: {files: radar/*.nc, accumulated: daily}\n",
            "grids.radar.accumulated: expected never, since",
        ),
        ("  radar: {files: radar/*.nc, unit: inch}\n", "grids.radar.unit: expected mm, m, cm"),
        (
            "  radar: {files: radar/*.nc, interval: 1h}\n",
            "grids.radar.max_age: expected at least interval (1h)",
        ),
        (
            "  radar: {files: radar/*.nc, bias: {factor_max: 0.5}}\n",
            "expected a number from 1 to 10, got 0.5",
        ),
        ("  ra/dar: {files: radar/*.nc}\n", "expected a code"),
    ],
)
def test_a_fault_of_a_grid_is_named(
    text: str, expected: str, config_dir: Path, faults: Callable[[], list[str]]
) -> None:
    write_grids(config_dir, text)
    assert any(expected in fault for fault in faults()), faults()


def with_radar(directory: Path, radar: str) -> None:
    with (directory / "warnstream.yaml").open("a", encoding="utf-8") as file:
        file.write(f"forecast: {{radar: {radar}}}\n")


def test_a_radar_of_rain_to_come_gives_fields_and_the_others_do_not(
    config_dir: Path, faults: Callable[[], list[str]]
) -> None:
    write_grids(config_dir, "  near: {files: radar/a*.nc}\n  far: {files: radar/b*.nc}\n")
    with_radar(config_dir, "far")
    assert faults() == []
    configuration = load_configuration(config_dir)
    assert [grid.gives_fields for grid in configuration.grids] == [False, True]
    assert configuration.forecast.radar == "far"
    assert "forecast.radar has no effect: no rule asks for a probability" in lints(configuration)
    assert derive(configuration).radar is None


def test_a_radar_that_rules_ask_for_is_derived_and_read_at_some_villages_as_at_all(config_dir: Path) -> None:
    write_grids(config_dir, "  radar: {files: radar/*.nc}\n")
    with_radar(config_dir, "radar")
    thresholds = config_dir / "thresholds.yaml"
    expected = "    expected: [{of: orange, within: 1h, probability: 30%}]\n"
    text = thresholds.read_text("utf-8")
    at = text.index("    evaluator: critical_rainfall\n")
    thresholds.write_text(text[:at] + expected + text[at:], "utf-8")
    derived = derive(load_configuration(config_dir))
    assert derived.radar is not None
    some = np.array([1], dtype=np.int64)
    part = derived.of_villages(some).radar
    assert part is not None
    random = np.random.default_rng(1)
    cells = random.integers(0, 300, derived.radar.geometry.shape).astype(np.int16)
    field = FieldFrame("radar", derived.radar.geometry.digest, 0, 600, cells)
    places = derived.configuration.network.places.of_villages(some)
    whole, cut = (source.members([field], None, 0).rain_mm for source in (derived.radar, part))
    np.testing.assert_array_equal(cut, whole[:, :, places])


@pytest.mark.parametrize(
    ("grids", "radar", "fault"),
    [
        ("  one: {files: radar/*.nc}\n", "other", "forecast.radar: grid 'other' is not in grids"),
        ("  one: {files: radar/*.nc, interval: 1h, max_age: 2h}\n", "one", "an interval of more than 30min"),
    ],
)
def test_a_radar_that_cannot_tell_is_named(
    grids: str, radar: str, fault: str, config_dir: Path, faults: Callable[[], list[str]]
) -> None:
    write_grids(config_dir, grids)
    with_radar(config_dir, radar)
    found = faults()
    assert any(fault in line for line in found), found
