import numpy as np

from warnstream.model.network import StationWeights
from warnstream.villages.combine import Combined, combine, weighted_mean


def weights(*rows: dict[int, float]) -> StationWeights:
    k = max(len(row) for row in rows)
    station, weight = np.zeros((len(rows), k), dtype=np.int32), np.zeros((len(rows), k))
    for index, row in enumerate(rows):
        station[index, : len(row)] = list(row)
        weight[index, : len(row)] = list(row.values())
    return StationWeights(station, weight, np.zeros((len(rows), k)))


def combine_one(
    rain: list[float],
    coverage: list[float],
    own: dict[int, float],
    fallback: dict[int, float],
    silent: int = -1,
) -> Combined:
    reporting = np.array([index != silent for index in range(len(rain))])
    return combine(
        weights(own), weights(fallback), np.array(rain)[:, None], np.array(coverage)[:, None], reporting
    )


def test_rain_is_the_weighted_mean_of_the_stations() -> None:
    combined = combine_one([10, 40], [1, 1], {0: 0.75, 1: 0.25}, {0: 1.0})
    assert combined.rain_mm[0, 0] == 17.5


def test_equal_gauges_give_exactly_their_common_value() -> None:
    combined = combine_one([40.0, 40.0, 40.0], [1, 1, 1], {0: 0.1, 1: 0.2, 2: 0.7}, {0: 1.0})
    assert combined.rain_mm[0, 0] == 40.0


def test_a_station_counts_by_its_coverage() -> None:
    combined = combine_one([10, 40], [1, 0.5], {0: 0.5, 1: 0.5}, {0: 1.0})
    assert combined.rain_mm[0, 0] == 20.0
    assert combined.coverage[0, 0] == 0.75


def test_an_unobserved_window_is_unknown_not_dry() -> None:
    combined = combine_one([0], [0], {0: 1.0}, {0: 1.0})
    assert np.isnan(combined.rain_mm[0, 0])


def test_a_village_whose_stations_are_silent_is_blind_and_hears_farther_ones() -> None:
    combined = combine_one([99, 8], [0.5, 1], {0: 1.0}, {0: 0.6, 1: 0.4}, silent=0)
    assert combined.is_blind.tolist() == [True]
    assert combined.rain_mm[0, 0] == 8.0


def test_a_blind_village_without_any_reporting_station_knows_nothing() -> None:
    combined = combine_one([5], [0.5], {0: 1.0}, {0: 1.0}, silent=0)
    assert combined.is_blind[0]
    assert np.isnan(combined.rain_mm[0, 0])


def test_one_column_of_coverage_stands_for_all() -> None:
    near = weights({0: 0.3, 1: 0.7}, {1: 0.4, 2: 0.6})
    value, share = np.arange(12.0).reshape(3, 4), np.array([[1.0], [0.25], [0.0]])
    one, covered = weighted_mean(near, value, share)
    each, covered_each = weighted_mean(near, value, np.broadcast_to(share, value.shape))
    assert one.tolist() == each.tolist()
    assert covered.tolist() == covered_each[:, :1].tolist()


def test_a_blind_village_changes_no_other() -> None:
    own, fallback = weights({0: 1.0}, {1: 0.4, 2: 0.6}), weights({1: 0.5, 2: 0.5}, {0: 1.0})
    rain, covered = np.array([[7.0], [3.0], [5.0]]), np.ones((3, 1))
    seeing = combine(own, fallback, rain, covered, np.array([True, True, True]))
    blind = combine(own, fallback, rain, covered, np.array([False, True, True]))
    assert blind.is_blind.tolist() == [True, False]
    assert blind.rain_mm[:, 0].tolist() == [4.0, seeing.rain_mm[1, 0]]
    assert blind.weights.station[0, :2].tolist() == [1, 2]
    assert blind.weights.weight[1].tolist() == own.weight[1].tolist()


def test_however_many_stations_have_gaps_a_village_gets_the_same() -> None:
    """A village alone with its gap is worked out apart, one among many with all others."""
    gaps = np.array([[1.0], [0.3], [0.7]])
    rain = np.array([[0.3], [2.7], [1.1]])
    own = {0: 0.1, 1: 0.2, 2: 0.7}
    alone, covered = weighted_mean(weights(own, *[{0: 1.0}] * 9), rain, gaps)
    among, covered_too = weighted_mean(weights(own, *[{1: 1.0}] * 9), rain, gaps)
    assert (alone[0, 0], covered[0, 0]) == (among[0, 0], covered_too[0, 0])


def test_villages_of_a_network_without_stations_are_blind_and_know_nothing() -> None:
    nobody = weights({}, {})
    combined = combine(nobody, nobody, np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0, dtype=np.bool_))
    assert combined.is_blind.tolist() == [True, True]
    assert np.isnan(combined.rain_mm).all()
    assert combined.heard.tolist() == [0.0, 0.0]
