import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest

from tests.integration.test_store import fill_disk
from tests.unit.adapters.county import network, rendered, told, warning_message
from warnstream.adapters.channels.channel import SENT, Channel, Outcome, OutgoingMessage, refused, retry
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.outbox.outbox import Outbox
from warnstream.adapters.outbox.types import State
from warnstream.adapters.sending import sender as delivery_worker
from warnstream.adapters.sending.answer_tokens import Tokens
from warnstream.adapters.sending.sender import DeliveryWorker
from warnstream.config.orders import order_table
from warnstream.delivery.bulletin_texts import BulletinWording
from warnstream.delivery.render import render_any
from warnstream.model.bulletins import BulletinPolicy
from warnstream.model.effects import VILLAGE_TOPIC_CHANNEL, RecipientKind
from warnstream.model.level import Level
from warnstream.model.rules.policies import MessagePolicy, RetryPolicy
from warnstream.model.rules.rules import CriticalRain, DowngradePolicy, HazardRule
from warnstream.model.warning import MessageStatus

TOKENS = Tokens(bytes(32))
QUICK = RetryPolicy(attempts_max=4, first_wait_s=0.01, wait_s_max=0.02)
FIRST = warning_message()
TIMEOUT_S = 60.0


class Scripted:
    """A channel that does what `react` says and remembers what it was given."""

    batch_max = 2

    def __init__(self, react: Callable[[OutgoingMessage], Outcome] = lambda _message: SENT) -> None:
        self.react = react
        self.given: list[OutgoingMessage] = []
        self.is_closed = False

    def send(self, batch: Sequence[OutgoingMessage]) -> Sequence[Outcome]:
        self.given.extend(batch)
        return [self.react(message) for message in batch]

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with closing(Outbox(tmp_path)) as opened:
        yield opened


@contextmanager
def working(
    outbox: Outbox, channels: dict[str, Channel], metrics: Metrics | None = None
) -> Iterator[DeliveryWorker]:
    policies = {name: (channel, QUICK) for name, channel in channels.items()}
    worker = DeliveryWorker(outbox, policies, TOKENS, metrics or Metrics())
    worker.start()
    try:
        yield worker
    finally:
        worker.stop(TIMEOUT_S)


def count(outbox: Outbox, state: State, channel: str = "sms") -> int:
    return outbox.counts().get((channel, state), 0)


def test_everything_recorded_is_sent_once(outbox: Outbox) -> None:
    sms = Scripted()
    with working(outbox, {"sms": sms}) as worker:
        outbox.record(told(FIRST), network(), rendered)
        assert worker.drain(TIMEOUT_S)
    assert sorted(message.recipient for message in sms.given) == ["V1-H0", "V1-H1", "V1-H2"]
    assert count(outbox, State.SENT) == 3


def test_a_household_s_message_carries_a_token_that_proves_it(outbox: Outbox) -> None:
    outbox.record(told(FIRST), network(), rendered)
    sms = Scripted()
    with working(outbox, {"sms": sms}) as worker:
        worker.drain(TIMEOUT_S)
    message = sms.given[0]
    assert TOKENS.proves(message.token, message.message, message.recipient)
    assert TOKENS.number_in(message.token) == outbox.number_of(message.key)


def test_a_village_s_message_carries_no_token(outbox: Outbox) -> None:
    outbox.record(told(FIRST), network(), rendered)
    village = Scripted()
    with working(outbox, {VILLAGE_TOPIC_CHANNEL: village}) as worker:
        worker.drain(TIMEOUT_S)
    assert [(one.kind, one.token) for one in village.given] == [(RecipientKind.VILLAGE, "")] * 2
    assert [one.is_bulletin for one in village.given] == [False, True]


def test_an_exercise_reaches_the_channel_marked(outbox: Outbox) -> None:
    outbox.record(told(warning_message(status=MessageStatus.EXERCISE)), network(), rendered)
    sms = Scripted()
    with working(outbox, {"sms": sms}) as worker:
        worker.drain(TIMEOUT_S)
    assert all(message.text_en.startswith("[EXERCISE] ") for message in sms.given)


def test_a_retry_is_sent_again_with_the_same_key_until_it_is_taken(outbox: Outbox) -> None:
    outbox.record(told(FIRST), network((1, 0)), rendered)
    answers = iter([retry("busy"), retry("busy"), SENT])
    sms = Scripted(lambda _message: next(answers))
    with working(outbox, {"sms": sms}) as worker:
        assert worker.drain(TIMEOUT_S)
    assert len(sms.given) == 3
    assert len({message.key for message in sms.given}) == 1
    assert count(outbox, State.SENT) == 1


def test_after_the_last_attempt_it_has_failed(outbox: Outbox) -> None:
    outbox.record(told(FIRST), network((1, 0)), rendered)
    sms = Scripted(lambda _message: retry("busy"))
    with working(outbox, {"sms": sms}) as worker:
        assert worker.drain(TIMEOUT_S)
    assert len(sms.given) == QUICK.attempts_max
    assert count(outbox, State.FAILED) == 1


def test_a_refusal_is_not_tried_again(outbox: Outbox) -> None:
    outbox.record(told(FIRST), network((1, 0)), rendered)
    sms = Scripted(lambda _message: refused("no such number"))
    with working(outbox, {"sms": sms}) as worker:
        assert worker.drain(TIMEOUT_S)
    assert len(sms.given) == 1
    assert count(outbox, State.FAILED) == 1


def test_a_gateway_s_retry_after_is_honoured(outbox: Outbox) -> None:
    now = [1_000.0]
    outbox.record(told(FIRST), network((1, 0)), rendered)
    answers = iter([retry("busy", 300.0), SENT])
    sms = Scripted(lambda _message: next(answers))
    worker = DeliveryWorker(outbox, {"sms": (sms, QUICK)}, TOKENS, Metrics(), clock=lambda: now[0])
    worker.start()
    try:
        assert not worker.drain(0.3)
        assert outbox.next_due("sms") == 1_300.0
        now[0] = 1_300.0
        assert worker.drain(TIMEOUT_S)
    finally:
        worker.stop(TIMEOUT_S)
    assert len(sms.given) == 2


def test_a_channel_that_raises_is_counted_and_tried_again(outbox: Outbox) -> None:
    outbox.record(told(FIRST), network((1, 0)), rendered)
    calls = iter([True, False])

    def react(message: OutgoingMessage) -> Outcome:
        if next(calls):
            raise RuntimeError("modem fell off")
        return SENT

    metrics = Metrics()
    with working(outbox, {"sms": Scripted(react)}, metrics) as worker:
        assert worker.drain(TIMEOUT_S)
    assert count(outbox, State.SENT) == 1
    assert metrics.registry.get_sample_value("warnstream_channel_errors_total", {"channel": "sms"}) == 1


def test_a_channel_that_loses_an_outcome_is_tried_again_rather_than_believed(outbox: Outbox) -> None:
    class Forgetful(Scripted):
        def send(self, batch: Sequence[OutgoingMessage]) -> Sequence[Outcome]:
            return super().send(batch)[: 0 if len(self.given) <= 2 else None]

    outbox.record(told(FIRST), network((2, 0)), rendered)
    sms = Forgetful()
    with working(outbox, {"sms": sms}) as worker:
        assert worker.drain(TIMEOUT_S)
    assert count(outbox, State.SENT) == 2
    assert len(sms.given) == 4


def test_a_stuck_channel_does_not_delay_another(outbox: Outbox) -> None:
    release = threading.Event()

    def wait(message: OutgoingMessage) -> Outcome:
        release.wait(TIMEOUT_S)
        return SENT

    outbox.record(told(FIRST), network(), rendered)
    village = Scripted()
    channels: dict[str, Channel] = {"sms": Scripted(wait), VILLAGE_TOPIC_CHANNEL: village}
    with working(outbox, channels):
        reached = threading.Event()
        for _ in range(12_000):
            if count(outbox, State.SENT, VILLAGE_TOPIC_CHANNEL):
                reached.set()
                break
            threading.Event().wait(0.005)
        assert reached.is_set()
        assert count(outbox, State.SENT) == 0
        release.set()


def test_new_work_is_sent_at_once_after_a_wake(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_worker, "POLL_S", 3_600.0)
    arrived = threading.Event()

    def react(message: OutgoingMessage) -> Outcome:
        arrived.set()
        return SENT

    with working(outbox, {"sms": Scripted(react)}) as worker:
        outbox.record(told(FIRST), network(), rendered)
        worker.wake()
        assert arrived.wait(TIMEOUT_S)


def test_stopping_finishes_the_batch_in_hand_and_leaves_the_rest(outbox: Outbox) -> None:
    started, release = threading.Event(), threading.Event()

    def slow(message: OutgoingMessage) -> Outcome:
        started.set()
        release.wait(TIMEOUT_S)
        return SENT

    outbox.record(told(FIRST), network((5, 0)), rendered)
    sms = Scripted(slow)
    worker = DeliveryWorker(outbox, {"sms": (sms, QUICK)}, TOKENS, Metrics())
    worker.start()
    assert started.wait(TIMEOUT_S)
    threading.Timer(0.1, release.set).start()
    assert worker.stop(TIMEOUT_S)
    assert (count(outbox, State.SENT), count(outbox, State.PENDING)) == (2, 3)
    assert sms.is_closed


def test_a_worker_that_never_started_stops_and_closes_its_channels(outbox: Outbox) -> None:
    sms = Scripted()
    assert DeliveryWorker(outbox, {"sms": (sms, QUICK)}, TOKENS, Metrics()).stop()
    assert sms.is_closed


def test_what_was_sent_but_not_marked_is_sent_again_after_a_restart(tmp_path: Path) -> None:
    """The process ends between the gateway's answer and the mark: at least once, with one key."""
    with closing(Outbox(tmp_path)) as outbox:
        outbox.record(told(FIRST), network((2, 0)), rendered)
        before = [row.key for row in outbox.claim("sms", 10, 0.0)]
    with closing(Outbox(tmp_path)) as outbox:
        sms = Scripted()
        with working(outbox, {"sms": sms}) as worker:
            assert worker.drain(TIMEOUT_S)
        assert [message.key for message in sms.given] == before
        assert count(outbox, State.SENT) == 2


def test_while_the_disk_refuses_outcomes_nobody_is_rung_again(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_worker, "STORE_PAUSE_S", 0.01)
    outbox.record(told(FIRST), network((2, 0)), rendered)
    refusals = iter([True, True, True, False])
    mark_sent = outbox.mark_sent

    def mark_sent_when_there_is_room(keys: Sequence[str], at: float) -> None:
        if next(refusals, False):
            fill_disk(outbox._database.connection)
            with outbox._database.transaction() as connection:
                connection.execute("CREATE TABLE filler (x BLOB)")
                connection.execute("INSERT INTO filler VALUES (zeroblob(1000000))")
        mark_sent(keys, at)

    monkeypatch.setattr(outbox, "mark_sent", mark_sent_when_there_is_room)
    sms = Scripted()
    with working(outbox, {"sms": sms}) as worker:
        assert worker.drain(TIMEOUT_S)
    assert len(sms.given) == 2
    assert count(outbox, State.SENT) == 2


def test_attempts_are_counted_by_outcome(outbox: Outbox) -> None:
    outbox.record(told(FIRST), network((3, 0)), rendered)
    answers = iter([SENT, refused("no"), SENT])
    metrics = Metrics()
    with working(outbox, {"sms": Scripted(lambda _message: next(answers))}, metrics) as worker:
        worker.drain(TIMEOUT_S)
    sample = metrics.registry.get_sample_value
    assert sample("warnstream_send_attempts_total", {"channel": "sms", "outcome": "sent"}) == 2
    assert sample("warnstream_send_attempts_total", {"channel": "sms", "outcome": "refused"}) == 1


@pytest.mark.parametrize("status", list(MessageStatus))
def test_what_the_renderer_writes_passes_the_check_of_status(outbox: Outbox, status: MessageStatus) -> None:
    policy = MessagePolicy(
        "ws", "node@county.example", "County office", status, 28_800, 21_600, 1_800, "http://n"
    )
    lowering = DowngradePolicy(clear_ratio=0.8, hold_s=1_800, active_s_min=3_600, coverage_min=0.8)
    rain = CriticalRain(np.array([3_600], np.int32), np.full((2, 1, 4), np.nan))
    hazard = ("flash_flood", "critical_rainfall", "山洪", "Flash flood")
    rules = (HazardRule(*hazard, rain, 0.0, Level.YELLOW, lowering, "county table"),)
    message = warning_message(status=status)
    words = BulletinWording(network(), rules, order_table(None), BulletinPolicy(), 28_800)
    outbox.record(told(message), network(), lambda given: render_any(given, words, policy))
    village = Scripted()
    with working(outbox, {VILLAGE_TOPIC_CHANNEL: village}) as worker:
        assert worker.drain(TIMEOUT_S)
    assert count(outbox, State.SENT, VILLAGE_TOPIC_CHANNEL) == 2
    marked = [mark in village.given[0].cap_xml for mark in ("【演练】", "[EXERCISE]")]
    assert marked == [status is MessageStatus.EXERCISE] * 2
