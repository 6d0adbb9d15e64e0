"""Delivery's way out over our own listener."""

from collections.abc import Sequence
from typing import Protocol

from warnstream.adapters.mqtt.publisher import Publication


class PublishPort(Protocol):
    """The listener as delivery sees it."""

    def publish(self, publications: Sequence[Publication]) -> Sequence[str]:
        """Give messages to whoever subscribed; why each was not taken, empty where it was."""


class ListenerPublisher:
    """Delivery's port to our own listener: no connection, no waiting."""

    def __init__(self, listener: PublishPort) -> None:
        self._listener = listener

    def start(self) -> None:
        """Nothing to do: the listener is started as a source."""

    def stop(self) -> None:
        """Nothing to do."""

    def __call__(self, publications: Sequence[Publication]) -> Sequence[str]:
        """Give messages to whoever subscribed; why each was not taken, empty where it was."""
        return self._listener.publish(publications)
