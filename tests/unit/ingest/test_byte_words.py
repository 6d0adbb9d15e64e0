"""Eight bytes at a time say what Python says byte by byte."""

import itertools
import json
import math

import numpy as np
import pytest

from warnstream.ingest.byte_words import (
    bytes_before,
    epoch_seconds,
    first_bytes,
    iso_seconds,
    numbers,
    words_of,
)
from warnstream.model.arrays import UInt64Array
from warnstream.model.times import parse_iso


def words(texts: list[str], at: int = 0) -> UInt64Array:
    """The word at a place of every text."""
    joined = b"".join(text.encode().ljust(32) for text in texts)
    return words_of(joined)[np.arange(len(texts)) * 32 + at]


def json_number(text: str) -> float | None:
    """A number as plain JSON has it, read by the standard library; minus zero is none."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    is_plain = text.strip() == text and "e" not in text
    return float(found) if is_plain and not (found == 0 and text[0] == "-") else None


def test_every_short_text_of_digits_points_and_signs_is_a_number_exactly_if_json_says_so() -> None:
    texts = ["".join(signs) for n in range(1, 6) for signs in itertools.product("0159.-", repeat=n)]
    value, is_plain = numbers(words(texts), np.array([len(text) for text in texts]))
    for text, found, plain in zip(texts, value.tolist(), is_plain.tolist(), strict=True):
        assert (found if plain else None) == json_number(text), text


@pytest.mark.parametrize(
    "text", ["1234567", "-103.45", "1001.25", "0.00001", "99999.9", "-0.0001", "12.3456"]
)
def test_numbers_are_the_nearest_doubles(text: str) -> None:
    value, is_plain = numbers(words([text]), np.array([len(text)]))
    assert is_plain.all()
    assert value.tolist() == [float(text)]


def test_what_is_not_a_digit_is_no_number() -> None:
    texts = [f"1{chr(sign)}2" for sign in range(128) if not chr(sign).isdigit() and chr(sign) != "."]
    assert not numbers(words(texts), np.full(len(texts), 3))[1].any()
    too_long = numbers(words(["12345678", "1"]), np.array([8, 0]))
    assert not too_long[1].any()


def test_every_day_of_two_hundred_years_and_no_other() -> None:
    texts = [
        f"{year}-{month:02d}-{day:02d}T23:05:59"
        for year in (*range(1968, 2173, 1), 0, 9999)
        for month in range(14)
        for day in (0, 1, 28, 29, 30, 31, 32)
    ]
    texts = [text.zfill(19) for text in texts]
    seconds, is_time = iso_seconds(words(texts), words(texts, 8), words(texts, 16))
    for text, found, plain in zip(texts, seconds.tolist(), is_time.tolist(), strict=True):
        try:
            expected: float = parse_iso(f"{text}Z")
        except ValueError:
            expected = math.nan
        assert plain == (not math.isnan(expected) and "1970" <= text[:4] < "2170"), text
        assert not plain or found == expected, text


@pytest.mark.parametrize(
    "text",
    [
        "2026-06-18T24:00:00",
        "2026-06-18T23:60:00",
        "2026-06-18T23:59:60",
        "2026-06-18t23:59:59",
        "2026-06-18T2:5:0",
    ],
)
def test_times_that_no_clock_shows_are_none(text: str) -> None:
    assert not iso_seconds(words([text]), words([text], 8), words([text], 16))[1].any()


def test_every_byte_of_a_time_counts() -> None:
    good = "2026-06-18T08:05:07"
    texts = [good[:n] + sign + good[n + 1 :] for n in range(19) for sign in "/:x\x7f \0" if sign != good[n]]
    assert iso_seconds(words([good]), words([good], 8), words([good], 16))[1].all()
    assert not iso_seconds(words(texts), words(texts, 8), words(texts, 16))[1].any()


def test_epoch_seconds_have_ten_digits() -> None:
    texts = ["1781769900,", "0781769900,", "178176990x,", "x781769900,", "9999999999,", "178176990 ,"]
    seconds, is_plain = epoch_seconds(words(texts), words(texts, 8))
    assert is_plain.tolist() == [True, False, False, False, True, False]
    assert seconds[[0, 4]].tolist() == [1781769900, 9999999999]


def test_the_first_of_equal_signs_is_found_and_what_is_before_it_is_kept() -> None:
    texts = [",", "1,2,", "1234567,", "12345678,", '+,-,\x7f,"', "\x80,"]
    n = bytes_before(words(texts), ord(","))
    assert n.tolist() == [0, 1, 7, 8, 1, 2]
    kept = first_bytes(words(texts), n)
    assert [int(word).to_bytes(8, "little").rstrip(b"\0") for word in kept] == [
        text.encode()[:8].split(b",")[0] for text in texts
    ]
