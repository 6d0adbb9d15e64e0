"""Alarms of a threshold, and sums of a village, against a plain look at every minute."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnstream.model.network import StationWeights
from warnstream.model.observations.readings import Variable, batch_of
from warnstream.model.rules.rules import DowngradePolicy
from warnstream.model.times import HOUR_S, MINUTE_S, fixed_zone
from warnstream.review.suggest.counts import alarms, highest
from warnstream.review.suggest.sums import VillageRain, gauges_of, village_rain, year_begins_s, year_of

LOWERING = DowngradePolicy(
    clear_ratio=0.8, hold_s=30 * MINUTE_S, active_s_min=60 * MINUTE_S, coverage_min=0.8
)
T0 = 1_781_740_800
QUARTER_S = 900
UTC = fixed_zone(0)


def rain_of(quarters: list[float], duration_s: int = HOUR_S) -> VillageRain:
    """One gauge that reports every quarter of an hour."""
    at_s = [T0 + QUARTER_S * (number + 1) for number in range(len(quarters))]
    batch = batch_of([0] * len(at_s), [int(Variable.RAIN)] * len(at_s), at_s, quarters)
    gauges = gauges_of([batch], np.array([QUARTER_S]))
    weights = StationWeights(np.array([[0]], dtype=np.int32), np.ones((1, 1)), np.zeros((1, 1)))
    return village_rain(gauges, weights, 0, duration_s, UTC)


def by_minutes(rain: VillageRain, threshold: float) -> list[int]:
    """The rule, minute by minute: rises at once, falls after hold and least duration; a minute lasts one."""
    found: list[int] = []
    reached_s = held_s = -1
    stands = False
    if not len(rain.at_s):
        return found
    for now_s in range(int(rain.at_s[0]), int(rain.at_s[-1]) + 3 * HOUR_S, MINUTE_S):
        place = int(np.searchsorted(rain.at_s, now_s, side="right")) - 1
        value = float(rain.sum_mm[place])
        if value >= 0.8 * threshold:
            held_s = now_s + MINUTE_S
        if stands and now_s - held_s >= LOWERING.hold_s and now_s - reached_s >= LOWERING.active_s_min:
            stands = False
        if value >= threshold:
            if not stands:
                found.append(now_s)
            stands, reached_s = True, now_s + MINUTE_S
    return found


QUARTERS = st.lists(st.sampled_from([0.0, 0.0, 0.0, 2.0, 5.0, 11.0, 20.0]), min_size=8, max_size=80)


@given(QUARTERS, st.sampled_from([5.0, 10.0, 20.0, 30.0]))
def test_alarms_begin_when_the_rule_would_begin_them(quarters: list[float], threshold: float) -> None:
    rain = rain_of([*quarters, *[0.0] * 12])
    assert alarms(rain, threshold, LOWERING) == by_minutes(rain, threshold)


def test_two_storms_apart_are_two_alarms_and_a_break_of_a_quarter_is_none() -> None:
    wet, dry = [12.0] * 4, [0.0] * 24
    assert len(alarms(rain_of([*wet, *dry, *wet, *dry]), 40.0, LOWERING)) == 2
    assert len(alarms(rain_of([*wet, 0.0, *wet, *dry]), 40.0, LOWERING)) == 1
    assert alarms(rain_of([*wet, *dry]), 48.0, LOWERING) == [T0 + 4 * QUARTER_S], "reached is at least"
    assert alarms(rain_of([*wet, *dry]), 48.1, LOWERING) == []


@given(QUARTERS, st.sampled_from([HOUR_S, 3 * HOUR_S]))
def test_sums_are_those_of_the_last_readings(quarters: list[float], duration_s: int) -> None:
    n = duration_s // QUARTER_S
    rain = rain_of(quarters, duration_s)
    for at_s, value in zip(rain.at_s.tolist(), rain.sum_mm.tolist(), strict=True):
        last = (at_s - T0) // QUARTER_S
        observed = min(last, len(quarters)) - max(last - n, 0)
        if observed >= 0.8 * n:
            assert value == pytest.approx(sum(quarters[max(last - n, 0) : last]))
        else:
            assert value == 0.0, "what was hardly observed is not known"


def test_a_silent_gauge_gives_its_weight_to_the_others_and_no_years() -> None:
    at_s = [T0 + QUARTER_S * number for number in range(1, 21)]
    wet = batch_of([0] * 20, [int(Variable.RAIN)] * 20, at_s, [10.0] * 20)
    half = batch_of([1] * 8, [int(Variable.RAIN)] * 8, at_s[:8], [0.0] * 8)
    gauges = gauges_of([wet, half], np.array([QUARTER_S, QUARTER_S]))
    weights = StationWeights(np.array([[0, 1]], dtype=np.int32), np.array([[0.5, 0.5]]), np.zeros((1, 2)))
    rain = village_rain(gauges, weights, 0, HOUR_S, UTC)
    assert highest(rain, at_s[7], at_s[7]) == pytest.approx(20.0)
    assert highest(rain, at_s[15], at_s[15]) == pytest.approx(40.0)
    assert sum(rain.years.values()) == pytest.approx(20 * QUARTER_S / (365 * 86_400), rel=1e-6)


def test_the_later_of_two_readings_of_one_time_counts() -> None:
    batch = batch_of([0, 0], [int(Variable.RAIN)] * 2, [T0, T0], [99.0, 3.0])
    assert gauges_of([batch], np.array([QUARTER_S]))[0].rain_mm.tolist() == [3.0]


def test_years_are_those_of_the_local_clock() -> None:
    zone = fixed_zone(8 * HOUR_S)
    begins_s = year_begins_s(2027, zone)
    assert year_of(begins_s, zone) == 2027
    assert year_of(begins_s - 1, zone) == 2026
    assert year_of(begins_s, UTC) == 2026
