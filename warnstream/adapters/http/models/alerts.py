"""Alerts of other services: what stands, and what became of what was posted."""

import msgspec

from warnstream.adapters.http.models.words import Count, Text, TimeUtc


class AlertRecord(msgspec.Struct, frozen=True):
    """An alert that stands, in its issuer's words; `expires` is null where it says no end."""

    identifier: Text
    sender: Text
    sent: TimeUtc
    status: Text
    type: Text
    event: Text
    severity: Text
    headline: str
    expires: TimeUtc | None
    areas: list[Text]


class UnreadAlertRecord(msgspec.Struct, frozen=True):
    """An alert, or an entry of a feed, that cannot be read."""

    reason: Text
    detail: str


class AlertsTakenRecord(msgspec.Struct, frozen=True):
    """Alerts that were read and are durable; whether each is relayed is decided at the next step."""

    alerts: Count
    unread: list[UnreadAlertRecord]
