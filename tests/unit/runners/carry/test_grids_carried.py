"""Rain of grids goes with its places and gauges, whatever their numbers are now."""

import numpy as np

from tests.networks import QUALITY, WINDOWS, nearest_weights, network_of, rain_rule
from tests.unit.assessment.test_grids import RADAR, SIREN, assessment_of, storm
from warnstream.assessment import Assessment, Weights
from warnstream.model.grids import GridPolicy
from warnstream.runners.carry.axes import axes_of
from warnstream.runners.carry.carry import carry
from warnstream.runners.carry.names import names_of

OTHER = GridPolicy("other")


def larger(*grids: GridPolicy) -> Assessment:
    """One village and one gauge more."""
    return Assessment(
        network_of(4, 4),
        (rain_rule(4, SIREN),),
        weights=Weights(nearest_weights(4, 4), nearest_weights(4, 4)),
        windows=WINDOWS,
        quality=QUALITY,
        nowcast=None,
        grids=grids,
    )


def test_a_village_and_a_gauge_more_cost_a_grid_nothing_and_another_grid_begins() -> None:
    before = assessment_of(RADAR)
    storm(before, until_s=3_600)
    state = before.snapshot()
    after = larger(RADAR, OTHER)
    found = carry(state, after.snapshot(), names_of(network_of(3, 3), {}), names_of(network_of(4, 4), {}))
    after.restore(found.state)
    old, new = state["grid.radar"], after.snapshot()["grid.radar"]
    places, gauges = [0, 1, 2], [4, 5, 6]
    for name in ("rain_um", "observed_min"):
        assert np.array_equal(new[name][:, places + gauges], old[name])
        assert not new[name][:, [3, 7]].any()
    assert old["rain_um"].any()
    assert new["told"].tolist() == old["told"].tolist()
    assert new["seen"].tolist() == [*old["seen"].tolist(), False]
    assert not after.snapshot()["grid.other"]["rain_um"].any()
    assert {axes_of("grid.radar", name) for name in new} >= {(), ("place",), ("point",), ("minute", "point")}


def test_late_readings_that_wait_to_be_looked_at_keep_their_gauge() -> None:
    before, after = assessment_of(), larger()
    state = before.snapshot()
    state["late"]["station"][:] = [2, -1, 0]
    swapped = network_of(4, 4)
    names = names_of(swapped, {})
    moved = type(names)(names.stations[::-1], names.villages, names.places, names.gauges, {})
    found = carry(state, after.snapshot(), names_of(network_of(3, 3), {}), moved)
    assert found.state["late"]["station"].tolist() == [1, -1, 3, -1]
