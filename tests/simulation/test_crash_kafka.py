"""A few deaths of judges, bridges and brokers for every run; the eighty are ``make crash-kafka``."""

import pytest

from tests.kafka import demand_kafka
from tests.simulation.crash_kafka import main

pytestmark = [pytest.mark.server, pytest.mark.slow]


def test_nothing_is_lost_and_nothing_is_told_otherwise_whichever_dies(
    capsys: pytest.CaptureFixture[str],
) -> None:
    demand_kafka()
    words = "--judges 1 --bridges 1 --brokers 1 --stops 1 --hours 1.5 --seed 7"
    status = main(words.split())
    printed = capsys.readouterr().out
    assert status == 0, printed
    assert "1 judges, 1 bridges, 1 brokers of three killed, 1 judges stood still" in printed
    assert ", 0 lost" in printed
    assert ", 0 shown twice" in printed
    assert "notifications: 0 shown" not in printed
    assert "no acknowledged message lost, no event missing or of other bytes" in printed
