"""Sensors that raised a level and cannot say whether it is over: the fall is unconfirmed, never impossible.

A level comes down while any sensor of its village reports (`warnstream.hazards.sensor_rows`).
One that was still at or above its clear value when it fell silent, and was heard
while the village was at a level, is named in the reason of the fall.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from warnstream.hazards.conditions.plan import RulePlan
from warnstream.hazards.registry import kind_of
from warnstream.hazards.sensor_rows import SensorRows
from warnstream.hazards.sources import HazardSources
from warnstream.hazards.tables import threshold_of
from warnstream.model.changes import SILENT_RAISER, Fact, Reason
from warnstream.model.network import Network
from warnstream.model.rules.indicators import Indicator
from warnstream.model.rules.rules import HazardRule

FACTS_MAX = 5
"""Silent sensors that are named in one reason, those last heard first."""


class SilentRaisers:
    """Silent sensors among those that raised levels, at one step; each table is worked out once.

    Parameters
    ----------
    network : Network
    plan : RulePlan
    sources : callable
        What hazards read at this step.
    """

    def __init__(
        self,
        network: Network,
        plan: RulePlan,
        sources: Callable[[], HazardSources],
    ) -> None:
        self._network = network
        self._first_of_village = network.places.first_of_village
        self._plan = plan
        self._sources = sources
        self._rows: dict[str, SensorRows] = {}

    def explain_fall(
        self, rule: HazardRule, village: int, opened_at_s: int, reason: Reason | None
    ) -> Reason | None:
        """The reason of a fall, unconfirmed where a sensor that raised the level since then is silent.

        Parameters
        ----------
        rule : HazardRule
        village : int
        opened_at_s : int
            Since when the village has been at some level.
        reason : Reason or None
            What is found there now.
        """
        facts = sorted(self._facts(rule, village, opened_at_s), key=lambda fact: -fact.held_since_s)
        if not facts:
            return reason
        named = tuple(facts[:FACTS_MAX])
        if reason is None:
            return _reason_of_silence(rule, named[0], named)
        return replace(reason, confirmed=False, facts=(*reason.facts, *named))

    def _facts(self, rule: HazardRule, village: int, opened_at_s: int) -> Iterator[Fact]:
        kind = kind_of(rule)
        first, end = self._first_of_village[village : village + 2].tolist()
        if kind.rows is not None:
            rows = self._rows.get(rule.name) or kind.rows(rule, self._sources())
            self._rows[rule.name] = rows
            yield from self._facts_of_rows(rows, first, end, opened_at_s)
        elif kind.has_conditions:
            for place in range(first, end):
                yield from self._facts_of_terms(rule, place, opened_at_s)

    def _facts_of_rows(self, rows: SensorRows, first: int, end: int, opened_at_s: int) -> Iterator[Fact]:
        for row in rows.silent_raisers(first, end, opened_at_s).tolist():
            threshold = threshold_of(rows.critical[row : row + 1], rows.last_holding[row : row + 1])
            yield self._fact(
                Indicator(int(rows.indicator[row])),
                int(rows.station[row]),
                float(rows.last[row]),
                float(threshold[0]),
                int(rows.observed_at_s[row]),
            )

    def _facts_of_terms(self, rule: HazardRule, place: int, opened_at_s: int) -> Iterator[Fact]:
        sources = self._sources()
        for term, values in self._plan.silent_raisers(rule, place, opened_at_s, sources):
            yield self._fact(
                term.quantity.indicator,
                int(values.station[place]),
                float(values.last[place]),
                float(self._plan.amount(term)[place]),
                int(values.observed_at_s[place]),
            )

    def _fact(
        self, indicator: Indicator, station: int, last: float, threshold: float, heard_at_s: int
    ) -> Fact:
        return Fact(
            SILENT_RAISER,
            self._network.stations.code[station],
            round(last, 3),
            round(threshold, 3),
            indicator.info.unit,
            held_since_s=heard_at_s,
            note=indicator.word,
        )


def _reason_of_silence(rule: HazardRule, fact: Fact, facts: tuple[Fact, ...]) -> Reason:
    """Nothing is above a threshold any more, as far as anybody reports."""
    return Reason(
        indicator=SILENT_RAISER,
        station=fact.station,
        value=fact.value,
        threshold=fact.threshold,
        unit=fact.unit,
        duration_s=0,
        forecast_value=0.0,
        lead_s=0,
        observed_until_s=fact.held_since_s,
        coverage=1.0,
        confirmed=False,
        source=rule.source,
        facts=facts,
    )
