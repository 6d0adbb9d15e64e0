"""Suggestions on villages whose truth is known: ranges hold it, and the pool is nearer than each alone."""

from functools import cache

import numpy as np

from tests.unit.review.suggest.regions import ASK, places
from warnstream.model.arrays import Int64Array
from warnstream.review.suggest.pooling import Region, predicted, rates_of
from warnstream.review.suggest.suggestion import Suggestion, suggest


@cache
def suggested() -> list[tuple[Suggestion, list[float]]]:
    """What is suggested to six regions of 25 villages with eleven years each, and the truth."""
    regions = [places(seed, 25, 11) for seed in range(6)]
    return [(suggest("county", some, ASK), truth) for some, truth in regions]


def test_the_ranges_hold_the_true_thresholds_of_most_villages() -> None:
    inside = total = 0
    for found, truth in suggested():
        assert not found.too_few
        for village, true_mm in zip(found.villages, truth, strict=True):
            assert village.low_mm is not None
            assert village.high_mm is not None
            inside += village.low_mm - 0.5 <= true_mm <= village.high_mm + 0.5
            total += 1
    assert inside / total >= 0.85


def test_the_pool_is_nearer_to_the_truth_than_each_village_alone() -> None:
    pooled, alone = [], []
    for found, truth in suggested():
        for village, true_mm in zip(found.villages, truth, strict=True):
            assert village.value_mm is not None
            assert village.own_mm is not None
            pooled.append(abs(village.value_mm - true_mm))
            alone.append(abs(village.own_mm - true_mm))
    assert np.mean(pooled) < 0.92 * np.mean(alone)


def test_counts_of_unseen_years_lie_in_their_ranges() -> None:
    shares = []
    for seed in range(6):
        some, _ = places(seed, 25, 20)
        score = suggest("county", some, ASK).score
        assert score is not None
        assert (score.fitted, score.unseen) == ((1990, 1999), (2000, 2009))
        shares.append(score.covered)
    assert np.mean(shares) >= 0.85


def storms(random: np.random.Generator, n_years: int, years: float) -> Int64Array:
    """Counts of 30 villages that are warned together: each storm hits a third of them."""
    counts = np.zeros((1, 30, n_years), dtype=np.int64)
    for year in range(n_years):
        for _ in range(random.poisson(2.0 * years)):
            counts[0, random.random(30) < 1 / 3, year] += 1
    return counts


def test_storms_that_warn_many_at_once_do_not_make_the_ranges_too_narrow() -> None:
    inside, total, pooled = 0, 0, 0
    for seed in range(40):
        random = np.random.default_rng(seed)
        region = Region(storms(random, 11, 1.0), np.ones((30, 11)))
        low, high = predicted(region, np.full(30, 10.0))
        unseen = storms(random, 10, 1.0).sum(axis=2)
        inside += int(((low <= unseen) & (unseen <= high)).sum())
        total += unseen.size
        rates = rates_of(region, 1.0)
        pooled += rates.low[0].min() <= 2 / 3 <= rates.high[0].max()
    assert inside / total >= 0.85
    assert pooled / 40 >= 0.85
