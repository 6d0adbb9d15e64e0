"""MQTT in from a broker: messages of gateways and answers of people, acknowledged only once they are durable.

paho-mqtt keeps connection, session, TLS and reconnect. Its network thread
does nothing but put what arrives into the inbox; the node takes batches,
writes them to the journal and acknowledges them. The session is persistent
under a fixed client id, so a broker keeps what comes while this node is down.

Two readers (`broker.reader`): ``bulk`` takes everything a read brought in one
pass (`warnstream.adapters.mqtt.bulk_client`), ``paho`` is paho's own, one call per
message: the way back should paho change.

A broker delivers in order within a session. What gateways kept during an
outage (topics ending in ``backlog``) therefore comes in a second session,
`Role.BACKLOG`, and cannot stand before a fresh message. What the broker itself
kept for a node that was away stands before what comes now: until that is
taken, the same topics are read over a third connection too (`Role.LIVE`),
whose clean session begins with the newest message. Both bring the messages
between; the second of two is known as a duplicate.

At the inbox's limit QoS 0 messages are dropped and counted; QoS 1 is held
back by the broker, because nothing more is acknowledged.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from enum import Enum

import paho.mqtt.client as paho
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from warnstream.adapters.inbox import InboundBatch, Inbox
from warnstream.adapters.mqtt.bulk_client import STREAMING_MESSAGES, BulkClient, can_read_in_bulk
from warnstream.adapters.mqtt.connection import connect_async, new_client
from warnstream.adapters.mqtt.frames import Columns
from warnstream.adapters.mqtt.publish_blocks import Block
from warnstream.config.settings import BrokerSettings
from warnstream.model.messages import PayloadsOf, TopicsOf
from warnstream.model.observations.decoders import BACKLOG_LEVEL

log = logging.getLogger(__name__)

CAUGHT_UP_S = 3.0
"""The kept session has caught up when no large read came for so long."""


INFLIGHT_MIN = 20
"""With so many unacknowledged messages a broker may send no more: mosquitto, unless told otherwise."""


class Role(Enum):
    """What a session is for; the value is what its client identifier ends with."""

    READINGS = ""
    BACKLOG = f"-{BACKLOG_LEVEL}"
    LIVE = "-live"


class MqttSource:
    """A subscription whose messages go to the inbox and wait for their acknowledgement.

    Parameters
    ----------
    broker : BrokerSettings
    topics : sequence of str
    inbox : Inbox
    count_dropped : callable, optional
        Gets the number of QoS 0 messages that found the inbox full.
    role : Role
    catches_up : bool
        Whether a kept session that still holds earlier messages is helped by one that begins now.
        Not where the order of messages is everything (time told by messages).
    owner : MqttSource, optional
        Whom the node knows as the source of its messages.
    """

    def __init__(
        self,
        broker: BrokerSettings,
        topics: Sequence[str],
        inbox: Inbox,
        count_dropped: Callable[[int], object] = lambda _: None,
        *,
        role: Role = Role.READINGS,
        catches_up: bool = False,
        owner: "MqttSource | None" = None,
    ) -> None:
        self.name = "broker's backlog" if role is Role.BACKLOG else "broker"
        self._role = role
        self._keeps_session = role is not Role.LIVE
        self._client_id = broker.client_id + role.value
        self._owner = owner or self
        # Only bulk reading tells a stream from messages that come one by one.
        self._live = (
            MqttSource(broker, topics, inbox, count_dropped, role=Role.LIVE, owner=self)
            if catches_up and broker.reader == "bulk"
            else None
        )
        self._is_catching_up = False
        self._streamed_s = 0.0
        self._broker = broker
        self._topics = list(topics)
        self._inbox = inbox
        self._connection = 0
        self._connected = threading.Event()
        self._count_dropped = count_dropped
        self._since_acknowledged = 0
        self._client = self._new_client()
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message

    def _new_client(self) -> paho.Client:
        broker = self._broker
        if broker.reader == "bulk" and can_read_in_bulk():
            client = new_client(broker, self._client_id, keeps_session=True, manual_ack=True, kind=BulkClient)
            client.on_columns, client.on_block = self._on_columns, self._on_block
            return client
        if broker.reader == "bulk":
            log.warning("this paho cannot be read in bulk; its own reader is used")
        return new_client(
            broker, self._client_id, keeps_session=self._keeps_session, manual_ack=True, kind=paho.Client
        )

    @property
    def is_connected(self) -> bool:
        """Connected and subscribed."""
        return self._connected.is_set()

    def start(self) -> None:
        """Connect in the background; reconnects by itself until `stop`."""
        connect_async(self._client, self._broker, keeps_session=self._keeps_session)
        self._client.loop_start()

    def stop(self) -> None:
        """Disconnect; the broker keeps the session and what is not acknowledged."""
        if self._live is not None and self._is_catching_up:
            self._live.stop()
        self._client.disconnect()
        self._client.loop_stop()

    def wait_connected(self, timeout_s: float) -> bool:
        """Wait until subscribed; False on timeout."""
        return self._connected.wait(timeout_s)

    def acknowledge(self, arrived: Sequence[InboundBatch]) -> None:
        """Tell the broker that these are durable.

        Messages of an earlier connection are skipped: the broker delivers them
        again, and they are known as duplicates then.
        """
        self._since_acknowledged = 0
        if self._live is not None:
            self._live.acknowledge([one for one in arrived if one.connection[0] is self._live])
        present = [one for one in arrived if one.connection == (self, self._connection)]
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
        flags: paho.ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            log.error("broker refused the connection", extra={"reason": str(reason)})
            return
        self._connection += 1
        if self._live is not None and flags.session_present and not self._is_catching_up:
            self._is_catching_up, self._streamed_s = True, time.monotonic()
            self._live.start()
        client.subscribe([(topic, 1) for topic in self._topics])
        log.info("broker connected", extra={"host": self._broker.host, "port": self._broker.port})

    def _on_subscribe(
        self,
        _client: paho.Client,
        _userdata: object,
        _message_id: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        """Only now what stations send reaches us; a topic that is refused is one that nobody would miss."""
        refused = [topic for topic, reason in zip(self._topics, reasons, strict=False) if reason.is_failure]
        if refused:
            log.error("broker refused subscriptions", extra={"topics": " ".join(refused)})
            return
        self._connected.set()

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
        self._put([message.topic], [payload], ids, len(payload), message.qos)

    def _on_columns(self, columns: Columns, size_bytes: int) -> None:
        self._put(columns.topics, columns.payloads, columns.message_ids, size_bytes)

    def _on_block(self, block: Block) -> None:
        messages = block.messages
        self._put(TopicsOf(messages), PayloadsOf(messages), block.message_ids, block.size_bytes)

    def _put(
        self,
        topics: Sequence[str],
        payloads: Sequence[bytes],
        ids: list[bytes],
        size_bytes: int,
        qos: int = 1,
    ) -> None:
        if self._is_catching_up:
            self._note_caught_up(len(topics))
        if not ids and not self._inbox.has_room:
            self._count_dropped(len(topics))
            return
        self._since_acknowledged += len(ids)
        is_stream = self._role is Role.BACKLOG or self._is_catching_up
        self._inbox.put(
            InboundBatch(
                self._owner,
                (self, self._connection),
                topics,
                payloads,
                ids,
                size_bytes,
                qos,
                is_stream=is_stream,
                is_awaited=is_stream or self._since_acknowledged >= INFLIGHT_MIN,
            )
        )

    def _note_caught_up(self, n_messages: int) -> None:
        """End the live session once the kept one brings messages as they come."""
        now_s = time.monotonic()
        if n_messages >= STREAMING_MESSAGES:
            self._streamed_s = now_s
        elif now_s - self._streamed_s > CAUGHT_UP_S and self._live is not None:
            self._is_catching_up = False
            self._live.stop()
