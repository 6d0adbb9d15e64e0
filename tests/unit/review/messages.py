"""Warnings as the desk issues them, built by hand for the tests of the review."""

import numpy as np

from warnstream.model.changes import Reason
from warnstream.model.level import Level
from warnstream.model.network import Villages
from warnstream.model.times import HOUR_S
from warnstream.model.warning import (
    Cause,
    MessageReference,
    MessageStatus,
    MessageType,
    WarningMessage,
)

T0 = 1_554_758_100
"""2019-04-08T21:15:00Z."""

VILLAGES = Villages(
    code=("west", "middle", "east"),
    name=("West", "Middle", "East"),
    township=("t", "t", "t"),
    county=("c", "c", "c"),
    latitude=np.array([0.0, 0.0, 0.0]),
    longitude=np.array([0.0, 0.02, 0.5]),
    polygon_wkt=(None, None, None),
)
"""Middle is 2.2 km from west; east is far from both."""

REASON = Reason(
    indicator="rain",
    station="urca",
    value=41.2,
    threshold=40.0,
    unit="mm",
    duration_s=HOUR_S,
    forecast_value=0.0,
    lead_s=0,
    observed_until_s=T0,
    coverage=1.0,
    confirmed=True,
    source="siren rule",
)


def message(  # noqa: PLR0917
    village: int,
    level: Level,
    sent_s: int,
    hazard: str = "landslide",
    warning: str = "",
    previous: Level = Level.NONE,
    reason: Reason | None = REASON,
    references: tuple[MessageReference, ...] = (),
) -> WarningMessage:
    """A first message (no references), an update, or a cancel (level NONE); valid for six hours."""
    name = warning or f"{hazard}.{village}.{sent_s}"
    kind = MessageType.UPDATE if references else MessageType.ALERT
    if level is Level.NONE:
        kind = MessageType.CANCEL
    return WarningMessage(
        identifier=f"{name}.{len(references) + 1}",
        warning=name,
        version=len(references) + 1,
        village=village,
        hazard=hazard,
        level=level,
        previous=previous,
        msg_type=kind,
        status=MessageStatus.ACTUAL,
        cause=Cause.FIRST,
        sent_s=sent_s,
        crossed_at_s=sent_s,
        onset_s=sent_s,
        expires_s=sent_s + 6 * HOUR_S,
        reason=reason,
        blind=False,
        references=references,
    )


def course(village: int, *steps: tuple[int, Level], hazard: str = "landslide") -> list[WarningMessage]:
    """A warning through its levels: (time, level) of each message; NONE cancels."""
    messages: list[WarningMessage] = []
    for sent_s, level in steps:
        references = tuple(MessageReference(message.identifier, message.sent_s) for message in messages)
        name = f"{hazard}.{village}.{steps[0][0]}"
        previous = messages[-1].level if messages else Level.NONE
        messages.append(
            message(village, level, sent_s, hazard, name, previous=previous, references=references)
        )
    return messages
