"""The fit finds the formula that made its data, from wherever it begins."""

import numpy as np
import pytest

from warnstream.forecast.chances.features import FEATURES
from warnstream.review.chance_fit import AMOUNTS_MM, _guess, newton

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
