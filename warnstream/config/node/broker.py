"""The keys of `broker:` in warnstream.yaml."""

from typing import Annotated

from pydantic import Field

from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import Section, default

EMBEDDED_BROKER_PORT = 18830
BROKER_PORT = 1883
BROKER_TLS_PORT = 8883


class TlsSection(Section):
    """Certificates of a broker connection."""

    ca: Annotated[str, value_types.text()] = Field(description="File with the certificate authority (PEM).")
    certificate: Annotated[str | None, value_types.text()] = default(
        None, description="File with this node's own certificate; needs key."
    )
    key: Annotated[str | None, value_types.text()] = default(
        None, description="File with the key of this node's certificate."
    )

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """A certificate is of no use without its key, and the other way round."""
        if (self.certificate is None) == (self.key is None):
            return []
        lone, other = ("certificate", "key") if self.key is None else ("key", "certificate")
        return [(lone, f"expected {other} beside it: a client's certificate needs both files")]


class BrokerSection(Section):
    """The MQTT broker that stations publish to."""

    embedded: Annotated[bool, value_types.yes_or_no()] = default(
        False, description="No other broker: stations and devices connect to this node's own listener."
    )
    host: Annotated[str | None, value_types.text()] = default(
        None,
        description="Host of the broker; required unless embedded (default then 127.0.0.1).",
    )
    port: Annotated[int | None, value_types.whole(1, 65_535)] = default(
        None, description="Port: default 1883, with tls 8883, embedded 18830."
    )
    protocol: Annotated[str, value_types.one_of("3.1.1", "5")] = default("3.1.1", description="MQTT version.")
    client_id: Annotated[str | None, value_types.code()] = default(
        None,
        description="Fixed name of our session, under which the broker keeps unacknowledged readings: "
        "default warnstream-{node.name}.",
    )
    username: Annotated[str | None, value_types.text()] = default(
        None, description="User name at the broker."
    )
    password_file: Annotated[str | None, value_types.text()] = default(
        None, description="File whose first line is the password; needs `username`."
    )
    tls: TlsSection | None = default(None, description="Certificates; without it the connection is plain.")
    batch_wait_s: Annotated[float, value_types.fine_duration("1ms", "10s")] = default(
        "20ms",
        alias="batch_wait",
        description=(
            "What a sender may be waiting for is durable and acknowledged within that time; the rest of a "
            "trickle with the step that judges it, within a tenth of a second."
        ),
    )
    batch_messages_max: Annotated[int, value_types.whole(1, 65_535)] = default(
        500,
        description="Acknowledged together; keep it at or below the broker's `max_inflight_messages` or the "
        "stream stalls.",
    )
    reader: Annotated[str, value_types.one_of("bulk", "paho")] = default(
        "bulk", description="How the broker is read; `paho` is slower and needs nothing of paho's inside."
    )

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """Keys that only one kind of broker has."""
        faults: list[tuple[str, str]] = []
        if self.embedded:
            faults += [
                (key, "the embedded broker has none: remove it, or set embedded: false")
                for key in ("username", "password_file", "tls")
                if getattr(self, key) is not None
            ]
        elif self.host is None:
            faults.append(("", "expected host (the broker's name or address) or embedded: true"))
        if self.password_file is not None and self.username is None:
            faults.append(("password_file", "expected username beside it"))
        return faults
