"""SL 651-2014 reports -> columns of readings.

A message holds any number of frames, as bytes or written in hexadecimal. What
counts without being mapped (`DEFAULT_VARIABLES`): the rain counters PT and
PJ, the twelve 5-minute cells of an hour report, stage Z, weather. Amounts
over sliding intervals (PN05, P1 …) overlap each other and the counters, so
they count only where ``variables:`` says so. Of one report only PT, or else
PJ, is taken as counter.

Test reports (30H) are refused by that reason and never judged; pictures are
refused and counted; heartbeats, status, events and replies to settings carry
no observation and are passed over. Any other function is refused.
"""

from collections.abc import Mapping, Sequence

from warnstream.ingest.names import (
    Decoded,
    Names,
    RawMessage,
    Rows,
    is_error_value,
    refuse_if_too_large,
)
from warnstream.ingest.sl651.cells import dated
from warnstream.ingest.sl651.elements import INTERVAL_S, BodyError, BodyReader, Element, parse_time
from warnstream.ingest.sl651.frame import Broken, Frame, scan, station_names
from warnstream.ingest.sl651.session import join_packets
from warnstream.model.network import Stations
from warnstream.model.observations.decoders import DecoderRule, VariableMapping
from warnstream.model.observations.readings import Variable
from warnstream.model.observations.refusals import RefusalReason

HEARTBEAT, TEST_REPORT, MANUAL_REPORT, PICTURE_REPORT = 0x2F, 0x30, 0x35, 0x36
OBSERVATIONS = frozenset({0x31, 0x32, 0x33, 0x34, 0x37, 0x38, 0x3A})
"""Functions whose body holds elements of Annex C (configuration identifiers overlap them)."""

HOUSEKEEPING = frozenset({HEARTBEAT, *range(0x40, 0x52)})
"""Functions that carry no observation: settings, status, versions, events, clock."""

_AROUND_TEXT = b" \t\r\n\x1a\xef\xbb\xbf\xff\xfe"
"""Blanks, a terminal's end of file, marks of UTF-8 and UTF-16 (whose zeros go too)."""

_SERIAL_AND_TIME = {False: 8, True: 16}
_COUNTER_NAMES = ("PT", "PJ")

DEFAULT_VARIABLES: Mapping[str, VariableMapping] = {
    "PT": VariableMapping(Variable.RAIN_TOTAL),
    "PJ": VariableMapping(Variable.RAIN_DAY),
    "DRP": VariableMapping(Variable.RAIN),
    "Z": VariableMapping(Variable.STAGE),
    "AI": VariableMapping(Variable.TEMPERATURE),
    "MST": VariableMapping(Variable.HUMIDITY),
    "FL": VariableMapping(Variable.PRESSURE),
    "US": VariableMapping(Variable.WIND_SPEED),
    "M10": VariableMapping(Variable.SOIL_MOISTURE),
}
"""What counts without ``variables:``; relative stages (DRZ1 …) need their base as an offset there."""


class Sl651Decoder:
    """Decodes SL 651-2014 for one network's stations."""

    def __init__(self, stations: Stations, rule: DecoderRule) -> None:
        self._names = Names(stations, rule)
        self._mappings = {**DEFAULT_VARIABLES, **rule.variables}
        self._utc_offset_s = rule.utc_offset_s

    def decode(self, messages: Sequence[RawMessage]) -> Decoded:
        """Readings of all messages, in order; never raises for what a message contains."""
        rows = Rows()
        for message in messages:
            rows.begin(message)
            too_large = refuse_if_too_large(message)
            if too_large is not None:
                rows.refusals.add(too_large)
                continue
            content = frame_bytes(message.payload)
            if not content:
                rows.refuse(RefusalReason.BAD_FRAME, "the message is empty", message)
            found = scan(content, at_end=True).found
            for item in found:
                if isinstance(item, Broken):
                    rows.refuse(item.reason, item.detail, RawMessage(message.topic, item.content))
            for frame in join_packets([item for item in found if isinstance(item, Frame)]):
                self._take_frame(frame, message, rows)
        return rows.decoded()

    def _take_frame(self, frame: Frame, message: RawMessage, rows: Rows) -> None:
        if not frame.is_up:
            rows.refuse(RefusalReason.UNSUPPORTED_CONTENT, "a frame of a centre", message)
        elif frame.function == TEST_REPORT:
            detail = f"test report of {frame.station}: never part of the real record"
            rows.refuse(RefusalReason.TEST_REPORT, detail, message)
        elif frame.function == PICTURE_REPORT:
            rows.refuse(RefusalReason.PICTURE, f"picture of {frame.station}", message)
        elif frame.function in (MANUAL_REPORT, 0x39):
            rows.refuse(RefusalReason.UNSUPPORTED_CONTENT, f"manual text of {frame.station}", message)
        elif frame.function in OBSERVATIONS and frame.n_packets > 1:
            detail = f"packet {frame.packet} of {frame.n_packets}, and the others are not in the same message"
            rows.refuse(RefusalReason.UNSUPPORTED_CONTENT, detail, message)
        elif frame.function in OBSERVATIONS:
            self._take_report(frame, message, rows)
        elif frame.function in HOUSEKEEPING:
            rows.carries_none()
        else:
            detail = f"function {frame.function:02X} of {frame.station} is not one of the standard's"
            rows.refuse(RefusalReason.UNSUPPORTED_CONTENT, detail, message)

    def _take_report(self, frame: Frame, message: RawMessage, rows: Rows) -> None:
        head = _SERIAL_AND_TIME[frame.is_ascii]
        if len(frame.body) == head:
            rows.carries_none()  # the reply to a query that found nothing
            return
        if len(frame.body) < head:
            detail = f"a body of {len(frame.body)} bytes has no room for serial number and time"
            rows.refuse(RefusalReason.BAD_FRAME, detail, message)
            return
        reader = BodyReader(frame.station, frame.function, self._utc_offset_s)
        elements = []
        try:
            read = reader.read_ascii if frame.is_ascii else reader.read_hex
            for element in read(frame.body[head:]):
                elements.append(element)  # noqa: PERF402  # what was read before a fault stays
        except BodyError as error:
            reader.faults.append(str(error))
        for fault in reader.faults:
            rows.refuse(RefusalReason.BAD_VALUE, f"{frame.station}: {fault}", message)
        if reader.other_content:
            reason = (
                RefusalReason.PICTURE
                if reader.other_content == "picture"
                else RefusalReason.UNSUPPORTED_CONTENT
            )
            rows.refuse(reason, f"{reader.other_content} of {reader.station}", message)
        sent_at_s = _sent_at(frame, self._utc_offset_s)
        elements = dated(elements, frame.function, sent_at_s, self._utc_offset_s)
        there = [*(element.name for element in elements), *reader.passed_over]
        if there:
            rows.looked_for(
                f"looked for {', '.join(self._mappings)}; there is {', '.join(dict.fromkeys(there))}"
            )
        else:
            rows.carries_none()
        self._take_elements(elements, message, rows)

    def _take_elements(self, elements: list[Element], message: RawMessage, rows: Rows) -> None:
        with_total = {element.station for element in elements if element.name == "PT"}
        unknown: set[str] = set()
        for element in elements:
            mapping = self._mappings.get(element.name)
            if mapping is None or (element.name == "PJ" and element.station in with_total):
                continue
            station = self._station_of(element.station)
            if station is None:
                if element.station not in unknown:
                    detail = f"address {element.station} is no station and not mapped in decoders: stations"
                    rows.refuse(RefusalReason.UNKNOWN_STATION, detail, message)
                unknown.add(element.station)
                continue
            if is_error_value(mapping, element.value):
                detail = f"{element.name} {element.value:g} of {element.station} is declared an error value"
                rows.refuse(RefusalReason.ERROR_VALUE, detail, message)
                continue
            interval_s = INTERVAL_S.get(element.name, 0) if mapping.variable is Variable.RAIN else 0
            rows.add(
                station,
                int(mapping.variable),
                element.observed_at_s,
                mapping.value(element.value),
                interval_s,
            )

    def _station_of(self, address: str) -> int | None:
        found = (self._names.station(name) for name in station_names(address))
        return next((station for station in found if station is not None), None)


def _sent_at(frame: Frame, utc_offset_s: int) -> int | None:
    """When a frame was sent by its station's clock, behind the serial number; None if that is no time."""
    try:
        digits = frame.body[4:16].decode("ascii") if frame.is_ascii else frame.body[2:8].hex()
        return parse_time(digits, utc_offset_s)
    except (BodyError, UnicodeDecodeError):
        return None


def frame_bytes(payload: bytes) -> bytes:
    r"""The frames of a message: as they are, or out of hexadecimal text of a gateway.

    >>> frame_bytes(b" 7e7E01 00 ")
    b'~~\x01\x00'
    """
    if payload[:1] in (b"\x7e", b"\x01"):
        return payload
    text = payload.replace(b"\0", b"").strip(_AROUND_TEXT)
    if text[:4].upper() == b"7E7E" or text[:2] == b"01":
        try:
            return bytes.fromhex(text.decode("ascii"))
        except ValueError:
            return payload
    return payload
