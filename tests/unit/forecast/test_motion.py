import numpy as np
import pytest

from warnstream.forecast.motion import motion_lucas_kanade
from warnstream.model.arrays import Float64Array

ROW, COLUMN = np.indices((40, 40), dtype=float)


def bump(row: float, column: float, spread: float = 4.0, peak_mm: float = 6.0) -> Float64Array:
    return np.asarray(peak_mm * np.exp(-((ROW - row) ** 2 + (COLUMN - column) ** 2) / (2 * spread**2)))


@pytest.mark.parametrize(("rows", "columns"), [(0.0, 1.0), (1.0, -0.5), (-2.0, 2.0), (0.25, 0.0)])
def test_motion_of_a_travelling_cell_is_found(rows: float, columns: float) -> None:
    frames = np.stack([bump(20 + rows * t, 20 + columns * t) for t in range(-2, 3)])
    motion = motion_lucas_kanade(frames)
    assert motion[0, 20, 20] == pytest.approx(rows, abs=0.1)
    assert motion[1, 20, 20] == pytest.approx(columns, abs=0.1)


def test_rain_that_stands_still_has_no_motion() -> None:
    assert not motion_lucas_kanade(np.stack([bump(20, 20)] * 4)).any()


def test_rain_that_only_grows_in_place_has_no_motion() -> None:
    frames = np.stack([bump(20, 20, peak_mm=peak) for peak in (2.0, 4.0, 6.0)])
    assert not motion_lucas_kanade(frames).any()


def test_dry_frames_have_no_motion() -> None:
    assert not motion_lucas_kanade(np.zeros((4, 40, 40))).any()


def test_few_wet_cells_show_no_motion() -> None:
    frames = np.zeros((3, 40, 40))
    for step in range(3):
        frames[step, 20, 20 + step] = 8.0
    assert not motion_lucas_kanade(frames).any()


def test_noise_that_has_no_direction_has_no_motion() -> None:
    frames = np.random.default_rng(5).exponential(2.0, (5, 40, 40))
    assert not motion_lucas_kanade(frames).any()


def test_one_frame_shows_no_motion() -> None:
    assert not motion_lucas_kanade(bump(20, 20)[None]).any()


def test_frame_without_reports_is_left_out() -> None:
    frames = np.stack([bump(20, 18 + t) for t in range(5)])
    frames[0] = np.nan
    assert motion_lucas_kanade(frames)[1, 20, 22] == pytest.approx(1.0, abs=0.1)


def test_speed_is_limited_without_turning_the_motion() -> None:
    frames = np.stack([bump(20 + 1.5 * t, 20 + 1.5 * t) for t in range(-2, 3)])
    motion = motion_lucas_kanade(frames, speed_px_max=1.0)
    assert np.hypot(*motion).max() <= 1.0 + 1e-12
    assert motion[0, 20, 20] == pytest.approx(motion[1, 20, 20], rel=0.05)


def test_rain_that_moves_faster_in_the_north_is_seen_to() -> None:
    frames = np.stack([bump(10, 14 + t, 3.0) + bump(30, 14 + 2 * t, 3.0) for t in range(4)])
    motion = motion_lucas_kanade(frames)
    assert motion[1, 10, 16] == pytest.approx(1.0, abs=0.25)
    assert motion[1, 30, 18] == pytest.approx(2.0, abs=0.25)
