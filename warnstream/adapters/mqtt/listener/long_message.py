"""A message that is longer than may be taken, on its way past the node.

MQTT 3.1.1 has no word for "too long": a client that is cut off comes back and sends the same message
for ever, and the readings behind it never arrive. So it is let through to its end without being kept.
"""

from warnstream.adapters.mqtt.frames import Publish


class LongMessage:
    """One message that is passed over.

    Parameters
    ----------
    publish : Publish
        Its head.
    size_bytes : int
        Of the whole frame.
    """

    def __init__(self, publish: Publish, size_bytes: int) -> None:
        self.publish = publish
        self.size_bytes = size_bytes
        self._left = size_bytes

    @property
    def is_over(self) -> bool:
        """All of it has gone by."""
        return self._left == 0

    def drop(self, data: bytes) -> bytes:
        """What is behind it in the next bytes of its client."""
        dropped = min(len(data), self._left)
        self._left -= dropped
        return data[dropped:]
