"""Why a level of one village stands, is not higher and is not lower, in sentences.

Numbers and decisions come from a `HazardView`; here they are only put into
words. Times are those of the local clock.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from warnstream.assessment.explanation import HazardView, PlaceFinding, VillageView
from warnstream.config.rules.wording import quantity_words
from warnstream.model.level import Level
from warnstream.model.network import Network
from warnstream.model.rules.comparison import Comparison, ConditionFound, NextLevel
from warnstream.model.rules.expressions import (
    Group,
    Lasting,
    LevelTerm,
    ModelTerm,
    ReachTerm,
    Relation,
    Sequence,
    SignTerm,
    Term,
)
from warnstream.model.rules.indicators import BY_DAYS, Indicator
from warnstream.model.rules.policies import MessagePolicy, RoutingPolicy
from warnstream.model.rules.rules import HazardRule
from warnstream.model.times import HOUR_S, clock_local
from warnstream.runners.explain.one_line import describe_duration, describe_reason


class Wording(Protocol):
    """The part of a `Configuration` that an explanation needs."""

    @property
    def network(self) -> Network:
        """Names of stations and villages."""

    @property
    def rules(self) -> tuple[HazardRule, ...]:
        """Where thresholds come from, how levels fall."""

    @property
    def message(self) -> MessagePolicy:
        """Local time."""

    @property
    def routing(self) -> RoutingPolicy:
        """From which level on people are told."""


COVERAGE_TOLD = 0.995
"""Windows observed less than that are told with their coverage."""

NEAREST_TOLD_MAX = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """A comparison that might have raised the level, and what it falls short of."""

    place: int
    compared: Comparison
    ahead: NextLevel


class Verdict:
    """What is to be said of one hazard of a village.

    Parameters
    ----------
    configuration : Wording
    village : VillageView
    view : HazardView
    """

    def __init__(self, configuration: Wording, village: VillageView, view: HazardView) -> None:
        self._configuration = configuration
        self._village = village
        self._view = view
        self.rule: HazardRule = next(rule for rule in configuration.rules if rule.name == view.hazard)

    def why(self) -> list[str]:
        """Why the level stands; empty at no level."""
        view, standing = self._view, self._view.standing
        if standing.level is Level.NONE:
            return []
        if view.failure:
            return [f"the hazard could not be evaluated, its levels are held ({view.failure})"]
        said = []
        if view.found < standing.level:
            said.append(f"{standing.level.word} was last reached at {self._clock(standing.reached_at_s)}")
        if view.reason is not None:
            now = f"now {view.found.word} is found: " if view.found < standing.level else ""
            said.append(f"{now}{describe_reason(view.reason)}")
            if not view.reason.confirmed:
                said.append("not confirmed: doubtful readings, a doubted gauge or too few gauges carry it")
        return said

    def why_not_lower(self) -> list[str]:
        """Why the level has not fallen; empty at no level and where it is reached now."""
        view, standing = self._view, self._view.standing
        if standing.level is Level.NONE or view.failure or view.found >= standing.level:
            return []
        said = []
        if view.holds >= standing.level:
            said += [
                self._holds(place, comparison) for place, comparison in self._holding(standing.level)
            ] or ["its condition still holds at its clear values"]
        if view.is_blind:
            said.append("the village is blind to this hazard: without sight no level falls")
        elif not view.can_fall:
            said.append(self._lacks_data())
        if standing.falls_at_s >= 0:
            lowering = self.rule.lowering
            lower = max(standing.falls_to, view.holds)
            said.append(
                f"below its clear value since {self._clock(standing.below_since_s)}; falls to {lower.word} "
                f"at {self._clock(standing.falls_at_s)} at the earliest if that goes on (hold time "
                f"{describe_duration(lowering.hold_s)}, at least {describe_duration(lowering.active_s_min)} "
                "after it was last reached)"
            )
        return said

    def why_not_higher(self) -> list[str]:
        """What the next level lacks, the nearest first."""
        view = self._view
        if view.standing.level is Level.RED:
            return ["there is no higher level"]
        if view.failure:
            return [] if view.standing.level else [f"the hazard could not be evaluated: {view.failure}"]
        said = [text for place in view.places for text in self._conditions(place)]
        nearest = self.nearest()
        said += [self._short_of(candidate) for candidate in nearest[:NEAREST_TOLD_MAX]]
        if not said:
            said.append(self._nothing_to_reach())
        said += self._blindness()
        return said

    def nearest(self) -> list[Candidate]:
        """What has come nearest to the next level, the nearest first; what nobody knows is left out."""
        found = [
            Candidate(number, comparison, ahead)
            for number, place in enumerate(self._view.places)
            for comparison in place.comparisons
            if (ahead := comparison.next_above(self._view.standing.level)) is not None
            and not np.isnan(ahead.ratio)
        ]
        found.sort(key=lambda one: -one.ahead.ratio)
        first: dict[object, Candidate] = {}
        for candidate in found:  # of several leads the one that comes nearest
            key = (
                candidate.place,
                candidate.compared.indicator,
                candidate.compared.station,
                candidate.compared.duration_s,
            )
            first.setdefault((*key, candidate.compared.lead_s > 0), candidate)
        return list(first.values())

    def _clock(self, time_s: int) -> str:
        return clock_local(time_s, self._configuration.message.time_zone)

    def _holding(self, level: Level) -> Iterator[tuple[int, Comparison]]:
        for number, place in enumerate(self._view.places):
            for comparison in place.comparisons:
                clear = comparison.clear[level - 1] if comparison.clear else float("nan")
                beyond = (
                    comparison.value <= clear
                    if comparison.indicator.info.fewer_is_worse
                    else comparison.value >= clear
                )
                if beyond or comparison.level >= level:
                    yield number, comparison

    def _holds(self, place: int, one: Comparison) -> str:
        level = self._view.standing.level
        clear = one.clear[level - 1] if one.clear else one.critical[level - 1]
        side = "above" if one.indicator.info.fewer_is_worse else "below"
        unit = one.indicator.info.unit
        return f"{self._zone(place)}{self._amount(one)}: it may fall {side} {_number(clear)} {unit}".rstrip()

    def _lacks_data(self) -> str:
        share = self.rule.lowering.coverage_min
        if self._rests_on_rain():
            covered = [place.coverage[place.window.index(HOUR_S)] for place in self._village.places]
            return (
                f"only {min(covered):.0%} of the last hour was observed, {share:.0%} is needed: "
                "without data no level falls"
            )
        return "not all of its sensors report: without data no level falls"

    def _rests_on_rain(self) -> bool:
        if self.rule.is_relayed:
            return False
        compared = [comparison.indicator for place in self._view.places for comparison in place.comparisons]
        return not compared or any(indicator.info.is_rain for indicator in compared)

    def _short_of(self, one: Candidate) -> str:
        """Such as ``31.2 of 40 mm in 1 h for yellow (78 %)``."""
        compared, ahead, unit = one.compared, one.ahead, one.compared.indicator.info.unit
        head = f"{self._zone(one.place)}{ahead.level.word}: "
        if ahead.ratio >= 1.0:
            why = f", but {compared.note}" if compared.note else ""
            return f"{head}{self._amount(compared)} reaches {_number(ahead.threshold)} {unit}{why}".rstrip()
        if compared.indicator is Indicator.STAGE:
            missing = ahead.threshold - compared.value
            return f"{head}{self._amount(compared)} is {missing:.2f} m short of {_number(ahead.threshold)} m"
        return f"{head}{self._amount(compared, ahead.threshold)} ({ahead.ratio:.0%}){self._gaps(one)}"

    def _amount(self, one: Comparison, of: float | None = None) -> str:
        """A value with all that says what it is; with `of` as a part of it."""
        unit = one.indicator.info.unit
        value = "unknown" if np.isnan(one.value) else _number(one.value)
        shown = f"{value} of {_number(of)} {unit}" if of is not None else f"{value} {unit}"
        name = "" if one.indicator is Indicator.RAIN else f"{one.indicator.word.replace('_', ' ')} "
        text = f"{name}{shown.strip()}"
        if one.indicator in _OVER and one.duration_s:
            text += f" in {describe_duration(one.duration_s)}"
        if one.station >= 0:
            text += f" at {self._configuration.network.stations.code[one.station]}"
        if one.lead_s and one.forecast_value:
            text += f", {_number(one.forecast_value)} of it expected within {describe_duration(one.lead_s)}"
        return text

    def _gaps(self, one: Candidate) -> str:
        compared = one.compared
        is_sum = compared.indicator is Indicator.RAIN or compared.indicator in BY_DAYS
        if not is_sum or compared.lead_s or compared.coverage >= COVERAGE_TOLD:
            return ""
        return f"; only {compared.coverage:.0%} of that time was observed, more may have fallen"

    def _nothing_to_reach(self) -> str:
        view = self._view
        if self.rule.is_relayed:
            what = "a higher level" if view.standing.level else "its issuers"
            return f"no signal of {what} is in force here"
        compared = [comparison for place in view.places for comparison in place.comparisons]
        notes = [place.note for place in view.places if place.note and not compared]
        if notes:
            return notes[0]
        if not any(comparison.next_above(view.standing.level) for comparison in compared):
            what = "higher level" if view.standing.level else "level"
            return f"no threshold of a {what} is set for this village"
        return "nobody knows: no gauge or sensor that speaks for the village has observed anything"

    def _blindness(self) -> list[str]:
        """Silence that may have hidden a level."""
        if not self._rests_on_rain():
            silent = [
                comparison
                for place in self._view.places
                for comparison in place.comparisons
                if comparison.station >= 0 and np.isnan(comparison.value)
            ]
            codes = ", ".join(
                self._configuration.network.stations.code[comparison.station] for comparison in silent
            )
            return [f"silent: {codes}"] if silent else []
        return describe_blindness(self._village)

    def _conditions(self, place: PlaceFinding) -> list[str]:
        """What the conditions of a rule of the operator's own still lack, the next level's first."""
        above = [condition for condition in place.conditions if condition.level > self._view.standing.level]
        zone = f"{place.zone}: " if place.zone else ""
        return [
            f"{zone}{asked.level.word}: {asked.words}: {'; '.join(self.unmet(asked.found)) or 'reached'}"
            for asked in above
        ]

    def unmet(self, found: ConditionFound) -> list[str]:
        """The parts of a condition that are not fulfilled, with what they found."""
        if found.is_reached:
            return []
        condition = found.condition
        if isinstance(condition, Term):
            return [self.term(found)]
        if isinstance(condition, SignTerm):
            state = "validated " if condition.is_validated else ""
            return [f"no {state}sign {condition.kind} stands"]
        if isinstance(condition, LevelTerm):
            return [f"{condition.hazard} is below {condition.level.word}"]
        parts = [text for part in found.parts for text in self.unmet(part)]
        if isinstance(condition, Group):
            return parts if condition.is_all else [" or ".join(parts)]
        return parts or [self._not_long_enough(found)]

    def _not_long_enough(self, found: ConditionFound) -> str:
        """What a condition lacks whose parts are fulfilled now: time, or an earlier part."""
        condition = found.condition
        if isinstance(condition, Lasting):
            lasts_s = self._village.now_s - found.since_s
            held = f"has held for {describe_duration(lasts_s)} of {describe_duration(condition.for_s)}"
            return f"{held}, since {self._clock(found.since_s)}"
        assert isinstance(condition, Sequence), condition
        last = f"last at {self._clock(found.since_s)}" if found.since_s >= 0 else "never"
        return f"what must come first held {last}, not within {describe_duration(condition.within_s)}"

    def term(self, found: ConditionFound) -> str:
        """A term with what it found, such as ``rain 1 h 12.0 mm, at least 20``."""
        condition = found.condition
        assert isinstance(condition, Term)
        unit = condition.quantity.indicator.info.unit
        value = "unknown" if np.isnan(found.value) else f"{_number(found.value)} {unit}".rstrip()
        amount = "no value set here" if np.isnan(found.amount) else _number(found.amount)
        over = f" over {describe_duration(condition.over_s)}" if condition.over_s else ""
        relation = condition.relation.value.replace("_", " ")
        name = quantity_words(condition.quantity)
        if found.station >= 0:
            code = self._configuration.network.stations.code[found.station]
            name = name if code in name else f"{name} ({code})"
        if isinstance(condition, ReachTerm):
            known = "unknown" if np.isnan(found.probability) else f"{found.probability:.0%}"
            within = describe_duration(condition.within_s)
            asked = f"probability {known} within {within}, of {condition.probability:.0%}"
            return f"{name} {value} of {amount}, {asked}"
        if isinstance(condition, ModelTerm):
            return f"{name} {value}, of {condition.probability:.0%}"
        if condition.relation is Relation.RISES_BY:
            return f"{name} rose by {value}{over}, of {amount}"
        return f"{name} {value}, {relation} {amount}"

    def _zone(self, place: int) -> str:
        zone = self._view.places[place].zone if self._view.places else ""
        return f"{zone}: " if zone else ""


def describe_blindness(village: VillageView) -> list[str]:
    """Where gauges of a village are silent, and who speaks for it instead."""
    said = []
    for place in village.places:
        zone = f"{place.zone}: " if place.zone else ""
        if place.is_blind:
            others = sum(station.weight > 0 for station in place.stations)
            by = f"judged by {others} farther gauges" if others else "no farther gauge speaks either"
            grids = sorted({*place.grid} - {""})
            by = f"judged by the grid {', '.join(grids)}" if grids else by
            said.append(f"{zone}blind: none of its own gauges reports; {by}")
        elif place.is_partly_blind:
            said.append(f"{zone}partly blind: gauges with {place.heard:.0%} of its weight report")
    return said


_OVER = frozenset({*BY_DAYS, Indicator.RAIN, Indicator.INTENSITY, Indicator.VELOCITY, Indicator.TILT_RATE})
"""Indicators whose value is taken over the duration."""


def _number(value: float) -> str:
    """At most three decimals, none that say nothing."""
    return f"{round(value, 3):g}" if abs(value) < 100_000 else f"{value:.0f}"
