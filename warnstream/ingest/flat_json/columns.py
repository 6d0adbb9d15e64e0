"""Flat JSON that is right in every way -> columns, without a Python object per reading.

The usual message of a station needs no judgement: known station, readable
time, numbers under known words. Those are decoded here straight into
columns, about ten times faster than reading by reading; anything else is left
to the decoder that explains what is wrong with it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from warnstream.ingest.speakers import ANY
from warnstream.model.arrays import Float64Array, Int32Array, Int64Array
from warnstream.model.observations.readings import VARIABLE_OF_WORD, ReadingBatch, Variable, batch_of

_HEAD = 3
"""Fields of an observation before its values: station, time, sequence."""

_WORDS = tuple(word for word, variable in VARIABLE_OF_WORD.items() if variable is not Variable.RAIN_TIP)
"""A tip is left to the other decoder, which reads its number."""
_CODES = np.array([int(VARIABLE_OF_WORD[word]) for word in _WORDS], dtype=np.uint8)

_Observation: Any = msgspec.defstruct(
    "_Observation",
    [
        ("station", str),
        ("time", str | int | float),
        ("sequence", int | float | str | None, None),
        *((word, float | None, None) for word in _WORDS),
    ],
    forbid_unknown_fields=True,
    gc=False,
)

_UNKNOWN = -9
_NO_TIME = -1

TIMES_KNOWN_MAX = 4_096
"""Times whose seconds are remembered: gateways send the same few over and over."""


class FlatColumns:
    """Decodes what needs no judgement.

    Parameters
    ----------
    index_of_code : mapping of str to int
        Stations by code.
    parse_time : callable
        Seconds of a time as written; ValueError for what is none.
    bytes_max : int
        Longer messages are left to the other decoder.
    """

    def __init__(
        self, index_of_code: Mapping[str, int], parse_time: Callable[[object], int], bytes_max: int
    ) -> None:
        self._index_of_code = index_of_code
        self._parse_time = parse_time
        self._bytes_max = bytes_max
        self._decoder = msgspec.json.Decoder(_Observation | list[_Observation])
        self._time_of_text: dict[object, int] = {}

    def decode(
        self, payloads: Sequence[bytes], speakers: Sequence[int] | None = None
    ) -> tuple[ReadingBatch, Int64Array, list[int]]:
        """Readings, message by message and in the order of `Variable` within an observation.

        Parameters
        ----------
        payloads : sequence of bytes
        speakers : sequence of int, optional
            The only station that each message may speak of, or `ANY`; one that speaks of others is left.

        Returns
        -------
        readings : ReadingBatch
        message : Int64Array, shape (n_readings,)
            Index of the message that each reading came in.
        left : list of int
            Messages of which nothing was taken: the other decoder must look at them.
        """
        observations, message, left = self._parse(payloads)
        find, times = self._index_of_code.get, self._time_of_text
        station = np.array(
            [find(observation.station, _UNKNOWN) for observation in observations], dtype=np.int32
        )
        known_s = [times.get(observation.time) for observation in observations]
        if None in known_s:
            known_s = [self._seconds(observation.time) for observation in observations]
        observed_at_s = np.array(known_s, dtype=np.int64)
        is_good = (station != _UNKNOWN) & (observed_at_s != _NO_TIME)
        if speakers is not None and len(message):
            speaker = np.array(speakers, dtype=np.int32)[message]
            is_good &= (speaker == ANY) | (speaker == station)
        if not is_good.all():
            # Of a message with a fault nothing is taken here: the other decoder explains it.
            faulty = np.unique(message[~is_good])
            left = sorted([*left, *faulty.tolist()])
            kept = np.flatnonzero(~np.isin(message, faulty))
            observations = [observations[row] for row in kept.tolist()]
            station, observed_at_s, message = station[kept], observed_at_s[kept], message[kept]
        rows = list(map(msgspec.structs.astuple, observations))
        readings, of_observation = _columns(station, observed_at_s, rows)
        if (np.diff(of_observation, prepend=-1, append=len(rows)) > 1).any():
            # Nothing may vanish: an observation without any value is explained by the other decoder.
            silent = np.unique(message[np.bincount(of_observation, minlength=len(rows)) == 0])
            left = sorted([*left, *silent.tolist()])
            is_kept = ~np.isin(message[of_observation], silent)
            readings, of_observation = readings.select(is_kept), of_observation[is_kept]
        return readings, message[of_observation], left

    def _parse(self, payloads: Sequence[bytes]) -> tuple[list[Any], Int64Array, list[int]]:
        """Observations, the message that each came in, and messages that are not in our form."""
        observations: list[Any] = []
        message: list[int] = []
        left: list[int] = []
        decode, bytes_max = self._decoder.decode, self._bytes_max
        add, add_message = observations.append, message.append
        for index, payload in enumerate(payloads):
            if len(payload) > bytes_max:
                left.append(index)
                continue
            try:
                found = decode(payload)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                left.append(index)
                continue
            if type(found) is list:
                if not found:
                    left.append(index)
                observations += found
                message += [index] * len(found)
            else:
                add(found)
                add_message(index)
        return observations, np.array(message, dtype=np.int64), left

    def _seconds(self, time: object) -> int:
        """Seconds of a time, remembered; `_NO_TIME` for what is none."""
        seconds = self._time_of_text.get(time)
        if seconds is None:
            try:
                seconds = self._parse_time(time)
            except ValueError:
                return _NO_TIME
            if len(self._time_of_text) >= TIMES_KNOWN_MAX:
                self._time_of_text.clear()
            self._time_of_text[time] = seconds
        return seconds


def _columns(
    station: Int32Array, observed_at_s: Int64Array, rows: list[tuple[Any, ...]]
) -> tuple[ReadingBatch, Int64Array]:
    """One row per value that is there, from one tuple per observation; and the observation of each."""
    n = len(rows)
    columns = list(zip(*rows, strict=True))[_HEAD:]
    # None is found at once where a word is missing everywhere, and slowly among numbers: look at the first.
    present = [
        place for place, column in enumerate(columns) if column[0] is not None or column.count(None) < n
    ]
    values: Float64Array = np.empty((len(present), n))
    for row, place in enumerate(present):
        values[row] = _numbers(columns[place])
    is_there = ~np.isnan(values.T)
    variables, value = _CODES[present] if present else _CODES[:0], values.T[is_there]
    if len(value) == is_there.size:
        observation, variable = np.repeat(np.arange(n), len(present)), np.tile(variables, n)
    else:
        observation, where = np.nonzero(is_there)
        variable = variables[where]
    readings = batch_of(station[observation], variable, observed_at_s[observation], value)
    return readings, observation


def _numbers(column: tuple[float | None, ...]) -> Float64Array:
    """A word's values, NaN where an observation has none."""
    try:
        return np.fromiter(column, np.float64, len(column))
    except TypeError:
        return np.array(column, dtype=np.float64)
