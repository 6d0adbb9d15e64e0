"""A level rises at once and falls with care: the arrays behind every warning's level.

A village's level follows its evaluator upwards in the same step. It falls
only when its indicator has stayed below the clear value of that level for
`hold_s`, with data all the time, not before `active_s_min` after the level was
last reached, and one step at a time. Without data nothing falls.

Counted from the *last* time it was reached, not from the rise: else a storm that
is a little heavier, and so raised the level earlier, would lower it earlier.
"""

from dataclasses import dataclass

import numpy as np

from warnstream.model.arrays import BoolArray, Int64Array, LevelArray
from warnstream.model.level import LEVELS, Level
from warnstream.model.rules.indicators import HazardLevels
from warnstream.model.rules.rules import DowngradePolicy

_NEVER = np.int64(-1)


@dataclass(frozen=True, slots=True)
class LevelStep:
    """Levels before and after one step, shape (n_villages,), and where the village was blind."""

    previous: LevelArray
    level: LevelArray
    was_blind: BoolArray
    is_blind: BoolArray


@dataclass(frozen=True, slots=True)
class Standing:
    """One village's level, and when it may fall.

    Attributes
    ----------
    level : Level
    reached_at_s : int
        When it was last reached; -1 at no level.
    below_since_s : int
        Since when it has been below its clear value with data all the time; -1: it is not.
    falls_at_s : int
        Earliest time of a fall if that goes on; -1: it does not fall as things are.
    """

    level: Level
    reached_at_s: int
    below_since_s: int
    falls_at_s: int


def held_level(found: HazardLevels) -> LevelArray:
    """Level that what was found holds up: by a clear value, or found again, if only by forecast."""
    return np.maximum(found.holding, found.level)


def is_seen(found: HazardLevels) -> BoolArray:
    """Where enough is observed for a level to fall."""
    return found.can_fall & ~found.is_blind


class LevelState:
    """Level of every village for one hazard, with what is needed to let it fall."""

    def __init__(self, n_villages: int) -> None:
        self.level: LevelArray = np.zeros(n_villages, dtype=np.uint8)
        self.is_blind: BoolArray = np.zeros(n_villages, dtype=np.bool_)
        self._reached_at_s: Int64Array = np.full((len(LEVELS), n_villages), _NEVER)
        self._below_since_s: Int64Array = np.full(n_villages, _NEVER)

    def step(self, found: HazardLevels, lowering: DowngradePolicy, now_s: int) -> LevelStep:
        """Follow an evaluation upwards at once, downwards by the rules of `lowering`."""
        if not (found.level.any() or self.level.any()):
            return self._stay(found)
        previous, was_blind = self.level.copy(), self.is_blind
        rises = found.level > self.level
        self.level = np.maximum(self.level, found.level)
        for level in LEVELS:
            self._reached_at_s[level - 1, found.level >= level] = now_s
        below = (held_level(found) < self.level) & is_seen(found) & ~rises
        self._below_since_s = np.where(
            below, np.where(self._below_since_s == _NEVER, now_s, self._below_since_s), _NEVER
        )
        falls = below & (now_s >= self._falls_at_s(lowering))
        self.level[falls] -= 1
        self._below_since_s[falls] = now_s
        self.is_blind = found.is_blind.copy()
        return LevelStep(previous, self.level.copy(), was_blind, self.is_blind)

    def hold(self) -> LevelStep:
        """A step of a hazard that could not be evaluated: every level stands, every village is blind."""
        was_blind = self.is_blind
        self.is_blind = np.ones(len(self.level), dtype=np.bool_)
        self._below_since_s[:] = _NEVER
        return LevelStep(self.level.copy(), self.level.copy(), was_blind, self.is_blind)

    def align(self, told: LevelArray, is_held: BoolArray, is_free: BoolArray, now_s: int) -> BoolArray:
        """Go on from what people were told, whatever these levels say; where they differed.

        A lower level than people know is raised to it and falls by the usual care; a higher one is
        lowered to it, and what is found at the next step rises from there and is told.

        Parameters
        ----------
        told : LevelArray, shape (n_villages,)
            What people were last told; 0 where no warning stands.
        is_held : BoolArray, shape (n_villages,)
            They were told that nobody sees whether it still stands.
        is_free : BoolArray, shape (n_villages,)
            Ended by hand: the level that was measured stays, only a further rise is told.
        now_s : int

        Returns
        -------
        BoolArray, shape (n_villages,)
        """
        differs: BoolArray = (told != self.level) & ~is_free
        for level in LEVELS:
            self._reached_at_s[level - 1, differs & (told >= level)] = now_s
        self._below_since_s[differs] = _NEVER
        self.level = np.where(differs, told, self.level)
        self.is_blind = np.where((self.level > 0) & ~is_free, is_held, self.is_blind)
        return differs

    def standing(self, village: int, lowering: DowngradePolicy) -> Standing:
        """Level of one village after the last step, and when it may fall."""
        level, below_since_s = Level(int(self.level[village])), int(self._below_since_s[village])
        if level is Level.NONE:
            return Standing(level, -1, -1, -1)
        falls_at_s = int(self._falls_at_s(lowering)[village]) if below_since_s >= 0 else -1
        return Standing(level, int(self._reached_at_s[level - 1, village]), below_since_s, falls_at_s)

    def _falls_at_s(self, lowering: DowngradePolicy) -> Int64Array:
        """Earliest time of a fall of villages that stay below their clear value, shape (n_villages,)."""
        reached_at_s = self._reached_at_s[np.maximum(self.level, 1) - 1, np.arange(len(self.level))]
        due_s: Int64Array = np.maximum(
            self._below_since_s + lowering.hold_s, reached_at_s + lowering.active_s_min
        )
        return due_s

    def snapshot(self) -> dict[str, LevelArray | BoolArray | Int64Array]:
        """State as arrays."""
        return {
            "level": self.level.copy(),
            "is_blind": self.is_blind.copy(),
            "reached_at_s": self._reached_at_s.copy(),
            "below_since_s": self._below_since_s.copy(),
        }

    def restore(self, state: dict[str, LevelArray | BoolArray | Int64Array]) -> None:
        """Take up a snapshot of a network of the same size."""
        self.level = state["level"].astype(np.uint8)
        self.is_blind = state["is_blind"].astype(np.bool_)
        self._reached_at_s = state["reached_at_s"].astype(np.int64)
        self._below_since_s = state["below_since_s"].astype(np.int64)

    def _stay(self, found: HazardLevels) -> LevelStep:
        """A step in which no village is at a level or reaches one, the usual case."""
        was_blind, self.is_blind = self.is_blind, found.is_blind.copy()
        self._below_since_s[:] = _NEVER
        level = self.level.copy()
        return LevelStep(level, level, was_blind, self.is_blind)
