"""Finds out how many messages a broker sends before it waits for us, so that it need not wait long.

Messages that trickle in are acknowledged together, some tenths of a second
later: fewer disk syncs. A broker with a small window (RabbitMQ: 10) sends
nothing more until then, and a backlog of 50,000 messages would take ten minutes
at that pace. Such a broker shows itself: every acknowledgement finds the same
number of messages, all of which came at once after the one before.

From any thread.
"""

import threading

PROMPT_S = 0.05
"""What comes so soon after an acknowledgement has waited for it."""

ROUNDS = 4
"""So many rounds alike in a row are no chance."""


class SendWindow:
    """Messages on their way without an acknowledgement, of one connection."""

    def __init__(self) -> None:
        self._pending = 0
        self._size = 0
        self._alike = 0
        self._acknowledged_at_s = float("-inf")
        self._is_prompt = True
        self._lock = threading.Lock()

    @property
    def is_known(self) -> bool:
        """The broker waits for acknowledgements, and it is known after how many messages."""
        return self._alike >= ROUNDS

    @property
    def is_full(self) -> bool:
        """It sends nothing more before an acknowledgement."""
        return self.is_known and self._pending >= self._size

    def arrived(self, n: int, now_s: float) -> None:
        """So many messages that ask for an acknowledgement came."""
        with self._lock:
            self._pending += n
            self._is_prompt &= now_s - self._acknowledged_at_s < PROMPT_S
            if self._pending > self._size:
                self._alike = 0

    def acknowledged(self, n: int, now_s: float) -> None:
        """So many were acknowledged together."""
        with self._lock:
            is_whole = n == self._pending
            if is_whole and n == self._size and self._is_prompt:
                self._alike += 1
            elif not self.is_known or n >= self._size:  # a part of a known window tells nothing
                self._alike, self._size = 0, n if is_whole else 0
            self._pending -= n
            self._acknowledged_at_s = now_s
            self._is_prompt = True
