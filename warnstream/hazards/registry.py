"""Every kind of hazard, once: what it reads, how it is judged, and what it compared at one place.

A new one is a module here with ``needs`` and ``evaluate``, an entry of
`HAZARD_KINDS`, and a module of `warnstream.config.thresholds.kinds`. Nothing
else asks which kind a hazard is.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from warnstream.hazards import (
    critical_rainfall,
    forest_fire,
    landslide_rain,
    rain_table,
    rainstorm,
    relayed,
    river_stage,
    rule,
    slope_movement,
    strong_wind,
    waterlogging,
)
from warnstream.hazards.sensor_rows import ObservedRows, SensorRows
from warnstream.hazards.sources import HazardSources, Needs
from warnstream.model.alerts.relaying import RelayTable
from warnstream.model.changes import Reason
from warnstream.model.rules.comparison import Comparison
from warnstream.model.rules.indicators import HazardLevels, VillageAntecedent, VillageRain
from warnstream.model.rules.rules import CriticalRain, HazardRule

Basis = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardKind:
    """How hazards of one evaluator are judged.

    Attributes
    ----------
    needs : callable
        What a rule reads.
    evaluate : callable
        Level of every place by a rule.
    compare : callable
        What `evaluate` compared at one place.
    basis : callable
        All that `evaluate` reads: while it is equal, what was found stands. None: it always counts.
    is_cut : bool
        What it finds at a place rests on the rain and the earlier rain of that place alone, and its basis
        begins with the rain: where the rain of few places moves, those alone are judged again. False: it
        cannot be cut.
    rows : callable or None
        What each sensor of the table says; None where a table names none.
    has_conditions : bool
        Judged by conditions that are explained term by term, not by the one value that reached a level.
    note : callable
        What else decided at one place; empty if nothing.
    rain : callable
        The rain over durations that reaches its levels; None where no table says it.
    rain_going_on_mm : callable
        Rain of an hour without which no rain counts, however much fell before; None: all counts.
    observed : callable
        Rows whose single observations reach its levels; None where none do by themselves.
    travel_minutes : callable
        Shortest and longest way of what a station has observed to a place; None: it is there.
    rain_now : callable or None
        The same on the ground as it is, for probabilities; None where no table asks for any.
    could_rise : callable
        Whether a level may be reached anywhere while no gauge measures rain: by the rain that is known and
        what is forecast now. True where nobody has proved that it cannot.
    reason : callable or None
        Why a place has its level, of a hazard that rests on no measurement; None: by what was measured.
    relays : callable
        What it takes of other services' alerts; None: nothing.
    """

    needs: Callable[[HazardRule], Needs]
    evaluate: Callable[[HazardRule, HazardSources], HazardLevels]
    compare: Callable[[HazardRule, HazardSources, int], list[Comparison]]
    basis: Callable[[HazardRule, HazardSources], Basis | None] = lambda _rule, _sources: None
    is_cut: bool = False
    rows: Callable[[HazardRule, HazardSources], SensorRows] | None = None
    has_conditions: bool = False
    note: Callable[[HazardRule, HazardSources, int], str] = lambda _rule, _sources, _place: ""
    rain: Callable[[HazardRule], CriticalRain | None] = lambda _rule: None
    rain_going_on_mm: Callable[[HazardRule], float | None] = lambda _rule: None
    observed: Callable[[HazardRule], ObservedRows | None] = lambda _rule: None
    travel_minutes: Callable[[HazardRule, int, int], tuple[int, int] | None] = (
        lambda _rule, _place, _station: None
    )
    rain_now: Callable[[HazardRule, VillageAntecedent | None], CriticalRain] | None = None
    could_rise: Callable[[HazardRule, VillageRain], bool] = lambda _rule, _rain: True
    reason: Callable[[HazardRule, HazardSources, int], Reason | None] | None = None
    relays: Callable[[HazardRule], RelayTable | None] = lambda _rule: None


def _ahead(sources: HazardSources) -> rain_table.Ahead:
    return rain_table.Ahead(sources.chances, sources.now_s)


def _version(rule: HazardRule, sources: HazardSources) -> int:
    """Another number when probabilities that it may ask for have changed."""
    return sources.chances_version if rule.expected else 0


def _of_all_rain(_rule: HazardRule, sources: HazardSources) -> Basis:
    """Rain and what earlier rain has left, likewise."""
    return sources.rain, sources.antecedent


def _rows_of_stages(hazard: HazardRule, sources: HazardSources) -> SensorRows:
    return river_stage.rows_of(hazard, river_stage.stages_of(hazard, sources.stations), sources.now_s)


def _rows_of_slopes(hazard: HazardRule, sources: HazardSources) -> SensorRows:
    return slope_movement.rows_of(hazard, sources.stations.samples(), sources.now_s)


def _rows_of_gusts(hazard: HazardRule, sources: HazardSources) -> SensorRows:
    return strong_wind.rows_of(hazard, sources.stations.samples(), sources.now_s)


HAZARD_KINDS: dict[str, HazardKind] = {
    "rainstorm": HazardKind(
        needs=rain_table.needs,
        evaluate=lambda rule, s: rainstorm.evaluate(rule, s.rain, _ahead(s)),
        compare=lambda rule, s, place: rainstorm.compare(rule, s.rain, place, _ahead(s)),
        basis=lambda rule, s: (s.rain, _version(rule, s)),
        rain_now=lambda rule, _antecedent: rain_table.rain_of(rule),
        is_cut=True,
        rain=rain_table.rain_of,
        rain_going_on_mm=lambda rule: rule.continues_mm_per_h,
        could_rise=rain_table.could_rise,
    ),
    "critical_rainfall": HazardKind(
        needs=critical_rainfall.needs,
        evaluate=lambda rule, s: critical_rainfall.evaluate(rule, s.rain, s.antecedent, _ahead(s)),
        compare=lambda rule, s, place: critical_rainfall.compare(
            rule, s.rain, s.antecedent, place, _ahead(s)
        ),
        basis=lambda rule, s: (
            s.rain,
            s.antecedent if critical_rainfall.reads_ground(rule) else None,
            _version(rule, s),
        ),
        rain_now=critical_rainfall.table_now,
        is_cut=True,
        note=lambda rule, s, place: critical_rainfall.describe_ground(rule, s.antecedent, place),
        rain=rain_table.rain_of,
        could_rise=rain_table.could_rise,
    ),
    "river_stage": HazardKind(
        needs=river_stage.needs,
        evaluate=lambda rule, s: river_stage.evaluate(
            rule, river_stage.stages_of(rule, s.stations), s.n_places, s.now_s
        ),
        compare=lambda rule, s, place: _rows_of_stages(rule, s).compare(place),
        basis=lambda rule, s: (
            river_stage.what_counts(rule, river_stage.stages_of(rule, s.stations), s.now_s),
        ),
        rows=_rows_of_stages,
        observed=river_stage.observed_rows,
        travel_minutes=river_stage.travel_minutes,
    ),
    "landslide_rain": HazardKind(
        needs=landslide_rain.needs,
        evaluate=lambda rule, s: landslide_rain.evaluate(rule, s.rain, s.earlier_rain),
        compare=lambda rule, s, place: landslide_rain.compare(rule, s.rain, s.earlier_rain, place),
        basis=_of_all_rain,
        is_cut=True,
    ),
    "slope_movement": HazardKind(
        needs=slope_movement.needs,
        evaluate=lambda rule, s: slope_movement.evaluate(rule, s.stations.samples(), s.n_places, s.now_s),
        compare=lambda rule, s, place: _rows_of_slopes(rule, s).compare(place),
        rows=_rows_of_slopes,
    ),
    "waterlogging": HazardKind(
        needs=waterlogging.needs,
        evaluate=lambda rule, s: waterlogging.evaluate(
            rule, s.rain, s.stations.samples(), s.n_places, s.now_s
        ),
        compare=lambda rule, s, place: waterlogging.compare(
            rule, s.rain, s.stations.samples(), place, s.now_s
        ),
        rows=lambda rule, s: waterlogging.rows_of(rule, s.stations.samples(), s.now_s),
        rain=waterlogging.rain_of,
        observed=waterlogging.observed_rows,
    ),
    "strong_wind": HazardKind(
        needs=strong_wind.needs,
        evaluate=lambda rule, s: strong_wind.evaluate(rule, s.stations.samples(), s.n_places, s.now_s),
        compare=lambda rule, s, place: _rows_of_gusts(rule, s).compare(place),
        rows=_rows_of_gusts,
    ),
    "forest_fire": HazardKind(
        needs=forest_fire.needs,
        evaluate=lambda rule, s: forest_fire.evaluate(rule, s.stations.fire_weather()),
        compare=lambda rule, s, place: forest_fire.compare(rule, s.stations.fire_weather(), place),
    ),
    "relayed": HazardKind(
        needs=relayed.needs,
        evaluate=lambda rule, s: relayed.evaluate(rule, s.alerts, s.n_places),
        compare=lambda rule, s, place: relayed.compare(rule, s.alerts, place),
        basis=lambda _rule, s: (s.alerts,),
        reason=lambda rule, s, place: relayed.reason(rule, s.alerts, place),
        relays=relayed.table_of,
    ),
    "rule": HazardKind(
        needs=rule.needs,
        evaluate=lambda rule, s: s.conditions.evaluate(rule, s),
        compare=lambda _rule, _sources, _place: [],
        has_conditions=True,
        note=lambda hazard, _sources, place: rule.describe_concern(hazard, place),
    ),
}
"""By `HazardRule.evaluator`."""


def kind_of(hazard: HazardRule) -> HazardKind:
    """The kind of a hazard."""
    return HAZARD_KINDS[hazard.evaluator]


def rain_now(rule: HazardRule, antecedent: VillageAntecedent | None) -> CriticalRain:
    """The table of rain of a hazard that asks for probabilities, on the ground as it is."""
    own = kind_of(rule).rain_now
    assert own is not None, rule.evaluator
    return own(rule, antecedent)


def relay_tables(rules: Iterable[HazardRule]) -> list[RelayTable]:
    """What all hazards take of other services' alerts."""
    tables = (kind_of(rule).relays(rule) for rule in rules)
    return [table for table in tables if table is not None]


def needs_of(hazard: HazardRule) -> Needs:
    """What a hazard reads."""
    return kind_of(hazard).needs(hazard)
