"""One MQTT connection: opening it with a clear error, and publishing so that nothing is skipped.

paho keeps the session: it reconnects by itself and sends again whatever the
broker has not acknowledged. `BrokerTransport` adds a window of unacknowledged
messages and the wait until all are acknowledged.

A broker that is killed loses what it had acknowledged but not saved. A gateway
behind one keeps what it sent for longer than the broker's autosave interval
and sends it again after a reconnect (`resend_s`): readings that come twice
count once.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from station_sim.errors import BrokerError

_LOG = logging.getLogger("station_sim.mqtt_client")

WINDOW = 500
"""Messages that may wait for their acknowledgement at the same time."""

_KEEPALIVE_S = 30
_CONNECT_S_MAX = 10.0
_RECONNECT_S_MAX = 4
_POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where the broker is and how it knows us.

    `ca` switches TLS on; `certificate` and `key` are the client's own, if the broker asks for them.
    """

    host: str = "127.0.0.1"
    port: int = 18830
    username: str | None = None
    password: str | None = None
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Transport(Protocol):
    """What a publisher needs of a connection."""

    @property
    def reconnects(self) -> int:
        """How often the connection was lost and made again."""

    def open(self) -> None:
        """Connect; raises BrokerError."""

    def publish(self, topic: str, payload: bytes, stop: threading.Event) -> None:
        """Send at QoS 1; waits while the window is full, until `stop`."""

    def wait_acknowledged(self, stop: threading.Event) -> bool:
        """Wait until every message is acknowledged; False if `stop` came first."""

    def close(self) -> None:
        """Disconnect."""


class BrokerTransport:
    """A publishing connection (QoS 1) that survives a restart of the broker.

    Parameters
    ----------
    address : BrokerAddress
    client_id : str
    resend_s : float
        After a reconnect everything is sent again that was published in so many
        seconds before the broker's last sign of life, in its order and before
        anything newer; 0 sends again only what was not acknowledged.
    """

    def __init__(self, address: BrokerAddress, client_id: str = "station-sim", resend_s: float = 0.0) -> None:
        self._address, self._resend_s = address, resend_s
        self._changed = threading.Condition()
        self._unacknowledged = 0
        self._connections = 0
        self._is_connected = False
        self._acknowledged_at = time.monotonic()
        self._sent: deque[tuple[float, str, bytes]] = deque()
        self._client = make_client(address, client_id, clean_session=True)
        # The window is kept here; paho would hold back a part of what is sent again, behind newer messages.
        self._client.max_inflight_messages_set(0 if resend_s else WINDOW)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_publish = self._on_publish

    @property
    def reconnects(self) -> int:
        """How often the connection was lost and made again."""
        return max(self._connections - 1, 0)

    def open(self) -> None:
        """Connect.

        Raises
        ------
        BrokerError
            If the broker cannot be reached within 10 s or refuses us.
        """
        open_client(self._client, self._address)

    def publish(self, topic: str, payload: bytes, stop: threading.Event) -> None:
        """Send at QoS 1; waits while the window is full, until `stop`."""
        if not self._wait(self._may_publish, stop):
            return
        with self._changed:
            self._unacknowledged += 1
            if self._resend_s:
                self._sent.append((time.monotonic(), topic, payload))
                while self._sent[0][0] < self._acknowledged_at - self._resend_s:
                    self._sent.popleft()
        # While the connection is down paho keeps the message and sends it after reconnecting.
        info: MQTTMessageInfo = self._client.publish(topic, payload, qos=1)
        del info

    def _may_publish(self) -> bool:
        # What is sent again must not be overtaken, so new messages wait for the connection.
        return self._unacknowledged < WINDOW and (self._is_connected or not self._resend_s)

    def wait_acknowledged(self, stop: threading.Event) -> bool:
        """Wait until every message is acknowledged; False if `stop` came first."""
        return self._wait(lambda: self._unacknowledged == 0, stop)

    def _wait(self, condition: Callable[[], bool], stop: threading.Event) -> bool:
        with self._changed:
            while not condition():
                if stop.is_set():
                    return False
                self._changed.wait(_POLL_S)
            return True

    def close(self) -> None:
        """Disconnect."""
        close_client(self._client)

    def _on_connect(
        self,
        client: Client,
        userdata: object,
        flags: ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        del userdata, flags, properties
        if reason.is_failure:
            return
        self._connections += 1
        # Before paho sends what is unacknowledged, which is newer: it does so when this returns.
        if self._resend_s and self._connections > 1:
            self._send_again(client)
        with self._changed:
            self._is_connected = True
            self._changed.notify_all()

    def _send_again(self, client: Client) -> None:
        with self._changed:
            sent = list(self._sent)
            self._unacknowledged += len(sent)
        for _, topic, payload in sent:
            client.publish(topic, payload, qos=1)
        _LOG.warning("connected to %s again, %d messages sent again", self._address, len(sent))

    def _on_disconnect(
        self,
        client: Client,
        userdata: object,
        flags: DisconnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        with self._changed:
            self._is_connected = False
        _log_lost_connection(self._address)(client, userdata, flags, reason, properties)

    def _on_publish(
        self, client: Client, userdata: object, mid: int, reason: ReasonCode, properties: Properties
    ) -> None:
        del client, userdata, mid, reason, properties
        with self._changed:
            self._unacknowledged -= 1
            self._acknowledged_at = time.monotonic()
            self._changed.notify_all()


def make_client(address: BrokerAddress, client_id: str, *, clean_session: bool) -> Client:
    """A client that is not connected yet.

    Raises
    ------
    BrokerError
        If a certificate file cannot be used.
    """
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        clean_session=clean_session,
        protocol=MQTTProtocolVersion.MQTTv311,
    )
    client.reconnect_delay_set(min_delay=1, max_delay=_RECONNECT_S_MAX)
    client.on_disconnect = _log_lost_connection(address)
    if address.username is not None:
        client.username_pw_set(address.username, address.password)
    if address.ca is not None:
        try:
            client.tls_set(
                str(address.ca),
                certfile=None if address.certificate is None else str(address.certificate),
                keyfile=None if address.key is None else str(address.key),
            )
        except (OSError, ValueError) as error:
            raise BrokerError(f"the certificates for {address} cannot be used: {error}") from error
    return client


def _log_lost_connection(address: BrokerAddress) -> Callable[..., None]:
    def on_disconnect(
        client: Client,
        userdata: object,
        flags: DisconnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        del client, userdata, flags, properties
        if reason.is_failure:
            _LOG.warning("connection to %s lost (%s); reconnecting", address, reason)

    return on_disconnect


def open_client(client: Client, address: BrokerAddress) -> None:
    """Connect and start the client's thread; its own `on_connect` is called as always.

    Raises
    ------
    BrokerError
        If the broker cannot be reached within 10 s or refuses us.
    """
    answered = threading.Event()
    refusals: list[str] = []
    wanted = client.on_connect

    def on_connect(
        client: Client,
        userdata: object,
        flags: ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if wanted is not None:
            wanted(client, userdata, flags, reason, properties)  # type: ignore[call-arg, arg-type]  # version 2
        if reason.is_failure:
            refusals.append(str(reason))
        answered.set()

    client.on_connect = on_connect
    try:
        client.connect(address.host, address.port, keepalive=_KEEPALIVE_S)
    except OSError as error:
        raise BrokerError(f"no MQTT broker can be reached at {address}: {error}") from error
    client.loop_start()
    if not answered.wait(_CONNECT_S_MAX):
        close_client(client)
        raise BrokerError(f"what listens at {address} does not answer as an MQTT broker")
    if refusals:
        close_client(client)
        raise BrokerError(f"the MQTT broker at {address} refuses the connection: {refusals[0]}")


def close_client(client: Client) -> None:
    """Disconnect and end the client's thread."""
    client.disconnect()
    client.loop_stop()
