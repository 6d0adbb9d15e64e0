"""From readings at noon to a level, through the whole assessment."""

import numpy as np

from tests.networks import HOUR, LOWERING, QUALITY, T0, WINDOWS, nearest_weights, network_of
from warnstream.assessment import Assessment, Weights
from warnstream.model.changes import LevelChange
from warnstream.model.level import Level
from warnstream.model.observations.readings import ReadingBatch, Variable, batch_of
from warnstream.model.rules.rules import FireTable, HazardRule

DAY = 24 * HOUR
NOON = 4 * HOUR


def assessment_of() -> Assessment:
    table = FireTable(np.array([5.0, 8.0, 12.0, 40.0]), np.array([[0, -1], [1, 0]], dtype=np.int32), NOON)
    rule = HazardRule("fire", "forest_fire", "森林火险", "Forest fire", table, 0.0, Level.NONE, LOWERING, "t")
    weights = nearest_weights(2, 2)
    return Assessment(
        network_of(2, 2, interval_s=3600),
        (rule,),
        weights=Weights(weights, weights),
        windows=WINDOWS,
        quality=QUALITY,
        nowcast=None,
    )


def hour_of(at_s: int, temperature: float, humidity: float, wind_kmh: float) -> ReadingBatch:
    values = [0.0, temperature, humidity, wind_kmh / 3.6]
    words = [Variable.RAIN, Variable.TEMPERATURE, Variable.HUMIDITY, Variable.WIND_SPEED]
    return batch_of([0] * 4, words, [at_s] * 4, values)


def run(assessment: Assessment, first_h: int, last_h: int) -> list[LevelChange]:
    found: list[LevelChange] = []
    for hour in range(first_h, last_h + 1):
        at_s = T0 + hour * HOUR
        found += assessment.step(hour_of(at_s, 17.0, 42.0, 25.0), at_s).changes
    return found


def test_the_index_of_noon_raises_every_village_that_hears_the_station() -> None:
    assessment = assessment_of()
    changes = run(assessment, 1, 30)
    assert {(change.village, change.level) for change in changes} == {(0, Level.YELLOW), (1, Level.YELLOW)}
    reason = changes[0].reason
    assert reason is not None
    assert (reason.indicator, reason.station) == ("fire_weather", "S0")
    # Once a day: the first full day of rain known is that of the second noon; told after 05:00 of that day.
    assert changes[0].at_s == T0 + DAY + NOON + HOUR


def test_without_a_day_of_rain_there_is_no_index() -> None:
    assert run(assessment_of(), 20, 30) == []


def test_a_restored_assessment_goes_on_with_the_same_codes() -> None:
    one, other = assessment_of(), assessment_of()
    run(one, 1, 27)
    other.restore(one.snapshot())
    assert run(other, 28, 60) == run(one, 28, 60)
