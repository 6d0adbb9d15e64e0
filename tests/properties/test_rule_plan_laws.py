"""Conditions of rules against a plain reading of the language, place by place and step by step."""

from dataclasses import dataclass, field
from math import isnan, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.networks import HOUR, LOWERING, T0
from warnstream.hazards.conditions.plan import HISTORY_SAMPLES, RulePlan
from warnstream.hazards.sources import HazardSources
from warnstream.lifecycle.hysteresis import LevelState
from warnstream.model.arrays import BoolArray, Float64Array, Int32Array
from warnstream.model.level import LEVELS, Level
from warnstream.model.network import StationWeights
from warnstream.model.rules.comparison import ConditionFound
from warnstream.model.rules.expressions import (
    Expression,
    Group,
    Lasting,
    Leaf,
    LevelTerm,
    Quantity,
    Relation,
    RuleLevel,
    RuleTable,
    Sequence,
    SignTerm,
    Term,
    lead_s_of,
    parts_of,
)
from warnstream.model.rules.indicators import GaugeStage, Indicator, SensorSamples, VillageRain
from warnstream.model.rules.rules import HazardRule

N = 3
VILLAGE = np.array([1, 0, 2], dtype=np.int32)
"""Village of each place: places and villages are not in the same order."""
GAUGE = np.array([0, 1, -1], dtype=np.int32)
"""The third place has no gauge."""
COLUMN = np.array([10.0, 20.0, nan])
COLUMN_CLEAR = np.array([8.0, 16.0, nan])
STALE_S = 900
AHEAD_S = HOUR

RAIN = Quantity(Indicator.RAIN, HOUR)
EXPECTED = Quantity(Indicator.FORECAST_RAIN, AHEAD_S)
STAGE = Quantity(Indicator.STAGE, 0.0, "gauge", STALE_S)
AT_LEAST, AT_MOST, RISES_BY = Relation.AT_LEAST, Relation.AT_MOST, Relation.RISES_BY
LEAVES: tuple[Leaf, ...] = (
    Term(RAIN, AT_LEAST, 10.0, 8.0),
    Term(RAIN, AT_LEAST, "own", "own clear"),
    Term(RAIN, AT_MOST, 2.0, 4.0),
    Term(EXPECTED, AT_LEAST, 10.0, 8.0),
    Term(STAGE, AT_LEAST, 12.0, 11.5),
    Term(STAGE, AT_MOST, 1.0, 2.0),
    Term(STAGE, AT_LEAST, "own", "own clear"),
    Term(STAGE, RISES_BY, 0.4, 0.2, over_s=600),
    Term(STAGE, RISES_BY, 0.4, 0.2, over_s=HOUR),
    SignTerm("crack", is_validated=False),
    SignTerm("crack", is_validated=True),
    LevelTerm("other", Level.YELLOW),
)
expressions = st.recursive(
    st.sampled_from(LEAVES),
    lambda part: st.one_of(
        st.builds(Group, st.booleans(), st.lists(part, min_size=2, max_size=3, unique=True).map(tuple)),
        st.builds(Lasting, part, st.sampled_from([300, 600, 1200])),
        st.builds(Sequence, part, part, st.sampled_from([300, 900])),
    ),
    max_leaves=6,
)
rules = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from(LEVELS), expressions, min_size=1, max_size=3),
        st.sampled_from([None, (True, False, True)]),
    ),
    min_size=1,
    max_size=2,
)


@dataclass(frozen=True)
class Weather:
    """What is known of the three villages (or gauges) at one step."""

    rain_mm: list[float]
    coverage: list[float]
    is_blind: list[bool]
    ahead_mm: list[float]
    stage_m: list[float]
    says: list[bool]
    sign: list[bool]
    level: list[int]
    other_blind: list[bool]


def three(of: st.SearchStrategy[object]) -> st.SearchStrategy[list[object]]:
    return st.lists(of, min_size=N, max_size=N)


few = st.sampled_from([False, False, False, True])
weather = st.builds(
    Weather,
    rain_mm=three(st.sampled_from([nan, 0.0, 2.0, 4.0, 8.0, 9.9, 10.0, 16.0, 20.0, 30.0])),
    coverage=three(st.sampled_from([0.5, 0.8, 1.0])),
    is_blind=three(few),
    ahead_mm=three(st.sampled_from([nan, 0.0, 9.0, 10.0])),
    stage_m=three(st.sampled_from([0.5, 1.0, 2.0, 10.0, 10.2, 10.4, 11.5, 11.9, 12.0, 20.0])),
    says=three(st.sampled_from([True, True, False])),
    sign=three(few),
    level=three(st.integers(0, 4)),
    other_blind=three(few),
)
steps = st.lists(st.tuples(st.sampled_from([300, 300, 300, 600, 1200]), weather), min_size=1, max_size=14)


@dataclass
class Gauges:
    """What gauges said last, and when; the stations of the sources."""

    stage_m: Float64Array = field(default_factory=lambda: np.full(N, nan))
    at_s: np.ndarray = field(default_factory=lambda: np.full(N, -1, dtype=np.int64))

    def hear(self, weather: Weather, now_s: int) -> None:
        for gauge, says in enumerate(weather.says):
            if says:
                self.stage_m[gauge], self.at_s[gauge] = weather.stage_m[gauge], now_s

    def stages(self, _gauges: Int32Array, _window_s: int) -> GaugeStage:
        return GaugeStage(self.stage_m.copy(), self.at_s.copy(), np.full(N, nan))

    def samples(self) -> SensorSamples:
        raise AssertionError("no rule here reads samples")

    def fire_weather(self) -> Float64Array:
        raise AssertionError("no rule here reads fire weather")


@dataclass(frozen=True)
class Signs:
    """Signs by village; validated ones are those of the first village alone."""

    sign: BoolArray

    def seen(self, kind: str, *, is_validated: bool) -> BoolArray:
        assert kind == "crack"
        return self.sign & (np.arange(N) == 0) if is_validated else self.sign


def sources_of(weather: Weather, gauges: Gauges, now_s: int) -> HazardSources:
    other = LevelState(N)
    other.level = np.array(weather.level, dtype=np.uint8)
    other.is_blind = np.array(weather.other_blind)
    column = np.array(weather.rain_mm)[:, None]
    rain = VillageRain(
        duration_s=np.array([HOUR], dtype=np.int32),
        rain_mm=column,
        coverage=np.array(weather.coverage)[:, None],
        is_blind=np.array(weather.is_blind),
        ahead_mm=np.array([weather.ahead_mm, [nan] * N, [nan] * N]).T,
        leads_s=(HOUR, 2 * HOUR, 3 * HOUR),
        station_rain_mm=column,
        weights=StationWeights(np.zeros((N, 1), np.int32), np.ones((N, 1)), np.zeros((N, 1))),
    )
    return HazardSources(rain, None, gauges, Signs(np.array(weather.sign)), {"other": other}, None, N, now_s)  # type: ignore[arg-type]


def amount_of(amount: float | str, place: int) -> float:
    if isinstance(amount, str):
        return float((COLUMN if amount == "own" else COLUMN_CLEAR)[place])
    return amount


@dataclass
class Place:
    """The law at one place; what a condition remembers is kept under the condition itself."""

    place: int
    since_s: dict[Expression, int] = field(default_factory=dict)
    first_s: dict[Expression, int] = field(default_factory=dict)
    under_way: dict[Expression, tuple[bool, bool]] = field(default_factory=dict)
    past: dict[int, float] = field(default_factory=dict)
    found: dict[Expression, tuple[bool, bool]] = field(default_factory=dict)

    def begin(self, weather: Weather, gauges: Gauges, now_s: int) -> None:
        self.found, self.now_s, self.weather, self.gauges = {}, now_s, weather, gauges
        self.village, self.gauge = int(VILLAGE[self.place]), int(GAUGE[self.place])

    def is_fresh(self) -> bool:
        at_s = self.gauges.at_s[self.gauge]
        return bool(self.gauge >= 0 and at_s >= 0 and self.now_s - at_s <= STALE_S)

    def value(self, quantity: Quantity) -> float:
        if quantity == RAIN:
            return self.weather.rain_mm[self.place]
        if quantity == EXPECTED:
            return self.weather.ahead_mm[self.place]
        return float(self.gauges.stage_m[self.gauge]) if self.is_fresh() else nan

    def compared(self, term: Term) -> float:
        if term.relation is not RISES_BY:
            return self.value(term.quantity)
        return round(self.value(term.quantity) - self.value_before(self.now_s - term.over_s, term), 6)

    def value_before(self, then_s: int, term: Term) -> float:
        """The newest value not younger than a time, unless it is too old to stand for it."""
        age_s_max = 2 * max(term.over_s // HISTORY_SAMPLES, 60)
        known = [at_s for at_s in self.past if then_s - age_s_max <= at_s <= then_s]
        return self.past[max(known)] if known else nan

    def judge(self, one: Expression) -> tuple[bool, bool]:
        """Whether it is reached, and whether it holds; each condition once a step."""
        if one not in self.found:
            self.found[one] = self.work_out(one)
        return self.found[one]

    def work_out(self, one: Expression) -> tuple[bool, bool]:
        if isinstance(one, Term):
            value = self.compared(one)
            reach, clear = amount_of(one.amount, self.place), amount_of(one.clear, self.place)
            return (
                (value <= reach, value <= clear)
                if one.relation is AT_MOST
                else (value >= reach, value >= clear)
            )
        if isinstance(one, SignTerm):
            seen = self.weather.sign[self.village] and (self.village == 0 or not one.is_validated)
            return seen, seen
        if isinstance(one, LevelTerm):
            stands = self.weather.level[self.village] >= one.level
            return stands, stands
        parts = [self.judge(part) for part in parts_of(one)]
        if isinstance(one, Group):
            join = all if one.is_all else any
            return join(reached for reached, _ in parts), join(holds for _, holds in parts)
        if isinstance(one, Lasting):
            reached, holds = parts[0]
            since_s = self.since_s.get(one, self.now_s) if reached else None
            if since_s is None:
                self.since_s.pop(one, None)
            else:
                self.since_s[one] = since_s
            return since_s is not None and self.now_s - since_s >= one.for_s, holds
        first, then = parts
        if first[0]:
            self.first_s[one] = self.now_s
        is_recent = one in self.first_s and self.now_s - self.first_s[one] <= one.within_s
        before = self.under_way.get(one, (False, False))
        reached = then[0] and (is_recent or before[0])
        self.under_way[one] = reached, then[1] and (reached or before[1])
        return self.under_way[one]

    def told(self, one: Expression) -> ConditionFound:
        reached, holds = self.found[one]
        facts: dict[str, object] = {"parts": tuple(self.told(part) for part in parts_of(one))}
        if isinstance(one, Term):
            station = self.gauge if one.quantity == STAGE else -1
            facts |= {
                "value": self.compared(one),
                "amount": amount_of(one.amount, self.place),
                "station": station,
            }
        if isinstance(one, Lasting):
            facts["since_s"] = self.since_s.get(one, -1)
        if isinstance(one, Sequence):
            facts["since_s"] = self.first_s.get(one, -1)
        return ConditionFound(one, reached, holds, **facts)  # type: ignore[arg-type]

    def carriers(self, one: Expression, since_s: int) -> list[tuple[Leaf, int]]:
        if isinstance(one, Term | SignTerm | LevelTerm):
            return [(one, since_s)]
        if isinstance(one, Lasting):
            return self.carriers(one.part, self.since_s[one])
        if isinstance(one, Sequence):
            return self.carriers(one.then, since_s)
        if one.is_all:
            return [leaf for part in one.parts for leaf in self.carriers(part, since_s)]
        held = [part for part in one.parts if self.found[part][0]]
        observed = [part for part in held if not looks_ahead(part)]
        return self.carriers((observed or held)[0], since_s)

    def sight(self, table: RuleTable) -> tuple[bool, bool]:
        """Whether enough is known to let a level fall, and whether nobody sees anything."""
        can_fall, sees, concerned = True, False, False
        for leaf in table.leaves():
            if isinstance(leaf, SignTerm):
                continue
            if isinstance(leaf, LevelTerm):
                concerns, is_seen = True, not self.weather.other_blind[self.village]
            elif leaf.quantity == STAGE:
                concerns, is_seen = self.gauge >= 0, self.is_fresh()
            else:
                concerns, is_seen = True, not self.weather.is_blind[self.place]
            if isinstance(leaf, Term):
                concerns = concerns and not isnan(amount_of(leaf.amount, self.place))
            falls = is_seen
            if isinstance(leaf, Term) and leaf.quantity != STAGE:
                falls = falls and self.weather.coverage[self.place] >= LOWERING.coverage_min
            if isinstance(leaf, LevelTerm) or leaf.quantity != STAGE:
                can_fall = can_fall and (falls or not concerns)
            concerned, sees = concerned or concerns, sees or (concerns and is_seen)
        return can_fall, concerned and not sees

    def silent_raisers(self, table: RuleTable, since_s: int) -> list[Leaf]:
        found: list[Leaf] = []
        for leaf in table.leaves():
            if not isinstance(leaf, Term) or leaf.quantity != STAGE or leaf.relation is RISES_BY:
                continue
            if self.gauge < 0 or self.is_fresh() or self.gauges.at_s[self.gauge] < since_s:
                continue
            last, clear = self.gauges.stage_m[self.gauge], amount_of(leaf.clear, self.place)
            if last <= clear if leaf.relation is AT_MOST else last >= clear:
                found.append(leaf)
        return found


def looks_ahead(one: Expression) -> bool:
    if isinstance(one, Term):
        return one.quantity == EXPECTED
    return any(looks_ahead(part) for part in parts_of(one))


def hazards_of(
    drawn: list[tuple[dict[Level, Expression], tuple[bool, ...] | None]],
) -> tuple[HazardRule, ...]:
    found = []
    for number, (levels, concerns) in enumerate(drawn):
        table = RuleTable(
            tuple(RuleLevel(level, when, f"words of {level}") for level, when in levels.items()),
            {"own": COLUMN, "own clear": COLUMN_CLEAR},
            {"gauge": GAUGE},
            None if concerns is None else np.array(concerns),
        )
        found.append(
            HazardRule(f"r{number}", "rule", "规则", "Rule", table, 0.0, Level.NONE, LOWERING, "test")
        )
    return tuple(found)


@given(drawn=rules, steps=steps, restart_at=st.integers(0, 14))
def test_every_place_is_judged_by_what_is_known_of_it(
    drawn: list[tuple[dict[Level, Expression], tuple[bool, ...] | None]],
    steps: list[tuple[int, Weather]],
    restart_at: int,
) -> None:
    hazards = hazards_of(drawn)
    plan, gauges, places, now_s = RulePlan(hazards, VILLAGE), Gauges(), [Place(p) for p in range(N)], T0
    parts = {part for hazard in hazards for item in table_of(hazard).levels for part in every_part(item.when)}
    assert plan.n_conditions == len(parts)
    for number, (wait_s, now) in enumerate(steps):
        now_s += wait_s
        gauges.hear(now, now_s)
        sources = sources_of(now, gauges, now_s)
        if number == restart_at:
            state, plan = plan.snapshot(), RulePlan(hazards, VILLAGE)
            plan.restore(state)
        plan.begin()
        for place in places:
            place.begin(now, gauges, now_s)
        for hazard in hazards:
            table = table_of(hazard)
            found = plan.evaluate(hazard, sources)
            for place in places:
                reached, holds = 0, 0
                for item in sorted(table.levels, key=lambda item: item.level):
                    is_reached, is_held = place.judge(item.when)
                    reached = item.level if is_reached else reached
                    holds = item.level if is_held or is_reached else holds
                can_fall, is_blind = place.sight(table)
                if table.concerns is not None and not table.concerns[place.place]:
                    reached, holds, is_blind = 0, 0, False
                seen = [
                    array[place.place]
                    for array in (found.level, found.holding, found.can_fall, found.is_blind)
                ]
                assert seen == [reached, holds, can_fall, is_blind]
                look_closer(plan, hazard, place, sources)
        for place in places:
            place.past[now_s] = place.value(STAGE)


def table_of(hazard: HazardRule) -> RuleTable:
    assert isinstance(hazard.thresholds, RuleTable)
    return hazard.thresholds


def every_part(one: Expression) -> set[Expression]:
    return {one}.union(*(every_part(part) for part in parts_of(one)))


def look_closer(plan: RulePlan, hazard: HazardRule, place: Place, sources: HazardSources) -> None:
    """What is told of a level, who carries it and who fell silent is what was judged."""
    table, p = table_of(hazard), place.place
    rising = sorted(table.levels, key=lambda item: item.level)
    reached = [item.level for item in reversed(rising) if place.found[item.when][0]]
    assert plan.reached_levels(hazard, p) == reached
    for told, item in zip(plan.trace_conditions(hazard, p, sources), rising, strict=True):
        assert (told.level, told.words) == (item.level, item.words)
        assert repr(told.found) == repr(place.told(item.when))  # a text, in which NaN equals NaN
        carried = plan.carriers(hazard, p, item.level)
        assert carried == (place.carriers(item.when, 0) if item.level in reached else [])
    for since_s in (T0, sources.now_s - 1200):
        raisers = plan.silent_raisers(hazard, p, since_s, sources)
        assert [leaf for leaf, _ in raisers] == place.silent_raisers(table, since_s)
        assert all(values is plan.value(leaf.quantity, sources) for leaf, values in raisers)


def test_a_snapshot_of_other_conditions_is_refused_by_name() -> None:
    one, other = (RulePlan(hazards_of([({Level.RED: leaf}, None)]), VILLAGE) for leaf in LEAVES[:2])
    with pytest.raises(ValueError, match=r"^the rules have other conditions than in the snapshot$"):
        other.restore(one.snapshot())


def test_a_snapshot_is_not_changed_by_what_comes_after() -> None:
    hazards = hazards_of([({Level.RED: Lasting(LEAVES[4], 300)}, None)])
    plan, gauges = RulePlan(hazards, VILLAGE), Gauges()
    kept = plan.snapshot()
    before = {name: array.tolist() for name, array in kept.items()}
    high = Weather(
        [0.0] * N,
        [1.0] * N,
        [False] * N,
        [nan] * N,
        [12.0] * N,
        [True] * N,
        [False] * N,
        [0] * N,
        [False] * N,
    )
    gauges.hear(high, T0)
    plan.evaluate(hazards[0], sources_of(high, gauges, T0))
    assert {name: array.tolist() for name, array in kept.items()} == before
    assert {name: array.tolist() for name, array in plan.snapshot().items()} != before


def test_rain_that_is_to_come_and_the_soil_of_then_look_ahead() -> None:
    soil = Quantity(Indicator.SOIL_WATER, 2 * HOUR)
    assert [lead_s_of(term) for term in (EXPECTED, soil, RAIN)] == [HOUR, 2 * HOUR, 0]
