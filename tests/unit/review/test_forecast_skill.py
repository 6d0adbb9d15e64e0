from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from warnstream.forecast.nowcast import LEADS_S
from warnstream.model.times import HOUR_S
from warnstream.review.forecast_skill import ForecastSkill

T0 = 1_554_758_100


def told(forecast_mm: list[list[float]], hours_mm: list[list[float]]) -> ForecastSkill:
    """One forecast after the first hour; then hour by hour what came. All: villages inside."""
    skill = ForecastSkill(LEADS_S)
    for hour, rain_mm in enumerate(hours_mm):
        skill.observe(T0 + hour * HOUR_S, np.array(rain_mm))
        if hour == 0:
            skill.forecast(T0, np.array(forecast_mm))
    return skill


def lead(skill: ForecastSkill, hours: int) -> xr.Dataset:
    return skill.as_dataset().sel(lead=hours, forecaster="nowcast")


def test_totals_of_each_lead_meet_the_rain_that_came_since() -> None:
    """6, 9 and 12 mm were forecast; 4, 4 and 4 came: errors of +2, +1 and 0."""
    skill = told([[6.0, 9.0, 12.0]], [[0.0], [4.0], [4.0], [4.0]])
    errors = skill.as_dataset()["mean_error"].sel(forecaster="nowcast")
    np.testing.assert_allclose(errors, [2.0, 1.0, 0.0])


def test_errors_of_opposite_sign_cancel_in_the_mean_but_not_in_the_size() -> None:
    skill = told([[6.0] * 3, [2.0] * 3], [[0.0, 0.0], [4.0, 4.0]])
    assert lead(skill, 1)["mean_error"] == 0.0
    assert lead(skill, 1)["mean_absolute_error"] == 2.0


def test_thresholds_are_hit_missed_and_falsely_called() -> None:
    """At 5 mm: hit, miss, false alarm, neither."""
    skill = told([[6.0] * 3, [1.0] * 3, [7.0] * 3, [1.0] * 3], [[0.0] * 4, [5.0, 8.0, 0.0, 2.0]])
    at_five = lead(skill, 1).sel(threshold=5.0)
    assert (float(at_five["pod"]), float(at_five["far"])) == (0.5, 0.5)
    assert float(at_five["csi"]) == pytest.approx(1 / 3)


def test_persistence_is_the_hour_before_going_on() -> None:
    skill = told([[0.0, 0.0, 0.0]], [[3.0], [5.0], [5.0]])
    errors = skill.as_dataset()["mean_error"].sel(forecaster="persistence")
    np.testing.assert_allclose(errors[:2], [3 - 5, 6 - 10])


def test_dry_pairs_do_not_dilute_the_error() -> None:
    skill = told([[2.0] * 3, [0.0] * 3], [[0.0, 0.0], [4.0, 0.0]])
    assert float(lead(skill, 1)["mean_absolute_error"]) == 2.0
    assert (int(lead(skill, 1)["pairs"]), int(lead(skill, 1)["wet_pairs"])) == (2, 1)


@pytest.mark.parametrize(
    ("forecast_mm", "hours_mm"),
    [([[np.nan] * 3], [[0.0], [4.0]]), ([[1.0] * 3], [[0.0], [np.nan]]), ([[1.0] * 3], [[np.nan], [4.0]])],
    ids=["no forecast", "no observation", "no persistence"],
)
def test_unknown_rain_is_no_pair(forecast_mm: list[list[float]], hours_mm: list[list[float]]) -> None:
    assert int(lead(told(forecast_mm, hours_mm), 1)["pairs"]) == 0


def test_gap_in_the_observed_hours_ends_a_forecast() -> None:
    skill = ForecastSkill(LEADS_S)
    skill.observe(T0, np.array([1.0]))
    skill.forecast(T0, np.array([[1.0, 2.0, 3.0]]))
    skill.observe(T0 + 2 * HOUR_S, np.array([1.0]))
    assert skill.as_dataset()["pairs"].sum() == 0


def test_forecast_before_its_observation_is_refused() -> None:
    with pytest.raises(ValueError, match="tell the observed rain"):
        ForecastSkill(LEADS_S).forecast(T0, np.ones((1, 3)))


def test_without_pairs_scores_are_unknown_and_not_zero() -> None:
    assert np.isnan(ForecastSkill(LEADS_S).as_dataset()["mean_error"]).all()
    content = ForecastSkill(LEADS_S).as_dict()["leads"][0]["nowcast"]
    assert content["mean_error_mm"] is None
    assert content["thresholds"][0]["csi"] is None


def test_written_scores_are_read_back_with_units(tmp_path: Path) -> None:
    skill = told([[6.0, 9.0, 12.0]], [[0.0], [4.0], [4.0], [4.0]])
    skill.write(tmp_path / "forecast_skill.nc")
    with xr.open_dataset(
        tmp_path / "forecast_skill.nc", engine=xr.backends.H5netcdfBackendEntrypoint, decode_timedelta=False
    ) as read:
        assert read.attrs["Conventions"] == "CF-1.11"
        assert read["mean_error"].attrs["units"] == "mm"
        xr.testing.assert_equal(read.load(), skill.as_dataset())
