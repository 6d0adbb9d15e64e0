"""Times and numbers as a layout declares them: without a zone, as text, with a unit, with a comma."""

import re

from warnstream.ingest.names import (
    CACHED_CHARACTERS_MAX,
    EPOCH_S_MAX,
    RawMessage,
    Rows,
    in_own_unit,
    is_error_value,
    is_finite,
    shown,
)
from warnstream.model.observations.decoders import VariableMapping
from warnstream.model.observations.layout import Layout
from warnstream.model.observations.readings import UNIT_OF_VARIABLE, Variable
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.observations.time_forms import time_form
from warnstream.model.times import local_to_utc_s, parse_iso

_UNIT_OF_SIGN = {
    "°C": "degC", "℃": "degC", "C": "degC", "°F": "degF", "℉": "degF", "F": "degF", "°": "deg", "l/m2": "mm",
    "l/m²": "mm", "mm.": "mm", "kt": "kn", "kts": "kn", "kmh": "km/h", "kph": "km/h", "mb": "hPa",
}  # fmt: skip
"""Units as people write them."""

_NUMBER = re.compile(
    r"([+-]?(?:[0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(?:[eE][+-]?[0-9]{1,3})?)\s*(\D.{0,19})?"
)
_NO_ZONE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_THOUSAND = 1000
_NANOSECONDS_MAX = EPOCH_S_MAX * 10**9


def seconds_of(value: object, layout: Layout) -> int:
    """Seconds UTC of a time as it came.

    Numbers are seconds, milli-, micro- or nanoseconds since 1970, which differ in size.

    Raises
    ------
    ValueError
        If it is no time in the declared form; says which was expected.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"time {shown(value)} is neither text nor a number")  # noqa: TRY004  # one refusal
    if isinstance(value, str) and len(value) > CACHED_CHARACTERS_MAX:
        raise ValueError(f"time {shown(value)} is too long for one")
    text = value.strip() if isinstance(value, str) else ""
    if layout.time_form:
        found = _in_form(text or str(value)[:CACHED_CHARACTERS_MAX], layout)
    elif text and not text.replace(".", "", 1).isdecimal():
        found = _iso(text, layout)
    else:
        found = _since_1970(float(value) if is_finite(float_or_text(value)) else -1.0)
    if not 0 <= found < EPOCH_S_MAX:
        raise ValueError(f"time {shown(value)} is not one of this age")
    return found


def float_or_text(value: str | float) -> float:
    """A number, or a text of digits, as a float."""
    try:
        return float(value)
    except OverflowError:
        return float("inf")


def _since_1970(number: float) -> int:
    while EPOCH_S_MAX <= number < _NANOSECONDS_MAX:
        number /= _THOUSAND
    return int(number) if number < EPOCH_S_MAX else -1


def _iso(text: str, layout: Layout) -> int:
    body = text.replace(" ", "T", 1) if text[10:11] == " " else text
    body = body.removesuffix(" UTC").replace(" ", "")
    if _DAY.fullmatch(body):
        raise ValueError(f"time {shown(text)} names a day: sums of days are for windows.warm_up")
    if not _NO_ZONE.fullmatch(body):
        return parse_iso(body)
    if not layout.zone:
        raise ValueError(f"time {shown(text)} names no zone: declare it as zone")
    return local_to_utc_s(parse_iso(f"{body.replace(',', '.')}Z"), layout.zone)


def _in_form(text: str, layout: Layout) -> int:
    local_s, ahead_s = time_form(layout.time_form).parse(text)
    if ahead_s is not None:
        return local_s - ahead_s
    if not layout.zone:
        raise ValueError(f"time {shown(text)} names no zone: declare it as zone")
    return local_to_utc_s(local_s, layout.zone)


def number_of_text(text: str, *, has_decimal_comma: bool = False) -> tuple[float, str | None] | None:
    """A number written as text, and the unit behind it; None if it is none.

    >>> number_of_text("1.2 mm"), number_of_text("103,45", has_decimal_comma=True), number_of_text("1,2")
    ((1.2, 'mm'), (103.45, None), None)
    """
    body = text.strip()
    if has_decimal_comma:
        body = body.replace(",", ".", 1)
    match = _NUMBER.fullmatch(body)
    if match is None or not is_finite(float(match[1])):
        return None
    unit = (match[2] or "").strip()
    if unit[:1] in (".", ","):  # a second point, or a comma that nobody declared
        return None
    return float(match[1]), _UNIT_OF_SIGN.get(unit, unit) or None


class DeclaredRows:
    """Adds values as a layout declares them to the rows of a decoder."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def add(  # one value and all that is known of it
        self,
        rows: Rows,
        mapping: VariableMapping,
        place: tuple[int, int],
        word: str,
        value: object,
        message: RawMessage,
        unit: object = None,
    ) -> None:
        """One value of a station at a time (`place`), or its refusal."""
        number, written = value, None
        if isinstance(value, str):
            found = number_of_text(value, has_decimal_comma=self._layout.has_decimal_comma)
            number, written = found if found is not None else (None, None)
        if is_error_value(mapping, number):
            detail = f"{word:.80} {shown(value)} is declared an error value"
            rows.refuse(RefusalReason.ERROR_VALUE, detail, message)
            return
        if isinstance(number, bool) or not isinstance(number, int | float) or not is_finite(number):
            rows.refuse(RefusalReason.BAD_VALUE, f"{word:.80} {shown(value)} is not a number", message)
            return
        told = _UNIT_OF_SIGN.get(unit, unit) if isinstance(unit, str) and unit else written
        ours = in_own_unit(mapping, told, float(number))
        if ours is None or not is_finite(ours):
            expected = UNIT_OF_VARIABLE[mapping.variable]
            reason = RefusalReason.WRONG_UNIT if ours is None else RefusalReason.BAD_VALUE
            rows.refuse(reason, f"{word:.80} {shown(value)} in {shown(told)}, expected {expected}", message)
            return
        interval_s = mapping.interval_s if mapping.variable is Variable.RAIN else 0
        rows.add(place[0], int(mapping.variable), place[1], ours, interval_s)
