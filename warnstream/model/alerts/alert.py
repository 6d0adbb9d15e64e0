"""A warning of another service as it came: CAP 1.1 and 1.2, or the national message of China.

Only what is read here is kept; nothing in it has been judged yet. Whether it is in force, concerns this
county and reaches a level is decided by `warnstream.lifecycle.alerts` and `warnstream.model.alerts.relaying`.
"""

from dataclasses import dataclass

from warnstream.model.warning import MessageStatus, MessageType

UNKNOWN_S = -1
"""A time that is not said."""

DIVISION_CODE = "gb2260"
"""Name of the area codes of national messages, which have none: divisions of GB/T 2260, 6 to 12 digits."""

Point = tuple[float, float]
"""Latitude and longitude, WGS 84 degrees."""


@dataclass(frozen=True, slots=True)
class Circle:
    """All that is within `radius_m` of a point."""

    centre: Point
    radius_m: float


@dataclass(frozen=True, slots=True)
class AlertArea:
    """Where an alert applies.

    Attributes
    ----------
    description : str
    geocodes : tuple of (str, str)
        Name of the code, and the code.
    polygons : tuple of tuple of Point
        Closed rings, the first point again at the end.
    lines : tuple of tuple of Point
        What a national message leaves open: a river, a road.
    circles : tuple of Circle
    """

    description: str
    geocodes: tuple[tuple[str, str], ...] = ()
    polygons: tuple[tuple[Point, ...], ...] = ()
    lines: tuple[tuple[Point, ...], ...] = ()
    circles: tuple[Circle, ...] = ()

    @property
    def has_shape(self) -> bool:
        """Whether it is drawn, not only named by codes."""
        return bool(self.polygons or self.lines or self.circles)


@dataclass(frozen=True, slots=True)
class AlertInfo:
    """One `info` block: one event in one language.

    Attributes
    ----------
    language : str
        Tag such as ``zh-CN``; CAP's default is ``en-US``.
    categories, event_codes, response_types : tuple of str
        `event_codes` are values, without the names of their lists.
    event, urgency, severity, certainty : str
        `severity` is CAP's word, or of a national message its colour (Red, Orange, Yellow, Blue).
    effective_s, onset_s, expires_s : int
        `UNKNOWN_S` where it is not said.
    sender_name, headline, description, instruction : str
    parameters : tuple of (str, str)
    areas : tuple of AlertArea
    """

    language: str
    categories: tuple[str, ...]
    event: str
    event_codes: tuple[str, ...]
    urgency: str
    severity: str
    certainty: str
    response_types: tuple[str, ...] = ()
    effective_s: int = UNKNOWN_S
    onset_s: int = UNKNOWN_S
    expires_s: int = UNKNOWN_S
    sender_name: str = ""
    headline: str = ""
    description: str = ""
    instruction: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    areas: tuple[AlertArea, ...] = ()


@dataclass(frozen=True, slots=True)
class AlertReference:
    """An earlier message that this one replaces; a national one is named without sender and time."""

    sender: str
    identifier: str
    sent_s: int


@dataclass(frozen=True, slots=True)
class Alert:
    """One message of another service.

    `sender` is the code of a national sender. `references` are messages that it updates or cancels; of
    a national one it is the first message of the event, not the one before.
    """

    identifier: str
    sender: str
    sent_s: int
    status: MessageStatus
    msg_type: MessageType
    scope: str
    note: str
    references: tuple[AlertReference, ...]
    infos: tuple[AlertInfo, ...]

    @property
    def name(self) -> tuple[str, str]:
        """What others call it by: sender and identifier."""
        return self.sender, self.identifier


@dataclass(frozen=True, slots=True)
class AlertArrived:
    """An alert that came in: `source` is who brought it, `content` the XML of it alone."""

    alert: Alert
    source: str
    content: bytes


@dataclass(frozen=True, slots=True)
class FeedHeard:
    """Somebody brought a document that could be read, whether there was a new alert in it or not."""

    source: str


@dataclass(frozen=True, slots=True)
class FeedPolicy:
    """A feed that is to be heard from at least every `every_s` seconds; `name` is who brings it."""

    name: str
    every_s: int
