"""A forecast of other leads than the nowcast's: 30 and 90 minutes, from the source to what people read."""

from dataclasses import replace

import numpy as np
import pytest

from tests.forecasts import ForecastOf
from tests.networks import HOUR, QUALITY, T0, WINDOWS, nearest_weights, network_of, rain, rain_rule
from tests.unit.desk.county import MESSAGE_POLICY, desk_of
from tests.unit.hazards.test_landslide_rain import line
from tests.unit.rules.county import rule_of
from warnstream.assessment import Assessment, Weights
from warnstream.delivery import texts_en, texts_zh
from warnstream.delivery.texts import parts_of
from warnstream.forecast.source import ForecastSource
from warnstream.model.level import Level
from warnstream.model.rules.landslides import LandslideRain
from warnstream.model.rules.rules import HazardRule

N = 2
SIREN = (15, 30, 60, 90)


def half_hours(leads_s: tuple[int, ...] = (1800, 5400), ahead_mm: tuple[float, ...] = (12, 15)) -> ForecastOf:
    return ForecastOf(leads_s, ahead_mm)


def assess(rule: HazardRule, source: ForecastSource | None) -> Assessment:
    weights = nearest_weights(N, N)
    return Assessment(
        network_of(N, N),
        (rule,),
        weights=Weights(weights, weights),
        windows=WINDOWS,
        quality=QUALITY,
        nowcast=source,
    )


def looks_ahead(rule: HazardRule) -> HazardRule:
    return replace(rule, forecast_level_max=Level.RED)


def test_the_rain_of_half_an_hour_joins_that_of_the_half_hour_before() -> None:
    """18 mm in the last half hour and 12 mm in the next are 30 mm in one hour; 6 mm fell before."""
    assessment = assess(looks_ahead(rain_rule(N, SIREN)), half_hours())
    amounts = [1.0] * 6 + [3.0] * 6
    for number, mm in enumerate(amounts, start=1):
        step = assessment.step(rain((0, 300 * number, mm), (1, 300 * number, 0.0)), T0 + 300 * number)
    reason = assessment.reason_now(0, "flash_flood")
    assert step.failures == {}
    assert reason is not None
    assert (reason.value, reason.threshold, reason.duration_s) == (30.0, 30.0, HOUR)
    assert (reason.lead_s, reason.forecast_value) == (1800, 12.0)
    assert assessment.level("flash_flood").level.tolist() == [Level.YELLOW, Level.NONE]
    assert step.rain.leads_s == (1800, 5400)


def test_people_read_the_lead_of_the_source() -> None:
    rule = looks_ahead(rain_rule(N, (12, 40, 60, 90)))
    step = assess(rule, half_hours()).step(rain((0, 300, 0.0), (1, 300, 0.0)), T0 + 300)
    message = desk_of(network_of(N, N), (rule,)).step(step.changes, T0 + 300).messages[0]
    parts = parts_of(message, network_of(N, N), (rule,), MESSAGE_POLICY)
    assert "Expected within 30 min" in texts_en.texts(parts).text
    assert "预计30分钟内" in texts_zh.texts(parts).text


def test_a_rule_may_name_a_lead_of_the_source_and_no_other() -> None:
    named = rule_of("[{level: red, forecast_rain: 90min, at_least: 15mm}]", leads_s=(1800, 5400))
    assessment = assess(named, half_hours())
    step = assessment.step(rain((0, 300, 0.0)), T0 + 300)
    assert {change.reason.lead_s for change in step.changes if change.reason} == {5400}
    with pytest.raises(ValueError, match=r"in \[5400\] s; the forecast says it for \[1800, 3600\] s"):
        assess(named, half_hours((1800, 3600)))
    assert assess(named, None).step(rain((0, 300, 99.0)), T0 + 300).changes == []


def test_the_hour_of_a_critical_line_is_partly_observed() -> None:
    """The line asks for 20 mm in 60 min: 10 mm in the half hour before, 12 mm in the next."""
    table = LandslideRain(
        np.zeros(N, dtype=np.int32), (line(Level.ORANGE, (20, 1)),), 12 * HOUR, 24 * HOUR, 0.84
    )
    plain = rain_rule(N, SIREN)
    rule = looks_ahead(replace(plain, name="landslide", evaluator="landslide_rain", thresholds=table))
    for before_mm, level in ((10.0, Level.ORANGE), (7.0, Level.NONE)):
        assessment = assess(rule, half_hours())
        for number in range(1, 7):
            step = assessment.step(rain((0, 300 * number, before_mm / 6)), T0 + 300 * number)
        assert assessment.level("landslide").level[0] == level
        assert step.failures == {}


def test_a_storm_goes_on_by_the_rain_of_the_next_hour_whatever_the_leads() -> None:
    """1.5 mm in 30 min and 3 mm in 90 min are 2.25 mm in the next hour."""
    assessment = assess(rain_rule(N, SIREN), half_hours(ahead_mm=(1.5, 3.0)))
    found = assessment.step(rain((0, 300, 0.0)), T0 + 300).rain
    assert found.expected_mm(HOUR).tolist() == [2.25, 2.25]
    assert found.expected_mm(1800).tolist() == [1.5, 1.5]
    assert found.expected_mm(900).tolist() == [0.75, 0.75]
    assert np.isnan(found.expected_mm(2 * HOUR)).all()


@pytest.mark.parametrize("leads_s", [(), (3600, 1800), (0, 3600), (900,)])
def test_leads_that_cannot_be_are_refused_at_the_start(leads_s: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="ascending whole steps of 600 s"):
        assess(rain_rule(N, SIREN), half_hours(leads_s))


def test_a_forecast_of_another_shape_than_its_leads_is_a_failure_and_no_rain() -> None:
    assessment = assess(looks_ahead(rain_rule(N, (1, 2, 3, 4))), half_hours(ahead_mm=(50, 60, 70)))
    step = assessment.step(rain((0, 300, 0.0)), T0 + 300)
    assert list(step.failures) == ["forecast"]
    assert step.changes == []


def test_a_forecast_that_fails_is_reported_until_one_is_made_and_not_on_and_off() -> None:
    source = half_hours()
    assessment = assess(looks_ahead(rain_rule(N, SIREN)), source)
    failing = []
    for minute in range(12):  # one is due every five minutes; those at 0 and 5 fail
        source._ahead_mm = (50.0,) if minute < 10 else (1.0, 2.0)
        step = assessment.step(rain((0, 60 * minute + 60, 0.0)), T0 + 60 * minute + 60)
        failing.append("forecast" in step.failures)
    assert failing == [True] * 10 + [False] * 2


def test_a_snapshot_of_other_leads_is_not_misread() -> None:
    rule = looks_ahead(rain_rule(N, (45, 50, 60, 90)))
    before = assess(rule, half_hours(ahead_mm=(40.0, 50.0)))
    before.step(rain((0, 300, 0.0)), T0 + 300)
    state = before.snapshot()
    same, other = assess(rule, half_hours()), assess(rule, half_hours((HOUR, 2 * HOUR), (1.0, 2.0)))
    for after in (same, other):
        after.restore(state)
    assert same.step(rain((1, 301, 0.0)), T0 + 301).rain.ahead_mm.tolist() == [[40.0, 50.0]] * N
    assert other.step(rain((1, 301, 0.0)), T0 + 301).rain.ahead_mm.tolist() == [[1.0, 2.0]] * N
    del state["villages"]["leads_s"]  # as older versions wrote it: 1, 2 and 3 hours
    older = assess(rule, half_hours())
    older.restore(state)
    assert older.step(rain((1, 301, 0.0)), T0 + 301).rain.ahead_mm.tolist() == [[12.0, 15.0]] * N
