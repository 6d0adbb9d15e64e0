"""The desk of a drill: a second warning desk of its own villages, whose levels come from a script alone.

It is the real desk's machine under an exercise's status and names; nothing that is measured reaches it. Its
end is said at once and in words, whatever stood: to doors as a correction, whose words the drill's order
table has, to posts in a digest.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from warnstream.desk.machine import EXERCISE_OVER, DeskInput, WarningDesk
from warnstream.lifecycle.bulletins import Correction
from warnstream.lifecycle.machine import Signal
from warnstream.model.changes import Change, LevelChange
from warnstream.model.effects import Effects
from warnstream.model.hands.drills import DrillStep
from warnstream.model.level import Level


@dataclass(frozen=True, slots=True)
class Simulated:
    """A change of the script: a hazard is at a level in a village, whatever stood before."""

    village: int
    hazard: str
    level: Level


class DrillDesk(WarningDesk):
    """All warnings of one drill; parameters as of `WarningDesk`, with the status Exercise."""

    _over: frozenset[int] = frozenset()
    _ends_now = False

    def step_drill(
        self, inputs: Sequence[DeskInput], steps: Sequence[DrillStep], over: Collection[int], now_s: int
    ) -> Effects:
        """Take what people did, the script's changes, and the end of the drill in some villages.

        Parameters
        ----------
        inputs : sequence of DeskInput
            Answers, reports, failures.
        steps : sequence of DrillStep
            Changes that are due; those of villages in `over` count for nothing.
        over : collection of int
            Villages in which the drill has ended, then or before.
        now_s : int
            Never before that of an earlier step.
        """
        self._over = frozenset(over)
        changes = [change for step in steps for change in self._changes(step, now_s)]
        return self.step([*inputs, *changes], now_s)

    def number_of_village(self) -> dict[str, int]:
        """Number of each village by its code."""
        return self._network.villages.index_of_code()

    def is_settled(self) -> bool:
        """Whether nothing stands and everybody who was told something has been told the end."""
        is_open = any(case.warning.is_open for case in list(self._cases.values()))
        return not is_open and not self.bulletins.open_villages()

    def _changes(self, step: DrillStep, now_s: int) -> list[LevelChange]:
        number = self._network.villages.index_of_code()
        named = [number[code] for code in step.villages or number if code in number]
        wanted = [Simulated(village, step.hazard, step.level) for village in named]
        found = [
            self._change(simulated, now_s) for simulated in wanted if simulated.village not in self._over
        ]
        return [change for change in found if change is not None]

    def _change(self, wanted: Simulated, now_s: int) -> LevelChange | None:
        case = self._cases.get((wanted.village, wanted.hazard))
        before = case.told if case else Level.NONE
        if wanted.level == before:
            return None
        kind = Change.RISE if wanted.level > before else Change.FALL
        return LevelChange(kind, wanted.hazard, wanted.village, wanted.level, before, now_s, now_s, None)

    def _let_time_work(self, effects: Effects) -> None:
        """Ends come before renewals: what is over is not renewed."""
        self._ends_now = False
        for (village, _), case in self._cases.items():
            if village in self._over and case.warning.is_open:
                case.warning.operator, case.warning.note = "", EXERCISE_OVER
                self._signal(case, Signal.CANCEL, None, effects)
                self._ends_now = True
        corrections = self._to_doors.corrections
        for village in sorted(self._over):
            corrections += [Correction(village, hazard) for hazard in self.bulletins.seen_in(village)]
        super()._let_time_work(effects)

    def _tell_posts(self, effects: Effects) -> None:
        super()._tell_posts(effects)
        if self._ends_now:
            effects.digests[:] = [replace(digest, ends_drill=True) for digest in effects.digests]
