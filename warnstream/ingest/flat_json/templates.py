"""Flat JSON of many stations that write alike -> columns, all messages of one form at a time.

What a gateway's program writes differs from message to message only in its
values. A *form* is an observation without them: the pieces of text between
one value and the next. A form is learnt from one message, which must be one
that `FlatColumns` takes; then whole batches are walked through side by side,
piece by piece, each message with a place of its own, so that values may be of
any length.

A message belongs to a form only if every byte of it is accounted for: each
piece of text equal, its station known and allowed to speak, its time and its numbers
plain. Then it says exactly what the other decoders would read. Everything else
is left to them.

Limit: `FORMS_MAX` forms are remembered, those that fit most are tried first.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from warnstream.ingest.byte_words import (
    ISO_BYTES,
    WORD_BYTES,
    bytes_before,
    epoch_seconds,
    first_bytes,
    iso_seconds,
    numbers,
    words_of,
)
from warnstream.ingest.speakers import ANY
from warnstream.model.arrays import BoolArray, Float64Array, Int32Array, Int64Array, UInt64Array
from warnstream.model.messages import PAD_BYTES, MessageColumns
from warnstream.model.observations.readings import VARIABLE_OF_WORD, ReadingBatch, batch_of, concatenate

BATCH_MIN = 64
"""Fewer messages are read faster one by one."""

FORMS_MAX = 16
LEARNT_MAX = 4
"""Forms that one batch may teach; each is tried on what is left."""

STATION_BYTES_MAX = 15
"""Longer station codes are left to the other decoders."""

_EPOCH_BYTES = 10
_VALUE = re.compile(
    rb'([{,][ \t\r\n]*"([a-z_]{1,32})"[ \t\r\n]*:[ \t\r\n]*)'
    rb'("[^"\\\x00-\x1f\x7f-\xff]*"|-?[0-9][0-9.]*)[ \t\r\n]*'
)
_TIME = re.compile(rb'"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:Z|[+-][0-9]{2}:[0-9]{2})"')
_SEQUENCE = "sequence"


class _Kind(Enum):
    STATION = "station"
    ISO = "iso"
    EPOCH = "epoch"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class _Text:
    """A piece of text between values: words that stand at places of it, and which of their bits count."""

    n_bytes: int
    words: tuple[tuple[int, np.uint64, np.uint64], ...]
    first: int

    def fits(self, words: UInt64Array, at: Int64Array) -> BoolArray:
        """Where the text stands at these places, shape (n,)."""
        _, expected, mask = self.words[0]
        differs = (words[at] ^ expected) & mask
        last = len(words) - 1
        for offset, expected, _ in self.words[1:]:
            place = at + offset if offset <= WORD_BYTES else np.minimum(at + offset, last)
            differs |= words[place] ^ expected
        fitting: BoolArray = differs == 0
        return fitting


@dataclass(frozen=True, slots=True)
class _Form:
    """Pieces of text, each before the value of its kind; the last before the end.

    Attributes
    ----------
    variables : tuple of int
        Code of every number's variable in the order of the text; -1 for a number that is none's.
    offset_s : int
        What the times are ahead of UTC.
    """

    texts: tuple[_Text, ...]
    kinds: tuple[_Kind, ...]
    variables: tuple[int, ...]
    offset_s: int


@dataclass(slots=True)
class _Walk:
    """Messages on their way through a form, and what was met so far; arrays of one length."""

    row: Int64Array
    at: Int64Array
    end: Int64Array
    station: list[UInt64Array]
    time_s: Int64Array
    number: list[UInt64Array]
    n_bytes: list[Int64Array]

    def keep(self, good: BoolArray) -> None:
        """Go on with some of them."""
        self.row, self.at, self.end = self.row[good], self.at[good], self.end[good]
        self.time_s = self.time_s[good]
        for arrays in (self.station, self.number, self.n_bytes):
            arrays[:] = [array[good] for array in arrays]  # type: ignore[misc]  # each list keeps its kind


class FlatForms:
    """Decodes flat JSON of whole batches.

    Parameters
    ----------
    index_of_code : mapping of str to int
        Stations by code.
    parse_time : callable
        Seconds of a time as written; ValueError for what is none.
    is_taken : callable
        Whether the other quick decoder takes a message as it is; only from such ones a form is learnt.
    bytes_max : int
        Longer messages are left to the other decoders.
    """

    def __init__(
        self,
        index_of_code: Mapping[str, int],
        parse_time: Callable[[object], int],
        is_taken: Callable[[bytes], bool],
        bytes_max: int,
    ) -> None:
        self._codes = _Codes(index_of_code)
        self._parse_time = parse_time
        self._is_taken = is_taken
        self._bytes_max = bytes_max
        self._forms: list[_Form] = []

    def decode(
        self, messages: MessageColumns, speakers: Int32Array
    ) -> tuple[ReadingBatch, Int64Array, Int64Array]:
        """Readings, message by message and in the order of `Variable` within an observation.

        Parameters
        ----------
        messages : MessageColumns
        speakers : Int32Array, shape (n_messages,)
            The only station that each message may speak of, or `ANY`.

        Returns
        -------
        readings : ReadingBatch
        message : Int64Array, shape (n_readings,)
            The message that each reading came in.
        left : Int64Array
            Messages of which nothing was taken, ascending: the other decoders must look at them.
        """
        # Invariant: every byte of a message that is taken is accounted for, so the explaining decoder would
        # take it, too, and read the same. Why side by side: decoding is 0.59 of the 2.06 µs of a message
        # (RESULTS, `bench_message`), where objects were most of nine. Rejected (decision 18): numba; numbers
        # of more than seven characters, whose nearest double a division does not always give.
        words = words_of(messages.content)
        size = messages.end - messages.begin
        # Sixteen bytes are read from places up to the end of a message.
        is_open = (size <= self._bytes_max) & (messages.end <= len(messages.content) - PAD_BYTES)
        found: list[tuple[ReadingBatch, Int64Array]] = []
        counts = [self._take(form, words, messages, speakers, is_open, found) for form in self._forms]
        for _ in range(LEARNT_MAX):
            left = np.flatnonzero(is_open)
            if len(left) < BATCH_MIN:
                break
            example = int(left[len(left) // 2])
            learnt = self._learn(messages.payload(example))
            if learnt is None or learnt in self._forms:
                is_open[example] = False
                continue
            self._forms.append(learnt)
            counts.append(self._take(learnt, words, messages, speakers, is_open, found))
        order = sorted(range(len(counts)), key=lambda number: -counts[number])
        self._forms = [self._forms[number] for number in order[:FORMS_MAX]]
        return *_in_order(found), _without(found, len(messages))

    def _take(
        self,
        form: _Form,
        words: UInt64Array,
        messages: MessageColumns,
        speakers: Int32Array,
        is_open: BoolArray,
        found: list[tuple[ReadingBatch, Int64Array]],
    ) -> int:
        """What is of one form: into `found`, and no longer open; returns how many messages."""
        rows = np.flatnonzero(is_open)
        if len(rows) == 0:
            return 0
        begin, end = messages.begin[rows].astype(np.int64), messages.end[rows].astype(np.int64)
        walk = _walk(form, words, _Walk(rows, begin, end, [], np.zeros(len(rows), np.int64), [], []))
        speaker = speakers[walk.row]
        station, is_good = self._codes.find(walk.station[0], walk.station[1], speaker)
        value, is_plain = numbers(np.stack(walk.number), np.stack(walk.n_bytes))
        is_good &= is_plain.all(axis=0) & (walk.time_s >= 0)
        if not is_good.all():
            walk.keep(is_good)
            station, value = station[is_good], value[:, is_good]
        is_open[walk.row] = False
        if len(walk.row):
            found.append(_readings(form, walk, station, value))
        return len(walk.row)

    def _learn(self, payload: bytes) -> _Form | None:
        """The form of a message; None if there is none that could be walked through."""
        if not self._is_taken(payload):
            return None
        parts = _parts(payload)
        if parts is None:
            return None
        texts, names, values = parts
        kinds, variables, offset_s = [], [], 0
        for name, value in zip(names, values, strict=True):
            if name == "station":
                kinds.append(_Kind.STATION)
            elif name == "time":
                iso = _TIME.fullmatch(value)
                if iso is not None:
                    plain = self._parse_time(f"{iso[1].decode()}Z")
                    offset_s = plain - self._parse_time(value[1:-1].decode())
                elif len(value) != _EPOCH_BYTES or not value.isdigit():
                    return None
                kinds.append(_Kind.EPOCH if iso is None else _Kind.ISO)
            else:
                kinds.append(_Kind.NUMBER)
                variables.append(int(VARIABLE_OF_WORD[name]) if name in VARIABLE_OF_WORD else -1)
        return _Form(tuple(map(_text, texts)), tuple(kinds), tuple(variables), offset_s)


class _Codes:
    """Station numbers of codes written as two words, the last byte of which is the code's length."""

    def __init__(self, index_of_code: Mapping[str, int]) -> None:
        n = max(index_of_code.values(), default=-1) + 1
        self._first: UInt64Array = np.zeros(n, dtype=np.uint64)
        self._second: UInt64Array = np.zeros(n, dtype=np.uint64)
        for code, index in index_of_code.items():
            # Only what stands in JSON as it is.
            if code.isascii() and code.isprintable() and not set(code) & {'"', "\\"}:
                text = code.encode()
                if 0 < len(text) <= STATION_BYTES_MAX:
                    words = text.ljust(2 * WORD_BYTES - 1, b"\0") + bytes((len(text),))
                    self._first[index] = int.from_bytes(words[:WORD_BYTES], "little")
                    self._second[index] = int.from_bytes(words[WORD_BYTES:], "little")
        mixed = _mix(self._first, self._second)
        self._station = np.argsort(mixed, kind="stable").astype(np.int32)
        self._mixed = mixed[self._station]

    def find(
        self, first: UInt64Array, second: UInt64Array, speaker: Int32Array
    ) -> tuple[Int32Array, BoolArray]:
        """Number of each station, and whether it is known and its message may speak of it; shape (n,)."""
        station = speaker.astype(np.int32)
        if len(self._mixed) == 0:
            return station, np.zeros(len(station), dtype=np.bool_)
        free = np.flatnonzero(speaker == ANY)
        if len(free):
            place = np.searchsorted(self._mixed, _mix(first[free], second[free]))
            station[free] = self._station[np.minimum(place, len(self._mixed) - 1)]
        place = np.maximum(station, 0)
        is_good = (station >= 0) & (first != 0) & (self._first[place] == first)
        return station, is_good & (self._second[place] == second)


def _mix(first: UInt64Array, second: UInt64Array) -> UInt64Array:
    """One word of two; whether it is that station is looked at afterwards."""
    return first * np.uint64(0x9E3779B97F4A7C15) ^ second


def _walk(form: _Form, words: UInt64Array, walk: _Walk) -> _Walk:
    """Those of the messages that have the form's texts from their beginning to their end."""
    for text, kind, following in zip(form.texts[:-1], form.kinds, form.texts[1:], strict=True):
        fits = text.fits(words, np.minimum(walk.at, walk.end))
        if not fits.all():
            walk.keep(fits)
        at = walk.at + text.n_bytes
        # No place behind the message is ever looked at: there the next text does not fit.
        at = np.minimum(at, walk.end)
        if kind is _Kind.STATION:
            first, second = words[at], words[at + WORD_BYTES]
            n_first = bytes_before(first, ord('"'))
            n_second = np.where(n_first < WORD_BYTES, 0, bytes_before(second, ord('"')))
            n_bytes = n_first + n_second
            length = n_bytes.astype(np.uint64) << np.uint64(56)
            # A code of sixteen bytes is nobody's: its last byte would have to be its length.
            walk.station = [first_bytes(first, n_first), first_bytes(second, n_second) | length]
        elif kind is _Kind.ISO:
            far = np.minimum(at + 2 * WORD_BYTES, walk.end)
            walk.time_s, is_time = iso_seconds(words[at], words[at + WORD_BYTES], words[far])
            walk.time_s -= form.offset_s
            n_bytes = np.full(len(at), ISO_BYTES)
            n_bytes[~is_time] = len(words)  # nothing fits there
        elif kind is _Kind.EPOCH:
            walk.time_s, is_time = epoch_seconds(words[at], words[at + WORD_BYTES])
            n_bytes = np.full(len(at), _EPOCH_BYTES)
            n_bytes[~is_time] = len(words)
        else:
            word = words[at]
            n_bytes = bytes_before(word, following.first)
            walk.number.append(word)
            walk.n_bytes.append(n_bytes)
        walk.at = at + n_bytes
    last = form.texts[-1]
    walk.keep(last.fits(words, np.minimum(walk.at, walk.end)) & (walk.at + last.n_bytes == walk.end))
    return walk


def _readings(
    form: _Form, walk: _Walk, station: Int32Array, value: Float64Array
) -> tuple[ReadingBatch, Int64Array]:
    """One row per number that is a variable's."""
    variable = np.array(form.variables, dtype=np.int64)
    order = np.argsort(variable, kind="stable")
    order = order[variable[order] >= 0]
    n_messages, n_values = len(walk.row), len(order)
    readings = batch_of(
        np.repeat(station, n_values),
        np.tile(variable[order].astype(np.uint8), n_messages),
        np.repeat(walk.time_s, n_values),
        np.ascontiguousarray(value[order].T).ravel(),
    )
    return readings, np.repeat(walk.row, n_values)


def _in_order(found: Sequence[tuple[ReadingBatch, Int64Array]]) -> tuple[ReadingBatch, Int64Array]:
    """Readings of several forms in the order of their messages."""
    if len(found) == 1:
        return found[0]
    readings = concatenate([batch for batch, _ in found])
    message = np.concatenate([np.zeros(0, dtype=np.int64), *(rows for _, rows in found)])
    order = np.argsort(message, kind="stable")
    return readings.select(order), message[order]


def _without(found: Sequence[tuple[ReadingBatch, Int64Array]], n_messages: int) -> Int64Array:
    """Messages that gave no reading."""
    is_left = np.ones(n_messages, dtype=np.bool_)
    for _, rows in found:
        is_left[rows] = False
    return np.flatnonzero(is_left)


def _parts(payload: bytes) -> tuple[list[bytes], list[str], list[bytes]] | None:
    """Texts between the values, names and values of an observation; None if it has no form."""
    texts, names, values = [], [], []
    at, value_end = 0, 0
    while (match := _VALUE.match(payload, at)) is not None:
        if (match[1][:1] == b"{") != (at == 0):
            return None
        is_text = match[3][:1] == b'"'
        name = match[2].decode()
        if is_text != (name in {"station", "time"}) and not (name == "time" and not is_text):
            return None
        # Quotes belong to the texts around, and so does the zone of a time.
        texts.append(payload[value_end : match.start(3) + is_text])
        names.append(name)
        values.append(match[3])
        value_end, at = match.end(3) - is_text, match.end()
        if name == "time" and is_text:
            value_end = match.start(3) + 1 + ISO_BYTES
    known = {"station", "time", _SEQUENCE, *VARIABLE_OF_WORD}
    is_whole = bool(names) and payload[at:].strip(b" \t\r\n") == b"}"
    if not is_whole or len(set(names)) < len(names) or not {"station", "time"} <= set(names) <= known:
        return None
    if not set(names) & set(VARIABLE_OF_WORD):
        return None
    return [*texts, payload[value_end:]], names, values


def _text(text: bytes) -> _Text:
    if len(text) < WORD_BYTES:
        mask = (1 << 8 * len(text)) - 1
        words = [(0, int.from_bytes(text, "little"), mask)]
    else:
        places = [*range(0, len(text) - WORD_BYTES, WORD_BYTES), len(text) - WORD_BYTES]
        every = (1 << 64) - 1
        words = [
            (place, int.from_bytes(text[place : place + WORD_BYTES], "little"), every) for place in places
        ]
    return _Text(
        len(text),
        tuple((place, np.uint64(word), np.uint64(mask)) for place, word, mask in words),
        text[0],
    )
