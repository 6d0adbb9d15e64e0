"""An `alert` element of CAP 1.1 or 1.2 -> `Alert`, or a reason why not.

Refused is what cannot be understood; a word of a list that is not in the standard is read as its
``Unknown``, and a missing category or urgency keeps no warning out: the level is decided by a table.
"""

from xml.etree import ElementTree as ET

from warnstream.ingest.cap import values
from warnstream.ingest.cap.faults import AlertFaultError
from warnstream.ingest.cap.tree import name_of
from warnstream.model.alerts.alert import Alert, AlertArea, AlertInfo
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.warning import MessageStatus, MessageType

CAP_NAMESPACES = frozenset({"urn:oasis:names:tc:emergency:cap:1.1", "urn:oasis:names:tc:emergency:cap:1.2"})

URGENCY = ("Immediate", "Expected", "Future", "Past", "Unknown")
SEVERITY = ("Extreme", "Severe", "Moderate", "Minor", "Unknown")
CERTAINTY = ("Observed", "Likely", "Possible", "Unlikely", "Unknown")
KILOMETRE_M = 1000.0

TEXT_MAX = 8_000
"""Characters of a description or instruction that are kept."""

NAME_MAX = 500
"""Characters of every other text."""

INFOS_MAX = 60
"""Blocks of an alert; Canada writes two languages for each of some ten regions."""


class Fields:
    """The children of an element, by local name, of one namespace."""

    def __init__(self, element: ET.Element) -> None:
        self._of: dict[str, list[ET.Element]] = {}
        namespace = name_of(element)[0]
        for child in element:
            of, local = name_of(child)
            if of == namespace:
                self._of.setdefault(local, []).append(child)

    def text(self, name: str, length_max: int = NAME_MAX) -> str:
        """Text of the first child of a name without blanks around it; empty if there is none."""
        return next(iter(self.texts(name, length_max)), "")

    def texts(self, name: str, length_max: int = NAME_MAX) -> tuple[str, ...]:
        """Texts of all children of a name that have one."""
        texts = ((child.text or "").strip() for child in self._of.get(name, ()))
        return tuple(text[:length_max] for text in texts if text)

    def whole(self, name: str) -> tuple[str, ...]:
        """The same, uncut: lists of points and references."""
        texts = ((child.text or "").strip() for child in self._of.get(name, ()))
        return tuple(text for text in texts if text)

    def parts(self, name: str) -> list["Fields"]:
        """The children of a name, with their children."""
        return [Fields(child) for child in self._of.get(name, ())]

    def pairs(self, name: str) -> tuple[tuple[str, str], ...]:
        """Children with `valueName` and `value`."""
        return tuple((part.text("valueName"), part.text("value")) for part in self.parts(name))

    def demand(self, name: str) -> str:
        """A text that must be there. AlertFaultError ``wrong_shape`` if it is not."""
        found = self.text(name)
        if not found:
            raise AlertFaultError(RefusalReason.WRONG_SHAPE, f"{name} is missing")
        return found


def read_cap(element: ET.Element) -> Alert:
    """An `alert` element.

    Raises
    ------
    AlertFaultError
    """
    fields = Fields(element)
    msg_type, status = msg_type_of(fields), status_of(fields)
    sent_s = values.time_s(fields.demand("sent"), "sent")
    infos = fields.parts("info")
    if len(infos) > INFOS_MAX:
        raise AlertFaultError(RefusalReason.TOO_LARGE, f"more than {INFOS_MAX} info blocks")
    if not infos and msg_type is not MessageType.CANCEL:
        raise AlertFaultError(RefusalReason.WRONG_SHAPE, "info is missing: the alert says nothing")
    references = values.references(" ".join(fields.whole("references")))
    demand_reference(msg_type, bool(references))
    return Alert(
        identifier=_identity(fields, "identifier"),
        sender=_identity(fields, "sender"),
        sent_s=sent_s,
        status=status,
        msg_type=msg_type,
        scope=fields.text("scope"),
        note=fields.text("note"),
        references=references,
        infos=tuple(_info(info, sent_s) for info in infos),
    )


def status_of(fields: Fields) -> MessageStatus:
    """Actual or Exercise. AlertFaultError ``not_actual`` of a test, a draft and a message between systems."""
    word = fields.demand("status")
    if word not in set(MessageStatus):
        raise AlertFaultError(RefusalReason.NOT_ACTUAL, f"status {word!r}: expected Actual or Exercise")
    return MessageStatus(word)


def msg_type_of(fields: Fields) -> MessageType:
    """Alert, Update or Cancel. AlertFaultError ``wrong_shape`` of Ack, Error and others."""
    word = fields.demand("msgType")
    if word not in set(MessageType):
        raise AlertFaultError(
            RefusalReason.WRONG_SHAPE, f"msgType {word!r}: expected Alert, Update or Cancel"
        )
    return MessageType(word)


def demand_reference(msg_type: MessageType, has_reference: bool) -> None:  # noqa: FBT001
    """A Cancel that names nothing ends nothing. AlertFaultError ``wrong_shape``."""
    if msg_type is MessageType.CANCEL and not has_reference:
        raise AlertFaultError(RefusalReason.WRONG_SHAPE, "references is missing: what does it cancel?")


def check_times(effective_s: int, expires_s: int) -> None:
    """AlertFaultError ``bad_time`` of what ends before it begins."""
    if 0 <= expires_s <= effective_s:
        raise AlertFaultError(RefusalReason.BAD_TIME, "expires lies before the alert takes effect")


def _identity(fields: Fields, name: str) -> str:
    """A name that others can refer to: no blank, no comma."""
    found = fields.demand(name)
    if any(character in found for character in " ,<&") or len(found) >= NAME_MAX:
        raise AlertFaultError(
            RefusalReason.WRONG_SHAPE, f"{name} {found[:60]!r}: no blank, comma, < or & may be in it"
        )
    return found


def _info(fields: Fields, sent_s: int) -> AlertInfo:
    effective_s = values.time_s(fields.text("effective"), "effective")
    expires_s = values.time_s(fields.text("expires"), "expires")
    check_times(max(effective_s, sent_s) if effective_s >= 0 else sent_s, expires_s)
    return AlertInfo(
        language=fields.text("language") or "en-US",
        categories=fields.texts("category"),
        event=fields.demand("event"),
        event_codes=tuple(value for _, value in fields.pairs("eventCode") if value),
        urgency=values.one_of(fields.text("urgency"), URGENCY, "Unknown"),
        severity=values.one_of(fields.text("severity"), SEVERITY, "Unknown"),
        # CAP 1.0 and 1.1 allow "Very Likely" for Likely.
        certainty=values.one_of(fields.text("certainty").removeprefix("Very "), CERTAINTY, "Unknown"),
        response_types=fields.texts("responseType"),
        effective_s=effective_s,
        onset_s=values.time_s(fields.text("onset"), "onset"),
        expires_s=expires_s,
        sender_name=fields.text("senderName"),
        headline=fields.text("headline"),
        description=fields.text("description", TEXT_MAX),
        instruction=fields.text("instruction", TEXT_MAX),
        parameters=fields.pairs("parameter"),
        areas=tuple(_area(area) for area in fields.parts("area")),
    )


def _area(fields: Fields) -> AlertArea:
    return AlertArea(
        description=fields.text("areaDesc"),
        geocodes=fields.pairs("geocode"),
        polygons=tuple(values.polygon(text) for text in fields.whole("polygon")),
        circles=tuple(values.circle(text, KILOMETRE_M) for text in fields.whole("circle")),
    )
