"""A level rises at once and falls with care: the arrays behind every warning's level.

A village's level follows its evaluator upwards in the same step. It falls
only when its indicator has stayed below the clear value of that level for
`hold_s`, with data all the time, not before `active_s_min` after the level was
last reached, and one step at a time: to the next level that the village has a
value for, since a level that nobody defined means nothing to anybody. What a
sign or a forecast holds up is not passed over. Without data nothing falls.

A step is proposed first and taken later, so that a level moves only when what
is to be told of it stands: a rise that could not be told would never be told.

Counted from the *last* time it was reached, not from the rise: else a storm that
is a little heavier, and so raised the level earlier, would lower it earlier.
"""

from dataclasses import dataclass

import numpy as np

from warnstream.model.arrays import BoolArray, Int64Array, LevelArray, rows_where
from warnstream.model.level import LEVELS, Level
from warnstream.model.rules.indicators import HazardLevels
from warnstream.model.rules.rules import DowngradePolicy

_NEVER = np.int64(-1)
_LEVELS = tuple(map(int, LEVELS))


@dataclass(frozen=True, slots=True)
class LevelStep:
    """What one step does to the levels; all arrays have shape (n_villages,).

    Attributes
    ----------
    previous, level : LevelArray
        Before and after it.
    was_blind, is_blind : BoolArray
    reached : LevelArray or None
        What was found at `now_s`; None where no village is at a level.
    below_since_s : Int64Array
        Since when each village has been below its clear value, after the step.
    now_s : int
    """

    previous: LevelArray
    level: LevelArray
    was_blind: BoolArray
    is_blind: BoolArray
    reached: LevelArray | None
    below_since_s: Int64Array
    now_s: int


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
    falls_to : Level
        The next lower level that the village has a value for.
    """

    level: Level
    reached_at_s: int
    below_since_s: int
    falls_at_s: int
    falls_to: Level


def held_level(found: HazardLevels) -> LevelArray:
    """Level that what was found holds up: by a clear value, or found again, if only by forecast."""
    return np.maximum(found.holding, found.level)


def is_seen(found: HazardLevels) -> BoolArray:
    """Where enough is observed for a level to fall."""
    return found.can_fall & ~found.is_blind


def next_lower(defined: BoolArray) -> LevelArray:
    """Level that a fall leads to, by village and level that stands, shape (n_villages, 5).

    Parameters
    ----------
    defined : BoolArray, shape (n_villages, 4)
        Levels that have a value in a village, blue to red.

    Examples
    --------
    A village with values of yellow and orange alone:

    >>> next_lower(np.array([[False, True, True, False]])).tolist()
    [[0, 0, 0, 2, 3]]
    """
    lower: LevelArray = np.zeros((len(defined), len(LEVELS) + 1), dtype=np.uint8)
    for level in LEVELS[1:]:
        below = lower[:, level - 1]
        lower[:, level] = np.where(defined[:, level - 2], np.uint8(level - 1), below)
    return lower


class LevelState:
    """Level of every village for one hazard, with what is needed to let it fall.

    Parameters
    ----------
    n_villages : int
    defined : BoolArray, shape (n_villages, 4), optional
        Levels that have a value in a village, blue to red; without it all have.

    Attributes
    ----------
    level : LevelArray, shape (n_villages,)
    is_blind : BoolArray, shape (n_villages,)
    since_s : Int64Array, shape (n_villages,)
        Since when a village has been at some level without a break; -1: it is at none.
    """

    def __init__(self, n_villages: int, defined: BoolArray | None = None) -> None:
        if defined is None:
            defined = np.ones((1, len(LEVELS)), dtype=np.bool_)
        elif n_villages and (defined == defined[0]).all():
            defined = defined[:1]
        self._lower = np.broadcast_to(next_lower(defined), (n_villages, len(LEVELS) + 1))
        self.level: LevelArray = np.zeros(n_villages, dtype=np.uint8)
        self.is_blind: BoolArray = np.zeros(n_villages, dtype=np.bool_)
        self.since_s: Int64Array = np.full(n_villages, _NEVER)
        self._reached_at_s: Int64Array = np.full((len(LEVELS), n_villages), _NEVER)
        self._below_since_s: Int64Array = np.full(n_villages, _NEVER)

    def propose(self, found: HazardLevels, lowering: DowngradePolicy, now_s: int) -> LevelStep:
        """Follow an evaluation upwards at once, downwards by the rules of `lowering`; nothing moves yet."""
        if not (found.level.any() or self.level.any()):
            return self._stay(found, now_s)
        level = np.maximum(self.level, found.level)
        held = held_level(found)
        below = (held < level) & is_seen(found)  # nowhere where it rises: there it is held by what was found
        since_s = np.where(self._below_since_s == _NEVER, now_s, self._below_since_s)
        below_since_s = np.where(below, since_s, _NEVER)
        # What is below its level is not reached now: the times known before this step are the right ones.
        falls = rows_where(below)
        falls = falls[now_s >= self._falls_at_s(falls, level[falls], below_since_s[falls], lowering)]
        level[falls] = np.maximum(self._lower[falls, level[falls]], held[falls])
        below_since_s[falls] = now_s
        return LevelStep(
            self.level.copy(), level, self.is_blind, found.is_blind.copy(), found.level, below_since_s, now_s
        )

    def propose_hold(self, now_s: int) -> LevelStep:
        """A step of a hazard that could not be evaluated: every level stands, every village is blind."""
        blind: BoolArray = np.ones(len(self.level), dtype=np.bool_)
        level = self.level.copy()
        never = np.full(len(level), _NEVER)
        return LevelStep(level, level, self.is_blind, blind, None, never, now_s)

    def commit(self, step: LevelStep) -> LevelStep:
        """Let a proposed step happen, and give it back."""
        if step.reached is not None:
            for level in _LEVELS:
                self._reached_at_s[level - 1, step.reached >= level] = step.now_s
            self.since_s[(self.level == 0) & (step.level > 0)] = step.now_s
            self.since_s[step.level == 0] = _NEVER
            self.level = step.level.copy()
        self.is_blind = step.is_blind
        self._below_since_s = step.below_since_s
        return step

    def step(self, found: HazardLevels, lowering: DowngradePolicy, now_s: int) -> LevelStep:
        """`propose` and `commit` at once."""
        return self.commit(self.propose(found, lowering, now_s))

    def hold(self, now_s: int) -> LevelStep:
        """`propose_hold` and `commit` at once."""
        return self.commit(self.propose_hold(now_s))

    def last_reached_s(self, level: Level) -> Int64Array:
        """When each village last reached a level or a higher one, shape (n_villages,); -1: never."""
        reached_s: Int64Array = self._reached_at_s[level - 1 :].max(axis=0)
        return reached_s

    def align(self, issued: LevelArray, is_held: BoolArray, is_free: BoolArray, now_s: int) -> BoolArray:
        """Go on from what people were told, whatever these levels say; where they differed.

        A lower level than people know is raised to it and falls by the usual care; a higher one is
        lowered to it, and what is found at the next step rises from there and is told.

        Parameters
        ----------
        issued : LevelArray, shape (n_villages,)
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
        differs: BoolArray = (issued != self.level) & ~is_free
        for level in LEVELS:
            self._reached_at_s[level - 1, differs & (issued >= level)] = now_s
        self._below_since_s[differs] = _NEVER
        self.since_s[differs & (issued == 0)] = _NEVER
        self.since_s[differs & (issued > 0) & (self.level == 0)] = now_s
        self.level = np.where(differs, issued, self.level)
        self.is_blind = np.where((self.level > 0) & ~is_free, is_held, self.is_blind)
        return differs

    def standing(self, village: int, lowering: DowngradePolicy) -> Standing:
        """Level of one village after the last step, and when it may fall."""
        level, below_since_s = Level(int(self.level[village])), int(self._below_since_s[village])
        if level is Level.NONE:
            return Standing(level, -1, -1, -1, level)
        falls_at_s = -1
        if below_since_s >= 0:
            one = np.array([village])
            due_s = self._falls_at_s(one, self.level[one], self._below_since_s[one], lowering)
            falls_at_s = int(due_s[0])
        reached_at_s = int(self._reached_at_s[level - 1, village])
        falls_to = Level(int(self._lower[village, level]))
        return Standing(level, reached_at_s, below_since_s, falls_at_s, falls_to)

    def falling(self) -> list[int]:
        """Villages whose level stands and is below its clear value."""
        villages: list[int] = np.flatnonzero((self.level > 0) & (self._below_since_s != _NEVER)).tolist()
        return villages

    def _falls_at_s(
        self, village: Int64Array, level: LevelArray, below_since_s: Int64Array, lowering: DowngradePolicy
    ) -> Int64Array:
        """Earliest time of a fall of some villages that stay below their clear value, shape (n,)."""
        reached_at_s = self._reached_at_s[np.maximum(level, 1) - 1, village]
        due_s: Int64Array = np.maximum(below_since_s + lowering.hold_s, reached_at_s + lowering.active_s_min)
        return due_s

    def snapshot(self) -> dict[str, LevelArray | BoolArray | Int64Array]:
        """State as arrays."""
        return {
            "level": self.level.copy(),
            "is_blind": self.is_blind.copy(),
            "since_s": self.since_s.copy(),
            "reached_at_s": self._reached_at_s.copy(),
            "below_since_s": self._below_since_s.copy(),
        }

    def restore(self, state: dict[str, LevelArray | BoolArray | Int64Array]) -> None:
        """Take up a snapshot of a network of the same size."""
        self.level = state["level"].astype(np.uint8)
        self.is_blind = state["is_blind"].astype(np.bool_)
        self._reached_at_s = state["reached_at_s"].astype(np.int64)
        self._below_since_s = state["below_since_s"].astype(np.int64)
        if "since_s" in state:
            self.since_s = state["since_s"].astype(np.int64)
        else:  # older snapshots have none: not later than the first level that is known to have been reached
            known_s = np.where(self._reached_at_s == _NEVER, np.iinfo(np.int64).max, self._reached_at_s)
            self.since_s = np.where(self.level > 0, known_s.min(axis=0), _NEVER)

    def _stay(self, found: HazardLevels, now_s: int) -> LevelStep:
        """A step in which no village is at a level or reaches one, the usual case."""
        level, never = self.level, np.full(len(self.level), _NEVER)  # it does not move: nobody needs a copy
        return LevelStep(level, level, self.is_blind, found.is_blind.copy(), None, never, now_s)
