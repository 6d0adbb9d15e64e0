from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.networks import QUALITY, T0, WINDOWS, nearest_weights, network_of, rain, rain_rule
from warnstream.assessment import Assessment, Weights
from warnstream.model.level import Level
from warnstream.model.network import Network, Zone
from warnstream.model.rules.indicators import HazardLevels, Indicator, no_levels
from warnstream.villages.zones import worst_of_zones, worst_place


def found_over(level: list[int], ratio: list[float]) -> HazardLevels:
    found = no_levels(len(level), Indicator.RAIN)
    found.level[:] = level
    found.holding[:] = level
    found.value[:] = np.array(ratio) * 40
    found.threshold[:] = 40
    found.can_fall[:] = True
    return found


def first(*sizes: int) -> np.ndarray:
    return np.cumsum([0, *sizes]).astype(np.int32)


def test_the_zone_with_the_highest_level_speaks_for_the_village() -> None:
    found = found_over([0, 3, 1, 2], [0.5, 1.0, 1.9, 1.2])
    assert worst_place(found, first(3, 1)).tolist() == [1, 3]


def test_of_equal_zones_the_one_farthest_above_its_threshold_speaks() -> None:
    assert worst_place(found_over([2, 2, 2], [1.1, 1.4, 1.2]), first(3)).tolist() == [1]


def test_a_village_falls_only_where_all_its_zones_may_and_is_blind_with_one_of_them() -> None:
    found = found_over([1, 0, 0], [1.0, 0.1, 0.1])
    found.can_fall[1] = False
    found.is_blind[0] = True
    offsets = first(2, 1)
    villages = worst_of_zones(found, worst_place(found, offsets), offsets)
    assert villages.can_fall.tolist() == [False, True]
    assert villages.is_blind.tolist() == [True, False]
    assert villages.level.tolist() == [1, 0]


@settings(deadline=None)
@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 4), st.floats(0, 3)), min_size=1, max_size=4),
        min_size=1,
        max_size=6,
    )
)
def test_the_level_of_a_village_is_the_greatest_of_its_zones(villages: list[list[tuple[int, float]]]) -> None:
    found = found_over([z[0] for v in villages for z in v], [z[1] for v in villages for z in v])
    offsets = first(*(len(village) for village in villages))
    reduced = worst_of_zones(found, worst_place(found, offsets), offsets)
    assert reduced.level.tolist() == [max(zone[0] for zone in village) for village in villages]
    assert reduced.holding.tolist() == reduced.level.tolist()


def divided() -> Network:
    """Village 0 has a catchment at station 1 and a slope at station 2; village 1 is whole."""
    network = network_of(3, 2)
    longitude = network.stations.longitude
    zones = (
        Zone("V0-catchment", "Upper creek", 0, 0.0, float(longitude[1]), None),
        Zone("V0-slope", "East slope", 0, 0.0, float(longitude[2]), None),
    )
    return replace(network, zones=zones)


def judging() -> Assessment:
    """The machine of `divided`: its places hear stations 1, 2 and 0."""
    weights = replace(nearest_weights(3, 3), station=np.array([[1], [2], [0]], dtype=np.int32))
    return Assessment(
        divided(),
        (rain_rule(3, (15, 25, 40, 80)),),
        weights=Weights(weights, weights),
        windows=WINDOWS,
        quality=QUALITY,
        nowcast=None,
    )


def test_places_are_the_zones_and_the_whole_villages_in_the_order_of_villages() -> None:
    places = divided().places
    assert places.site.code == ("V0-catchment", "V0-slope", "V1")
    assert places.site.parent == ("V0", "V0", "V1")
    assert places.first_of_village.tolist() == [0, 2, 3]


def test_rain_in_one_zone_warns_its_village_and_the_reason_names_the_zone() -> None:
    assessment = judging()
    step = assessment.step(rain((0, 300, 0.0), (1, 300, 16.0), (2, 300, 50.0)), T0 + 300)
    (change,) = step.changes
    assert (change.village, change.level) == (0, Level.ORANGE)
    assert change.reason is not None
    assert (change.reason.zone, change.reason.station, change.reason.value) == ("East slope", "S2", 50.0)
    assert assessment.level("flash_flood").level.tolist() == [3, 0]


def test_a_village_is_blind_when_the_gauge_of_one_zone_is_silent() -> None:
    assessment = judging()
    step = assessment.step(rain((0, 7200, 0.0), (1, 7200, 0.0)), T0 + 7200)
    assert step.sight.is_blind.tolist() == [True, False]
