import numpy as np

from warnstream.model.network import StationWeights
from warnstream.villages.combine import Combined, combine


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
