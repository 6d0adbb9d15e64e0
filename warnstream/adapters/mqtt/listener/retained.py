"""Retained messages by topic: the node's own, and those of clients on their account.

What clients retain is weighed in bytes, each user's by itself, so that no
stranger crowds out the warnings that the node retains; and a topic that the
node has retained is nobody else's to replace or clear. Pure.

Limits: `OWN_MAX` topics of the node, `USER_BYTES_MAX` of one user,
`STRANGERS_BYTES_MAX` of all users together.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from warnstream.adapters.mqtt.topic_filters import matches

OWN_MAX = 1_000_000
USER_BYTES_MAX = 4 * 1024 * 1024
STRANGERS_BYTES_MAX = 64 * 1024 * 1024

ENTRY_BYTES = 200
"""What a message weighs beside its topic and payload."""

NODE = ""
"""Owner of what the node itself retains."""


class Retained(Mapping[str, bytes]):
    """Payloads by topic."""

    def __init__(self) -> None:
        self._messages: dict[str, tuple[bytes, str]] = {}
        self._bytes_of: Counter[str] = Counter()
        self._own = 0

    def __getitem__(self, topic: str) -> bytes:
        return self._messages[topic][0]

    def __iter__(self) -> Iterator[str]:
        return iter(self._messages)

    def __len__(self) -> int:
        return len(self._messages)

    def put(self, topic: str, payload: bytes, owner: str) -> bool:
        """Retain, replace, or forget where the payload is empty; False if that cannot be.

        Parameters
        ----------
        topic : str
        payload : bytes
        owner : str
            `NODE`, or a name of the user who pays for it.
        """
        known = self._messages.get(topic)
        if known is not None and known[1] == NODE != owner:
            return False
        before = 0 if known is None else _weight(topic, known[0])
        if payload and not self._has_room(_weight(topic, payload), owner, known, before):
            return False
        if known is not None:
            self._count(known[1], -before)
            del self._messages[topic]
        if payload:
            self._count(owner, _weight(topic, payload))
            self._messages[topic] = (payload, owner)
        return True

    def under(self, topic_filter: str) -> list[tuple[str, bytes]]:
        """Topics of a filter, with their payloads."""
        if "+" not in topic_filter and "#" not in topic_filter:
            payload = self.get(topic_filter)
            return [(topic_filter, payload)] if payload is not None else []
        return [
            (topic, payload) for topic, (payload, _) in self._messages.items() if matches(topic_filter, topic)
        ]

    def _has_room(self, weight: int, owner: str, known: tuple[bytes, str] | None, before: int) -> bool:
        if owner == NODE:
            return (known is not None and known[1] == NODE) or self._own < OWN_MAX
        replaced = before if known is not None and known[1] == owner else 0
        others = self._bytes_of.total() - before
        return (
            self._bytes_of[owner] - replaced + weight <= USER_BYTES_MAX
            and others + weight <= STRANGERS_BYTES_MAX
        )

    def _count(self, owner: str, weight: int) -> None:
        if owner == NODE:
            self._own += 1 if weight > 0 else -1
            return
        self._bytes_of[owner] += weight
        if not self._bytes_of[owner]:
            del self._bytes_of[owner]


def _weight(topic: str, payload: bytes) -> int:
    return len(topic) + len(payload) + ENTRY_BYTES
