"""Uplinks of LoRaWAN network servers -> columns of readings.

ChirpStack 3 and 4, The Things Stack 3, ThingPark (Actility), Helium and LORIOT.
The network server runs the sensor's codec; its decoded object is what is read
here. Members that ``variables:`` names are readings, also within inner objects
(``rain.total``); our own words count without being named, everything else in the object is passed over.
An object of which nothing is read is refused, and so is a list of past observations within it.

The device (devEUI, device id or name) is the station. The time is the one that the
uplink tells; where that cannot be (a gateway without a clock) it is the
network server's, and where there is none either, that of the engine's last step, except
for amounts of rain, which a second delivery would count twice.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from warnstream.ingest.flat_json.json_text import read_json
from warnstream.ingest.names import (
    EPOCH_S_MAX,
    Decoded,
    Names,
    RawMessage,
    Rows,
    exercise_mark,
    listed,
    observed_at,
    refuse_if_too_large,
    shown,
)
from warnstream.ingest.senml import Moment
from warnstream.model.network import Stations
from warnstream.model.observations.decoders import DecoderRule
from warnstream.model.observations.readings import Variable
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.times import DAY_S, MINUTE_S

DEPTH_MAX = 4
"""Inner objects of a decoded object that are looked into."""

BEFORE_SERVER_S_MAX = DAY_S
"""A gateway that was cut off delivers that much later at most; an older time is a clock never set."""

AFTER_SERVER_S_MAX = MINUTE_S
"""A gateway's clock may be that much ahead of its network server's."""

_EUI_BASE64_LENGTH = 12
_NUMBER_LENGTH_MAX = 30
_NANOSECONDS_MAX = EPOCH_S_MAX * 1e9


class Uplink(NamedTuple):
    """What an uplink says, whichever network server sends it.

    `time` may be a gateway's, `server_time` is not; both as they came. `marked` are the
    parts of the message that may mark it as a test.
    """

    identities: list[object]
    time: object
    server_time: object
    decoded: object
    marked: list[object]


class UplinkDecoder:
    """Decodes uplinks for one network's stations; `moment` is the time of those that tell none."""

    def __init__(
        self,
        stations: Stations,
        rule: DecoderRule,
        moment: Moment | None = None,
        *,
        takes_exercises: bool = False,
    ) -> None:
        self._names = Names(stations, rule)
        self._uplink_of = _UPLINKS[rule.format]
        self._moment = moment or Moment()
        self._takes_exercises = takes_exercises

    def decode(self, messages: Sequence[RawMessage]) -> Decoded:
        """Readings of all messages, in order; never raises for what a message contains."""
        rows = Rows()
        for message in messages:
            rows.begin(message)
            too_large = refuse_if_too_large(message)
            if too_large is not None:
                rows.refusals.add(too_large)
                continue
            try:
                content, unread = read_json(message.payload)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                rows.refuse(RefusalReason.NOT_JSON, str(error), message)
                continue
            if unread:
                rows.refuse(RefusalReason.NOT_JSON, f"not read: {unread}", message)
            for item in content if isinstance(content, list) and content else [content]:
                self._take(self._uplink_of(item), message, rows)
        return rows.decoded()

    def _take(self, uplink: Uplink, message: RawMessage, rows: Rows) -> None:
        if not isinstance(uplink.decoded, Mapping):
            detail = "the uplink has no decoded object: give the device a codec at the network server"
            rows.refuse(RefusalReason.WRONG_SHAPE, detail, message)
            return
        station = self._station_of(uplink)
        if station is None:
            there = " or ".join(shown(identity) for identity in uplink.identities)
            rows.refuse(RefusalReason.UNKNOWN_STATION, f"device {there} is no station", message)
            return
        marks = (exercise_mark(part) for part in uplink.marked if isinstance(part, Mapping))
        mark = next((mark for mark in marks if mark is not None), None)
        if mark is not None and not self._takes_exercises:
            rows.refuse(RefusalReason.EXERCISE, f"marked as {mark}, and this node warns for real", message)
            return
        try:
            observed_at_s = time_of(uplink.time, uplink.server_time)
            if observed_at_s is None and self._moment.now_s < 0:
                raise ValueError("the uplink tells no time")  # noqa: TRY301  # one refusal
        except ValueError as error:
            rows.refuse(RefusalReason.BAD_TIME, str(error), message)
            return
        self._take_members(uplink.decoded, station, observed_at_s, message, rows)

    def _station_of(self, uplink: Uplink) -> int | None:
        found = (self._names.station(name) for identity in uplink.identities for name in _spellings(identity))
        return next((number for number in found if number is not None), None)

    def _take_members(
        self,
        decoded: Mapping[str, object],
        station: int,
        observed_at_s: int | None,
        message: RawMessage,
        rows: Rows,
    ) -> None:
        members = list(members_of(decoded, "", DEPTH_MAX))
        known = [(word, value) for word, value in members if word in self._names.variables]
        if known and all(value is None for _, value in known):
            rows.carries_none()
        elif not known:
            looked_for = ", ".join(self._names.mapped or self._names.variables)
            there = listed(word for word, _ in members)
            rows.looked_for(f"looked for {looked_for}; there is {there}")
        for word, value in known:
            if value is not None:
                self._take_value(word, value, station, observed_at_s, message, rows)
        for word, value in members:
            if self._is_past(value):
                detail = f"{word:.80} lists observations of their own: format json reads them (observations)"
                rows.refuse(RefusalReason.WRONG_SHAPE, detail, message)

    def _take_value(
        self, word: str, value: object, station: int, at_s: int | None, message: RawMessage, rows: Rows
    ) -> None:
        """One value; without a time of its own it is dated by the engine, which an amount cannot be."""
        if at_s is None:
            if self._names.variables[word].variable in (Variable.RAIN, Variable.RAIN_TIP):
                detail = f"{word:.80}: the uplink tells no time, and an amount needs one"
                rows.refuse(RefusalReason.BAD_TIME, detail, message)
                return
            at_s = self._moment.now_s
        rows.add_number(self._names, station, word, at_s, value, message)

    def _is_past(self, value: object) -> bool:
        """Whether a member is a list of observations."""
        return isinstance(value, list) and any(
            isinstance(item, Mapping) and not self._names.variables.keys().isdisjoint(item) for item in value
        )


def time_of(time: object, server_time: object) -> int | None:
    """Seconds UTC of an uplink: its own time where that can be, else its server's; None if there is none.

    Raises
    ------
    ValueError
        If a time is there and none is one.
    """
    told, told_fault = _seconds(time)
    server, server_fault = _seconds(server_time)
    if told is None and server is None:
        if told_fault or server_fault:
            raise ValueError(told_fault or server_fault)
        return None
    if told is None or server is None:
        return server if told is None else told
    is_possible = server - BEFORE_SERVER_S_MAX <= told <= server + AFTER_SERVER_S_MAX
    return told if is_possible else server


def _seconds(time: object) -> tuple[int | None, str]:
    """Seconds UTC of a time as it came: ISO 8601, or seconds, milli-, micro- or nanoseconds since 1970."""
    if time is None:
        return None, ""
    if isinstance(time, str) and not time.isdecimal():
        try:
            return observed_at(time), ""
        except ValueError as error:
            return None, str(error)
    is_number = isinstance(time, int | float | str) and not isinstance(time, bool)
    if is_number and len(str(time)) <= _NUMBER_LENGTH_MAX:
        number = float(time)  # type: ignore[arg-type]  # text is digits
        while EPOCH_S_MAX <= number < _NANOSECONDS_MAX:
            number /= 1000
        if 0 <= number < EPOCH_S_MAX:
            return int(number), ""
    return None, f"time {shown(time)} is neither ISO 8601 text nor a number since 1970"


def _spellings(identity: object) -> Iterator[str]:
    """Ways in which a station may be named by an identity: EUIs in both cases, or out of base64."""
    if not isinstance(identity, str):
        return
    yield from (identity, identity.lower(), identity.upper())
    if len(identity) == _EUI_BASE64_LENGTH and identity.endswith("="):
        try:
            eui = base64.b64decode(identity, validate=True).hex()
        except (binascii.Error, ValueError):
            return
        yield from (eui, eui.upper())


def members_of(part: Mapping[str, object], head: str, depth: int) -> Iterator[tuple[str, object]]:
    """Members of an object, those of inner objects with dots, down to a depth."""
    for name, value in part.items():
        if not isinstance(value, Mapping):
            yield f"{head}{name}", value
        elif depth > 1:
            yield from members_of(value, f"{head}{name}.", depth - 1)


def _inner(content: object, *path: str) -> object:
    for name in path:
        if not isinstance(content, Mapping):
            return None
        content = content.get(name)
    return content


def _receptions(content: object) -> list[object]:
    found = _inner(content, "rxInfo")
    return found if isinstance(found, list) else []


def _first(values: Sequence[object]) -> object:
    return next((value for value in values if value is not None), None)


def _chirpstack(content: object) -> Uplink:
    """ChirpStack 4, and 3 with its JSON or protobuf JSON (``application/+/device/+/event/up``)."""
    receptions = _receptions(content)
    server = [_inner(reception, "nsTime") for reception in receptions]
    if _inner(content, "deviceInfo") is None and _inner(content, "devEUI") is not None:
        decoded = _inner(content, "object")
        text = _inner(content, "objectJSON")
        if decoded is None and isinstance(text, str):
            try:
                decoded = read_json(text.encode("utf-8", "replace"))[0]
            except (msgspec.DecodeError, UnicodeDecodeError):
                decoded = None
        return Uplink(
            [_inner(content, "devEUI"), _inner(content, "deviceName")],
            _first([_inner(reception, "time") for reception in receptions]),
            _inner(content, "publishedAt"),
            decoded,
            [content, decoded, _inner(content, "tags")],
        )
    return Uplink(
        [_inner(content, "deviceInfo", "devEui"), _inner(content, "deviceInfo", "deviceName")],
        _inner(content, "time"),
        _first(server),
        _inner(content, "object"),
        [content, _inner(content, "object"), _inner(content, "deviceInfo", "tags")],
    )


def _the_things_stack(content: object) -> Uplink:
    """The Things Stack 3 (``v3/+/devices/+/up``); both times are servers'."""
    ids, uplink = _inner(content, "end_device_ids"), _inner(content, "uplink_message")
    decoded = _inner(uplink, "decoded_payload")
    return Uplink(
        [_inner(ids, "dev_eui"), _inner(ids, "device_id")],
        _inner(uplink, "received_at"),
        _inner(content, "received_at"),
        decoded,
        [content, uplink, decoded, _inner(uplink, "attributes")],
    )


def _actility(content: object) -> Uplink:
    """ThingPark with a driver's decoded payload."""
    uplink = _inner(content, "DevEUI_uplink") or content
    decoded = _inner(uplink, "payload")
    identities = [_inner(uplink, "DevEUI"), _inner(uplink, "CustomerData", "name")]
    return Uplink(identities, _inner(uplink, "Time"), None, decoded, [content, uplink, decoded])


def _helium(content: object) -> Uplink:
    """Helium's console; its decoders give an object, or a list of names and values."""
    decoded = _inner(content, "decoded", "payload")
    if isinstance(decoded, list):
        decoded = {str(_inner(member, "name")): _inner(member, "value") for member in decoded}
    identities = [_inner(content, "dev_eui"), _inner(content, "name")]
    return Uplink(identities, _inner(content, "reported_at"), None, decoded, [content, decoded])


def _loriot(content: object) -> Uplink:
    """LORIOT with a decoder; its time is in milliseconds."""
    decoded = _inner(content, "decoded", "data") or _inner(content, "decoded")
    return Uplink([_inner(content, "EUI")], _inner(content, "ts"), None, decoded, [content, decoded])


_UPLINKS = {
    "chirpstack": _chirpstack,
    "the_things_stack": _the_things_stack,
    "actility": _actility,
    "helium": _helium,
    "loriot": _loriot,
}

UPLINK_FORMATS = tuple(_UPLINKS)
"""Formats that are read here."""
