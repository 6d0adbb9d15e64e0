"""The broker as a channel: one topic per device, two retained topics per village and hazard.

A device subscribes to ``{prefix}/device/{address}`` and answers on
``{prefix}/answer/{recipient}``. Whoever comes late finds a village's current
message of each hazard retained at ``{prefix}/warn/{village}/{hazard}`` (JSON)
and ``…/cap`` below it (CAP 1.2); a Cancel is retained too, so that the end of a
warning is as visible as its beginning, and hides no other hazard's Alert. A
message counts as sent when the broker has acknowledged it (QoS 1); a device may
get it twice, with one key.
"""

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessageInfo
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from warnstream.adapters.channels.channel import SENT, Outcome, OutgoingMessage, refused, retry
from warnstream.adapters.mqtt.connection import connect_async, new_client
from warnstream.config.settings import BrokerSettings
from warnstream.model.effects import RecipientKind
from warnstream.model.times import iso_utc

logger = logging.getLogger(__name__)

TOPIC_BYTES_MAX = 65_535
"""Longest topic of MQTT (a two-byte length)."""

INFLIGHT_MAX = 1_000
"""Messages sent before the first acknowledgement; the broker's max_inflight_messages is not less."""

QUEUED_MAX = 10_000
"""Messages that wait for a place in flight; beyond it publishing fails and the outbox tries again."""

FORBIDDEN_IN_TOPIC = ("+", "#", "\x00")


@dataclass(frozen=True, slots=True)
class Publication:
    """One MQTT message at QoS 1."""

    topic: str
    payload: bytes
    retain: bool


class Publish(Protocol):
    """The port to the broker: publish everything, wait for the acknowledgements."""

    def __call__(self, publications: Sequence[Publication]) -> Sequence[str]:
        """Why each publication is not acknowledged, in order; empty where it is."""


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


class PahoPublisher:
    """A connection of its own to the broker, for sending only; it reconnects by itself.

    Parameters
    ----------
    settings : BrokerSettings
    timeout_s : float
        How long one batch may wait for its acknowledgements.
    """

    def __init__(self, settings: BrokerSettings, timeout_s: float = 10.0) -> None:
        self._settings = settings
        self._timeout_s = timeout_s
        self._connected = threading.Event()
        self._client = _client_of(settings)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect

    def start(self) -> None:
        """Connect in the background; until the broker is there, publications are to be retried."""
        connect_async(self._client, self._settings, keeps_session=False)
        self._client.loop_start()

    def wait_until_connected(self, timeout_s: float) -> bool:
        """Whether the broker has accepted the connection within that time."""
        return self._connected.wait(timeout_s)

    def __call__(self, publications: Sequence[Publication]) -> Sequence[str]:
        """Publish at QoS 1 and wait until the broker has acknowledged, at most `timeout_s` in all."""
        if not self._connected.is_set():
            return ["the broker is not connected"] * len(publications)
        deadline = time.monotonic() + self._timeout_s
        publish = self._client.publish
        sent = [publish(one.topic, one.payload, qos=1, retain=one.retain) for one in publications]
        return [_wait_for_acknowledgement(info, deadline) for info in sent]

    def stop(self) -> None:
        """Disconnect and end the connection's thread."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(
        self,
        _client: Client,
        _data: Any,
        _flags: ConnectFlags,
        code: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if code.is_failure:
            logger.warning("broker refused the sending connection", extra={"reason": str(code)})
            return
        self._connected.set()

    def _on_disconnect(
        self,
        _client: Client,
        _data: Any,
        _flags: DisconnectFlags,
        code: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self._connected.clear()
        if code.is_failure:
            logger.warning("sending connection to the broker lost", extra={"reason": str(code)})


def _client_of(settings: BrokerSettings) -> Client:
    # Nothing is kept for us at the broker: the outbox knows what is still to be sent.
    client = new_client(settings, f"{settings.client_id}-out", keeps_session=False, kind=Client)
    client.max_inflight_messages_set(INFLIGHT_MAX)
    client.max_queued_messages_set(QUEUED_MAX)
    return client


def _wait_for_acknowledgement(info: MQTTMessageInfo, deadline: float) -> str:
    # Without a connection paho keeps the message and sends it later; that is a retry with the same key too.
    if info.rc not in (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_NO_CONN):
        return f"not published (paho code {int(info.rc)})"
    try:
        info.wait_for_publish(max(0.0, deadline - time.monotonic()))
    except (RuntimeError, ValueError) as error:
        return f"not published ({error})"
    return "" if info.is_published() else "the broker did not acknowledge in time"
