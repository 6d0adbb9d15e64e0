"""Publishes to a broker or listener and waits for the acknowledgement."""

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessageInfo
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from warnstream.adapters.mqtt.connection import connect_async, new_client
from warnstream.config.settings import BrokerSettings

logger = logging.getLogger(__name__)

INFLIGHT_MAX = 1_000
"""Messages sent before the first acknowledgement; the broker's max_inflight_messages is not less."""


QUEUED_MAX = 10_000
"""Messages that wait for a place in flight; beyond it publishing fails and the outbox tries again."""


NOT_CONNECTED = "the broker is not connected"
"""Why nothing was published at all; other reasons leave open whether it was."""


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
        self._renewing = threading.Lock()
        self._client = self._new_client()

    def _new_client(self) -> Client:
        client = _client_of(self._settings)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        return client

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
            return [NOT_CONNECTED] * len(publications)
        deadline = time.monotonic() + self._timeout_s
        client = self._client
        sent = [
            client.publish(publication.topic, publication.payload, qos=1, retain=publication.retain)
            for publication in publications
        ]
        faults = [_wait_for_acknowledgement(info, deadline) for info in sent]
        if any(faults):
            self._forget(client)
        return faults

    def _forget(self, client: Client) -> None:
        """Go on with a new connection: paho would send what it still holds whenever a broker is back.

        What was not acknowledged belongs to the outbox again. By the time of a new connection it may be
        over, or replaced by a newer message.
        """
        with self._renewing:
            if client is not self._client:
                return  # another channel was faster
            client.on_connect = client.on_disconnect = None
            self._connected.clear()
            client.disconnect()
            client.loop_stop()
            self._client = self._new_client()
            self.start()

    def stop(self) -> None:
        """Disconnect and end the connection's thread."""
        with self._renewing:
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
    # Without a connection paho keeps the message; it is forgotten with the connection.
    if info.rc not in (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_NO_CONN):
        return f"not published (paho code {int(info.rc)})"
    try:
        info.wait_for_publish(max(0.0, deadline - time.monotonic()))
    except (RuntimeError, ValueError) as error:
        return f"not published ({error})"
    return "" if info.is_published() else "the broker did not acknowledge in time"
