"""Rain accumulations of every station over any duration, exact and free of arrival order.

The rain of a window is the difference of two rows of a `CumulativeRing`,
whatever its length. A reading is spread exactly over the minutes of its
interval, so it may arrive in any order and up to the ring's span late, and
gives the same accumulations as if it had come in time.

A window ends at the station's own last reading, as long as that is younger
than its interval plus a grace; after that the window moves on and its
coverage falls. A silent gauge is not a dry gauge: no accumulation is returned
without its coverage.

Windows up to `by_minute_s`, all unless said otherwise, are exact to the minute.
A longer one begins at a whole ten minutes of the clock: at the moment asked for,
or up to 9 minutes before it, never after, and its coverage is that of the window
as it is. It is exact too: it never depends on when or in what order rain came.

Memory is fixed at start, see `CumulativeRing`. Sums are exact below 2,147 m of rain per window.
"""

from dataclasses import dataclass, replace

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, Int32Array, Int64Array, UInt16Array, rows_where
from warnstream.model.observations.readings import UM_PER_MM
from warnstream.model.times import MINUTE_S
from warnstream.windows.accumulation import FEW, Accumulation, Lookup, empty_accumulation
from warnstream.windows.cumulative_ring import CumulativeRing, Spread
from warnstream.windows.minutes import ceil_minute, ceil_minutes, is_last_of
from warnstream.windows.unobserved import Part, add_rest, observe

_EVERY = slice(None)


@dataclass(frozen=True, slots=True)
class _Latest:
    """What `RainWindow.latest` found last, and for which ends of windows, shape (n_stations,)."""

    duration_s: Int32Array
    end_min: Int64Array
    accumulation: Accumulation


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
    future_s : int
        How far ahead of the engine's time a reading may be.
    by_minute_s : int, optional
        Windows up to that length are exact to the minute; longer ones begin at whole ten minutes. None: all
        are exact to the minute.

    Raises
    ------
    ValueError
        If the span is shorter than a minute or longer than the ring can be.
    """

    def __init__(
        self,
        interval_s: Int32Array,
        *,
        span_s: int,
        grace_s: int,
        future_s: int = 120,
        by_minute_s: int | None = None,
    ) -> None:
        if span_s < MINUTE_S:
            raise ValueError(f"span_s must be at least {MINUTE_S}, got {span_s}")
        self._interval_min: Int32Array = np.maximum(interval_s // MINUTE_S, 1).astype(np.int32)
        self._allowance_min: Int64Array = self._interval_min.astype(np.int64) + grace_s // MINUTE_S
        self._span_min = span_s // MINUTE_S
        exact_min = (span_s if by_minute_s is None else by_minute_s) // MINUTE_S
        # So far before the ring's newest minute the windows of the present may end.
        slack_min = int(self._allowance_min.max(initial=0)) - (-future_s // MINUTE_S)
        self._ring = CumulativeRing(
            len(interval_s),
            span_min=self._span_min + slack_min,
            by_minute_min=exact_min + slack_min,
        )
        self._lookup = Lookup(self._ring, exact_min)
        self._changed: BoolArray = np.zeros(len(interval_s), dtype=np.bool_)
        self._latest: _Latest | None = None
        self._last_s: Int64Array = np.full(len(interval_s), -1, dtype=np.int64)

    @property
    def last_observed_s(self) -> Int64Array:
        """Time of each station's newest reading, shape (n_stations,); -1 where none came."""
        return self._last_s

    @property
    def oldest_min(self) -> int:
        """Oldest minute that the ring reaches back to, minutes since 1970."""
        return self._ring.oldest

    def advance(self, now_s: int) -> None:
        """Open the minutes up to `now_s`. Time only moves forward; an earlier time changes nothing."""
        self._ring.advance(ceil_minute(now_s))

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
        end = ceil_minutes(observed_at_s)
        self.advance(int(end.max()) * MINUTE_S)
        amount_um = np.rint(rain_mm * UM_PER_MM).astype(np.int64)
        np.maximum.at(self._last_s, station, observed_at_s)
        self._changed[station] = True
        begin = end - self._minutes_of(station, interval_s)
        self._ring.add(Spread(station, begin, end, amount_um))

    def add_tips(self, station: Int32Array, observed_at_s: Int64Array, rain_mm: Float64Array) -> None:
        """Count tips: amounts that fell at their time, from gauges that report when it rains.

        Such a gauge also reports within each of its intervals, if only a tip of
        zero: the minutes of the interval before a tip were observed, dry but for
        tips of their own. Minutes that several tips speak for are observed once.

        Parameters
        ----------
        station : Int32Array, shape (n,)
        observed_at_s : Int64Array, shape (n,)
        rain_mm : Float64Array, shape (n,)
        """
        if len(station) == 0:
            return
        end = ceil_minutes(observed_at_s)
        self.advance(int(end.max()) * MINUTE_S)
        np.maximum.at(self._last_s, station, observed_at_s)
        self._changed[station] = True
        amount_um = np.rint(rain_mm * UM_PER_MM).astype(np.int64)
        unseen = np.zeros(len(station), dtype=np.bool_)
        self._ring.add(Spread(station, end - 1, end, amount_um, None, unseen))
        begin = np.maximum(end - self._interval_min[station], self._ring.oldest)
        for row in rows_where(end > begin):
            observe(self._ring, Part(int(station[row]), int(begin[row]), int(end[row])))

    def has_observed(
        self, station: Int32Array, observed_at_s: Int64Array, interval_s: Int32Array
    ) -> BoolArray:
        """Whether any minute of these readings' intervals is held already, shape (n,)."""
        ring = self._ring
        end = np.minimum(ceil_minutes(observed_at_s), ring.head)
        begin = np.maximum(end - self._minutes_of(station, interval_s), ring.oldest)
        last = ring.rows_of(ring.held_at(np.maximum(end, ring.oldest), forward=True))
        first = ring.rows_of(ring.held_at(begin, forward=False))
        observed: BoolArray = (end > begin) & (
            ring.observed_min[last, station] != ring.observed_min[first, station]
        )
        return observed

    def correct(
        self,
        station: Int32Array,
        observed_at_s: Int64Array,
        rain_mm: Float64Array,
        interval_s: Int32Array,
    ) -> BoolArray:
        """Take repetitions of readings: of two of one station and time the greater counts.

        That is the safe side, and free of the order in which they come. What
        the ring holds of the interval is taken for what the earlier ones said; where
        it no longer holds the interval by itself, the first one stands.

        Returns
        -------
        BoolArray, shape (n,)
            Which of them were greater, and counted.
        """
        ring = self._ring
        end = np.clip(ceil_minutes(observed_at_s), ring.oldest, ring.head)
        begin = np.maximum(end - self._minutes_of(station, interval_s), ring.oldest)
        amount_um = np.rint(rain_mm * UM_PER_MM).astype(np.int64)
        greatest = np.zeros(len(station), dtype=np.bool_)
        order = np.lexsort((amount_um, observed_at_s, station))
        greatest[order] = is_last_of(station[order], observed_at_s[order])
        last, first = ring.held_at(end, forward=True), ring.held_at(begin, forward=False)
        counts = rows_where(greatest & (end > begin) & (last == end) & (first == begin))
        station, begin, end, amount_um = station[counts], begin[counts], end[counts], amount_um[counts]
        held_um = (
            ring.rain_um[ring.rows_of(end), station] - ring.rain_um[ring.rows_of(begin), station]
        ).astype(np.int64)
        more = amount_um > held_um
        unseen = np.zeros(len(station), dtype=np.bool_)
        ring.add(Spread(station, begin, end, amount_um, held_um, unseen).select(more))
        self._changed[station[more]] = True
        greatest[:] = False
        greatest[counts[more]] = True
        return greatest

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
        end = ceil_minutes(end_s)
        self.advance(int(end.max()) * MINUTE_S)
        ring = self._ring
        begin = np.maximum(ceil_minutes(begin_s), ring.oldest)
        amount_um = np.rint(rain_mm * UM_PER_MM).astype(np.int64)
        np.maximum.at(self._last_s, station, end_s)
        self._changed[station] = True
        some = end > begin
        last = ring.rows_of(ring.held_at(np.maximum(end, ring.oldest), forward=False))
        first = ring.rows_of(ring.held_at(begin, forward=True))
        is_empty = (
            (ring.observed_min[last, station] == ring.observed_min[first, station])
            & (ring.rain_um[last, station] == ring.rain_um[first, station])
            & is_observed
        )
        ring.add(Spread(station, begin, end, amount_um).select(some & is_empty))
        for row in rows_where(some & ~is_empty):
            part = Part(int(station[row]), int(begin[row]), int(end[row]))
            add_rest(ring, part, int(amount_um[row]))
            if is_observed[row]:
                observe(ring, part)

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

    def accumulate_until(
        self, duration_s: Int32Array, end_min: Int64Array, *, into: Accumulation | None = None
    ) -> Accumulation:
        """Rain over each duration ending at a minute of each station, of the present or the past.

        Parameters
        ----------
        duration_s : Int32Array, shape (n_durations,)
        end_min : Int64Array, shape (n_stations,)
            Minutes since 1970.
        into : Accumulation, optional
            Of as many durations: its arrays are written over, which spares the system new memory.
        """
        ring = self._ring
        duration_min = np.asarray(duration_s, dtype=np.int64) // MINUTE_S
        if duration_min.max(initial=0) > self._span_min:
            raise ValueError(
                f"a window of {duration_min.max()} min is longer than the ring of {self._span_min} min"
            )
        if len(end_min) and (end_min.min() < ring.oldest or end_min.max() > ring.head):
            end_min = np.clip(end_min, ring.oldest, ring.head)
        found = into or empty_accumulation(len(duration_min), len(end_min))
        self._lookup.all(found, duration_min, end_min)
        return found

    def latest(self, duration_s: Int32Array, now_s: int) -> Accumulation:
        """`accumulate`, working out only what has changed since the last call for these durations.

        Whoever gets it must not change it. While nothing changes, it is the same object; once something
        has, there is a new one in the same arrays, and the one before is no more.
        """
        ring = self._ring
        end_min = np.minimum(np.maximum(self.window_end_min(now_s), ring.oldest), ring.head)
        before = self._latest
        if before is None or not np.array_equal(before.duration_s, duration_s):
            found = self.accumulate_until(duration_s, end_min)
        else:
            found = before.accumulation
            is_changed = end_min != before.end_min
            is_changed |= self._changed
            changed = rows_where(is_changed)
            duration_min = np.asarray(duration_s, dtype=np.int64) // MINUTE_S
            if len(changed) > FEW * len(end_min):
                self._lookup.all(found, duration_min, end_min)
            elif len(changed):
                self._lookup.some(found, duration_min, changed, end_min[changed])
            if len(changed):
                found = replace(found)
        self._latest = _Latest(duration_s, end_min, found)
        self._changed[:] = False
        return found

    def between(self, begin_min: Int64Array, end_min: int) -> tuple[Float64Array, Int64Array]:
        """Rain of every station from a minute of its own to a common one, and how much of it was observed.

        Parameters
        ----------
        begin_min : Int64Array, shape (n_stations,)
            Minutes since 1970; those that are not held begin at the next one that is.
        end_min : int
            At or before the ring's newest minute.

        Returns
        -------
        (Float64Array, Int64Array), shape (n_stations,)
            Millimetres and minutes.
        """
        ring = self._ring
        end = np.int64(min(max(end_min, ring.oldest), ring.head))
        begin = np.minimum(ring.held_at(np.clip(begin_min, ring.oldest, end), forward=True), end)
        every = np.arange(len(begin_min))
        first, last = ring.rows_of(begin), int(ring.rows_of(ring.held_at(np.array(end), forward=False)))
        rain_um = ring.rain_um[last] - ring.rain_um[first, every]
        observed = (ring.observed_min[last] - ring.observed_min[first, every]).astype(np.int64)
        return np.where(begin < end, rain_um, 0) / UM_PER_MM, np.where(begin < end, observed, 0)

    def window_end_min(self, now_s: int) -> Int64Array:
        """Minute at which each station's windows end, shape (n_stations,)."""
        now_min = ceil_minute(now_s)
        return np.minimum(
            np.maximum(ceil_minutes(self._last_s), now_min - self._allowance_min), self._ring.head
        )

    def steps(
        self, begin_min: int, n_steps: int, step_min: int, station: slice | Int32Array = _EVERY
    ) -> tuple[Float64Array, Float64Array]:
        """Rain of consecutive steps, and which share of each was observed.

        Parameters
        ----------
        begin_min : int
            Beginning of the first step, minutes since 1970. What lies before the ring was not observed.
        n_steps, step_min : int
            Steps up to the newest minute of the ring, and their length.
        station : slice or Int32Array, optional
            Stations asked for.

        Returns
        -------
        (Float64Array, Float64Array), shape (n_steps, n_stations)
            Millimetres and shares, 0 to 1.
        """
        edges = begin_min + step_min * np.arange(n_steps + 1, dtype=np.int64)
        ring = self._ring
        edges = np.clip(edges, ring.oldest, ring.head)
        held = ring.held_at(edges, forward=False)
        rows = ring.rows_of(held)
        columns = (rows, station) if isinstance(station, slice) else (rows[:, None], station)
        rain_mm = np.diff(ring.rain_um[columns], axis=0) / UM_PER_MM
        observed = np.minimum(np.diff(ring.observed_min[columns], axis=0) / step_min, 1.0)
        # Steps that do not begin and end where totals are held are not known by themselves.
        is_moved = held != edges
        unknown = is_moved[1:] | is_moved[:-1]
        rain_mm[unknown], observed[unknown] = 0.0, 0.0
        return rain_mm, observed

    def snapshot(self) -> dict[str, Int32Array | Int64Array | UInt16Array]:
        """State as arrays; `restore` of it on a like ring continues exactly."""
        ring = self._ring
        return {
            "rows": np.array([ring.n_fine, ring.n_coarse], dtype=np.int64),
            "rain_um": ring.rain_um.copy(),
            "observed_min": ring.observed_min.copy(),
            "last_s": self._last_s.copy(),
            "head": np.array([ring.head], dtype=np.int64),
        }

    def restore(self, state: dict[str, Int32Array | Int64Array | UInt16Array]) -> None:
        """Take up a snapshot.

        Raises
        ------
        ValueError
            If it was taken of a ring of another shape (the configuration changed).
        """
        ring = self._ring
        if state["rain_um"].shape != ring.rain_um.shape:
            raise ValueError(
                f"snapshot has a ring of {state['rain_um'].shape}, this network needs {ring.rain_um.shape}"
            )
        ring.rain_um[:] = state["rain_um"]
        ring.observed_min[:] = state["observed_min"]
        self._last_s[:] = state["last_s"]
        ring.head = int(state["head"][0])
        self._latest = None

    def _minutes_of(self, station: Int32Array, interval_s: Int32Array | None) -> Int32Array:
        own = self._interval_min[station]
        if interval_s is None:
            return own
        return np.where(interval_s > 0, np.maximum(interval_s // MINUTE_S, 1), own).astype(np.int32)
