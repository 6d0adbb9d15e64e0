"""Running totals -> amounts of intervals; and totals that nobody declared, found out.

Some products hold the rain since the start of a day or of a model's run. Taken
as amounts, three frames of one total would be three times the rain, so a grid
says what its frames are (``accumulated:``): ``never`` (amounts or rates),
``since_start`` (the total never falls; a fall is an error) or ``resets`` (it begins
anew now and then; what it shows after a fall has fallen since). Where it is not
said, frames that behave like one total are refused.

The first frame of a total is an amount only if the file says that the total began
within one interval of it; otherwise it is where differences begin.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from warnstream.adapters.grids.content import CellFrame, GridFile, GridFileError
from warnstream.config.settings import GridSettings
from warnstream.model.arrays import Float64Array
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.times import iso_utc

TELLING_FRAMES = 3
"""So many frames in a row in which no cell fell and some rose are one total."""
TELLING_SHARE, TELLING_CELLS = 0.01, 4
"""... if at least that share of the cells that were seen, and so many, had rain: of few it may be chance."""
FALL_MM = 0.05
"""Less is rounding."""
RESET_SHARE = 0.5
"""A total begins anew where at least that share of the cells with rain falls; fewer are corrections."""

AMOUNTS_FALL_SHARE = 0.05
"""Where at least that share of the cells with rain falls, and not nearly all, frames are amounts."""
NEARLY_ALL = 0.9

_ADVICE = "say what they are by `accumulated:` since_start, resets, or never"


def check_one_total(content: GridFile) -> None:
    """GridFileError if the frames of one file are one running total and nobody said so."""
    if content.are_rates:
        return
    suspicion = Suspicion()
    for frame in content.frames:
        suspicion.look(frame, has_bounds=content.has_bounds)


class Suspicion:
    """Whether frames that came one after the other are one running total.

    Once found out, a grid stays refused also when its total begins anew, until frames come that no
    total gives.
    """

    def __init__(self) -> None:
        self._last: CellFrame | None = None
        self._n_frames = 1
        self._is_total = False

    def look(self, frame: CellFrame, *, has_bounds: bool) -> None:
        """GridFileError if this frame and those before it are one total."""
        last, self._last = self._last, frame
        if last is None or last.rain_mm.shape != frame.rain_mm.shape or frame.end_s <= last.end_s:
            self._n_frames = 1
            return
        begin_s = frame.end_s - frame.interval_s
        if has_bounds:
            if begin_s == last.end_s - last.interval_s:
                since = f"two frames begin at {iso_utc(begin_s)}: a running total"
                raise GridFileError(RefusalReason.RUNNING_TOTAL, f"{since}; {_ADVICE}")
            return
        self._n_frames = self._n_frames + 1 if _only_rises(last.rain_mm, frame.rain_mm) else 1
        self._is_total |= self._n_frames >= TELLING_FRAMES
        self._is_total &= not _are_amounts(last.rain_mm, frame.rain_mm)
        if self._is_total:
            like = f"{TELLING_FRAMES} frames in a row in which no cell falls, like those of a running total"
            raise GridFileError(RefusalReason.RUNNING_TOTAL, f"{like}; {_ADVICE}")


def _only_rises(before_mm: Float64Array, now_mm: Float64Array) -> bool:
    both = np.isfinite(before_mm) & np.isfinite(now_mm)
    step_mm = now_mm[both] - before_mm[both]
    n_wet = int((before_mm[both] > 0).sum())
    is_telling = n_wet >= max(TELLING_CELLS, TELLING_SHARE * len(step_mm))
    return is_telling and not (step_mm < -1e-9).any() and bool((step_mm > FALL_MM).any())


def _are_amounts(before_mm: Float64Array, now_mm: Float64Array) -> bool:
    wet = before_mm > FALL_MM
    n_falls = int((now_mm[wet] < before_mm[wet] - FALL_MM).sum())
    return bool(AMOUNTS_FALL_SHARE * wet.sum() <= n_falls <= NEARLY_ALL * wet.sum()) and n_falls > 0


@dataclass(frozen=True, slots=True)
class _Newest:
    """Where differences begin: the newest total, and the file that told it."""

    frame: CellFrame
    path: Path


class RunningTotals:
    """Differences of the totals of one grid, file by file.

    Parameters
    ----------
    settings : GridSettings
        With `accumulated` since_start or resets.
    """

    def __init__(self, settings: GridSettings) -> None:
        self._may_reset = settings.accumulated == "resets"
        self._interval_s = settings.policy.interval_s
        self._gap_s_max = max(settings.policy.age_s_max, settings.policy.interval_s)
        self._newest: _Newest | None = None
        self._before: _Newest | None = None

    def amounts(self, content: GridFile, path: Path) -> GridFile:
        """Frames of amounts of a file of totals. Reading the newest file once more gives the same.

        Raises
        ------
        GridFileError
            If the file is older than one that was read, or a total falls that must not.
        """
        before = self._before if self._newest is not None and self._newest.path == path else self._newest
        if before is not None and content.frames and content.frames[0].end_s <= before.frame.end_s:
            detail = (
                f"out of order: a total at {iso_utc(content.frames[0].end_s)} after that at "
                f"{iso_utc(before.frame.end_s)}; its rain is in the later one"
            )
            raise GridFileError(RefusalReason.BAD_TIME, detail)
        last, found = before.frame if before is not None else None, []
        for frame in content.frames:
            amount = self._first(frame, content) if last is None else self._since(last, frame, content)
            found += [] if amount is None else [amount]
            last = frame
        if last is not None:
            self._before, self._newest = before, _Newest(last, path)
        return GridFile(content.centres, tuple(found))

    def _first(self, frame: CellFrame, content: GridFile) -> CellFrame | None:
        return frame if content.has_bounds and frame.interval_s <= self._interval_s else None

    def _since(self, last: CellFrame, frame: CellFrame, content: GridFile) -> CellFrame | None:
        """Rain since the last total; None where it cannot be told."""
        if last.rain_mm.shape != frame.rain_mm.shape or frame.end_s - last.end_s > self._gap_s_max:
            return self._first(frame, content)
        if content.has_bounds and frame.end_s - frame.interval_s >= last.end_s:
            return self._first(frame, content)
        interval_s = frame.end_s - last.end_s
        step_mm = frame.rain_mm - last.rain_mm
        falls = step_mm < -FALL_MM
        n_falls, n_wet = int(falls.sum()), int((last.rain_mm > FALL_MM).sum())
        if n_falls and n_falls >= RESET_SHARE * n_wet:
            if not self._may_reset:
                detail = (
                    f"the total falls at {n_falls} of {n_wet} cells with rain at {iso_utc(frame.end_s)}: a "
                    "total since_start never falls; expected `accumulated: resets` if it begins anew"
                )
                raise GridFileError(RefusalReason.RUNNING_TOTAL, detail)
            return CellFrame(frame.end_s, interval_s, frame.rain_mm)
        return CellFrame(frame.end_s, interval_s, np.where(falls, np.nan, np.maximum(step_mm, 0.0)))
