from dataclasses import replace

import numpy as np
import pytest

from tests.forecasts import ForecastOf
from tests.kinds import judge_by
from tests.networks import (
    HOUR,
    QUALITY,
    T0,
    WINDOWS,
    nearest_weights,
    network_of,
    rain,
    rain_rule,
    stage,
    stage_rule,
)
from warnstream.assessment import Assessment, Weights
from warnstream.hazards import critical_rainfall
from warnstream.model.changes import Change
from warnstream.model.level import Level
from warnstream.model.network import StationWeights
from warnstream.model.observations.readings import (
    Flag,
    ReadingBatch,
    Variable,
    batch_of,
    concatenate,
    empty_batch,
)
from warnstream.model.rules.indicators import HazardLevels, VillageRain
from warnstream.model.rules.rules import CriticalRain, HazardRule

N = 3
SIREN = (15, 25, 40, 80)


def assessment_of(*rules: HazardRule, fallback: StationWeights | None = None) -> Assessment:
    weights = nearest_weights(N, N)
    return Assessment(
        network_of(N, N),
        rules or (rain_rule(N, SIREN),),
        weights=Weights(weights, fallback or weights),
        windows=WINDOWS,
        quality=QUALITY,
        nowcast=None,
    )


def dry(until_s: int, *, first_s: int = 300, stations: range = range(N)) -> ReadingBatch:
    """Zero rain from every station each 5 minutes."""
    return rain(*((s, t, 0.0) for t in range(first_s, until_s + 1, 300) for s in stations))


def test_rain_over_the_threshold_raises_the_village_in_the_same_step() -> None:
    step = assessment_of().step(rain((1, 300, 40.0)), T0 + 300)
    (change,) = step.changes
    assert (change.kind, change.village, change.level) == (Change.RISE, 1, Level.ORANGE)
    assert change.crossed_at_s == T0 + 300


def test_what_gives_a_village_its_level_now_is_told_at_any_step() -> None:
    """Bulletins ask for it: never older than the step."""
    assessment = assessment_of()
    hazard = rain_rule(N, SIREN).name
    assert assessment.reason_now(1, hazard) is None
    assessment.step(rain((1, 300, 40.0)), T0 + 300)
    assessment.step(rain((1, 600, 5.0)), T0 + 600)
    reason = assessment.reason_now(1, hazard)
    assert reason is not None
    assert (reason.value, reason.observed_until_s) == (45.0, T0 + 600)
    assert assessment.reason_now(0, hazard) is None
    assert assessment.reason_now(1, "no such hazard") is None


def test_the_reason_names_station_value_duration_threshold_and_source() -> None:
    (change,) = assessment_of().step(rain((1, 300, 41.5)), T0 + 330).changes
    reason = change.reason
    assert reason is not None
    assert (reason.station, reason.value, reason.threshold) == ("S1", 41.5, 40.0)
    assert (reason.duration_s, reason.unit, reason.source) == (HOUR, "mm", "test table")
    assert reason.is_observed
    assert reason.confirmed


def test_each_later_rise_is_one_more_change() -> None:
    assessment = assessment_of()
    found = [
        [change.level for change in assessment.step(rain((0, 300 * i, 12.0)), T0 + 300 * i).changes]
        for i in range(1, 5)
    ]
    assert found == [[], [Level.BLUE], [Level.YELLOW], [Level.ORANGE]]


def test_a_level_falls_step_by_step_when_the_rain_has_left_the_window() -> None:
    assessment = assessment_of()
    assessment.step(concatenate([dry(3600), rain((0, 3900, 30.0))]), T0 + 3900)
    falls = []
    for minute in range(66, 66 + 240, 5):
        now = minute * 60
        falls += [
            (c.kind, c.level)
            for c in assessment.step(dry(now, first_s=now), T0 + now).changes
            if c.village == 0
        ]
    assert falls == [(Change.FALL, Level.BLUE), (Change.FALL, Level.NONE)]


@pytest.mark.parametrize("offset_min", [0, 5, 25, 55])
@pytest.mark.parametrize(
    ("hourly", "highest"),
    [
        ((20, 20, 15), Level.ORANGE),
        ((34, 33, 33), Level.RED),
        ((10,) * 5, Level.YELLOW),
        ((5,) * 10, Level.BLUE),
        ((5,) * 9, Level.NONE),
    ],
)
def test_the_windows_of_the_rainstorm_signal_slide_and_do_not_follow_the_clock(
    hourly: tuple[int, ...], highest: Level, offset_min: int
) -> None:
    """The published cases, however the hours of the storm lie to the hours of the clock."""
    durations = {
        12: (50, np.nan, np.nan, np.nan),
        6: (np.nan, 50, np.nan, np.nan),
        3: (np.nan, np.nan, 50, 100),
    }
    critical = np.array([[durations[hours] for hours in (3, 6, 12)]] * N)
    table = CriticalRain(np.array([3, 6, 12], dtype=np.int32) * HOUR, critical)
    rule = replace(
        rain_rule(N, SIREN, name="rainstorm"), evaluator="rainstorm", thresholds=table, continues_mm_per_h=1.0
    )
    assessment, found = assessment_of(rule), [Level.NONE]
    for hour, amount in enumerate(hourly):
        begin_s = offset_min * 60 + hour * HOUR
        tips_mm = np.diff([round(amount * part / 12, 1) for part in range(13)]).tolist()
        for last in (3, 6, 9, 12):  # a step for three readings
            batch = rain(
                *((0, begin_s + part * 300, tips_mm[part - 1]) for part in range(last - 2, last + 1))
            )
            changes = assessment.step(batch, T0 + begin_s + last * 300).changes
            found += [change.level for change in changes if change.village == 0]
    assert max(found) == highest


def test_a_tick_without_readings_still_ends_windows() -> None:
    assessment = assessment_of()
    assessment.step(rain((0, 300, 30.0)), T0 + 300)
    assessment.step(empty_batch(), T0 + 3 * HOUR)
    assert assessment.accumulate(np.array([HOUR], dtype=np.int32)).rain_mm[0, 0] == 0.0


def test_a_silent_gauge_never_lowers_a_village() -> None:
    assessment = assessment_of()
    assessment.step(rain((0, 300, 50.0)), T0 + 300)
    for hour in range(1, 13):
        assessment.step(empty_batch(), T0 + hour * HOUR)
    assert assessment.level("flash_flood").level[0] == Level.ORANGE


def test_losing_and_regaining_sight_of_a_warned_village_is_told() -> None:
    assessment = assessment_of()
    assessment.step(rain((0, 300, 50.0), (1, 300, 0.0), (2, 300, 0.0)), T0 + 300)
    lost = assessment.step(dry(1800, first_s=600, stations=range(1, 3)), T0 + 1800)
    assert [(c.kind, c.village) for c in lost.changes] == [(Change.SIGHT_LOST, 0)]
    again = assessment.step(rain((0, 2100, 0.0)), T0 + 2100)
    assert [(c.kind, c.village) for c in again.changes] == [(Change.SIGHT_REGAINED, 0)]


def test_a_blind_village_is_judged_by_farther_stations_and_says_so() -> None:
    neighbour = StationWeights(
        np.array([[1], [0], [1]], dtype=np.int32), np.ones((N, 1)), np.full((N, 1), 5000.0)
    )
    assessment = assessment_of(fallback=neighbour)
    step = assessment.step(rain((1, 300, 45.0)), T0 + 300)
    assert step.rain.is_blind.tolist() == [True, False, True]
    by_village = {change.village: change.reason for change in step.changes}
    assert sorted(by_village) == [0, 1, 2]
    reason = by_village[0]
    assert reason is not None
    assert (reason.station, reason.confirmed) == ("S1", False)


def test_redelivered_readings_change_nothing() -> None:
    assessment = assessment_of()
    assessment.step(rain((0, 300, 14.0)), T0 + 300)
    step = assessment.step(rain((0, 300, 14.0), (0, 300, 14.0)), T0 + 360)
    assert step.flags.tolist() == [Flag.DUPLICATE, Flag.DUPLICATE]
    assert not step.changes


@pytest.mark.parametrize(
    ("after_s", "value", "flag"),
    [
        (HOUR, 200.0, Flag.OUT_OF_RANGE),
        (HOUR, -1.0, Flag.OUT_OF_RANGE),
        (2 * HOUR + 121, 50.0, Flag.FUTURE),
        (-4 * HOUR - 1, 50.0, Flag.TOO_LATE),
    ],
)
def test_unusable_readings_are_flagged_and_raise_nothing(after_s: int, value: float, flag: Flag) -> None:
    step = assessment_of().step(rain((0, after_s, value)), T0 + 2 * HOUR)
    assert step.flags[0] & flag
    assert not step.changes


def test_a_reading_from_the_future_counts_when_it_comes_again_in_its_time() -> None:
    assessment = assessment_of()
    early = assessment.step(rain((0, 1800, 50.0)), T0 + 300)
    in_time = assessment.step(rain((0, 1800, 50.0)), T0 + 1800)
    assert (len(early.changes), len(in_time.changes)) == (0, 1)


def test_late_rain_raises_a_level_while_its_window_lasts() -> None:
    assessment = assessment_of(rain_rule(N, SIREN, duration_s=6 * HOUR))
    assessment.step(rain((0, 3 * HOUR, 20.0)), T0 + 3 * HOUR)
    step = assessment.step(rain((0, HOUR, 30.0)), T0 + 3 * HOUR + 60)
    assert step.flags.tolist() == [Flag.LATE]
    assert [change.level for change in step.changes] == [Level.ORANGE]


def test_a_doubtful_value_still_warns_with_lower_certainty() -> None:
    """Six equal rain readings look stuck; the seventh still raises the level."""
    assessment = assessment_of()
    steps = [assessment.step(rain((0, 300 * i, 6.1)), T0 + 300 * i) for i in range(1, 8)]
    (change,) = steps[-1].changes
    assert change.level == Level.ORANGE
    assert change.reason is not None
    assert not change.reason.confirmed


def test_a_stage_raises_the_villages_of_its_gauge() -> None:
    assessment = assessment_of(stage_rule(2, 1, (101, 102, 103, 104)))
    (change,) = assessment.step(stage((1, 300, 103.2)), T0 + 300).changes
    assert (change.hazard, change.village, change.level) == ("river_flood", 2, Level.ORANGE)


def test_one_hazard_failing_holds_its_levels_and_silences_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = rain_rule(N, SIREN, name="broken")
    assessment = assessment_of(broken, rain_rule(N, SIREN, name="sound"))
    assessment.step(rain((0, 300, 30.0)), T0 + 300)
    _fail_for(monkeypatch, "broken")
    step = assessment.step(rain((1, 600, 45.0), (0, 600, 0.0)), T0 + 600)
    assert step.failures == {"broken": "RuntimeError: seeded fault"}
    assert [(c.hazard, c.kind, c.village) for c in step.changes] == [
        ("broken", Change.SIGHT_LOST, 0),
        ("sound", Change.RISE, 1),
    ]
    assert assessment.level("broken").level[0] == Level.YELLOW


def test_a_table_of_nan_warns_nobody_and_silences_no_other() -> None:
    empty = rain_rule(N, (np.nan,) * 4, name="empty")
    assessment = assessment_of(empty, rain_rule(N, SIREN, name="sound"))
    step = assessment.step(rain((1, 300, 45.0)), T0 + 300)
    assert [(change.hazard, change.village) for change in step.changes] == [("sound", 1)]
    assert list(step.failures) == ["empty"]
    assert "no threshold is a number" in step.failures["empty"]


def test_time_only_moves_forward() -> None:
    assessment = assessment_of()
    assessment.step(empty_batch(), T0 + 60)
    with pytest.raises(ValueError, match="time only moves forward"):
        assessment.step(empty_batch(), T0)


def test_a_snapshot_of_other_rules_is_refused() -> None:
    with pytest.raises(KeyError):
        assessment_of(rain_rule(N, SIREN, name="other")).restore(assessment_of().snapshot())


def test_a_snapshot_of_before_a_variable_was_known_is_taken_up() -> None:
    before = assessment_of()
    before.step(rain((1, 300, 30.0)), T0 + 300)
    state = before.snapshot()
    state["doubt"]["until_s"] = state["doubt"]["until_s"][:-1]
    after = assessment_of()
    after.restore(state)
    assert after.level("flash_flood").level.tolist() == before.level("flash_flood").level.tolist()


def _fail_for(monkeypatch: pytest.MonkeyPatch, hazard: str) -> None:
    def evaluate(rule: HazardRule, villages: VillageRain) -> HazardLevels:
        if rule.name == hazard:
            raise RuntimeError("seeded fault")
        return critical_rainfall.evaluate(rule, villages)

    judge_by(monkeypatch, "critical_rainfall", evaluate)


def tips(*rows: tuple[int, float]) -> ReadingBatch:
    return batch_of(
        [0] * len(rows), [Variable.RAIN_TIP] * len(rows), [T0 + at for at, _ in rows], [mm for _, mm in rows]
    )


def test_tips_raise_a_village_and_repeated_ones_change_nothing() -> None:
    assessment = assessment_of()
    many = tips(*((10 * i, 0.5) for i in range(1, 31)), (300, 0.5))
    step = assessment.step(many, T0 + 300)
    assert step.flags[-1] == Flag.DUPLICATE
    assert [(change.village, change.level) for change in step.changes] == [(0, Level.BLUE)]
    assert assessment.accumulate(np.array([HOUR], dtype=np.int32)).rain_mm[0, 0] == 15.0


def test_an_impossible_tip_is_refused() -> None:
    step = assessment_of().step(tips((300, 20.5)), T0 + 300)
    assert step.flags.tolist() == [Flag.OUT_OF_RANGE]


def test_a_greater_repetition_counts_and_a_smaller_does_not() -> None:
    assessment = assessment_of()
    assessment.step(rain((0, 300, 14.0)), T0 + 300)
    step = assessment.step(rain((0, 300, 13.0), (0, 300, 16.0)), T0 + 360)
    assert step.flags.tolist() == [Flag.DUPLICATE, 0]
    assert assessment.accumulate(np.array([HOUR], dtype=np.int32)).rain_mm[0, 0] == 16.0
    assert [change.level for change in step.changes] == [Level.BLUE]


def test_a_spare_keeps_the_village_of_a_silent_gauge_seeing() -> None:
    """Station 2 is the spare of station 0; village 0 hears station 0 alone."""
    weights = nearest_weights(N, N)
    network = network_of(N, N)
    spares = replace(network, stations=replace(network.stations, spares=((0, 2),)))
    assessment = Assessment(
        spares,
        (rain_rule(N, SIREN),),
        weights=Weights(weights, weights),
        windows=WINDOWS,
        quality=QUALITY,
        nowcast=None,
    )
    for minute in range(5, 60, 5):
        step = assessment.step(rain((1, 60 * minute, 0.0), (2, 60 * minute, 2.5)), T0 + 60 * minute)
    assert step.is_reporting.tolist() == [False, True, True]
    assert step.sight.is_blind.tolist() == [False, False, False]
    assert assessment.level("flash_flood").level.tolist() == [Level.YELLOW, 0, Level.YELLOW]


def test_any_source_of_forecasts_raises_what_a_forecast_may() -> None:
    rule = replace(rain_rule(N, SIREN), forecast_level_max=Level.YELLOW)
    weights = nearest_weights(N, N)
    assessment = Assessment(
        network_of(N, N),
        (rule,),
        weights=Weights(weights, weights),
        windows=WINDOWS,
        quality=QUALITY,
        nowcast=ForecastOf((HOUR, 2 * HOUR, 3 * HOUR), (60.0, 60.0, 60.0)),
    )
    step = assessment.step(rain((1, 300, 5.0)), T0 + 300)
    assert step.forecast is not None
    assert step.forecast.method == "elsewhere"
    assert {change.level for change in step.changes} == {Level.YELLOW}
    assert all(change.reason is not None and change.reason.lead_s == HOUR for change in step.changes)
