"""Uplinks of LoRaWAN network servers -> columns of readings: ChirpStack 4 and The Things Stack 3.

The network server runs the sensor's codec; its decoded object is what is read
here. Members that ``variables:`` names are readings, also within inner objects
(``rain.total``); our own words count without being named, everything else in the object is passed over.
The device (devEUI or device id) is the station, the time is the server's.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from warnstream.ingest.flat_json.json_text import decode_json
from warnstream.ingest.names import (
    Decoded,
    Names,
    RawMessage,
    Rows,
    observed_at,
    refuse_if_too_large,
    shown,
)
from warnstream.model.network import Stations
from warnstream.model.observations.decoders import DecoderRule
from warnstream.model.observations.refusals import RefusalReason

DEPTH_MAX = 4
"""Inner objects of a decoded object that are looked into."""


class UplinkDecoder:
    """Decodes uplinks for one network's stations."""

    def __init__(self, stations: Stations, rule: DecoderRule) -> None:
        self._names = Names(stations, rule)
        self._parts = _chirpstack if rule.format == "chirpstack" else _the_things_stack

    def decode(self, messages: Sequence[RawMessage]) -> Decoded:
        """Readings of all messages, in order; never raises for what a message contains."""
        rows = Rows()
        for message in messages:
            rows.refusals.begin()
            too_large = refuse_if_too_large(message)
            if too_large is not None:
                rows.refusals.add(too_large)
                continue
            try:
                content = decode_json(message.payload)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                rows.refuse(RefusalReason.NOT_JSON, str(error), message)
                continue
            self._take(content, message, rows)
        return rows.decoded()

    def _take(self, content: object, message: RawMessage, rows: Rows) -> None:
        identities, time, decoded = self._parts(content)
        if not isinstance(decoded, Mapping):
            detail = "the uplink has no decoded object: give the device a codec at the network server"
            rows.refuse(RefusalReason.WRONG_SHAPE, detail, message)
            return
        found = (self._names.station(identity) for identity in identities)
        station = next((number for number in found if number is not None), None)
        if station is None:
            told = " or ".join(shown(identity) for identity in identities)
            rows.refuse(RefusalReason.UNKNOWN_STATION, f"device {told} is no station", message)
            return
        try:
            if not isinstance(time, str):
                raise ValueError(f"time {shown(time)} is not ISO 8601 text")  # noqa: TRY004, TRY301  # one refusal
            observed_at_s = observed_at(time)
        except ValueError as error:
            rows.refuse(RefusalReason.BAD_TIME, str(error), message)
            return
        for word, value in _members(decoded, "", DEPTH_MAX):
            if word in self._names.variables and value is not None:
                rows.add_number(self._names, station, word, observed_at_s, value, message)


def _members(part: Mapping[str, object], head: str, depth: int) -> Iterator[tuple[str, object]]:
    for name, value in part.items():
        if not isinstance(value, Mapping):
            yield f"{head}{name}", value
        elif depth > 1:
            yield from _members(value, f"{head}{name}.", depth - 1)


def _inner(content: object, *path: str) -> object:
    for name in path:
        if not isinstance(content, Mapping):
            return None
        content = content.get(name)
    return content


def _chirpstack(content: object) -> tuple[list[object], object, object]:
    """Identities, time and decoded object of ChirpStack 4 (``application/+/device/+/event/up``)."""
    device = [_inner(content, "deviceInfo", "devEui"), _inner(content, "deviceInfo", "deviceName")]
    return device, _inner(content, "time"), _inner(content, "object")


def _the_things_stack(content: object) -> tuple[list[object], object, object]:
    """The same of The Things Stack 3 (``v3/+/devices/+/up``)."""
    ids, uplink = _inner(content, "end_device_ids"), _inner(content, "uplink_message")
    time = _inner(uplink, "received_at") or _inner(content, "received_at")
    return [_inner(ids, "dev_eui"), _inner(ids, "device_id")], time, _inner(uplink, "decoded_payload")
