from collections.abc import Callable
from pathlib import Path

import pytest

from warnstream.config.load import load_configuration
from warnstream.model.grids import BiasPolicy


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
        ("  radar: {files: nowhere/*.nc}\n", "grids.radar.files: no such folder: nowhere"),
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
