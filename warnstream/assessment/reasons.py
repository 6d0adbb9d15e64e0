"""Why a village has its level: station, value, threshold, source, and everything else that had to hold."""

from dataclasses import dataclass, field

import numpy as np

from warnstream.assessment.stations import StationState
from warnstream.assessment.villages import GaugeAvailability
from warnstream.hazards.registry import kind_of, needs_of
from warnstream.model.alerts.relaying import NO_ALERTS, StandingAlerts
from warnstream.model.changes import Fact, Reason
from warnstream.model.forecast import Expected, RainMembers
from warnstream.model.grids import GridPolicy
from warnstream.model.network import Network
from warnstream.model.observations.days import DayWindow, over_duration
from warnstream.model.observations.signs import VillageSigns
from warnstream.model.observations.station_quality import (
    CLOGGED,
    CONFIDENCE,
    DOUBT,
    STATION_FLAGS,
    StationFlag,
    StationQuality,
)
from warnstream.model.rules.expressions import (
    Leaf,
    LevelTerm,
    ModelTerm,
    ShareTerm,
    SignTerm,
    lead_s_of,
    rests_on_what_comes,
)
from warnstream.model.rules.indicators import (
    BY_DAYS,
    HazardLevels,
    Indicator,
    VillageAntecedent,
    VillageRain,
    indicator_of_days,
)
from warnstream.model.rules.rules import HazardRule
from warnstream.model.rules.some_places import RainMoved
from warnstream.model.times import HOUR_S, iso_utc

ANTECEDENT_COVERAGE_MIN = 0.5
"""Below it the states of earlier rain are still filling: certainty is lower."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What the hazards of one step are judged by; `antecedent` is None where no rule asks for it.

    `moved`: where rain is another than before; `members` of the rain to come and `far` are of this step.
    """

    stations: StationState
    rain: VillageRain
    antecedent: VillageAntecedent | None
    sight: GaugeAvailability
    quality: StationQuality
    signs: VillageSigns
    now_s: int
    alerts: StandingAlerts = NO_ALERTS
    moved: RainMoved | None = None
    members: RainMembers | None = None
    far: RainMembers | None = None
    _sources: dict[tuple[Indicator, int, int], int] = field(default_factory=dict, repr=False)

    def source_of(self, indicator: Indicator, station: int, duration_s: int) -> int:
        """Whose readings a value rests on: the station's, or those of a spare of it."""
        if not indicator.info.is_rain:
            return station
        asked = (indicator, station, duration_s)
        if asked not in self._sources:  # a front asks for one gauge many times
            self._sources[asked] = self.stations.gauge_and_spare(*asked).source
        return self._sources[asked]

    def observed_at_s(self, indicator: Indicator, station: int, duration_s: int) -> int:
        """Newest observation that a value rests on."""
        source = self.source_of(indicator, station, duration_s)
        return int(self.stations.observed_at_s(indicator)[source])

    def is_doubtful(self, indicator: Indicator, station: int, place: int, duration_s: int) -> bool:
        """Whether readings of the window, the gauge or too few gauges leave a level unconfirmed."""
        source = self.source_of(indicator, station, duration_s)
        since_s = int(self.stations.observed_at_s(indicator)[source]) - duration_s
        by_readings = since_s <= self.stations.doubtful_until_s(indicator, source)
        if not indicator.info.is_rain:
            return by_readings
        flags = StationFlag(int(self.quality.flags[station]))
        # The spare says so, the gauge beside it does not, and neither do the neighbours.
        alone = flags & CLOGGED == StationFlag.CONTRADICTED
        by_gauge = bool(self.quality.flags[source] & np.uint16(DOUBT))
        return by_readings or by_gauge or alone or bool(self.sight.is_partly_blind[place])


@dataclass(frozen=True, slots=True)
class LeafFact:
    """What a term of a rule found in one village; `station` is -1 for rain, which several stations give.

    `whole` is what a share is a part of, NaN of all else; `expected` what a probability says.
    """

    leaf: Leaf
    since_s: int
    value: float
    amount: float
    station: int = -1
    whole: float = float("nan")
    expected: Expected | None = None


def reason_of_value(
    rule: HazardRule, village: int, found: HazardLevels, sources: Sources, network: Network
) -> Reason:
    """The one value that reached the level."""
    station = int(found.station[village])
    indicator = Indicator(int(found.indicator[village]))
    duration_s = int(found.duration_s[village])
    spoken = _by_grid(sources, village, indicator, duration_s, int(found.lead_s[village]))
    if spoken is not None:
        return _reason_of_grid(rule, village, found, spoken)
    source = sources.source_of(indicator, station, duration_s)
    window = window_of_value(rule, indicator, duration_s, sources.rain)
    coverage = coverage_of(sources, village, indicator, window)
    is_warming_up = _is_of_earlier_rain(indicator, window) and coverage < ANTECEDENT_COVERAGE_MIN
    is_doubtful = sources.is_doubtful(indicator, station, village, duration_s)
    facts = _travel(rule, village, station, network)
    if isinstance(window, DayWindow):
        facts = (_fact_of_days(window, indicator, village, found, sources, network),)
    facts += _spare_facts([(station, indicator, duration_s)], sources, network)
    return Reason(
        indicator=indicator.word,
        station=network.stations.code[source],
        value=round(float(found.value[village]), 3),
        threshold=round(float(found.threshold[village]), 3),
        unit=indicator.info.unit,
        duration_s=duration_s,
        forecast_value=round(float(found.forecast_value[village]), 3),
        lead_s=int(found.lead_s[village]),
        observed_until_s=sources.observed_at_s(indicator, station, duration_s),
        coverage=round(coverage, 3),
        confirmed=bool(found.is_confirmed[village])
        and not (is_doubtful or found.is_blind[village] or is_warming_up),
        source=rule.source,
        facts=facts,
        ratio=None if np.isnan(found.ratio[village]) else round(float(found.ratio[village]), 3),
        expected=_outlook(found, village),
    )


def _outlook(found: HazardLevels, place: int) -> Expected | None:
    """What the level of a place rests on, where its threshold has not been reached."""
    return None if found.outlook is None else found.outlook.at(place)


def window_of_value(
    rule: HazardRule, indicator: Indicator, duration_s: int, rain: VillageRain
) -> int | DayWindow:
    """Days that a value was taken over, where it was; else its duration in seconds."""
    if indicator is Indicator.RAIN and rain.is_by_days(duration_s):
        return over_duration(duration_s)
    if indicator not in BY_DAYS:  # what a rule needs is dear to ask for once a reason
        return duration_s
    days = (window for window in needs_of(rule).days if indicator_of_days(window) is indicator)
    return next((window for window in days if window.duration_s == duration_s), duration_s)


def _is_of_earlier_rain(indicator: Indicator, window: int | DayWindow) -> bool:
    """Whether a value remembers so much that a node must have been running for long to know it."""
    return indicator.info.is_of_earlier_rain or isinstance(window, DayWindow)


def _fact_of_days(  # where a value comes from
    window: DayWindow,
    indicator: Indicator,
    village: int,
    found: HazardLevels,
    sources: Sources,
    network: Network,
) -> Fact:
    """The value again, with the days that it was taken over."""
    return Fact(
        indicator=indicator.word,
        station=network.stations.code[int(found.station[village])],
        value=round(float(found.value[village]), 3),
        threshold=round(float(found.threshold[village]), 3),
        unit=indicator.info.unit,
        duration_s=int(found.duration_s[village]),
        lead_s=int(found.lead_s[village]),
        note=days_note(window, sources.rain.today_s),
        coverage=round(coverage_of(sources, village, indicator, window), 3),
    )


def days_note(window: DayWindow, today_s: int) -> str:
    """Begin and end of a window of days as an ISO 8601 interval; of one with today the end of today.

    >>> days_note(DayWindow(1, 15), 1_781_740_800)
    '2026-06-03T00:00:00Z/2026-06-18T00:00:00Z'
    """
    return f"{iso_utc(window.begin_s(today_s))}/{iso_utc(window.end_s(today_s))}"


@dataclass(frozen=True, slots=True)
class _Spoken:
    """A grid that gave the rain of a window: who, until when it saw the place, how much of the window."""

    policy: GridPolicy
    observed_at_s: int
    coverage: float
    gauge_mm: float


def _by_grid(
    sources: Sources, place: int, indicator: Indicator, duration_s: int, lead_s: int = 0
) -> _Spoken | None:
    """The grid behind the observed part of a rain that was judged; None if gauges are."""
    grids, past_s = sources.rain.grids, duration_s - lead_s
    if grids is None or indicator is not Indicator.RAIN or past_s <= 0:
        return None
    column = sources.rain.column(past_s)
    number = grids.of(place, column)
    if number is None:
        return None
    return _Spoken(
        grids.policies[number],
        int(grids.observed_at_s[number, place]),
        float(grids.coverage[place, column]),
        float(grids.gauge_mm[place, column]),
    )


def _reason_of_grid(rule: HazardRule, place: int, found: HazardLevels, spoken: _Spoken) -> Reason:
    """A rain that a grid has seen and no gauge has: never confirmed."""
    return Reason(
        indicator=Indicator.RAIN.word,
        station="",
        value=round(float(found.value[place]), 3),
        threshold=round(float(found.threshold[place]), 3),
        unit=Indicator.RAIN.info.unit,
        duration_s=int(found.duration_s[place]),
        forecast_value=round(float(found.forecast_value[place]), 3),
        lead_s=int(found.lead_s[place]),
        observed_until_s=spoken.observed_at_s,
        coverage=round(spoken.coverage, 3),
        confirmed=False,
        source=rule.source,
        ratio=None if np.isnan(found.ratio[place]) else round(float(found.ratio[place]), 3),
        grid=spoken.policy.name,
        gauge_value=round(spoken.gauge_mm, 3),
        certainty=spoken.policy.certainty,
        expected=_outlook(found, place),
    )


def _travel(rule: HazardRule, place: int, station: int, network: Network) -> tuple[Fact, ...]:
    """The way of a flood from the gauge to the village, where it has one."""
    minutes = kind_of(rule).travel_minutes(rule, place, station)
    if minutes is None:
        return ()
    least, most = minutes
    return (Fact("travel", network.stations.code[station], float(least), float(most), "min"),)


def _spare_facts(
    measured: list[tuple[int, Indicator, int]], sources: Sources, network: Network
) -> tuple[Fact, ...]:
    """Gauges whose spares were used instead, and what the spare of a doubted gauge says; each once.

    `measured` are stations, indicators and durations.
    """
    code, facts = network.stations.code, dict[int, Fact]()
    for station, indicator, duration_s in measured:
        if not indicator.info.is_rain:
            continue
        pair = sources.stations.gauge_and_spare(indicator, station, duration_s)
        if pair.spare < 0:
            continue
        word = _doubt_of(station, sources)
        if pair.source == station and not word:
            continue
        of_gauge, of_spare = round(pair.gauge_mm, 3), round(pair.spare_mm, 3)
        if pair.source == station:
            fact = Fact("spare", code[pair.spare], of_spare, of_gauge, "mm", duration_s, note=word)
        else:
            word = word or "silent"
            fact = Fact("replaced", code[station], of_gauge, of_spare, "mm", duration_s, note=word)
        facts.setdefault(station, fact)
    return tuple(facts.values())


def _doubt_of(station: int, sources: Sources) -> str:
    """Word of the worst flag of a gauge, now or in a window that holds it still; empty: none."""
    flags = StationFlag(int(sources.quality.flags[station])) & (CLOGGED | DOUBT)
    if not flags:
        stretches = sources.quality.stretches
        flags = StationFlag(int(np.bitwise_or.reduce(stretches.flag[stretches.station == station])))
    carried = [flag for flag in STATION_FLAGS if flag & flags]
    return min(carried, key=lambda flag: CONFIDENCE[flag]).word if carried else ""


def reason_of_facts(
    rule: HazardRule, village: int, found: list[LeafFact], sources: Sources, network: Network
) -> Reason:
    """Everything that a rule asked for; first what is forecast, then what is farthest above its amount."""
    main = max(found, key=_weight)
    facts = [_fact(fact, village, sources, network) for fact in found]
    first = facts[found.index(main)]
    spoken = [_grid_of(fact, village, sources) for fact in found]
    stations = [
        -1 if grid is not None else _station(fact, village, sources)
        for fact, grid in zip(found, spoken, strict=True)
    ]
    indicators = [_indicator(fact.leaf) for fact in found]
    measured = [
        (station, indicator, fact.duration_s)
        for station, indicator, fact in zip(stations, indicators, facts, strict=True)
        if station >= 0
    ]
    observed = [sources.observed_at_s(indicator, station, over_s) for station, indicator, over_s in measured]
    doubtful = [
        sources.is_doubtful(indicator, station, village, over_s) for station, indicator, over_s in measured
    ]
    windows = [_window_of_leaf(fact.leaf, sources.rain) for fact in found]
    coverage = min((fact.coverage for fact in facts), default=1.0)
    observed += [grid.observed_at_s for grid in spoken if grid is not None]
    by_grid = next((grid.policy for grid in spoken if grid is not None), None)
    rests_on_rain = any(indicator.info.is_rain for indicator in indicators)
    is_warming_up = coverage < ANTECEDENT_COVERAGE_MIN and any(
        _is_of_earlier_rain(i, window) for i, window in zip(indicators, windows, strict=True)
    )
    unseen = any(isinstance(fact.leaf, SignTerm) and not fact.leaf.is_validated for fact in found)
    is_blind = rests_on_rain and bool(sources.rain.is_blind[village])
    lead_s = max(fact.lead_s for fact in facts)
    return Reason(
        indicator=first.indicator,
        station=first.station,
        value=first.value,
        threshold=first.threshold,
        unit=first.unit,
        duration_s=first.duration_s,
        forecast_value=first.value if first.lead_s else 0.0,
        lead_s=lead_s,
        observed_until_s=max(observed, default=sources.now_s),
        coverage=round(coverage, 3),
        confirmed=not (any(doubtful) or is_blind or is_warming_up or unseen or by_grid),
        source=rule.source,
        facts=(
            first,
            *(fact for fact in facts if fact is not first),
            *_spare_facts(measured, sources, network),
        ),
        grid=first.grid,
        certainty="" if by_grid is None else by_grid.certainty,
        expected=_expected_of(main),
    )


def _expected_of(one: LeafFact) -> Expected | None:
    """Why what a term warns of is expected; None where it was observed, as a model's rain never is."""
    if isinstance(one.leaf, ShareTerm) and one.value < one.whole:
        return Expected(one.leaf.of, share=one.leaf.share)
    return one.expected if isinstance(one.leaf, ModelTerm) or one.value < one.amount else None


def _weight(one: LeafFact) -> tuple[int, float]:
    """Numbers go before signs and levels; what is expected goes first, for without it there is no level."""
    if isinstance(one.leaf, SignTerm | LevelTerm):
        return (0, 0.0)
    ratio = one.value / one.amount if one.amount > 0 else 0.0
    return (2 if rests_on_what_comes(one.leaf) else 1, float(np.nan_to_num(ratio)))


def _indicator(leaf: Leaf) -> Indicator:
    if isinstance(leaf, SignTerm):
        return Indicator.SIGN
    return Indicator.LEVEL if isinstance(leaf, LevelTerm) else leaf.quantity.indicator


def _station(one: LeafFact, village: int, sources: Sources) -> int:
    """Station that a value comes from; of rain the one that weighs most; -1: none."""
    if isinstance(one.leaf, SignTerm | LevelTerm):
        return -1
    if not one.leaf.quantity.indicator.info.is_rain:
        return one.station
    quantity = one.leaf.quantity
    duration_s = int(quantity.parameter) if quantity.indicator is Indicator.RAIN else HOUR_S
    return sources.rain.main_station_over(village, quantity.days or duration_s)


def _window_of_leaf(leaf: Leaf, rain: VillageRain) -> int | DayWindow:
    """Days that a term reads, where it does; else its duration in seconds, 0 without one."""
    if isinstance(leaf, SignTerm | LevelTerm):
        return 0
    quantity = leaf.quantity
    if quantity.days is not None:
        return quantity.days
    duration_s = int(quantity.parameter) if quantity.indicator.info.has_window else 0
    if quantity.indicator is Indicator.RAIN and rain.is_by_days(duration_s):
        return over_duration(duration_s)
    return duration_s


def _fact(one: LeafFact, village: int, sources: Sources, network: Network) -> Fact:
    leaf, indicator = one.leaf, _indicator(one.leaf)
    by_grid = _grid_of(one, village, sources)
    station = -1 if by_grid is not None else _station(one, village, sources)
    quantity = None if isinstance(leaf, SignTerm | LevelTerm) else leaf.quantity
    window = _window_of_leaf(leaf, sources.rain)
    note = leaf.kind if isinstance(leaf, SignTerm) else leaf.hazard if isinstance(leaf, LevelTerm) else ""
    if isinstance(window, DayWindow):
        note = days_note(window, sources.rain.today_s)
    duration_s = window if isinstance(window, int) else window.duration_s
    if quantity is not None and indicator is Indicator.RAIN:
        duration_s = int(quantity.parameter)
    source = sources.source_of(indicator, station, duration_s) if station >= 0 else -1
    return Fact(
        indicator=indicator.word,
        station=network.stations.code[source] if source >= 0 else "",
        value=round(one.value, 3),
        threshold=round(one.whole if isinstance(leaf, ShareTerm) else one.amount, 3),
        unit=indicator.info.unit,
        duration_s=duration_s,
        lead_s=lead_s_of(quantity) if quantity is not None else 0,
        held_since_s=max(one.since_s, 0),
        note=note,
        coverage=round(coverage_of(sources, village, indicator, window), 3),
        grid="" if by_grid is None else by_grid.policy.name,
    )


def _grid_of(one: LeafFact, place: int, sources: Sources) -> _Spoken | None:
    """The grid that a term of a rule rests on."""
    if isinstance(one.leaf, SignTerm | LevelTerm):
        return None
    quantity = one.leaf.quantity
    return _by_grid(sources, place, quantity.indicator, int(quantity.parameter))


def coverage_of(sources: Sources, village: int, indicator: Indicator, window: int | DayWindow) -> float:
    """Share of the past observed that an indicator rests on; `window` is a duration in seconds or days."""
    if indicator is Indicator.RAIN or indicator in BY_DAYS:
        rain, column = sources.rain, sources.rain.column(window)
        by_grid = rain.grids is not None and rain.grids.of(village, column) is not None
        return float((rain.grids if by_grid and rain.grids else rain).coverage[village, column])
    if indicator.info.is_of_earlier_rain and sources.antecedent is not None:
        return float(sources.antecedent.coverage[village])
    return 1.0
