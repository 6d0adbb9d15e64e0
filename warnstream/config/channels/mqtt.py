"""`kind: mqtt`: terminals and loudspeakers that subscribe to the broker."""

from typing import ClassVar, Literal

from pydantic import Field

from warnstream.config.channels.section import ChannelSection

ADDRESS_BYTES_MAX = 1_024
"""Far below MQTT's 65,535 bytes of a topic, so that a prefix has room before it."""


class MqttChannelSection(ChannelSection):
    """Terminals and loudspeakers that subscribe to the broker."""

    kind: Literal["mqtt"] = Field(description="Messages go to {prefix}/device/{address}.")

    address_expected: ClassVar[str] = (
        f"an MQTT topic level: 1 to {ADDRESS_BYTES_MAX} bytes, printable, without + and #"
    )

    @classmethod
    def is_address(cls, address: str) -> bool:
        """A part of a topic; nobody listens to an empty one, and a wildcard cannot be published to."""
        if not address or not address.isprintable() or "+" in address or "#" in address:
            return False
        return len(address.encode()) <= ADDRESS_BYTES_MAX  # a lone surrogate is not printable
