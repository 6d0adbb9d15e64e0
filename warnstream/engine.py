"""The whole engine: readings, answers and time in; warnings and calls out. Read this first.

One step is the path of everything that arrived since the last step::

    readings -> Assessment (ingest's duplicates, quality, windows, forecast, villages, hazards)
             -> level changes
             -> WarningDesk (lifecycle, routing, plan of calls)
             -> effects, which a runner carries out

Both machines are pure: no I/O, no clock, no randomness. The same inputs at
the same times give the same effects, byte for byte. Runners feed the engine
from a broker (`warnstream.runners.live.node`) or from an archive
(`warnstream.runners.replay.replay`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from warnstream.assessment import Assessment, AssessmentStep
from warnstream.desk import WarningDesk
from warnstream.model.alerts.alert import AlertArrived, FeedHeard
from warnstream.model.digests import CallFailed, FieldReport, HelpAssign, HelpClose
from warnstream.model.effects import Effects, OperatorAffirm, OperatorCancel, RecipientAnswer
from warnstream.model.hands.drills import DrillOrder
from warnstream.model.hands.orders import HandOrder
from warnstream.model.observations.readings import ReadingBatch
from warnstream.model.observations.signs import SignReport, SignVerdict
from warnstream.model.radar.fields import Frame
from warnstream.model.transfers.marks import RowMark

Action = (
    RecipientAnswer
    | OperatorCancel
    | OperatorAffirm
    | FieldReport
    | SignReport
    | SignVerdict
    | HelpAssign
    | HelpClose
    | CallFailed
    | HandOrder
    | RowMark
    | DrillOrder
    | AlertArrived
    | FeedHeard
)
"""What people do: answer, report, see a sign, judge one, affirm or end a warning, order one by hand, say who
is safe, take or close a call for help, begin or stop a drill; that a digest could not be brought; alerts of
other services."""

Said = SignReport | SignVerdict | AlertArrived | FeedHeard
"""Of these what the assessment takes."""


Order = (
    RecipientAnswer
    | OperatorCancel
    | OperatorAffirm
    | FieldReport
    | HelpAssign
    | HelpClose
    | CallFailed
    | HandOrder
    | RowMark
    | DrillOrder
)
"""Of these what the desk takes."""


@dataclass(frozen=True, slots=True)
class EngineStep:
    """What one step found, and what it asks the world to do."""

    assessment: AssessmentStep
    effects: Effects


def split_actions(
    actions: Sequence[Action],
) -> tuple[list[Said], list[Order]]:
    """What people do, by the machine that takes it: signs and alerts for the first, the rest for the desk."""
    said = [action for action in actions if isinstance(action, Said)]
    rest = [action for action in actions if not isinstance(action, Said)]
    return said, rest


class Engine:
    """The two machines, one after the other."""

    def __init__(self, assessment: Assessment, desk: WarningDesk) -> None:
        self.assessment = assessment
        self.desk = desk

    def step(
        self,
        readings: ReadingBatch,
        actions: Sequence[Action],
        now_s: int,
        frames: Sequence[Frame] = (),
    ) -> EngineStep:
        """Judge readings, grids, signs and alerts, then act on levels, answers and the officer's actions.

        `now_s` never falls from step to step; a step without readings still
        ends windows, lowers levels, renews and escalates.
        """
        said, desk_inputs = split_actions(actions)
        assessed = self.assessment.step(readings, now_s, said, frames)
        reason_now = self.assessment.reason_now
        effects = self.desk.step([*desk_inputs, *assessed.changes], now_s, reason_now)
        return EngineStep(assessed, effects)
