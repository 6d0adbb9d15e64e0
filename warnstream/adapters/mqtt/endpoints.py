"""The MQTT endpoints of a node as configured: a broker, our own listener, or both, and the way out."""

from collections.abc import Sequence
from typing import Protocol

from warnstream.adapters.inbox import Source
from warnstream.adapters.mqtt.listener.listener import MqttListener
from warnstream.adapters.mqtt.listener.publisher import ListenerPublisher
from warnstream.adapters.mqtt.ports import NodePorts
from warnstream.adapters.mqtt.publisher import PahoPublisher, Publication
from warnstream.adapters.mqtt.source import MqttSource, Role
from warnstream.config.settings import Configuration


class Publisher(Protocol):
    """The way out: a connection to the broker, or our own listener."""

    def start(self) -> None:
        """Open it."""

    def stop(self) -> None:
        """Close it."""

    def __call__(self, publications: Sequence[Publication]) -> Sequence[str]:
        """Publish everything; why each publication is not acknowledged, empty where it is."""


def open_endpoints(
    configuration: Configuration,
    topics: Sequence[str],
    backlogs: Sequence[str],
    ports: NodePorts,
    *,
    has_run_before: bool,
) -> tuple[list[Source], Publisher]:
    """Where messages come in, and where they go out; nothing is started yet.

    With a broker and a listener messages come in by both and go out by the broker alone.

    Parameters
    ----------
    configuration : Configuration
    topics : sequence of str
        Filters of what the node takes.
    backlogs : sequence of str
        Filters of what gateways kept during an outage: from a broker in a session of its own, unless time
        itself comes by messages (`node.clock` simulated) and their order is everything.
    ports : NodePorts
    has_run_before : bool
        A broker should know the sessions of this node.

    Raises
    ------
    WarnstreamError
        If the listener's users file or certificates cannot be used.
    """
    sources: list[Source] = []
    publisher: Publisher | None = None
    if configuration.listener is not None:
        listener = MqttListener(configuration.listener, [*topics, *backlogs], ports)
        sources.append(listener)
        publisher = ListenerPublisher(listener)
    if not configuration.broker.embedded:
        is_in_order = configuration.node.clock == "simulated" or not backlogs
        broker = MqttSource(
            configuration.broker,
            [*topics, *backlogs] if is_in_order else topics,
            ports,
            catches_up=not is_in_order,
            expects_session=has_run_before,
        )
        ports.metrics.broker_connected.set_function(lambda: float(broker.is_connected))
        sources.append(broker)
        if not is_in_order:
            sources.append(
                MqttSource(
                    configuration.broker,
                    backlogs,
                    ports,
                    role=Role.BACKLOG,
                    expects_session=has_run_before,
                )
            )
        publisher = PahoPublisher(configuration.broker)
    assert publisher is not None, "broker.embedded asks for a listener"
    return sources, publisher
