"""The harsh day in small: two and a half hours, sixty stations, every kind of fault, twice."""

import pytest

from station_sim.county import CountyPlan
from station_sim.faults import FaultKind
from tests.simulation.day import report, run_day

pytestmark = [pytest.mark.server, pytest.mark.slow]


def test_a_harsh_day_loses_nothing_and_is_the_same_the_second_time() -> None:
    plan = CountyPlan(n_stations=60, n_villages=200)
    first, again = (run_day(plan, seed=5, hours=2.5) for _ in range(2))
    assert first.faults == again.faults == []
    assert {record.kind for record in first.scenario.faults} >= {*FaultKind} - {FaultKind.SPIKE}
    assert first.sent_sha256 == again.sent_sha256
    assert first.warnings == again.warnings
    assert first.warnings.count(b"\n") > 20
    assert "flash_flood" in report(first)
