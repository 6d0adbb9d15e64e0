"""Fewer wake-ups of an event loop while little comes: sockets are looked at together.

Two hundred messages a second over as many connections wake a thread two
hundred times, and each time most of the cost is the waking. After a pass that
brought a few messages this selector therefore looks away from the sockets
for `PAUSE_S`. What another thread calls into the loop
(`call_soon_threadsafe`) is never held up, nor is a pass after one that
brought much or nothing: a lone message and a stream are read at once.
"""

import select
import selectors
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import FileDescriptorLike

PAUSE_S = 0.02
MUCH = 16
"""So many messages of one pass are no trickle."""

Ready = list[tuple[selectors.SelectorKey, int]]


class CoalescingSelector(selectors.DefaultSelector):
    """For a selector event loop, which registers its own wake-up socket before all others.

    Parameters
    ----------
    taken : callable
        Messages that were read since it was last asked.
    """

    def __init__(self, taken: Callable[[], int]) -> None:
        super().__init__()
        self._taken = taken
        self._wake_up: select.poll | None = None

    def register(
        self, fileobj: "FileDescriptorLike", events: int, data: object = None
    ) -> selectors.SelectorKey:
        """As ever; the first that is registered wakes from a pause."""
        key = super().register(fileobj, events, data)
        if self._wake_up is None:
            self._wake_up = select.poll()
            self._wake_up.register(key.fd, select.POLLIN)
        return key

    def select(self, timeout: float | None = None) -> Ready:
        """What is ready, after a pause where that saves waking up again soon."""
        # With nothing to wait for (0) the loop has work in hand.
        if 0 < self._taken() < MUCH and timeout != 0 and self._wake_up is not None:
            self._wake_up.poll(PAUSE_S * 1e3)
        return super().select(timeout)
