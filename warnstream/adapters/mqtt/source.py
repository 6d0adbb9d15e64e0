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
between; the second of two is known as a duplicate. The kept session has caught
up when it brings a message that the live one brought (`CatchingUp`), or nothing at all.

At the inbox's limit QoS 0 messages are dropped and counted; QoS 1 is held
back by the broker, because nothing more is acknowledged.
"""

import logging
import threading
import time
from collections.abc import Sequence
from enum import Enum

import paho.mqtt.client as paho
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from warnstream.adapters.inbox import InboundBatch
from warnstream.adapters.mqtt.bulk_client import BulkClient, can_read_in_bulk
from warnstream.adapters.mqtt.catching_up import CatchingUp
from warnstream.adapters.mqtt.connection import SESSION_EXPIRY_S, connect_async, new_client
from warnstream.adapters.mqtt.frames import Columns
from warnstream.adapters.mqtt.ports import NodePorts
from warnstream.adapters.mqtt.publish_blocks import Block
from warnstream.adapters.mqtt.send_window import SendWindow
from warnstream.adapters.mqtt.session_watch import SessionWatch
from warnstream.config.settings import BrokerSettings
from warnstream.model.messages import PayloadsOf, TopicsOf
from warnstream.model.observations.decoders import BACKLOG_LEVEL

log = logging.getLogger(__name__)

QUIET_S = 3.0
"""A kept session that brings nothing for so long has caught up."""

LIVE_S_MAX = 60.0
"""Without a live session by then the kept one goes on alone."""


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
    ports : NodePorts
    role : Role
    catches_up : bool
        Whether a kept session that still holds earlier messages is helped by one that begins now.
        Not where the order of messages is everything (time told by messages).
    expects_session : bool
        The broker should know our session: this node has run before.
    """

    def __init__(
        self,
        broker: BrokerSettings,
        topics: Sequence[str],
        ports: NodePorts,
        *,
        role: Role = Role.READINGS,
        catches_up: bool = False,
        expects_session: bool = False,
    ) -> None:
        self.name = "broker's backlog" if role is Role.BACKLOG else "broker"
        self._role = role
        self._keeps_session = role is not Role.LIVE
        self._client_id = broker.client_id + role.value
        # Whom the node knows as the source of its messages.
        self._owner = self
        # Only bulk reading tells a stream from messages that come one by one.
        self._live = None
        if catches_up and broker.reader == "bulk":
            self._live = MqttSource(broker, topics, ports, role=Role.LIVE)
            self._live._owner = self  # noqa: SLF001  # of the same class
        self._is_catching_up = False
        self._is_live_cleared = False
        self._level = CatchingUp()
        self._heard_at_s = self._began_at_s = 0.0
        self._watch = SessionWatch(
            ports.alarms, self._client_id, SESSION_EXPIRY_S, expects_session=expects_session
        )
        self._window = SendWindow()
        self._broker = broker
        self._topics = list(topics)
        self._inbox = ports.inbox
        self._connection = 0
        self._connected = threading.Event()
        self._count_dropped = ports.metrics.messages_dropped.inc
        self._since_acknowledged = 0
        self._client = self._new_client()
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message

    def _new_client(self) -> paho.Client:
        broker = self._broker
        if broker.reader == "bulk" and can_read_in_bulk():
            client = new_client(
                broker,
                self._client_id,
                keeps_session=self._keeps_session,
                manual_ack=True,
                kind=BulkClient,
            )
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

    def look(self) -> None:
        """What time alone begins or ends; the node asks now and then."""
        now_s = time.monotonic()
        self._watch.look(now_s)
        if self._is_catching_up and self._live is not None:
            is_quiet = self._live.is_connected and self.is_connected and now_s - self._heard_at_s > QUIET_S
            is_late = not self._live.is_connected and now_s - self._began_at_s > LIVE_S_MAX
            self._end_live(is_over=is_quiet or is_late)

    def reload(self) -> None:
        """Nothing to do: password and certificates are read before every connection."""

    def start(self) -> None:
        """Connect in the background; reconnects by itself until `stop`."""
        connect_async(self._client, self._broker, keeps_session=self._keeps_session)
        self._client.loop_start()

    def stop(self) -> None:
        """Disconnect; the broker keeps the session and what is not acknowledged."""
        if self._live is not None:
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
        now_s = time.monotonic()
        self._since_acknowledged = 0
        if self._live is not None:
            live = [batch for batch in arrived if batch.connection[0] is self._live]
            if live:
                self._live.acknowledge(live)
        present = [batch for batch in arrived if batch.connection == (self, self._connection)]
        self._window.acknowledged(sum(len(batch.message_ids) for batch in present), now_s)
        if isinstance(self._client, BulkClient):
            self._client.is_hurried = self._window.is_known
            self._client.send_pubacks(
                [mid for batch in present if batch.qos == 1 for mid in batch.message_ids]
            )
            present = [batch for batch in present if batch.qos > 1]
        for batch in present:
            for message_id in batch.message_ids:
                self._client.ack(int.from_bytes(message_id, "big"), batch.qos)

    def _on_connect(
        self,
        client: paho.Client,
        _userdata: object,
        flags: paho.ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            self._watch.refused(str(reason))
            return
        self._connection += 1
        self._window = SendWindow()
        if self._keeps_session:
            self._watch.connected(
                time.monotonic(),
                is_present=bool(flags.session_present),
                is_v5=self._broker.protocol == "5",
                expiry_s=getattr(properties, "SessionExpiryInterval", None),
            )
        elif not self._owner._is_catching_up:  # noqa: SLF001  # of the same class
            # Only here to clear the session that an earlier version had the broker keep.
            client.disconnect()
            return
        if self._live is not None:
            self._begin_live(is_needed=bool(flags.session_present))
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
            self._watch.refused(f"subscriptions to {' '.join(refused)}")
            return
        if self._keeps_session:
            self._watch.granted([reason.value for reason in reasons])
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
        if reason.is_failure and self._keeps_session:
            log.warning(
                self._watch.disconnected(time.monotonic(), reason.value, str(reason)),
                extra={"session": self._client_id, "reason": str(reason)},
            )

    # An exception in one of these would end paho's thread: nothing but queueing happens.

    def _on_message(self, _client: paho.Client, _userdata: object, message: paho.MQTTMessage) -> None:
        ids = [message.mid.to_bytes(2, "big")] if message.qos else []
        payload = bytes(message.payload)
        self._put([message.topic], [payload], ids, len(payload), message.qos)

    def _on_columns(self, columns: Columns, size_bytes: int) -> None:
        if self._is_catching_up:
            self._end_live(
                is_over=self._level.kept_brought(
                    size_bytes, lambda message: message in zip(columns.topics, columns.payloads, strict=True)
                )
            )
        self._put(columns.topics, columns.payloads, columns.message_ids, size_bytes)

    def _on_block(self, block: Block) -> None:
        messages = block.messages
        if self._is_catching_up:
            content = messages.content
            is_level = self._level.kept_brought(block.size_bytes, lambda message: message[1] in content)
            self._end_live(is_over=is_level)
        self._put(TopicsOf(messages), PayloadsOf(messages), block.message_ids, block.size_bytes)

    def _put(
        self,
        topics: Sequence[str],
        payloads: Sequence[bytes],
        ids: list[bytes],
        size_bytes: int,
        qos: int = 1,
    ) -> None:
        now_s = time.monotonic()
        self._heard_at_s = now_s
        if not self._keeps_session:
            self._owner._level.live_brought((topics[0], bytes(payloads[0])))  # noqa: SLF001  # of the same class
        if not ids and not self._inbox.has_room:
            self._count_dropped(len(topics))
            return
        self._since_acknowledged += len(ids)
        self._window.arrived(len(ids), now_s)
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
                is_last=self._window.is_full,
            )
        )

    # Catching up: while the broker hands out what it kept, a live session brings what comes now.

    def _begin_live(self, *, is_needed: bool) -> None:
        """Open the live session; where it is not needed, once, to clear what an earlier version left."""
        assert self._live is not None
        if self._is_catching_up or not (is_needed or not self._is_live_cleared):
            return
        self._is_live_cleared = True
        self._is_catching_up, self._level = is_needed, CatchingUp()
        self._began_at_s = self._heard_at_s = time.monotonic()
        self._live.start()

    def _end_live(self, *, is_over: bool) -> None:
        """Once the kept session is where the live one began."""
        if is_over and self._is_catching_up and self._live is not None:
            self._is_catching_up, self._level = False, CatchingUp()  # what it remembered is let go
            self._live.stop()
            log.info("what the broker kept is taken", extra={"session": self._client_id})
