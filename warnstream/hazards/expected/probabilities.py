"""The probabilities of one network: worked out from the members of a step, named where they are told."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from warnstream.hazards.expected.asking import (
    all_asked,
    all_asked_of_model,
    asked_for_transfer,
    asked_of,
    asked_of_model,
    critical_of,
)
from warnstream.hazards.expected.chances import Asked, Chance, ChanceBook, Chances
from warnstream.model.arrays import Arrays, Float64Array
from warnstream.model.changes import Reason
from warnstream.model.errors import describe
from warnstream.model.forecast import Expected, RainMembers, ScoreState
from warnstream.model.rules.expressions import Leaf, ModelTerm, ReachTerm
from warnstream.model.rules.indicators import VillageAntecedent, VillageRain
from warnstream.model.rules.policies import TransferAhead
from warnstream.model.rules.rules import CriticalRain, HazardRule


class RainOnGround(Protocol):
    """The table of rain of a rule, on the ground as it is."""

    def __call__(self, rule: HazardRule, antecedent: VillageAntecedent | None) -> CriticalRain: ...  # noqa: D102


class MembersOfStep(Protocol):
    """What a step made: `members` of the next three hours, `far` of a weather model; None: none were."""

    @property
    def members(self) -> RainMembers | None: ...  # noqa: D102  # described above

    @property
    def far(self) -> RainMembers | None: ...  # noqa: D102

    @property
    def rain(self) -> VillageRain: ...  # noqa: D102

    @property
    def antecedent(self) -> VillageAntecedent | None: ...  # noqa: D102

    @property
    def now_s(self) -> int: ...  # noqa: D102


class Probabilities:
    """What rules and tables ask for, at every place.

    Parameters
    ----------
    rules : sequence of HazardRule
    n_places : int
    rain_now : callable
        The table of a rule on the ground as it is.
    transfer : TransferAhead or None, optional
        What the hour by which people must be away is worked out from.

    Attributes
    ----------
    book : ChanceBook
        Of the next three hours.
    far : ChanceBook
        Of a weather model.
    """

    def __init__(
        self,
        rules: Sequence[HazardRule],
        n_places: int,
        rain_now: RainOnGround,
        transfer: TransferAhead | None = None,
    ) -> None:
        self._rules = rules
        self._n_places = n_places
        self._rain_now = rain_now
        self._failures: dict[int, str] = {}
        self.book = ChanceBook(all_asked(rules).values(), n_places)
        self._of_model = all_asked_of_model(rules, transfer)
        self._transfer = "" if transfer is None else asked_for_transfer(transfer).key
        self.far = ChanceBook([asked for asked, _ in self._of_model.values()], n_places, holds_on=True)
        self._known: tuple[int, Chances] = (-1, {})
        self._scores: tuple[tuple[ScoreState, ...], ...] = ()
        self._all_scores: tuple[ScoreState, ...] = ()

    @property
    def version(self) -> int:
        """Another number when anything in `known` has changed."""
        return self.book.version + self.far.version

    @property
    def known(self) -> Chances:
        """Every probability that is known at this step, by key."""
        if not self._of_model:
            return self.book.known
        if self._known[0] != self.version:
            self._known = self.version, {**self.book.known, **self.far.known}
        return self._known[1]

    def transfer(self, now_s: int) -> Chance | None:
        """When rain that asks for a transfer is expected; None: nobody knows."""
        return self.far.look(self._transfer, now_s)

    def scores(self) -> tuple[ScoreState, ...]:
        """What became of probabilities so far; the same object while no case has ended."""
        scores, before = (self.book.scores(), self.far.scores()), self._scores
        if not before or scores[0] is not before[0] or scores[1] is not before[1]:
            self._scores, self._all_scores = scores, (*scores[0], *scores[1])
        return self._all_scores

    def snapshot(self) -> dict[str, Arrays]:
        """State as named arrays, by part."""
        far = {"far": self.far.snapshot()} if self._of_model else {}
        return {"chances": self.book.snapshot(), **far}

    def restore(self, state: Mapping[str, Arrays]) -> None:
        """Take up a snapshot; parts that it does not have begin anew."""
        self.book.restore(state.get("chances", {}))
        self.far.restore(state.get("far", {}))

    def step(self, step: MembersOfStep) -> str:
        """Take the members that were made at this step, if any were; what failed since the last, or nothing.

        Where they cannot be taken no probability is known, and all else goes on.
        """

        def critical(asked: Asked) -> Float64Array:
            now = partial(self._rain_now, antecedent=step.antecedent)
            return critical_of(asked, self._rules, now, self._n_places)

        def critical_of_model(asked: Asked) -> Float64Array:
            return self._of_model[asked.key][1](self._n_places)

        books = (self.book, step.members, critical), (self.far, step.far, critical_of_model)
        for book, came, amounts in books:
            try:
                book.step(came, step.rain.over, amounts, step.now_s)
                if came is not None:
                    self._failures.pop(id(book), None)
            except Exception as error:  # noqa: BLE001  # what may come must not silence what is
                self._failures[id(book)] = describe(error)
                book.forget()
        return "; ".join(self._failures.values())

    def expected(self, leaf: Leaf, place: int, now_s: int) -> Expected | None:
        """Why a term holds that asks for a probability; None of all others."""
        if isinstance(leaf, ModelTerm):
            said = self.far.known.get(asked_of_model(leaf).key)
            if said is None:
                return None
            amount_mm = float(self._of_model[said.asked.key][1](self._n_places)[0, place])
            return replace(said.expected(leaf.of, place, now_s), amount_mm=amount_mm)
        chance = self.book.known.get(asked_of(leaf).key) if isinstance(leaf, ReachTerm) else None
        if chance is None or not isinstance(leaf, ReachTerm):
            return None
        return chance.expected(leaf.of, place, now_s)

    def named(self, reason: Reason) -> Reason:
        """A reason whose probability says what it is worked out from."""
        if reason.expected is None or not reason.expected.probability or reason.expected.amount_mm:
            return reason
        expected = reason.expected
        calibrated_on = self.book.calibrated_of(reason.duration_s, expected.within_s)
        named = replace(
            expected,
            source=self.book.source,
            calibrated_on=calibrated_on,
            model=self.book.model,
            run_s=self.book.run_s,
        )
        return replace(reason, expected=named)
