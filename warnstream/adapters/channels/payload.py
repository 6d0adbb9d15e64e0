"""What machines are sent of a notification: JSON, the same facts on every channel.

The classes are the documented forms; what is sent is written from plain dictionaries, which is faster.

The form is documented field by field in docs/messages.md and as JSON Schema in
docs/notification.schema.json, which `schema_text` writes. New fields may come
within a version; a field that changes its meaning or goes raises `VERSION`.
"""

import json

import msgspec

from warnstream.adapters.channels.channel import OutgoingMessage
from warnstream.model.times import iso_utc

VERSION = 2
"""1 had no field `version` and, on webhooks, neither times nor village."""


_Facts = dict[str, str | int | None]


class VillageNotification(msgspec.Struct, kw_only=True):
    """The retained message of a village: who comes late looks at `expires`."""

    version: int
    key: str
    message: str
    warning: str
    type: str
    action: str | None
    status: str
    hazard: str
    level: str
    village: str
    sent: str
    expires: str
    late_s: int
    text_zh: str
    text_en: str


class DeviceNotification(VillageNotification, kw_only=True):
    """For one device: show a `key` once, answer on `answer_topic`."""

    recipient: str
    answer_by: str | None
    answer_url: str | None
    answer_topic: str


class WebhookNotification(VillageNotification, kw_only=True):
    """For a gateway: `text` is what the recipient is to read or hear at `address`."""

    recipient: str
    answer_by: str | None
    answer_url: str | None
    address: str
    text: str
    token: str


def village_payload(message: OutgoingMessage) -> bytes:
    """JSON of a village's retained message: `VillageNotification`."""
    return msgspec.json.encode(_facts(message))


def device_payload(message: OutgoingMessage, prefix: str) -> bytes:
    """JSON for one device, whose topics begin with `prefix`: `DeviceNotification`."""
    own: _Facts = {"answer_topic": f"{prefix}/answer/{message.recipient}"}
    return msgspec.json.encode(_facts(message) | _facts_to_answer(message) | own)


def webhook_payload(message: OutgoingMessage) -> bytes:
    """JSON body of a request to a gateway: `WebhookNotification`."""
    own: _Facts = {"address": message.address, "text": message.text_zh, "token": message.token}
    return msgspec.json.encode(_facts(message) | _facts_to_answer(message) | own)


def _facts(message: OutgoingMessage) -> _Facts:
    return {
        "version": VERSION,
        "key": message.key,
        "message": message.message,
        "warning": message.warning,
        "type": message.cap_type,
        "action": message.action or None,
        "status": str(message.status),
        "hazard": message.hazard,
        "level": message.level.word,
        "village": message.village,
        "sent": iso_utc(message.sent_s),
        "expires": iso_utc(message.expires_s),
        "late_s": message.late_s,
        "text_zh": message.text_zh,
        "text_en": message.text_en,
    }


def _facts_to_answer(message: OutgoingMessage) -> _Facts:
    return {
        "recipient": message.recipient,
        "answer_by": iso_utc(message.answer_by_s) if message.answer_by_s else None,
        "answer_url": message.answer_url or None,
    }


def schema_text() -> str:
    """JSON Schema of the three forms, as docs/notification.schema.json holds it."""
    forms = (VillageNotification, DeviceNotification, WebhookNotification)
    _, components = msgspec.json.schema_components(forms, ref_template="#/$defs/{name}")
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"What machines are sent of a notification, version {VERSION}",
        "$defs": components,
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
