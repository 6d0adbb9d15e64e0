"""What a gateway's names mean here, and the columns that its readings are gathered in."""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeVar

from warnstream.model.network import Stations
from warnstream.model.observations.decoders import DecoderRule, VariableMapping, conversion
from warnstream.model.observations.readings import (
    UNIT_OF_VARIABLE,
    VARIABLE_OF_WORD,
    ReadingBatch,
    Variable,
    batch_of,
    concatenate,
)
from warnstream.model.observations.refusals import Refusal, RefusalReason
from warnstream.model.times import parse_iso

PAYLOAD_BYTES_MAX = 256 * 1024
"""Greatest message that is read; a gateway's day of 5-minute readings is about 30 KiB."""

EPOCH_S_MAX = 100_000_000_000
"""Epoch times above this (year 5138) are milliseconds or noise."""

REFUSALS_PER_MESSAGE_MAX = 100
"""Refusals of one message that are kept one by one; a message must not fill the store of what was refused."""

DETAIL_CHARACTERS_MAX = 500
"""Of a refusal's detail; what came is kept beside it."""

CACHED_CHARACTERS_MAX = 256
"""Longer names and times are looked up anew each time: what is remembered has a bound in bytes too."""

NOTHING_READ = "nothing in it is a reading"

EXERCISE_MARKS = ("exercise", "simulated", "test")
"""Members by which senders mark what did not happen: ours, The Things Stack's, everybody's."""

_NOT_MARKED = frozenset({"", "0", "false", "no", "off", "n", "none", "null"})
_SHOWN_MAX = 80
_LISTED_MAX = 20

Item = TypeVar("Item")


class RawMessage(NamedTuple):
    """A message as it came: topic and payload bytes."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Decoded:
    """Readings in order of arrival, and what had to be kept aside.

    Every message gives a reading or a refusal, or is one of the `n_without` that carry no
    observation by their kind: a heartbeat, a sensor that says it has no value.
    """

    readings: ReadingBatch
    refusals: list[Refusal]
    n_without: int = 0


def joined(parts: Sequence[Decoded]) -> Decoded:
    """What was decoded in parts, in their order."""
    return Decoded(
        concatenate([part.readings for part in parts]),
        [refusal for part in parts for refusal in part.refusals],
        sum(part.n_without for part in parts),
    )


class Names:
    """Stations and variables by a gateway's names, as one decoder rule maps them."""

    def __init__(self, stations: Stations, rule: DecoderRule) -> None:
        ours = stations.index_of_name()
        self._station = {**ours, **{theirs: ours[code] for theirs, code in rule.stations.items()}}
        self.variables: Mapping[str, VariableMapping] = {
            **{word: VariableMapping(variable) for word, variable in VARIABLE_OF_WORD.items()},
            **rule.variables,
        }
        self.mapped: Mapping[str, VariableMapping] = rule.variables

    def station(self, name: object) -> int | None:
        """Station number of a gateway's name; None if it is nobody's."""
        return self._station.get(name) if isinstance(name, str) else None


class Refusals:
    """What is refused, message by message; of each at most `REFUSALS_PER_MESSAGE_MAX` one by one."""

    def __init__(self) -> None:
        self._kept: list[Refusal] = []
        self._n_of_message = 0
        self._last: Refusal | None = None

    @property
    def n_of_message(self) -> int:
        """Refusals of the message that is looked at."""
        return self._n_of_message

    def begin(self) -> None:
        """The next message is looked at."""
        left = self._n_of_message - REFUSALS_PER_MESSAGE_MAX
        if left > 0 and self._last is not None:
            detail = f"{left} more refusals of this message, the last: {self._last.detail}"
            self._kept.append(replace(self._last, detail=detail[:DETAIL_CHARACTERS_MAX]))
        self._n_of_message = 0

    def add(self, refusal: Refusal) -> None:
        """Refuse a message or a part of it."""
        self._n_of_message += 1
        self._last = refusal
        if self._n_of_message <= REFUSALS_PER_MESSAGE_MAX:
            self._kept.append(refusal)

    def all(self) -> list[Refusal]:
        """Everything refused so far."""
        self.begin()
        return self._kept


@dataclass(slots=True)
class Rows:
    """Readings as they are decoded, column by column, and refusals."""

    station: list[int] = field(default_factory=list)
    variable: list[int] = field(default_factory=list)
    observed_at_s: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    interval_s: list[int] = field(default_factory=list)
    refusals: Refusals = field(default_factory=Refusals)
    _message: RawMessage | None = None
    _n_before: int = 0
    _detail: str = ""
    _n_without: int = 0

    def begin(self, message: RawMessage) -> None:
        """The next message is looked at: one of which nothing comes is refused as `NO_READING`."""
        self._end()
        self.refusals.begin()
        self._message, self._n_before, self._detail = message, len(self.station), NOTHING_READ

    def carries_none(self) -> None:
        """The message has no observation by its kind: it is no fault that nothing comes of it."""
        self._detail = ""

    def looked_for(self, detail: str) -> None:
        """What was looked for in this message, and what was there, should nothing come of it."""
        self._detail = detail

    def _end(self) -> None:
        if self._message is None or len(self.station) > self._n_before or self.refusals.n_of_message:
            return
        if self._detail:
            self.refuse(RefusalReason.NO_READING, self._detail, self._message)
        else:
            self._n_without += 1

    def add(self, station: int, variable: int, observed_at_s: int, value: float, interval_s: int = 0) -> None:
        """One reading; `interval_s` 0 is the station's own interval."""
        self.station.append(station)
        self.variable.append(variable)
        self.observed_at_s.append(observed_at_s)
        self.value.append(value)
        self.interval_s.append(interval_s)

    def refuse(self, reason: RefusalReason, detail: str, message: RawMessage) -> None:
        """Keep a message, or a part of it, aside."""
        self.refusals.add(refuse(reason, detail, message))

    def add_number(
        self, names: Names, station: int, word: str, observed_at_s: int, number: object, message: RawMessage
    ) -> None:
        """One value under a gateway's name, or its refusal."""
        mapping = names.variables.get(word)
        if mapping is None:
            known = ", ".join(names.variables)
            self.refuse(RefusalReason.UNKNOWN_VARIABLE, f"{shown(word)} is not one of {known}", message)
            return
        value = value_of(mapping, number)
        if is_error_value(mapping, number):
            detail = f"{word:.80} {shown(number)} is declared an error value"
            self.refuse(RefusalReason.ERROR_VALUE, detail, message)
        elif value is None:
            self.refuse(RefusalReason.BAD_VALUE, f"{word:.80} {shown(number)} is not a number", message)
        else:
            interval_s = mapping.interval_s if mapping.variable is Variable.RAIN else 0
            self.add(station, int(mapping.variable), observed_at_s, value, interval_s)

    def decoded(self) -> Decoded:
        """Everything gathered so far."""
        self._end()
        self._message = None
        return Decoded(
            batch_of(self.station, self.variable, self.observed_at_s, self.value, self.interval_s),
            self.refusals.all(),
            self._n_without,
        )


def refuse(reason: RefusalReason, detail: str, message: RawMessage) -> Refusal:
    """A refusal of a message."""
    return Refusal(reason, detail[:DETAIL_CHARACTERS_MAX], message.topic, message.payload)


def shown(value: object) -> str:
    """What came, short, for a detail; never raises, whatever came.

    >>> shown("rane"), shown(1.5), shown([[[]]]), shown("x" * 99)[-4:]
    ("'rane'", '1.5', 'a list', 'xxx…')
    """
    if isinstance(value, int) and not -(10**40) < value < 10**40:
        return "a number beyond 1e40"
    if value is None or isinstance(value, str | bytes | int | float):
        text = repr(value[: _SHOWN_MAX + 1] if isinstance(value, str | bytes) else value)
        return text if len(text) <= _SHOWN_MAX else f"{text[: _SHOWN_MAX - 1]}…"
    return f"a {type(value).__name__}"


def observed_at(text: str) -> int:
    """Seconds UTC of an ISO 8601 text with a zone.

    Raises
    ------
    ValueError
        If it is none, or lies outside of 1970 to 5138.
    """
    if len(text) > CACHED_CHARACTERS_MAX:
        raise ValueError(f"time {shown(text)} is too long for one")
    time_s = parse_iso(text)
    if not 0 <= time_s < EPOCH_S_MAX:
        raise ValueError(f"time {shown(text)} is not one of this age")
    return time_s


def listed(names: Iterable[object]) -> str:
    """Names that were there, for a detail: the first of them, each cut short.

    >>> listed(["a", "b"]), listed([])
    ('a, b', 'nothing')
    """
    return ", ".join(f"{name:.40}" for name in itertools.islice(map(str, names), _LISTED_MAX)) or "nothing"


def exercise_mark(members: Mapping[str, object]) -> str | None:
    """The member that marks an observation as a test or exercise; None if none does.

    A mark that cannot be understood counts as one: what may not have happened must not warn.

    >>> exercise_mark({"simulated": True}), exercise_mark({"exercise": "false", "test": 0})
    ('simulated', None)
    """
    for name in EXERCISE_MARKS:
        value = members.get(name)
        is_denied = isinstance(value, str) and value.strip().lower() in _NOT_MARKED
        if value and not is_denied:
            return name
    return None


def refuse_if_too_large(message: RawMessage) -> Refusal | None:
    """A refusal of a message beyond `PAYLOAD_BYTES_MAX`; None if it may be read."""
    if len(message.payload) <= PAYLOAD_BYTES_MAX:
        return None
    detail = f"{len(message.payload)} bytes, expected at most {PAYLOAD_BYTES_MAX}"
    return refuse(RefusalReason.TOO_LARGE, detail, message)


def is_finite(number: float) -> bool:
    """Whether a number, of any size, is one that a float can hold."""
    try:
        return math.isfinite(number)
    except OverflowError:  # an int beyond 1e308
        return False


def is_error_value(mapping: VariableMapping, number: object) -> bool:
    """Whether a number, as it came, is one by which the sender says that it has none."""
    return isinstance(number, int | float) and float_of(number) in mapping.error_values


def float_of(number: float) -> float:
    """A number of any size as a float; infinite where none can hold it."""
    try:
        return float(number)
    except OverflowError:
        return math.inf


def value_of(mapping: VariableMapping, number: object) -> float | None:
    """A number as it came in our unit; None if it is none, or too great to be held."""
    if isinstance(number, bool) or not isinstance(number, int | float) or not is_finite(number):
        return None
    value = mapping.value(float(number))
    return value if math.isfinite(value) else None


def in_own_unit(mapping: VariableMapping, unit: str | None, value: float) -> float | None:
    """A value that names its unit itself, in our unit; None if the unit is not one of the variable's.

    A mapping with a factor has said what the number means, whatever the unit
    beside it is called.
    """
    is_plain = mapping.factor == 1.0 and mapping.offset == 0.0
    if unit is None or not is_plain or unit == UNIT_OF_VARIABLE[mapping.variable]:
        return mapping.value(value)
    found = conversion(unit, mapping.variable)
    return None if found is None else VariableMapping(mapping.variable, *found).value(value)


def group_by(indices: Sequence[int], items: Sequence[Item]) -> dict[int, list[Item]]:
    """Items by the number given to each, in order of arrival."""
    groups: dict[int, list[Item]] = {}
    for index, item in zip(indices, items, strict=True):
        groups.setdefault(index, []).append(item)
    return groups
