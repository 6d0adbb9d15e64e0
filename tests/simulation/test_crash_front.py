"""A few kills in a front for every run of the suite; the fifty are ``make crash-front``."""

import pytest

from tests.simulation.crash_front import main


@pytest.mark.slow
def test_each_door_is_told_once_worst_first_whenever_the_node_is_killed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status = main(["--kills", "5", "--doors", "100"])
    printed = capsys.readouterr().out
    assert status == 0, printed
    assert "each door told once" in printed
