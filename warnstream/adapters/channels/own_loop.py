"""An event loop of a channel's own, so that every request has a deadline that nothing can talk it out of.

Timeouts of blocking sockets begin anew with every byte that drips in. Here a
whole exchange is cancelled when its time is over, whatever it waits for.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class OwnLoop:
    """Runs coroutines for a channel; one thread at a time."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    def open(self) -> None:
        """Make the loop, unless it is there. OSError if this process has no files left."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()

    def run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        """The coroutine's result; whatever else it began is ended with it."""
        assert self._loop is not None, "open comes first"
        return self._loop.run_until_complete(coroutine)

    def close(self) -> None:
        """End what still runs and close the loop, if there is one; a hanging name look-up is left behind."""
        if self._loop is None or self._loop.is_closed():
            return
        self._loop.run_until_complete(_end_tasks())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()


async def _end_tasks() -> None:
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
