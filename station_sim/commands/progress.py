"""Progress of a run: a bar on a terminal, a line now and then elsewhere; both on standard error."""

import sys
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from station_sim.sending import publish
from warnstream.model.times import MINUTE_S, iso_utc

_LINE_EVERY_S = 30 * MINUTE_S


class ProgressView:
    """Context manager that shows how far a publisher is; pass `show` as its `on_progress`.

    Parameters
    ----------
    title : str
    first_s, end_s : int
        Simulated time of the first and last beacon.
    """

    def __init__(self, title: str, first_s: int, end_s: int) -> None:
        self._title, self._first_s, self._end_s = title, first_s, end_s
        self._next_line_s = first_s
        self._task: TaskID | None = None
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[simulated]}  {task.fields[sent]:,} messages"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=not sys.stderr.isatty(),
        )

    def __enter__(self) -> Self:
        self._bar.start()
        total = max(self._end_s - self._first_s, 1)
        self._task = self._bar.add_task(self._title, total=total, simulated=iso_utc(self._first_s), sent=0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def show(self, progress: publish.Progress) -> None:
        """Show where the publisher is."""
        assert self._task is not None, "the view is used as a context manager"
        done_s = progress.time_s - self._first_s
        if not self._bar.disable:
            simulated = iso_utc(progress.time_s)
            self._bar.update(self._task, completed=done_s, simulated=simulated, sent=progress.messages)
        elif progress.time_s >= self._next_line_s or progress.time_s >= self._end_s:
            self._next_line_s = progress.time_s + _LINE_EVERY_S
            sys.stderr.write(f"{self._title}: {iso_utc(progress.time_s)}, {progress.messages} messages\n")
