"""Alerts of another service, as objects and as CAP documents, for tests."""

from dataclasses import replace

import numpy as np

from tests.networks import HOUR, LOWERING, T0
from warnstream.model.alerts.alert import Alert, AlertArea, AlertArrived, AlertInfo, AlertReference
from warnstream.model.alerts.relaying import RelayedIssuer, RelayedSignal, RelayTable
from warnstream.model.level import Level
from warnstream.model.network import Villages
from warnstream.model.rules.rules import HazardRule
from warnstream.model.times import fixed_zone, iso_local
from warnstream.model.warning import MessageStatus, MessageType

SENDER = "met@example.org"
SIGNALS = tuple(
    RelayedSignal(level, events=frozenset({"rainstorm"}), severities=frozenset({word}))
    for level, word in zip(Level, ("", "minor", "moderate", "severe", "extreme"), strict=True)
    if level
)
AREA = AlertArea("Village 0", geocodes=(("v", "0"),))
ELSEWHERE = AlertArea("Atlantis", geocodes=(("v", "99"),))


def info(severity: str = "Severe", *, event: str = "Rainstorm", **fields: object) -> AlertInfo:
    """One block of an alert that lasts six hours."""
    one = AlertInfo(
        "zh-CN",
        ("Met",),
        event,
        (),
        "Immediate",
        severity,
        "Likely",
        expires_s=T0 + 6 * HOUR,
        headline="暴雨橙色预警",
        areas=(AREA,),
    )
    return replace(one, **fields)  # type: ignore[arg-type]


def alert(  # what an alert has, by name
    identifier: str = "A1",
    minute: int = 0,
    msg_type: MessageType = MessageType.ALERT,
    *infos: AlertInfo,
    names: tuple[str, ...] = (),
    sender: str = SENDER,
    status: MessageStatus = MessageStatus.ACTUAL,
) -> Alert:
    """An alert that was sent so many minutes after T0; `names` are identifiers that it replaces."""
    return Alert(
        identifier,
        sender,
        T0 + 60 * minute,
        status,
        msg_type,
        "Public",
        "",
        tuple(AlertReference(sender, name, T0) for name in names),
        infos or (() if msg_type is MessageType.CANCEL else (info(),)),
    )


def arrived(one: Alert) -> AlertArrived:
    """The same as it came in."""
    return AlertArrived(one, "feed", b"<alert/>")


def relay_table(villages: Villages) -> RelayTable:
    """Rainstorms of one service; code ``v n`` is village ``Vn``."""
    codes = {("v", code.removeprefix("V")): frozenset({code}) for code in villages.parent or villages.code}
    return RelayTable(
        (RelayedIssuer(SENDER, "县气象台", "County met office"),),
        SIGNALS,
        "暴雨",
        "rainstorm",
        villages.parent or villages.code,
        np.asarray(villages.latitude),
        np.asarray(villages.longitude),
        codes,
    )


def relayed_rule(villages: Villages, name: str = "signal") -> HazardRule:
    """A hazard that relays those signals."""
    lowering = replace(LOWERING, hold_s=0, active_s_min=0)
    table = relay_table(villages)
    return HazardRule(name, "relayed", "暴雨", "Rainstorm", table, 0.0, Level.NONE, lowering, "met service")


def cap(  # what differs between documents, by name
    *,
    identifier: str = "A1",
    sent_s: int = T0,
    expires_s: int = T0 + 6 * HOUR,
    msg_type: str = "Alert",
    status: str = "Actual",
    severity: str = "Severe",
    event: str = "Rainstorm",
    references: str = "",
    area: str = "<areaDesc>Village 0</areaDesc><geocode><valueName>v</valueName><value>0</value></geocode>",
    sender: str = SENDER,
) -> str:
    """A CAP 1.2 document."""

    def time(time_s: int) -> str:
        return iso_local(time_s, fixed_zone(8 * HOUR))

    block = (
        "<info><language>zh-CN</language><category>Met</category>"
        f"<event>{event}</event><urgency>Immediate</urgency><severity>{severity}</severity>"
        f"<certainty>Likely</certainty><expires>{time(expires_s)}</expires>"
        f"<senderName>县气象台</senderName><headline>暴雨橙色预警</headline><area>{area}</area></info>"
    )
    named = f"<references>{references}</references>" if references else ""
    return (
        '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">'
        f"<identifier>{identifier}</identifier><sender>{sender}</sender><sent>{time(sent_s)}</sent>"
        f"<status>{status}</status><msgType>{msg_type}</msgType><scope>Public</scope>{named}"
        f"{'' if msg_type == 'Cancel' else block}</alert>"
    )
