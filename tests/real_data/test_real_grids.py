"""Grids as services publish them: what is read, and what is refused with the reason."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.integration.test_grid_files import SETTINGS, refusal_of
from warnstream.adapters.grids.files import read_grid_file
from warnstream.model.observations.refusals import RefusalReason

pytestmark = pytest.mark.real_data
LIMIT = 20.0


@pytest.mark.parametrize(
    ("file", "variable", "interval_s", "n_frames", "most_mm"),
    [
        ("gauge_radar_pairs/openrainer_radar_20220917.nc", "rainfall_amount", 900, 11, 100.0),
        ("ahr_flood_2021/grid_RW_gauge_cml.nc", "rain_mm", 3600, 72, 100.0),
    ],
)
def test_a_published_grid_is_read_and_is_no_running_total(
    shared_data: Path, file: str, variable: str, interval_s: int, n_frames: int, most_mm: float
) -> None:
    settings = replace(SETTINGS, variable=variable, interval_s=interval_s)
    found = read_grid_file(shared_data / file, settings, LIMIT)
    assert len(found.frames) == n_frames
    assert {frame.interval_s for frame in found.frames} == {interval_s}
    assert 1 < max(float(np.nanmax(frame.rain_mm)) for frame in found.frames) < most_mm


@pytest.mark.parametrize(
    ("file", "variable", "reason"),
    [
        ("gauge_radar_pairs/openmrg_radar_20150827.nc", "rainfall", RefusalReason.WRONG_SHAPE),
        ("radar_nowcast/fmi_20160928.nc", "dn", RefusalReason.WRONG_SHAPE),
        ("radar_nowcast/bom_20201031.nc", "rain_mm", RefusalReason.WRONG_SHAPE),
        ("radar_nowcast/bom_20201031.nc", "rainfall", RefusalReason.UNKNOWN_VARIABLE),
    ],
)
def test_a_published_grid_without_places_or_variable_is_refused(
    shared_data: Path, file: str, variable: str, reason: RefusalReason
) -> None:
    settings = replace(SETTINGS, variable=variable, interval_s=300)
    assert refusal_of(shared_data / file, settings).reason is reason
