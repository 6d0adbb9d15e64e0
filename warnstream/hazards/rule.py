"""A rule of the operator's own: what its conditions read (docs/rules.md).

They are worked out together with those of all other rules (`warnstream.hazards.conditions`).
"""

import numpy as np

from warnstream.hazards.expected.asking import STEP_S, asked_of, reach_terms
from warnstream.hazards.expected.chances import durations_of
from warnstream.hazards.sources import NO_STATIONS, Needs, SeriesNeed, series_of
from warnstream.model.observations.readings import Variable
from warnstream.model.rules.expressions import RuleTable, Term, lead_s_of
from warnstream.model.rules.indicators import Indicator
from warnstream.model.rules.rules import HazardRule

_QUICK = frozenset({Variable.WATER_DEPTH})
"""Variables of which the last minutes tell; of all others the last hours are kept."""


def describe_concern(rule: HazardRule, place: int) -> str:
    """That the rule is not for a place; empty where it is."""
    table = rule.thresholds
    assert isinstance(table, RuleTable)
    is_concerned = table.concerns is None or bool(table.concerns[place])
    return "" if is_concerned else "the rule is not for this village"


def needs(rule: HazardRule) -> Needs:
    """Everything that the terms of a rule read."""
    table = rule.thresholds
    assert isinstance(table, RuleTable)
    terms = [leaf for leaf in table.leaves() if isinstance(leaf, Term)]
    series: list[SeriesNeed] = []
    stations = [NO_STATIONS]
    for term in terms:
        info = term.quantity.indicator.info
        if info.sensor is None:
            continue
        named = table.stations[term.quantity.station]
        stations.append(named[named >= 0])
        if info.sensor is not Variable.STAGE:
            series += series_of(info.variables, stations[-1], is_quick=info.sensor in _QUICK)
    return Needs(
        reads_rain=any(term.quantity.indicator.info.is_rain for term in terms),
        duration_s=frozenset(
            table.durations_s() | durations_of([*map(asked_of, reach_terms(table))], STEP_S)
        ),
        leads_s=frozenset(lead_s for term in terms if (lead_s := lead_s_of(term.quantity))),
        days=frozenset(table.day_windows()),
        earlier_rain=any(term.quantity.indicator.info.is_of_earlier_rain for term in terms),
        half_life_s=frozenset(map(int, table.parameters(Indicator.EFFECTIVE_RAIN))),
        api_ratio=frozenset(table.parameters(Indicator.ANTECEDENT_RAIN)),
        dry_gap_s=frozenset(
            int(gap_s)
            for indicator in (Indicator.EVENT_RAIN, Indicator.INTENSITY)
            for gap_s in table.parameters(indicator)
        ),
        series=tuple(series),
        stations=np.unique(np.concatenate(stations)),
        hazards=table.hazards,
    )
