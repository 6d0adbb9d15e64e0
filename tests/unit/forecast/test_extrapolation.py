import numpy as np
import pytest

from warnstream.forecast.extrapolation import accumulate, bilinear, extrapolate, persist
from warnstream.model.arrays import Float64Array


def uniform_motion(shape: tuple[int, int], rows: float, columns: float) -> Float64Array:
    return np.stack([np.full(shape, rows), np.full(shape, columns)])


def test_rain_moves_by_whole_cells_exactly() -> None:
    last = np.zeros((6, 8))
    last[1, 2] = 9.0
    coming = extrapolate(last, uniform_motion((6, 8), 1.0, 2.0), 2, np.inf)
    assert coming[0, 2, 4] == 9.0
    assert coming[1, 3, 6] == 9.0
    assert coming.sum() == 18.0


def test_damped_motion_comes_to_a_stop() -> None:
    """Steps of 1, 1/e, 1/e^2 ... add up to e / (e - 1) = 1.582 cells."""
    last = np.tile(np.arange(12.0), (3, 1))
    coming = extrapolate(last, uniform_motion((3, 12), 0.0, 1.0), 40, 1.0)
    assert last[1, 6] - coming[-1, 1, 6] == pytest.approx(1.5820, abs=1e-4)


def test_rain_of_the_edge_flows_in() -> None:
    last = np.tile([5.0, 0.0, 0.0, 0.0], (3, 1))
    coming = extrapolate(last, uniform_motion((3, 4), 0.0, 1.0), 3, np.inf)
    np.testing.assert_array_equal(coming[-1], 5.0)


def test_without_motion_rain_persists() -> None:
    last = np.random.default_rng(1).uniform(size=(4, 5))
    coming = extrapolate(last, np.zeros((2, 4, 5)), 3, 4.0)
    np.testing.assert_array_equal(coming, persist(last, 3))


def test_rotating_rain_comes_from_where_the_motion_points_back_to() -> None:
    """Semi-Lagrangian steps follow the curve: a quarter turn in 9 steps lands a quarter turn away."""
    row, column = np.indices((41, 41), dtype=float) - 20
    angle = np.pi / 18
    motion = angle * np.stack([column, -row])
    last = np.exp(-((row - 0) ** 2 + (column - 10) ** 2) / 8)
    turned = extrapolate(last, motion, 9, np.inf)[-1]
    found = np.unravel_index(np.argmax(turned), turned.shape)
    assert np.hypot(found[0] - 30, found[1] - 20) <= 1.5


@pytest.mark.parametrize(
    ("edge", "motion_shape", "damp_frames", "message"),
    [
        ("zero", (2, 3, 3), 4.0, "edge must be 'replicate'"),
        ("replicate", (2, 3, 4), 4.0, r"motion must have shape \(2, 3, 3\)"),
        ("replicate", (2, 3, 3), 0.0, "damp_frames must be positive"),
    ],
)
def test_wrong_arguments_are_named(
    edge: str, motion_shape: tuple[int, ...], damp_frames: float, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        extrapolate(np.zeros((3, 3)), np.zeros(motion_shape), 1, damp_frames, edge)


def test_bilinear_between_four_centres_is_their_mean() -> None:
    field = np.array([[1.0, 3.0], [5.0, 7.0]])
    assert bilinear(field, np.array([0.5]), np.array([0.5]))[0] == 4.0


def test_bilinear_reads_every_field_of_a_stack() -> None:
    stack = np.arange(12.0).reshape(3, 2, 2)
    np.testing.assert_array_equal(bilinear(stack, np.array([1.0]), np.array([0.0]))[:, 0], [2, 6, 10])


def test_totals_begin_now_and_grow() -> None:
    frames = np.arange(1.0, 13.0)[:, None, None]
    totals = accumulate(frames, 900, (3600, 7200, 10_800))[:, 0, 0]
    np.testing.assert_array_equal(totals, [10, 36, 78])


def test_a_lead_that_frames_do_not_fill_is_refused() -> None:
    with pytest.raises(ValueError, match="whole numbers of frames of 1500 s"):
        accumulate(np.zeros((9, 1, 1)), 1500, (1500, 3600))


def test_too_few_frames_are_refused() -> None:
    with pytest.raises(ValueError, match="a lead of 10800 s needs 12 frames, got 11"):
        accumulate(np.zeros((11, 1, 1)), 900, (3600, 7200, 10_800))
