"""One test through a fresh engine: every whole minute from its start to its end, as a replay steps.

No step is left out: renewals, climbing calls and ends of a hold are due at minutes that no reading
names. A test may ask for longer steps; the engine is then one that looks less often, and everything
comes at most a step later.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from warnstream.config.rule_tests.plan import PlannedAnswer, PlannedSign, RuleTest
from warnstream.engine import Action, Engine
from warnstream.model.arrays import UInt16Array
from warnstream.model.bulletins import Bulletin
from warnstream.model.changes import LevelChange
from warnstream.model.digests import Digest
from warnstream.model.effects import RecipientAnswer
from warnstream.model.network import Network
from warnstream.model.observations.readings import UNUSABLE, Flag, ReadingBatch
from warnstream.model.observations.signs import SignReport, SignVerdict
from warnstream.model.warning import WarningMessage
from warnstream.runners.build import Derived, assemble


@dataclass(slots=True)
class Record:
    """All that a test led to, in order.

    Attributes
    ----------
    messages, bulletins, digests, changes : list
    missed : list of (int, str)
        Line of an answer or sign that could not be, and why.
    refused : Counter
        Readings that were not taken, by station's code and flag.
    failed : Counter
        Hazards and parts of the engine that could not be worked out, with the error, by minutes.
    """

    messages: list[WarningMessage] = field(default_factory=list)
    bulletins: list[Bulletin] = field(default_factory=list)
    digests: list[Digest] = field(default_factory=list)
    changes: list[LevelChange] = field(default_factory=list)
    missed: list[tuple[int, str]] = field(default_factory=list)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)

    def last_told(self, recipient: str, network: Network) -> str | None:
        """Name of the last that a post or household was told; None if it was told nothing."""
        for digest in reversed(self.digests):
            if digest.post == recipient:
                return digest.identifier
        if recipient not in network.households.code:
            return None
        door = network.households.code.index(recipient)
        village = int(np.searchsorted(network.households.first_of_village, door, side="right")) - 1
        told = (bulletin.identifier for bulletin in reversed(self.bulletins) if bulletin.village == village)
        return next(told, None)


def run_test(test: RuleTest, derived: Derived) -> Record:
    """Step an engine that knows nothing yet through a test."""
    return _Run(test, derived).record_of_all()


class _Run:
    def __init__(self, test: RuleTest, derived: Derived) -> None:
        self._test = test
        self._network = derived.configuration.network
        self._engine: Engine = assemble(derived)
        self._record = Record()

    def record_of_all(self) -> Record:
        test = self._test
        times_s = np.arange(test.start_s, test.end_s + test.step_s, test.step_s)
        ends = np.searchsorted(test.sent_s, times_s, side="right").tolist()
        begin = 0
        for now_s, end in zip(times_s.tolist(), ends, strict=True):
            self._step(test.readings.select(slice(begin, end)), now_s)
            begin = end
        return self._record

    def _step(self, readings: ReadingBatch, now_s: int) -> None:
        record, desk = self._record, self._engine.desk
        answers = [
            (answer, action) for answer in self._due(now_s) if (action := self._answer(answer)) is not None
        ]
        signs = [(sign, said) for sign in self._signs_due(now_s) if (said := self._sign(sign)) is not None]
        actions: list[Action] = [*(action for _, action in answers), *(said for _, said in signs)]
        ignored, refused = desk.ignored_answers, desk.refused_inputs
        step = self._engine.step(readings, actions, now_s)
        if answers and desk.ignored_answers > ignored:
            record.missed += [
                (answer.line, f"the answer of {answer.by} was not taken") for answer, _ in answers
            ]
        if answers and desk.refused_inputs > refused:
            record.missed += [(answer.line, desk.last_refusal) for answer, _ in answers]
        for said, why in self._engine.assessment.signs.refused:
            record.missed += [(sign.line, why) for sign, planned in signs if planned is said]
        record.messages += step.effects.messages
        record.bulletins += step.effects.bulletins
        record.digests += step.effects.digests
        record.changes += step.assessment.changes
        record.failed.update(f"{name}: {error}" for name, error in step.assessment.failures.items())
        self._count_refused(readings, step.assessment.flags)

    def _due(self, now_s: int) -> Iterator[PlannedAnswer]:
        return (answer for answer in self._test.answers if now_s - self._test.step_s < answer.at_s <= now_s)

    def _signs_due(self, now_s: int) -> Iterator[PlannedSign]:
        return (sign for sign in self._test.signs if now_s - self._test.step_s < sign.at_s <= now_s)

    def _answer(self, planned: PlannedAnswer) -> RecipientAnswer | None:
        told = self._record.last_told(planned.by, self._network)
        if told is None:
            self._record.missed.append((planned.line, f"{planned.by} has been told nothing to answer"))
            return None
        return RecipientAnswer(told, planned.by, planned.answer, planned.at_s)

    def _sign(self, planned: PlannedSign) -> SignReport | SignVerdict | None:
        if planned.is_validated is None:
            return SignReport(planned.village, planned.kind, planned.by, "")
        village = self._network.villages.index_of_code()[planned.village]
        standing = self._engine.assessment.signs.standing().standing
        name = next(
            (sign.sign for sign in standing if (sign.village, sign.kind) == (village, planned.kind)), None
        )
        if name is None:
            why = f"no sign {planned.kind} stands in {planned.village} to be judged"
            self._record.missed.append((planned.line, why))
            return None
        return SignVerdict(name, planned.is_validated, planned.by, "")

    def _count_refused(self, readings: ReadingBatch, flags: UInt16Array) -> None:
        codes = self._network.stations.code
        for row in np.flatnonzero(flags & UNUSABLE).tolist():
            flag = Flag(int(flags[row]) & UNUSABLE)
            self._record.refused[codes[int(readings.station[row])], str(flag.name).lower()] += 1
