"""Why a village is warned, or is not: the parts of the last step's judgement, at one village.

Nothing is judged here. What evaluators compared comes from the evaluators, why
a level stands from the arrays that let levels fall, weights and coverage are
those that the rain of the village was combined with. `HazardView.adds_up` says
whether the parts give the level that the judgement found; anything else is a
fault of ours and must be seen.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from warnstream.assessment.judgement import Judgement
from warnstream.assessment.reasons import Sources, coverage_of, window_of_value
from warnstream.assessment.rule_checks import VillageFindings
from warnstream.assessment.station_rain import Windows
from warnstream.hazards.registry import kind_of
from warnstream.hazards.sources import HazardSources
from warnstream.lifecycle.hysteresis import Standing, held_level
from warnstream.model.arrays import BoolArray
from warnstream.model.changes import Reason
from warnstream.model.level import Level
from warnstream.model.network import Network, StationWeights
from warnstream.model.observations.days import DayWindow
from warnstream.model.observations.signs import Sign
from warnstream.model.observations.station_quality import STATION_FLAGS, StationFlag
from warnstream.model.rules.comparison import Comparison, RuleLevelFound
from warnstream.model.rules.rules import HazardRule


@dataclass(frozen=True, slots=True)
class StationView:
    """One rain gauge that speaks for a place, or should.

    Attributes
    ----------
    station : int
    weight, own_weight : float
        Its share of the place's rain at this step, and while all gauges of the place speak.
    distance_m : float
    is_reporting, is_usable : bool
        Not silent by itself; reports and measures, or has a spare that does.
    observed_at_s : int
        Newest observation; -1: none.
    flags : tuple of StationFlag
        Why it is doubted; `confidence` is what is left of it.
    rain_mm, coverage, unmeasured : tuple of float
        By the windows of the place: its rain, the share of the window that it reported, and what share
        it is held not to have measured though it reported.
    """

    station: int
    weight: float
    own_weight: float
    distance_m: float
    is_reporting: bool
    is_usable: bool
    observed_at_s: int
    flags: tuple[StationFlag, ...]
    confidence: float
    rain_mm: tuple[float, ...]
    coverage: tuple[float, ...]
    unmeasured: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class PlaceView:
    """What was known of one zone, or of a village without zones: rain, and who measured it.

    Attributes
    ----------
    zone : str
        Name; empty where the place is the whole village.
    heard : float
        Share by weight of its own gauges that speak.
    is_blind, is_partly_blind : bool
    window : tuple of (int or DayWindow)
        Durations in seconds, then windows of whole days.
    rain_mm, coverage : tuple of float
        Over each window; NaN where nobody knows.
    grid : tuple of str
        Which grid gave the rain of each window, and its coverage; empty where gauges did.
    leads_s : tuple of int
        How far ahead the forecast looks; empty without one.
    ahead_mm : tuple of float
        Rain expected within each of `leads_s`; NaN where nobody knows.
    soil_water_mm, antecedent_coverage : float
        NaN where no rule asks for earlier rain.
    stations : tuple of StationView
        Those that speak, by weight, then those that should and do not.
    """

    zone: str
    heard: float
    is_blind: bool
    is_partly_blind: bool
    window: tuple[int | DayWindow, ...]
    rain_mm: tuple[float, ...]
    coverage: tuple[float, ...]
    grid: tuple[str, ...]
    leads_s: tuple[int, ...]
    ahead_mm: tuple[float, ...]
    soil_water_mm: float
    antecedent_coverage: float
    stations: tuple[StationView, ...]


@dataclass(frozen=True, slots=True)
class PlaceFinding:
    """What a hazard found at one place: the level, and everything that was compared for it.

    `conditions` are those of a rule of the operator's own, `note` says how wet
    the ground is or that the rule is not for this place. `is_lone`: one gauge alone carries the level, which
    is no higher than the policy allows.
    """

    zone: str
    level: Level
    comparisons: tuple[Comparison, ...]
    conditions: tuple[RuleLevelFound, ...]
    note: str
    is_lone: bool = False


@dataclass(frozen=True, slots=True)
class HazardView:
    """One hazard at one village.

    Attributes
    ----------
    hazard : str
    standing : Standing
        The level that stands, since when, and when it may fall.
    failure : str
        Why the hazard could not be evaluated at this step: nothing was found then. Empty otherwise.
    found : Level
        What was found at this step, signs included.
    holds : Level
        The level that is held up by what was found, if only by clear values.
    can_fall, is_blind : bool
        Enough was observed for a level to fall; the sources are silent.
    speaks : int
        Which of `places` speaks for the village; -1 after a failure.
    reason : Reason or None
        As in the messages of this step; None where nothing is found.
    places : tuple of PlaceFinding
    adds_up : bool
        What was compared gives the level that was found.
    """

    hazard: str
    standing: Standing
    failure: str
    found: Level
    holds: Level
    can_fall: bool
    is_blind: bool
    speaks: int
    reason: Reason | None
    places: tuple[PlaceFinding, ...]
    adds_up: bool


@dataclass(frozen=True, slots=True)
class VillageView:
    """Everything that decided on one village at one step.

    `forecast_failure` says why the last nowcast failed; `signs` are those that stand there.
    """

    village: int
    now_s: int
    places: tuple[PlaceView, ...]
    hazards: tuple[HazardView, ...]
    signs: tuple[Sign, ...]
    forecast_failure: str


@dataclass(frozen=True, slots=True)
class Explained:
    """The last step of an assessment, as far as it can be asked about."""

    sources: Sources
    is_reporting: BoolArray
    failures: dict[str, str]


def view_village(
    network: Network, judgement: Judgement, own: StationWeights, last: Explained, village: int
) -> VillageView:
    """Everything that decided on a village at the last step.

    Parameters
    ----------
    network : Network
    judgement : Judgement
        Right after that step.
    own : StationWeights
        Of the places, while all their gauges speak.
    last : Explained
    village : int
    """
    first, end = network.places.first_of_village[village : village + 2].tolist()
    places = range(first, end)
    windows = last.sources.stations.windows(last.sources.now_s)
    signs = tuple(sign for sign in last.sources.signs.standing if sign.village == village)
    return VillageView(
        village,
        last.sources.now_s,
        tuple(_view_place(network, own, last, windows, place) for place in places),
        tuple(_view_hazard(rule, network, judgement, last, village) for rule in judgement.rules),
        signs,
        last.failures.get("forecast", ""),
    )


def _view_place(
    network: Network, own: StationWeights, last: Explained, windows: Windows, place: int
) -> PlaceView:
    sources, rain = last.sources, last.sources.rain
    used = _weights(rain.weights, place)
    owned = _weights(own, place)
    order = sorted({**owned, **used}, key=lambda station: -used.get(station, (0.0, 0.0))[0])
    views = tuple(_view_station(station, used, owned, last, windows) for station in order)
    antecedent = sources.antecedent
    coverage, grid = rain.coverage[place].tolist(), [""] * len(rain.coverage[place])
    if rain.grids is not None:
        for column in range(len(coverage)):
            number = rain.grids.of(place, column)
            if number is not None:
                coverage[column] = float(rain.grids.coverage[place, column])
                grid[column] = rain.grids.policies[number].name
    return PlaceView(
        network.places.zone[place],
        float(sources.sight.heard[place]),
        bool(sources.sight.is_blind[place]),
        bool(sources.sight.is_partly_blind[place]),
        (*rain.duration_s.tolist(), *rain.day_windows),
        tuple(rain.rain_mm[place].tolist()),
        tuple(coverage),
        tuple(grid),
        rain.leads_s,
        tuple(rain.ahead_mm[place].tolist()),
        float("nan") if antecedent is None else float(antecedent.soil_water_mm[place]),
        float("nan") if antecedent is None else float(antecedent.coverage[place]),
        views,
    )


def _weights(weights: StationWeights, place: int) -> dict[int, tuple[float, float]]:
    """Weight and distance of the stations of a place."""
    rows = zip(
        weights.station[place].tolist(),
        weights.weight[place].tolist(),
        weights.distance_m[place].tolist(),
        strict=True,
    )
    return {station: (weight, distance_m) for station, weight, distance_m in rows if weight > 0}


def _view_station(
    station: int,
    used: dict[int, tuple[float, float]],
    owned: dict[int, tuple[float, float]],
    last: Explained,
    windows: Windows,
) -> StationView:
    stations, quality = last.sources.stations, last.sources.quality
    share = windows.unmeasured.share[windows.unmeasured.station == station].sum(axis=0)
    return StationView(
        station,
        used.get(station, (0.0, 0.0))[0],
        owned.get(station, (0.0, 0.0))[0],
        (used.get(station) or owned[station])[1],
        bool(last.is_reporting[station]),
        bool(stations.is_usable(last.is_reporting, quality)[station]),
        int(stations.last_observed_s()[station]),
        tuple(flag for flag in STATION_FLAGS if quality.flags[station] & flag),
        float(quality.confidence[station]),
        tuple(windows.rain_mm[station].tolist()),
        tuple(windows.coverage[station].tolist()),
        tuple(share.tolist()),
    )


def _view_hazard(
    rule: HazardRule, network: Network, judgement: Judgement, last: Explained, village: int
) -> HazardView:
    standing = judgement.levels[rule.name].standing(village, rule.lowering)
    findings = judgement.findings(rule.name)
    failure = last.failures.get(rule.name, "")
    if findings is None:
        blind = bool(judgement.levels[rule.name].is_blind[village])
        return HazardView(
            rule.name, standing, failure, Level.NONE, standing.level, False, blind, -1, None, (), True
        )
    first, end = network.places.first_of_village[village : village + 2].tolist()
    places = tuple(
        _find(rule, network, judgement, findings, place, last.sources) for place in range(first, end)
    )
    found = findings.of_villages
    return HazardView(
        rule.name,
        standing,
        failure,
        Level(int(found.level[village])),
        Level(int(held_level(found)[village])),
        bool(found.can_fall[village]),
        bool(found.is_blind[village]),
        int(findings.place[village]) - first,
        judgement.reason(rule, village, last.sources),
        places,
        all(_adds_up(place) for place in places),
    )


def _find(
    rule: HazardRule,
    network: Network,
    judgement: Judgement,
    findings: VillageFindings,
    place: int,
    sources: Sources,
) -> PlaceFinding:
    kind, read = kind_of(rule), judgement.hazard_sources(sources)
    note = kind.note(rule, read, place)
    has_conditions = kind.has_conditions and not note  # such a note says that the rule is not for the place
    conditions = tuple(judgement.trace_conditions(rule, place, sources)) if has_conditions else ()
    comparisons = tuple(_with_coverage(rule, place, sources, read))
    level, is_lone = Level(int(findings.of_places.level[place])), judgement.is_lone(rule.name, place)
    if is_lone:
        note = "; ".join(filter(None, (note, f"one gauge, not confirmed: no higher than {level.word}")))
    return PlaceFinding(network.places.zone[place], level, comparisons, conditions, note, is_lone)


def _with_coverage(
    rule: HazardRule, place: int, sources: Sources, read: HazardSources
) -> Iterator[Comparison]:
    for comparison in kind_of(rule).compare(rule, read, place):
        window = window_of_value(rule, comparison.indicator, comparison.duration_s, sources.rain)
        yield replace(comparison, coverage=coverage_of(sources, place, comparison.indicator, window))


def _adds_up(place: PlaceFinding) -> bool:
    levels = [comparison.level for comparison in place.comparisons]
    levels += [condition.level for condition in place.conditions if condition.found.is_reached]
    compared = max(levels, default=Level.NONE)
    return compared >= place.level if place.is_lone else compared == place.level
