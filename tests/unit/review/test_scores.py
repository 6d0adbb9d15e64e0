import math

import pytest

from warnstream.review.scores import Contingency

# 82 hits, 38 false alarms, 23 misses, 222 correct negatives: the worked example of
# https://www.cawcr.gov.au/projects/verification/, to six places in pysteps'
# pysteps/tests/test_verification_detcatscores.py (github.com/pySTEPS/pysteps).
PUBLISHED = Contingency(82, 38, 23, 222)
PUBLISHED_SCORES = {
    "bias": 1.1428571,
    "pod": 0.7809524,
    "far": 0.316667,
    "pofd": 0.146154,
    "csi": 0.573426,
    "hss": 0.608871,
    "hk": 0.6348,
    "ets": 0.437682,
}

RARE = Contingency(hits=36, false_alarms=64, misses=14, correct_negatives=886)
"""A rare event: 50 in 1,000; worked by hand from the formulas of the same page."""
RARE_SCORES = {
    "pod": 0.72,
    "far": 0.64,
    "pofd": 0.06737,
    "csi": 0.31579,
    "bias": 2.0,
    "ets": 0.28440,
    "hk": 0.65263,
    "hss": 0.44286,
}


@pytest.mark.parametrize(("score", "value"), PUBLISHED_SCORES.items())
def test_scores_of_the_published_table(score: str, value: float) -> None:
    assert getattr(PUBLISHED, score) == pytest.approx(value, abs=1.5e-6)


@pytest.mark.parametrize(("score", "value"), RARE_SCORES.items())
def test_scores_of_a_rare_event(score: str, value: float) -> None:
    assert getattr(RARE, score) == pytest.approx(value, abs=5e-6)


@pytest.mark.parametrize("score", ["pofd", "ets", "hk", "hss"])
def test_scores_that_need_non_events_are_unknown_without_them(score: str) -> None:
    assert math.isnan(getattr(Contingency(3, 1, 2), score))


@pytest.mark.parametrize("score", ["pod", "far", "pofd", "csi", "bias", "ets", "hk", "hss"])
def test_scores_of_nothing_are_unknown_and_not_zero(score: str) -> None:
    assert math.isnan(getattr(Contingency(0, 0, 0, 0), score))


def test_perfect_forecast_scores_one() -> None:
    perfect = Contingency(10, 0, 0, 90)
    assert (perfect.pod, perfect.csi, perfect.ets, perfect.hk, perfect.hss) == (1, 1, 1, 1, 1)
    assert (perfect.far, perfect.pofd) == (0, 0)
