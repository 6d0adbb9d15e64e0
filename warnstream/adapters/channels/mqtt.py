"""The broker as a channel: one topic per device, two retained topics per village and hazard.

A device subscribes to ``{prefix}/device/{address}`` and answers on
``{prefix}/answer/{recipient}``. Whoever comes late finds a village's current
message of each hazard retained at ``{prefix}/warn/{village}/{hazard}`` (JSON)
and ``…/cap`` below it (CAP 1.2); a Cancel is retained too, so that the end of a
warning is as visible as its beginning, and hides no other hazard's Alert. What the
village's doors were told last is retained at ``{prefix}/bulletin/{village}``. A
message counts as sent when the broker has acknowledged it (QoS 1); a device may
get it twice, with one key.
"""

from collections.abc import Sequence

import msgspec

from warnstream.adapters.channels.channel import SENT, Outcome, OutgoingMessage, refused, retry
from warnstream.adapters.mqtt.publisher import Publication, Publish
from warnstream.model.effects import RecipientKind
from warnstream.model.times import iso_utc

TOPIC_BYTES_MAX = 65_535
"""Longest topic of MQTT (a two-byte length)."""


FORBIDDEN_IN_TOPIC = ("+", "#", "\x00")


class MqttChannel:
    """Villages' retained topics and devices' own topics.

    Parameters
    ----------
    prefix : str
        First level(s) of every topic.
    publish : Publish
    """

    batch_max = 500

    def __init__(self, prefix: str, publish: Publish) -> None:
        self._prefix = prefix
        self._publish = publish

    def send(self, batch: Sequence[OutgoingMessage]) -> Sequence[Outcome]:
        """Publish a batch; a message is sent when all its publications are acknowledged."""
        publications: list[Publication] = []
        spans: list[range | Outcome] = []
        for message in batch:
            own = self._publications(message)
            wrong = next((fault for publication in own if (fault := topic_fault(publication.topic))), "")
            if wrong:
                spans.append(refused(wrong))
                continue
            spans.append(range(len(publications), len(publications) + len(own)))
            publications.extend(own)
        faults = self._publish(publications) if publications else []
        return [span if isinstance(span, Outcome) else _outcome([faults[i] for i in span]) for span in spans]

    def close(self) -> None:
        """Nothing to do: the connection belongs to whoever opened it."""

    def _publications(self, message: OutgoingMessage) -> list[Publication]:
        if message.kind is RecipientKind.VILLAGE and message.is_bulletin:
            topic = f"{self._prefix}/bulletin/{message.village}"
            return [Publication(topic, message.cap_xml.encode(), retain=True)]
        if message.kind is RecipientKind.VILLAGE:
            topic = f"{self._prefix}/warn/{message.village}/{message.hazard}"
            return [
                Publication(f"{topic}/cap", message.cap_xml.encode(), retain=True),
                Publication(topic, village_payload(message), retain=True),
            ]
        topic = f"{self._prefix}/device/{message.address}"
        return [Publication(topic, device_payload(message, self._prefix), retain=False)]


def topic_fault(topic: str) -> str:
    """Why nothing can be published to a topic; empty if it can. The topic itself is not repeated."""
    if any(sign in topic for sign in FORBIDDEN_IN_TOPIC):
        return "the address is not an MQTT topic level: + # and NUL are not allowed"
    if len(topic.encode()) > TOPIC_BYTES_MAX:
        return f"the topic is longer than {TOPIC_BYTES_MAX} bytes"
    return ""


def _outcome(faults: Sequence[str]) -> Outcome:
    fault = next((fault for fault in faults if fault), "")
    return retry(fault) if fault else SENT


def _facts(message: OutgoingMessage) -> dict[str, str | int]:
    return {
        "key": message.key,
        "message": message.message,
        "warning": message.warning,
        "type": message.msg_type,
        "status": str(message.status),
        "hazard": message.hazard,
        "level": message.level.word,
        "village": message.village,
        "text_zh": message.text_zh,
        "text_en": message.text_en,
        "sent": iso_utc(message.sent_s),
        "expires": iso_utc(message.expires_s),
    }


def village_payload(message: OutgoingMessage) -> bytes:
    """JSON of a village's retained message; `expires` tells a late reader that it is over."""
    return msgspec.json.encode(_facts(message))


def device_payload(message: OutgoingMessage, prefix: str) -> bytes:
    """JSON for one device: show a `key` once, answer on `answer_topic`; `answer_by` may be null."""
    own = {
        "recipient": message.recipient,
        "answer_topic": f"{prefix}/answer/{message.recipient}",
        "answer_by": iso_utc(message.answer_by_s) if message.answer_by_s else None,
    }
    return msgspec.json.encode(_facts(message) | own)
