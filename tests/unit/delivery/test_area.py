"""Outlines of villages as CAP polygons."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Point, Polygon

from warnstream.delivery.area import circle, polygons_of_wkt


def corners(ring: str) -> list[tuple[float, float]]:
    """(longitude, latitude) of a CAP polygon."""
    pairs = [tuple(float(number) for number in pair.split(",")) for pair in ring.split(" ")]
    return [(longitude, latitude) for latitude, longitude in pairs]


def test_an_open_ring_is_closed() -> None:
    assert polygons_of_wkt("polygon((1 2,3 2,3 4))") == ["2,1 2,3 4,3 2,1"]


def test_heights_are_ignored() -> None:
    assert polygons_of_wkt("POLYGON Z ((1 2 9, 3 2 9, 3 4 9, 1 2 9))") == ["2,1 2,3 4,3 2,1"]


def test_repeated_corners_are_said_once() -> None:
    assert polygons_of_wkt("POLYGON ((1 2, 1 2, 3 2, 3 4, 1 2))") == ["2,1 2,3 4,3 2,1"]


def test_small_numbers_have_no_exponent() -> None:
    assert polygons_of_wkt("POLYGON ((-1e-9 1e-5, 3 2, 3 4, -1e-9 1e-5))") == ["0.00001,0 2,3 4,3 0.00001,0"]


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "POLYGON",
        "POLYGON EMPTY",
        "POLYGON ()",
        "POLYGON ((1 2, 3 4, 1 2)",
        "POLYGON ((1 2, 3 4, 1 2))",
        "POLYGON ((1 2, 3, 3 4, 1 2))",
        "POLYGON ((1 2, x 2, 3 4, 1 2))",
        "POLYGON ((1 2, nan 2, 3 4, 1 2))",
        "POLYGON ((1 2, 3 91, 3 4, 1 2))",
        "POLYGON ((28.4 119.4, 28.5 119.4, 28.5 119.5, 28.4 119.4))",
        "LINESTRING (1 2, 3 4)",
        "MULTIPOLYGON ((1 2, 3 2, 3 4, 1 2))",
    ],
)
def test_what_is_no_outline_is_refused(broken: str) -> None:
    with pytest.raises(ValueError, match=r"expected|outline|degrees|could not convert"):
        polygons_of_wkt(broken)


@given(
    st.lists(
        st.tuples(st.floats(-170, 170), st.floats(-80, 80), st.floats(0.01, 1), st.booleans()),
        min_size=1,
        max_size=5,
    )
)
def test_outer_rings_are_those_of_an_independent_library(
    discs: list[tuple[float, float, float, bool]],
) -> None:
    parts = []
    for longitude, latitude, radius, has_hole in discs:
        point = Point(longitude, latitude)
        outer = point.buffer(radius, quad_segs=2)
        holes = [point.buffer(radius / 2, quad_segs=2).exterior] if has_hole else []
        parts.append(Polygon(outer.exterior, holes))
    shape = parts[0] if len(parts) == 1 else MultiPolygon(parts)
    rings = [corners(ring) for ring in polygons_of_wkt(shape.wkt)]
    expected = [list(part.exterior.coords) for part in parts]
    assert len(rings) == len(expected)
    for ring, wanted in zip(rings, expected, strict=True):
        assert ring == [pytest.approx(corner, abs=1e-6) for corner in wanted]


def test_a_circle_has_its_radius_in_kilometres() -> None:
    assert circle(-28.5, 119.0) == "-28.5,119 1"
