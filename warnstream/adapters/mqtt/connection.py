"""Opening a connection to the broker as configured: protocol, session, credentials, TLS.

A connection that keeps its session (the one readings come in by) has a fixed
client id, and the broker keeps for it what comes while this node is away.
"""

import logging
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

log = logging.getLogger(__name__)

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
    context = None
    if broker.tls is not None:
        context = ssl.create_default_context(cafile=str(broker.tls.ca))
        client.tls_set_context(context)
    _read_files(client, broker, context)
    client.on_pre_connect = lambda client, _userdata: _read_again(client, broker, context)
    return client


def _read_files(client: paho.Client, broker: BrokerSettings, context: ssl.SSLContext | None) -> None:
    """Password and certificates as their files are now."""
    if broker.username is not None:
        client.username_pw_set(broker.username, _password(broker))
    if context is not None and broker.tls is not None:
        context.load_verify_locations(str(broker.tls.ca))
        if broker.tls.certificate is not None and broker.tls.key is not None:
            context.load_cert_chain(str(broker.tls.certificate), str(broker.tls.key))


def _read_again(client: paho.Client, broker: BrokerSettings, context: ssl.SSLContext | None) -> None:
    """Before every connection, so that a new certificate or password needs no restart."""
    try:
        _read_files(client, broker, context)
    except (OSError, ValueError) as error:
        log.error("broker's password or certificates not read again", extra={"error": str(error)})  # noqa: TRY400


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
