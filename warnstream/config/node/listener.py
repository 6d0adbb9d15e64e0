"""The keys of warnstream.yaml's `listener`: our own MQTT endpoint."""

from typing import Annotated

from pydantic import Field

from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import Section, default, part


class ListenerTlsSection(Section):
    """Certificates of our own listener."""

    certificate: Annotated[str, value_types.text()] = Field(
        description="File with the listener's certificate (PEM)."
    )
    key: Annotated[str, value_types.text()] = Field(description="File with the key of that certificate.")
    ca: Annotated[str | None, value_types.text()] = default(
        None, description="Authority of the clients' certificates; a client's user is its common name."
    )
    require_client_certificate: Annotated[bool, value_types.yes_or_no()] = default(
        False, description="Clients without a certificate of that authority are refused; needs `ca`."
    )

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """A client's certificate is proven by its authority."""
        if self.require_client_certificate and self.ca is None:
            return [
                ("require_client_certificate", "expected ca beside it: who signs the clients' certificates")
            ]
        return []


class ListenerSection(Section):
    """Our own MQTT endpoint, for gateways and devices that connect straight to this node."""

    host: Annotated[str | None, value_types.text()] = default(
        None, description="Address to listen on: default broker.host if embedded, else 127.0.0.1."
    )
    port: Annotated[int | None, value_types.whole(1, 65_535)] = default(
        None, description="Port: default broker.port if embedded, else 18830, with tls 8883."
    )
    tls: ListenerTlsSection | None = default(
        None, description="Certificates; without it connections are plain."
    )
    users_file: Annotated[str | None, value_types.text()] = default(
        None, description="Names and passwords, one line of `warnstream listener-user NAME` each."
    )
    gateways: list[Annotated[str, value_types.code()]] = part(
        list, "Users that publish for every station; other users only for the station of their name."
    )
    trusted: list[Annotated[str, value_types.code()]] = part(
        list, "They publish and read everything, the clock of a drill too."
    )
    connections_max: Annotated[int, value_types.whole(1, 1_000_000)] = default(
        5_000, description="Connections at once; more are refused."
    )
    connections_per_address_max: Annotated[int, value_types.whole(1, 1_000_000)] = default(
        1_000, description="Connections of one address; raise it where all stations come through one gateway."
    )
    message_bytes_max: Annotated[int, value_types.whole(1_024, 268_435_455)] = default(
        300_000,
        description="Longest packet; a longer message of MQTT 3.1.1 is passed over and counted, "
        "other clients are closed.",
    )
    messages_per_s: Annotated[int, value_types.whole(1, 10_000_000)] = default(
        10_000, description="Messages per second of one client; a faster one is slowed down."
    )
    inflight_max: Annotated[int, value_types.whole(1, 65_535)] = default(
        1_000,
        description="Messages of one client that wait for their acknowledgement; then it is not read from.",
    )
    session_messages_max: Annotated[int, value_types.whole(1, 1_000_000)] = default(
        1_000, description="Messages that wait for one device that is away or slow."
    )

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """Names of users mean something only when somebody asks for them."""
        asks = self.users_file is not None or (self.tls is not None and self.tls.ca is not None)
        if (self.gateways or self.trusted) and not asks:
            key = "gateways" if self.gateways else "trusted"
            return [(key, "expected users_file or tls.ca beside it: nobody is asked for a name")]
        return []
