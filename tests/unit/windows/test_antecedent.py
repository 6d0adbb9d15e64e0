import numpy as np
import pytest

from warnstream.model.times import DAY_S, HOUR_S
from warnstream.windows.antecedent import AntecedentPlan, AntecedentRain, StationAntecedent
from warnstream.windows.rain_window import RainWindow

DAY_0 = 20_000 * DAY_S
LATENESS_S = 6 * HOUR_S


class Gauge:
    """One gauge of ten minutes with its states."""

    def __init__(self, plan: AntecedentPlan, start_s: int = DAY_0) -> None:
        self.ring = RainWindow(np.array([600], dtype=np.int32), span_s=24 * HOUR_S, grace_s=120)
        self.rain = AntecedentRain(1, plan, lateness_s=LATENESS_S)
        self.now_s = start_s
        self.step([])

    def step(self, rows: list[tuple[int, float]]) -> StationAntecedent:
        """Take (time, mm) and step to the present."""
        self.ring.advance(self.now_s)
        if rows:
            times = np.array([time for time, _ in rows])
            amounts = np.array([amount for _, amount in rows])
            self.ring.add(np.zeros(len(rows), dtype=np.int32), times, amounts)
        begin_s = np.array([time - 600 for time, _ in rows], dtype=np.int64)
        self.rain.advance(self.ring, self.now_s, np.zeros(len(rows), dtype=np.int32), begin_s)
        return self.rain.states()

    def fall(self, hourly_mm: float, hours: int) -> StationAntecedent:
        """Even rain in time, ten minutes by ten minutes."""
        for _ in range(6 * hours):
            self.now_s += 600
            self.step([(self.now_s, hourly_mm / 6)])
        return self.rain.states()


def plan(
    half_life_s: tuple[int, ...] = (), api_ratio: tuple[float, ...] = (), dry_gap_s: tuple[int, ...] = ()
) -> AntecedentPlan:
    return AntecedentPlan(half_life_s, api_ratio, dry_gap_s)


def test_the_soil_water_of_a_gauge_is_that_of_its_rain() -> None:
    states = Gauge(plan()).fall(30, 3)
    assert states.tanks_mm.sum() == pytest.approx(82.6993, abs=5e-5)


def test_effective_rain_has_faded_by_half_after_its_half_life() -> None:
    """Published vectors count the hour's rain whole at its end; here it fades within the hour too."""
    lives = (5400, 6 * HOUR_S, 24 * HOUR_S, 72 * HOUR_S)
    gauge = Gauge(plan(half_life_s=lives))
    at_hour = []
    for _ in range(3):
        gauge.now_s += HOUR_S
        # The whole hour's 10 mm fall in its last ten minutes, as the hourly definition has it.
        at_hour.append(gauge.step([(gauge.now_s, 10.0)]).effective_mm[:, 0].copy())
    assert at_hour[-1] == pytest.approx([20.2681, 26.8460, 29.1541, 29.7135], abs=5e-5)


@pytest.mark.parametrize(("ratio", "expected"), [(0.8, 46.7246), (0.84, 54.4266), (0.9, 69.6644)])
def test_antecedent_precipitation_counts_yesterday_once_reduced(ratio: float, expected: float) -> None:
    """Days back 30, 0, 20, 10, 0, 0, 0, 50, 0, 0; the first of them is yesterday, not today."""
    gauge = Gauge(plan(api_ratio=(ratio,)))
    for amount in reversed([30, 0, 20, 10, 0, 0, 0, 50, 0, 0]):
        noon = gauge.now_s + DAY_S // 2
        gauge.now_s = noon
        gauge.step([(noon, float(amount))])
        gauge.now_s = noon + DAY_S // 2
        gauge.step([])
    assert gauge.rain.states().antecedent_mm[0, 0] == pytest.approx(expected, abs=5e-5)
    gauge.now_s += HOUR_S
    today = gauge.step([(gauge.now_s, 7.0)]).antecedent_mm[0, 0]
    assert today == pytest.approx(expected + 7.0, abs=5e-5)


def test_weighted_rain_of_seven_days() -> None:
    """LHASA's index of 50 mm today, 20 two days ago and 10 six days ago."""
    gauge = Gauge(plan())
    for amount in reversed([0, 20, 0, 0, 0, 10]):
        gauge.now_s += HOUR_S
        gauge.step([(gauge.now_s, float(amount))])
        gauge.now_s += DAY_S - HOUR_S
        gauge.step([])
    gauge.now_s += HOUR_S
    assert gauge.step([(gauge.now_s, 50.0)]).weighted_mm[0] == pytest.approx(34.6781, abs=5e-5)


def test_an_event_ends_after_its_dry_gap_and_not_before() -> None:
    gauge = Gauge(plan(dry_gap_s=(2 * HOUR_S, 12 * HOUR_S)))
    gauge.fall(6, 2)
    gauge.fall(0, 2)
    states = gauge.fall(6, 1)
    assert states.event_mm[:, 0] == pytest.approx([6, 18])
    assert states.event_s[:, 0].tolist() == [HOUR_S, 5 * HOUR_S]


def test_silence_does_not_end_an_event() -> None:
    gauge = Gauge(plan(dry_gap_s=(2 * HOUR_S,)))
    gauge.fall(6, 2)
    gauge.now_s += 4 * HOUR_S
    assert gauge.step([]).event_mm[0, 0] == pytest.approx(12)


def test_coverage_begins_at_nothing_and_halves_in_three_days_of_silence() -> None:
    gauge = Gauge(plan())
    half = float(gauge.fall(0, 72).coverage[0])
    gauge.now_s += 72 * HOUR_S
    quarter = float(gauge.step([]).coverage[0])
    assert [half, quarter] == pytest.approx([0.5, 0.25])


def test_a_node_that_stood_still_for_two_months_begins_anew() -> None:
    gauge = Gauge(plan())
    gauge.fall(30, 3)
    gauge.now_s += 61 * DAY_S
    states = gauge.step([])
    assert (states.tanks_mm.sum(), states.coverage[0]) == (0.0, 0.0)


def test_a_snapshot_of_another_plan_is_refused() -> None:
    state = Gauge(plan(api_ratio=(0.8,))).rain.snapshot()
    with pytest.raises(ValueError, match="antecedent states"):
        Gauge(plan()).rain.restore(state)
