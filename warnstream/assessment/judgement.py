"""Which level each hazard has reached in every village, and why.

A hazard that fails holds its levels, is reported, and silences no other. Its
level moves last, when what is to be told of it stands; a reason that cannot be
worked out is replaced by a bare one, and the warning goes out.
Hazards whose rules read the levels of others are judged after those.
"""

from dataclasses import replace

import numpy as np

from warnstream.assessment.lone_gauges import Capped, LoneGauges
from warnstream.assessment.plain_reasons import bare_reason, reason_of_sign
from warnstream.assessment.raisers import SilentRaisers
from warnstream.assessment.reasons import (
    LeafFact,
    Sources,
    reason_of_facts,
    reason_of_value,
)
from warnstream.assessment.rule_checks import VillageFindings, check_finding, reading_order, with_signs
from warnstream.hazards.conditions.plan import RulePlan
from warnstream.hazards.expected.chances import NO_CHANCES, some
from warnstream.hazards.expected.probabilities import Probabilities
from warnstream.hazards.registry import Basis, kind_of, needs_of, rain_now
from warnstream.hazards.sources import HazardSources
from warnstream.lifecycle.hysteresis import LevelState, LevelStep
from warnstream.model.arrays import Arrays, Float64Array, Int64Array, LevelArray, rows_where
from warnstream.model.changes import Change, LevelChange, Reason, changes_of
from warnstream.model.errors import describe
from warnstream.model.level import Level
from warnstream.model.network import Network
from warnstream.model.rules.comparison import RuleLevelFound
from warnstream.model.rules.expressions import Leaf, LevelTerm, ShareTerm, SignTerm
from warnstream.model.rules.indicators import HazardLevels, Indicator, no_levels
from warnstream.model.rules.policies import NeighbourPolicy, TransferAhead
from warnstream.model.rules.rules import HazardRule
from warnstream.model.rules.some_places import antecedent_of_places, levels_with, rain_of_places
from warnstream.villages.zones import worst_of_zones, worst_place

_Result = tuple[list[LevelChange], dict[str, str], VillageFindings | None, Capped | None, Float64Array | None]
"""Of one hazard at one step: changes, what failed, findings, what lone gauges may not raise, the ratio."""


class Judgement:
    """The rules of one network and the level that each has reached in every village.

    Parameters
    ----------
    network : Network
    rules : tuple of HazardRule
    lone_gauges : LoneGauges, optional
        Without it no gauge is alone.
    numberless : frozenset of str
        Rules that cannot be judged anywhere (`warnstream.assessment.rule_needs.Whole`).

    Attributes
    ----------
    ahead : Probabilities
    levels : dict of str to LevelState
    ratio : dict of str to Float64Array, shape (n_villages,)
        Of the last step: rain over critical rainfall by hazard (`HazardLevels.ratio`), of the worst zone.
    results : dict of str to tuple, of the last step
    """

    def __init__(
        self,
        network: Network,
        rules: tuple[HazardRule, ...],
        lone_gauges: LoneGauges | None = None,
        numberless: frozenset[str] = frozenset(),
        transfer: TransferAhead | None = None,
    ) -> None:
        self._network = network
        self._places = network.places
        self._rules = rules
        self._order = reading_order(rules)
        self._plan = RulePlan(rules, self._places.village)
        self.ahead = Probabilities(rules, len(self._places), rain_now, transfer)
        self._on_rain = frozenset(rule.name for rule in rules if needs_of(rule).reads_rain)
        self._numberless = numberless
        self._lone_gauges = lone_gauges or LoneGauges(None, NeighbourPolicy())
        self._capped: dict[str, Capped | None] = {}
        self._read: tuple[Sources, HazardSources] | None = None
        self._read_of_some: HazardSources | None = None
        self._reasons: dict[tuple[str, int], Reason | None] = {}
        self.ratio: dict[str, Float64Array] = {}
        self.levels = {rule.name: self._level_state(rule) for rule in rules}
        self._aggregated: dict[str, VillageFindings] = {}
        self._last: dict[str, VillageFindings | None] = {}
        self._found: dict[str, tuple[Basis, HazardLevels]] = {}
        self._calm: dict[str, tuple[VillageFindings, LevelArray] | None] = {}
        self._judged_by: dict[str, Judgement] = {}
        self.results: dict[str, _Result] = {}

    def step(self, sources: Sources, failures: dict[str, str]) -> list[LevelChange]:
        """Changes of all hazards, in the order of the rules; `failures` takes those that failed."""
        self.ratio = {}
        self._plan.begin()
        self._look_ahead(sources, failures)
        self._read, self._read_of_some, self._reasons = None, None, {}
        by_hazard = {rule.name: self._judged(rule, sources, failures) for rule in self._order}
        return [change for rule in self._rules for change in by_hazard[rule.name]]

    def share(self, hazard: str, other: "Judgement") -> None:
        """Take what another one finds by the same rule; it steps before this one, with the same sources."""
        self._judged_by[hazard], self.levels[hazard] = other, other.levels[hazard]

    def _judged(self, rule: HazardRule, sources: Sources, failures: dict[str, str]) -> list[LevelChange]:
        """Changes of one hazard: judged here, or by another one that was stepped before."""
        name, other = rule.name, self._judged_by.get(rule.name)
        if other is None:
            failed: dict[str, str] = {}
            changes = self._judge(rule, sources, failed)
            found = self._last[name], self._capped.get(name), self.ratio.get(name)
            self.results[name] = changes, failed, *found
        else:
            self.results[name] = other.results[name]
            changes, failed, self._last[name], self._capped[name], ratio = other.results[name]
            self.ratio |= {} if ratio is None else {name: ratio}
        failures.update(failed)
        return changes

    def _look_ahead(self, sources: Sources, failures: dict[str, str]) -> None:
        """Probabilities by the members of this step; where they fail nothing is known of them."""
        if failure := self.ahead.step(sources):
            failures["probabilities"] = failure

    @property
    def rules(self) -> tuple[HazardRule, ...]:
        """All rules, in the order of the configuration."""
        return self._rules

    def findings(self, hazard: str) -> VillageFindings | None:
        """What the last step found, signs included; None where it could not be evaluated."""
        return self._last.get(hazard)

    def reason(self, rule: HazardRule, village: int, sources: Sources) -> Reason | None:
        """Why the last step, which had these sources, gave a village its level; None where it gave none."""
        if (other := self._judged_by.get(rule.name)) is not None:
            return other.reason(rule, village, sources)
        findings = self._last.get(rule.name)
        return None if findings is None else self._explain(rule, village, findings, sources, {})

    def is_lone(self, hazard: str, place: int) -> bool:
        """Whether one gauge alone carried the level of a place in the last step."""
        capped = self._capped.get(hazard)
        return capped is not None and bool(capped.lone[place])

    def trace_conditions(self, rule: HazardRule, place: int, sources: Sources) -> list[RuleLevelFound]:
        """What became of the conditions of a rule of the operator's own at one place in the last step."""
        return self._plan.trace_conditions(rule, place, self.hazard_sources(sources))

    def hazard_sources(self, sources: Sources) -> HazardSources:
        """What hazards read; levels of other hazards are those of this step, as far as they are judged."""
        if self._read is None or self._read[0] is not sources:
            read = HazardSources(
                rain=sources.rain,
                antecedent=sources.antecedent,
                stations=sources.stations,
                signs=sources.signs,
                levels=self.levels,
                conditions=self._plan,
                n_places=len(self._places),
                now_s=sources.now_s,
                alerts=sources.alerts,
                chances=self.ahead.known,
                chances_version=self.ahead.version,
            )
            self._read = sources, read
        return self._read[1]

    def snapshot(self) -> dict[str, Arrays]:
        """State as named arrays, hazard by hazard."""
        levels: dict[str, Arrays] = {f"level.{name}": dict(s.snapshot()) for name, s in self.levels.items()}
        return {**levels, "conditions": self._plan.snapshot(), **self.ahead.snapshot()}

    def restore(self, state: dict[str, Arrays]) -> None:
        """Take up a snapshot. KeyError or ValueError if it was taken with other rules."""
        for name, level in self.levels.items():
            level.restore(state[f"level.{name}"])
        self._plan.restore(state["conditions"])
        self.ahead.restore(state)

    def _level_state(self, rule: HazardRule) -> LevelState:
        """Levels of all villages, none yet; a fall leads to levels that the rule has values for."""
        defined = rule.defined(len(self._places))
        of_villages = np.logical_or.reduceat(defined, self._places.first_of_village[:-1], axis=0)
        return LevelState(len(self._network.villages), of_villages)

    def _judge(self, rule: HazardRule, sources: Sources, failures: dict[str, str]) -> list[LevelChange]:
        """Changes of one hazard. The one place where its failure is caught; its level is held then."""
        self._last[rule.name] = None
        try:
            found = self._evaluate(rule, sources)
            if (calm := self._still_calm(rule, found, sources)) is not None:
                self._last[rule.name], self.ratio[rule.name] = calm, calm.ratio
                return []
            capped = self._capped[rule.name] = self._cap(rule, found, sources, failures)
            findings = self._aggregate_zones(rule, found if capped is None else capped.found)
            self.ratio[rule.name] = findings.ratio
            self._last[rule.name] = findings = self._with_signs(rule, findings, sources, failures)
            return self._move(rule, findings, sources, failures)
        except Exception as error:  # noqa: BLE001  # one hazard failing never silences another
            failures[rule.name] = describe(error)
            self._last[rule.name] = self._calm[rule.name] = None
        try:
            return self._hold(rule, sources, failures)
        except Exception as error:  # noqa: BLE001  # not even held: its level stands, the others go on
            failures[rule.name] = describe(error)
            return []

    def _move(
        self, rule: HazardRule, findings: VillageFindings, sources: Sources, failures: dict[str, str]
    ) -> list[LevelChange]:
        """Changes by what was found; the level moves last, when they stand."""
        state = self.levels[rule.name]
        step = state.propose(findings.of_villages, rule.lowering, sources.now_s)
        changes = self._changes(rule, step, findings, sources, failures)
        state.commit(step)
        is_calm = step.reached is None and not sources.signs.standing
        self._calm[rule.name] = (findings, state.level) if is_calm else None
        return changes

    def _still_calm(self, rule: HazardRule, found: HazardLevels, sources: Sources) -> VillageFindings | None:
        """What was findings of a hazard that had no level anywhere and finds what it found; None: judge it.

        Nothing moves then: levels, what holds them and who is blind are what they were.
        """
        calm = self._calm.get(rule.name)
        if calm is None or calm[0].of_places is not found or sources.signs.standing:
            return None
        return calm[0] if calm[1] is self.levels[rule.name].level else None

    def _with_signs(
        self, rule: HazardRule, findings: VillageFindings, sources: Sources, failures: dict[str, str]
    ) -> VillageFindings:
        """What was found with the signs that stand; what was measured alone, where those fail."""
        if rule.signs is None or not sources.signs.standing:
            return findings
        try:
            by_signs = sources.signs.levels(rule.signs)
            return replace(findings, of_villages=with_signs(findings.of_villages, by_signs))
        except Exception as error:  # noqa: BLE001  # signs failing never silence what was measured
            failures[f"signs of {rule.name}"] = describe(error)
            return findings

    def _aggregate_zones(self, rule: HazardRule, found: HazardLevels) -> VillageFindings:
        """Villages by what was found over places, checked; what stands is not gone through again."""
        last = self._aggregated.get(rule.name)
        if last is not None and last.of_places is found:
            return last
        check_finding(found, len(self._places))
        first_of_village = self._places.first_of_village
        place = worst_place(found, first_of_village)
        of_villages = worst_of_zones(found, place, first_of_village)
        ratio = found.ratio
        if len(ratio) > len(place):  # some village is divided
            ratio = np.fmax.reduceat(ratio, first_of_village[:-1])
        findings = VillageFindings(found, of_villages, place, ratio)
        self._aggregated[rule.name] = findings
        return findings

    def _hold(self, rule: HazardRule, sources: Sources, failures: dict[str, str]) -> list[LevelChange]:
        """A hazard that cannot be judged keeps its levels; what people see still raises them."""
        if rule.signs is not None and sources.signs.standing:
            nothing = no_levels(len(self._network.villages), Indicator.SIGN)
            nothing.is_blind[:] = True
            every = np.arange(len(nothing.level))
            findings = self._with_signs(
                rule, VillageFindings(nothing, nothing, every, nothing.ratio), sources, failures
            )
            return self._move(rule, findings, sources, failures)
        state = self.levels[rule.name]
        step = state.propose_hold(sources.now_s)
        changes = self._changes(rule, step, None, sources, failures)
        state.commit(step)
        return changes

    def _evaluate(self, rule: HazardRule, sources: Sources) -> HazardLevels:
        # Invariant: what was found stands exactly while its basis is the same; sources hand out new objects
        # when anything in them changes. It is taken out before the hazard is judged again, so that one that
        # raises goes the whole way in the next step. Guards of an evaluator skip whole levels by the greatest
        # value, never villages: a mask of villages costs as much as comparing them (decision 19).
        if rule.name in self._numberless:
            raise ValueError("no threshold is a number: the table has no value at all")
        kind, read = kind_of(rule), self.hazard_sources(sources)
        basis, last = kind.basis(rule, read), self._found.get(rule.name)
        if last is not None and basis is not None and last[0] == basis:
            return last[1]
        self._found.pop(rule.name, None)
        moved = sources.moved if kind.is_cut else None
        if last is not None and moved is not None and moved.leads(last[0], basis):
            found = self._evaluate_some(rule, read, last[1], moved.places)
        else:
            found = kind.evaluate(rule, read)
        if basis is not None:
            self._found[rule.name] = basis, found
        return found

    def _evaluate_some(
        self, rule: HazardRule, read: HazardSources, last: HazardLevels, places: Int64Array
    ) -> HazardLevels:
        """What its evaluator finds at some places, and what was found at the others before."""
        if len(places) == 0:
            return last
        if self._read_of_some is None:
            self._read_of_some = replace(
                read,
                rain=rain_of_places(read.rain, places),
                antecedent=antecedent_of_places(read.antecedent, places),
                n_places=len(places),
                chances=some(read.chances, places),
            )
        anew = kind_of(rule).evaluate(rule.of_places(places), self._read_of_some)
        check_finding(anew, len(places))
        return levels_with(last, places, anew)

    def _cap(
        self, rule: HazardRule, found: HazardLevels, sources: Sources, failures: dict[str, str]
    ) -> Capped | None:
        """What was found as far as single gauges, also by probabilities, may raise it; None: all."""
        if rule.name not in self._on_rain or not found.level.any():
            return None
        try:
            shared = self._lone_gauges.shared(sources)
            if shared is None or not found.level[shared.places].any():
                return None
            kind = kind_of(rule)
            if kind.has_conditions:
                level = self._lone_gauges.level_of_rule(rule, found, self._plan, sources, shared)
                return self._lone_gauges.cap(found, None, level, shared)
            read = self.hazard_sources(sources)
            others = replace(read, rain=shared.rain, antecedent=shared.antecedent, chances=NO_CHANCES)
            believed = kind.evaluate(rule, others)
            return self._lone_gauges.cap(found, believed, believed.level, shared)
        except Exception as error:  # noqa: BLE001  # a doubt that fails must not keep the level back
            failures["lone gauges"] = describe(error)
            return None

    def _explain(
        self,
        rule: HazardRule,
        village: int,
        findings: VillageFindings,
        sources: Sources,
        failures: dict[str, str],
    ) -> Reason | None:
        """The reason of a village's level; where it cannot be worked out what little is certain."""
        try:
            if (rule.name, village) not in self._reasons:  # asked for by a change and by its bulletin
                self._reasons[rule.name, village] = self._reason(rule, village, findings, sources)
            return self._reasons[rule.name, village]
        except Exception as error:  # noqa: BLE001  # a reason failing must not keep its warning back
            failures[f"reason of {rule.name}"] = describe(error)
            return bare_reason(rule, village, findings.of_villages, sources.now_s)

    def _reason(
        self, rule: HazardRule, village: int, findings: VillageFindings, sources: Sources
    ) -> Reason | None:
        """Why the evaluator gave this village its level; None where it gave none."""
        found, place = findings.of_places, int(findings.place[village])
        if findings.of_villages.level[village] == 0:
            return None
        sign = sources.signs.worst(village, rule.signs) if rule.signs is not None else None
        if sign is not None and findings.of_villages.indicator[village] == Indicator.SIGN:
            return reason_of_sign(sign, rule.source)
        if (by_kind := kind_of(rule).reason) is not None:
            return by_kind(rule, self.hazard_sources(sources), place)
        capped = self._capped.get(rule.name)
        if kind_of(rule).has_conditions:
            level = int(found.level[place] if capped is None else capped.uncapped[place])
            carriers = self._plan.carriers(rule, place, level)
            facts = [self._fact(leaf, since_s, place, sources) for leaf, since_s in carriers]
            reason = reason_of_facts(rule, place, facts, sources, self._network)
        else:
            reason = self.ahead.named(reason_of_value(rule, place, found, sources, self._network))
        if self.is_lone(rule.name, place):
            reason = replace(reason, confirmed=False, lone_gauge=True)
        return replace(reason, zone=zone) if (zone := self._places.zone[place]) else reason

    def _explain_fall(
        self,
        silent: SilentRaisers,
        rule: HazardRule,
        village: int,
        reason: Reason | None,
        failures: dict[str, str],
    ) -> Reason | None:
        """The same of a fall: whether the sensors that raised the level confirm it."""
        try:
            opened_at_s = int(self.levels[rule.name].since_s[village])
            return silent.explain_fall(rule, village, opened_at_s, reason)
        except Exception as error:  # noqa: BLE001  # a reason failing must not keep its message back
            failures[f"reason of {rule.name}"] = describe(error)
            return reason

    def _fact(self, leaf: Leaf, since_s: int, place: int, sources: Sources) -> LeafFact:
        """What a term of a rule found in one place."""
        if isinstance(leaf, SignTerm):
            return LeafFact(leaf, since_s, 1.0, 1.0)
        if isinstance(leaf, LevelTerm):
            level = self.levels[leaf.hazard].level[self._places.village[place]]
            return LeafFact(leaf, since_s, float(level), float(leaf.level))
        leaf = self._plan.deciding(leaf, place, self.hazard_sources(sources))
        values = self._plan.read(leaf, self.hazard_sources(sources))
        return LeafFact(
            leaf,
            since_s,
            float(values.value[place]),
            float(self._plan.amount(leaf)[place]),
            int(values.station[place]),
            float(self._plan.whole(leaf)[place]) if isinstance(leaf, ShareTerm) else float("nan"),
            self.ahead.expected(leaf, place, sources.now_s),
        )

    def _changes(
        self,
        rule: HazardRule,
        step: LevelStep,
        findings: VillageFindings | None,
        sources: Sources,
        failures: dict[str, str],
    ) -> list[LevelChange]:
        """One `LevelChange` per village whose level moved, or that lost or regained sight of a level."""
        now_s = sources.now_s
        if not (step.level.any() or step.previous.any()):
            return []
        moved = step.level != step.previous
        sight = (step.is_blind != step.was_blind) & (step.level > 0) & ~moved
        silent = SilentRaisers(self._network, self._plan, lambda: self.hazard_sources(sources))
        changes = []
        for village in rows_where(moved | sight):
            level, previous = Level(int(step.level[village])), Level(int(step.previous[village]))
            reason = None
            if findings is not None:
                reason = self._explain(rule, int(village), findings, sources, failures)
            if level < previous:
                reason = self._explain_fall(silent, rule, int(village), reason, failures)
            for kind in changes_of(level, previous, was_blind=bool(step.was_blind[village])):
                is_rise = kind is Change.RISE
                crossed_at_s = reason.observed_until_s if is_rise and reason is not None else now_s
                at_level = level if is_rise or kind is Change.FALL else previous
                changes.append(
                    LevelChange(
                        kind, rule.name, int(village), at_level, previous, now_s, crossed_at_s, reason
                    )
                )
        return changes
