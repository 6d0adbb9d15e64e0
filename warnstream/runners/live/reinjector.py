"""Refused messages that are wanted again, as a node takes them: whole, once each, with their own topic.

A thread looks now and then at what `warnstream refused --reinject` asked for
and hands it to the node's loop, as a listener does; it is marked as taken
once it is durable. Several refusals may be of one message; it is taken once. A
payload that was cut when it was kept is looked up in the journal entry that
it came in, as far back as the journal reaches.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from warnstream.adapters.journal.journal import Journal
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.refused.reinjections import RefusedMessage, RefusedRequests
from warnstream.ingest.names import RawMessage
from warnstream.model.errors import StoreError
from warnstream.model.observations.decoders import REFUSED_READING_TOPIC
from warnstream.runners.intake.entries import MESSAGES, decode_messages

LOOK_S = 2.0
"""Between two looks at what is wanted."""

DURABLE_S = 0.1
"""Between two looks at whether the journal has it."""

STOP_S_MAX = 10.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Again:
    """Messages to make durable, and the refusals that are done with then."""

    messages: list[RawMessage]
    taken: list[int]
    lost: list[int]


class Reinjector:
    """Takes what of a node's refusals is wanted again.

    Parameters
    ----------
    directory : Path
        Folder of ``refused.sqlite3``.
    journal : Journal
    keep : callable
        Takes messages, returns a future that is done once they are durable.
    metrics : Metrics
    """

    def __init__(
        self,
        directory: Path,
        journal: Journal,
        keep: Callable[[Sequence[RawMessage]], Future[None]],
        metrics: Metrics,
    ) -> None:
        self._directory = directory
        self._requests: RefusedRequests | None = None
        self._journal, self._keep, self._metrics = journal, keep, metrics
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="refused-again", daemon=True)

    def start(self) -> None:
        """Look from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more; what is not durable yet is wanted still."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(STOP_S_MAX)
        if self._requests is not None:
            self._requests.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                has_more = self.take()
            except StoreError as error:
                has_more = False
                log.warning("refused messages cannot be taken again", extra={"error": str(error)})
            except Exception:
                has_more = False
                log.exception("refused messages cannot be taken again")
            if not has_more:
                self._stopping.wait(LOOK_S)

    def take(self) -> bool:
        """Take what is wanted, some hundreds at most; whether anything was.

        Raises
        ------
        StoreError
            If the disk refuses; it is wanted still then.
        """
        again = self.due()
        if again is None:
            return False
        if again.messages:
            durable = self._keep(again.messages)
            while not durable.done():
                if self._stopping.wait(DURABLE_S):
                    return False
            durable.result()
        self.done(again)
        return True

    def due(self) -> Again | None:
        """What is wanted; None for nothing."""
        if self._requests is None:  # opened here: a locked or damaged file must not stop a start
            self._requests = RefusedRequests(self._directory)
        waiting = self._requests.waiting()
        return self._gather(waiting) if waiting else None

    def done(self, again: Again) -> None:
        """They are durable."""
        assert self._requests is not None, "`due` has opened it"
        self._requests.done(again.taken, time.time(), lost=again.lost)
        self._metrics.refused_taken_again.inc(len(again.taken))
        log.info(
            "refused messages taken again",
            extra={"messages": len(again.messages), "refusals": len(again.taken)},
        )
        if again.lost:
            log.warning(
                "refused messages cannot be taken again: cut, and no longer in the journal",
                extra={"count": len(again.lost)},
            )

    def _gather(self, waiting: Sequence[RefusedMessage]) -> Again:
        messages: dict[tuple[int, str, bytes, int], list[RawMessage]] = {}
        taken, lost = [], []
        for request in waiting:
            key = (request.entry, request.topic, request.payload, request.payload_bytes)
            found = messages.get(key) or self._whole(request)
            if found:
                messages[key] = found
                taken.append(request.number)
            else:
                lost.append(request.number)
        return Again([message for found in messages.values() for message in found], taken, lost)

    def _whole(self, one: RefusedMessage) -> list[RawMessage]:
        """The message; all that it may be if several begin the same and are as long; none if it is gone."""
        topic = one.topic or REFUSED_READING_TOPIC
        if one.is_whole:
            return [RawMessage(topic, one.payload)]
        try:
            _, kind, entry = next(self._journal.since(one.entry - 1), (0, "", b""))
        except StoreError:
            return []
        if kind != MESSAGES:
            return []
        return [
            RawMessage(topic, payload)
            for found, payload in decode_messages(entry)
            if found == topic and len(payload) == one.payload_bytes and payload.startswith(one.payload)
        ]
