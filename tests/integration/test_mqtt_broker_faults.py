"""Brokers that forget, grant less, end connections, or send a few messages at a time: seen and named."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from tests.alarms import RecordedAlarms
from tests.integration.scripted_broker import ScriptedBroker
from warnstream.adapters.inbox import Inbox
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.mqtt import server_packets
from warnstream.adapters.mqtt.ports import NodePorts
from warnstream.adapters.mqtt.source import MqttSource
from warnstream.config.settings import BrokerSettings

OBS = "ws/county/rain/R0001/obs"
BOTH = pytest.mark.parametrize("is_v5", [False, True])


@pytest.fixture
def broker() -> Iterator[ScriptedBroker]:
    scripted = ScriptedBroker()
    yield scripted
    scripted.close()


@dataclass
class Opened:
    """A source, and what it raised."""

    source: MqttSource
    inbox: Inbox
    alarms: RecordedAlarms

    def wait_for(self, *texts: str) -> None:
        """Until exactly these stand."""
        deadline = time.monotonic() + 60
        while len(self.alarms.standing) != len(texts) or not all(
            text in found for text, found in zip(texts, self.alarms.texts(), strict=True)
        ):
            assert time.monotonic() < deadline, self.alarms.standing
            time.sleep(0.02)


@contextmanager
def source(broker: ScriptedBroker, *, is_v5: bool, has_run: bool = False) -> Iterator[Opened]:
    protocol = "5" if is_v5 else "3.1.1"
    settings = BrokerSettings(False, "127.0.0.1", broker.port, protocol, "node", None, None, None, 0.02, 500)
    inbox, alarms = Inbox(), RecordedAlarms()
    opened = MqttSource(settings, ["ws/#"], NodePorts(inbox, Metrics(), alarms), expects_session=has_run)
    opened.start()
    try:
        yield Opened(opened, inbox, alarms)
    finally:
        opened.stop()


@BOTH
def test_a_broker_that_forgot_the_session_is_named_until_it_shows_one_again(
    broker: ScriptedBroker, is_v5: bool
) -> None:
    with source(broker, is_v5=is_v5) as opened:
        broker.accept(is_v5=is_v5, is_present=False)
        assert opened.source.wait_connected(60)
        assert opened.alarms.standing == {}, "a new node has no session yet"
        broker.accept(is_v5=is_v5, is_present=False)
        opened.wait_for("the broker has forgotten the session node")
        broker.accept(is_v5=is_v5, is_present=True)
        opened.wait_for()


@BOTH
def test_a_node_that_has_run_before_misses_its_session_at_the_first_connection(
    broker: ScriptedBroker, is_v5: bool
) -> None:
    with source(broker, is_v5=is_v5, has_run=True) as opened:
        broker.accept(is_v5=is_v5, is_present=False)
        opened.wait_for("the broker has forgotten the session node")


@BOTH
def test_less_than_qos_1_is_named(broker: ScriptedBroker, is_v5: bool) -> None:
    with source(broker, is_v5=is_v5) as opened:
        broker.accept(is_v5=is_v5, code=0)
        opened.wait_for("grants QoS 0 to 1 of 1 subscriptions of node")
        broker.accept(is_v5=is_v5, code=1)
        opened.wait_for()


def test_a_broker_that_keeps_sessions_for_minutes_is_named() -> None:
    scripted = ScriptedBroker()
    with source(scripted, is_v5=True) as opened:
        scripted.accept(is_v5=True, expiry_s=300)
        opened.wait_for("keeps the session node for 300 s only")
        scripted.accept(is_v5=True, expiry_s=7 * 86_400)
        opened.wait_for()
    scripted.close()


def test_kept_there_is_said_only_where_the_broker_has_shown_it(
    broker: ScriptedBroker, caplog: pytest.LogCaptureFixture
) -> None:
    with source(broker, is_v5=False) as opened:
        for is_present, words in ((False, "has not shown that it keeps"), (True, "is kept there")):
            broker.accept(is_present=is_present)
            assert opened.source.wait_connected(60)
            caplog.clear()
            broker.drop()
            deadline = time.monotonic() + 60
            while not (
                lost := [record.message for record in caplog.records if "broker lost" in record.message]
            ):
                assert time.monotonic() < deadline
                time.sleep(0.01)
            assert words in lost[0]


def test_a_window_of_ten_is_known_after_some_rounds_and_waited_for_no_more(broker: ScriptedBroker) -> None:
    n, window = 200, 10
    with source(broker, is_v5=False) as opened:
        broker.accept()

        def hand_out() -> None:
            """As RabbitMQ does: ten, then nothing before they are acknowledged."""
            for first in range(1, n, window):
                ids = range(first, first + window)
                broker.send(
                    b"".join(server_packets.encode_publish(OBS, b"%d" % i, i, is_v5=False) for i in ids)
                )
                broker.read(4 * window)

        sender = threading.Thread(target=hand_out)
        sender.start()
        found: list[tuple[int, bool]] = []
        deadline = time.monotonic() + 60
        while sum(count for count, _ in found) < n:
            assert time.monotonic() < deadline
            # Longer than the test may last: what is not known to be the last of a window waits for more.
            batch = opened.inbox.take(
                messages_max=500, wait_s=1, gather_s=0.2, open_until_s=time.monotonic() + 0.2
            )
            found.append((sum(len(block.topics) for block in batch), any(block.is_last for block in batch)))
            opened.source.acknowledge(batch)
        sender.join()
        assert found[0] == (window, False)
        assert all(is_last for _, is_last in found[8:])
