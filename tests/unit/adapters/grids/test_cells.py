from dataclasses import replace

import numpy as np
import pytest

from tests.networks import network_of
from warnstream.adapters.grids.cells import CellCentres, cell_weights
from warnstream.model.grids import points_of
from warnstream.model.network import Network

DEGREE = 0.01
"""Cells of about 1.1 km around the villages of `network_of`, which lie on the equator."""


def grid(n_rows: int = 20, n_columns: int = 40, south: float = -0.095, west: float = -0.095) -> CellCentres:
    latitude = south + DEGREE * np.arange(n_rows)
    longitude = west + DEGREE * np.arange(n_columns)
    return CellCentres(*(np.array(grid) for grid in np.meshgrid(latitude, longitude, indexing="ij")))


def with_outline(wkt: str) -> Network:
    network = network_of(2, 2)
    return replace(network, villages=replace(network.villages, polygon_wkt=(wkt, None)))


def box(west: float, south: float, east: float, north: float) -> str:
    return f"POLYGON (({west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south}))"


def test_a_point_takes_the_cell_it_stands_in() -> None:
    network, centres = network_of(3, 3), grid(south=-0.092, west=-0.092)
    rain_mm = np.arange(centres.latitude.size, dtype=np.float64).reshape(centres.latitude.shape)
    found = cell_weights(network, centres).amounts(rain_mm, 0.5)
    latitude, longitude = points_of(network)
    row, column = np.rint((latitude + 0.092) / DEGREE), np.rint((longitude + 0.092) / DEGREE)
    np.testing.assert_array_equal(found, row * centres.latitude.shape[1] + column)


@pytest.mark.parametrize("turned", [False, True])
def test_an_outline_takes_cells_by_the_area_that_lies_in_them(turned: bool) -> None:
    # Three quarters of it in the column west of longitude 0, one quarter east of it.
    network = with_outline(box(-0.0075, 0.0, 0.0025, 0.01))
    centres = grid()
    rain_mm = np.where(centres.longitude < 0, 4.0, 8.0)
    if turned:  # north first, as many files have it
        centres = CellCentres(centres.latitude[::-1], centres.longitude[::-1])
        rain_mm = rain_mm[::-1]
    found = cell_weights(network, centres).amounts(rain_mm, 0.5)
    assert found[0] == pytest.approx(0.75 * 4 + 0.25 * 8, abs=1e-6)


def test_what_was_seen_of_an_outline_speaks_for_it_if_it_is_enough() -> None:
    network, centres = with_outline(box(-0.0075, 0.0, 0.0025, 0.01)), grid()
    weights = cell_weights(network, centres)
    unseen_east = np.where(centres.longitude < 0, 4.0, np.nan)
    assert weights.amounts(unseen_east, 0.7)[0] == pytest.approx(4.0)
    assert np.isnan(weights.amounts(unseen_east, 0.8)[0])
    assert np.isnan(weights.amounts(np.full_like(unseen_east, np.nan), 0.5)).all()


def test_villages_beyond_the_grid_are_not_covered() -> None:
    weights = cell_weights(network_of(3, 3), grid(n_columns=12))
    assert weights.is_covered.tolist() == [True, False, False] * 2


def test_a_curved_grid_may_have_cells_without_a_place() -> None:
    centres = grid()
    latitude, longitude = centres.latitude.copy(), centres.longitude.copy()
    latitude[0, :5] = longitude[0, :5] = np.nan
    network = with_outline(box(-0.0075, 0.0, 0.0025, 0.01))
    rain_mm = np.ones_like(latitude)
    assert cell_weights(network, CellCentres(latitude, longitude)).amounts(rain_mm, 0.5)[0] == pytest.approx(
        1
    )


def test_a_grid_of_another_country_and_a_line_of_cells_are_refused() -> None:
    with pytest.raises(ValueError, match="none of the villages"):
        cell_weights(network_of(3, 3), grid(south=45.0))
    with pytest.raises(ValueError, match="two rows and columns"):
        cell_weights(network_of(3, 3), grid(n_rows=1))
