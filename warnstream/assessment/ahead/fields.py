"""The newest fields of a radar: what was taken, what was refused, and when they are too old to go on from."""

from collections.abc import Sequence

import numpy as np

from warnstream.forecast.radar.source import APART_S, INTERVAL_S_MAX, N_FIELDS
from warnstream.model.arrays import Arrays
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.radar.fields import UNITS_PER_MM, UNSEEN, FieldFrame, FieldGeometry, FieldRefusal
from warnstream.model.times import MINUTE_S, iso_utc

AGE_INTERVALS_MAX = 2
"""A field older than so many of its intervals, and older than is allowed, is not gone on from."""
AGE_S_MAX = 1800
"""No more is allowed, whatever is: rain of half an hour ago is another rain."""


class Fields:
    """The fields of one grid that are kept: half an hour of them.

    Parameters
    ----------
    grid : str
    geometry : FieldGeometry
    rain_mm_per_min_max : float
        More is impossible.
    future_s_max : int
        How far ahead of now a field may end.
    age_s_max : int
        Of the newest field, where that is more than `AGE_INTERVALS_MAX` of its intervals.

    Attributes
    ----------
    kept : list of FieldFrame
        In the order of time.
    """

    def __init__(
        self,
        grid: str,
        geometry: FieldGeometry,
        rain_mm_per_min_max: float,
        future_s_max: int,
        age_s_max: int = 0,
    ) -> None:
        self._grid, self._geometry = grid, geometry
        self._rain_mm_per_min_max, self._future_s_max = rain_mm_per_min_max, future_s_max
        self._age_s_max = min(age_s_max, AGE_S_MAX)
        self._of = geometry.digest + grid.encode()
        self.kept: list[FieldFrame] = []

    @property
    def newest_s(self) -> int:
        """End of the newest field; -1: none."""
        return self.kept[-1].end_s if self.kept else -1

    def is_usable(self, now_s: int) -> bool:
        """The newest field is young enough."""
        if not self.kept:
            return False
        return now_s - self.newest_s <= max(AGE_INTERVALS_MAX * self.kept[-1].interval_s, self._age_s_max)

    def take(self, frames: Sequence[FieldFrame], now_s: int) -> list[FieldRefusal]:
        """Take fields; what is refused, with the reason. One that was told before changes nothing."""
        refused = []
        for frame in frames:
            fault = self._fault(frame, now_s)
            if fault is not None:
                refused.append(FieldRefusal(fault[0], f"field of grid {frame.grid}: {fault[1]}", frame))
            elif not self._is_repeated(frame):
                self.kept.append(frame)
        self.kept.sort(key=lambda frame: frame.end_s)
        if self.kept:
            newest = self.kept[-1]
            span_s = N_FIELDS * max(APART_S, newest.interval_s)
            self.kept = [frame for frame in self.kept if frame.end_s > newest.end_s - span_s]
        return refused

    def snapshot(self) -> Arrays:
        """State as arrays."""
        shape = (len(self.kept), *self._geometry.shape)
        return {
            "times": np.array([(field.end_s, field.interval_s) for field in self.kept], np.int64).reshape(
                -1, 2
            ),
            "rain": np.array([field.rain for field in self.kept], dtype=np.int16).reshape(shape),
            "of": np.frombuffer(self._of, dtype=np.uint8),
        }

    def restore(self, state: Arrays) -> None:
        """Take up a snapshot; fields of another grid or geometry are of no use."""
        self.kept = []
        if state["of"].tobytes() != self._of:
            return
        for (end_s, interval_s), rain in zip(state["times"].tolist(), state["rain"], strict=True):
            self.kept.append(FieldFrame(self._grid, self._geometry.digest, end_s, interval_s, rain.copy()))

    def _is_repeated(self, frame: FieldFrame) -> bool:
        return any(known.begin_s == frame.begin_s and known.end_s == frame.end_s for known in self.kept)

    def _fault(self, frame: FieldFrame, now_s: int) -> tuple[RefusalReason, str] | None:
        if frame.grid != self._grid:
            return RefusalReason.BAD_GRID, f"expected fields of grid {self._grid} (forecast.radar)"
        if frame.geometry != self._geometry.digest or frame.rain.shape != self._geometry.shape:
            return RefusalReason.BAD_GRID, "made for other villages or gauges: its cells stand elsewhere"
        if not MINUTE_S <= frame.interval_s <= INTERVAL_S_MAX or frame.interval_s % MINUTE_S:
            expected = f"expected whole minutes, at most {INTERVAL_S_MAX // MINUTE_S}"
            return RefusalReason.BAD_TIME, f"an interval of {frame.interval_s} s, {expected}"
        return self._fault_of_time(frame, now_s) or self._fault_of_amounts(frame)

    def _fault_of_amounts(self, frame: FieldFrame) -> tuple[RefusalReason, str] | None:
        most = self._rain_mm_per_min_max * frame.interval_s / MINUTE_S * UNITS_PER_MM
        n_beyond = int(((frame.rain < UNSEEN) | (frame.rain > most)).sum())
        if n_beyond:
            return RefusalReason.OUT_OF_RANGE, f"{n_beyond} cells outside 0 to {most / UNITS_PER_MM:g} mm"
        if (frame.rain == UNSEEN).all():
            return RefusalReason.NO_READING, "nothing was seen"
        return None

    def _fault_of_time(self, frame: FieldFrame, now_s: int) -> tuple[RefusalReason, str] | None:
        if frame.end_s > now_s + self._future_s_max:
            return RefusalReason.FUTURE, f"it ends at {iso_utc(frame.end_s)}, now is {iso_utc(now_s)}"
        overlaps = any(known.begin_s < frame.end_s and frame.begin_s < known.end_s for known in self.kept)
        if overlaps and not self._is_repeated(frame):
            span = f"{iso_utc(frame.begin_s)} to {iso_utc(frame.end_s)}"
            return RefusalReason.OVERLAP, f"some of {span} was told before"
        return None
