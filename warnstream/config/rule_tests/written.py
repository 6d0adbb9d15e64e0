"""What stands behind a key of ``readings:``: a series, one at another interval, or single late readings."""

from collections.abc import Mapping
from dataclasses import dataclass

from warnstream.config.rule_tests.series import Series, parse_series
from warnstream.config.yaml.quantities import format_duration, parse_whole_duration_s
from warnstream.config.yaml.value_types import Form, choice_of, shown
from warnstream.model.times import MINUTE_S

_FORMS = (
    "a series such as 0x3 8x6, {every: 10min, from: 01:00, values: ...} or a list of a series and "
    "{at, sent, value}"
)


@dataclass(frozen=True, slots=True)
class LateReading:
    """One reading by itself; `sent` is empty where it comes at its own time."""

    at: str
    sent: str
    value: float


@dataclass(frozen=True, slots=True)
class WrittenReadings:
    """Readings of one key.

    Attributes
    ----------
    series : Series or None
    every_s : int
        Distance of its values; 0: the station's own interval.
    begins : str
        From when on they are counted, as written; empty: the start of the test.
    late : tuple of LateReading
    """

    series: Series | None
    every_s: int = 0
    begins: str = ""
    late: tuple[LateReading, ...] = ()


def readings_form() -> Form:
    """The three ways to write readings; parsed to `WrittenReadings`."""
    return Form(_parse, {"type": ["string", "number", "object", "array"]}, "readings")


def _parse(value: object) -> WrittenReadings:
    if isinstance(value, bool) or value is None:
        raise ValueError(f"expected {_FORMS}, got {shown(value)}")
    if isinstance(value, str | int | float):
        return WrittenReadings(parse_series(str(value)))
    if isinstance(value, dict):
        return _spaced(value)
    assert isinstance(value, list), value
    if not value:
        raise ValueError(f"expected {_FORMS}, got an empty list")
    series = [item for item in value if isinstance(item, str)]
    if len(series) > 1:
        raise ValueError(f"expected one series, got {len(series)}: write them as one")
    late = tuple(_late(number, item) for number, item in enumerate(value) if not isinstance(item, str))
    return WrittenReadings(parse_series(series[0]) if series else None, late=late)


def _spaced(value: Mapping[str, object]) -> WrittenReadings:
    _known(value, ("values",), ("every", "from"))
    every_s = 0
    if "every" in value:
        every_s = parse_whole_duration_s(str(value["every"]))
        if not every_s or every_s % MINUTE_S:
            raise ValueError(f"every: expected whole minutes such as 5min, got {format_duration(every_s)}")
    return WrittenReadings(parse_series(str(value["values"])), every_s, str(value.get("from", "")))


def _late(number: int, one: object) -> LateReading:
    if not isinstance(one, dict):
        raise ValueError(f"[{number}]: expected {{at, sent, value}}, got {shown(one)}")  # noqa: TRY004
    _known(one, ("at", "value"), ("sent",))
    amount = one["value"]
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        raise ValueError(f"[{number}].value: expected a number, got {shown(amount)}")  # noqa: TRY004
    return LateReading(str(one["at"]), str(one.get("sent", "")), float(amount))


def _known(value: Mapping[str, object], needed: tuple[str, ...], optional: tuple[str, ...]) -> None:
    for key in value:
        if key not in (*needed, *optional):
            raise ValueError(f"unknown key {key!r}: expected {choice_of((*needed, *optional))}")
    for key in needed:
        if key not in value:
            raise ValueError(f"missing {key}: expected {_FORMS}")
