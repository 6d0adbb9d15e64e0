"""What a gateway's names mean here, and the columns that its readings are gathered in."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from warnstream.model.decoders import DecoderRule, VariableMapping, conversion
from warnstream.model.network import Stations
from warnstream.model.readings import UNIT_OF_VARIABLE, VARIABLE_OF_WORD, ReadingBatch, batch_of
from warnstream.model.refusals import Refusal, RefusalReason

PAYLOAD_BYTES_MAX = 256 * 1024
"""Greatest message that is read; a gateway's day of 5-minute readings is about 30 KiB."""

EPOCH_S_MAX = 100_000_000_000
"""Epoch times above this (year 5138) are milliseconds or noise."""

_REFUSED_HEAD_BYTES = 1024

Item = TypeVar("Item")


class RawMessage(NamedTuple):
    """A message as it came: topic and payload bytes."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Decoded:
    """Readings in order of arrival, and what had to be kept aside."""

    readings: ReadingBatch
    refusals: list[Refusal]


class Names:
    """Stations and variables by a gateway's names, as one decoder rule maps them."""

    def __init__(self, stations: Stations, rule: DecoderRule) -> None:
        ours = stations.index_of_code()
        self._station = {**ours, **{theirs: ours[code] for theirs, code in rule.stations.items()}}
        self.variables: Mapping[str, VariableMapping] = {
            **{word: VariableMapping(variable) for word, variable in VARIABLE_OF_WORD.items()},
            **rule.variables,
        }
        self.mapped: Mapping[str, VariableMapping] = rule.variables

    def station(self, name: object) -> int | None:
        """Station number of a gateway's name; None if it is nobody's."""
        return self._station.get(name) if isinstance(name, str) else None


@dataclass(slots=True)
class Rows:
    """Readings as they are decoded, column by column, and refusals."""

    station: list[int] = field(default_factory=list)
    variable: list[int] = field(default_factory=list)
    observed_at_s: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    interval_s: list[int] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    def add(self, station: int, variable: int, observed_at_s: int, value: float, interval_s: int = 0) -> None:
        """One reading; `interval_s` 0 is the station's own interval."""
        self.station.append(station)
        self.variable.append(variable)
        self.observed_at_s.append(observed_at_s)
        self.value.append(value)
        self.interval_s.append(interval_s)

    def refuse(self, reason: RefusalReason, detail: str, message: RawMessage) -> None:
        """Keep a message, or a part of it, aside."""
        self.refusals.append(refuse(reason, detail, message))

    def add_number(
        self, names: Names, station: int, word: str, observed_at_s: int, number: object, message: RawMessage
    ) -> None:
        """One value under a gateway's name, or its refusal."""
        mapping = names.variables.get(word)
        if mapping is None:
            known = ", ".join(names.variables)
            self.refuse(RefusalReason.UNKNOWN_VARIABLE, f"{word!r} is not one of {known}", message)
        elif isinstance(number, bool) or not isinstance(number, int | float) or not is_finite(number):
            self.refuse(RefusalReason.BAD_VALUE, f"{word} {number!r:.80} is not a number", message)
        else:
            self.add(station, int(mapping.variable), observed_at_s, mapping.value(float(number)))

    def decoded(self) -> Decoded:
        """Everything gathered so far."""
        return Decoded(
            batch_of(self.station, self.variable, self.observed_at_s, self.value, self.interval_s),
            self.refusals,
        )


def refuse(reason: RefusalReason, detail: str, message: RawMessage) -> Refusal:
    """A refusal of a message."""
    return Refusal(reason, detail, message.topic, message.payload)


def refuse_if_too_large(message: RawMessage) -> Refusal | None:
    """A refusal with the head of a message beyond `PAYLOAD_BYTES_MAX`; None if it may be read."""
    if len(message.payload) <= PAYLOAD_BYTES_MAX:
        return None
    detail = f"{len(message.payload)} bytes, expected at most {PAYLOAD_BYTES_MAX}"
    return Refusal(RefusalReason.TOO_LARGE, detail, message.topic, message.payload[:_REFUSED_HEAD_BYTES])


def is_finite(number: float) -> bool:
    """Whether a number, of any size, is one that a float can hold."""
    try:
        return math.isfinite(number)
    except OverflowError:  # an int beyond 1e308
        return False


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
