import pytest

from warnstream.model.times import parse_iso


@pytest.mark.parametrize(
    "text",
    [
        "nowZ",
        "todayZ",
        "NaTZ",
        "Z",
        "2026-06-18T08:05:00+01:00Z",
        "2026-06-18T08:05:00-0700Z",
        "2026-13-01T00:00Z",
    ],
)
def test_what_numpy_would_take_for_a_time_and_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not an ISO 8601 time"):
        parse_iso(text)


@pytest.mark.parametrize(
    "text", ["2026-06-18T08:05:00.123456789Z", "2026-06-18 08:05Z", "2026-06-18T16:05+08:00"]
)
def test_shorter_and_longer_times_are_read(text: str) -> None:
    assert parse_iso(text) == 1_781_769_900


@pytest.mark.parametrize(
    "text",
    ["2026-06-18T08:05:00,5Z", "2026-06-18t08:05:00z", "2026-06-18T16:05:00+08", "2026-06-18T08:04:60Z"],
)
def test_forms_that_the_standard_has_and_few_send_are_read(text: str) -> None:
    assert parse_iso(text) == 1_781_769_900


@pytest.mark.parametrize("text", ["2026-06-17T24:00:00Z", "2026-06-18T00:00:00Z", "2026-06-17T23:59:60Z"])
def test_the_end_of_a_day_is_the_beginning_of_the_next(text: str) -> None:
    assert parse_iso(text) == 1_781_740_800


@pytest.mark.parametrize(
    "text",
    [
        "2026-06-17T24:00:01Z",
        "2026-06-17T24:01Z",
        "2026-06-17T24:00:00.5Z",
        "2026-06-17T23:60Z",
        "2026-06-17T23:59:61Z",
    ],
)
def test_nothing_is_later_than_the_end_of_a_day(text: str) -> None:
    with pytest.raises(ValueError, match="is not an ISO 8601 time"):
        parse_iso(text)
