import numpy as np
import pytest

from warnstream.hazards.conditions.movement import (
    changes_per_s,
    persistent,
    tangent_angle_deg,
    time_to_failure,
    window_ends,
)

HOUR = 3600


def rates(time_s: list[int], value: list[float], *, noise: float = 0.0, window_s: int = HOUR) -> np.ndarray:
    time = np.array([time_s])
    ends = window_ends(time, window_s, 4)
    found = changes_per_s(time, np.array([value], dtype=np.float64), ends, noise)
    return np.asarray(found[0] * HOUR)


def test_rates_are_taken_over_whole_windows() -> None:
    found = rates(list(range(0, 7201, 600)), [0.1 * i for i in range(13)])
    assert found[:2] == pytest.approx([0.6, 0.6])
    assert np.isnan(found[2:]).all()


def test_sparse_samples_make_longer_windows() -> None:
    assert rates([0, 30 * 86_400, 60 * 86_400], [0, 72.0, 216.0])[:2] == pytest.approx([0.2, 0.1])


def test_changes_within_the_noise_are_none() -> None:
    assert rates([0, HOUR, 2 * HOUR], [0, 3, 4], noise=2)[:2].tolist() == [0, 3]


def test_a_single_jump_does_not_persist() -> None:
    found = rates([0, HOUR, 2 * HOUR, 3 * HOUR], [0, 0, 50, 50])
    assert persistent(found[None], 2)[0] == 0.0


def test_five_and_eleven_times_the_steady_velocity_are_80_and_85_degrees() -> None:
    """Improved tangent angle: 80 degrees at 5.671 times v0, 85 at 11.430."""
    angles = tangent_angle_deg(np.array([1, 2, 5.671, 11.430]), np.ones(4))
    assert angles == pytest.approx([45, 63.43, 80, 85], abs=0.005)


def test_a_slope_that_moves_back_has_no_angle() -> None:
    assert tangent_angle_deg(np.array([-3.0]), np.ones(1))[0] == 0.0


def test_inverse_velocity_reaches_zero_at_the_time_of_failure() -> None:
    """Velocity 2, 2.5, 10/3, 5 at t = 0, 1, 2, 3: failure at 5."""
    found, r2 = time_to_failure(np.array([[3.0, 2, 1, 0]]), np.array([[5, 10 / 3, 2.5, 2]]))
    assert (found[0], r2[0]) == (pytest.approx(5.0), pytest.approx(1.0))


def test_the_line_begins_where_the_slope_began_to_accelerate() -> None:
    rate = np.array([[5, 10 / 3, 2.5, 2, 4, 1]])
    found, _ = time_to_failure(np.array([[3.0, 2, 1, 0, -1, -2]]), rate)
    assert found[0] == pytest.approx(5.0)


@pytest.mark.parametrize("rate", [[2.0, 2, 2, 2], [2, 2.5, 3, 4], [5, 4, 3, np.nan], [5, 4, 3, 0]])
def test_a_slope_that_does_not_accelerate_over_four_windows_has_no_time_of_failure(rate: list[float]) -> None:
    assert np.isnan(time_to_failure(np.array([[3.0, 2, 1, 0]]), np.array([rate]))[0]).all()
