"""Cells of files become cells of a county's field: means where theirs are finer, else the nearest."""

import numpy as np
import pytest

from tests.networks import T0, network_of
from warnstream.adapters.grids.cells import CellCentres
from warnstream.adapters.grids.content import CellFrame
from warnstream.adapters.grids.fields import FieldMaker
from warnstream.model.arrays import Float64Array
from warnstream.model.network import Network
from warnstream.model.radar.fields import CELLS_MAX, UNSEEN, geometry_of, packed_mm, unpacked_mm

NETWORK = network_of(3, 3)
GEOMETRY = geometry_of(NETWORK)
M_PER_DEGREE = 111_195.0


def centres_of(cell_m: float, half_m: float = 130_000.0) -> CellCentres:
    """Square cells about the network; near the equator degrees are as good as metres."""
    line = np.arange(-half_m, half_m, cell_m) + cell_m / 2
    return CellCentres(
        np.repeat(line[:, None] / M_PER_DEGREE + GEOMETRY.latitude, len(line), axis=1),
        np.repeat(line[None] / M_PER_DEGREE + GEOMETRY.longitude, len(line), axis=0),
    )


def field_of(centres: CellCentres, rain_mm: Float64Array) -> Float64Array | None:
    found = FieldMaker("radar", centres, GEOMETRY).field(CellFrame(T0, 300, rain_mm))
    return None if found is None else unpacked_mm(found.rain)


@pytest.mark.parametrize("cell_m", [500.0, 1000.0, 2000.0, 5000.0])
def test_a_slope_of_rain_is_a_slope_in_the_field_whatever_the_cells(cell_m: float) -> None:
    centres = centres_of(cell_m)
    found = field_of(centres, 2.0 + 5.0 * (centres.longitude - GEOMETRY.longitude))
    assert found is not None
    column = np.arange(GEOMETRY.n_columns)
    east = (GEOMETRY.west_m + column * GEOMETRY.cell_m) / M_PER_DEGREE
    expected = np.broadcast_to(2.0 + 5.0 * east, found.shape)
    wet = (expected > 0.1) & ~np.isnan(found)
    assert wet.sum() > 1000
    np.testing.assert_allclose(found[wet], expected[wet], atol=5.0 * cell_m / M_PER_DEGREE + 0.01)


def test_what_files_do_not_reach_or_did_not_see_is_unseen_and_not_dry() -> None:
    centres = centres_of(1000.0, half_m=40_000.0)
    rain = np.zeros(centres.latitude.shape)
    rain[:, :20] = np.nan
    found = FieldMaker("radar", centres, GEOMETRY).field(CellFrame(T0, 300, rain))
    assert found is not None
    assert found.rain[0, 0] == UNSEEN
    assert (found.rain == 0).sum() == pytest.approx(30 * 40, abs=150)
    assert field_of(centres, np.full_like(rain, np.nan)) is None


def test_packing_keeps_hundredths_and_what_was_not_seen() -> None:
    rain = np.array([[0.0, 0.014, np.nan, 12.349, 1e6]])
    np.testing.assert_allclose(unpacked_mm(packed_mm(rain)), [[0.0, 0.01, np.nan, 12.35, 327.67]])


def test_the_geometry_reaches_a_hundred_kilometres_and_a_village_more_changes_none() -> None:
    row, column = GEOMETRY.positions(NETWORK.villages.latitude, NETWORK.villages.longitude)
    for at, n in ((row, GEOMETRY.n_rows), (column, GEOMETRY.n_columns)):
        assert (at.min() + 1) * GEOMETRY.cell_m >= 100_000
        assert (n - 1 - at.max()) * GEOMETRY.cell_m >= 100_000 - GEOMETRY.cell_m
    assert geometry_of(network_of(3, 2)).digest == GEOMETRY.digest


@pytest.mark.parametrize(("n", "cell_m"), [(60, 2000), (90, 4000)])
def test_a_large_county_has_less_margin_and_then_larger_cells(n: int, cell_m: int) -> None:
    wide: Network = network_of(n, n)
    geometry = geometry_of(wide)
    assert max(geometry.shape) <= CELLS_MAX
    assert geometry.cell_m == cell_m
    _, column = geometry.positions(wide.villages.latitude, wide.villages.longitude)
    assert column.min() >= 0
    assert column.max() <= geometry.n_columns - 1
