"""Shares and probabilities on years of Alerta Rio that nothing was fitted on, within the measured intervals.

A quick fit (every sixteenth quarter hour, not calibrated): `make bench-nowcast` has the whole one.
"""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.bench_chances import RULES, Rule, Scorer, part_of
from benchmarks.rio_record import read_rio_record
from warnstream.review.chance_fit import fit_chances

pytestmark = [pytest.mark.real_data, pytest.mark.slow]

ONE_HOUR, THREE_HOURS, SHARE_24H = RULES[0], RULES[1], RULES[-1]


@pytest.fixture(scope="module")
def scorer(shared_data: Path) -> Scorer:
    record = read_rio_record(shared_data / "rio_alerta_gauges")
    fit = fit_chances(part_of(record, "2005", "2014"), folds=0, every=16)
    return Scorer(part_of(record, "2014", "2018"), fit.table("Alerta Rio", (-23.1, -43.8, -22.7, -43.1)))


def test_nine_tenths_of_100_mm_in_a_day_announce_it_as_measured_before(scorer: Scorer) -> None:
    score = scorer.score(SHARE_24H)
    (low, high), (early_low, early_high) = score.intervals()
    assert len(score.lead_min) == 58  # onsets as counted before
    assert low <= 0.35 <= high
    assert early_low <= 0.67 <= early_high


@pytest.mark.parametrize(("rule", "skill"), [(ONE_HOUR, 0.11), (THREE_HOURS, 0.25)])
def test_probabilities_have_the_skill_that_was_measured_before(
    scorer: Scorer, rule: Rule, skill: float
) -> None:
    assert scorer.brier_skill(rule) >= skill - 0.03


def test_of_what_is_said_about_as_much_comes(scorer: Scorer) -> None:
    said, came = scorer.said_and_came(THREE_HOURS)
    likely = (said >= 0.1) & (said < 0.5)
    assert likely.sum() > 500
    assert said[likely].mean() == pytest.approx(came[likely].mean(), abs=0.08)
    assert np.nanmean(said) == pytest.approx(came.mean(), rel=0.3)
