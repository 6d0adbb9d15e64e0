"""Times in declared forms, against the parser of the standard library."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnstream.model.observations.time_forms import time_form

FORMS = (
    "%d.%m.%Y %H:%M",
    "%Y%m%d%H%M%S",
    "%m/%d/%y %I:%M %p",
    "%Y-%j %H:%M:%S",
    "%d %b %Y %H:%M",
    "%Y-%m-%dT%H:%M:%S.%f",
)


@given(st.datetimes(datetime(1970, 1, 1), datetime(2068, 12, 31)), st.sampled_from(FORMS))  # noqa: DTZ001
def test_a_time_is_read_as_the_standard_library_reads_it(moment: datetime, form: str) -> None:
    text = moment.strftime(form)
    expected = datetime.strptime(text, form).replace(tzinfo=UTC)
    assert time_form(form).parse(text) == (int(expected.timestamp()), None)


@pytest.mark.parametrize(
    ("text", "ahead_s"),
    [("2026-06-18 10:05+0200", 7200), ("2026-06-18 10:05-03:30", -12_600), ("2026-06-18 10:05Z", 0)],
)
def test_a_zone_that_is_told_is_told(text: str, ahead_s: int) -> None:
    assert time_form("%Y-%m-%d %H:%M%z").parse(text) == (1_781_777_100, ahead_s)


def test_the_end_of_a_day_may_be_written_as_24_hours() -> None:
    form = time_form("%Y-%m-%d %H:%M")
    assert form.parse("2026-06-18 24:00") == form.parse("2026-06-19 00:00")


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-29 10:05",
        "2026-13-01 10:05",
        "2026-06-18 25:00",
        "2026-06-18 10:60",
        "2026-06-18 24:01",
        "",
        "x",
        "2026-06-18",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="form"):
        time_form("%Y-%m-%d %H:%M").parse(text)


def test_the_366th_day_is_there_in_leap_years_only() -> None:
    form = time_form("%Y %j %H:%M")
    assert form.parse("2028 366 00:00")[0] == form.parse("2029 001 00:00")[0] - 86_400
    for text in ("2027 366 00:00", "2027 000 00:00"):
        with pytest.raises(ValueError, match="form"):
            form.parse(text)


@pytest.mark.parametrize(
    "form",
    ["%Y%m%d", "%H:%M", "%d %H:%M", "%Q %Y-%m-%d %H:%M", "%Y-%m-%d %I:%M", "%Y %Y %j %H:%M", "%"],
)
def test_a_form_that_tells_no_date_and_time_of_day_is_refused(form: str) -> None:
    with pytest.raises(ValueError, match=r"known|date"):
        time_form(form)
