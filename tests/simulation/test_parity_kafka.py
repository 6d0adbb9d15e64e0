"""Four shards, two workers, one added, one stopped, on a real Kafka; the others are ``make parity-kafka``."""

import pytest

from tests.kafka import demand_kafka
from tests.simulation.parity_kafka import main

pytestmark = [pytest.mark.server, pytest.mark.slow]


def test_shards_of_workers_that_come_and_go_tell_what_the_whole_county_tells(
    capsys: pytest.CaptureFixture[str],
) -> None:
    demand_kafka()
    words = ["--shards", "4", "--workers", "2", "--hours", "1.5", "--stations", "40", "--villages", "120"]
    status = main(words)
    printed = capsys.readouterr().out
    assert status == 0, printed
    assert "every village heard what the whole county tells" in printed
