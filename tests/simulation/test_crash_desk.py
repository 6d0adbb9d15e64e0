"""A tenth of the kills for every run of the suite; the two hundred are ``make crash-desk``."""

import pytest

from tests.conftest import find_mosquitto
from tests.integration.smsc import program
from tests.simulation.crash_desk import main

pytestmark = [pytest.mark.server, pytest.mark.slow]


def test_nothing_is_lost_twice_or_out_of_order_and_timers_go_on_whenever_the_node_is_killed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    program()
    if find_mosquitto() is None:
        pytest.skip("mosquitto is not installed on this machine")
    status = main(["--kills", "20", "--doors", "5"])
    printed = capsys.readouterr().out
    assert status == 0, printed
    assert "20 kills" in printed
    assert "nothing lost, nothing shown twice, nothing older after newer, timers as without kills" in printed
