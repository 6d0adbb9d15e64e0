"""Probabilities that rules and tables ask for, worked out whenever there are new members, kept in between.

A probability is the pure outcome of members and observed rain at the tick they were made at;
until the next ones it stands, and observed rain that reaches the threshold counts at once. It
holds a level up until it has been below half of what raises it for `CYCLES_BELOW` cycles, so that
nothing flickers. Probabilities older than `AGE_S_MAX` are not known any more. All of it is part of the
snapshot: a restart changes nothing.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from warnstream.hazards.expected.crossing import NEVER, Crossing, crossing, nobody_knows, parts_s
from warnstream.hazards.expected.scores import Score
from warnstream.model.arrays import Arrays, BoolArray, Float64Array, Int64Array, UInt8Array
from warnstream.model.forecast import Expected, RainMembers, ScoreState
from warnstream.model.level import Level

CYCLES_BELOW = 3
AGE_S_MAX = 1800
_HOLDS, _KNOWN = 1, 2


@dataclass(frozen=True, slots=True)
class Asked:
    """One probability.

    Attributes
    ----------
    key : str
        Known by it from step to step and in snapshots.
    duration_s : tuple of int
    within_s : int
    probability : float
        What raises a level.
    is_of_model : bool
        By a run of a weather model; else by members of the next three hours.
    is_ahead_alone : bool
        Rain to come alone is compared, whatever has fallen. Nobody observes that, so it is not scored.
    """

    key: str
    duration_s: tuple[int, ...]
    within_s: int
    probability: float
    is_of_model: bool = False
    is_ahead_alone: bool = False


Critical = Callable[[Asked], Float64Array]
"""Thresholds of what is asked as they are now, shape (n_durations, n_places)."""


def key_of(*parts: object) -> str:
    """A short name for what is asked, the same in every process."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Chance:
    """What is known of one probability at one step; arrays of shape (n_places,).

    Attributes
    ----------
    found : Crossing
    is_reached, is_holding : BoolArray
        It is as high as asked; or was, and has not been below half of it for long enough.
    at_s : int
        When it was worked out.
    source, calibrated_on : str
        Of the members.
    model, run_s : str, int
        As in `Expected`.
    """

    asked: Asked
    found: Crossing
    is_reached: BoolArray
    is_holding: BoolArray
    at_s: int
    source: str
    calibrated_on: str
    model: str = ""
    run_s: int = -1

    def of_places(self, places: Int64Array) -> "Chance":
        """That of some places."""
        found = self.found.of_places(places)
        return Chance(
            self.asked,
            found,
            self.is_reached[places],
            self.is_holding[places],
            self.at_s,
            self.source,
            self.calibrated_on,
            self.model,
            self.run_s,
        )

    def expected(self, level: Level, place: int, now_s: int) -> Expected:
        """Why the level of a place is expected; times from now on."""
        passed_s = now_s - self.at_s
        early_s, onset_s = (
            -1 if seconds == NEVER else max(seconds - passed_s, 0)
            for seconds in (int(self.found.early_s[place]), int(self.found.onset_s[place]))
        )
        probability = float(self.found.probability[place])
        return Expected(
            level,
            0.0,
            round(probability, 3),
            self.asked.within_s,
            early_s,
            onset_s,
            self.source,
            self.calibrated_on,
            self.model,
            self.run_s,
        )


Chances = Mapping[str, Chance]
"""By key; what is not known at this step is not there."""


class _Kept:
    """What is remembered of one probability."""

    def __init__(self, n_places: int) -> None:
        self.at_s: Int64Array = np.full(1, -1, dtype=np.int64)
        self.found = nobody_knows(n_places)
        self.n_below: UInt8Array = np.full(n_places, CYCLES_BELOW, dtype=np.uint8)
        self.score = Score(n_places)

    def arrays(self) -> Arrays:
        return {
            "at_s": self.at_s,
            "n_below": self.n_below,
            "probability": self.found.probability,
            "early_s": self.found.early_s,
            "onset_s": self.found.onset_s,
            "duration": self.found.duration,
            **self.score.arrays(),
        }


class ChanceBook:
    """All probabilities of one network.

    Parameters
    ----------
    asked : iterable of Asked
    n_places : int
    holds_on : bool, optional
        What was said holds up levels for as long as it was said for, also when nobody knows anything newer.

    Attributes
    ----------
    version : int
        Another number when anything in `known` has changed.
    known : Chances
        Of the last step.
    source, calibrated_on, model, run_s
        Of the last members.
    """

    def __init__(self, asked: Iterable[Asked], n_places: int, *, holds_on: bool = False) -> None:
        self._asked = {question.key: question for question in asked}
        self._holds_on = holds_on
        self._kept = {key: _Kept(n_places) for key in self._asked}
        self.source, self.calibrated_on = "", ""
        self.model, self.run_s = "", -1
        self.version = 0
        self.known: Chances = {}
        self._fresh: dict[str, int] = {}
        self._scores: tuple[ScoreState, ...] = ()
        self._are_scored = True

    def step(
        self,
        members: RainMembers | None,
        past_mm: Callable[[int], Float64Array],
        critical: Critical,
        now_s: int,
    ) -> None:
        """Take new members, if there are any, and forget what is too old.

        Parameters
        ----------
        members : RainMembers or None
            Made at this step; None: none were.
        past_mm : callable
            As in `warnstream.hazards.expected.crossing.crossing`.
        critical : callable
        now_s : int
        """
        if members is not None:
            self.source, self.calibrated_on = members.source, members.calibrated_on
            self.model, self.run_s = members.model, members.run_s
            for question in self._asked.values():
                self._work_out(question, members, past_mm, critical(question), now_s)
        fresh = {key: state for key in self._asked if (state := self._freshness(key, now_s))}
        if members is None and fresh == self._fresh:
            return
        self.version += 1
        self._fresh = fresh
        self.known = {key: self._chance(key, is_known=state == _KNOWN) for key, state in fresh.items()}

    def _work_out(
        self,
        asked: Asked,
        members: RainMembers,
        past_mm: Callable[[int], Float64Array],
        critical_mm: Float64Array,
        now_s: int,
    ) -> None:
        kept = self._kept[asked.key]

        def nothing_fell(_duration_s: int) -> Float64Array:
            return np.zeros(critical_mm.shape[1])

        past = nothing_fell if asked.is_ahead_alone else past_mm
        found = crossing(members, past, asked.duration_s, critical_mm, asked.within_s)
        self._take(kept, asked, found, now_s)
        if not asked.is_ahead_alone:
            self._are_scored |= kept.score.step(found, asked.within_s, self.source, now_s)

    def _freshness(self, key: str, now_s: int) -> int:
        """Whether a probability is known, or holds up what it raised, or neither."""
        at_s = int(self._kept[key].at_s[0])
        if at_s < 0:
            return 0
        if now_s - at_s <= AGE_S_MAX:
            return _KNOWN
        return _HOLDS if self._holds_on and now_s - at_s <= self._asked[key].within_s else 0

    def look(self, key: str, now_s: int) -> Chance | None:
        """A probability at a time, also right after a snapshot was taken up; None where it is not known."""
        if key not in self._asked or self._freshness(key, now_s) != _KNOWN:
            return None
        return self._chance(key, is_known=True)

    def forget(self) -> None:
        """Nothing is known until the next members."""
        for kept in self._kept.values():
            kept.at_s[0] = -1
        self.version += 1
        self.known, self._fresh = {}, {}

    def scores(self) -> tuple[ScoreState, ...]:
        """What became of the probabilities so far; the same object while no case has ended."""
        if self._are_scored:
            self._are_scored = False
            self._scores = tuple(
                state
                for key, question in self._asked.items()
                for state in self._kept[key].score.states(question.duration_s, question.within_s)
            )
        return self._scores

    def calibrated_of(self, duration_s: int, within_s: int) -> str:
        """The record that probabilities of a window and a time were fitted on; empty: they are off here."""
        is_off = any(
            self._kept[key].score.off(self.source)
            for key, question in self._asked.items()
            if question.within_s == within_s and duration_s in question.duration_s
        )
        return "" if is_off else self.calibrated_on

    def snapshot(self) -> Arrays:
        """State as named arrays."""
        of = f"{self.source}\n{self.calibrated_on}"
        of += f"\n{self.model}\n{self.run_s}" if self.model else ""  # older versions have two lines
        state: Arrays = {"of": np.frombuffer(of.encode(), dtype=np.uint8)}
        for key, kept in self._kept.items():
            state |= {f"{name}.{key}": array.copy() for name, array in kept.arrays().items()}
        return state

    def restore(self, state: Arrays) -> None:
        """Take up a snapshot; a probability that it does not have is not known yet."""
        of = [*bytes(state.get("of", np.zeros(0, np.uint8))).decode().split("\n"), "", "", ""]
        self.source, self.calibrated_on, self.model = of[:3]
        self.run_s = int(of[3] or -1)
        for key, kept in self._kept.items():
            for name, array in kept.arrays().items():
                before = state.get(f"{name}.{key}")
                if before is not None and name == "score":
                    kept.score.restore(before)
                elif before is not None and before.shape == array.shape:
                    array[:] = before
        self.version += 1
        self.known, self._fresh = {}, {}
        self._are_scored = True

    @staticmethod
    def _take(kept: _Kept, asked: Asked, found: Crossing, now_s: int) -> None:
        is_low = ~(found.probability >= asked.probability / 2)
        kept.n_below[:] = np.where(is_low, np.minimum(kept.n_below + 1, CYCLES_BELOW), 0)
        kept.found.take(found)
        kept.at_s[0] = now_s

    def _chance(self, key: str, *, is_known: bool) -> Chance:
        asked, kept = self._asked[key], self._kept[key]
        n_places = len(kept.n_below)
        found = kept.found.of_places(np.arange(n_places)) if is_known else nobody_knows(n_places)
        is_reached = found.probability >= asked.probability
        is_holding = kept.n_below < CYCLES_BELOW  # a cycle of which nothing is known is one below
        return Chance(
            asked,
            found,
            is_reached,
            is_holding | is_reached,
            int(kept.at_s[0]),
            self.source,
            "" if kept.score.off(self.source) else self.calibrated_on,
            self.model,
            self.run_s,
        )


def some(chances: Chances, places: Int64Array) -> Chances:
    """Those of some places."""
    return {key: chance.of_places(places) for key, chance in chances.items()}


NO_CHANCES: Chances = {}


def durations_of(asked: Sequence[Asked], step_s: int) -> set[int]:
    """Durations of observed rain that are read."""
    found = {
        part
        for question in asked
        for duration in question.duration_s
        for part in parts_s(duration, question.within_s, step_s)
    }
    return found - {0}
