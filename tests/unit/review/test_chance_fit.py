"""The fit finds the formula that made its data, does not run away, and refuses what cannot carry a table."""

import numpy as np
import pytest

from warnstream.forecast.chances.features import FEATURES
from warnstream.forecast.chances.table import KNOTS
from warnstream.review.chance_fit import (
    AMOUNTS_MM,
    Decile,
    GaugeArchive,
    _check_deciles,
    _guess,
    bent_line,
    fit_chances,
    newton,
)

N = len(FEATURES)


def cases(n: int, intercept: float) -> tuple[np.ndarray, np.ndarray]:
    """Features of which the second alone matters, and amounts drawn from the formula itself."""
    random = np.random.default_rng(7)
    x = random.normal(size=(n, N))
    x[:, 0] = 1.0
    quantile = random.uniform(size=n)
    logit = np.log(quantile / (1.0 - quantile))
    return x, np.exp((logit + intercept + 0.8 * x[:, 1]) / 1.6)


def test_the_coefficients_that_made_the_data_are_found() -> None:
    x, mm = cases(40_000, 3.0)
    theta = newton(x, mm, _guess())
    assert theta[:2] == pytest.approx([3.0, 0.8], abs=0.1)
    assert theta[N] == pytest.approx(-1.6, abs=0.05)
    assert np.abs(theta[2:N]).max() < 0.1


@pytest.mark.parametrize("shift", [0.0, 4.0, -4.0])
def test_rare_events_and_a_far_start_do_not_lead_it_away(shift: float) -> None:
    x, mm = cases(20_000, -2.0)
    theta = newton(x, mm, _guess() + shift)
    logit = x @ theta[:N] + (x @ theta[N:]) * np.log(AMOUNTS_MM[0])
    said = 1 / (1 + np.exp(-logit))
    assert said.mean() == pytest.approx((mm >= AMOUNTS_MM[0]).mean(), rel=0.1)


def test_what_is_said_too_boldly_is_bent_to_what_comes() -> None:
    random = np.random.default_rng(3)
    bold = random.normal(0.0, 3.0, 200_000)
    came = random.uniform(size=len(bold)) < 1 / (1 + np.exp(-bold / 2))
    bent = bent_line(bold, came)
    assert bent[2:7] == pytest.approx(np.array(KNOTS)[2:7] / 2, abs=0.1)
    assert (np.diff(bent) > 0).all()


def test_too_little_is_refused_with_what_is_missing() -> None:
    dry = GaugeArchive(np.zeros((500, 2)), 0, np.zeros((2, 2)))
    with pytest.raises(ValueError, match="no hour of 2 mm"):
        fit_chances(dry)
    one_storm = np.zeros((500, 2))
    one_storm[100:140] = 3.0
    with pytest.raises(ValueError, match="1 storms: expected at least 20"):
        fit_chances(GaugeArchive(one_storm, 0, np.zeros((2, 2))))


def test_a_table_that_storms_left_out_contradict_is_refused() -> None:
    _check_deciles([Decile(60, 499, 0.9, 0.1), Decile(60, 5000, 0.42, 0.5)])
    with pytest.raises(ValueError, match=r"within 60 min 0\.90 was said of 500 cases"):
        _check_deciles([Decile(60, 500, 0.9, 0.1)])
