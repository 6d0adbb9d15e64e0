"""What a replay collects minute by minute, whatever it is for."""

from collections import Counter
from dataclasses import dataclass, field

from warnstream.engine import EngineStep
from warnstream.model.bulletins import Bulletin
from warnstream.model.changes import LevelChange
from warnstream.model.warning import WarningMessage


@dataclass(slots=True, kw_only=True)
class Collected:
    """What was told and found so far.

    Attributes
    ----------
    messages, bulletins, changes : list
        In the order of the steps.
    failures : Counter of str
        Hazard or part of a step -> minutes in which it could not be worked out.
    """

    messages: list[WarningMessage] = field(default_factory=list)
    bulletins: list[Bulletin] = field(default_factory=list)
    changes: list[LevelChange] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)

    def collect(self, step: EngineStep) -> None:
        """Add one step."""
        self.messages += step.effects.messages
        self.bulletins += step.effects.bulletins
        self.changes += step.assessment.changes
        self.failures.update(step.assessment.failures)
