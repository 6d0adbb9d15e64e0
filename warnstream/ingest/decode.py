"""Flat JSON of a station gateway -> columns of readings.

One message is an object or an array of objects::

    {"station": "R0001", "time": "2026-06-18T08:05:00Z", "rain": 1.2, "stage": 103.45}

`time` is ISO 8601 with a zone, or epoch seconds. A value of null means that
the sensor had none. An optional ``"unit": {"rain": "mm"}`` is checked against
the one unit of each variable; nothing is converted by guess. What cannot be
used is refused by itself: the other readings of the message go on.

Limit: messages above 256 KiB are refused unread.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from warnstream.ingest.flat_columns import FlatColumns
from warnstream.model.network import Stations
from warnstream.model.readings import (
    UNIT_OF_VARIABLE,
    VARIABLE_OF_WORD,
    ReadingBatch,
    Variable,
    batch_of,
    concatenate,
)
from warnstream.model.refusals import Refusal, RefusalReason
from warnstream.model.times import parse_iso

PAYLOAD_BYTES_MAX = 256 * 1024
"""Greatest message that is read; a gateway's day of 5-minute readings is about 30 KiB."""

_EPOCH_S_MAX = 100_000_000_000
"""Epoch times above this (year 5138) are milliseconds or noise."""

_RESERVED = frozenset({"station", "time", "unit", "sequence"})
_TIME_CACHE_MAX = 4096


@dataclass(frozen=True, slots=True)
class RawMessage:
    """A message as it came: topic and payload bytes."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Decoded:
    """Readings in order of arrival, and what had to be kept aside."""

    readings: ReadingBatch
    refusals: list[Refusal]


class Decoder:
    """Decodes messages of one network's stations."""

    def __init__(self, stations: Stations) -> None:
        self._index_of_code = stations.index_of_code()
        self._time_of_text: dict[str, int] = {}
        self._columns = FlatColumns(self._index_of_code, self._parse_time, PAYLOAD_BYTES_MAX)

    def decode(self, messages: Sequence[RawMessage]) -> Decoded:
        """Readings of all messages, in order.

        Never raises for what a message contains; see `Decoded.refusals`.
        """
        plain, message_of_plain, left = self._columns.decode([message.payload for message in messages])
        if not left:
            return Decoded(plain, [])
        rows: list[tuple[int, int, int, float]] = []
        message_of_row: list[int] = []
        refusals: list[Refusal] = []
        for index in left:
            for item in self._decode_message(messages[index]):
                if isinstance(item, Refusal):
                    refusals.append(item)
                else:
                    rows.append(item)
                    message_of_row.append(index)
        station, variable, observed_at_s, value = zip(*rows, strict=True) if rows else ((), (), (), ())
        readings = concatenate([plain, batch_of(station, variable, observed_at_s, value)])
        arrival = np.argsort(np.concatenate([message_of_plain, message_of_row]), kind="stable")
        return Decoded(readings.select(arrival), refusals)

    def _decode_message(self, message: RawMessage) -> Iterator[tuple[int, int, int, float] | Refusal]:
        if len(message.payload) > PAYLOAD_BYTES_MAX:
            detail = f"{len(message.payload)} bytes, expected at most {PAYLOAD_BYTES_MAX}"
            head = RawMessage(message.topic, message.payload[:1024])
            yield _refuse(RefusalReason.TOO_LARGE, detail, head)
            return
        try:
            content = msgspec.json.decode(message.payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            yield _refuse(RefusalReason.NOT_JSON, str(error), message)
            return
        for observation in content if isinstance(content, list) else [content]:
            if isinstance(observation, dict):
                yield from self._decode_observation(observation, message)
            else:
                kind = type(observation).__name__
                yield _refuse(RefusalReason.WRONG_SHAPE, f"expected an object, got {kind}", message)

    def _decode_observation(
        self, observation: Mapping[str, object], message: RawMessage
    ) -> Iterator[tuple[int, int, int, float] | Refusal]:
        code = observation.get("station")
        station = self._index_of_code.get(code) if isinstance(code, str) else None
        if station is None:
            yield _refuse(RefusalReason.UNKNOWN_STATION, f"station {code!r} is not in stations.csv", message)
            return
        try:
            observed_at_s = self._parse_time(observation.get("time"))
        except ValueError as error:
            yield _refuse(RefusalReason.BAD_TIME, str(error), message)
            return
        units = observation.get("unit")
        for word, value in observation.items():
            if word in _RESERVED or value is None:
                continue
            refusal = _check_value(word, value, units, message)
            if refusal is not None:
                yield refusal
            else:
                yield station, int(VARIABLE_OF_WORD[word]), observed_at_s, float(value)  # type: ignore[arg-type]  # checked above

    def _parse_time(self, time: object) -> int:
        if isinstance(time, str):
            known = self._time_of_text.get(time)
            if known is None:
                known = parse_iso(time)
                if len(self._time_of_text) >= _TIME_CACHE_MAX:
                    self._time_of_text.clear()
                self._time_of_text[time] = known
            return known
        if isinstance(time, int | float) and not isinstance(time, bool) and 0 <= time < _EPOCH_S_MAX:
            return int(time)
        raise ValueError(f"time {time!r} is neither ISO 8601 text with a zone nor epoch seconds")


def _check_value(word: str, value: object, units: object, message: RawMessage) -> Refusal | None:
    variable = VARIABLE_OF_WORD.get(word)
    if variable is None:
        known = ", ".join(VARIABLE_OF_WORD)
        return _refuse(RefusalReason.UNKNOWN_VARIABLE, f"{word!r} is not one of {known}", message)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return _refuse(RefusalReason.BAD_VALUE, f"{word} {value!r} is not a number", message)
    return _check_unit(variable, units, message)


def _check_unit(variable: Variable, units: object, message: RawMessage) -> Refusal | None:
    if units is None:
        return None
    expected = UNIT_OF_VARIABLE[variable]
    unit = units.get(variable.word, expected) if isinstance(units, dict) else units
    if unit != expected:
        return _refuse(
            RefusalReason.WRONG_UNIT, f"{variable.word} in {unit!r}, expected {expected!r}", message
        )
    return None


def _refuse(reason: RefusalReason, detail: str, message: RawMessage) -> Refusal:
    return Refusal(reason, detail, message.topic, message.payload)
