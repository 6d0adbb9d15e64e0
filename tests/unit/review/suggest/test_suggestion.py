"""What is suggested: little is called little, and what is lacking is named."""

import numpy as np
import pytest

from tests.unit.review.suggest.regions import ASK, LOWERING, UTC, places
from warnstream.review.suggest.pooling import Region, credibility, rates_of
from warnstream.review.suggest.suggestion import Ask, Place, first_kept, suggest
from warnstream.review.suggest.sums import VillageRain


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
    some, _ = places(5, 6, 10)
    assert suggest("county", some, ASK) == suggest("county", some, ASK)


def test_a_smaller_wish_asks_for_more_rain() -> None:
    some, _ = places(6, 8, 12)
    values = [
        [village.value_mm or np.inf for village in suggest("county", some, Ask(wish, LOWERING, UTC)).villages]
        for wish in (2.0, 1.0, 0.5)
    ]
    assert all(low <= high + 0.5 for low, high in zip(values[0], values[1], strict=True))
    assert all(low <= high + 0.5 for low, high in zip(values[1], values[2], strict=True))


def test_first_kept_is_the_first_and_none_where_nothing_is() -> None:
    assert first_kept(np.array([3.0, 1.0, 0.5]), 1.0) == 1
    assert first_kept(np.array([3.0, 2.0]), 1.0) is None
