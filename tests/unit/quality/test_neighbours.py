"""Faulty zero, high influx and outlier with the parameters that PWSQC was published with."""

import numpy as np
import pytest

from warnstream.model.observations.station_quality import StationNeighbours
from warnstream.model.rules.policies import NeighbourPolicy
from warnstream.quality.neighbours import NeighbourChecks

N = 7
STEP = 300
POLICY = NeighbourPolicy()


def checks(policy: NeighbourPolicy = POLICY) -> NeighbourChecks:
    """Seven gauges, each the neighbour of all others."""
    near = np.array([[j for j in range(N) if j != i] for i in range(N)], dtype=np.int32)
    return NeighbourChecks(StationNeighbours(near, np.ones(near.shape)), policy)


def rain(own: float, around: float) -> np.ndarray:
    return np.array([own, *[around] * (N - 1)])


def after(found: NeighbourChecks, *intervals: tuple[float, float], first: int = 1) -> bool:
    for number, (own, around) in enumerate(intervals, start=first):
        found.step(rain(own, around), number * STEP)
    return bool(found.zeros.is_faulty_zero[0])


def test_dry_for_seven_wet_intervals_of_the_neighbours_is_a_faulty_zero() -> None:
    assert not after(checks(), *[(0.0, 0.3)] * 6)
    assert after(checks(), *[(0.0, 0.3)] * 7)


def test_a_faulty_zero_began_with_the_first_of_these_intervals() -> None:
    found = checks()
    after(found, (0.2, 0.2), *[(0.0, 0.3)] * 7)
    assert found.zeros.zero_since_s.tolist() == [STEP, *[-1] * (N - 1)]


def test_a_dry_interval_of_the_neighbours_begins_the_count_anew() -> None:
    assert not after(checks(), *[(0.0, 0.3)] * 6, (0.0, 0.0), *[(0.0, 0.3)] * 6)


def test_a_faulty_zero_stays_through_dry_weather_until_the_gauge_reports_rain() -> None:
    found = checks()
    assert after(found, *[(0.0, 0.3)] * 7, *[(0.0, 0.0)] * 50)
    assert not after(found, (0.1, 0.0), first=58)


def test_an_interval_that_was_not_observed_is_no_dry_one() -> None:
    found = checks()
    assert not after(found, *[(0.0, 0.3)] * 6, *[(np.nan, 0.3)] * 5)
    assert after(found, (0.0, 0.3), first=12)


def test_with_fewer_neighbours_than_asked_for_nothing_is_said() -> None:
    found = checks(NeighbourPolicy(neighbours_min=N))
    assert not after(found, *[(0.0, 0.3)] * 20)
    assert np.isnan(found.neighbour_mm).all()


@pytest.mark.parametrize(
    ("own", "around", "is_influx"),
    [(10.0, 0.0, False), (10.1, 0.0, True), (10.1, 0.39, True), (10.1, 0.8, False), (20.1, 0.8, True)],
)
def test_high_influx_is_more_than_ten_mm_or_the_same_ratio_of_the_median(
    own: float, around: float, *, is_influx: bool
) -> None:
    found = checks()
    assert bool(found.step(rain(own, around), STEP)[0]) is is_influx
    assert bool(found.influx_at_s[0] == STEP) is is_influx


def showers(n: int, *, own_goes_its_way: bool) -> NeighbourChecks:
    source = np.random.default_rng(5)
    found = checks()
    for number in range(1, n + 1):
        shared = source.gamma(0.4, 1.5) if number % 3 == 0 else 0.0
        amounts = shared * source.uniform(0.7, 1.3, N)
        if own_goes_its_way:
            amounts[0] = source.gamma(0.4, 1.5) if source.random() < 1 / 3 else 0.0
        found.step(amounts, number * STEP)
    return found


def test_a_gauge_whose_rain_goes_with_nobodys_is_an_outlier_and_no_other_is() -> None:
    assert showers(600, own_goes_its_way=True).is_outlier.tolist() == [True, *[False] * (N - 1)]
    assert not showers(600, own_goes_its_way=False).is_outlier.any()


def test_outliers_are_not_judged_before_the_neighbours_were_wet_often_enough() -> None:
    assert not showers(36, own_goes_its_way=True).is_judged.any()


def test_a_restored_check_goes_on_as_if_nothing_had_been() -> None:
    first, second = showers(300, own_goes_its_way=True), checks()
    second.restore(first.snapshot())
    for number in range(301, 620):
        amounts = rain(0.0, 0.5 if number % 2 else 0.2)
        first.step(amounts, number * STEP)
        second.step(amounts, number * STEP)
    for name, array in first.snapshot().items():
        np.testing.assert_array_equal(second.snapshot()[name], array)


def test_a_snapshot_of_other_neighbours_is_refused() -> None:
    other = NeighbourChecks(StationNeighbours(np.zeros((N, 2), dtype=np.int32), np.ones((N, 2))), POLICY)
    with pytest.raises(ValueError, match="this network has"):
        checks().restore(other.snapshot())


def test_the_weight_of_years_of_rain_stays_within_bounds() -> None:
    found = checks(NeighbourPolicy(outlier_memory=10))
    for number in range(1, 1000):
        found.step(rain(0.5, 0.5 + number % 3), number * STEP)
    state = found.snapshot()
    assert np.isfinite(state["sums"]).all()
    assert state["weight"].max() <= 1e9
