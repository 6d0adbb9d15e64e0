"""The warning message of China's national system (国家突发事件预警信息发布系统) -> `Alert`.

Like CAP and not CAP: times with a blank, a colour for the severity, metres for radii, codes of divisions with
commas between them, open paths for lines, and a reference to the *first* message of an event. Fields as two
public implementations of its interface quote them (GB/T 35965.1); the colours are Red to Blue.
"""

from xml.etree import ElementTree as ET

from warnstream.ingest.cap import values
from warnstream.ingest.cap.alert import (
    TEXT_MAX,
    URGENCY,
    Fields,
    check_times,
    demand_reference,
    msg_type_of,
    status_of,
)
from warnstream.ingest.cap.faults import AlertFaultError
from warnstream.model.alerts.alert import (
    DIVISION_CODE,
    UNKNOWN_S,
    Alert,
    AlertArea,
    AlertInfo,
    AlertReference,
)
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.warning import MessageType

NATIONAL_NAMESPACE = "http://com.icss.amp"

COLOURS = ("Red", "Orange", "Yellow", "Blue", "Unknown")
CERTAINTY = ("Observed", "VeryLikely", "Likely", "Unlikely", "Unknown")
METRE_M = 1.0


def read_national(element: ET.Element) -> Alert:
    """An `alert` element of the national system.

    Raises
    ------
    AlertFaultError
    """
    fields = Fields(element)
    msg_type, status = msg_type_of(fields), status_of(fields)
    sender = fields.text("senderCode") or fields.demand("sender")
    sent_s = values.time_s(fields.demand("sendTime"), "sendTime")
    effective_s = values.time_s(fields.text("effective"), "effective")
    expires_s = values.time_s(fields.text("expires"), "expires")
    if msg_type is not MessageType.CANCEL:
        check_times(max(effective_s, sent_s) if effective_s >= 0 else sent_s, expires_s)
    first = fields.text("references").split()
    demand_reference(msg_type, bool(first))
    blocks = fields.parts("info")
    if not blocks and msg_type is not MessageType.CANCEL:
        raise AlertFaultError(RefusalReason.WRONG_SHAPE, "info is missing: the message says nothing")
    times = effective_s, values.time_s(fields.text("onset"), "onset"), expires_s
    return Alert(
        identifier=fields.demand("identifier"),
        sender=sender,
        sent_s=sent_s,
        status=status,
        msg_type=msg_type,
        scope=fields.text("scope"),
        note=fields.text("note"),
        references=tuple(AlertReference(sender, identifier, UNKNOWN_S) for identifier in first),
        infos=tuple(_info(block, fields.text("sender"), times) for block in blocks),
    )


def _info(fields: Fields, sender_name: str, times: tuple[int, int, int]) -> AlertInfo:
    kind = fields.demand("eventType")
    effective_s, onset_s, expires_s = times
    certainty = values.one_of(fields.text("certainty"), CERTAINTY, "Unknown")
    return AlertInfo(
        language="zh-CN",
        categories=(),
        event=kind,
        event_codes=(kind,),
        urgency=values.one_of(fields.text("urgency"), URGENCY, "Unknown"),
        severity=values.one_of(fields.text("severity"), COLOURS, "Unknown"),
        certainty="Likely" if certainty == "VeryLikely" else certainty,
        effective_s=effective_s,
        onset_s=onset_s,
        expires_s=expires_s,
        sender_name=sender_name,
        headline=fields.text("headline"),
        description=fields.text("description", TEXT_MAX),
        instruction=fields.text("instruction", TEXT_MAX),
        areas=tuple(_area(area) for area in fields.parts("area")),
    )


def _area(fields: Fields) -> AlertArea:
    paths = [values.path(text) for text in fields.whole("polygon")]
    if any(len(path) < 2 for path in paths):
        raise AlertFaultError(RefusalReason.BAD_AREA, "polygon of one point")
    closed = [len(path) >= 4 and path[0] == path[-1] for path in paths]
    codes = [code.strip() for text in fields.whole("geocode") for code in text.split(",")]
    return AlertArea(
        description=fields.text("areaDesc"),
        geocodes=tuple((DIVISION_CODE, code) for code in codes if code),
        polygons=tuple(path for path, is_ring in zip(paths, closed, strict=True) if is_ring),
        lines=tuple(path for path, is_ring in zip(paths, closed, strict=True) if not is_ring),
        circles=tuple(values.circle(text, METRE_M) for text in fields.whole("circle")),
    )
