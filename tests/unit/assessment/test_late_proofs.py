"""Late readings that prove a level of the past: the duty officer is told which, where, when and by what."""

import logging
from dataclasses import replace

import numpy as np
import pytest

from tests.networks import (
    HOUR,
    LOWERING,
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
from warnstream.adapters.metrics import Metrics
from warnstream.assessment import Assessment, Weights, late_proofs
from warnstream.model.changes import PastCrossing
from warnstream.model.level import Level
from warnstream.model.observations.readings import ReadingBatch, Variable, batch_of, empty_batch
from warnstream.model.rules.rules import CriticalRain, HazardRule, WaterloggingTable, Wetness
from warnstream.runners.live.watches.past_crossings import NAMED_MAX, count_past_crossings

N = 2
SIREN = (15, 25, 40, 80)
NAN = np.nan


def assessment_of(*rules: HazardRule, interval_s: int = 300) -> Assessment:
    weights = nearest_weights(N, N)
    return Assessment(
        network_of(N, N, interval_s=interval_s),
        rules or (rain_rule(N, SIREN),),
        weights=Weights(weights, weights),
        windows=WINDOWS,
        quality=QUALITY,
        nowcast=None,
    )


def at(assessment: Assessment, minute: int, batch: ReadingBatch | None = None) -> list[PastCrossing]:
    return list(assessment.step(batch or empty_batch(), T0 + 60 * minute).past_crossings)


def hour_of(first_minute: int, amount_mm: float, station: int = 0) -> ReadingBatch:
    """An hour of five-minute amounts from a minute on."""
    return rain(*((station, 60 * (first_minute + 5 * n), amount_mm) for n in range(1, 13)))


def dry(assessment: Assessment, first: int, last: int, *stations: int) -> list[PastCrossing]:
    found: list[PastCrossing] = []
    for minute in range(first, last + 1, 5):
        found += at(assessment, minute, rain(*((s, 60 * minute, 0.0) for s in stations or (0, 1))))
    return found


def test_an_hour_of_rain_that_comes_four_hours_late_proves_its_level() -> None:
    """60 to 120 min: 48 mm at gauge 0, whose readings come at minute 360."""
    assessment = assessment_of()
    assert dry(assessment, 5, 60) + dry(assessment, 65, 355, 1) == []
    step = assessment.step(hour_of(60, 4.0), T0 + 360 * 60)
    assert step.changes == []
    (found,) = step.past_crossings
    assert (found.hazard, found.village, found.level) == ("flash_flood", 0, Level.ORANGE)
    assert found.crossed_at_s == T0 + 110 * 60  # 40 mm after ten intervals
    assert (found.proven_at_s, found.station, found.observed_at_s) == (T0 + 360 * 60, "S0", T0 + 120 * 60)
    assert (found.value, found.threshold, found.unit, found.duration_s) == (40.0, 40.0, "mm", HOUR)


def test_late_tenths_of_a_millimetre_that_add_up_to_a_threshold_reach_it() -> None:
    """0.1 mm before the hour, and 25 mm in it: as binary fractions they add up to 24.999999999999996."""
    assessment = assessment_of()
    assert dry(assessment, 5, 30) + dry(assessment, 35, 355, 1) == []
    drizzle = [(0, 60 * minute, 0.1) for minute in (35, 40, 45)]
    hour = [(0, 60 * (60 + 5 * n), amount) for n, amount in enumerate([1.9] * 11 + [4.1], start=1)]
    (found,) = at(assessment, 360, rain(*drizzle, *hour))
    assert (found.level, found.value, found.threshold) == (Level.YELLOW, 25.0, 25.0)


def test_punctual_rain_and_late_drizzle_prove_nothing() -> None:
    assessment = assessment_of()
    found = dry(assessment, 5, 60)
    for minute in range(65, 125, 5):
        found += at(assessment, minute, rain((0, 60 * minute, 4.0), (1, 60 * minute, 0.0)))
    found += dry(assessment, 125, 300)
    found += at(assessment, 305, rain((1, 60 * 100, 3.0)))
    assert found == []


def test_a_crossing_is_told_once_however_many_slices_prove_it_and_again_when_it_was_worse() -> None:
    assessment = assessment_of()
    dry(assessment, 5, 60)
    dry(assessment, 65, 355, 1)
    slices = [rain((0, 60 * (60 + 5 * n), 4.0)) for n in range(1, 13)]
    found = [change.level for n, batch in enumerate(slices) for change in at(assessment, 361 + n, batch)]
    assert found == [Level.BLUE, Level.YELLOW, Level.ORANGE]


def test_a_level_that_stood_then_is_no_news() -> None:
    """The village was orange at that time: a late interval that makes it orange too changes nothing."""
    assessment = assessment_of()
    dry(assessment, 5, 60)
    for minute in range(65, 125, 5):
        at(
            assessment,
            minute,
            rain(*([] if minute == 90 else [(0, 60 * minute, 4.0)]), (1, 60 * minute, 0.0)),
        )
    assert assessment.level("flash_flood").level[0] == Level.ORANGE
    dry(assessment, 125, 600)
    assert at(assessment, 420 + 185, rain((0, 60 * 290, 4.0))) == []


def test_rain_that_raises_a_level_now_is_no_past_crossing() -> None:
    assessment = assessment_of()
    dry(assessment, 5, 60)
    dry(assessment, 65, 120, 1)
    step = assessment.step(hour_of(60, 4.0), T0 + 121 * 60)
    assert [change.level for change in step.changes] == [Level.ORANGE]
    assert step.past_crossings == ()


def test_a_late_stage_and_a_late_depth_prove_theirs() -> None:
    nobody = CriticalRain(np.zeros(0, dtype=np.int32), np.zeros((N, 0, 4)))
    one = np.zeros(1, dtype=np.int32)
    table = WaterloggingTable(one, one, np.array([[NAN, 15.0, 27.0, 40.0]]), nobody, 1, 1800)
    depth = HazardRule("water", "waterlogging", "内涝", "Water", table, 0.0, Level.NONE, LOWERING, "test")
    assessment = assessment_of(stage_rule(1, 1, (101, 102, 103, 104)), depth)
    at(assessment, 5, stage((1, 300, 100.0)))
    at(assessment, 10, batch_of([0], [Variable.WATER_DEPTH], [T0 + 600], [0.0]))
    at(assessment, 200, stage((1, 200 * 60, 100.0)))
    at(assessment, 200, batch_of([0], [Variable.WATER_DEPTH], [T0 + 200 * 60], [0.0]))
    (flood,) = at(assessment, 210, stage((1, 60 * 60, 103.2), (1, 65 * 60, 102.0)))
    assert (flood.hazard, flood.village, flood.level, flood.value) == ("river_flood", 1, Level.ORANGE, 103.2)
    assert (flood.crossed_at_s, flood.observed_at_s) == (T0 + 3600, T0 + 3600)
    (water,) = at(assessment, 215, batch_of([0], [Variable.WATER_DEPTH], [T0 + 3600], [28.0]))
    assert (water.hazard, water.level, water.threshold, water.unit) == ("water", Level.ORANGE, 27.0, "cm")


def test_the_newest_stage_is_judged_as_any_other_however_late() -> None:
    assessment = assessment_of(stage_rule(1, 1, (101, 102, 103, 104)))
    at(assessment, 5, stage((1, 300, 100.0)))
    step = assessment.step(stage((1, 600, 103.2)), T0 + 1500)
    assert [change.level for change in step.changes] == [Level.ORANGE]
    assert step.past_crossings == ()


def test_of_wet_and_dry_ground_the_highest_table_proves() -> None:
    rule = rain_rule(N, (NAN, NAN, 40, NAN))
    table = rule.thresholds
    assert isinstance(table, CriticalRain)
    dry_mm, wet_mm = (np.broadcast_to([NAN, NAN, mm, NAN], (N, 1, 4)) for mm in (60.0, 20.0))
    wetness = Wetness(0.84, (60, 96), dry_mm, wet_mm, np.zeros(0), np.zeros(0))
    assessment = assessment_of(
        replace(rule, thresholds=CriticalRain(table.duration_s, table.critical_mm, wetness))
    )
    dry(assessment, 5, 60)
    dry(assessment, 65, 355, 1)
    assert at(assessment, 360, hour_of(60, 4.0)) == []  # 48 mm
    assert [change.level for change in at(assessment, 361, hour_of(120, 5.5))] == [Level.ORANGE]  # 66 mm


def test_places_that_wait_are_judged_by_later_steps_and_after_a_restart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(late_proofs, "PLACES_PER_STEP", 1)
    one, other = assessment_of(), assessment_of()
    dry(one, 5, 60)
    both = rain(*((s, 60 * (60 + 5 * n), 4.0) for s in (0, 1) for n in range(1, 13)))
    assert [found.village for found in at(one, 360, both)] == [0]
    other.restore(one.snapshot())
    assert at(other, 361) == at(one, 361)
    assert at(one, 362) == at(other, 362) == []
    old = one.snapshot()
    for name in [name for name in old if name.startswith("late")]:
        del old[name]
    other.restore(old)


def test_the_duty_officer_reads_it_in_the_log_and_it_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    assessment = assessment_of()
    dry(assessment, 5, 60)
    dry(assessment, 65, 355, 1)
    (found,) = at(assessment, 360, hour_of(60, 4.0))
    metrics = Metrics()
    with caplog.at_level(logging.WARNING):
        count_past_crossings([found] * (NAMED_MAX + 2), network_of(N, N), metrics)
    labels = {"hazard": "flash_flood", "level": "orange"}
    assert metrics.registry.get_sample_value("warnstream_past_crossings_total", labels) == NAMED_MAX + 2
    said = [record.__dict__ for record in caplog.records]
    assert (said[0]["village"], said[0]["level"], said[0]["station"]) == ("V0", "orange", "S0")
    assert said[0]["crossed_at"] == "2026-06-18T01:50:00Z"
    assert said[-1]["count"] == 2
