"""What rules reach, how they hold and fall, and what they say."""

from functools import cache

import msgspec
import numpy as np
import pytest

from tests.networks import T0, rain, rain_rule, stage
from tests.unit.rules.county import County, rule_of
from warnstream.model.changes import Change, Reason
from warnstream.model.level import Level
from warnstream.model.observations.readings import concatenate
from warnstream.model.observations.signs import SignReport, SignVerdict

STORM = """
- {level: yellow, all: [{rain: 1h, at_least: 25mm}, {rain: 10min, at_least: 5mm}]}
- {level: red, rain: 10min, at_least: 10mm, for: 20min}
"""


def test_all_terms_must_hold_and_the_highest_level_counts() -> None:
    county = County((rule_of(STORM),))
    levels = []
    for minute in range(5, 50, 5):
        county.fall(minute, 6.0, 2.0)
        levels.append(county.level()[0])
    # 25 mm after five readings; 12 mm in ten minutes from minute 10 on, for twenty minutes at minute 30.
    assert levels == [0, 0, 0, 0, 2, 4, 4, 4, 4]
    assert county.level()[1] == 0


def test_a_break_starts_the_time_anew() -> None:
    county = County((rule_of("[{level: red, rain: 10min, at_least: 10mm, for: 20min}]"),))
    for minute, amount in zip(range(5, 45, 5), (6, 6, 6, 6, 1, 6, 6, 6), strict=True):
        county.fall(minute, amount, 0.0)
    assert county.level()[0] == 0
    for minute in (45, 50, 55):
        county.fall(minute, 6.0, 0.0)
    assert county.level()[0] == Level.RED


def test_the_warning_names_everything_that_had_to_hold() -> None:
    county = County((rule_of(STORM),))
    found = [change for minute in range(5, 30, 5) for change in county.fall(minute, 6.0, 0.0)]
    (change,) = found
    assert change.reason is not None
    facts = {(fact.indicator, fact.duration_s): fact for fact in change.reason.facts}
    assert set(facts) == {("rain", 3600), ("rain", 600)}
    assert (facts["rain", 3600].value, facts["rain", 3600].threshold, facts["rain", 3600].station) == (
        30,
        25,
        "S0",
    )
    assert (facts["rain", 600].value, facts["rain", 600].threshold) == (12, 5)
    # The one farthest above its amount comes first.
    assert (change.reason.duration_s, change.reason.value, change.reason.unit) == (600, 12, "mm")
    assert (change.reason.observed_until_s, change.reason.source) == (T0 + 25 * 60, "test")


def test_a_condition_that_lasts_says_since_when() -> None:
    county = County((rule_of(STORM),))
    found = [change for minute in range(5, 35, 5) for change in county.fall(minute, 6.0, 0.0)]
    assert found[-1].reason is not None
    assert found[-1].reason.facts[0].held_since_s == T0 + 10 * 60


@cache
def told(restart_at: int) -> tuple[object, ...]:
    """Changes of an hour, from a snapshot at one of its minutes."""
    text = """
    - {level: blue, rain: 10min, rises_by: 3mm, over: 10min}
    - {level: yellow, rain: 10min, at_least: 10mm, for: 15min}
    - level: orange
      first: {rain: 10min, at_least: 20mm}
      then: {rain: 30min, at_least: 50mm}
      within: 30min
    """
    amounts = [0, 2, 5, 6, 5, 12, 12, 0, 1, 14, 13, 14]
    county, changes = County((rule_of(text),)), list[object]()
    for minute, amount in zip(range(5, 65, 5), amounts, strict=True):
        readings = rain((0, 60 * minute, amount), (1, 60 * minute, amount / 2))
        changes += county.at(minute, readings, restart=minute == restart_at)
    return tuple(changes)


@pytest.mark.parametrize("restart_at", range(5, 65, 5))
def test_a_restart_at_any_step_equals_no_restart(restart_at: int) -> None:
    assert told(restart_at) == told(0)
    assert len(told(0)) >= 4


def test_a_snapshot_of_other_conditions_is_refused() -> None:
    state = County((rule_of(STORM),)).assessment.snapshot()
    other = County((rule_of("[{level: red, rain: 1h, at_least: 80mm}]"),))
    with pytest.raises(ValueError, match="other conditions"):
        other.assessment.restore(state)


def test_rising_compares_with_the_value_of_then() -> None:
    county = County((rule_of("[{level: orange, stage: S0, rises_by: 0.4m, over: 10min}]"),))
    levels = []
    for minute, metres in zip(range(0, 35, 5), (10.0, 10.0, 10.1, 10.3, 10.5, 10.5, 10.5), strict=True):
        county.at(minute, stage((0, 60 * minute, metres)))
        levels.append(county.level()[0])
    assert levels == [0, 0, 0, 0, Level.ORANGE, Level.ORANGE, Level.ORANGE]


def test_a_sequence_asks_for_its_first_part_within_the_time_and_stands_with_its_second() -> None:
    text = """
    - level: orange
      first: {rain: 10min, at_least: 10mm}
      then: {stage: S0, at_least: 12m}
      within: 15min
    """
    county = County((rule_of(text),))
    county.fall(5, 10.0, 0.0)
    county.at(20, concatenate([rain((0, 1200, 0.0)), stage((0, 1200, 12.0))]))
    assert county.level() == [Level.ORANGE, Level.NONE]
    late = County((rule_of(text),))
    late.fall(5, 10.0, 0.0)
    late.at(60, concatenate([rain((0, 3600, 0.0)), stage((0, 3600, 12.0))]))
    assert late.level() == [0, 0]


def test_a_level_holds_at_its_clear_values_and_falls_below_them() -> None:
    county = County((rule_of("[{level: red, stage: S0, at_least: 12m, clear: 11.5m}]"),))
    county.at(0, stage((0, 0, 12.0)))
    for minute in range(5, 180, 5):
        county.at(minute, stage((0, 60 * minute, 11.6)))
    assert county.level()[0] == Level.RED
    for minute in range(180, 240, 5):
        county.at(minute, stage((0, 60 * minute, 11.4)))
    assert county.level()[0] == Level.NONE  # the rule has no other level


def test_the_clear_value_of_a_stage_does_not_depend_on_its_datum() -> None:
    """Ratio 0.8: 0.2 m below, at 312 m over sea level too."""
    county = County((rule_of("[{level: red, stage: S0, at_least: 312m}]"),))
    county.at(0, stage((0, 0, 312.0)))
    for minute in range(5, 240, 5):
        county.at(minute, stage((0, 60 * minute, 311.7)))
    assert county.level()[0] < Level.RED


def test_a_silent_sensor_holds_the_level_and_is_said() -> None:
    county = County((rule_of("[{level: red, stage: S0, at_least: 12m}]"),))
    county.at(0, stage((0, 0, 12.0)))
    changes = [change for minute in range(5, 300, 5) for change in county.at(minute)]
    assert county.level()[0] == Level.RED
    assert {(c.kind, c.village) for c in changes} == {(Change.SIGHT_LOST, 0), (Change.SIGHT_LOST, 1)}


def test_the_villages_own_amounts_count_and_a_village_without_one_is_never_warned() -> None:
    text = "[{level: orange, rain: 30min, at_least: {column: critical}}]"
    rule = rule_of(
        text,
        columns={"critical": "mm"},
        amounts={"critical": [20.0, np.nan], "critical cleared at 0.8 rain at_least": [16.0, np.nan]},
    )
    county = County((rule,))
    county.fall(5, 20.0, 100.0)
    assert county.level() == [Level.ORANGE, Level.NONE]


def test_the_level_of_another_hazard_is_a_term_in_the_same_step() -> None:
    text = "[{level: red, all: [{hazard: other, at_least: yellow}, {rain: 10min, at_least: 15mm}]}]"
    # The rule stands first and is judged last.
    county = County((rule_of(text), rain_rule(2, (10, 20, 40, 80), name="other")))
    changes = county.fall(5, 20.0, 15.0)
    assert [(c.hazard, c.village) for c in changes] == [("own", 0), ("other", 0), ("other", 1)]
    assert changes[0].reason is not None
    level = next(fact for fact in changes[0].reason.facts if fact.indicator == "level")
    assert (level.note, level.value, level.threshold) == ("other", 2, 2)


def test_a_validated_sign_is_a_term() -> None:
    county = County((rule_of("[{level: orange, any: [{sign: crack}, {rain: 1h, at_least: 99mm}]}]"),))
    county.at(5, None, SignReport("V0", "crack", "p2", "behind the school"))
    assert county.level() == [0, 0]
    (sign,) = county.assessment.signs.all()
    (change,) = county.at(6, None, SignVerdict(sign.sign, is_validated=True, validator="p1", note=""))
    assert (change.village, change.level) == (0, Level.ORANGE)
    assert change.reason is not None
    assert (change.reason.indicator, change.reason.facts[0].note) == ("sign", "crack")
    # The outbox keeps reasons as JSON, which has no NaN.
    assert msgspec.json.decode(msgspec.json.encode(change.reason), type=Reason) == change.reason


def test_what_is_not_known_holds_nothing() -> None:
    county = County((rule_of("[{level: red, stage: S0, at_most: 1m}]"),))
    county.at(5)
    assert county.level() == [0, 0]
    county.at(6, stage((0, 360, 0.5)))
    assert county.level() == [Level.RED, Level.RED]


def test_equal_conditions_of_several_rules_are_one() -> None:
    one = rule_of("[{level: red, all: [{rain: 1h, at_least: 40mm}, {rain: 3h, at_least: 60mm}]}]")
    same = rule_of(
        "[{level: red, all: [{all: [{rain: 3h, at_least: 60mm}, {rain: 1h, at_least: 40mm}]}]}]", name="other"
    )
    alone, both = County((one,)), County((one, same))
    plans = [county.assessment._judgement._plan.n_conditions for county in (alone, both)]
    assert plans == [3, 3]


def test_two_rules_that_read_the_rise_of_one_gauge_over_other_windows_each_read_their_own() -> None:
    """From 10 to 11 m in the last half hour, after half an hour at 10 m: 2 m/h, and 1 m/h over the hour."""
    short = rule_of(
        "[{level: red, stage_rise: S0, at_least: 1.5m/h, window: 30min}]", name="short", n_villages=2
    )
    long = rule_of("[{level: red, stage_rise: S0, at_least: 1.5m/h, window: 1h}]", name="long", n_villages=2)
    for rules in ((short, long), (long, short)):
        county = County(rules)
        for minute in range(0, 65, 5):
            county.at(minute, stage((0, 60 * minute, 10.0 + max(minute - 30, 0) / 30)))
        assert county.level("short")[0] == Level.RED
        assert county.level("long")[0] == Level.NONE
