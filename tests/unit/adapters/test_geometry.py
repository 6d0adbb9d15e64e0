import numpy as np
import pytest

from tests.networks import network_of
from warnstream.adapters.geometry import fallback_weights, near_weights, own_weights, station_neighbours
from warnstream.model.network import Network
from warnstream.model.rules.policies import NeighbourPolicy, VillagePolicy

POLICY = VillagePolicy(
    method="nearest",
    neighbours=2,
    radius_m=8_000,
    fallback_neighbours=2,
    fallback_radius_m=20_000,
)


def with_polygon(network: Network, wkt: str) -> Network:
    from dataclasses import replace

    villages = replace(network.villages, polygon_wkt=(wkt, *network.villages.polygon_wkt[1:]))
    return replace(network, villages=villages)


def test_the_nearest_station_speaks_for_its_village() -> None:
    weights = near_weights(network_of(4, 4), k=1, radius_m=8_000, by_distance=False)
    assert weights.station[:, 0].tolist() == [0, 1, 2, 3]
    assert weights.weight[:, 0].tolist() == [1, 1, 1, 1]


def test_stations_are_sorted_nearest_first_and_shares_sum_to_one() -> None:
    weights = near_weights(network_of(4, 4), k=3, radius_m=8_000, by_distance=True)
    assert (np.diff(weights.distance_m[1]) >= 0).all()
    assert weights.weight.sum(axis=1) == pytest.approx([1, 1, 1, 1])


def test_inverse_distance_squared_gives_the_textbook_shares() -> None:
    """Villages stand 111 m from their station (floored to 250 m) and 5 km from the next: 400 to 1."""
    weights = near_weights(network_of(2, 2), k=2, radius_m=8_000, by_distance=True)
    assert weights.weight[0, 0] / weights.weight[0, 1] == pytest.approx((5_000 / 250) ** 2, rel=0.01)


def test_a_station_beyond_the_radius_still_speaks_where_there_is_no_other() -> None:
    weights = near_weights(network_of(1, 3), k=2, radius_m=1_000, by_distance=True)
    assert weights.station[2, 0] == 0
    assert weights.weight[2].tolist() == [1, 0]
    assert weights.distance_m[2, 0] == pytest.approx(10_000, rel=0.01)


def test_fallback_stations_reach_farther() -> None:
    network = network_of(5, 5)
    assert (own_weights(network, POLICY).weight[0] > 0).sum() == 2
    assert (fallback_weights(network, POLICY).weight[0] > 0).sum() == 4


def test_stations_without_rain_gauges_speak_for_nobody() -> None:
    network = network_of(2, 1)
    network.stations.measures_rain[0] = False
    assert near_weights(network, k=1, radius_m=8_000, by_distance=False).station[0, 0] == 1


def test_a_polygon_takes_stations_by_the_share_of_its_area() -> None:
    """A rectangle from -2.5 km to 5 km about gauges at 0 and 5 km: two thirds of it are nearer to gauge 0."""
    km = 1 / 111.195
    box = f"POLYGON(({-2.5 * km} -0.01,{5 * km} -0.01,{5 * km} 0.01,{-2.5 * km} 0.01,{-2.5 * km} -0.01))"
    network = with_polygon(network_of(4, 4), box)
    policy = VillagePolicy("polygon", 2, 8_000, 2, 20_000)
    weights = own_weights(network, policy)
    assert weights.station[0, :2].tolist() == [0, 1]
    assert weights.weight[0, :2] == pytest.approx([2 / 3, 1 / 3], rel=0.01)


def test_a_village_without_a_polygon_takes_its_nearest_stations() -> None:
    network = with_polygon(network_of(4, 4), "POLYGON((0 0,0.01 0,0.01 0.01,0 0.01,0 0))")
    weights = own_weights(network, VillagePolicy("polygon", 1, 8_000, 2, 20_000))
    assert weights.station[3, 0] == 3


def test_grid_cells_give_the_areal_mean_of_inverse_distance() -> None:
    """A strip midway between two gauges hears both alike; the cells' mean is symmetric."""
    km = 1 / 111.195
    strip = f"POLYGON(({1 * km} -0.02,{4 * km} -0.02,{4 * km} 0.02,{1 * km} 0.02,{1 * km} -0.02))"
    network = with_polygon(network_of(2, 2), strip)
    weights = own_weights(network, VillagePolicy("grid", 2, 20_000, 2, 20_000, cell_m=250))
    assert weights.weight[0, :2] == pytest.approx([0.5, 0.5], abs=0.01)
    assert weights.weight[0].sum() == pytest.approx(1)


def test_a_grid_hears_gauges_of_a_catchment_that_its_middle_would_not() -> None:
    """A catchment of 20 km with gauges every 5 km: with one neighbour the middle hears one of them."""
    km = 1 / 111.195
    catchment = f"POLYGON(({-1 * km} -0.01,{16 * km} -0.01,{16 * km} 0.01,{-1 * km} 0.01,{-1 * km} -0.01))"
    network = with_polygon(network_of(4, 1), catchment)
    weights = own_weights(network, VillagePolicy("grid", 1, 4_000, 2, 20_000, cell_m=500))
    heard = weights.station[0][weights.weight[0] > 0]
    assert sorted(heard.tolist()) == [0, 1, 2, 3]


def test_an_outline_smaller_than_a_cell_is_judged_at_its_point() -> None:
    network = with_polygon(network_of(2, 2), "POLYGON((0 0,0.001 0,0.001 0.001,0 0.001,0 0))")
    weights = own_weights(network, VillagePolicy("grid", 1, 8_000, 2, 20_000, cell_m=5_000))
    assert weights.station[0, 0] == 0
    assert weights.weight[0, 0] == 1


def test_a_spare_gauge_speaks_for_nobody_by_itself() -> None:
    from dataclasses import replace

    network = network_of(4, 4)
    network = replace(network, stations=replace(network.stations, spares=((0, 1),)))
    weights = near_weights(network, k=2, radius_m=50_000, by_distance=True)
    assert 1 not in weights.station


def test_neighbours_are_the_nearest_rain_gauges_within_reach_and_never_oneself() -> None:
    network = network_of(5, 5)
    network.stations.measures_rain[1] = False
    found = station_neighbours(network, NeighbourPolicy(radius_m=10_100, neighbours=2))
    near = [set(row) - {-1} for row in found.station.tolist()]
    assert near == [{2}, set(), {3, 0}, {2, 4}, {3, 2}]
    assert found.station[2].tolist() == [3, 0]
    assert found.distance_m[2] == pytest.approx([5_000, 10_000], rel=0.01)


def test_a_network_of_one_gauge_has_no_neighbours() -> None:
    assert station_neighbours(network_of(1, 1), NeighbourPolicy()).station.shape == (1, 0)
