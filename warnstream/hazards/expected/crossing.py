"""When members reach a threshold: observed rain rolled forward with the rain of each, exact for every window.

Member k reaches Q mm in a window W at the first step j with ``observed(W - j) + ahead_k(j) >= Q``
(j up to W), or ``ahead_k(j) - ahead_k(j - W) >= Q`` beyond it. A mean that reaches the threshold
says nothing of how probable that is; the share of members that reach it does.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from warnstream.model.arrays import (
    BoolArray,
    Float32Array,
    Float64Array,
    Int32Array,
    Int64Array,
    UInt8Array,
    rows_where,
)
from warnstream.model.forecast import RainMembers

EARLY_SHARE, HALF = 0.2, 0.5
NEVER = -1


class Crossing(NamedTuple):
    """How probable it is; arrays of shape (n_places,).

    Attributes
    ----------
    probability : Float32Array
        Share of the members that reach any of the thresholds in time; NaN where nothing is known.
    early_s, onset_s : Int32Array
        Until a fifth and a half of the members have reached it; `NEVER` where fewer do.
    duration : UInt8Array
        Number of the duration over which most do.
    """

    probability: Float32Array
    early_s: Int32Array
    onset_s: Int32Array
    duration: UInt8Array

    def of_places(self, places: Int64Array) -> "Crossing":
        """That of some places."""
        return Crossing(
            self.probability[places], self.early_s[places], self.onset_s[places], self.duration[places]
        )

    def take(self, anew: "Crossing") -> None:
        """Write over with what was worked out anew."""
        self.probability[:], self.duration[:] = anew.probability, anew.duration
        self.early_s[:], self.onset_s[:] = anew.early_s, anew.onset_s


def nobody_knows(n_places: int) -> Crossing:
    """Nothing is known anywhere."""
    return Crossing(
        np.full(n_places, np.nan, dtype=np.float32),
        np.full(n_places, NEVER, dtype=np.int32),
        np.full(n_places, NEVER, dtype=np.int32),
        np.zeros(n_places, dtype=np.uint8),
    )


def parts_s(duration_s: int, within_s: int, step_s: int) -> list[int]:
    """Durations of observed rain that a window asks for, with itself; 0 is none."""
    return [duration_s - ahead_s for ahead_s in range(0, min(duration_s, within_s) + 1, step_s)]


def crossing(
    members: RainMembers,
    past_mm: Callable[[int], Float64Array],
    duration_s: Sequence[int],
    critical_mm: Float64Array,
    within_s: int,
) -> Crossing:
    """How probable it is that the rain of any duration reaches its threshold in time.

    Parameters
    ----------
    members : RainMembers
    past_mm : callable
        Observed rain over a duration in seconds, shape (n_places,); NaN: unknown, which is not dry.
    duration_s : sequence of int
        Whole steps of the members.
    critical_mm : Float64Array, shape (n_durations, n_places)
        NaN: no threshold.
    within_s : int
        No longer than the members reach.

    Returns
    -------
    Crossing
        1 where the observed rain has reached a threshold. Unknown where neither members nor observed rain
        say anything, or a place has no threshold.
    """
    n_places, step_s = critical_mm.shape[1], members.step_s
    found = nobody_knows(n_places)
    n_steps = within_s // step_s
    if len(duration_s) == 0 or n_steps < 1:
        return found
    ahead = members.rain_mm[:, :n_steps]
    most = ahead.max(axis=0)  # NaN where nothing is known
    first: Int32Array = np.full((len(ahead), n_places), n_steps + 1, dtype=np.int32)
    best = np.zeros(n_places)
    known = np.zeros(n_places, dtype=np.bool_)
    for number, duration in enumerate(duration_s):
        past = [
            np.zeros(n_places) if part == 0 else past_mm(part) for part in parts_s(duration, within_s, step_s)
        ]
        critical = critical_mm[number]
        known |= ~np.isnan(critical) & ~np.isnan(past[0]) & ~np.isnan(most[-1])
        near: BoolArray = np.asarray((past[0] >= critical) | _may_reach(past[1:], most, critical))
        places = rows_where(near)
        if len(places) == 0:
            continue
        own = _first_step(
            ahead[:, :, places], [rain_mm[places] for rain_mm in past], critical[places], duration // step_s
        )
        share = (own <= n_steps).mean(axis=0)
        higher = share > best[places]
        best[places[higher]] = share[higher]
        found.duration[places[higher]] = number
        first[:, places] = np.minimum(first[:, places], own)
    found.probability[known] = 0.0
    does: BoolArray = np.asarray((first <= n_steps).any(axis=0))
    places = rows_where(does)
    if len(places):
        _summarise(found, first[:, places], places, n_steps, step_s)
    return found


def _may_reach(past: Sequence[Float64Array], most: Float32Array, critical: Float64Array) -> np.ndarray:
    """Where the greatest member comes up to the threshold at any step, or its own rain alone does."""
    near = most[-1] >= critical
    for step, observed in enumerate(past):
        near |= observed + most[step] >= critical
    return np.asarray(near)


def _first_step(
    ahead: Float32Array, past: Sequence[Float64Array], critical: Float64Array, n_window: int
) -> Int32Array:
    """Step at which each member reaches it, 0: it has been reached; beyond the last where it does not."""
    n_steps = ahead.shape[1]
    first = np.where(past[0] >= critical, 0, n_steps + 1) * np.ones((len(ahead), 1), dtype=np.int32)
    for step in range(n_steps, 0, -1):
        now = ahead[:, step - 1].astype(np.float64)
        total = past[step] + now if step <= n_window else now - ahead[:, step - 1 - n_window]
        first = np.where((total >= critical) & (first > 0), step, first)
    return np.asarray(first, dtype=np.int32)


def _summarise(found: Crossing, first: Int32Array, places: np.ndarray, n_steps: int, step_s: int) -> None:
    ordered = np.sort(first, axis=0)
    found.probability[places] = np.where(
        (ordered[0] == 0), 1.0, np.asarray((first <= n_steps).mean(axis=0), dtype=np.float32)
    )
    for share, seconds in ((EARLY_SHARE, found.early_s), (HALF, found.onset_s)):
        step = ordered[max(int(np.ceil(share * len(first))) - 1, 0)]
        seconds[places] = np.where(step <= n_steps, step * step_s, NEVER)
