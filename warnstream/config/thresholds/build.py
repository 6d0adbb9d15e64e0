"""A section of thresholds.yaml and the rows of its table -> a `HazardRule` with arrays over all places."""

from collections.abc import Sequence

from warnstream.config.thresholds.context import Build
from warnstream.config.thresholds.document import HazardDocument
from warnstream.config.thresholds.rows import Threshold
from warnstream.model.level import Level
from warnstream.model.network import Stations, Villages
from warnstream.model.observations.signs import SignTrigger
from warnstream.model.rules.rules import DowngradePolicy, HazardRule

SOURCES_SHOWN_MAX = 3


def build_rule(
    name: str,
    hazard: HazardDocument,
    build: Build,
    rows: Sequence[Threshold],
    places: Villages,
    stations: Stations,
) -> HazardRule:
    """One hazard with its thresholds over all places.

    Parameters
    ----------
    name : str
    hazard : section of thresholds.yaml
    build : Build
        What its `read` gave.
    rows : sequence of Threshold
        Rows of this hazard, without fault.
    places : Villages
        The places that are judged: `Places.site`.
    stations : Stations

    Returns
    -------
    HazardRule
    """
    signs, lowering = hazard.signs, hazard.lowering
    thresholds = build(rows, places, stations)
    return HazardRule(
        name=name,
        evaluator=hazard.evaluator,
        title_zh=hazard.title.zh,
        title_en=hazard.title.en,
        thresholds=thresholds,
        continues_mm_per_h=getattr(hazard, "continues_mm_per_h", 0.0),
        forecast_level_max=getattr(hazard, "forecast_level_max", Level.NONE),
        lowering=DowngradePolicy(
            clear_ratio=lowering.clear_ratio,
            hold_s=hazard.hold_s(thresholds),
            active_s_min=lowering.active_s_min,
            coverage_min=lowering.coverage_min,
        ),
        source=hazard.source or _source_of(rows),
        signs=None
        if signs is None
        else SignTrigger(frozenset(signs.kinds), signs.reported_level, signs.validated_level),
        calls_households=hazard.households,
        expected=tuple(section.value for section in getattr(hazard, "expected", ())),
    )


def _source_of(rows: Sequence[Threshold]) -> str:
    """Sources of a table where thresholds.yaml names none."""
    sources = list(dict.fromkeys(row.source for row in rows if row.source))
    more = f"; and {len(sources) - SOURCES_SHOWN_MAX} more" if len(sources) > SOURCES_SHOWN_MAX else ""
    return "; ".join(sources[:SOURCES_SHOWN_MAX]) + more
