"""Opening a connection to the broker as configured: protocol, session, credentials, TLS.

A connection that keeps its session (the one readings come in by) has a fixed
client id, and the broker keeps for it what comes while this node is away.
"""

import ssl
from typing import TypeVar

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from warnstream.config.settings import BrokerSettings

SESSION_EXPIRY_S = 7 * 86_400
"""How long an MQTT 5 broker keeps the session of a node that is away."""

KEEPALIVE_S = 30
RECONNECT_S_MAX = 30


ClientKind = TypeVar("ClientKind", bound=paho.Client)


def new_client(
    broker: BrokerSettings,
    client_id: str,
    *,
    keeps_session: bool,
    manual_ack: bool = False,
    kind: type[ClientKind],
) -> ClientKind:
    """A paho client as configured, not yet connected; it reconnects by itself once its loop runs."""
    is_v5 = broker.protocol == "5"
    client = kind(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        protocol=MQTTProtocolVersion.MQTTv5 if is_v5 else MQTTProtocolVersion.MQTTv311,
        clean_session=None if is_v5 else not keeps_session,
        manual_ack=manual_ack,
    )
    client.reconnect_delay_set(min_delay=1, max_delay=RECONNECT_S_MAX)
    if broker.username is not None:
        client.username_pw_set(broker.username, _password(broker))
    if broker.tls is not None:
        client.tls_set(
            ca_certs=str(broker.tls.ca),
            certfile=str(broker.tls.certificate) if broker.tls.certificate else None,
            keyfile=str(broker.tls.key) if broker.tls.key else None,
            cert_reqs=ssl.CERT_REQUIRED,
        )
    return client


def connect_async(client: paho.Client, broker: BrokerSettings, *, keeps_session: bool) -> None:
    """Name the broker that the client connects to once its loop runs."""
    if broker.protocol != "5":
        client.connect_async(broker.host, broker.port, keepalive=KEEPALIVE_S)
        return
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho annotates no __init__
    properties.SessionExpiryInterval = SESSION_EXPIRY_S if keeps_session else 0
    client.connect_async(
        broker.host,
        broker.port,
        keepalive=KEEPALIVE_S,
        clean_start=not keeps_session,
        properties=properties,
    )


def _password(broker: BrokerSettings) -> str | None:
    return broker.password_file.read_text(encoding="utf-8").strip() if broker.password_file else None
