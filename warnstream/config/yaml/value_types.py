"""The forms that values of the YAML files can have, for validation and for JSON Schema alike.

A `Form` parses what stands in the YAML and describes itself for editors, so
that the check and its description cannot drift apart. A value of the wrong
type is a ValueError too: that is what pydantic turns into a fault.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from phonenumbers import SUPPORTED_REGIONS
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from warnstream.config.yaml.quantities import (
    code_expected,
    format_duration,
    is_code,
    parse_duration_s,
    parse_utc_offset_s,
)
from warnstream.config.yaml.time_zones import fixed_offset_s, parse_zone
from warnstream.model.level import LEVELS, Level, parse_level
from warnstream.model.observations.decoders import pattern_fault
from warnstream.model.observations.layout import ITSELF
from warnstream.model.observations.time_forms import time_form
from warnstream.model.times import TimeZone, fixed_zone

TEXT_CHARACTERS_MAX = 1000
_DURATION_PATTERN = r"^[0-9]{1,9}(\.[0-9]{1,6})? ?(ms|s|min|h|d)$"


@dataclass(frozen=True, slots=True)
class Form:
    """How one value is written: a parser that raises ValueError, its JSON Schema, and words for a table."""

    parse: Callable[[object], Any]
    schema: Mapping[str, Any]
    words: str

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.parse)

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return dict(self.schema)


def shown(value: object) -> str:
    """A value of the YAML as its author wrote it.

    >>> shown(None), shown(True), shown("a b")
    ('nothing', 'true', "'a b'")
    """
    if value is None:
        return "nothing"
    return str(value).lower() if isinstance(value, bool) else repr(value)


def choice_of(words: Sequence[str]) -> str:
    """Words to choose from, as part of a sentence.

    >>> choice_of(["blue", "yellow", "red"])
    'blue, yellow or red'
    """
    return " or ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


def duration(shortest: str, longest: str, *, whole_minutes: bool = False) -> Form:
    """A duration in whole seconds (or minutes), such as ``10min``; parsed to int seconds."""
    in_between = _duration_between(shortest, longest)
    step_s, step = (60, "minutes") if whole_minutes else (1, "seconds")

    def parse(value: object) -> int:
        seconds = in_between(value)
        if seconds % step_s:
            raise ValueError(f"expected whole {step}, got {shown(value)}")
        return int(seconds)

    words = f"{shortest} to {longest}{', whole minutes' if whole_minutes else ''}"
    return Form(parse, {"type": "string", "pattern": _DURATION_PATTERN}, words)


def fine_duration(shortest: str, longest: str) -> Form:
    """A duration down to milliseconds, such as ``20ms``; parsed to float seconds."""
    schema = {"type": "string", "pattern": _DURATION_PATTERN}
    return Form(_duration_between(shortest, longest), schema, f"{shortest} to {longest}")


def _duration_between(shortest: str, longest: str) -> Callable[[object], float]:
    shortest_s, longest_s = parse_duration_s(shortest), parse_duration_s(longest)

    def parse(value: object) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool):
            raise ValueError(f"expected a duration with its unit (ms, s, min, h, d), got {value} without one")  # noqa: TRY004
        seconds = parse_duration_s(_as_text(value, "a duration such as 30min"))
        if not shortest_s <= seconds <= longest_s:
            raise ValueError(
                f"expected a duration from {shortest} to {longest}, got {format_duration(seconds)}"
            )
        return seconds

    return parse


def whole(least: int, most: int) -> Form:
    """A whole number within bounds."""

    def parse(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"expected a whole number from {least} to {most}, got {shown(value)}")
        return value

    return Form(parse, {"type": "integer", "minimum": least, "maximum": most}, f"{least} to {most}")


def decimal(least: float, most: float, *, above: bool = False) -> Form:
    """A number within bounds; with `above` the lower bound itself is excluded."""
    bounds = f"above {least:g} up to {most:g}" if above else f"from {least:g} to {most:g}"

    def parse(value: object) -> float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not least <= value <= most or (above and value == least):  # type: ignore[operator]
            raise ValueError(f"expected a number {bounds}, got {shown(value)}")
        return float(value)  # type: ignore[arg-type]

    lower = "exclusiveMinimum" if above else "minimum"
    words = f"{'above ' if above else ''}{least:.15g} to {most:.15g}"
    return Form(parse, {"type": "number", lower: least, "maximum": most}, words)


def percent(least: int, most: int) -> Form:
    """A share written with its sign, such as ``90%``; parsed to 0.9."""

    def parse(value: object) -> float:
        text = _as_text(value, "a share such as 90%")
        match = re.fullmatch(r"(\d{1,3}(?:\.\d{1,3})?) ?%", text)
        if match is None or not least <= float(match[1]) <= most:
            raise ValueError(f"expected a share from {least}% to {most}%, got {shown(value)}")
        return float(match[1]) / 100.0

    schema = {"type": "string", "pattern": r"^[0-9]{1,3}(\.[0-9]{1,3})? ?%$"}
    return Form(parse, schema, f"{least}% to {most}%")


def decimal_range(least: float, most: float) -> Form:
    """Two ascending numbers ``[low, high]``."""
    bound = decimal(least, most)

    def parse(value: object) -> tuple[float, float]:
        if not isinstance(value, list) or len(value) != 2:
            raise ValueError(f"expected two numbers [low, high], got {shown(value)}")
        low, high = bound.parse(value[0]), bound.parse(value[1])
        if low >= high:
            raise ValueError(f"expected [low, high] with low below high, got [{low:g}, {high:g}]")
        return low, high

    schema = {"type": "array", "items": dict(bound.schema), "minItems": 2, "maxItems": 2}
    return Form(parse, schema, f"[low, high] within {bound.words}")


def decimals(least: float, most: float) -> Form:
    """A list of numbers, perhaps none."""
    bound = decimal(least, most)

    def parse(value: object) -> tuple[float, ...]:
        if not isinstance(value, list):
            raise ValueError(f"expected a list of numbers such as [65.535, 99.9], got {shown(value)}")  # noqa: TRY004
        return tuple(bound.parse(item) for item in value)

    return Form(parse, {"type": "array", "items": dict(bound.schema)}, "list of numbers")


def yes_or_no() -> Form:
    """``true`` or ``false``."""

    def parse(value: object) -> bool:
        if not isinstance(value, bool):
            raise ValueError(f"expected true or false, got {shown(value)}")  # noqa: TRY004
        return value

    return Form(parse, {"type": "boolean"}, "`true`, `false`")


def text() -> Form:
    """Any text that is not blank, on one line."""

    def parse(value: object) -> str:
        return _as_text(value, "text")

    return Form(parse, {"type": "string", "minLength": 1, "maxLength": TEXT_CHARACTERS_MAX}, "text")


def code() -> Form:
    """A name that can be one level of an MQTT topic."""

    def parse(value: object) -> str:
        word = _as_text(value, "a name")
        if not is_code(word):
            raise ValueError(code_expected(word))
        return word

    return Form(parse, {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"}, "code")


def topic_prefix() -> Form:
    """One or more codes with ``/`` between them."""

    def parse(value: object) -> str:
        prefix = _as_text(value, "a topic prefix")
        if not all(is_code(part) for part in prefix.split("/")):
            raise ValueError(
                f"expected names of A-Z a-z 0-9 . _ - with single '/' between them and none at the ends, "
                f"got {prefix!r}"
            )
        return prefix

    schema = {"type": "string", "pattern": "^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$"}
    return Form(parse, schema, "codes with `/` between")


def topic_pattern() -> Form:
    """An MQTT topic with ``+`` and ``#`` for whole levels."""

    def parse(value: object) -> str:
        pattern = _as_text(value, "a topic such as gw/+/up")
        fault = pattern_fault(pattern)
        if fault:
            raise ValueError(f"{fault}, got {pattern!r}")
        return pattern

    return Form(parse, {"type": "string", "pattern": "^[^$]"}, "topic with `+` and `#`")


def cap_sender() -> Form:
    """A CAP 1.2 sender: its section 3.2.1 forbids blanks, commas, ``<`` and ``&``."""

    def parse(value: object) -> str:
        sender = _as_text(value, "a sender such as warnings@county.example")
        if re.search(r"[\s,<&]", sender):
            raise ValueError(f"expected a sender without blanks, commas, < and & (CAP 1.2), got {sender!r}")
        return sender

    return Form(
        parse, {"type": "string", "pattern": r"^[^\s,<&]+$"}, "text without blanks, commas, `<` and `&`"
    )


def one_of(*words: str) -> Form:
    """One of a few words; a number that YAML made of a word (``5``) is taken as the word."""

    def parse(value: object) -> str:
        word = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if word not in words:
            raise ValueError(f"expected {choice_of(words)}, got {shown(value)}")
        return str(word)

    schema = {"enum": [*words, *(int(word) for word in words if word.isdigit())]}
    return Form(parse, schema, ", ".join(f"`{word}`" for word in words))


def level(*, none_allowed: bool = False) -> Form:
    """A level word; `none` only where it has a meaning."""
    words = [item.word for item in (Level.NONE, *LEVELS) if item or none_allowed]

    def parse(value: object) -> Level:
        if value not in words:
            raise ValueError(f"expected {choice_of(words)}, got {shown(value)}")
        return parse_level(str(value))

    return Form(parse, {"enum": words}, "level or `none`" if none_allowed else "level")


def condition() -> Form:
    """A level with its condition in the rule language; `rule_language` reads it."""
    return Form(lambda value: value, {"type": "object", "required": ["level"]}, "condition")


def country() -> Form:
    """Two letters of ISO 3166 that have a numbering plan."""

    def parse(value: object) -> str:
        expected = "a country of two capitals such as CN"
        text = _as_text(value, expected)
        if text not in SUPPORTED_REGIONS:
            raise ValueError(f"expected {expected}, got {shown(text)}")
        return text

    return Form(parse, {"type": "string", "pattern": "^[A-Z]{2}$"}, "two capitals of ISO 3166")


def utc_offset() -> Form:
    """Offset of the local clock from UTC, or a zone whose clock does not change; parsed to int seconds."""

    def parse(value: object) -> int:
        text = value if isinstance(value, str) else str(value)
        return fixed_offset_s(text) if "/" in text else parse_utc_offset_s(text)

    pattern = r"^([+-][0-9]{2}:[0-5][0-9]|[A-Za-z_]+/[A-Za-z_/+-]+)$"
    return Form(parse, {"type": "string", "pattern": pattern}, '`"+08:00"`, `Asia/Shanghai`')


def clock() -> Form:
    """A zone of the IANA database or an offset such as ``+01:00``; parsed to its changes."""

    def parse(value: object) -> TimeZone:
        if isinstance(value, str) and value.strip()[:1].isalpha():
            return parse_zone(value)
        return fixed_zone(parse_utc_offset_s(str(value)))

    pattern = r"^([+-][0-9]{2}:[0-5][0-9]|[A-Za-z].*)$"
    return Form(parse, {"type": "string", "pattern": pattern}, '`"+08:00"` or an IANA name')


def form_of_times() -> Form:
    """How times are written, with a date and a time of day (`warnstream.model.observations.time_forms`)."""

    def parse(value: object) -> str:
        form = _as_text(value, "a form such as %d.%m.%Y %H:%M")
        try:
            time_form(form)
        except ValueError as fault:
            raise ValueError(
                f"expected a date and a time of day such as %d.%m.%Y %H:%M (sums of days are for "
                f"windows.warm_up): {fault}"
            ) from None
        return form

    return Form(parse, {"type": "string", "minLength": 1}, "form of times")


def path() -> Form:
    """Names of members with dots between them; ``.`` is the message itself."""

    def parse(value: object) -> str:
        word = _as_text(value, "names with dots between them, such as device.id")
        if word != ITSELF and not all(word.split(".")):
            raise ValueError(f"expected names with single dots between them, got {word!r}")
        return word

    return Form(parse, {"type": "string", "minLength": 1}, "names with `.` between")


def time_zone() -> Form:
    """A zone of the IANA database; parsed to its changes (`time_zones.parse_zone`)."""

    def parse(value: object) -> TimeZone:
        return parse_zone(_as_text(value, "a time zone such as Asia/Shanghai"))

    return Form(parse, {"type": "string", "minLength": 1}, "IANA name")


def url(*, empty_allowed: bool = False) -> Form:
    """An ``http`` or ``https`` address with a host."""

    def parse(value: object) -> str:
        if empty_allowed and value == "":
            return ""
        address = _as_text(value, "an address such as http://127.0.0.1:8080/")
        if not _is_http_url(address):
            raise ValueError(f"expected an address that begins with http:// or https://, got {address!r}")
        return address

    pattern = "^(https?://.+)?$" if empty_allowed else "^https?://.+$"
    return Form(parse, {"type": "string", "pattern": pattern}, "http or https address")


def network() -> Form:
    """An IP address or network: a name could be anybody's."""
    expected = "an address or network such as 10.0.0.0/24"

    def parse(value: object) -> str:
        text = _as_text(value, expected)
        try:
            ipaddress.ip_network(text, strict=False)
        except ValueError:
            raise ValueError(f"expected {expected}, got {shown(value)}") from None
        return text

    return Form(parse, {"type": "string", "minLength": 2}, "address or network")


def _is_http_url(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:  # a port that is no number, an unclosed bracket
        return False


def _as_text(value: object, expected: str) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError(f'expected {expected}, got the number {value} (write it in quotes: "{value}")')  # noqa: TRY004
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"expected {expected}, got {shown(value)}")
    if len(value) > TEXT_CHARACTERS_MAX or not value.strip().isprintable():
        raise ValueError(f"expected {expected} on one line of at most {TEXT_CHARACTERS_MAX} characters")
    return value.strip()
