"""SenML packs (RFC 8428), JSON and CBOR -> columns of readings.

A record's name is base name and name together. It is a station's identity
followed by a variable: ``urn:dev:mac:0024befffe804ff1:rain`` is variable
``rain`` of station ``urn:dev:mac:0024befffe804ff1``.

Times below 2**28 are relative to now, which here is the time of the engine's
last step, so that a replay gives the same. A message that is delivered twice
then has two times: amounts of rain, which would be counted twice, are refused
with such a time; counters and stages are taken.

Records of text, flags and data (``vs``, ``vb``, ``vd``) are passed over. A unit in the
record must be one that can become the variable's own. A record whose own value or time is none is
refused by itself; where a base value is none, what follows it means nothing and is refused.

CBOR may describe itself (tag 55799) and write numbers as decimal fractions (tag 4), bigfloats,
fractions and times.

Limit: `RECORDS_MAX` records in one pack.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import cbor2
import msgspec

from warnstream.ingest.flat_json.json_text import DEPTH_MAX, read_json
from warnstream.ingest.names import (
    CACHED_CHARACTERS_MAX,
    EPOCH_S_MAX,
    Decoded,
    Names,
    RawMessage,
    Rows,
    exercise_mark,
    in_own_unit,
    is_error_value,
    is_finite,
    refuse_if_too_large,
    shown,
)
from warnstream.model.network import Stations
from warnstream.model.observations.decoders import DecoderRule, VariableMapping
from warnstream.model.observations.readings import Variable
from warnstream.model.observations.refusals import RefusalReason

RECORDS_MAX = 10_000
RELATIVE_BELOW_S = 2**28
"""Times below it are relative to now (RFC 8428, section 4.5.3)."""

VERSION = 10
_LABEL_OF_CBOR = {
    -1: "bver", -2: "bn", -3: "bt", -4: "bu", -5: "bv", -6: "bs",
    0: "n", 1: "u", 2: "v", 3: "vs", 4: "vb", 5: "s", 6: "t", 7: "ut", 8: "vd",
}  # fmt: skip
"""CBOR labels of RFC 8428, table 6."""

_SEPARATORS = ":/_.-"
_TEXTS = frozenset({"bn", "n", "bu", "u"})


class PackError(Exception):
    """A pack that does not follow RFC 8428."""


@dataclass(frozen=True, slots=True)
class Record:
    """A resolved record: no base fields; `value` is None for text, flags and data, and with a `fault`."""

    name: str
    unit: str | None
    time_s: float
    value: float | None
    fault: str = ""
    reason: RefusalReason = RefusalReason.WRONG_SHAPE


@dataclass(slots=True)
class Moment:
    """The engine's time while messages are decoded; -1 before the first step."""

    now_s: int = -1


class SenmlDecoder:
    """Decodes SenML for one network's stations; `moment` is what relative times count from."""

    def __init__(
        self, stations: Stations, rule: DecoderRule, moment: Moment, *, takes_exercises: bool = False
    ) -> None:
        self._moment = moment
        self._takes_exercises = takes_exercises
        self._names = Names(stations, rule)
        self._is_cbor = rule.format == "senml_cbor"
        # The longest name first: `rain_total` is not a `total` of station `…rain`.
        self._words = sorted(self._names.variables, key=len, reverse=True)
        self._parts_of_name: dict[str, tuple[int, VariableMapping] | str] = {}

    def decode(self, messages: Sequence[RawMessage]) -> Decoded:
        """Readings of all messages, in order; never raises for what a message contains."""
        rows = Rows()
        for message in messages:
            self.take(message, rows)
        return rows.decoded()

    def take(self, message: RawMessage, rows: Rows) -> None:
        """Add the readings of one message, and what must be kept aside."""
        rows.begin(message)
        too_large = refuse_if_too_large(message)
        if too_large is not None:
            rows.refusals.add(too_large)
            return
        try:
            pack, unread = self._read(message.payload)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            rows.refuse(RefusalReason.NOT_JSON, str(error), message)
            return
        except PackError as error:
            rows.refuse(RefusalReason.NOT_CBOR, str(error), message)
            return
        if unread:
            rows.refuse(RefusalReason.WRONG_SHAPE, f"not read: {unread}", message)
        mark = _mark_in(pack)
        if mark is not None and not self._takes_exercises:
            rows.refuse(RefusalReason.EXERCISE, f"marked as {mark}, and this node warns for real", message)
            return
        try:
            records = resolve(pack)
        except PackError as error:
            rows.refuse(RefusalReason.WRONG_SHAPE, str(error), message)
            return
        if all(record.value is None and not record.fault for record in records):
            rows.carries_none()
        for record in records:
            self._take_record(record, message, rows)

    def _read(self, payload: bytes) -> tuple[object, str]:
        """The pack, and what around it is not read."""
        if not self._is_cbor:
            return read_json(payload)
        pack, left = read_cbor(payload)
        return pack, f"{left} bytes behind the pack" if left else ""

    def _take_record(self, record: Record, message: RawMessage, rows: Rows) -> None:
        if record.fault:
            rows.refuse(record.reason, f"{record.name!r:.80}: {record.fault}", message)
        if record.value is None:
            return
        parts = self._parts(record.name)
        if isinstance(parts, str):
            known = any(record.name.endswith(word) for word in self._words)
            reason = RefusalReason.UNKNOWN_STATION if known else RefusalReason.UNKNOWN_VARIABLE
            rows.refuse(reason, parts, message)
            return
        station, mapping = parts
        observed_at_s = self._absolute(record.time_s, mapping)
        if observed_at_s is None:
            detail = f"time {record.time_s:g} of {record.name!r:.80}: expected an absolute base time"
            rows.refuse(RefusalReason.BAD_TIME, detail, message)
            return
        if is_error_value(mapping, record.value):
            detail = f"{record.name!r:.80} {record.value:g} is declared an error value"
            rows.refuse(RefusalReason.ERROR_VALUE, detail, message)
            return
        value = in_own_unit(mapping, record.unit, record.value)
        if value is not None and not is_finite(value):
            detail = f"{record.name!r:.80} {record.value:g} is too great"
            rows.refuse(RefusalReason.BAD_VALUE, detail, message)
        elif value is None:
            detail = f"{record.name!r:.80} in {record.unit!r:.40}"
            rows.refuse(RefusalReason.WRONG_UNIT, detail, message)
        else:
            interval_s = mapping.interval_s if mapping.variable is Variable.RAIN else 0
            rows.add(station, int(mapping.variable), observed_at_s, value, interval_s)

    def _absolute(self, time_s: float, mapping: VariableMapping) -> int | None:
        """Seconds UTC; None if it cannot be known, or would differ at a second delivery."""
        if RELATIVE_BELOW_S <= time_s < EPOCH_S_MAX:
            return int(time_s)
        is_relative = abs(time_s) < RELATIVE_BELOW_S
        if not is_relative or self._moment.now_s < 0 or mapping.variable is Variable.RAIN:
            return None
        return self._moment.now_s + int(time_s)

    def _parts(self, name: str) -> tuple[int, VariableMapping] | str:
        known = self._parts_of_name.get(name)
        if known is None:
            known = self._split(name)
            if len(self._parts_of_name) >= RECORDS_MAX:
                self._parts_of_name.clear()
            if len(name) <= CACHED_CHARACTERS_MAX:
                self._parts_of_name[name] = known
        return known

    def _split(self, name: str) -> tuple[int, VariableMapping] | str:
        """Station and variable of a name, or what is wrong with it."""
        for word in self._words:
            head = name.removesuffix(word)
            if head == name or not (head and head[-1] in _SEPARATORS):
                continue
            station = self._names.station(head[:-1])
            if station is None:
                station = self._names.station(head)
            if station is not None:
                return station, self._names.variables[word]
        return f"{name!r:.120} does not end in a station's identity and a variable"


def read_cbor(payload: bytes) -> tuple[object, int]:
    """A CBOR pack with the labels of JSON, and how many bytes stand behind it.

    Raises
    ------
    PackError
        If no CBOR item stands there.
    """
    try:
        stream = io.BytesIO(payload)
        pack = cbor2.CBORDecoder(stream, max_depth=DEPTH_MAX).decode()
    except Exception as error:  # noqa: BLE001  # hostile input raises more than the library's own errors
        raise PackError(f"{type(error).__name__}: {error}") from None
    left = len(payload) - stream.tell()
    if not isinstance(pack, list | tuple):
        return pack, left
    return [_with_labels(item) if isinstance(item, Mapping) else item for item in pack], left


def _with_labels(item: Mapping[object, object]) -> dict[object, object]:
    return {
        _LABEL_OF_CBOR.get(label, label) if type(label) is int else label: _plain(value)
        for label, value in item.items()
    }


def _plain(value: object) -> object:
    """Numbers and times of CBOR's tags as JSON would have them."""
    seconds = getattr(value, "timestamp", None)  # a time of the CBOR library, which knows its zone
    if seconds is not None:
        return seconds()
    return float(value) if isinstance(value, Decimal | Fraction) else value


def _mark_in(pack: object) -> str | None:
    """The mark of an exercise in any record of a pack."""
    items = pack if isinstance(pack, list) else []
    marks = (exercise_mark(item) for item in items if isinstance(item, Mapping))
    return next((mark for mark in marks if mark is not None), None)


def resolve(pack: object) -> list[Record]:
    """Records without base fields (RFC 8428, section 4.6); times as they come, relative ones too.

    Behind a base field that is none nothing is read: the last record names it.

    Raises
    ------
    PackError
        If the pack does not follow the RFC.
    """
    if not isinstance(pack, list) or not pack:
        raise PackError("expected an array of records")
    if len(pack) > RECORDS_MAX:
        raise PackError(f"{len(pack)} records, expected at most {RECORDS_MAX}")
    for item in pack:
        if not isinstance(item, Mapping):
            raise PackError(f"expected a record, got {type(item).__name__}")
        _check_labels(item)
    base: dict[str, object] = {}
    records: list[Record] = []
    for item in pack:
        base.update({key: item[key] for key in ("bn", "bt", "bu", "bv", "bs") if key in item})
        fault = _fault_of(item, ("bn", "bt", "bu", "bv", "bs"))
        if fault:
            return [*records, Record("", None, 0, None, f"{fault}, nothing from here on is read")]
        record = _record(item, base)
        if record is not None:
            records.append(record)
    return records


def _check_labels(item: Mapping[object, object]) -> None:
    version = item.get("bver", VERSION)
    if not isinstance(version, int) or version > VERSION:
        raise PackError(f"version {shown(version)}, expected at most {VERSION}")
    for label in item:
        if not isinstance(label, str) or label.endswith("_"):
            raise PackError(f"field {shown(label)} must be understood and is not")


def _fault_of(item: Mapping[Any, object], labels: tuple[str, ...]) -> str:
    """What is wrong with the values under some labels; empty if nothing."""
    for key in labels:
        if key not in item:
            continue
        value = item[key]
        if key in _TEXTS:
            if not isinstance(value, str):
                return f"{key} is not text"
        elif isinstance(value, bool) or not isinstance(value, int | float) or not is_finite(value):
            return f"{key} {shown(value)} is not a number"
    return ""


def _record(item: Mapping[str, object], base: Mapping[str, object]) -> Record | None:
    values = sum(key in item for key in ("v", "vs", "vb", "vd"))
    has_base_value = "bv" in base
    is_base = "s" in item or "bs" in item or set(item) <= {"bn", "bt", "bu", "bv", "bs", "bver"}
    if values == 0 and not has_base_value and is_base:
        return None
    fault = _fault_of(item, ("n", "u"))
    if fault:
        return Record(str(base.get("bn", "")), None, 0, None, fault)
    name = f"{base.get('bn', '')}{item.get('n', '')}"
    fault = _fault_of(item, ("v", "s", "t", "ut"))
    if fault:
        return Record(name, None, 0, None, fault, RefusalReason.BAD_VALUE)
    if values > 1:
        fault = "expected one value in a record"
    elif values == 0 and not has_base_value:
        fault = "expected a value in every record"
    elif not name:
        fault = "a record has no name"
    if fault:
        return Record(name, None, 0, None, fault)
    is_number = "v" in item or values == 0
    return Record(
        name=name,
        unit=str(item["u"]) if "u" in item else (str(base["bu"]) if "bu" in base else None),
        time_s=_number(base.get("bt", 0)) + _number(item.get("t", 0)),
        value=_number(base.get("bv", 0)) + _number(item.get("v", 0)) if is_number else None,
    )


def _number(value: object) -> float:
    assert isinstance(value, int | float)
    return float(value)
