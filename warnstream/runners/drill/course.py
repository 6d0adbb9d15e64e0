"""The course of one drill: entries of its log, in order, become steps of its desk.

As for the node: `consume` takes what has just come and asks for what is due; `follow` takes an entry of the
past, of which everything that was issued is known. The script, the villages where it is over and what
waits for a step follow from the entries alone, so both lead to the same state.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from warnstream.desk.drill import DrillDesk
from warnstream.desk.machine import DeskInput
from warnstream.model.digests import CallFailed, FieldReport
from warnstream.model.effects import Effects, RecipientAnswer
from warnstream.model.hands.drills import DrillStep
from warnstream.runners.drill.entries import (
    BEGUN,
    OVER,
    TAKEN,
    Begun,
    Over,
    decode_begun,
    decode_over,
    decode_taken,
)
from warnstream.runners.intake import entries
from warnstream.runners.intake.history_entries import Issued

HandedOver = RecipientAnswer | FieldReport | CallFailed
"""What the node's journal brings of people."""


def entry_of(one: HandedOver) -> tuple[str, bytes]:
    """Kind and payload of the entry of what somebody did."""
    if isinstance(one, RecipientAnswer):
        return entries.ANSWER, entries.encode_answer(one.message, one.recipient, one.answer)
    if isinstance(one, FieldReport):
        return entries.encode_action(one)
    return entries.UNDELIVERED, entries.encode_undelivered(one)


@dataclass(slots=True)
class Course:
    """One drill.

    Attributes
    ----------
    begun : Begun or None
        None before its first entry.
    over : dict of str to Over
        By village, where the drill has ended.
    now_s : int
        Engine time; -1 before the first step.
    taken : int
        Number of the last entry of the node's journal of which something was taken.
    answered : list of RecipientAnswer
        What was answered since the last call of `take_answered`, for the ledger.
    """

    desk: DrillDesk
    begun: Begun | None = None
    over: dict[str, Over] = field(default_factory=dict)
    now_s: int = -1
    taken: int = 0
    answered: list[RecipientAnswer] = field(default_factory=list)
    _n_done: int = 0
    _waiting: list[DeskInput] = field(default_factory=list)

    @property
    def villages(self) -> tuple[str, ...]:
        """Codes of the drill's villages."""
        return self.begun.order.villages if self.begun else ()

    @property
    def ends_s(self) -> int:
        """When it ends by itself."""
        return self.begun.at_s + self.begun.order.for_s if self.begun else 0

    @property
    def is_over(self) -> bool:
        """Whether it has ended in all of its villages."""
        return self.begun is not None and all(code in self.over for code in self.villages)

    @property
    def has_work(self) -> bool:
        """Whether what somebody did waits for a step."""
        return bool(self._waiting)

    def is_due(self, now_s: int) -> bool:
        """Whether the script has a change at that time."""
        return bool(self._due(now_s))

    def running(self) -> list[str]:
        """Villages in which the drill goes on."""
        return [code for code in self.villages if code not in self.over]

    def take_answered(self) -> list[RecipientAnswer]:
        """Answers since the last call."""
        found, self.answered = self.answered, []
        return found

    def consume(self, kind: str, payload: bytes) -> Effects | None:
        """Take an entry that has just come; what its step asks for, None if it is no step.

        Raises
        ------
        ValueError
            If it cannot be read.
        """
        if kind != entries.TICK:
            self._take(kind, payload)
            return None
        steps, over = self._begin_step(entries.decode_tick(payload))
        waiting, self._waiting = self._waiting, []
        return self.desk.step_drill(waiting, steps, over, self.now_s)

    def follow(self, kind: str, payload: bytes, issued: Sequence[Issued]) -> None:
        """Take an entry of the past, with what it had issued. ValueError if it cannot be read."""
        if kind != entries.TICK:
            self._take(kind, payload)
        else:
            self._begin_step(entries.decode_tick(payload))
            waiting, self._waiting = self._waiting, []
            self.desk.follow(waiting, self.now_s)
            if not issued:
                self.desk.follow_posts([], [])
        for past in issued:
            self.desk.adopt(past.village_cases, past.voices)
            self.desk.follow_posts(past.messages, past.digests)

    def _begin_step(self, now_s: int) -> tuple[list[DrillStep], list[int]]:
        self.now_s = max(self.now_s, now_s)
        steps = self._due(self.now_s)
        self._n_done += len(steps)
        number = self.desk.number_of_village()
        return steps, [number[code] for code in self.over if code in number]

    def _due(self, now_s: int) -> list[DrillStep]:
        if self.begun is None:
            return []
        elapsed_s = now_s - self.begun.at_s
        waiting = self.begun.order.steps[self._n_done :]
        return [step for step in waiting if step.after_s <= elapsed_s]

    def _take(self, kind: str, payload: bytes) -> None:
        take = _TAKERS.get(kind)
        if take is not None:
            take(self, payload)

    def _take_begun(self, payload: bytes) -> None:
        self.begun = self.begun or decode_begun(payload)

    def _take_over(self, payload: bytes) -> None:
        said = decode_over(payload)
        for code in said.villages:
            self.over.setdefault(code, said)

    def _take_taken(self, payload: bytes) -> None:
        self.taken = max(self.taken, decode_taken(payload))

    def _take_answer(self, payload: bytes) -> None:
        said = msgspec.msgpack.decode(payload, type=entries.AnswerEntry)
        given = RecipientAnswer(said.message, said.recipient, said.answer, self.now_s)
        self._waiting.append(given)
        self.answered.append(given)

    def _take_report(self, payload: bytes) -> None:
        self._waiting.append(entries.decode_report(payload))

    def _take_undelivered(self, payload: bytes) -> None:
        self._waiting.append(entries.decode_undelivered(payload))


_TAKERS: dict[str, Callable[[Course, bytes], None]] = {
    BEGUN: Course._take_begun,  # noqa: SLF001  # of this module
    OVER: Course._take_over,  # noqa: SLF001
    TAKEN: Course._take_taken,  # noqa: SLF001
    entries.ANSWER: Course._take_answer,  # noqa: SLF001
    entries.REPORT: Course._take_report,  # noqa: SLF001
    entries.UNDELIVERED: Course._take_undelivered,  # noqa: SLF001
}
