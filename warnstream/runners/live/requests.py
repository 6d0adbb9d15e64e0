"""Journal entries that somebody waits for: handed to the node's loop, done once they are durable."""

import logging
import queue
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from warnstream.model.digests import CallFailed
from warnstream.model.errors import StoreError
from warnstream.runners.intake.entries import UNDELIVERED, encode_undelivered

log = logging.getLogger(__name__)

WAIT_S = 10.0
"""Longest wait of a caller for its entry to be durable."""


@dataclass(frozen=True, slots=True)
class Request:
    """An entry and its promise; the loop sets the result, or the error that kept it from being kept.

    `told`, if any, is called with the entry's number before that.
    """

    kind: str
    payload: bytes
    done: Future[None]
    told: Callable[[int], None] | None = None


class LostPosts(Protocol):
    """Which digests no way could bring to their posts."""

    def is_lost(self, digest: str, post: str) -> bool:
        """Whether no way of a post could bring it a digest. StoreError."""


class Requests:
    """A queue from any thread to the loop.

    Parameters
    ----------
    wake : callable
        Ends the loop's sleep.
    is_stopping : callable
        Whether nothing is taken any more.

    Attributes
    ----------
    wake : callable
        As given.
    """

    def __init__(self, wake: Callable[[], None], is_stopping: Callable[[], bool]) -> None:
        self.wake = wake
        self._is_stopping = is_stopping
        self._waiting: queue.SimpleQueue[Request] = queue.SimpleQueue()

    def ask(
        self,
        kind: str,
        payload: bytes,
        *,
        is_last: bool = False,
        told: Callable[[int], None] | None = None,
    ) -> Future[None]:
        """Hand an entry to the loop; `is_last`: it is taken while the node is stopping, too.

        `told` is called in the loop's thread with the entry's number once it is durable.

        Raises
        ------
        StoreError
            If the node is stopping.
        """
        if self._is_stopping() and not is_last:
            raise StoreError("the node is stopping", retryable=True)
        request = Request(kind, payload, Future(), told)
        self._waiting.put(request)
        self.wake()
        return request.done

    def ask_and_wait(self, kind: str, payload: bytes) -> None:
        """Hand an entry to the loop; returns once it is durable. StoreError if it cannot be kept."""
        try:
            self.ask(kind, payload).result(WAIT_S)
        except TimeoutError:
            raise StoreError("the node did not keep it in time", retryable=True) from None

    def keep_lost(self, posts: LostPosts, digest: str, post: str) -> None:
        """A post that no way leads to: its villages climb. What is lost in a crash falls due by time."""
        try:
            if posts.is_lost(digest, post):
                self.ask(UNDELIVERED, encode_undelivered(CallFailed(digest, post)))
        except StoreError as error:
            log.warning("undelivered digest not kept", extra={"error": str(error)})

    def take(self) -> list[Request]:
        """Everything that waits, in order."""
        taken = []
        while not self._waiting.empty():
            taken.append(self._waiting.get())
        return taken
