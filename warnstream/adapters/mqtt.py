"""MQTT in: messages of gateways and answers of people, acknowledged only once they are durable.

paho-mqtt keeps connection, session, TLS and reconnect. Its network thread
does nothing but queue what arrives; the node takes batches, writes them to
the journal and acknowledges them. The session is persistent under a fixed
client id, so a broker keeps what comes while this node is down.

Limit: `QUEUE_MESSAGES_MAX` messages wait in memory; beyond that QoS 0
messages are dropped and counted (QoS 1 is held back by the broker, because
nothing more is acknowledged).
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import paho.mqtt.client as paho
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from warnstream.adapters.mqtt_connection import connect_async, new_client
from warnstream.config.settings import BrokerSettings
from warnstream.ingest.decode import RawMessage

QUEUE_MESSAGES_MAX = 200_000
"""Messages that may wait in memory for the journal: about 60 MB of flat JSON."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """A message with what is needed to acknowledge it on the connection it came by."""

    raw: RawMessage
    message_id: int
    qos: int
    connection: int


class MqttSource:
    """A subscription whose messages wait until the node takes and acknowledges them."""

    def __init__(self, broker: BrokerSettings, topics: Sequence[str]) -> None:
        self._broker = broker
        self._topics = list(topics)
        self._arrived: deque[ReceivedMessage] = deque()
        self._condition = threading.Condition()
        self._is_woken = False
        self._connection = 0
        self._connected = threading.Event()
        self._dropped = 0
        self._client = new_client(broker, broker.client_id, keeps_session=True, manual_ack=True)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message

    @property
    def is_connected(self) -> bool:
        """Connected and subscribed."""
        return self._connected.is_set()

    @property
    def dropped(self) -> int:
        """QoS 0 messages dropped because too many were waiting."""
        return self._dropped

    def start(self) -> None:
        """Connect in the background; reconnects by itself until `stop`."""
        connect_async(self._client, self._broker, keeps_session=True)
        self._client.loop_start()

    def stop(self) -> None:
        """Disconnect; the broker keeps the session and what is not acknowledged."""
        self._client.disconnect()
        self._client.loop_stop()

    def wait_connected(self, timeout_s: float) -> bool:
        """Wait until subscribed; False on timeout."""
        return self._connected.wait(timeout_s)

    def take(self, *, messages_max: int, wait_s: float, gather_s: float) -> list[ReceivedMessage]:
        """Messages in order of arrival.

        Waits up to `wait_s` for a first one, then up to `gather_s` for a batch
        of `messages_max` to fill. Empty when nothing came, or `wake` was called.
        """
        with self._condition:
            self._condition.wait_for(lambda: self._arrived or self._is_woken, wait_s)
            self._is_woken = False
            if not self._arrived:
                return []
            deadline_s = time.monotonic() + gather_s
            while len(self._arrived) < messages_max:
                remaining_s = deadline_s - time.monotonic()
                if remaining_s <= 0 or not self._condition.wait(remaining_s):
                    break
            count = min(messages_max, len(self._arrived))
            return [self._arrived.popleft() for _ in range(count)]

    def wake(self) -> None:
        """End a waiting `take` early (something else wants the node's attention)."""
        with self._condition:
            self._is_woken = True
            self._condition.notify_all()

    def acknowledge(self, messages: Sequence[ReceivedMessage]) -> None:
        """Tell the broker that these are durable.

        Messages of an earlier connection are skipped: the broker delivers them
        again, and they are known as duplicates then.
        """
        for message in messages:
            if message.qos > 0 and message.connection == self._connection:
                self._client.ack(message.message_id, message.qos)

    def _on_connect(
        self,
        client: paho.Client,
        _userdata: object,
        _flags: paho.ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            log.error("broker refused the connection", extra={"reason": str(reason)})
            return
        with self._condition:
            self._connection += 1
        client.subscribe([(topic, 1) for topic in self._topics])
        self._connected.set()
        log.info("broker connected", extra={"host": self._broker.host, "port": self._broker.port})

    def _on_disconnect(
        self,
        _client: paho.Client,
        _userdata: object,
        _flags: paho.DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self._connected.clear()
        if reason.is_failure:
            log.warning("broker lost; what it gets meanwhile is kept there", extra={"reason": str(reason)})

    def _on_message(self, _client: paho.Client, _userdata: object, message: paho.MQTTMessage) -> None:
        # An exception here would end paho's thread: nothing but queueing happens.
        received = ReceivedMessage(
            RawMessage(message.topic, bytes(message.payload)), message.mid, message.qos, self._connection
        )
        with self._condition:
            if len(self._arrived) >= QUEUE_MESSAGES_MAX and message.qos == 0:
                self._dropped += 1
                return
            self._arrived.append(received)
            self._condition.notify()
