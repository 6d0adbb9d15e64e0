"""Motion of radar fields: what moves is followed, what stands stands, and nothing is too fast."""

import numpy as np
import pytest

from warnstream.forecast.radar.motion import pyramid_motion
from warnstream.model.arrays import Float64Array


def storm(row: float, column: float, *, n: int = 80, seed: int = 3) -> Float64Array:
    """Cells of rain, all displaced alike."""
    random = np.random.default_rng(seed)
    rows, columns = np.indices((n, n), dtype=np.float64)
    field = np.zeros((n, n))
    for at_row, at_column, wide, heavy in zip(
        *random.uniform(15, n - 15, (2, 12)), random.uniform(2, 6, 12), random.uniform(5, 40, 12), strict=True
    ):
        away = (rows - at_row - row) ** 2 + (columns - at_column - column) ** 2
        field += heavy * np.exp(-away / (2 * wide**2))
    return field


@pytest.mark.parametrize("step", [(0.0, 1.0), (2.0, -3.0), (6.0, 5.0), (-8.0, 2.0)])
def test_a_storm_that_moves_as_one_is_followed(step: tuple[float, float]) -> None:
    fields = np.stack([storm(number * step[0], number * step[1]) for number in range(3)])
    motion = pyramid_motion(fields, np.inf)
    wet = fields[-1] > 2.0
    error = np.hypot(motion[0] - step[0], motion[1] - step[1])[wet]
    assert np.median(error) < 0.25 + 0.05 * np.hypot(*step)


def test_rain_that_stands_has_no_motion_and_neither_has_a_dry_field() -> None:
    assert np.abs(pyramid_motion(np.stack([storm(0, 0)] * 3), np.inf)).max() < 1e-9
    assert not pyramid_motion(np.zeros((3, 40, 40)), np.inf).any()
    assert not pyramid_motion(np.full((3, 40, 40), 5.0), np.inf).any()


def test_motion_is_never_faster_than_allowed() -> None:
    fields = np.stack([storm(0, 6.0 * number) for number in range(3)])
    motion = pyramid_motion(fields, 2.5)
    assert np.hypot(*motion).max() <= 2.5 + 1e-9


def test_turned_fields_turn_the_motion() -> None:
    fields = np.stack([storm(3.0 * number, 1.0 * number) for number in range(3)])
    motion, turned = pyramid_motion(fields, np.inf), pyramid_motion(fields.transpose(0, 2, 1), np.inf)
    np.testing.assert_allclose(turned, motion[::-1].transpose(0, 2, 1), atol=1e-6)
