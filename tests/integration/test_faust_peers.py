"""Faust on our trace through a real Kafka broker: the peers of `make bench` give the right sums."""

import os
from collections.abc import Iterator

import pytest

from benchmarks import faust_runs
from benchmarks.bench_peers import why_no_faust
from benchmarks.kafka_cluster import KafkaCluster
from benchmarks.peer_runs import Trace

pytestmark = [pytest.mark.server, pytest.mark.slow]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a Kafka broker; skipped where it or Faust is absent, unless CI brought them."""
    absent = why_no_faust()
    if absent and os.environ.get("WARNSTREAM_REQUIRE_KAFKA"):
        pytest.fail(absent)
    if absent:
        pytest.skip(absent)
    with KafkaCluster(tmp_path_factory.mktemp("kafka")) as started:
        yield started.addresses[0]


def test_fausts_hopping_window_tables_say_the_plain_sums_of_every_station(broker: str) -> None:
    trace = Trace(n_stations=5, n_minutes=15)
    found = faust_runs.run_table(broker, trace, number=1, minutes=12)
    assert found.readings == trace.minutes[11].stop
    assert found.differing == 0


def test_batches_through_faust_into_our_ring_say_the_plain_sums_of_every_station(broker: str) -> None:
    trace = Trace(n_stations=40, n_minutes=90)
    found = faust_runs.run_ring(broker, trace, number=1)
    assert found.readings == 3_600
    assert found.differing == 0
    assert found.took_s > 0
