"""Times of grid files: floats, calendars, missing ones."""

import sys
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warnstream.adapters.grids.content import GridFileError
from warnstream.adapters.grids.times import seconds
from warnstream.model.observations.refusals import RefusalReason

DAY_S = 86_400
T0 = int(datetime(2026, 6, 18, tzinfo=UTC).timestamp())
DAYS = {"units": "days since 2026-06-18"}


@settings(deadline=None)  # the first call loads xarray
@given(st.integers(0, 1439))
def test_every_minute_of_a_day_as_float_days_is_that_minute(minute: int) -> None:
    found = seconds(np.array([minute / 1440.0]), DAYS, "time")
    assert found.tolist() == [T0 + 60 * minute]


@settings(deadline=None)
@given(st.integers(0, 1439), st.integers(0, 60))
def test_minutes_as_single_floats_of_days_of_two_months_are_those_minutes(minute: int, day: int) -> None:
    found = seconds(np.array([day + minute / 1440.0], dtype=np.float32), DAYS, "time")
    assert found.tolist() == [T0 + day * DAY_S + 60 * minute]


def test_0820_as_float_days_since_1970_is_0820() -> None:
    days = (T0 + 8 * 3600 + 20 * 60) / DAY_S
    found = seconds(np.array([days]), {"units": "days since 1970-01-01"}, "time")
    assert found.tolist() == [T0 + 30_000]


def test_whole_seconds_stay_as_they_are_written() -> None:
    attributes = {"units": "seconds since 1970-01-01"}
    assert seconds(np.array([T0 + 61]), attributes, "time").tolist() == [T0 + 61]
    assert seconds(np.array([T0 + 30.0]), attributes, "time").tolist() == [T0 + 30]


@pytest.mark.parametrize(
    ("values", "attributes", "said"),
    [
        ([np.nan], DAYS, "missing time"),
        ([1.0], {}, "no time of the standard calendar"),
        ([1.0], {"units": "m"}, "no time of the standard calendar"),
        ([1.0], {**DAYS, "calendar": "mayan"}, "calendar 'mayan' of time, expected one of standard"),
        ([1e9], DAYS, "time: "),
        ([1.0], {"units": "fortnights since yesterday"}, "time: "),
    ],
)
def test_what_is_no_time_is_named(values: list[float], attributes: dict[str, str], said: str) -> None:
    with pytest.raises(GridFileError, match=said) as caught:
        seconds(np.array(values), attributes, "time")
    assert caught.value.reason is RefusalReason.BAD_TIME


def test_without_cftime_another_calendar_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cftime", None)
    with pytest.raises(
        GridFileError, match=r"calendar noleap: reading it needs cftime: .*grid-formats"
    ) as caught:
        seconds(np.array([1.0]), {**DAYS, "calendar": "noleap"}, "time")
    assert caught.value.reason is RefusalReason.UNSUPPORTED_CONTENT


class TestOtherCalendars:
    """Dates of models are dates of ours; julian dates are moments."""

    @pytest.fixture(autouse=True)
    def _has_cftime(self) -> None:
        pytest.importorskip("cftime", reason="needs the extra grid-formats")

    @pytest.mark.parametrize("calendar", ["noleap", "365_day", "all_leap", "360_day"])
    def test_a_model_date_is_that_date(self, calendar: str) -> None:
        attributes = {"units": "minutes since 2026-06-18 06:00", "calendar": calendar}
        assert seconds(np.array([5, 10]), attributes, "time").tolist() == [T0 + 21_900, T0 + 22_200]

    def test_a_julian_date_is_thirteen_days_later_in_our_calendar(self) -> None:
        attributes = {"units": "days since 2026-06-05", "calendar": "julian"}
        assert seconds(np.array([0.25]), attributes, "time").tolist() == [T0 + 21_600]

    def test_the_thirtieth_of_february_is_refused(self) -> None:
        attributes = {"units": "days since 2026-02-30", "calendar": "360_day"}
        with pytest.raises(GridFileError, match="is no day of ours"):
            seconds(np.array([0]), attributes, "time")
