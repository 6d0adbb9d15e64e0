"""What a fit rests on is what a node would have counted."""

import numpy as np
import pytest

from warnstream.model.observations.readings import ReadingBatch, Variable, batch_of
from warnstream.model.rules.policies import QualityPolicy
from warnstream.review.usable_rain import usable_rain

POLICY = QualityPolicy(20.0, (-5.0, 9_000.0), 3.0, 6)
T0, INTERVAL_S = 1_781_740_800, np.array([300, 3_600])


def rain(*rows: tuple[int, int, float]) -> ReadingBatch:
    station, at_s, value = zip(*rows, strict=True)
    return batch_of(list(station), [int(Variable.RAIN)] * len(rows), [T0 + at for at in at_s], list(value))


@pytest.mark.parametrize("value", [-1.0, -999.0, 9_999.0, 100.1, float("inf"), 32_766.0])
def test_what_cannot_have_fallen_is_neither_rain_nor_dry(value: float) -> None:
    kept, n_out = usable_rain(rain((0, 300, 1.0), (0, 600, value), (0, 900, 2.0)), INTERVAL_S, POLICY)
    assert (kept.value.tolist(), n_out) == ([1.0, 2.0], 1)


def test_the_limit_is_that_of_the_interval() -> None:
    kept, n_out = usable_rain(rain((0, 300, 150.0), (1, 3_600, 150.0)), INTERVAL_S, POLICY)
    assert (kept.station.tolist(), n_out) == ([1], 1)


def test_archives_that_overlap_count_once_and_the_later_one() -> None:
    batch = rain((0, 900, 2.0), (0, 300, 1.0), (1, 900, 7.0), (0, 900, 3.0))
    kept, n_out = usable_rain(batch, INTERVAL_S, POLICY)
    assert list(
        zip(kept.station.tolist(), (kept.observed_at_s - T0).tolist(), kept.value.tolist(), strict=True)
    ) == [
        (0, 300, 1.0),
        (0, 900, 3.0),
        (1, 900, 7.0),
    ]
    assert n_out == 0


def test_nothing_is_nothing() -> None:
    batch = rain((0, 300, 1.0)).select(slice(0, 0))
    kept, n_out = usable_rain(batch, INTERVAL_S, POLICY)
    assert (len(kept), n_out) == (0, 0)
