"""Gusts through the whole assessment: posts hear of them, a restart changes nothing."""

import numpy as np

from tests.networks import LOWERING, QUALITY, T0, WINDOWS, nearest_weights, network_of
from tests.unit.desk.county import MESSAGE_POLICY, desk_of
from warnstream.assessment import Assessment, Weights
from warnstream.delivery import texts_en, texts_zh
from warnstream.delivery.texts import parts_of
from warnstream.hazards.strong_wind import WindTable
from warnstream.model.changes import Change, LevelChange
from warnstream.model.level import Level
from warnstream.model.network import ChainPost, Network
from warnstream.model.observations.readings import ReadingBatch, Variable, batch_of, empty_batch
from warnstream.model.rules.policies import RoutingPolicy
from warnstream.model.rules.rules import HazardRule

N = 2
MIN = 60
ROUTING = RoutingPolicy(Level.BLUE, Level.BLUE, (0, 60, 60, 60, 60))


def wind_rule() -> HazardRule:
    every = np.arange(N, dtype=np.int32)
    critical = np.tile(np.array([13.9, 20.8, 28.5, 37.0]), (N, 1))
    table = WindTable(every, every, critical, window_s=10 * MIN, stale_after_s=30 * MIN)
    return HazardRule(
        "wind",
        "strong_wind",
        "大风",
        "Wind",
        table,
        0.0,
        Level.NONE,
        LOWERING,
        "plan",
        calls_households=False,
    )


def network() -> Network:
    plain = network_of(N, N)
    posts = (ChainPost("p1", "grid member", 1, "V0", "sms", "+86"),)
    return type(plain)(plain.stations, plain.villages, plain.households, posts)


def assessment_of() -> Assessment:
    weights = nearest_weights(N, N)
    return Assessment(
        network(),
        (wind_rule(),),
        weights=Weights(weights, weights),
        windows=WINDOWS,
        quality=QUALITY,
        nowcast=None,
    )


def gust(minute: int, *m_per_s: float) -> ReadingBatch:
    stations = range(len(m_per_s))
    return batch_of(
        stations, [Variable.WIND_GUST] * len(m_per_s), [T0 + MIN * minute] * len(m_per_s), m_per_s
    )


def rise() -> tuple[LevelChange, ...]:
    assessment = assessment_of()
    return tuple(assessment.step(gust(5, 29.0, 3.0), T0 + 5 * MIN).changes)


def test_a_gust_raises_the_village_and_says_where_and_how_strong() -> None:
    (change,) = rise()
    assert (change.kind, change.village, change.level) == (Change.RISE, 0, Level.ORANGE)
    reason = change.reason
    assert reason is not None
    assert (reason.indicator, reason.station, reason.value, reason.threshold, reason.unit) == (
        "wind_gust",
        "S0",
        29.0,
        28.5,
        "m/s",
    )
    assert (reason.observed_until_s, reason.confirmed) == (T0 + 5 * MIN, True)


def test_posts_are_called_and_households_are_not() -> None:
    desk = desk_of(network(), (wind_rule(),), routing=ROUTING)
    effects = desk.step(rise(), T0 + 5 * MIN)
    assert [digest.post for digest in effects.digests] == ["p1"]
    assert effects.bulletins == []
    parts = parts_of(effects.messages[0], network(), (wind_rule(),), MESSAGE_POLICY)
    assert "S0站阵风风速29米/秒，达到阈值28.5米/秒" in texts_zh.texts(parts).text
    assert "Gauge S0: gust 29 m/s, reached the threshold of 28.5 m/s" in texts_en.texts(parts).text


def test_a_doubtful_number_is_refused_and_warns_nobody() -> None:
    assessment = assessment_of()
    for number in (99.9, 65.535, 150.0, -3.0):
        step = assessment.step(gust(5, number), T0 + 5 * MIN)
        assert step.changes == []
        assert step.flags[0]


def test_the_level_falls_when_the_wind_has_abated_and_not_before() -> None:
    assessment = assessment_of()
    assessment.step(gust(0, 29.0, 3.0), T0)
    levels = []
    for minute in range(5, 420, 5):
        assessment.step(gust(minute, 4.0, 3.0), T0 + minute * MIN)
        levels.append(int(assessment.level("wind").level[0]))
    assert levels[0] == Level.ORANGE
    assert levels[-1] == Level.NONE
    assert levels == sorted(levels, reverse=True)


def test_a_restart_at_any_minute_equals_none() -> None:
    speeds = [3.0, 12.0, 22.0, 30.0, 9.0, 4.0, 2.0, 2.0]
    whole, restarted = assessment_of(), assessment_of()
    for number, speed in enumerate(speeds):
        minute = 5 * number
        state, restarted = restarted.snapshot(), assessment_of()
        if number:
            restarted.restore(state)
        batch = gust(minute, speed, 1.0)
        one, other = (of.step(batch, T0 + minute * MIN).changes for of in (whole, restarted))
        assert one == other


def test_a_station_that_measures_wind_alone_is_not_silent() -> None:
    assessment = assessment_of()
    assessment.step(gust(5, 29.0, 3.0), T0 + 5 * MIN)
    step = assessment.step(empty_batch(), T0 + 6 * MIN)
    assert step.failures == {}
    view = assessment.view(0)
    assert view.hazards[0].adds_up
    assert view.hazards[0].places[0].comparisons[0].value == 29.0
