"""Journal entries that somebody waits for: handed to the node's loop, done once they are durable."""

import queue
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass

from warnstream.delivery.dispatch.notification import Settlement
from warnstream.model.errors import StoreError
from warnstream.runners.intake.door_entries import OUTCOME
from warnstream.runners.intake.standby_entries import TOLD, encode_told

WAIT_S = 10.0
"""Longest wait of a caller for its entry to be durable."""


@dataclass(frozen=True, slots=True)
class Request:
    """An entry and its promise; the loop sets the result, or the error that kept it from being kept."""

    kind: str
    payload: bytes
    done: Future[None]


class Requests:
    """A queue from any thread to the loop.

    Parameters
    ----------
    wake : callable
        Ends the loop's sleep.
    is_stopping : callable
        Whether nothing is taken any more.
    """

    def __init__(self, wake: Callable[[], None], is_stopping: Callable[[], bool]) -> None:
        self._wake = wake
        self._is_stopping = is_stopping
        self._waiting: queue.SimpleQueue[Request] = queue.SimpleQueue()

    def ask(self, kind: str, payload: bytes, *, is_last: bool = False) -> Future[None]:
        """Hand an entry to the loop; `is_last`: it is taken while the node is stopping, too.

        Raises
        ------
        StoreError
            If the node is stopping.
        """
        if self._is_stopping() and not is_last:
            raise StoreError("the node is stopping", retryable=True)
        request = Request(kind, payload, Future())
        self._waiting.put(request)
        self._wake()
        return request.done

    def ask_and_wait(self, kind: str, payload: bytes) -> None:
        """Hand an entry to the loop; returns once it is durable. StoreError if it cannot be kept."""
        try:
            self.ask(kind, payload).result(WAIT_S)
        except TimeoutError:
            raise StoreError("the node did not keep it in time", retryable=True) from None

    def keep_outcomes(self, payload: bytes) -> Future[None]:
        """Outcomes of a channel's batch into the log; taken to the end, when nothing else is any more."""
        return self.ask(OUTCOME, payload, is_last=True)

    def keep_told(self, settlements: Mapping[str, Settlement], at: float) -> None:
        """What became of rows into the log, for a second box; taken to the end, and nobody waits for it."""
        self.ask(TOLD, encode_told(settlements, at), is_last=True)

    def take(self) -> list[Request]:
        """Everything that waits, in order."""
        taken = []
        while not self._waiting.empty():
            taken.append(self._waiting.get())
        return taken
