"""The map: every village has a place on it, whatever the register knows of its outline."""

from types import SimpleNamespace
from typing import Any, cast

import msgspec
import numpy as np
import pytest
from shapely.geometry import Polygon

from tests.unit.console.county import configuration
from warnstream.console import models
from warnstream.console.county import County
from warnstream.console.geo import geo_of
from warnstream.model.network import Villages


def geo(area: str = "*", county: County | None = None) -> models.Geo:
    county = county or County(configuration())
    return geo_of(county, county.area(area))


def with_villages(
    latitude: list[float], longitude: list[float], outlines: list[str | None] | None = None
) -> County:
    known = cast("Any", configuration())
    n = len(latitude)
    names = tuple(f"N{at}" for at in range(n))
    villages = Villages(
        names,
        names,
        ("T",) * n,
        ("C",) * n,
        np.array(latitude),
        np.array(longitude),
        tuple(outlines or [None] * n),
    )
    network = SimpleNamespace(villages=villages, stations=known.network.stations)
    return County(SimpleNamespace(**{**vars(known), "network": network}))  # type: ignore[arg-type]


def polygons(place: models.Place) -> list[Polygon]:
    return [Polygon(list(zip(ring[::2], ring[1::2], strict=True))) for ring in place.rings]


def test_a_village_with_an_outline_keeps_it_and_the_others_get_what_lies_nearest() -> None:
    found = geo()
    assert found.is_cells
    known = found.villages[3]
    (outline,) = polygons(known)
    assert outline.bounds == pytest.approx((known.x - 98, known.y - 111, known.x + 98, known.y + 111), abs=3)
    for place in found.villages[:3]:
        (cell,) = polygons(place)
        assert cell.area > 0
        assert cell.buffer(2).contains(
            Polygon([(place.x, place.y), (place.x + 1, place.y), (place.x, place.y + 1)])
        )


def test_cells_do_not_overlap() -> None:
    county = with_villages([28.0, 28.1, 28.0, 28.1, 28.05], [119.0, 119.0, 119.1, 119.1, 119.05])
    cells = [cell for place in geo(county=county).villages for cell in polygons(place)]
    for at, polygon in enumerate(cells):
        assert all(polygon.intersection(other).area < 0.01 * polygon.area for other in cells[at + 1 :])


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [
        ([28.0], [119.0]),
        ([28.0, 28.1], [119.0, 119.1]),
        ([28.0, 28.0, 28.0], [119.0, 119.0, 119.0]),
        ([28.0, 28.1, 28.2], [119.0, 119.0, 119.0]),
    ],
)
def test_a_few_villages_or_villages_on_one_line_or_point_have_a_place_too(
    latitude: list[float], longitude: list[float]
) -> None:
    found = geo(county=with_villages(latitude, longitude))
    assert all(place.rings for place in found.villages)


def test_an_outline_that_crosses_itself_or_is_empty_is_no_end_of_the_map() -> None:
    bow = "POLYGON ((119 28, 119.1 28.1, 119.1 28, 119 28.1, 119 28))"
    county = with_villages([28.05, 28.2, 28.3], [119.05, 119.2, 119.3], [bow, "POLYGON EMPTY", None])
    assert all(place.rings for place in geo(county=county).villages)


def test_an_area_has_its_own_villages_towns_and_borders_alone() -> None:
    found = geo("North")
    assert [place.code for place in found.villages] == ["V0", "V1"]
    assert [town.name for town in found.towns] == ["Upper"]
    assert [county.name for county in found.counties] == ["North"]
    assert geo("nowhere").villages == []


def test_a_county_of_three_thousand_villages_fits_into_the_budget_of_a_page() -> None:
    random = np.random.default_rng(1)
    latitude, longitude = random.uniform(27, 29, 2_855), random.uniform(118, 120, 2_855)
    found = geo(county=with_villages(latitude.tolist(), longitude.tolist()))
    assert len(msgspec.json.encode(found)) < 600_000
