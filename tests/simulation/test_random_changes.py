"""Whatever is changed in a storm, however the node ends: told is what stands, and nobody hears it twice."""

from pathlib import Path

import pytest

from tests.simulation.random_changes import storm

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("seed", [1, 2])
def test_changes_at_random_under_a_storm_leave_nothing_untold_and_tell_nothing_twice(
    tmp_path: Path, seed: int
) -> None:
    assert storm(tmp_path, changes=8, seed=seed) == []
