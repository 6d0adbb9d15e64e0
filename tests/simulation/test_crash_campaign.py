"""A short crash campaign for every run of the suite; the long one is ``make crash-ingest``."""

import pytest

from tests.conftest import Mosquitto
from tests.simulation.crash_ingest import main

pytestmark = [pytest.mark.server, pytest.mark.slow]


def test_a_short_campaign_loses_and_doubles_nothing(
    mosquitto: Mosquitto, capfd: pytest.CaptureFixture[str]
) -> None:
    """The fixture skips where there is no broker program; the campaign starts brokers of its own."""
    arguments = "--kills 3 --broker-kills 1 --broker-restarts 1 --disk-full 1 --torn 1 --hours 2"
    status = main(arguments.split())
    printed = capfd.readouterr().out
    assert status == 0, printed
    assert "nothing lost, nothing doubled" in printed
