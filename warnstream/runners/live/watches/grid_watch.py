"""Watches for files of grids and hands their frames to the node's loop.

One thread looks into the folders at every `look_s`, and at once when a message
on ``{prefix}/grid/{name}`` says that there is something new; the message's
content is not used, so nobody can make the node read another file by it. A
file is read when its size or time has changed. Frames become journal entries
(`warnstream.runners.intake.grid_entries`); the engine sees nothing else of a grid.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Protocol

from warnstream.adapters.grids.content import FutureFileError, GridFileError, Latest
from warnstream.adapters.metrics import Metrics
from warnstream.config.settings import Configuration
from warnstream.model.errors import StoreError
from warnstream.model.grids import digest_of_points
from warnstream.model.observations.refusals import Refusal, RefusalReason
from warnstream.model.radar.fields import FieldFrame, Frame
from warnstream.model.runs.model_run import ModelRun
from warnstream.runners.intake.grid_entries import encode_any

DURABLE_S = 0.02
"""Between two looks at whether the journal has a frame."""

SETTLE_S = 30.0
"""A file that cannot be read is tried again for so long after its last change: it may still be written."""

TOLD_MAX = 10_000
"""Intervals of a grid that are remembered as handed over; the engine knows them too."""

STOP_S_MAX = 10.0

log = logging.getLogger(__name__)

JUMP_S = 60.0
"""A time that came so much sooner than by waiting came by a jump of the clock."""

_Stamp = tuple[int, int]
"""Time of change and size of a file: what is read once is read again when they differ."""


class Reader(Protocol):
    """Reads the files of one grid, or of one weather model (`GridReader`, `RunReader`)."""

    @property
    def name(self) -> str: ...  # noqa: D102  # described there

    @property
    def look_s(self) -> float: ...  # noqa: D102

    @property
    def old_s(self) -> int: ...  # noqa: D102

    def files(self) -> list[Path]: ...  # noqa: D102

    def frames(self, path: Path) -> Sequence[Frame]: ...  # noqa: D102


def _readers_of(configuration: Configuration, latest: Latest) -> list[Reader]:
    """Imported where there are files: the libraries of their formats cost a start a fifth of a second."""
    if not configuration.grids and not configuration.models:
        return []
    from warnstream.adapters.grids.frames import GridReader
    from warnstream.adapters.runs.reader import RunReader

    network, limit = configuration.network, configuration.quality.rain_mm_per_min_max
    grids, models = configuration.grids, configuration.models
    readers: list[Reader] = [GridReader(settings, network, limit, latest) for settings in grids]
    return [*readers, *(RunReader(settings, network, latest) for settings in models)]


class GridWatch:
    """The grids of one node.

    Parameters
    ----------
    configuration : Configuration
    keep : callable
        Takes kind and payload of an entry; done once it is durable.
    metrics : Metrics
    clock : callable
        Seconds since 1970 UTC.
    now : callable, optional
        Seconds since 1970 UTC in which warnings live, where that is another clock.
    """

    def __init__(
        self,
        configuration: Configuration,
        keep: Callable[[str, bytes], Future[None]],
        metrics: Metrics,
        clock: Callable[[], float] = time.time,
        now: Callable[[], float] | None = None,
    ) -> None:
        self._now, self._future_s_max = now or clock, configuration.windows.future_s_max
        self._readers = _readers_of(configuration, self._latest)
        self._is_live = configuration.node.clock == "system"
        self._lateness_s = configuration.windows.lateness_s_max
        self._points = digest_of_points(configuration.network)
        self._keep, self._metrics, self._clock = keep, metrics, clock
        self._stamps: dict[str, dict[Path, _Stamp]] = {reader.name: {} for reader in self._readers}
        self._handed: dict[str, set[tuple[str, int, int]]] = {reader.name: set() for reader in self._readers}
        self._failing: dict[Path, tuple[_Stamp, float]] = {}
        self._early: dict[str, dict[Path, tuple[int, float]]] = {reader.name: {} for reader in self._readers}
        self._refusals: queue.SimpleQueue[Refusal] = queue.SimpleQueue()
        self._anew: tuple[bytes, list[Reader], int] | None = None
        self._look = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="grids", daemon=True)

    def go_by(self, configuration: Configuration) -> None:
        """Files are read for these places and gauges from the next look on."""
        if not self._readers:
            return
        points = digest_of_points(configuration.network)
        if points != self._points:
            readers = _readers_of(configuration, self._latest)
            self._anew = points, readers, configuration.windows.lateness_s_max
            self._look.set()

    def _begin_anew(self) -> None:
        """As after a start, for other places: what is of use is read again, the engine knows its frames."""
        anew, self._anew = self._anew, None
        if anew is not None:
            self._points, self._readers, self._lateness_s = anew
            for name in self._stamps:
                self._stamps[name].clear()
                self._handed[name].clear()
                self._early[name].clear()

    def start(self) -> None:
        """Look from now on; without grids nothing is done."""
        if self._readers:
            self._thread.start()

    def stop(self) -> None:
        """Look no more; what is not durable yet is read again at the next start."""
        self._stopping.set()
        self._look.set()
        if self._thread.ident is not None:
            self._thread.join(STOP_S_MAX)

    def look_now(self) -> None:
        """Somebody says that there is a new file."""
        self._look.set()

    def take_refusals(self) -> list[Refusal]:
        """Files refused since the last call."""
        taken = []
        while not self._refusals.empty():
            taken.append(self._refusals.get())
        return taken

    def _run(self) -> None:
        look_s = min(reader.look_s for reader in self._readers)
        while not self._stopping.is_set():
            self._look.clear()
            self._begin_anew()
            for reader in self._readers:
                try:
                    self.look(reader)
                except StoreError as error:
                    log.warning("frames of a grid cannot be kept", extra={"error": str(error)})
                except Exception:
                    # One grid failing silences neither the others nor the node.
                    log.exception("grid cannot be read", extra={"grid": reader.name})
            self._look.wait(look_s)

    def look(self, reader: Reader) -> None:
        """Read what is new of one grid. StoreError if it cannot be kept; it is read again then."""
        listed = reader.files()
        # Of this grid alone: another may read other files of the folder, or another variable of the same.
        stamps = self._stamps[reader.name]
        for gone in set(stamps) - set(listed):
            del stamps[gone]
            self._early[reader.name].pop(gone, None)
            self._failing.pop(gone, None)
        for path in self._came_by_a_jump(reader.name):
            stamps.pop(path, None)
        for path in listed:
            if self._stopping.is_set():
                return
            try:
                status = path.stat()
            except OSError:
                continue
            stamp = status.st_mtime_ns, status.st_size
            # A run that came on a stick keeps what its writer's clock said; when it came here says ctime.
            came_s = max(status.st_mtime, status.st_ctime) if reader.old_s else status.st_mtime
            if stamps.get(path) != stamp and self._take(reader, path, stamp, came_s):
                stamps[path] = stamp
                self._failing.pop(path, None)

    def _latest(self) -> float:
        return self._now() + self._future_s_max

    def _came_by_a_jump(self, name: str) -> list[Path]:
        """Files that were of the future, and are of the past since the clock has jumped.

        One whose time came by waiting stays refused: its writer's clock was wrong, or its time zone.
        """
        early = self._early[name]
        come = [path for path, (told_s, _) in early.items() if told_s <= self._latest()]
        due_s = {path: early.pop(path)[1] for path in come}
        return [path for path in come if time.monotonic() < due_s[path] - JUMP_S]

    def _take(self, reader: Reader, path: Path, stamp: _Stamp, came_s: float) -> bool:
        """Hand the frames of a file over; whether it is done with, well or badly."""
        name = reader.name
        age_s = self._clock() - came_s
        if self._is_live and age_s > (reader.old_s or self._lateness_s):
            return True  # of an earlier day: no window would take it
        started = time.perf_counter()
        try:
            frames = self._frames(reader, path)
        except (GridFileError, OSError) as error:
            if _may_be_unfinished(error) and age_s < SETTLE_S and self._is_fresh(path, stamp):
                return False
            if isinstance(error, FutureFileError):
                due_s = time.monotonic() + error.told_s - self._latest()
                self._early[name][path] = error.told_s, due_s
            reason = error.reason if isinstance(error, GridFileError) else RefusalReason.BAD_GRID
            detail = f"grid {name}: {path.name}: {error}"
            self._metrics.grid_files_refused.labels(name, str(reason)).inc()
            self._refusals.put(Refusal(reason, detail, "", str(path).encode()))
            told = {"grid": name, "file": path.name, "error": str(error)}
            log.error("file of a grid refused", extra=told)  # noqa: TRY400  # the file is wrong, not we
            return True
        self._metrics.grid_read.observe(time.perf_counter() - started)
        return self._hand_over(name, frames)

    def _frames(self, reader: Reader, path: Path) -> Sequence[Frame]:
        """Frames of a file; whatever a library says of one file, the files after it are read."""
        try:
            return reader.frames(path)
        except (GridFileError, OSError):
            raise
        except Exception as error:
            log.exception("file of a grid is not readable", extra={"grid": reader.name, "file": path.name})
            detail = f"not readable: {type(error).__name__}: {error}"
            raise GridFileError(RefusalReason.BAD_GRID, detail) from error

    def _is_fresh(self, path: Path, stamp: _Stamp) -> bool:
        """Whether it has changed within `SETTLE_S`, also where its time of change has not come."""
        found, since_s = self._failing.get(path, (None, 0.0))
        if found != stamp:
            self._failing[path] = stamp, time.monotonic()
            return True
        return time.monotonic() - since_s < SETTLE_S

    def _hand_over(self, name: str, frames: Sequence[Frame]) -> bool:
        """Frames that are new into the journal; False if the node is stopped before they are durable."""
        handed = self._handed[name]
        new = [frame for frame in frames if _told(frame) not in handed]
        self._metrics.grid_frames_repeated.labels(name).inc(len(frames) - len(new))
        promises = [self._keep(*encode_any(frame, self._points)) for frame in new]
        for promise in promises:
            while not promise.done():
                if self._stopping.wait(DURABLE_S):
                    return False
            promise.result()
        if len(handed) > TOLD_MAX:
            handed.clear()
        handed.update(map(_told, new))
        return True


def _told(frame: Frame) -> tuple[str, int, int]:
    """What a frame says something of."""
    if isinstance(frame, ModelRun):
        return "run", frame.reference_s, int(frame.lead_s[-1])
    return "field" if isinstance(frame, FieldFrame) else "grid", frame.begin_s, frame.end_s


def _may_be_unfinished(error: GridFileError | OSError) -> bool:
    """Whether a later look may find the file whole."""
    return isinstance(error, OSError) or error.reason in {RefusalReason.BAD_GRID, RefusalReason.WRONG_SHAPE}
