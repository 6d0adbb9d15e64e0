"""What earlier rain has left at every station: soil water, effective rain, days before, the event.

All of it steps forward on one grid of ten minutes, driven by the exact rain
ring. The states of the last steps and one of every six hours are kept: late
rain makes its stations go back to before it fell and come forward again, and
them alone. The result is the very one of a run in which everything had come in
time.

Rain that nobody observed counts as none, so every value is a lower bound
where `coverage` is below 1. The coverage fades with a half-life of three days
and begins at 0: it is the warm-up too, unless the days before are given
(`PastDays`): then the rain of each day before that on which the states
begin is spread evenly over those of its steps that nobody observed.

Memory is fixed at start: 8 bytes per value of a state and state kept; with a
lateness of six hours 11 states of about 16 values, 1.4 kB per station.
"""

from dataclasses import dataclass

import numpy as np

from warnstream.model.arrays import Arrays, BoolArray, Float64Array, Int32Array, Int64Array
from warnstream.model.observations.days import DAY_MIN, PastDays, begin_of_day_s, day_of
from warnstream.model.observations.readings import UM_PER_MM
from warnstream.model.times import DAY_S, HOUR_S, MINUTE_S
from warnstream.windows.accumulation import RainInSteps
from warnstream.windows.soil_water import N_TANKS, STEP_S, advance_tanks

COVERAGE_HALF_LIFE_S = 3 * DAY_S
WEIGHTED_DAYS = 7
REBUILT_S_MAX = 60 * DAY_S
"""A node that stood still for longer than that begins anew."""
WARM_UP_S_MAX = 60 * DAY_S
"""Days longer ago than that do not warm up the states: the tanks have forgotten them."""

_INTERVAL_S_MAX = HOUR_S
RECENT_STEPS = _INTERVAL_S_MAX // STEP_S + 2
"""States kept step by step: rain that came in time reaches back one interval."""
SPACING_STEPS = 6 * HOUR_S // STEP_S
"""Steps between the states kept for rain that came late."""
_COLUMNS_MAX = 1 << 16
"""Stations worked on at once: bounds the working memory of a large network."""
_STEPS_OF_DAY = DAY_S // STEP_S
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

    def values(self) -> list[str]:
        """Names of the values of a state, in order; the same value has the same name in every plan.

        >>> AntecedentPlan((86400,), (0.84,), (21600,)).values()[-5:]
        ['effective 86400', 'api 0.84', 'event 21600', 'lasts 21600', 'dry 21600']
        """
        return [
            *(f"tank {number}" for number in range(N_TANKS)),
            "coverage",
            *(f"day {back}" for back in range(WEIGHTED_DAYS)),
            *(f"effective {life_s}" for life_s in self.half_life_s),
            *(f"api {ratio!r}" for ratio in self.api_ratio),
            *(f"{word} {gap_s}" for gap_s in self.dry_gap_s for word in ("event", "lasts", "dry")),
        ]


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
    day_begins_s : int, optional
        Days begin so long after 00:00 UTC; whole ten minutes.
    past : PastDays, optional
        Rain of days before the first reading; without it the ground begins dry.

    Attributes
    ----------
    version : int
        Counts the changes of the states in this process, for those who keep what they made of them.
    """

    def __init__(
        self,
        n_stations: int,
        plan: AntecedentPlan,
        *,
        lateness_s: int,
        day_begins_s: int = 0,
        past: PastDays | None = None,
    ) -> None:
        self._plan = plan
        self._day_begins_s = day_begins_s
        self.past = past
        self._first_day = 0  # the day that the states began on
        self._late_steps = -(-(lateness_s + _INTERVAL_S_MAX) // STEP_S)
        n_lives, n_ratios, n_gaps = len(plan.half_life_s), len(plan.api_ratio), len(plan.dry_gap_s)
        self._effective = slice(_PLANNED, _PLANNED + n_lives)
        self._api = slice(self._effective.stop, self._effective.stop + n_ratios)
        self._event = slice(self._api.stop, self._api.stop + 3 * n_gaps)
        n_values = self._event.stop
        self._recent: Float64Array = np.zeros((RECENT_STEPS, n_values, n_stations))
        self._spaced: Float64Array = np.zeros((self._late_steps // SPACING_STEPS + 2, n_values, n_stations))
        self.version = 0
        self._step = -1  # newest grid step, in steps since 1970; -1 before the first
        self._oldest = -1
        self._fade_effective = 0.5 ** (STEP_S / np.array(plan.half_life_s, dtype=np.float64))[:, None]
        self._ratio = np.array(plan.api_ratio, dtype=np.float64)[:, None]
        self._gap_s = np.array(plan.dry_gap_s, dtype=np.float64)[:, None]

    @staticmethod
    def span_s(lateness_s: int) -> int:
        """How far back the rain ring must reach, in seconds."""
        return lateness_s + _INTERVAL_S_MAX + (SPACING_STEPS + 3) * STEP_S

    def advance(self, ring: RainInSteps, now_s: int, station: Int32Array, changed_from_s: Int64Array) -> None:
        """Step to the last whole ten minutes before `now_s`.

        Parameters
        ----------
        ring : RainInSteps
            Advanced to `now_s`, with every reading so far.
        now_s : int
        station : Int32Array, shape (n,)
            Stations whose rain was added to since the last call.
        changed_from_s : Int64Array, shape (n,)
            Beginning of the interval that each addition fell in: its station goes back to it.
        """
        target = now_s // STEP_S
        if self._step < 0 or target - self._step > REBUILT_S_MAX // STEP_S:
            self._step = self._oldest = (target - self._late_steps) // SPACING_STEPS * SPACING_STEPS
            self._first_day = day_of(now_s, self._day_begins_s)
            self._begin()
        from_step = np.maximum(changed_from_s // STEP_S, self._oldest)
        behind = from_step < self._step
        if behind.any():
            self._repeat(ring, station[behind], from_step[behind])
        if target > self._step:
            every = slice(None)
            self._run(ring, every, self._state_at(self._step), self._step, target)
            self._step = target
            self._oldest = max(
                self._oldest, (target // SPACING_STEPS - len(self._spaced) + 1) * SPACING_STEPS
            )
            self.version += 1

    def states(self) -> StationAntecedent:
        """Newest states; zeros with a coverage of 0 before the first step."""
        state = self._recent[self._step % RECENT_STEPS]
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

    def snapshot(self) -> Arrays:
        """State as arrays; `restore` of it continues exactly."""
        return {
            "recent": self._recent.copy(),
            "spaced": self._spaced.copy(),
            "steps": np.array([self._step, self._oldest, self._first_day], dtype=np.int64),
            "values": np.frombuffer("\n".join(self._plan.values()).encode(), dtype=np.uint8),
        }

    def restore(self, state: dict[str, Float64Array | Int64Array]) -> None:
        """Take up a snapshot.

        Raises
        ------
        ValueError
            If it was taken of another network or plan.
        """
        for name, kept in (("recent", self._recent), ("spaced", self._spaced)):
            if state[name].shape != kept.shape:
                raise ValueError(
                    f"snapshot has antecedent states of {state[name].shape}, "
                    f"this configuration needs {kept.shape}"
                )
            kept[:] = state[name]
        self._step, self._oldest, self._first_day = (int(number) for number in state["steps"])
        self.version += 1

    def fill_unknown(self, ring: RainInSteps) -> None:
        """Work out what a snapshot did not know (NaN) of the rain that the ring holds, and of past days.

        Lower bounds: what fell before is known only as far as `past` tells it.
        """
        known = self._recent.copy(), self._spaced.copy()
        if self._step < 0 or not np.isnan(known[0]).any():
            return
        target, first_day = self._step, self._first_day
        start = min(-(-ring.oldest_min * MINUTE_S // STEP_S), target)
        self._step, self._first_day = start, day_of(start * STEP_S, self._day_begins_s)
        self._begin()
        self._run(ring, slice(None), self._state_at(start), start, target)
        for array, before in zip((self._recent, self._spaced), known, strict=True):
            np.copyto(array, before, where=~np.isnan(before))
        self._step, self._first_day = target, first_day or self._first_day
        held = target // SPACING_STEPS - len(self._spaced) + 1, -(-start // SPACING_STEPS)
        self._oldest = max(self._oldest, *(number * SPACING_STEPS for number in held))
        self.version += 1

    def _begin(self) -> None:
        """States at the first step: empty, or what the days before have left."""
        self._recent[:] = 0.0
        self._spaced[:] = 0.0
        past = self.past
        if past is None:
            return
        begin_s = begin_of_day_s(past.first, self._day_begins_s)
        first = max(begin_s // STEP_S, self._step - WARM_UP_S_MAX // STEP_S)
        columns = np.flatnonzero(past.observed_min.any(axis=0))
        state: Float64Array = np.zeros((self._recent.shape[1], len(columns)))
        for step in range(first + 1, self._step + 1):
            rain_mm, observed = np.zeros((1, len(columns))), np.zeros((1, len(columns)))
            self._take_past(rain_mm, observed, step - 1, columns)
            state = self._next(state, rain_mm[0], observed[0], step)
        self._recent[self._step % RECENT_STEPS][:, columns] = state
        self._spaced[self._step // SPACING_STEPS % len(self._spaced)][:, columns] = state

    def _take_past(
        self,
        rain_mm: Float64Array,
        observed: Float64Array,
        start: int,
        columns: slice | Int64Array | Int32Array,
    ) -> None:
        """Where nobody observed a step before the states began, its even part of its day, in place."""
        past = self.past
        for index in range(len(rain_mm) if past is not None else 0):
            assert past is not None
            row = day_of((start + index) * STEP_S, self._day_begins_s) - past.first
            if 0 <= row < min(len(past.rain_um), self._first_day - past.first):
                known_min = past.observed_min[row, columns]
                lacks = (observed[index] == 0) & (known_min > 0)
                part_mm = past.rain_um[row, columns] / (UM_PER_MM * _STEPS_OF_DAY)
                rain_mm[index, lacks] = part_mm[lacks]
                observed[index, lacks] = known_min[lacks] / DAY_MIN

    def _repeat(self, ring: RainInSteps, station: Int32Array, from_step: Int64Array) -> None:
        """Work out some stations' states anew, each from a state kept before its rain fell."""
        is_recent = from_step > self._step - RECENT_STEPS
        for rows in (is_recent, ~is_recent):
            if not rows.any():
                continue
            columns = np.unique(station[rows])
            start = int(from_step[rows].min())
            if not is_recent[rows][0]:
                start = start // SPACING_STEPS * SPACING_STEPS
            self._run(ring, columns, self._state_at(start)[:, columns], start, self._step)
        self.version += 1

    def _state_at(self, step: int) -> Float64Array:
        """A state kept: one of the recent steps, or of a step at the spacing."""
        if step > self._step - RECENT_STEPS:
            recent: Float64Array = self._recent[step % RECENT_STEPS]
            return recent
        assert step % SPACING_STEPS == 0, "between the states kept"
        spaced: Float64Array = self._spaced[step // SPACING_STEPS % len(self._spaced)]
        return spaced

    def _run(
        self, ring: RainInSteps, columns: slice | Int32Array, state: Float64Array, start: int, target: int
    ) -> None:
        """Step some stations forward, and keep the states that are kept."""
        n_columns = state.shape[1]
        for first in range(0, n_columns, _COLUMNS_MAX):
            part = slice(first, min(first + _COLUMNS_MAX, n_columns))
            some = part if isinstance(columns, slice) else columns[part]
            self._run_part(ring, some, state[:, part], start, target)

    def _run_part(
        self, ring: RainInSteps, columns: slice | Int32Array, state: Float64Array, start: int, target: int
    ) -> None:
        rain_mm, observed = ring.steps(
            start * STEP_S // MINUTE_S, target - start, STEP_S // MINUTE_S, columns
        )
        self._take_past(rain_mm, observed, start, columns)
        n_spaced = len(self._spaced)
        for index in range(target - start):
            step = start + index + 1
            state = self._next(state, rain_mm[index], observed[index], step)
            if step > target - RECENT_STEPS:
                self._recent[step % RECENT_STEPS][:, columns] = state
            if step % SPACING_STEPS == 0 and step // SPACING_STEPS > target // SPACING_STEPS - n_spaced:
                self._spaced[step // SPACING_STEPS % n_spaced][:, columns] = state

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
        if (step * STEP_S - self._day_begins_s) % DAY_S == 0:
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
