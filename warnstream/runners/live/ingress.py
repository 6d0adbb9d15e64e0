"""What comes in from outside becomes entries: messages of every source, requests, and ticks of the clock.

Lone messages go before those of streams, a tick stands between them, so that a
reading of now is judged before a day's backlog is even decoded.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from warnstream.adapters.inbox import STREAM_BATCH, InboundBatch, Inbox, Source
from warnstream.config.settings import Configuration
from warnstream.model.errors import StoreError
from warnstream.runners.intake import entries
from warnstream.runners.intake.backlog import WAITING_MAX
from warnstream.runners.intake.door_entries import OF_DOORS
from warnstream.runners.live.clock import NodeClock
from warnstream.runners.live.pace import Pace
from warnstream.runners.live.requests import Request, Requests

log = logging.getLogger(__name__)

WAIT_S_MAX = 0.5
"""Longest sleep of the loop: a bound on how late a tick can be."""

ACKNOWLEDGE_S_MAX = 0.1
"""No message waits longer for others before it is made durable and acknowledged."""


@dataclass(slots=True)
class Turn:
    """What one turn of the loop took: entries in order, and who waits for them to be durable.

    `streams_at_s` is when the first message of a stream in it came; None without any. Entries of
    `requests` stand together, from `requests_from` on.
    """

    entries: list[tuple[str, bytes]] = field(default_factory=list)
    arrived: list[InboundBatch] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    streams_at_s: float | None = None
    requests_from: int = 0


class Ingress:
    """The way in of one node.

    Parameters
    ----------
    configuration : Configuration
    inbox : Inbox
    requests : Requests
    sources : sequence of Source
    clock : NodeClock
        Where `node.clock` is ``system``.
    """

    def __init__(
        self,
        configuration: Configuration,
        inbox: Inbox,
        requests: Requests,
        sources: Sequence[Source],
        clock: NodeClock,
    ) -> None:
        self._broker = configuration.broker
        self._inbox, self._requests, self._sources, self._clock = inbox, requests, sources, clock
        self._is_simulated = configuration.node.clock == "simulated"
        node = configuration.node
        self._pace = Pace(node.tick_s, node.react_within_s, node.judging_share, time.monotonic())

    def take(
        self,
        backlog: int,
        engine_s: int,
        waiting: Callable[[], Mapping[int, int]],
        *,
        is_asked: bool = False,
    ) -> Turn:
        """What came since the last turn, or after a short sleep.

        Parameters
        ----------
        backlog : int
            Readings of long ago that wait for the engine.
        engine_s : int
            Time of the last step: a tick never lies before it.
        waiting : callable
            Newest time observed by each station among the readings that wait for a step.
        is_asked : bool
            A sign, an order or an answer of a person waits for a step.
        """
        arrived = self._inbox.take(
            messages_max=self._broker.batch_messages_max,
            wait_s=self._wait_s(backlog),
            gather_s=self._broker.batch_wait_s,
            open_until_s=self._open_until_s(),
            streams_max=STREAM_BATCH if backlog < WAITING_MAX else 0,
        )
        turn = Turn(arrived=arrived, requests=self._requests.take())
        lone = [batch for batch in arrived if batch.topics and not batch.is_stream]
        streams = [batch for batch in arrived if batch.topics and batch.is_stream]
        turn.entries = [(entries.MESSAGES, _entry(lone))] if lone else []
        turn.requests_from = len(turn.entries)
        turn.entries += [(request.kind, request.payload) for request in turn.requests]
        if any(kind not in OF_DOORS for kind, _ in turn.entries):  # what was told asks for no step
            self._pace.arrived(lone[0].at_s if lone else time.monotonic())
        if any(request.kind == entries.CLOCK for request in turn.requests):
            self._clock.accept()
        tick = self._due_tick(backlog, engine_s, waiting, is_asked=is_asked)
        if tick is not None:
            turn.entries.append((entries.TICK, entries.encode_tick(tick)))
        if streams:
            turn.entries.append((entries.MESSAGES, _entry(streams)))
            turn.streams_at_s = streams[0].at_s
        return turn

    def settle(self, turn: Turn, first: int = 0) -> None:
        """It is durable, its first entry under that number: tell every source and everybody who waits."""
        for source in self._sources:
            own = [batch for batch in turn.arrived if batch.source is source]
            if own:
                source.acknowledge(own)
        for sequence, request in enumerate(turn.requests, start=first + turn.requests_from):
            if request.told is not None:
                request.told(sequence)
            request.done.set_result(None)

    def give_up(self, turn: Turn, error: StoreError) -> None:
        """It could not be kept before the node had to stop; sources send it again."""
        for request in turn.requests:
            request.done.set_exception(error)

    def stepped(self, now_s: float, took_s: float, backlog_taken: int) -> float:
        """A tick has been judged; how long the first of what it judged had waited, 0 if nothing had."""
        return self._pace.stepped(now_s, took_s, backlog_taken)

    def left_fresh(self, turn: Turn) -> None:
        """Something of the turn's streams is fresh and waits for the next step."""
        if turn.streams_at_s is not None:
            self._pace.arrived(turn.streams_at_s)

    def unjudged_s(self) -> float:
        """How long the oldest message has waited to be judged, in the inbox or after it."""
        now_s, oldest_s = time.monotonic(), self._inbox.oldest_lone_s()
        return max(self._pace.unjudged_s(now_s), 0.0 if oldest_s is None else now_s - oldest_s)

    def _due_tick(
        self, backlog: int, engine_s: int, waiting: Callable[[], Mapping[int, int]], *, is_asked: bool
    ) -> int | None:
        """Time of a tick that is due by the node's clock; never before the engine's own time."""
        steady_s = time.monotonic()
        if self._is_simulated or not self._pace.is_due(steady_s, backlog):
            return None
        self._pace.plan(steady_s)
        tick = self._clock.tick(engine_s, waiting, is_asked=is_asked)
        if tick is None:
            self._pace.held(steady_s)
        return tick

    def _wait_s(self, backlog: int) -> float:
        if self._is_simulated:
            return WAIT_S_MAX
        return min(max(self._pace.due_s(backlog) - time.monotonic(), 0.0), WAIT_S_MAX)

    def _open_until_s(self) -> float:
        """Messages that trickle in are made durable together with the step that judges them."""
        now_s = time.monotonic()
        if self._is_simulated:
            return now_s + self._broker.batch_wait_s
        return min(self._pace.reacts_at_s(), now_s + ACKNOWLEDGE_S_MAX)


def _entry(arrived: Sequence[InboundBatch]) -> bytes:
    return entries.encode_arrived((batch.topics, batch.payloads) for batch in arrived)
