"""Lonely gauges, against titanlib where it is installed (LGPL-3; not needed by warnstream)."""

import importlib
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnstream.model.observations.station_quality import StationFlag, StationNeighbours
from warnstream.model.rules.policies import NeighbourPolicy
from warnstream.quality.buddies import check_buddies

POLICY = NeighbourPolicy(neighbours_min=2, lonely_mm_min=1e-9, lonely_threshold=2, lonely_sd_mm_min=1)


def all_near(n: int) -> StationNeighbours:
    near = np.array([[j for j in range(n) if j != i] for i in range(n)], dtype=np.int32)
    return StationNeighbours(near, np.ones(near.shape))


def flags_of(*hour_mm: float, policy: NeighbourPolicy = POLICY, coverage: float = 1.0) -> list[int]:
    amounts = np.array(hour_mm)
    known = np.where(np.isnan(amounts), 0.0, coverage)
    found = check_buddies(all_near(len(amounts)), np.nan_to_num(amounts), known, policy)
    return [int(flag) for flag in found]


def test_the_published_example_of_sixty_beside_five() -> None:
    assert flags_of(5.0, 6.0, 5.5, 60.0, 5.2) == [0, 0, 0, StationFlag.LONELY, 0]


def test_a_gauge_without_a_value_does_not_hide_its_neighbour() -> None:
    """In titanlib one `num_min` for all lets 60 mm pass, because a NaN spoils every mean."""
    assert flags_of(5.0, 6.0, 5.5, np.nan, 60.0)[4] == StationFlag.LONELY


def test_rain_that_no_neighbour_has_is_unshared() -> None:
    assert flags_of(0, 0, 12.0, 0) == [0, 0, StationFlag.LONELY | StationFlag.UNSHARED, 0]


def test_a_dry_gauge_among_wet_ones_is_left_to_the_faulty_zeros() -> None:
    assert flags_of(0.0, 40.0, 41.0, 39.0) == [0, 0, 0, 0]


def test_little_rain_is_not_looked_at() -> None:
    assert flags_of(0, 0, 9.9, 0, policy=NeighbourPolicy(neighbours_min=2)) == [0, 0, 0, 0]


def test_neighbours_that_observed_less_than_half_of_the_hour_do_not_count() -> None:
    assert flags_of(0, 0, 12.0, 0, coverage=0.4) == [0, 0, 0, 0]


amounts = st.lists(st.integers(0, 800).map(lambda tenths: tenths / 10), min_size=4, max_size=12)


@given(hour_mm=amounts)
def test_titanlib_flags_the_same_gauges(hour_mm: list[float]) -> None:
    if "WARNSTREAM_REQUIRE_EXTRAS" not in os.environ:  # else a missing one is a failure
        pytest.importorskip("titanlib", reason="needs the extra oracles")
    titanlib = importlib.import_module("titanlib")
    n = len(hour_mm)
    points = titanlib.Points(np.linspace(50, 50.01, n), np.full(n, 10.0), np.zeros(n), np.zeros(n))
    theirs = titanlib.buddy_check(
        points, np.array(hour_mm), np.full(n, 5000.0), np.full(n, 2), 2.0, 200.0, 0.0, 1.0, 1
    )
    mean = [np.mean(hour_mm[:i] + hour_mm[i + 1 :]) for i in range(n)]
    high = [value > around for value, around in zip(hour_mm, mean, strict=True)]
    ours = [bool(flag & StationFlag.LONELY) for flag in flags_of(*hour_mm)]
    assert ours == [bool(flag) and is_high for flag, is_high in zip(theirs, high, strict=True)]
