import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnstream.config.yaml.quantities import (
    format_duration,
    is_code,
    parse_decimal,
    parse_duration_s,
    parse_utc_offset_s,
    parse_whole,
    parse_whole_duration_s,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("20ms", 0.02),
        ("5s", 5),
        ("30min", 1800),
        ("3h", 10_800),
        ("7d", 604_800),
        ("1.5h", 5400),
        ("0.1s", 0.1),
    ],
)
def test_a_duration_is_a_number_with_a_unit(text: str, seconds: float) -> None:
    assert parse_duration_s(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "3", "h", "3m", "3 hours", "-3h", "3h30min", "1e3s", "٣h", "3H", "1,5h"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a number with a unit"):
        parse_duration_s(text)


def test_half_a_second_is_no_whole_duration() -> None:
    with pytest.raises(ValueError, match=r"expected whole seconds, got '1\.5s'"):
        parse_whole_duration_s("1.5s")


@given(st.integers(1, 10**9))
def test_a_written_duration_reads_back(milliseconds: int) -> None:
    assert round(parse_duration_s(format_duration(milliseconds / 1000)) * 1000) == milliseconds


@pytest.mark.parametrize(("text", "seconds"), [("+08:00", 28_800), ("-03:30", -12_600), ("+00:00", 0)])
def test_an_offset_is_east_of_utc(text: str, seconds: int) -> None:
    assert parse_utc_offset_s(text) == seconds


@pytest.mark.parametrize("text", ["8", "08:00", "+8:00", "+15:00", "+08:60", "Asia/Shanghai", "Z"])
def test_what_is_no_offset_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected an offset from UTC"):
        parse_utc_offset_s(text)


@pytest.mark.parametrize("text", ["", "nan", "inf", "1_000", "1,5", "１２", "0x1F", " 1", "1e999", "9" * 16])
def test_what_is_no_plain_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a number"):
        parse_decimal(text)


@pytest.mark.parametrize("text", ["", "1.0", "1e3", "٣", "9" * 16])
def test_what_is_no_whole_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a whole number"):
        parse_whole(text)


@pytest.mark.parametrize("text", ["", "a b", "a/b", "a+", "#", "村", "a\n", "x" * 65])
def test_what_cannot_be_a_topic_level_is_no_code(text: str) -> None:
    assert not is_code(text)
