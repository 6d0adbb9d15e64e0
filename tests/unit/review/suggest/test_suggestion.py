"""Suggestions on villages whose truth is known: ranges hold it, and little is called little."""

from functools import cache

import numpy as np
import pytest

from warnstream.model.arrays import Int64Array
from warnstream.model.rules.rules import DowngradePolicy
from warnstream.model.times import DAY_S, HOUR_S, fixed_zone
from warnstream.review.suggest.pooling import Region, credibility, predicted, rates_of
from warnstream.review.suggest.suggestion import Ask, Place, Suggestion, first_kept, suggest
from warnstream.review.suggest.sums import VillageRain, year_begins_s

UTC = fixed_zone(0)
LOWERING = DowngradePolicy(clear_ratio=0.8, hold_s=1800, active_s_min=3600, coverage_min=0.8)
ASK = Ask(1.0, LOWERING, UTC)
SCALE_MM, BASE_MM = 9.0, 15.0


def village(random: np.random.Generator, base_rate: float, first: int, n_years: int) -> VillageRain:
    """Storms at random with exponential peaks: at x mm there are base_rate * exp(-(x - 15) / 9) a year."""
    begin_s, end_s = year_begins_s(first, UTC), year_begins_s(first + n_years, UTC)
    n = random.poisson(base_rate * n_years)
    days = random.choice((end_s - begin_s) // DAY_S, size=min(n, 300 * n_years), replace=False)
    at_s = np.sort(begin_s + days * DAY_S)
    peaks = BASE_MM + random.exponential(SCALE_MM, len(at_s))
    times = np.stack([at_s, at_s + HOUR_S], axis=1).ravel()
    sums = np.stack([peaks, np.zeros(len(peaks))], axis=1).ravel()
    return VillageRain(times, sums, {first + number: 1.0 for number in range(n_years)})


def places(seed: int, n_villages: int, n_years: int, apart: float = 0.3) -> tuple[list[Place], list[float]]:
    """Villages of one region, and the thresholds that truly bring one alarm a year."""
    random = np.random.default_rng(seed)
    rates = random.gamma(1 / apart**2, 12.0 * apart**2, n_villages)
    found = [
        Place(f"V{number}", "", village(random, rate, 1990, n_years), 40.0)
        for number, rate in enumerate(rates)
    ]
    return found, [BASE_MM + SCALE_MM * float(np.log(rate)) for rate in rates]


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


def test_villages_that_are_all_alike_have_no_weight_of_their_own_and_those_apart_have() -> None:
    random = np.random.default_rng(1)
    alike = Region(random.poisson(1.0, (1, 50, 10)), np.ones((50, 10)))
    apart = Region(random.poisson(np.linspace(0.2, 6, 50)[None, :, None], (1, 50, 10)), np.ones((50, 10)))
    assert rates_of(alike, 1.0).weight[0] < 0.4
    assert rates_of(apart, 1.0).weight[0] > 0.8


def test_the_published_number_of_loss_models() -> None:
    """1,875 insured with 0 to 4 claims (Klugman, Panjer, Willmot, Loss Models): k = 6.1, Z = 0.14."""
    claims = np.repeat([0.0, 1.0, 2.0, 3.0, 4.0], [1563, 271, 32, 7, 2])
    mean, variance = credibility(claims, np.ones(1875))
    assert float(mean) == pytest.approx(0.194, abs=0.0005)
    assert float(variance) == pytest.approx(0.032, abs=0.0005)
    assert 1 / (1 + float(mean / variance)) == pytest.approx(0.14, abs=0.005)


def test_three_years_of_five_gauges_are_too_few() -> None:
    some, _ = places(3, 5, 3)
    found = suggest("county", some, ASK)
    assert found.too_few.startswith("too few to say: 3.0 years")
    assert found.villages == ()
    assert found.score is None
    assert found.pooled_mm is not None, "the pooled value is said all the same"


@pytest.mark.parametrize(
    ("n_villages", "n_years", "said"), [(2, 20, "2 villages"), (3, 6, "alarms of the region")]
)
def test_what_is_lacking_is_named(n_villages: int, n_years: int, said: str) -> None:
    some, _ = places(4, n_villages, n_years)
    assert said in suggest("county", some, ASK).too_few


def test_villages_without_any_reading_are_said_to_have_none() -> None:
    empty = VillageRain(np.zeros(0, dtype=np.int64), np.zeros(0), {})
    found = suggest("county", [Place("V1", "", empty, 40.0)], ASK)
    assert found.too_few == "too few to say: no gauge of these villages has a reading in the archives"


def test_the_same_archive_gives_the_same_suggestion() -> None:
    some, _ = places(5, 12, 12)
    assert suggest("county", some, ASK) == suggest("county", some, ASK)


def test_a_smaller_wish_asks_for_more_rain() -> None:
    some, _ = places(6, 20, 15)
    values = [
        [village.value_mm or np.inf for village in suggest("county", some, Ask(wish, LOWERING, UTC)).villages]
        for wish in (2.0, 1.0, 0.5)
    ]
    assert all(low <= high + 0.5 for low, high in zip(values[0], values[1], strict=True))
    assert all(low <= high + 0.5 for low, high in zip(values[1], values[2], strict=True))


def test_first_kept_is_the_first_and_none_where_nothing_is() -> None:
    assert first_kept(np.array([3.0, 1.0, 0.5]), 1.0) == 1
    assert first_kept(np.array([3.0, 2.0]), 1.0) is None
