"""The harsh day in small: three hours, sixty stations, every kind of fault, twice."""

import pytest

from station_sim.county.county import CountyPlan
from station_sim.stations.faults import FaultKind
from tests.simulation.day import report, run_day
from warnstream.model.level import Level

pytestmark = [pytest.mark.server, pytest.mark.slow]


def test_a_harsh_day_loses_nothing_and_is_the_same_the_second_time() -> None:
    plan = CountyPlan(n_stations=60, n_villages=200)
    first, again = (run_day(plan, seed=3, hours=3) for _ in range(2))
    assert first.faults == again.faults == []
    assert {record.kind for record in first.scenario.faults} >= {*FaultKind} - {FaultKind.SPIKE}
    assert first.sent_sha256 == again.sent_sha256
    assert first.warnings == again.warnings
    assert first.warnings.count(b"\n") > 20
    happened = {score.hazard: score.hits + score.misses for score in first.scores}
    assert min(happened[hazard] for hazard in ("flash_flood", "landslide", "slope", "waterlogging")) > 0
    warned = {score.hazard: score.hits for score in first.scores if score.level == Level.YELLOW}
    assert min(warned[hazard] for hazard in ("landslide", "slope", "waterlogging")) > 0
    assert "| waterlogging | orange |" in report(first)
