"""MQTT in from a broker: messages of gateways and answers of people, acknowledged only once they are durable.

paho-mqtt keeps connection, session, TLS and reconnect. Its network thread
does nothing but put what arrives into the inbox; the node takes batches,
writes them to the journal and acknowledges them. The session is persistent
under a fixed client id, so a broker keeps what comes while this node is down.

Two readers (`broker.reader`): ``bulk`` takes everything a read brought in one
pass (`warnstream.adapters.mqtt_bulk`), ``paho`` is paho's own, one call per
message: the way back should paho change.

A broker delivers in order within a session. What gateways kept during an
outage (topics ending in ``backlog``) therefore comes in a second session,
`is_backlog`, and cannot stand before a fresh message.

At the inbox's limit QoS 0 messages are dropped and counted; QoS 1 is held
back by the broker, because nothing more is acknowledged.
"""

import logging
import threading
from collections.abc import Callable, Sequence

import paho.mqtt.client as paho
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from warnstream.adapters.inbox import Arrived, Inbox
from warnstream.adapters.mqtt_bulk import BulkClient, can_read_in_bulk
from warnstream.adapters.mqtt_connection import connect_async, new_client
from warnstream.adapters.mqtt_frames import Columns
from warnstream.config.settings import BrokerSettings
from warnstream.model.decoders import BACKLOG_LEVEL

log = logging.getLogger(__name__)


class MqttSource:
    """A subscription whose messages go to the inbox and wait for their acknowledgement."""

    def __init__(
        self,
        broker: BrokerSettings,
        topics: Sequence[str],
        inbox: Inbox,
        count_dropped: Callable[[int], object] = lambda _: None,
        *,
        is_backlog: bool = False,
    ) -> None:
        self.name = "broker's backlog" if is_backlog else "broker"
        self._client_id = f"{broker.client_id}-{BACKLOG_LEVEL}" if is_backlog else broker.client_id
        self._is_backlog = is_backlog
        self._broker = broker
        self._topics = list(topics)
        self._inbox = inbox
        self._connection = 0
        self._connected = threading.Event()
        self._count_dropped = count_dropped
        self._client = self._new_client()
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message

    def _new_client(self) -> paho.Client:
        broker = self._broker
        if broker.reader == "bulk" and can_read_in_bulk():
            client = new_client(broker, self._client_id, keeps_session=True, manual_ack=True, kind=BulkClient)
            client.on_columns = self._on_columns
            return client
        if broker.reader == "bulk":
            log.warning("this paho cannot be read in bulk; its own reader is used")
        return new_client(broker, self._client_id, keeps_session=True, manual_ack=True, kind=paho.Client)

    @property
    def is_connected(self) -> bool:
        """Connected and subscribed."""
        return self._connected.is_set()

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

    def acknowledge(self, arrived: Sequence[Arrived]) -> None:
        """Tell the broker that these are durable.

        Messages of an earlier connection are skipped: the broker delivers them
        again, and they are known as duplicates then.
        """
        present = [one for one in arrived if one.connection == self._connection]
        if isinstance(self._client, BulkClient):
            self._client.send_pubacks([mid for one in present if one.qos == 1 for mid in one.message_ids])
            present = [one for one in present if one.qos > 1]
        for one in present:
            for message_id in one.message_ids:
                self._client.ack(int.from_bytes(message_id, "big"), one.qos)

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

    # An exception in one of these would end paho's thread: nothing but queueing happens.

    def _on_message(self, _client: paho.Client, _userdata: object, message: paho.MQTTMessage) -> None:
        ids = [message.mid.to_bytes(2, "big")] if message.qos else []
        payload = bytes(message.payload)
        self._put(
            Arrived(
                self,
                self._connection,
                [message.topic],
                [payload],
                ids,
                len(payload),
                message.qos,
                is_stream=self._is_backlog,
            )
        )

    def _on_columns(self, columns: Columns, size_bytes: int) -> None:
        self._put(
            Arrived(
                self,
                self._connection,
                columns.topics,
                columns.payloads,
                columns.message_ids,
                size_bytes,
                is_stream=self._is_backlog,
            )
        )

    def _put(self, arrived: Arrived) -> None:
        if not arrived.message_ids and not self._inbox.has_room:
            self._count_dropped(len(arrived.topics))
            return
        self._inbox.put(arrived)
