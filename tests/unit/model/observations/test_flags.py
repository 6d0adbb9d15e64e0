"""Flags of readings fit into the columns that carry them."""

import numpy as np
import pytest

from tests.networks import QUALITY, T0, WINDOWS, nearest_weights, network_of, rain
from warnstream.assessment import Assessment, Weights
from warnstream.model.observations.readings import Flag


@pytest.fixture(scope="module")
def carried() -> np.dtype[np.unsignedinteger]:
    """Type of the flags that a step gives."""
    weights = nearest_weights(1, 1)
    assessment = Assessment(
        network_of(1, 1),
        (),
        weights=Weights(weights, weights),
        windows=WINDOWS,
        quality=QUALITY,
        nowcast=None,
    )
    return assessment.step(rain((0, 300, 0.0)), T0 + 300).flags.dtype


@pytest.mark.parametrize("flag", Flag)
def test_a_flag_is_a_bit_of_its_own_that_the_column_holds(
    flag: Flag, carried: np.dtype[np.unsignedinteger]
) -> None:
    assert int(flag).bit_count() == 1
    assert np.array([flag]).astype(carried)[0] == flag
