"""Rain tables against a plain reading of the law, village by village: what has fallen, and what will."""

from dataclasses import dataclass
from math import inf, isnan, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.hazards.rain import HOUR, LOWERING
from warnstream.hazards import rain_table
from warnstream.model.level import LEVELS, Level
from warnstream.model.network import StationWeights
from warnstream.model.rules.comparison import clear_of
from warnstream.model.rules.indicators import Indicator, VillageRain
from warnstream.model.rules.rules import CriticalRain, HazardRule

HOURS = (1, 2, 3, 5)
"""Durations of the table; a lead of 1, 2 or 3 h is shorter than, as long as or longer than each."""
ACCUMULATED = (1, 2, 3, 4, 5)
CLEAR = LOWERING.clear_ratio
N_STATIONS = 3

amounts = st.one_of(st.just(nan), st.sampled_from([0.0, 8.0, 10.0, 12.0, 16.0, 20.0, 25.0, 32.0, 40.0, 64.0]))
"""Many stand exactly at a threshold or at its clear value."""
thresholds = st.sets(st.sampled_from([10.0, 20.0, 40.0, 64.0]), max_size=4).map(sorted)
rows_of_levels = st.tuples(thresholds, st.permutations(range(4))).map(
    lambda drawn: [
        drawn[0][sorted(drawn[1][: len(drawn[0])]).index(level)]
        if level in drawn[1][: len(drawn[0])]
        else nan
        for level in range(4)
    ]
)
"""Ascending values of some of the four levels."""


@dataclass(frozen=True)
class Village:
    """One village: its table and its rain, in plain lists."""

    critical_mm: list[list[float]]
    rain_mm: list[float]
    station_mm: list[list[float]]
    ahead_mm: list[float]
    coverage: float
    counts: bool


villages = st.builds(
    Village,
    critical_mm=st.lists(rows_of_levels, min_size=len(HOURS), max_size=len(HOURS)),
    rain_mm=st.lists(amounts, min_size=len(ACCUMULATED), max_size=len(ACCUMULATED)),
    station_mm=st.lists(
        st.lists(amounts, min_size=len(ACCUMULATED), max_size=len(ACCUMULATED)),
        min_size=N_STATIONS,
        max_size=N_STATIONS,
    ),
    ahead_mm=st.lists(amounts, min_size=3, max_size=3),
    coverage=st.sampled_from([0.0, 0.79, 0.8, 1.0]),
    counts=st.booleans(),
)
counties = st.lists(villages, min_size=1, max_size=5)
rules = st.tuples(st.sampled_from([Level.NONE, *LEVELS]), st.sampled_from([0.0, 10.0, 12.0]))


def rule_of(county: list[Village], cap: Level, continues_mm: float) -> HazardRule:
    critical = np.array([village.critical_mm for village in county])
    table = CriticalRain(np.array([hour * HOUR for hour in HOURS], dtype=np.int32), critical)
    return HazardRule("t", "critical_rainfall", "测试", "Test", table, continues_mm, cap, LOWERING, "test")


def rain_of(county: list[Village]) -> VillageRain:
    n = len(county)
    return VillageRain(
        duration_s=np.array([hour * HOUR for hour in ACCUMULATED], dtype=np.int32),
        rain_mm=np.array([village.rain_mm for village in county]),
        coverage=np.array([[village.coverage, *[1.0] * (len(ACCUMULATED) - 1)] for village in county]),
        is_blind=np.array([village.coverage == 0 for village in county]),
        ahead_mm=np.array([village.ahead_mm for village in county]),
        leads_s=(HOUR, 2 * HOUR, 3 * HOUR),
        station_rain_mm=np.array([station_mm for village in county for station_mm in village.station_mm]),
        weights=StationWeights(
            np.arange(n * N_STATIONS, dtype=np.int32).reshape(n, N_STATIONS),
            np.tile([0.5, 0.3, 0.2], (n, 1)),
            np.zeros((n, N_STATIONS)),
        ),
    )


def level_of(value: float, critical: list[float], share: float = 1.0) -> int:
    return max((level for level in range(1, 5) if value >= critical[level - 1] * share), default=0)


def threshold_of(critical: list[float], level: int) -> float:
    """Its own, or that of the next higher level that has one."""
    return next((mm for mm in critical[level - 1 :] if not isnan(mm)), nan)


@dataclass(frozen=True)
class Reached:
    """A level, and the duration and lead that carry it."""

    level: int
    value: float
    coming: float
    threshold: float
    hours: int
    lead_h: int


def best_of(village: Village, totals: dict[int, float], cap: int, coming: float, lead_h: int) -> Reached:
    """Of several durations the worst level; of equal levels the one farthest above its threshold."""
    found = Reached(0, nan, 0.0, nan, 0, 0)
    most = -inf
    for hours, total in totals.items():
        critical = village.critical_mm[HOURS.index(hours)]
        level = min(level_of(total, critical), cap)
        if level == 0:
            continue
        threshold = threshold_of(critical, level)
        if (level, total / threshold) > (found.level, most):
            found, most = Reached(level, total, coming, threshold, hours, lead_h), total / threshold
    return found


def law(village: Village, rule: HazardRule) -> Reached:
    """What has fallen counts first; a forecast only where it is worse, the nearest first."""
    fallen = dict(zip(ACCUMULATED, village.rain_mm, strict=True))
    found = best_of(village, {hours: fallen[hours] for hours in HOURS}, 4 if village.counts else 0, 0.0, 0)
    if rule.forecast_level_max == Level.NONE:
        return found
    for lead_h, coming in enumerate(village.ahead_mm, start=1):
        if not (coming > 0 and coming >= rule.continues_mm_per_h):
            continue
        totals = {hours: fallen.get(hours - lead_h, 0.0) + coming for hours in HOURS if hours >= lead_h}
        ahead = best_of(village, totals, rule.forecast_level_max, coming, lead_h)
        if ahead.level > found.level:
            found = ahead
    return found


def holding(village: Village) -> int:
    if not village.counts:
        return 0
    fallen = dict(zip(ACCUMULATED, village.rain_mm, strict=True))
    return max(
        level_of(fallen[hours], village.critical_mm[place], CLEAR) for place, hours in enumerate(HOURS)
    )


def heaviest_station(village: Village, place: int, hours: int) -> int:
    """The one whose weighted rain is most; of dry ones the nearest, of unknown ones the first."""
    column = ACCUMULATED.index(hours)
    parts = [
        0.0 if isnan(mm := of_station[column]) else weight * (mm + 1e-9)
        for weight, of_station in zip((0.5, 0.3, 0.2), village.station_mm, strict=True)
    ]
    return place * N_STATIONS + parts.index(max(parts))


@pytest.mark.parametrize("block", [2, 16_384])
@given(county=counties, limits=rules)
def test_every_village_is_judged_by_its_own_rain_and_table(
    block: int, county: list[Village], limits: tuple[Level, float]
) -> None:
    rule = rule_of(county, *limits)
    counts = np.array([village.counts for village in county])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rain_table, "_BLOCK", block)
        found = rain_table.evaluate_where(rule, rain_of(county), counts=counts)
    for place, village in enumerate(county):
        expected = law(village, rule)
        assert found.level[place] == expected.level
        assert found.holding[place] == holding(village)
        assert found.can_fall[place] == (village.coverage >= LOWERING.coverage_min)
        assert found.is_blind[place] == (village.coverage == 0)
        assert found.indicator[place] == Indicator.RAIN
        assert isnan(found.ratio[place])
        assert found.is_confirmed[place]
        if not expected.level:
            assert isnan(found.value[place])
            assert (found.station[place], found.lead_s[place], found.duration_s[place]) == (-1, 0, 0)
            continue
        assert (found.value[place], found.threshold[place]) == (expected.value, expected.threshold)
        assert (found.forecast_value[place], found.lead_s[place]) == (
            expected.coming,
            expected.lead_h * HOUR,
        )
        assert found.duration_s[place] == expected.hours * HOUR
        # Where the window is all to come (duration == lead), the gauges of that duration are named.
        assert found.station[place] == heaviest_station(village, place, expected.hours)


@given(county=counties, limits=rules)
def test_what_is_told_of_each_duration_and_lead_is_what_was_judged(
    county: list[Village], limits: tuple[Level, float]
) -> None:
    rule = rule_of(county, *limits)
    cap, rain = rule.forecast_level_max, rain_of(county)
    for place, village in enumerate(county):
        told = rain_table.compare(rule, rain, place, counts=village.counts, why_not="it is over")
        observed, expected = told[: len(HOURS)], told[len(HOURS) :]
        assert [rain.duration_s for rain in observed] == [hours * HOUR for hours in HOURS]
        for hours, sums in zip(HOURS, observed, strict=True):
            critical = village.critical_mm[HOURS.index(hours)]
            value = village.rain_mm[ACCUMULATED.index(hours)]
            assert sums.indicator is Indicator.RAIN
            assert np.array_equal([sums.value, *sums.critical], [value, *critical], equal_nan=True)
            assert (sums.lead_s, sums.forecast_value) == (0, 0.0)
            if village.counts:
                assert (sums.level, sums.note) == (level_of(value, critical), "")
                assert np.array_equal(sums.clear, clear_of(sums.critical, CLEAR), equal_nan=True)
            else:
                assert (sums.level, sums.note) == (Level.NONE, "it is over")
        fallen = dict(zip(ACCUMULATED, village.rain_mm, strict=True))
        should = []
        for lead_h, coming in enumerate(village.ahead_mm, start=1):
            if cap > Level.NONE and coming > 0 and coming >= rule.continues_mm_per_h:
                should += [
                    (hours, lead_h, coming, fallen.get(hours - lead_h, 0.0) + coming)
                    for hours in HOURS
                    if hours >= lead_h and not isnan(fallen.get(hours - lead_h, 0.0))
                ]
        assert [
            (
                expectation.duration_s // HOUR,
                expectation.lead_s // HOUR,
                expectation.forecast_value,
                expectation.value,
            )
            for expectation in expected
        ] == should
        for sums in expected:
            critical = village.critical_mm[HOURS.index(sums.duration_s // HOUR)]
            assert sums.level == min(level_of(sums.value, critical), cap)
        assert max((comparison.level for comparison in told), default=0) == law(village, rule).level


def test_without_a_mask_what_has_fallen_counts_everywhere() -> None:
    county = [Village([[10.0, 20.0, 40.0, 64.0]] * 4, [25.0] * 5, [[25.0] * 5] * 3, [nan] * 3, 1.0, True)] * 2
    rule = rule_of(county, Level.NONE, 0.0)
    for counts in (None, np.array([True, True])):
        assert rain_table.evaluate_where(rule, rain_of(county), counts=counts).level.tolist() == [2, 2]


def test_an_hour_is_reached_by_the_rain_of_the_coming_hour_alone() -> None:
    """All of the hour is to come: whether anything fell before does not matter, nor whether anybody knows."""
    village = Village(
        [[nan, 20.0, nan, nan], *[[nan] * 4] * 3], [nan] * 5, [[nan] * 5] * 3, [20.0, nan, nan], 0.0, True
    )
    rule = rule_of([village], Level.RED, 0.0)
    found = rain_table.evaluate_where(rule, rain_of([village]), counts=None)
    assert (found.level[0], found.value[0], found.forecast_value[0]) == (Level.YELLOW, 20.0, 20.0)
    assert (found.duration_s[0], found.lead_s[0]) == (HOUR, HOUR)


FULL = [[10.0, 20.0, 40.0, 64.0]] * len(HOURS)


def test_the_last_half_millimetre_to_come_reaches_a_level() -> None:
    village = Village(FULL, [9.5] * 5, [[9.5] * 5] * 3, [0.5, nan, nan], 1.0, True)
    rule = rule_of([village], Level.RED, 0.0)
    found = rain_table.evaluate_where(rule, rain_of([village]), counts=None)
    assert (found.level[0], found.value[0], found.lead_s[0]) == (Level.BLUE, 10.0, HOUR)


def test_what_has_fallen_and_does_not_count_is_not_brought_back_by_no_rain_to_come() -> None:
    """A rainstorm that has ended: rain comes to the neighbours, none to this village."""
    ended = Village(FULL, [40.0] * 5, [[40.0] * 5] * 3, [0.0, 0.0, 0.0], 1.0, False)
    other = Village(FULL, [0.0] * 5, [[0.0] * 5] * 3, [1.0, 1.0, 1.0], 1.0, False)
    rule = rule_of([ended, other], Level.RED, 0.0)
    found = rain_table.evaluate_where(rule, rain_of([ended, other]), counts=np.array([False, False]))
    assert found.level.tolist() == [Level.NONE, Level.NONE]


def test_what_is_compared_counts_unless_something_else_is_said() -> None:
    village = Village(FULL, [20.0] * 5, [[20.0] * 5] * 3, [nan] * 3, 1.0, True)
    told = rain_table.compare(rule_of([village], Level.NONE, 0.0), rain_of([village]), 0)
    assert [(comparison.level, comparison.note) for comparison in told] == [(Level.YELLOW, "")] * len(HOURS)


def test_the_score_that_is_given_is_taken_into_what_is_found() -> None:
    county = [Village([[10.0, 20.0, 40.0, 64.0]] * 4, [0.0] * 5, [[0.0] * 5] * 3, [nan] * 3, 1.0, True)]
    rule = rule_of(county, Level.NONE, 0.0)
    found = rain_table.evaluate_where(rule, rain_of(county), counts=None, ratio=np.array([0.4]))
    assert found.ratio.tolist() == [0.4]


def test_a_table_asks_for_its_durations_and_the_last_hour_and_says_where_it_looks_ahead() -> None:
    county = [Village([[10.0, 20.0, 40.0, 64.0]] * 4, [0.0] * 5, [[0.0] * 5] * 3, [nan] * 3, 1.0, True)]
    with_forecast = rain_table.needs(rule_of(county, Level.BLUE, 0.0))
    assert with_forecast.reads_rain
    own_s = {hours * HOUR for hours in HOURS}
    assert with_forecast.ahead_of_s == own_s
    without = rain_table.needs(rule_of(county, Level.NONE, 0.0))
    assert with_forecast.duration_s == without.duration_s == own_s | {HOUR}
    assert without.ahead_of_s == set()
