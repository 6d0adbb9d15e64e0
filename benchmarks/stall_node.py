"""The node that `bench_stall` looks at, with a stopwatch at its loop: a program of its own, not a module.

    PYTHONPATH=CHECKOUT python benchmarks/stall_node.py CONFIG_DIR

It imports nothing but `warnstream`, so that PYTHONPATH decides whose: an older checkout is measured by the
same program. The loop is held from the moment its inbox hands it a batch until it asks for the next one.
Holds of a millisecond and more are lines of ``holds.txt`` in CONFIG_DIR: when they ended by the monotonic
clock, and how long they were, in seconds. SIGUSR1 asks for a snapshot.
"""

import gc
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from warnstream.adapters.inbox import Inbox
from warnstream.adapters.log import configure_logging
from warnstream.config.load import load_configuration
from warnstream.runners.live.node import Node

TOLD_S = 0.001


class Stopwatch:
    """Stands between a node's loop and its inbox."""

    def __init__(self, file: Path) -> None:
        self._file = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._begun_s: float | None = None
        self.before: list[Callable[[], object]] = []

    def around(self, take: Callable[..., Any]) -> Callable[..., Any]:
        """`Inbox.take`, timed."""

        def timed(*given: Any, **named: Any) -> Any:
            while self.before:
                self.before.pop()()
            self._came_back(time.monotonic())
            taken = take(*given, **named)
            self._begun_s = time.monotonic()
            return taken

        return timed

    def _came_back(self, now_s: float) -> None:
        if self._begun_s is not None and now_s - self._begun_s >= TOLD_S:
            os.write(self._file, b"%.6f %.6f\n" % (now_s, now_s - self._begun_s))


def main() -> None:
    directory = Path(sys.argv[1])
    watch = Stopwatch(directory / "holds.txt")
    Inbox.take = watch.around(Inbox.take)  # type: ignore[method-assign]
    configuration = load_configuration(directory)
    configure_logging(as_json=False, level="WARNING")
    node = Node(configuration)
    keeper: Any = node._keeper  # noqa: SLF001  # nothing else asks for a snapshot
    beside = getattr(keeper, "snapshots", None)  # older ones write it in the loop
    snapshot = keeper.snapshot if beside is None else beside.begin
    signal.signal(signal.SIGUSR1, lambda _signal, _frame: watch.before.append(snapshot))
    signal.signal(signal.SIGTERM, lambda _signal, _frame: node.ask_to_stop())
    node.start()
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)  # as `warnstream run` does
    node.run()


if __name__ == "__main__":
    main()
