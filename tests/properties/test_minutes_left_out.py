"""No minute is left out that would have changed anything (`make minutes-left-out`: ten thousand cases)."""

from pathlib import Path

import pytest

from tests.simulation.minutes_left_out import differences

CASES = range(12)


@pytest.mark.parametrize("seed", CASES)
def test_what_is_judged_at_the_minutes_that_count_is_what_every_minute_gives(
    seed: int, tmp_path: Path
) -> None:
    found, whole, some = differences(seed, tmp_path / "county", hours=5.0)
    assert found == []
    assert whole.n_steps >= some.n_steps


def test_minutes_are_left_out_and_levels_are_found(tmp_path: Path) -> None:
    """Otherwise the cases would say nothing."""
    steps = judged = levels = 0
    for seed in CASES[:4]:
        _, whole, some = differences(seed, tmp_path / f"county-{seed}", hours=5.0)
        steps, judged, levels = steps + whole.n_steps, judged + some.n_steps, levels + whole.n_levels
    assert judged < 0.9 * steps
    assert levels > 10
