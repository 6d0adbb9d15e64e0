"""Members go over to the model, each at its own time."""

from dataclasses import replace

import numpy as np
import pytest

from warnstream.forecast.radar.members import DIFFERENCES, N_MEMBERS, N_STEPS, STEP_S
from warnstream.forecast.runs.blend import HAND_OVER_S, blended, followed, hand_over_s
from warnstream.model.forecast import RainMembers

WET = np.cumsum(np.ones((N_MEMBERS, N_STEPS, 2), dtype=np.float32), axis=1)
NEAR = RainMembers(WET, STEP_S, 0, "radar", "the record")
MODEL = RainMembers(3 * WET, STEP_S, 0, "model", "", "ens", -3600)


@pytest.mark.parametrize("minutes", [15, 30, 60, 90, 120, 180])
def test_the_share_that_still_follows_is_the_curve(minutes: int) -> None:
    follows = (hand_over_s() > 60 * minutes).mean()
    assert follows == pytest.approx(np.exp(-((60 * minutes / HAND_OVER_S) ** 2)), abs=0.5 / N_MEMBERS + 1e-9)


def test_when_a_member_goes_over_says_nothing_of_where_it_reads() -> None:
    rank = np.argsort(np.argsort(hand_over_s()))
    for other in (*DIFFERENCES.place.T, DIFFERENCES.amount, DIFFERENCES.life):
        assert abs(np.corrcoef(rank, np.argsort(np.argsort(other)))[0, 1]) < 0.1


def test_rain_of_each_step_is_of_the_one_or_of_the_other() -> None:
    found = blended(NEAR, MODEL)
    steps = np.diff(found.rain_mm, axis=1, prepend=np.float32(0))
    expected = 1 * followed(N_MEMBERS, N_STEPS, STEP_S) + 3 * (1 - followed(N_MEMBERS, N_STEPS, STEP_S))
    np.testing.assert_allclose(steps[:, :, 0], expected, rtol=1e-5)
    assert (steps >= 0).all()
    assert (found.source, found.calibrated_on, found.model, found.run_s) == (
        "radar and model",
        "",
        "ens",
        -3600,
    )


def test_where_the_model_says_nothing_members_stay_as_they_are() -> None:
    rain_mm = MODEL.rain_mm.copy()
    rain_mm[:, :, 1] = np.nan
    found = blended(NEAR, replace(MODEL, rain_mm=rain_mm))
    np.testing.assert_array_equal(found.rain_mm[:, :, 1], WET[:, :, 1])
    assert found.rain_mm[0, -1, 0] > WET[0, -1, 0]
    assert blended(NEAR, replace(MODEL, rain_mm=np.full_like(WET, np.nan))) is NEAR


def test_where_nothing_is_seen_nothing_becomes_known() -> None:
    rain_mm = WET.copy()
    rain_mm[:, :, 0] = np.nan
    found = blended(replace(NEAR, rain_mm=rain_mm), MODEL)
    assert np.isnan(found.rain_mm[:, :, 0]).all()
    assert not np.isnan(found.rain_mm[:, :, 1]).any()
