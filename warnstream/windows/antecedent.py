"""What earlier rain has left at every station: soil water, effective rain, days before, the event.

All of it steps forward on one grid of ten minutes, driven by the exact rain
ring. The states of the last hours are kept, so that late rain makes the grid
go back to the moment it fell and come forward again: the result is the very
one of a run in which everything had come in time.

Rain that nobody observed counts as none, so every value is a lower bound
where `coverage` is below 1. The coverage fades with a half-life of three days
and begins at 0: it is the warm-up too. Days run from 00:00 to 00:00 UTC,
which is the hydrological day of 08-08 in Beijing time.
"""

from dataclasses import dataclass

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, Int64Array
from warnstream.model.times import DAY_S, HOUR_S, MINUTE_S
from warnstream.windows.rain_window import RainWindow
from warnstream.windows.soil_water import N_TANKS, STEP_S, advance_tanks

COVERAGE_HALF_LIFE_S = 3 * DAY_S
WEIGHTED_DAYS = 7
REBUILT_S_MAX = 60 * DAY_S
"""A node that stood still for longer than that begins anew with empty tanks."""

_INTERVAL_S_MAX = HOUR_S
_COVERAGE = N_TANKS
_DAY = _COVERAGE + 1
_PLANNED = _DAY + WEIGHTED_DAYS
_DAY_WEIGHT: Float64Array = np.arange(1.0, WEIGHTED_DAYS + 1) ** -2


@dataclass(frozen=True, slots=True)
class AntecedentPlan:
    """Which half-lives, daily ratios and dry gaps the rules ask for; each without repetition."""

    half_life_s: tuple[int, ...]
    api_ratio: tuple[float, ...]
    dry_gap_s: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StationAntecedent:
    """States of the stations at the newest grid step; arrays of shape (n_stations,) unless said otherwise.

    Attributes
    ----------
    tanks_mm : Float64Array, shape (3, n_stations)
    coverage : Float64Array
        Share of the past that was observed, 0 to 1.
    effective_mm : Float64Array, shape (n_half_lives, n_stations)
    antecedent_mm : Float64Array, shape (n_ratios, n_stations)
        Antecedent precipitation of the days before, and the rain of today.
    weighted_mm : Float64Array
        Rain of today and six days before, weighted with ``(days back + 1) ** -2``.
    event_mm, event_s : Float64Array, shape (n_gaps, n_stations)
    """

    tanks_mm: Float64Array
    coverage: Float64Array
    effective_mm: Float64Array
    antecedent_mm: Float64Array
    weighted_mm: Float64Array
    event_mm: Float64Array
    event_s: Float64Array


class AntecedentRain:
    """States of all stations of one network.

    Parameters
    ----------
    n_stations : int
    plan : AntecedentPlan
    lateness_s : int
        How late a reading may come and still be counted exactly.

    Attributes
    ----------
    version : int
        Counts the changes of the states in this process, for those who keep what they made of them.
    """

    def __init__(self, n_stations: int, plan: AntecedentPlan, *, lateness_s: int) -> None:
        self._plan = plan
        self._n_kept = -(-(lateness_s + _INTERVAL_S_MAX) // STEP_S) + 2
        n_lives, n_ratios, n_gaps = len(plan.half_life_s), len(plan.api_ratio), len(plan.dry_gap_s)
        self._effective = slice(_PLANNED, _PLANNED + n_lives)
        self._api = slice(self._effective.stop, self._effective.stop + n_ratios)
        self._event = slice(self._api.stop, self._api.stop + 3 * n_gaps)
        self._history: Float64Array = np.zeros((self._n_kept, self._event.stop, n_stations))
        self.version = 0
        self._step = -1  # newest grid step, in steps since 1970; -1 before the first
        self._oldest = -1
        self._fade_effective = 0.5 ** (STEP_S / np.array(plan.half_life_s, dtype=np.float64))[:, None]
        self._ratio = np.array(plan.api_ratio, dtype=np.float64)[:, None]
        self._gap_s = np.array(plan.dry_gap_s, dtype=np.float64)[:, None]

    @staticmethod
    def span_s(lateness_s: int) -> int:
        """How far back the rain ring must reach, in seconds."""
        return lateness_s + _INTERVAL_S_MAX + 3 * STEP_S

    def advance(self, ring: RainWindow, now_s: int, changed_from_s: int | None) -> None:
        """Step to the last whole ten minutes before `now_s`.

        Parameters
        ----------
        ring : RainWindow
            Advanced to `now_s`, with every reading so far.
        now_s : int
        changed_from_s : int or None
            Beginning of the oldest interval whose rain was added since the last
            call: the grid goes back to it. None if nothing was added.
        """
        target = now_s // STEP_S
        if self._step < 0 or target - self._step > REBUILT_S_MAX // STEP_S:
            self._history[:] = 0.0
            self._step = self._oldest = target - self._n_kept + 1
        start = self._step
        if changed_from_s is not None:
            start = max(min(start, changed_from_s // STEP_S), self._oldest)
        if target <= start:
            return
        self.version += 1
        rain_mm, observed = ring.steps(start * STEP_S // MINUTE_S, target - start, STEP_S // MINUTE_S)
        for index in range(target - start):
            step = start + index
            before = self._history[step % self._n_kept]
            self._history[(step + 1) % self._n_kept] = self._next(
                before, rain_mm[index], observed[index], step + 1
            )
        self._step = target
        self._oldest = max(self._oldest, target - self._n_kept + 1)

    def states(self) -> StationAntecedent:
        """Newest states; zeros with a coverage of 0 before the first step."""
        state = self._history[self._step % self._n_kept]
        today = state[_DAY]
        event = state[self._event].reshape(-1, 3, state.shape[1])
        return StationAntecedent(
            tanks_mm=state[:N_TANKS],
            coverage=state[_COVERAGE],
            effective_mm=state[self._effective],
            antecedent_mm=state[self._api] + today,
            weighted_mm=_DAY_WEIGHT @ state[_DAY:_PLANNED] / _DAY_WEIGHT.sum(),
            event_mm=event[:, 0],
            event_s=event[:, 1],
        )

    def snapshot(self) -> dict[str, Float64Array | Int64Array]:
        """State as arrays; `restore` of it continues exactly."""
        return {
            "history": self._history.copy(),
            "steps": np.array([self._step, self._oldest], dtype=np.int64),
        }

    def restore(self, state: dict[str, Float64Array | Int64Array]) -> None:
        """Take up a snapshot.

        Raises
        ------
        ValueError
            If it was taken of another network or plan.
        """
        if state["history"].shape != self._history.shape:
            raise ValueError(
                f"snapshot has antecedent states of {state['history'].shape}, "
                f"this configuration needs {self._history.shape}"
            )
        self._history[:] = state["history"]
        self._step, self._oldest = (int(number) for number in state["steps"])

    def _next(
        self, before: Float64Array, rain_mm: Float64Array, observed: Float64Array, step: int
    ) -> Float64Array:
        """State at a grid step, of the one before and the rain between."""
        after = before.copy()
        after[:N_TANKS] = advance_tanks(before[:N_TANKS], rain_mm, STEP_S / HOUR_S)
        fade = 0.5 ** (STEP_S / COVERAGE_HALF_LIFE_S)
        after[_COVERAGE] = before[_COVERAGE] * fade + observed * (1.0 - fade)
        after[_DAY] += rain_mm
        after[self._effective] = before[self._effective] * self._fade_effective + rain_mm
        event = after[self._event].reshape(-1, 3, after.shape[1])
        self._continue_event(event, rain_mm, observed)
        if step * STEP_S % DAY_S == 0:
            after[self._api] = (before[self._api] + after[_DAY]) * self._ratio
            after[_DAY + 1 : _PLANNED] = after[_DAY : _PLANNED - 1].copy()
            after[_DAY] = 0.0
        return after

    def _continue_event(self, event: Float64Array, rain_mm: Float64Array, observed: Float64Array) -> None:
        """Rain, duration and dry time of the events, changed in place; shape (n_gaps, 3, n_stations)."""
        amount, lasts_s, dry_s = event[:, 0], event[:, 1], event[:, 2]
        wet: BoolArray = np.broadcast_to(rain_mm > 0, amount.shape)
        is_new = wet & (amount == 0)
        lasts_s[wet] += np.where(is_new, 0.0, dry_s)[wet] + STEP_S
        amount += rain_mm
        # Unobserved time is not dry time: silence does not end an event.
        dry_s += np.where(wet, 0.0, STEP_S * observed)
        dry_s[wet] = 0.0
        ends = ~wet & (dry_s >= self._gap_s)
        amount[ends] = 0.0
        lasts_s[ends] = 0.0
