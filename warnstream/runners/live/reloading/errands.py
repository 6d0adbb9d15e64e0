"""What another thread wants done by the loop, between two turns of it."""

import queue
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

Result = TypeVar("Result")


class Errands:
    """A queue from any thread to the loop.

    Parameters
    ----------
    wake : callable
        Ends the loop's sleep.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._waiting: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]]] = queue.SimpleQueue()

    def ask(self, work: Callable[[], Result]) -> "Future[Result]":
        """Have something done."""
        done: Future[Result] = Future()
        self._waiting.put((work, done))
        self._wake()
        return done

    def do_later(self, work: Callable[[], None]) -> None:
        """Have something done that nobody waits for."""
        self.ask(work)

    def do(self) -> None:
        """In the loop's thread: what waits; one that fails ends nothing."""
        while not self._waiting.empty():
            work, done = self._waiting.get()
            try:
                done.set_result(work())
            except Exception as error:  # noqa: BLE001  # it is told to whom has asked
                done.set_exception(error)
            except BaseException as error:  # the loop ends, and whoever waits must not wait for ever
                done.set_exception(error)
                raise

    def give_up(self) -> None:
        """The loop has ended: nothing is done any more."""
        while not self._waiting.empty():
            self._waiting.get()[1].cancel()
