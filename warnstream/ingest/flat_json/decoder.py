"""Flat JSON of a station gateway -> columns of readings.

One message is an object or an array of objects::

    {"station": "R0001", "time": "2026-06-18T08:05:00Z", "rain": 1.2, "stage": 103.45}

`time` is ISO 8601 with a zone, or epoch seconds. A value of null means that
the sensor had none. An optional ``"unit": {"rain": "mm"}`` is checked against
the one unit of each variable; nothing is converted by guess. What cannot be
used is refused by itself: the other readings of the message go on.

Names and units of other gateways are mapped by a `DecoderRule`. An
observation marked ``"exercise": true`` is refused by a node that warns for
real.

Limit: messages above 256 KiB are refused unread.
"""

import itertools
import zlib
from collections.abc import Iterator, Mapping, Sequence

import msgspec
import numpy as np

from warnstream.ingest.flat_json.columns import FlatColumns
from warnstream.ingest.flat_json.json_text import read_json
from warnstream.ingest.flat_json.packs import unpacked
from warnstream.ingest.flat_json.templates import BATCH_MIN, FlatForms
from warnstream.ingest.names import (
    EPOCH_S_MAX,
    EXERCISE_MARKS,
    PAYLOAD_BYTES_MAX,
    Decoded,
    Names,
    RawMessage,
    Refusals,
    exercise_mark,
    is_error_value,
    listed,
    observed_at,
    refuse_if_too_large,
    shown,
    value_of,
)
from warnstream.ingest.names import refuse as _refuse
from warnstream.ingest.speakers import ANY, Senders
from warnstream.model.arrays import Int32Array, Int64Array
from warnstream.model.messages import MessageColumns
from warnstream.model.network import Stations
from warnstream.model.observations.decoders import DecoderRule, VariableMapping
from warnstream.model.observations.readings import (
    UNIT_OF_VARIABLE,
    ReadingBatch,
    Variable,
    batch_of,
    concatenate,
    empty_batch,
)
from warnstream.model.observations.refusals import Refusal, RefusalReason

__all__ = ["PAYLOAD_BYTES_MAX", "Decoded", "Decoder", "RawMessage"]

_RESERVED = frozenset({"station", "time", "unit", "sequence", *EXERCISE_MARKS})
_TIME_CACHE_MAX = 4096
_SEQUENCE_MAX = 2**31 - 1
_Row = tuple[int, int, int, float, int, int]
"""Station, variable, time, value, interval of an amount, number of a tip."""


class Decoder:
    """Decodes flat JSON of one network's stations.

    Parameters
    ----------
    stations : Stations
    rule : DecoderRule, optional
        Names and units of the gateway; without it our own words and units.
    takes_exercises : bool
        Whether an observation marked ``"exercise": true`` counts; only a node that exercises itself says so.
    """

    def __init__(
        self, stations: Stations, rule: DecoderRule | None = None, *, takes_exercises: bool = False
    ) -> None:
        self._names = Names(stations, rule or DecoderRule("#", "flat_json", {}, {}))
        self._takes_exercises = takes_exercises
        self._time_of_text: dict[str, int] = {}
        self._columns: FlatColumns | None = None
        self._forms: FlatForms | None = None
        if rule is None or not (
            rule.variables or rule.stations
        ):  # names of others must be looked at one by one
            self._columns = FlatColumns(stations.index_of_name(), self._parse_time, PAYLOAD_BYTES_MAX)
            self._forms = FlatForms(
                stations.index_of_name(), self._parse_time, self._is_plain, PAYLOAD_BYTES_MAX
            )

    def decode(self, messages: Sequence[RawMessage], speakers: Sequence[int] | None = None) -> Decoded:
        """Readings of all messages, in order.

        Never raises for what a message contains; see `Decoded.refusals`.
        `speakers` names the station that each message may speak of (`warnstream.ingest.speakers`).
        """
        readings, _, refusals, n_without = self._decode(messages, speakers)
        return Decoded(readings, refusals, n_without)

    def decode_columns(self, messages: MessageColumns, speakers: Int32Array) -> Decoded:
        """The same of messages as columns; `speakers` has shape (n_messages,).

        Those that are alike are read all at once, and so are the observations of packs; others by `decode`.
        """
        observations, message_of = unpacked(messages, PAYLOAD_BYTES_MAX)
        if self._forms is None or len(observations) < BATCH_MIN:
            return self.decode(list(itertools.starmap(RawMessage, messages.pairs())), speakers.tolist())
        plain, observation_of_plain, left = self._forms.decode(observations, speakers[message_of])
        message_of_plain = message_of[observation_of_plain]
        if len(left) == 0:
            return Decoded(plain, [])
        left = np.unique(message_of[left])
        is_whole = ~np.isin(message_of_plain, left)  # a pack is taken as a whole, or left
        plain, message_of_plain = plain.select(is_whole), message_of_plain[is_whole]
        others = [RawMessage(messages.topics[messages.topic[row]], messages.payload(row)) for row in left]
        readings, message, refusals, n_without = self._decode(others, speakers[left].tolist())
        arrival = np.argsort(np.concatenate([message_of_plain, left[message]]), kind="stable")
        return Decoded(concatenate([plain, readings]).select(arrival), refusals, n_without)

    def _decode(
        self, messages: Sequence[RawMessage], speakers: Sequence[int] | None
    ) -> tuple[ReadingBatch, Int64Array, list[Refusal], int]:
        """Readings in the order of their messages, the message of each, refusals, how many have no value."""
        plain, message_of_plain, left = self._plain(messages, speakers)
        if not left:
            return plain, message_of_plain, [], 0
        n_without = 0
        rows: list[_Row] = []
        message_of_row: list[int] = []
        refusals = Refusals()
        for index in left:
            refusals.begin()
            speaker = ANY if speakers is None else speakers[index]
            for item in self._decode_message(messages[index], speaker):
                if isinstance(item, Refusal):
                    refusals.add(item)
                elif item is None:
                    n_without += 1
                else:
                    rows.append(item)
                    message_of_row.append(index)
        columns = zip(*rows, strict=True) if rows else ((), (), (), (), (), ())
        read = batch_of(*columns)
        readings = concatenate([plain, read])
        message = np.concatenate([message_of_plain, np.array(message_of_row, dtype=np.int64)])
        arrival = np.argsort(message, kind="stable")
        return readings.select(arrival), message[arrival], refusals.all(), n_without

    def _plain(
        self, messages: Sequence[RawMessage], speakers: Sequence[int] | None
    ) -> tuple[ReadingBatch, Int64Array, Sequence[int]]:
        """What needs no judgement, and the messages that do."""
        if self._columns is None:
            return empty_batch(), np.zeros(0, dtype=np.int64), range(len(messages))
        return self._columns.decode([message.payload for message in messages], speakers)

    def _is_plain(self, payload: bytes) -> bool:
        return self._columns is not None and not self._columns.decode([payload])[2]

    def _decode_message(self, message: RawMessage, speaker: int) -> Iterator[_Row | Refusal | None]:
        too_large = refuse_if_too_large(message)
        if too_large is not None:
            yield too_large
            return
        try:
            content, unread = read_json(message.payload)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            yield _refuse(RefusalReason.NOT_JSON, str(error), message)
            return
        if unread:
            yield _refuse(RefusalReason.NOT_JSON, f"not read: {unread}", message)
        if content == []:
            yield _refuse(RefusalReason.NO_READING, "an empty list", message)
        for observation in content if isinstance(content, list) else [content]:
            if isinstance(observation, dict):
                yield from self._decode_observation(observation, message, speaker)
            else:
                kind = type(observation).__name__
                yield _refuse(RefusalReason.WRONG_SHAPE, f"expected an object, got {kind}", message)

    def _decode_observation(
        self, observation: Mapping[str, object], message: RawMessage, speaker: int
    ) -> Iterator[_Row | Refusal | None]:
        place = self._place_of(observation, message, speaker)
        if isinstance(place, Refusal):
            yield place
            return
        words = [word for word in observation if word not in _RESERVED]
        if not words:
            looked_for = ", ".join(self._names.variables)
            yield _refuse(RefusalReason.NO_READING, f"no value: looked for {looked_for}", message)
        elif all(observation[word] is None for word in words):
            yield None
        for word in words:
            if observation[word] is not None:
                yield self._value_of(word, observation, *place, message)

    def _place_of(
        self, observation: Mapping[str, object], message: RawMessage, speaker: int
    ) -> tuple[int, int] | Refusal:
        """Station and time of an observation that counts, or why it does not."""
        code = observation.get("station")
        station = self._names.station(code)
        if station is None:
            detail = f"station {shown(code)} is not in stations.csv"
            if code is None:
                detail = f"looked for station; there is {listed(observation)}"
            return _refuse(RefusalReason.UNKNOWN_STATION, detail, message)
        if speaker not in (ANY, station):
            return _refuse(RefusalReason.WRONG_STATION, Senders.detail(code, message.topic), message)
        mark = exercise_mark(observation)
        if mark is not None and not self._takes_exercises:
            return _refuse(RefusalReason.EXERCISE, f"marked as {mark}, and this node warns for real", message)
        if "time" not in observation:
            return _refuse(
                RefusalReason.BAD_TIME, f"looked for time; there is {listed(observation)}", message
            )
        try:
            return station, self._parse_time(observation["time"])
        except ValueError as error:
            return _refuse(RefusalReason.BAD_TIME, str(error), message)

    def _value_of(
        self,
        word: str,
        observation: Mapping[str, object],
        station: int,
        observed_at_s: int,
        message: RawMessage,
    ) -> _Row | Refusal:
        """One value of an observation, or its refusal."""
        mapping, value = self._names.variables.get(word), observation[word]
        if mapping is None:
            known = ", ".join(self._names.variables)
            return _refuse(RefusalReason.UNKNOWN_VARIABLE, f"{shown(word)} is not one of {known}", message)
        if is_error_value(mapping, value):
            detail = f"{word:.80} {shown(value)} is declared an error value"
            return _refuse(RefusalReason.ERROR_VALUE, detail, message)
        number = value_of(mapping, value)
        if number is None:
            return _refuse(RefusalReason.BAD_VALUE, f"{word:.80} {shown(value)} is not a number", message)
        units = observation.get("unit")
        refusal = _check_unit(word, mapping, units, message) if units is not None else None
        sequence = number_of(observation.get("sequence")) if mapping.variable is Variable.RAIN_TIP else 0
        interval_s = mapping.interval_s if mapping.variable is Variable.RAIN else 0
        return refusal or (station, int(mapping.variable), observed_at_s, number, interval_s, sequence)

    def _parse_time(self, time: object) -> int:
        if isinstance(time, str):
            known = self._time_of_text.get(time)
            if known is None:
                known = observed_at(time)
                if len(self._time_of_text) >= _TIME_CACHE_MAX:
                    self._time_of_text.clear()
                self._time_of_text[time] = known
            return known
        if isinstance(time, int | float) and not isinstance(time, bool) and 0 <= time < EPOCH_S_MAX:
            return int(time)
        raise ValueError(f"time {shown(time)} is neither ISO 8601 text with a zone nor epoch seconds")


def number_of(sequence: object) -> int:
    """A number for what a sender numbers its tips by, whatever it is; 0 where it does not.

    >>> number_of(None), number_of(7), number_of("7") == number_of(7)
    (0, 8, False)
    """
    if sequence is None:
        return 0
    if isinstance(sequence, int):
        return sequence % _SEQUENCE_MAX + 1
    return zlib.crc32(str(sequence).encode(errors="surrogatepass")) % _SEQUENCE_MAX + 1


def _check_unit(word: str, mapping: VariableMapping, units: object, message: RawMessage) -> Refusal | None:
    """A unit named in the message must be ours: conversions are declared, never guessed."""
    is_ours = mapping.factor == 1.0 and mapping.offset == 0.0
    expected = UNIT_OF_VARIABLE[mapping.variable]
    unit = units.get(word, expected) if isinstance(units, dict) else units
    if is_ours and unit != expected:
        return _refuse(RefusalReason.WRONG_UNIT, f"{word} in {shown(unit)}, expected {expected!r}", message)
    return None
