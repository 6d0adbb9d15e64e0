"""A warning message as a CAP 1.2 document (OASIS Common Alerting Protocol, 2010).

Elements stand in the order of the schema; the rules of its section 3 that the
schema cannot check hold too: identifiers without spaces and commas, times
with a numeric offset, closed polygons in latitude, longitude, and references
to all earlier messages. China's colours are CAP severities: red Extreme,
orange Severe, yellow Moderate, blue Minor. One document takes under 1 ms.
"""

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from warnstream.delivery.area import circle, polygons_of_wkt
from warnstream.delivery.texts import Texts, clean
from warnstream.model.changes import Reason
from warnstream.model.level import Level
from warnstream.model.network import Network
from warnstream.model.rules.policies import MessagePolicy
from warnstream.model.times import HOUR_S, TimeZone, iso_local
from warnstream.model.warning import Cause, MessageStatus, MessageType, WarningMessage

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"

SEVERITY = {
    Level.RED: "Extreme",
    Level.ORANGE: "Severe",
    Level.YELLOW: "Moderate",
    Level.BLUE: "Minor",
    Level.NONE: "Minor",
}
RESPONSE = {
    Level.RED: "Evacuate",
    Level.ORANGE: "Prepare",
    Level.YELLOW: "Prepare",
    Level.BLUE: "Monitor",
    Level.NONE: "AllClear",
}


_CERTAINTIES = ("Observed", "Likely", "Possible")


def response(message: WarningMessage, policy: MessagePolicy) -> str:
    """CAP responseType: that of the order for hazard and level, else of the level alone."""
    if policy.orders is None or message.level is Level.NONE:
        return RESPONSE[message.level]
    return policy.orders.order(message.hazard, message.level).response


def urgency(message: WarningMessage) -> str:
    """CAP urgency: act now, within the hour, or later; Past when it is over."""
    if message.msg_type is MessageType.CANCEL:
        return "Past"
    if message.reason is not None and not message.reason.is_observed:
        return "Expected" if message.reason.onset_after_s <= HOUR_S else "Future"
    return "Immediate" if message.level >= Level.ORANGE else "Expected"


def certainty(message: WarningMessage) -> str:
    """CAP certainty: what gauges confirm is Observed; what is forecast or held blind is less."""
    if message.cause is Cause.CANCELLED:
        return "Unknown"
    if message.cause is Cause.ENDED:
        return "Observed" if message.confirmed else "Likely"
    if message.blind:
        return "Possible"
    return "Likely" if message.reason is None else _certainty_of(message.reason)


def _certainty_of(reason: Reason) -> str:
    """What was measured or forecast; a grid's rain is never more certain than its county says.

    A forecast is likely only where its probability was calibrated here: the mean of the nowcast is false in
    62 to 72 % of the episodes that it announces (docs/forecast.md).
    """
    if reason.is_observed:
        found = "Observed" if reason.confirmed else "Likely"
    else:
        found = "Likely" if reason.expected is not None and reason.expected.is_likely else "Possible"
    return max(found, reason.certainty or found, key=_CERTAINTIES.index)


def cap_xml(
    message: WarningMessage,
    network: Network,
    policy: MessagePolicy,
    texts: dict[str, Texts],
    note: str,
) -> str:
    """The whole document, with its XML declaration.

    Parameters
    ----------
    message : WarningMessage
    network : Network
    policy : MessagePolicy
    texts : dict
        Language tag -> texts; one ``info`` block each, in this order.
    note : str
        Reason of an operator's cancel; may be empty.
    """
    alert = _alert(message, policy, note)
    for language, parts in texts.items():
        _add_info(alert, message, network, policy, (language, parts))
    return _document(alert)


def plain_cap_xml(
    message: WarningMessage, network: Network, policy: MessagePolicy, texts: dict[str, Texts]
) -> str:
    """The document without what may have failed: no reason, no times but the issue's, no outline.

    It says which message this is, which ones it replaces, how bad it is, what to do and in which village.
    """
    alert = _alert(message, policy, "")
    is_end = message.msg_type is MessageType.CANCEL
    for language, parts in texts.items():
        info = ET.SubElement(alert, "info")
        _add(info, "language", language)
        _add(info, "category", "Met")
        _add(info, "event", parts.event)
        _add(info, "responseType", RESPONSE.get(message.level, "Execute"))
        _add(info, "urgency", "Past" if is_end else "Unknown")
        _add(info, "severity", SEVERITY.get(message.level, "Unknown"))
        _add(info, "certainty", "Unknown")
        _add(info, "headline", parts.headline)
        _add(info, "instruction", parts.action)
        area = ET.SubElement(info, "area")
        code = network.villages.code[message.village]
        _add(area, "areaDesc", parts.place or code)
        _add_geocode(area, code)
    return _document(alert)


def _alert(message: WarningMessage, policy: MessagePolicy, note: str) -> ET.Element:
    alert = ET.Element("alert", {"xmlns": NAMESPACE})
    _add(alert, "identifier", message.identifier)
    _add(alert, "sender", policy.sender)
    _add(alert, "sent", iso_local(message.sent_s, policy.time_zone))
    _add(alert, "status", message.status.value)
    _add(alert, "msgType", message.msg_type.value)
    _add(alert, "scope", "Public")
    _add(alert, "note", _note(message, note))
    _add(alert, "references", " ".join(_references(message, policy)))
    return alert


def _document(alert: ET.Element) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(alert, encoding="unicode")}\n'


def _note(message: WarningMessage, note: str) -> str:
    marks = ["【演练】[EXERCISE]"] if message.status is MessageStatus.EXERCISE else []
    return " ".join([*marks, clean(note)])


def _references(message: WarningMessage, policy: MessagePolicy) -> Iterator[str]:
    for earlier in message.references:
        yield f"{policy.sender},{earlier.identifier},{iso_local(earlier.sent_s, policy.time_zone)}"


def _add_info(
    alert: ET.Element,
    message: WarningMessage,
    network: Network,
    policy: MessagePolicy,
    language_texts: tuple[str, Texts],
) -> None:
    language, texts = language_texts
    info = ET.SubElement(alert, "info")
    _add(info, "language", language)
    _add(info, "category", "Met")
    _add(info, "event", texts.event)
    _add(info, "responseType", response(message, policy))
    _add(info, "urgency", urgency(message))
    _add(info, "severity", SEVERITY[message.level])
    _add(info, "certainty", certainty(message))
    if message.reason is None or message.reason.has_onset:
        _add(info, "onset", iso_local(message.onset_s, policy.time_zone))
    _add(info, "expires", iso_local(message.expires_s, policy.time_zone))
    _add(info, "senderName", policy.sender_name)
    _add(info, "headline", texts.headline)
    _add(info, "description", texts.why)
    _add(info, "instruction", texts.action)
    _add(info, "web", policy.web)
    for name, value in _parameters(message, policy):
        if not clean(value):
            continue  # a parameter without a value is no parameter: the schema wants both
        parameter = ET.SubElement(info, "parameter")
        _add(parameter, "valueName", name)
        _add(parameter, "value", value)
    _add_area(info, message, network, texts.place)


def _parameters(message: WarningMessage, policy: MessagePolicy) -> Iterator[tuple[str, str]]:
    """What machines want to know and CAP has no element for; units stand in the names."""
    yield "hazard", message.hazard
    yield "level", message.level.word
    yield "previous_level", message.previous.word
    yield "cause", message.cause.value
    yield "version", str(message.version)
    yield "blind", str(message.blind).lower()
    yield "crossed_at", iso_local(message.crossed_at_s, policy.time_zone)
    reason = message.reason
    if reason is None:
        return
    yield "indicator", reason.indicator
    yield "station", reason.station
    yield "value", f"{reason.value:.10g}"
    yield "threshold", f"{reason.threshold:.10g}"
    yield "forecast_value", f"{reason.forecast_value:.10g}"
    yield "unit", reason.unit
    yield "duration_s", str(reason.duration_s)
    yield "lead_s", str(reason.lead_s)
    yield "observed_until", iso_local(reason.observed_until_s, policy.time_zone)
    yield "coverage", f"{reason.coverage:.10g}"
    yield "confirmed", str(reason.confirmed).lower()
    yield "threshold_source", reason.source
    yield "grid", reason.grid
    if reason.zone:
        yield "zone", reason.zone
    yield from _expected(reason, policy.time_zone)


def _expected(reason: Reason, time_zone: TimeZone) -> Iterator[tuple[str, str]]:
    """What a level rests on whose threshold has not been reached."""
    if (expected := reason.expected) is None:
        return
    yield "expected_level", expected.level.word
    if expected.share:
        yield "share_of_threshold", f"{expected.share:.10g}"
    if expected.probability:
        yield "probability", f"{expected.probability:.3f}"
        yield "within_s", str(expected.within_s)
        yield "p_source", expected.source
        yield "calibrated_on", expected.calibrated_on or "not calibrated here"
    if expected.model:
        yield "forecast", expected.model
        yield "forecast_run", iso_local(expected.run_s, time_zone)
    if expected.amount_mm:
        yield "forecast_rain_mm", f"{expected.amount_mm:.10g}"


def _add_area(info: ET.Element, message: WarningMessage, network: Network, place: str) -> None:
    villages, village = network.villages, message.village
    area = ET.SubElement(info, "area")
    _add(area, "areaDesc", place or villages.code[village])
    polygons = _polygons(villages.polygon_wkt[village])
    for polygon in polygons:
        _add(area, "polygon", polygon)
    if not polygons:
        _add(area, "circle", circle(float(villages.latitude[village]), float(villages.longitude[village])))
    _add_geocode(area, villages.code[village])


def _add_geocode(area: ET.Element, village_code: str) -> None:
    geocode = ET.SubElement(area, "geocode")
    _add(geocode, "valueName", "village")
    _add(geocode, "value", village_code)


def _polygons(outline: str | None) -> list[str]:
    try:
        return polygons_of_wkt(outline) if outline else []
    except ValueError:
        return []  # the circle takes over: a broken outline must not cost a warning its place


def _add(parent: ET.Element, name: str, text: str) -> None:
    """A child element; CAP wants optional elements left out, not empty."""
    content = clean(text)
    if content:
        ET.SubElement(parent, name).text = content
