"""A backlog released at once: nothing of it is lost, and fresh readings do not wait for it."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.load_backlog import Load, run
from tests.conftest import find_mosquitto

DELAY_S_MAX = 4.0
"""Twice the goal of 2 s; on a machine with other work no fresh reading waits for half of the backlog."""


@pytest.mark.slow
@pytest.mark.server
@pytest.mark.parametrize("way", ["listener", "mosquitto"])
def test_a_backlog_drains_without_loss_while_fresh_readings_are_judged_in_time(
    tmp_path: Path, way: str
) -> None:
    if way == "mosquitto" and find_mosquitto() is None:
        pytest.skip("mosquitto is not installed on this machine")
    load = Load(stations=120, hours=8, connections=120, villages=200)
    outcome = run(tmp_path, load, way, "/backlog" if way == "mosquitto" else "")
    assert outcome.messages > 50_000
    assert (outcome.missing, outcome.lost_mm, outcome.differing) == (0, 0.0, 0)
    assert len(outcome.delay_s) > 5
    assert np.isfinite(outcome.delay_s).all()
    assert outcome.delay_s.max() < max(DELAY_S_MAX, outcome.drained_s / 2)
