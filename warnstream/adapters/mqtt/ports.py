"""What the MQTT doors are given by the node."""

from dataclasses import dataclass

from warnstream.adapters.inbox import Inbox
from warnstream.adapters.metrics import Metrics
from warnstream.model.alarms import AlarmPort


@dataclass(frozen=True, slots=True)
class NodePorts:
    """Where messages go, what is counted, and whom a door tells that something is wrong with it."""

    inbox: Inbox
    metrics: Metrics
    alarms: AlarmPort
