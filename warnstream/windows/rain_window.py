"""Rain accumulations of every station over any duration, exact and free of arrival order.

A ring holds, per minute and station, the rain fallen since the ring began
(integer micrometres) and the minutes observed since then. The rain of a
window is the difference of two rows, whatever its length. A reading is spread
exactly over the minutes of its interval and added to every row after them, so
it may arrive in any order and up to the ring's span late, and gives the same
accumulations as if it had come in time.

A window ends at the station's own last reading, as long as that is younger
than its interval plus a grace; after that the window moves on and its
coverage falls. A silent gauge is not a dry gauge: no accumulation is returned
without its coverage.

Memory is fixed at start: 8 bytes per minute and station (700 stations and
78 h: 26 MB). Sums are exact below 2,147 m of rain per window.
"""

from dataclasses import dataclass

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, Int32Array, Int64Array
from warnstream.model.times import MINUTE_S

UM_PER_MM = 1000
"""Rain is kept in micrometres: 0.1 mm, 0.2 mm and 0.254 mm (0.01 inch) tips are all whole numbers."""

_BLOCK_COST = 2e-9
_COLUMN_COST = 4e-6
"""Seconds per ring cell of a block update, and per reading of a column update (numpy, measured)."""


@dataclass(frozen=True, slots=True)
class Accumulation:
    """Rain over several durations.

    Attributes
    ----------
    rain_mm : Float64Array, shape (n_stations, n_durations)
        Rain observed within the window; a lower bound where coverage is below 1.
    coverage : Float64Array, shape (n_stations, n_durations)
        Share of the window that was observed, 0 (no reading) to 1.
    """

    rain_mm: Float64Array
    coverage: Float64Array


class RainWindow:
    """The ring of one network.

    Parameters
    ----------
    interval_s : Int32Array, shape (n_stations,)
        Reporting interval of each station, whole minutes.
    span_s : int
        How far back a window may begin: the longest duration plus the greatest lateness.
    grace_s : int
        How long after a reading is due a window still ends at the last reading.
    """

    def __init__(self, interval_s: Int32Array, *, span_s: int, grace_s: int) -> None:
        if span_s < MINUTE_S:
            raise ValueError(f"span_s must be at least {MINUTE_S}, got {span_s}")
        self._interval_min: Int32Array = np.maximum(interval_s // MINUTE_S, 1).astype(np.int32)
        self._allowance_min: Int64Array = self._interval_min.astype(np.int64) + grace_s // MINUTE_S
        self._rows = span_s // MINUTE_S + 1
        n_stations = len(interval_s)
        self._rain_um: Int32Array = np.zeros((self._rows, n_stations), dtype=np.int32)
        self._observed_min: Int32Array = np.zeros((self._rows, n_stations), dtype=np.int32)
        self._head = -1  # newest minute of the ring; -1 before the first step
        self._last_s: Int64Array = np.full(n_stations, -1, dtype=np.int64)

    @property
    def last_observed_s(self) -> Int64Array:
        """Time of each station's newest reading, shape (n_stations,); -1 where none came."""
        return self._last_s

    def advance(self, now_s: int) -> None:
        """Open the minutes up to `now_s`. Time only moves forward; an earlier time changes nothing."""
        minute = _ceil_minute(now_s)
        if self._head < 0:
            self._head = minute
        if minute <= self._head:
            return
        fresh = _ring_rows(max(self._head + 1, minute - self._rows + 1), minute, self._rows)
        newest = self._head % self._rows
        self._rain_um[fresh] = self._rain_um[newest].copy()  # the row itself may be overwritten
        self._observed_min[fresh] = self._observed_min[newest].copy()
        self._head = minute

    def add(
        self,
        station: Int32Array,
        observed_at_s: Int64Array,
        rain_mm: Float64Array,
        interval_s: Int32Array | None = None,
    ) -> None:
        """Count readings; they must be usable: no duplicate, not from the future, begun within the ring.

        Parameters
        ----------
        station : Int32Array, shape (n,)
        observed_at_s : Int64Array, shape (n,)
            End of the interval that the amount fell in.
        rain_mm : Float64Array, shape (n,)
            Not negative, not NaN.
        interval_s : Int32Array, shape (n,), optional
            How long before its time each amount began to fall; 0 (and without it) the station's own
            interval. What reaches further back than the ring is spread over the ring's part of it.
        """
        if len(station) == 0:
            return
        end = _ceil_minutes(observed_at_s)
        self.advance(int(end.max()) * MINUTE_S)
        amount_um = np.rint(rain_mm * UM_PER_MM).astype(np.int64)
        np.maximum.at(self._last_s, station, observed_at_s)
        self._add_spread(station, end - self._minutes_of(station, interval_s), end, amount_um)

    def has_observed(
        self, station: Int32Array, observed_at_s: Int64Array, interval_s: Int32Array
    ) -> BoolArray:
        """Whether any minute of these readings' intervals is held already, shape (n,)."""
        end = np.minimum(_ceil_minutes(observed_at_s), self._head)
        begin = np.maximum(end - self._minutes_of(station, interval_s), self._head - self._rows + 1)
        held = self._observed_min[end % self._rows, station]
        observed: BoolArray = (end > begin) & (held > self._observed_min[begin % self._rows, station])
        return observed

    def reconcile(
        self,
        station: Int32Array,
        begin_s: Int64Array,
        end_s: Int64Array,
        rain_mm: Float64Array,
        is_observed: BoolArray,
    ) -> None:
        """Bring the rain between two times up to what a counter says.

        What the ring holds of that time stays; the rest is spread evenly over
        the minutes that nobody observed, or over all of them where somebody
        did. Nothing is ever taken away.

        Parameters
        ----------
        station : Int32Array, shape (n,)
        begin_s, end_s : Int64Array, shape (n,)
            Times of one station must not overlap. Equal: the station is there, nothing fell.
        rain_mm : Float64Array, shape (n,)
        is_observed : BoolArray, shape (n,)
            Whether the minutes count as observed from now on.
        """
        if len(station) == 0:
            return
        end = _ceil_minutes(end_s)
        self.advance(int(end.max()) * MINUTE_S)
        begin = np.maximum(_ceil_minutes(begin_s), self._head - self._rows + 1)
        amount_um = np.rint(rain_mm * UM_PER_MM).astype(np.int64)
        np.maximum.at(self._last_s, station, end_s)
        some = end > begin
        last, first = end % self._rows, begin % self._rows
        is_empty = (
            (self._observed_min[last, station] == self._observed_min[first, station])
            & (self._rain_um[last, station] == self._rain_um[first, station])
            & is_observed
        )
        plain = some & is_empty
        self._add_spread(station[plain], begin[plain], end[plain], amount_um[plain])
        for row in np.flatnonzero(some & ~is_empty):
            self._add_rest(
                int(station[row]), int(begin[row]), int(end[row]), int(amount_um[row]), bool(is_observed[row])
            )

    def accumulate(self, duration_s: Int32Array, now_s: int) -> Accumulation:
        """Rain of every station over each duration, ending at its last reading.

        Parameters
        ----------
        duration_s : Int32Array, shape (n_durations,)
            Whole minutes, at most the ring's span.
        now_s : int
            Engine time, at or after the last `advance`.

        Raises
        ------
        ValueError
            If a duration reaches further back than the ring.
        """
        return self.accumulate_until(duration_s, self.window_end_min(now_s))

    def accumulate_until(self, duration_s: Int32Array, end_min: Int64Array) -> Accumulation:
        """Rain over each duration ending at a minute of each station, of the present or the past.

        `end_min` has shape (n_stations,), minutes since 1970.
        """
        duration_min = np.asarray(duration_s, dtype=np.int64) // MINUTE_S
        end_min = np.clip(end_min, self._head - self._rows + 1, self._head)
        begin_min = end_min[:, None] - duration_min[None, :]
        if duration_min.max(initial=0) >= self._rows:
            raise ValueError(
                f"a window of {duration_min.max()} min is longer than the ring of {self._rows} min"
            )
        begin_min = np.maximum(begin_min, self._head - self._rows + 1)
        column = np.arange(len(end_min))
        end_row, begin_row = end_min % self._rows, begin_min % self._rows
        rain_um = self._rain_um[end_row, column][:, None] - self._rain_um[begin_row, column[:, None]]
        observed = (
            self._observed_min[end_row, column][:, None] - self._observed_min[begin_row, column[:, None]]
        )
        coverage = np.clip(observed / duration_min[None, :], 0.0, 1.0)
        return Accumulation(rain_um / UM_PER_MM, coverage)

    def window_end_min(self, now_s: int) -> Int64Array:
        """Minute at which each station's windows end, shape (n_stations,)."""
        now_min = _ceil_minute(now_s)
        return np.minimum(np.maximum(_ceil_minutes(self._last_s), now_min - self._allowance_min), self._head)

    def frames(self, n_frames: int, frame_s: int, now_s: int) -> Float64Array:
        """The last frames of rain, oldest first, for the nowcast.

        Returns
        -------
        Float64Array, shape (n_frames, n_stations)
            Rain in millimetres per frame; NaN where less than half of the frame was observed.
        """
        end = self.window_end_min(now_s)
        frame_min = frame_s // MINUTE_S
        result = np.empty((n_frames, len(end)))
        for index in range(n_frames):
            back = (n_frames - 1 - index) * frame_min
            part = self.accumulate_until(np.array([frame_s], dtype=np.int32), end - back)
            result[index] = np.where(part.coverage[:, 0] >= 0.5, part.rain_mm[:, 0], np.nan)
        return result

    def steps(self, begin_min: int, n_steps: int, step_min: int) -> tuple[Float64Array, Float64Array]:
        """Rain of consecutive steps, and which share of each was observed.

        Parameters
        ----------
        begin_min : int
            Beginning of the first step, minutes since 1970. What lies before the ring was not observed.
        n_steps, step_min : int
            Steps up to the newest minute of the ring, and their length.

        Returns
        -------
        (Float64Array, Float64Array), shape (n_steps, n_stations)
            Millimetres and shares, 0 to 1.
        """
        edges = begin_min + step_min * np.arange(n_steps + 1, dtype=np.int64)
        rows = np.clip(edges, self._head - self._rows + 1, self._head) % self._rows
        rain_mm = np.diff(self._rain_um[rows], axis=0) / UM_PER_MM
        observed = np.clip(np.diff(self._observed_min[rows], axis=0) / step_min, 0.0, 1.0)
        return rain_mm, observed

    def snapshot(self) -> dict[str, Int32Array | Int64Array]:
        """State as arrays; `restore` of it on a like ring continues exactly."""
        return {
            "rain_um": self._rain_um.copy(),
            "observed_min": self._observed_min.copy(),
            "last_s": self._last_s.copy(),
            "head": np.array([self._head], dtype=np.int64),
        }

    def restore(self, state: dict[str, Int32Array | Int64Array]) -> None:
        """Take up a snapshot.

        Raises
        ------
        ValueError
            If it was taken of a ring of another shape (the configuration changed).
        """
        if state["rain_um"].shape != self._rain_um.shape:
            raise ValueError(
                f"snapshot has a ring of {state['rain_um'].shape}, this network needs {self._rain_um.shape}"
            )
        self._rain_um[:] = state["rain_um"]
        self._observed_min[:] = state["observed_min"]
        self._last_s[:] = state["last_s"]
        self._head = int(state["head"][0])

    def _minutes_of(self, station: Int32Array, interval_s: Int32Array | None) -> Int32Array:
        own = self._interval_min[station]
        if interval_s is None:
            return own
        return np.where(interval_s > 0, np.maximum(interval_s // MINUTE_S, 1), own).astype(np.int32)

    def _add_rest(self, station: int, begin: int, end: int, total_um: int, is_observed: bool) -> None:  # noqa: FBT001  # one row
        """Add to one station what is missing between two minutes."""
        rows = _ring_rows(begin, end, self._rows)
        rest_um = max(total_um - int(self._rain_um[rows[-1], station] - self._rain_um[rows[0], station]), 0)
        unseen = np.diff(self._observed_min[rows, station]) == 0
        place = unseen if unseen.any() else np.ones_like(unseen)
        step = np.cumsum(place)
        after = _ring_rows(begin + 1, self._head, self._rows)
        n_inside, n_places = len(step), int(step[-1])
        rain = np.full(len(after), rest_um, dtype=np.int64)
        rain[:n_inside] = rest_um * step // n_places
        self._rain_um[after, station] += rain.astype(np.int32)
        if is_observed:
            seen = np.cumsum(unseen)
            observed = np.full(len(after), int(seen[-1]), dtype=np.int32)
            observed[:n_inside] = seen
            self._observed_min[after, station] += observed

    def _add_spread(
        self, station: Int32Array, begin: Int64Array, end: Int64Array, amount_um: Int64Array
    ) -> None:
        """Add amounts that fell evenly after minute `begin` up to minute `end`."""
        if len(station) == 0:
            return
        begin = np.maximum(begin, self._head - self._rows + 1)
        interval = np.maximum(end - begin, 0)
        lag = self._head - begin
        recent = lag <= 2 * int(self._interval_min.max()) + 60
        cost_block = int(lag.max()) * self._rain_um.shape[1] * _BLOCK_COST
        if (len(station) - int(recent.sum())) * _COLUMN_COST > cost_block:
            recent[:] = True
        self._add_block(station[recent], begin[recent], interval[recent], amount_um[recent])
        old = ~recent
        for row in np.flatnonzero(old & (interval > 0)):
            self._add_column(int(station[row]), int(begin[row]), int(interval[row]), int(amount_um[row]))

    def _add_block(
        self, station: Int32Array, begin: Int64Array, interval: Int64Array, amount_um: Int64Array
    ) -> None:
        """Add many readings at once: increments per minute, then one running sum over the block."""
        if len(station) == 0:
            return
        first = int(begin.min()) + 1
        n_rows, n_stations = self._head - first + 1, self._rain_um.shape[1]
        reading = np.repeat(np.arange(len(station)), interval)
        offset = np.arange(len(reading)) - np.repeat(np.cumsum(interval) - interval, interval)
        n, amount = interval[reading], amount_um[reading]
        share = amount * (offset + 1) // n - amount * offset // n
        cell = (begin[reading] + 1 + offset - first) * n_stations + station[reading]
        rain = np.zeros(n_rows * n_stations, dtype=np.int32)
        observed = np.zeros_like(rain)
        np.add.at(rain, cell, share.astype(np.int32))
        np.add.at(observed, cell, np.int32(1))
        rows = _ring_rows(first, self._head, self._rows)
        self._rain_um[rows] += np.cumsum(rain.reshape(n_rows, n_stations), axis=0, dtype=np.int32)
        self._observed_min[rows] += np.cumsum(observed.reshape(n_rows, n_stations), axis=0, dtype=np.int32)

    def _add_column(self, station: int, begin: int, n: int, amount_um: int) -> None:
        """Add one late reading of `n` minutes to its own column only."""
        rows = _ring_rows(begin + 1, self._head, self._rows)
        step = np.minimum(np.arange(1, len(rows) + 1), n)
        self._rain_um[rows, station] += (amount_um * step // n).astype(np.int32)
        self._observed_min[rows, station] += step.astype(np.int32)


def _ceil_minute(time_s: int) -> int:
    return -(-int(time_s) // MINUTE_S)


def _ceil_minutes(time_s: Int64Array) -> Int64Array:
    return -(-time_s // MINUTE_S)


def _ring_rows(first_min: int, last_min: int, n_rows: int) -> Int64Array:
    """Ring rows of the minutes `first_min` to `last_min`, both included."""
    return np.arange(first_min, last_min + 1) % n_rows
