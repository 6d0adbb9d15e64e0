"""The Baishuihe landslide crept for years, fast each summer, and never failed: no red; slips of the pen."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.baishuihe_levels import (
    Series,
    Settings,
    mean_mm_per_day,
    read_points,
    replay,
    usual_mm_per_day,
    without_hindsight,
)
from warnstream.model.arrays import Float64Array
from warnstream.model.level import Level

pytestmark = pytest.mark.real_data

Points = dict[str, Series]


@pytest.fixture
def points(shared_data: Path) -> Points:
    return read_points(shared_data / "landslide_displacement" / "baishuihe_gps_monthly.csv")


def means(points: Points) -> Float64Array:
    return np.array([mean_mm_per_day(series) for series in points.values()])


def test_six_years_of_creep_never_call_for_evacuation(points: Points) -> None:
    course = replay(points, means(points))
    assert course.rises[Level.RED] == 0
    assert course.rises[Level.ORANGE] == 6
    orange = {month for month, level in course.level.items() if level == Level.ORANGE}
    assert orange <= {"2007-07", "2007-08", "2007-09"}


def test_against_what_was_known_before_each_year_no_level_exceeds_yellow(points: Points) -> None:
    assert max(without_hindsight(points).level.values()) == Level.YELLOW


def test_every_level_above_none_lies_in_a_season_of_movement_or_comes_down_from_one(points: Points) -> None:
    months = {month[5:] for month, level in replay(points, means(points)).level.items() if level}
    assert months <= {"06", "07", "08", "09", "10", "11"}


def test_against_the_velocity_of_quiet_months_the_same_creep_is_red(points: Points) -> None:
    """Why docs/hazards.md asks for the mean of years: step-like summers fake red otherwise."""
    usual = np.array([usual_mm_per_day(series) for series in points.values()])
    assert replay(points, usual).rises[Level.RED] == 13


def test_one_window_alone_would_have_been_red_by_summer_and_by_a_slip_of_the_pen(points: Points) -> None:
    """Why several windows in a row must agree."""
    course = replay(points, means(points), Settings(persistence=1))
    assert course.rises[Level.RED] == 6
    red = {month for month, level in course.level.items() if level == Level.RED}
    assert {"2007-07", "2011-04"} <= red


def test_the_slips_of_the_pen_are_doubtful_and_nothing_else_is(points: Points) -> None:
    """In DX01 and DX03 too, which the description of the data does not name; DX03 does not come back."""
    slipped = {"ZG93", "ZG118", "DX01"}
    assert replay(points, means(points)).doubted == {
        "2010-01": {"DX03"},
        "2011-03": slipped,
        "2011-04": slipped,
    }
