"""What an entry leads to, and how an entry of the past is taken."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from warnstream.engine import EngineStep
from warnstream.model.alarms import Alarm
from warnstream.model.digests import CallFailed, FieldReport
from warnstream.model.effects import Effects, RecipientAnswer
from warnstream.model.hands.drills import DrillOrder
from warnstream.model.hands.duty import Ring
from warnstream.model.hands.weekly_calls import TestCall
from warnstream.model.observations.readings import ReadingBatch
from warnstream.model.observations.refusals import Refusal
from warnstream.runners.intake.alignment import Difference
from warnstream.runners.intake.history_entries import Issued


@dataclass(slots=True)
class Outcome:
    """What an entry led to.

    Attributes
    ----------
    steps : list of (ReadingBatch, EngineStep)
        In order.
    refusals, answers, alarms
    announced : list of str
        Grids that have a new file.
    changed_over : Effects or None
        What a changed configuration asks for.
    differences : list of Difference
        Between what people were told and what that configuration finds.
    n_without : int
        Messages that carry no observation by their kind.
    of_drill : list
        What people did that is of a drill: orders, and answers to its messages. It is handed over.
    rings : list of Ring or TestCall
        Posts that are told of what no officer has seen; ways that are called for a test.
    """

    steps: list[tuple[ReadingBatch, EngineStep]] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    answers: list[RecipientAnswer] = field(default_factory=list)
    announced: list[str] = field(default_factory=list)
    changed_over: Effects | None = None
    differences: list[Difference] = field(default_factory=list)
    n_without: int = 0
    alarms: list[Alarm] = field(default_factory=list)
    of_drill: list[DrillOrder | RecipientAnswer | FieldReport | CallFailed] = field(default_factory=list)
    rings: list[Ring | TestCall] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Past:
    """How an entry of the past is taken: for the state that it left, without issuing anything.

    Attributes
    ----------
    issued : sequence of Issued
        What its steps had issued.
    is_judged : bool
        Readings count; those of an exercise do not for a node that warns for real.
    is_followed : bool
        The desk takes part; before the snapshot that it is restored from, it does not.
    is_unsettled : bool
        Nothing later was issued: an order in it may never have been carried out.
    """

    issued: Sequence[Issued] = ()
    is_judged: bool = True
    is_followed: bool = True
    is_unsettled: bool = False
