"""The probabilities of one network: worked out from the members of a step, named where they are told."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from warnstream.hazards.expected.asking import all_asked, asked_of, critical_of
from warnstream.hazards.expected.chances import Asked, ChanceBook
from warnstream.model.arrays import Float64Array
from warnstream.model.changes import Reason
from warnstream.model.errors import describe
from warnstream.model.forecast import Expected, RainMembers
from warnstream.model.rules.expressions import Leaf, ReachTerm
from warnstream.model.rules.indicators import VillageAntecedent, VillageRain
from warnstream.model.rules.rules import CriticalRain, HazardRule


class RainOnGround(Protocol):
    """The table of rain of a rule, on the ground as it is."""

    def __call__(self, rule: HazardRule, antecedent: VillageAntecedent | None) -> CriticalRain: ...  # noqa: D102


class Probabilities:
    """What rules and tables ask for, at every place.

    Parameters
    ----------
    rules : sequence of HazardRule
    n_places : int
    rain_now : callable
        The table of a rule on the ground as it is.

    Attributes
    ----------
    book : ChanceBook
    """

    def __init__(self, rules: Sequence[HazardRule], n_places: int, rain_now: RainOnGround) -> None:
        self._rules = rules
        self._n_places = n_places
        self._rain_now = rain_now
        self._failure = ""
        self.book = ChanceBook(all_asked(rules).values(), n_places)

    def step(
        self,
        members: RainMembers | None,
        rain: VillageRain,
        antecedent: VillageAntecedent | None,
        now_s: int,
    ) -> str:
        """Take the members that were made at this step, if any were; what failed since the last, or nothing.

        Where they cannot be taken no probability is known, and all else goes on.
        """

        def critical(asked: Asked) -> Float64Array:
            now = partial(self._rain_now, antecedent=antecedent)
            return critical_of(asked, self._rules, now, self._n_places)

        try:
            self.book.step(members, rain.over, critical, now_s)
            self._failure = "" if members is not None else self._failure
        except Exception as error:  # noqa: BLE001  # what may come must not silence what is
            self._failure = describe(error)
            self.book.forget()
        return self._failure

    def expected(self, leaf: Leaf, place: int, now_s: int) -> Expected | None:
        """Why a term holds that asks for a probability; None of all others."""
        chance = self.book.known.get(asked_of(leaf).key) if isinstance(leaf, ReachTerm) else None
        if chance is None or not isinstance(leaf, ReachTerm):
            return None
        return chance.expected(leaf.of, place, now_s)

    def named(self, reason: Reason) -> Reason:
        """A reason whose probability says what it is worked out from."""
        if reason.expected is None or not reason.expected.probability:
            return reason
        expected = reason.expected
        calibrated_on = self.book.calibrated_of(reason.duration_s, expected.within_s)
        named = replace(expected, source=self.book.source, calibrated_on=calibrated_on)
        return replace(reason, expected=named)
