"""A real RabbitMQ with its defaults: nothing is lost, and its window of ten is not waited for."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from paho.mqtt import publish

from tests.alarms import RecordedAlarms
from tests.integration.rabbitmq import find_rabbitmq, rabbitmq
from warnstream.adapters.inbox import InboundBatch, Inbox
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.mqtt.ports import NodePorts
from warnstream.adapters.mqtt.source import MqttSource
from warnstream.config.settings import BrokerSettings

pytestmark = [pytest.mark.server, pytest.mark.slow]

KEPT = 2_000
TOPIC = "ws/c/rain/R1/obs"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    program = find_rabbitmq()
    if program is None:
        reason = "RabbitMQ is not on this machine"
        if os.environ.get("WARNSTREAM_REQUIRE_RABBITMQ"):
            pytest.fail(reason)
        pytest.skip(reason)
    with rabbitmq(program, tmp_path_factory.mktemp("rabbitmq")) as port:
        yield port


@contextmanager
def source(port: int, *, has_run: bool) -> Iterator[tuple[MqttSource, Inbox, RecordedAlarms]]:
    settings = BrokerSettings(False, "127.0.0.1", port, "3.1.1", "node", None, None, None, 0.02, 500)
    inbox, alarms = Inbox(), RecordedAlarms()
    ports = NodePorts(inbox, Metrics(), alarms)
    opened = MqttSource(settings, ["ws/+/+/+/obs"], ports, catches_up=True, expects_session=has_run)
    opened.start()
    try:
        assert opened.wait_connected(60)
        yield opened, inbox, alarms
    finally:
        opened.stop()


def drained(opened: MqttSource, inbox: Inbox, count: int) -> list[InboundBatch]:
    """As a node takes: it waits a fifth of a second for more unless it knows that no more comes."""
    found: list[InboundBatch] = []
    seen: set[bytes] = set()
    deadline = time.monotonic() + 120
    while len(seen) < count:
        assert time.monotonic() < deadline, f"{len(seen)} of {count} came"
        open_until_s = time.monotonic() + 0.2
        batch = inbox.take(messages_max=500, wait_s=1, gather_s=0.2, open_until_s=open_until_s)
        opened.acknowledge(batch)
        opened.look()
        found += batch
        seen |= {bytes(payload) for block in batch for payload in block.payloads}
    return found


def test_what_it_kept_comes_whole_in_its_own_small_steps_without_waiting(broker: int) -> None:
    with source(broker, has_run=False) as (_, _, alarms):
        assert alarms.standing == {}
    publish.multiple([(TOPIC, b"%d" % n, 1, False) for n in range(KEPT)], port=broker)
    with source(broker, has_run=True) as (opened, inbox, alarms):
        found = drained(opened, inbox, KEPT)
        assert alarms.standing == {}, "it still had our session"
        steps = [block for block in found if block.connection[0] is opened]
        known = sum(block.is_last for block in steps)
        assert max(len(block.topics) for block in steps) <= 10
        assert known > 100, "most of its windows were known to be full"
