"""What surrounds the keeper of a node's state: where it keeps what an entry led to, and who is told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from warnstream.adapters.ledger.node_outbox import NodeOutbox
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.refused.writer import RefusedWriter
from warnstream.engine import EngineStep
from warnstream.runners.bundles.keeping import OwnBundle
from warnstream.runners.live.alarms import Alarms
from warnstream.runners.live.clock import NodeClock
from warnstream.runners.live.disk import DiskWatch
from warnstream.runners.live.log import Log


@dataclass(frozen=True, slots=True)
class Stores:
    """Where what an entry led to is kept."""

    log: Log
    outbox: NodeOutbox
    refused: RefusedWriter
    bundle: OwnBundle


@dataclass(frozen=True, slots=True)
class Watchers:
    """Who is told what an entry led to.

    Attributes
    ----------
    alarms : Alarms
    clock : NodeClock
    disk : DiskWatch
    metrics : Metrics
    wake_channels : callable
        There may be something to send.
    look_at_grids : callable
        A grid has a new file.
    on_step : callable or None
        Called after every engine step.
    to_drill : callable
        Takes the number of an entry and what it has of a drill.
    """

    alarms: Alarms
    clock: NodeClock
    disk: DiskWatch
    metrics: Metrics
    wake_channels: Callable[[], None]
    look_at_grids: Callable[[], None]
    on_step: Callable[[EngineStep], None] | None = None
    to_drill: Callable[[int, Sequence[Any]], None] = lambda _sequence, _given: None
