"""Texts of many messages looked at side by side, eight bytes at a time.

A *word* is eight consecutive bytes as one little-endian number: its lowest
byte comes first in the text. `words_of` shows every place of a text as a word
without copying; the functions here work on one word of each message at once
(SWAR: many bytes in one register), with whole numbers only.
"""

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, Int64Array, UInt64Array
from warnstream.model.times import DAY_S, HOUR_S, MINUTE_S

WORD_BYTES = 8
NUMBER_BYTES_MAX = 7
"""Longest number that `numbers` reads; a word must show what stands behind it too."""

ISO_BYTES = 19
"""``2026-06-18T08:05:00``"""

_YEARS = (1970, 2170)
_MONTHS = np.arange(f"{_YEARS[0]}-01", f"{_YEARS[1]}-01", dtype="datetime64[M]").astype("datetime64[D]")
_MONTH_BEGINS: Int64Array = _MONTHS.astype(np.int64)
_MONTH_DAYS: Int64Array = np.diff(_MONTH_BEGINS, append=_MONTH_BEGINS[-1] + 31)

_U = np.uint64
_BYTE, _ONES = _U(0xFF), _U(0x0101010101010101)
_HIGH = _U(0x8080808080808080)
_ZEROS = _U(0x3030303030303030)
_POWER: Float64Array = np.array([10.0**n for n in range(WORD_BYTES)])


def words_of(text: bytes) -> UInt64Array:
    """The word at every place of a text, shape (n_bytes - 7,); a view."""
    return np.ndarray((max(len(text) - WORD_BYTES + 1, 0),), "<u8", text, strides=(1,))


def bytes_before(word: UInt64Array, sign: int) -> Int64Array:
    """How many bytes stand before the first one with that code; 8 if it is not there."""
    differs = word ^ (_ONES * _U(sign))
    found = (differs - _ONES) & ~differs & _HIGH
    # The lowest mark is exact; all bits below it, counted, are eight for each byte before.
    return (np.bitwise_count((found & (~found + _U(1))) - _U(1)) >> np.uint8(3)).astype(np.int64)


def first_bytes(word: UInt64Array, n: Int64Array) -> UInt64Array:
    """The first `n` bytes of each word, 0 to 8; zeros behind them."""
    bits = (n << 3).astype(np.uint64)
    # A shift by 64 is not defined: two steps.
    return word & ~((~_U(0) << (bits >> _U(1))) << (bits - (bits >> _U(1))))


def numbers(word: UInt64Array, n: Int64Array) -> tuple[Float64Array, BoolArray]:
    """JSON numbers that begin the words, and which of them are plain ones.

    Plain: a sign or none, digits without a leading zero, perhaps a point and
    digits; no exponent, no minus zero. The value is the double nearest to the
    text, as any correct parser gives it: below 10**7 and one division by a power of ten.

    Parameters
    ----------
    word : UInt64Array, shape (n,)
    n : Int64Array, shape (n,)
        Bytes of each number; those beyond 1 to `NUMBER_BYTES_MAX` are not plain.
    """
    length = np.clip(n, 1, NUMBER_BYTES_MAX)
    minus = (word & _BYTE) == ord("-")
    n_sign = minus.astype(np.int64)
    # To the word's end, zeros before: the last digit is the last byte.
    empty = ((WORD_BYTES - length) << 3).astype(np.uint64)
    right = ((word ^ (minus * _U(ord("-") ^ ord("0")))) << empty) | (_ZEROS >> (_U(64) - empty))
    point = bytes_before(right, ord("."))
    has_point = point < WORD_BYTES
    decimals = np.where(has_point, WORD_BYTES - 1 - point, 0)
    whole = length - n_sign - np.where(has_point, decimals + 1, 0)
    # What stands before the point moves one byte up, onto it.
    bits = (np.minimum(point, WORD_BYTES - 1) << 3).astype(np.uint64)
    before = (_U(1) << bits) - _U(1)
    moved = (right & ~(before | (_BYTE << bits))) | ((right & before) << _U(8)) | _U(ord("0"))
    digits = np.where(has_point, moved, right) ^ _ZEROS
    is_plain = ((digits + _U(0x7676767676767676)) | digits) & _HIGH == 0
    amount = _eight_digits(digits)
    leading = (word >> (n_sign << 3).astype(np.uint64)) & _BYTE
    is_plain &= (n == length) & (whole >= 1) & ~((whole > 1) & (leading == ord("0")))
    is_plain &= (~has_point | (decimals >= 1)) & ~(minus & (amount == 0))
    value = amount.astype(np.float64) / _POWER[np.clip(decimals, 0, WORD_BYTES - 1)]
    return np.where(minus, -value, value), is_plain


def epoch_seconds(first: UInt64Array, second: UInt64Array) -> tuple[Int64Array, BoolArray]:
    """Whole numbers of ten digits, the last two in the second word, and which are such."""
    head, tail = first ^ _ZEROS, (second ^ _ZEROS) & _U(0xFFFF)
    is_plain = ((head + _U(0x7676767676767676)) | head) & _HIGH == 0
    is_plain &= (((tail + _U(0x7676)) | tail) & _U(0x8080) == 0) & (head & _BYTE != 0)
    seconds = _eight_digits(head).astype(np.int64) * 100
    return seconds + ((tail & _BYTE) * _U(10) + (tail >> _U(8))).astype(np.int64), is_plain


def iso_seconds(date: UInt64Array, clock: UInt64Array, rest: UInt64Array) -> tuple[Int64Array, BoolArray]:
    """Times as ``2026-06-18T08:05:00``, taken for UTC, and which are such.

    Parameters
    ----------
    date, clock, rest : UInt64Array, shape (n,)
        The words at places 0, 8 and 16 of each.

    Returns
    -------
    (Int64Array, BoolArray), shape (n,)
        Seconds since 1970; only the years 1970 to 2169 are read here.
    """
    date, clock = date ^ _word(b"0000-00-"), clock ^ _word(b"00T00:00")
    rest = (rest ^ _word(b":00")) & _U(0xFFFFFF)
    high = ((date + _U(0x7F76767F76767676)) | date) & _HIGH
    high |= ((clock + _U(0x76767F76767F7676)) | clock) & _HIGH
    high |= ((rest + _U(0x76767F)) | rest) & _HIGH
    days, hours, seconds = (_pairs(word) for word in (date, clock, rest))
    year = _byte(days, 0) * 100 + _byte(days, 2)
    month, day = _byte(days, 5), _byte(hours, 0)
    hour, minute, second = _byte(hours, 3), _byte(hours, 6), _byte(seconds, 1)
    number = (year - _YEARS[0]) * 12 + month - 1
    is_plain = (high == 0) & (month >= 1) & (month <= 12) & (number >= 0) & (number < len(_MONTH_BEGINS))
    number = np.clip(number, 0, len(_MONTH_BEGINS) - 1)
    is_plain &= (day >= 1) & (day <= _MONTH_DAYS[number]) & (hour < 24) & (minute < 60) & (second < 60)
    return (_MONTH_BEGINS[number] + day - 1) * DAY_S + hour * HOUR_S + minute * MINUTE_S + second, is_plain


def _eight_digits(digits: UInt64Array) -> UInt64Array:
    """The number that eight bytes of 0 to 9 stand for, the first byte first."""
    pairs = _pairs(digits)
    low, high = pairs & _U(0x000000FF000000FF), (pairs >> _U(16)) & _U(0x000000FF000000FF)
    return (low * _U(0x000F424000000064) + high * _U(0x0000271000000001)) >> _U(32)


def _pairs(digits: UInt64Array) -> UInt64Array:
    """In every byte: ten times it and the next, if both are digits."""
    return digits * _U(10) + (digits >> _U(8))


def _byte(word: UInt64Array, place: int) -> Int64Array:
    return ((word >> _U(8 * place)) & _BYTE).astype(np.int64)


def _word(text: bytes) -> np.uint64:
    return _U(int.from_bytes(text, "little"))
