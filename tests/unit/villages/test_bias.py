import numpy as np
import pytest

from warnstream.model.grids import BiasPolicy
from warnstream.villages.bias import mean_field_factor


def test_only_pairs_with_rain_in_both_and_a_whole_window_count() -> None:
    gauge = np.array([10.0, 20.0, 0.2, 30.0, np.nan, 40.0])
    grid = np.array([5.0, 10.0, 9.0, 0.1, 8.0, 1.0])
    is_whole = np.array([True, True, True, True, True, False])
    assert mean_field_factor(gauge, grid, is_whole, BiasPolicy(pairs_min=2)) == (2.0, 2)
    assert mean_field_factor(gauge, grid, is_whole, BiasPolicy(pairs_min=3)) == (1.0, 0)


@pytest.mark.parametrize(("gauge_mm", "factor"), [(100.0, 2.0), (1.0, 0.5)])
def test_the_factor_stays_within_its_bounds(gauge_mm: float, factor: float) -> None:
    pairs = np.array([gauge_mm]), np.array([10.0]), np.array([True])
    assert mean_field_factor(*pairs, BiasPolicy(pairs_min=1, factor_max=2.0)) == (factor, 1)
