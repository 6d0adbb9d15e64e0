"""What one process of several alone may do, held again after it was lost to another one."""

import logging
import signal
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from prometheus_client import CollectorRegistry

log = logging.getLogger(__name__)


class Role(Protocol):
    """A bridge or a delivery node."""

    has_lost: bool
    registry: CollectorRegistry

    def readiness(self) -> tuple[bool, list[str]]:
        """Whether it does its work, and what is to be said; any thread."""

    def run(self) -> None:
        """Until it is asked to stop, or another one has its place."""

    def ask_to_stop(self) -> None:
        """End `run` soon."""


Kind = TypeVar("Kind", bound=Role)


class Held(Generic[Kind]):
    """Runs one after the other, each from its beginning: who lost its place waits for it like any other.

    Parameters
    ----------
    make : callable
        A new one, not yet begun.

    Attributes
    ----------
    role : Role
        The present one.
    """

    def __init__(self, make: Callable[[], Kind]) -> None:
        self._make, self._is_ending = make, False
        self.role = make()

    def readiness(self) -> tuple[bool, list[str]]:
        """Of the present one; any thread."""
        return self.role.readiness()

    def registry(self) -> CollectorRegistry:
        """Metrics of the present one; any thread."""
        return self.role.registry

    def run(self) -> None:
        """Until a signal ends it."""
        while True:
            self.role.run()
            if self._is_ending or not self.role.has_lost:
                return
            log.warning("this process begins anew, and waits for its place")
            self.role = self._make()

    def end_on_signals(self) -> None:
        """SIGTERM and Ctrl-C end it in good order."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _signal, _frame: self._end())

    def _end(self) -> None:
        self._is_ending = True
        self.role.ask_to_stop()
