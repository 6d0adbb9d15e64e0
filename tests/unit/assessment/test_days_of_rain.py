"""Windows of days through the whole assessment: levels, reasons, warm-up, forecast."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tests.forecasts import ForecastOf
from tests.networks import HOUR, LOWERING, QUALITY, T0, WINDOWS, nearest_weights, network_of, rain, rain_rule
from tests.unit.hazards.test_landslide_rain import territory
from tests.unit.rules.county import rule_of
from warnstream.assessment import Assessment, Weights
from warnstream.delivery import texts_en, texts_zh
from warnstream.delivery.texts import reason_parts
from warnstream.forecast.source import ForecastSource
from warnstream.model.changes import Change, LevelChange, Reason
from warnstream.model.level import Level
from warnstream.model.observations.days import DayWindow, PastDays
from warnstream.model.observations.readings import empty_batch
from warnstream.model.rules.landslides import LandslideRain
from warnstream.model.rules.policies import MessagePolicy
from warnstream.model.rules.rules import HazardRule
from warnstream.model.times import DAY_S, fixed_zone
from warnstream.model.warning import MessageStatus
from warnstream.runners.carry.carry import carry
from warnstream.runners.carry.names import names_of

TODAY = T0 // DAY_S  # days begin at 00:00 UTC here: 08:00 in China
POLICY = MessagePolicy("ws", "s", "s", MessageStatus.ACTUAL, fixed_zone(8 * HOUR), 6 * HOUR, 1800, "")


def past_of(*days_mm: float, share: float = 1.0, n_stations: int = 1) -> PastDays:
    """The days before today, the oldest first, equal at all stations."""
    amounts = np.array(days_mm)[:, None] * np.ones(n_stations)
    return PastDays(
        TODAY - len(days_mm),
        np.rint(amounts * 1000).astype(np.int32),
        np.full(amounts.shape, round(1440 * share), dtype=np.uint16),
    )


def assessment_of(
    *rules: HazardRule,
    past: PastDays | None = None,
    interval_s: int = 3600,
    nowcast: ForecastSource | None = None,
) -> Assessment:
    weights = nearest_weights(1, 1)
    return Assessment(
        network_of(1, 1, interval_s=interval_s),
        rules,
        weights=Weights(weights, weights),
        windows=WINDOWS,
        quality=QUALITY,
        nowcast=nowcast,
        past=past,
    )


def changes_of(assessment: Assessment, *hourly_mm: float) -> list[LevelChange]:
    found = list(assessment.step(empty_batch(), T0).changes)
    for hour, amount in enumerate(hourly_mm, start=1):
        found += assessment.step(rain((0, hour * HOUR, amount)), T0 + hour * HOUR).changes
    return found


def reason_of(change: LevelChange) -> Reason:
    assert change.reason is not None
    return change.reason


def test_a_critical_rainfall_over_fifteen_days_counts_the_days_before_the_node_began() -> None:
    rule = rain_rule(1, (300, 400, 500, 600), duration_s=15 * DAY_S)
    (change,) = changes_of(assessment_of(rule, past=past_of(*[19.0] * 15)), 10, 5)
    reason = reason_of(change)
    assert (change.level, change.at_s) == (Level.BLUE, T0 + 2 * HOUR)
    assert (reason.value, reason.threshold, reason.duration_s) == (300.0, 300.0, 15 * DAY_S)
    assert reason.coverage == 1.0
    assert reason.confirmed
    (fact,) = reason.facts
    assert fact.note == "2026-06-03T00:00:00Z/2026-06-19T00:00:00Z"
    parts = reason_parts(reason, POLICY)
    assert texts_en.reason_text(parts).startswith("Gauge S0: 300 mm of rain in 15 days, reached")
    assert "15天雨量300毫米" in texts_zh.reason_text(parts)


def test_without_the_days_before_the_same_rain_is_none_and_half_of_them_is_unconfirmed() -> None:
    rule = rain_rule(1, (300, 400, 500, 600), duration_s=15 * DAY_S)
    assert changes_of(assessment_of(rule), 10, 5) == []
    (change,) = changes_of(assessment_of(rule, past=past_of(*[19.0] * 15, share=0.4)), 10, 5)
    reason = reason_of(change)
    assert reason.coverage == pytest.approx(0.4, abs=0.01)
    assert not reason.confirmed


def test_expected_rain_adds_to_the_days() -> None:
    rule = replace(rain_rule(1, (300, 400, 500, 600), duration_s=15 * DAY_S), forecast_level_max=Level.YELLOW)
    nowcast = ForecastOf((HOUR, 2 * HOUR, 3 * HOUR), (12.0, 20.0, 30.0))
    assessment = assessment_of(rule, past=past_of(*[19.0] * 15), nowcast=nowcast)
    (change,) = changes_of(assessment, 5)
    reason = reason_of(change)
    assert (reason.value, reason.forecast_value, reason.lead_s) == (302.0, 12.0, HOUR)


RULE = """
- level: orange
  all:
    - {rain: {days: 15}, at_least: 200mm}
    - {antecedent_rain: {ratio: 0.84, days: 10}, at_least: 50mm}
    - {rain: {days: 1, today: true}, at_least: 30mm}
"""


def test_a_rule_names_the_days_and_the_coverage_of_every_term() -> None:
    past = past_of(*[0.0] * 5, *[20.0] * 9, 0.0)
    past.observed_min[0] = 0
    assessment = assessment_of(rule_of(RULE, n_villages=1), past=past)
    assert changes_of(assessment, 20, 9) == []  # 180 mm in fifteen days before today: not enough
    past = past_of(*[10.0] * 5, *[20.0] * 9, 0.0)
    past.observed_min[0] = 720
    (change,) = changes_of(assessment_of(rule_of(RULE, n_villages=1), past=past), 20, 10)
    reason = reason_of(change)
    facts = {fact.indicator: fact for fact in reason.facts}
    assert facts["prior_rain"].value == 230.0
    assert facts["prior_rain"].coverage == round(14.5 / 15, 3)
    assert facts["prior_rain"].note == "2026-06-03T00:00:00Z/2026-06-18T00:00:00Z"
    index = sum(20 * 0.84**i for i in range(2, 11))
    assert facts["prior_index"].value == round(index, 3)
    assert facts["prior_index"].duration_s == 10 * DAY_S
    assert facts["daily_rain"].value == 30.0
    assert facts["daily_rain"].coverage == 1.0
    assert facts["daily_rain"].note == "2026-06-18T00:00:00Z/2026-06-19T00:00:00Z"
    assert reason.coverage == round(14.5 / 15, 3)


def landslide(daily: tuple[DayWindow, ...], daily_mm: list[list[float]], **criteria: object) -> HazardRule:
    where = territory(daily_mm=np.array(daily_mm).reshape(len(daily), 4), **criteria)
    table = LandslideRain(
        np.zeros(1, dtype=np.int32),
        (where,),
        12 * HOUR,
        24 * HOUR,
        0.84,
        api_days=DayWindow(1, 10, 0.84),
        daily=daily,
    )
    return HazardRule(
        "landslide", "landslide_rain", "滑坡", "Landslide", table, 0.0, Level.NONE, LOWERING, "x"
    )


DAYS_BACK_MM = (30, 0, 20, 10, 0, 0, 0, 50, 0, 0)


def test_the_antecedent_rain_of_ten_days_leaves_today_out() -> None:
    """R_a of k = 0.84 is 54.4266 mm for these days; a node that counted today would say more."""
    rule = landslide((), [], antecedent_mm=np.array([54.0, 55.0, np.nan, np.nan]))
    (change,) = changes_of(assessment_of(rule, past=past_of(*reversed(DAYS_BACK_MM))), 40)
    reason = reason_of(change)
    assert (change.level, reason.indicator) == (Level.BLUE, "prior_index")
    assert reason.value == pytest.approx(54.427, abs=5e-4)
    assert reason.duration_s == 10 * DAY_S
    assert reason.facts[0].note == "2026-06-08T00:00:00Z/2026-06-18T00:00:00Z"


def test_rain_of_three_days_with_today_reaches_the_whole_of_a_two_year_maximum_of_200_mm() -> None:
    """Philippines: one day of half, or three days of the whole, of the two-year maximum of three days."""
    windows = (DayWindow(0, 0), DayWindow(0, 2))
    nan = float("nan")
    rule = landslide(windows, [[nan, nan, 100, nan], [nan, nan, 200, nan]])
    (change,) = changes_of(assessment_of(rule, past=past_of(90.0, 60.0)), 30, 20)
    reason = reason_of(change)
    assert (reason.indicator, reason.value, reason.duration_s) == ("daily_rain", 200.0, 3 * DAY_S)
    (other,) = changes_of(assessment_of(rule, past=past_of(0.0, 0.0)), 60, 40)
    assert (reason_of(other).value, reason_of(other).duration_s) == (100.0, DAY_S)


def test_the_soil_is_warmed_up_by_the_days_before() -> None:
    rule = landslide((), [], effective_mm=np.array([10.0, np.nan, np.nan, np.nan]))
    dry, wet = assessment_of(rule), assessment_of(rule, past=past_of(*[24.0] * 60))
    for assessment in (dry, wet):
        assessment.step(empty_batch(), T0)
    assert wet._stations.antecedent is not None
    assert dry._stations.antecedent is not None
    warm, cold = wet._stations.antecedent.states(), dry._stations.antecedent.states()
    assert cold.tanks_mm.sum() == 0
    # At 1 mm/h the tanks stand where as much runs off as falls: 0.12 S1 = 1, 0.1 S2 - 0.75 = 1,
    # 0.02 S3 - 0.15 = 0.05 S2 (constants of the JMA); the third one gets there slowly.
    np.testing.assert_allclose(warm.tanks_mm[:, 0], [1 / 0.12, 17.5, 51.25], rtol=1e-3)
    assert warm.coverage[0] > 0.999
    # The half-life sum of steps of 1/6 mm: a geometric series of the ratio 0.5 ** (1 / 144).
    assert warm.effective_mm[0, 0] == pytest.approx(1 / 6 / (1 - 0.5 ** (1 / 144)), rel=1e-6)


def test_the_day_of_the_antecedent_index_begins_where_days_do() -> None:
    """Of 10 mm that fell before the day ended 8.4 count in the next; of today's all."""
    slide = landslide((), [])
    assert isinstance(slide.thresholds, LandslideRain)
    rule = replace(slide, thresholds=replace(slide.thresholds, api_days=None))
    weights = nearest_weights(1, 1)
    assessment = Assessment(
        network_of(1, 1, interval_s=3600),
        (rule,),
        weights=Weights(weights, weights),
        windows=replace(WINDOWS, day_begins_s=2 * HOUR),
        quality=QUALITY,
        nowcast=None,
    )
    changes_of(assessment, 0, 10, 5)
    states = assessment._stations.antecedent
    assert states is not None
    assert states.states().antecedent_mm[0, 0] == pytest.approx(8.4 + 5)


def carried_to(after: Assessment, before: Assessment) -> list[str]:
    """The state of one in the other, over the same places; what begins anew."""
    names = names_of(network_of(1, 1), {})
    found = carry(before.snapshot(), after.snapshot(), names, names)
    after.restore(found.state)
    return found.notes


def test_a_node_with_other_rules_keeps_the_days_of_an_old_snapshot() -> None:
    """Rules were changed, but what has fallen has fallen."""
    before = assessment_of(rule_of(RULE, n_villages=1), past=past_of(*[20.0] * 5))
    changes_of(before, *[1.0] * 30)  # today and six hours of tomorrow
    other = rain_rule(1, (100, 110, 120, 130), duration_s=15 * DAY_S)
    after = assessment_of(other)
    carried_to(after, before)
    now_s = T0 + 30 * HOUR
    assert after.step(empty_batch(), now_s).rain.station_rain_mm[0, -1] == 5 * 20 + 30
    # And again after a restart that fits, without the old snapshot.
    restored = assessment_of(other)
    restored.restore(after.snapshot())
    assert restored.step(empty_batch(), now_s).rain.station_rain_mm[0, -1] == 5 * 20 + 30


def test_days_that_begin_at_another_time_are_not_kept() -> None:
    before = assessment_of(rule_of(RULE, n_villages=1), past=past_of(*[20.0] * 5))
    changes_of(before, 1.0)
    weights = nearest_weights(1, 1)
    after = Assessment(
        network_of(1, 1, interval_s=3600),
        (rule_of(RULE, n_villages=1),),
        weights=Weights(weights, weights),
        windows=replace(WINDOWS, day_begins_s=HOUR),
        quality=QUALITY,
        nowcast=None,
    )
    with pytest.raises(ValueError, match="days from 0 s after 00:00 UTC, now 3600 s"):
        after.restore(before.snapshot())
    (note,) = carried_to(after, before)
    assert "windows.day_begins was changed" in note
    assert "past_um" not in after.snapshot()["days"]


@pytest.mark.parametrize("term", ["{days: 15}", "15d"])
def test_at_most_does_not_hold_where_too_few_of_the_days_are_known(term: str) -> None:
    text = f"- {{level: yellow, rain: {term}, at_most: 50mm}}"
    known = assessment_of(rule_of(text, n_villages=1), past=past_of(*[1.0] * 15, share=0.9))
    unknown = assessment_of(rule_of(text, n_villages=1), past=past_of(*[1.0] * 15, share=0.7))
    assert [change.level for change in changes_of(known, 0.0)] == [Level.YELLOW]
    assert changes_of(unknown, 0.0) == []


def daily(days: int, *levels_mm: float) -> HazardRule:
    """Landslides by the rain of days with today so far."""
    ground = territory(daily_mm=np.array([levels_mm]))
    table = LandslideRain(
        np.zeros(1, dtype=np.int32), (ground,), 12 * HOUR, 24 * HOUR, 0.84, None, (DayWindow(0, days - 1),)
    )
    return HazardRule("slide", "landslide_rain", "滑坡", "Slide", table, 0.0, Level.NONE, LOWERING, "test")


def written(days: int, *levels_mm: float) -> HazardRule:
    """The same as a rule of the operator's own."""
    words = ("blue", "yellow", "orange", "red")
    rows = [
        f"{{level: {word}, rain: {{days: {days}, today: true}}, at_least: {mm}mm}}"
        for word, mm in zip(words, levels_mm, strict=True)
        if not np.isnan(mm)
    ]
    return rule_of(f"[{', '.join(rows)}]", name="slide", n_villages=1)


def weighted(_days: int, *levels_mm: float) -> HazardRule:
    """Weighted rain of seven days: yesterday counts a quarter."""
    table = LandslideRain(
        np.zeros(1, dtype=np.int32),
        (territory(weighted_mm=np.array(levels_mm) / sum(n**-2 for n in range(1, 8))),),
        12 * HOUR,
        24 * HOUR,
        0.84,
    )
    return HazardRule("slide", "landslide_rain", "滑坡", "Slide", table, 0.0, Level.NONE, LOWERING, "test")


NAN = np.nan
WAYS = pytest.mark.parametrize("make", [daily, written], ids=["landslide_rain", "rule"])
ALL_WAYS = pytest.mark.parametrize("make", [daily, written, weighted])


@ALL_WAYS
def test_no_all_clear_comes_just_after_midnight_in_the_rain(make: Callable[..., HazardRule]) -> None:
    """10 mm/h through the whole night; the day begins anew at T0 + 24 h."""
    assessment = assessment_of(make(1, NAN, NAN, 100.0, NAN))
    changes = changes_of(assessment, *[0.0] * 12, *[10.0] * 20)
    assert [(change.kind, change.at_s) for change in changes] == [(Change.RISE, T0 + 22 * HOUR)]


@ALL_WAYS
def test_the_level_falls_when_the_rain_of_as_many_hours_no_longer_holds_it(
    make: Callable[..., HazardRule],
) -> None:
    """120 mm from 12 to 24 h; below 80 mm in 24 h from hour 40 on, then the hold time of half an hour."""
    assessment = assessment_of(make(1, NAN, NAN, 100.0, NAN))
    changes = changes_of(assessment, *[0.0] * 12, *[10.0] * 12, *[0.0] * 24)
    assert [(change.kind, change.level) for change in changes] == [
        (Change.RISE, Level.ORANGE),
        (Change.FALL, Level.NONE),
    ]
    assert T0 + 40 * HOUR < changes[1].at_s <= T0 + 42 * HOUR


@WAYS
def test_a_day_whose_last_hour_arrives_on_the_next_one_reaches_its_level(
    make: Callable[..., HazardRule],
) -> None:
    assessment = assessment_of(make(1, NAN, NAN, 100.0, NAN))
    changes = changes_of(assessment, *[0.0] * 13, *[9.0] * 10)  # 90 mm by 23:00
    assert changes == []
    at_s = T0 + 24 * HOUR + 300
    assert assessment.step(empty_batch(), at_s).changes == []
    (rise,) = assessment.step(rain((0, 24 * HOUR, 12.0)), at_s + 300).changes
    reason = reason_of(rise)
    assert (rise.level, reason.indicator, reason.value) == (Level.ORANGE, "prior_rain", 102.0)
    assert reason.facts[0].note == "2026-06-18T00:00:00Z/2026-06-19T00:00:00Z"
    assert "102 mm of rain in the 1 days before today" in texts_en.reason_text(reason_parts(reason, POLICY))
    assert assessment.view(0).hazards[0].adds_up
    assessment.step(empty_batch(), at_s + 360)
    assert assessment.view(0).hazards[0].adds_up, "a minute later as well, when nothing rises"


@WAYS
def test_the_order_of_arrival_makes_no_difference_to_the_level_an_hour_later(
    make: Callable[..., HazardRule],
) -> None:
    late, punctual = (
        assessment_of(make(2, NAN, NAN, 100.0, 120.0)),
        assessment_of(make(2, NAN, NAN, 100.0, 120.0)),
    )
    for assessment in (late, punctual):
        changes_of(assessment, *[0.0] * 13, *[9.0] * 10)
    punctual.step(rain((0, 24 * HOUR, 12.0)), T0 + 24 * HOUR)
    late.step(empty_batch(), T0 + 24 * HOUR)
    late.step(rain((0, 24 * HOUR, 12.0)), T0 + 24 * HOUR + 900)
    for assessment in (late, punctual):
        assessment.step(rain((0, 25 * HOUR, 0.0)), T0 + 25 * HOUR)
    assert late.level("slide").level.tolist() == punctual.level("slide").level.tolist() == [Level.ORANGE]


@WAYS
def test_days_that_ended_long_ago_reach_nothing(make: Callable[..., HazardRule]) -> None:
    """The day before had 120 mm, but in its first hours: 20 hours later they are over."""
    assessment = assessment_of(make(1, NAN, NAN, 100.0, NAN), past=past_of(120.0))
    assert changes_of(assessment, 0.0, 0.0) == []
