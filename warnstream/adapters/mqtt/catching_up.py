"""Whether a session that the broker kept has come to where a live session beside it began.

Two threads read. The kept session may bring the live one's first message before the live one has: so what it
brought last is remembered until that first message is known. Otherwise a county that never pauses would be
read twice for ever.
"""

import threading
from collections import deque
from collections.abc import Callable

Message = tuple[str, bytes]
"""Topic and payload."""

Holds = Callable[[Message], bool]
"""Whether a message is among those of one read."""

REMEMBERED_BYTES_MAX = 4 << 20
"""What a broker can hand out between two moments of two threads, and what memory may hold of it."""


class CatchingUp:
    """One stretch of reading twice; from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._first: Message | None = None
        self._is_level = False
        self._recent: deque[tuple[int, Holds]] = deque()
        self._bytes = 0

    def live_brought(self, message: Message) -> None:
        """Something came by the live session; the first counts."""
        if self._first is not None:
            return
        with self._lock:
            self._first = message
            self._is_level = any(holds(message) for _, holds in self._recent)
            self._recent.clear()

    def kept_brought(self, size_bytes: int, holds: Holds) -> bool:
        """Something came by the kept session; True once that has come to where the live one began."""
        with self._lock:
            if self._first is not None:
                self._is_level = self._is_level or holds(self._first)
                return self._is_level
            self._recent.append((size_bytes, holds))
            self._bytes += size_bytes
            while self._bytes > REMEMBERED_BYTES_MAX and len(self._recent) > 1:
                self._bytes -= self._recent.popleft()[0]
            return False
