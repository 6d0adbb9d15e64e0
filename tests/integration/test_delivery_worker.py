import errno
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.doors import LoggedOutbox as Outbox
from tests.integration.test_store import fill_disk
from tests.unit.adapters.county import (
    GRID_MEMBER,
    SENT_S,
    bulletin,
    digest,
    network,
    rendered,
    told,
    warning_message,
)
from warnstream.adapters.channels.channel import (
    Channel,
    ConfiguredChannel,
    Inbound,
    LinkFault,
    OutgoingMessage,
)
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.outbox.types import Claimed
from warnstream.adapters.sending import sender as delivery_worker
from warnstream.adapters.sending.answer_tokens import Tokens
from warnstream.adapters.sending.replies import Replies
from warnstream.adapters.sending.sender import Shared
from warnstream.adapters.sending.worker import DeliveryWorker
from warnstream.config.orders import order_table
from warnstream.delivery.bulletin_texts import BulletinWording
from warnstream.delivery.dispatch import breaker
from warnstream.delivery.dispatch.notification import Settlement, State
from warnstream.delivery.dispatch.outcome import SENT, Outcome, doubtful, refused, retry, unavailable
from warnstream.delivery.render import render_any
from warnstream.model.bulletins import VALID_S, BulletinPolicy
from warnstream.model.digests import FieldReport
from warnstream.model.effects import VILLAGE_TOPIC_CHANNEL, Answer, RecipientKind
from warnstream.model.level import Level
from warnstream.model.rules.policies import MessagePolicy, RetryPolicy
from warnstream.model.rules.rules import CriticalRain, DowngradePolicy, HazardRule
from warnstream.model.times import fixed_zone
from warnstream.model.warning import MessageStatus

TOKENS = Tokens(bytes(32))
QUICK = RetryPolicy(attempts_max=4, first_wait_s=0.01, wait_s_max=0.02)
FIRST = warning_message()
OF_FIRST = bulletin()
"""What the doors are told of it."""
TIMEOUT_S = 60.0


class Scripted:
    """A channel that does what `react` says and remembers what it was given."""

    batch_max = 2

    def __init__(self, react: Callable[[OutgoingMessage], Outcome] = lambda _message: SENT) -> None:
        self.react = react
        self.given: list[OutgoingMessage] = []
        self.is_closed = False

    def open(self, inbound: Inbound) -> None:
        self.inbound = inbound

    def send(self, batch: Sequence[OutgoingMessage]) -> Sequence[Outcome]:
        self.given.extend(batch)
        return [self.react(message) for message in batch]

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture(autouse=True)
def quick_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "PROBE_FIRST_S", 0.02)
    monkeypatch.setattr(breaker, "PROBE_S_MAX", 0.04)


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with closing(Outbox(tmp_path)) as opened:
        yield opened


class Mailbox:
    """What came back over the channels."""

    def __init__(self) -> None:
        self.receipts: list[str] = []
        self.answers: list[tuple[str, Answer]] = []
        self.undelivered_keys: list[str] = []
        self.texts: list[str] = []

    def delivered(self, key: str) -> None:
        self.receipts.append(key)

    def undelivered(self, key: str, reason: str) -> None:  # noqa: ARG002
        self.undelivered_keys.append(key)

    def unread(self, channel: str, recipients: Sequence[str], text: str, why: str) -> None:  # noqa: ARG002
        self.texts.append(text)

    def answered(self, token: str, answer: Answer) -> bool:
        self.answers.append((token, answer))
        return True

    def reported(self, token: str, report: FieldReport) -> str:
        pytest.fail(f"reported {report} by {token}")


class Taker:
    """The node as it takes what people say; counts everything but absurd numbers."""

    def __init__(self) -> None:
        self.answers: list[tuple[str, str, Answer]] = []
        self.reports: list[FieldReport] = []

    def submit_answer(self, message: str, recipient: str, answer: Answer) -> None:
        self.answers.append((message, recipient, answer))

    def submit_report(self, report: FieldReport) -> str:
        self.reports.append(report)
        return "more than there are" if (report.moved or 0) > 999 else ""


def unasked(*given: object) -> None:
    pytest.fail(f"called with {given}")


def worker_of(
    outbox: Outbox,
    channels: Mapping[str, Channel],
    metrics: Metrics | None = None,
    clock: Callable[[], float] = time.time,
    event_clock: Callable[[], float] = lambda: SENT_S + 60.0,
    inbound: Inbound | None = None,
) -> DeliveryWorker:
    configured = {name: ConfiguredChannel(channel, QUICK, 600.0) for name, channel in channels.items()}
    return DeliveryWorker(configured, shared_of(outbox, metrics, clock, event_clock, inbound))


def shared_of(
    outbox: Outbox,
    metrics: Metrics | None = None,
    clock: Callable[[], float] = time.time,
    event_clock: Callable[[], float] = lambda: SENT_S + 60.0,
    inbound: Inbound | None = None,
) -> Shared:
    return Shared(
        outbox, TOKENS, metrics or Metrics(), inbound or Mailbox(), clock, event_clock, "http://node.example"
    )


@contextmanager
def working(
    outbox: Outbox, channels: dict[str, Channel], metrics: Metrics | None = None
) -> Iterator[DeliveryWorker]:
    worker = worker_of(outbox, channels, metrics)
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
    assert [(delivery.kind, delivery.token) for delivery in village.given] == [
        (RecipientKind.VILLAGE, "")
    ] * 2
    assert [delivery.is_bulletin for delivery in village.given] == [False, True]


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


def test_a_digest_that_one_way_has_given_up_is_told_and_a_door_s_bulletin_is_not(outbox: Outbox) -> None:
    told_lost: list[tuple[str, str]] = []
    channel = Scripted(lambda _message: refused("wrong number"))
    configured = {"sms": ConfiguredChannel(channel, QUICK, 600.0)}
    shared = replace(shared_of(outbox), lost=lambda name, post: told_lost.append((name, post)))
    outbox.record(told(FIRST, posts=(GRID_MEMBER,)), network(), rendered)
    worker = DeliveryWorker(configured, shared)
    worker.start()
    try:
        assert worker.drain(TIMEOUT_S)
    finally:
        worker.stop()
    assert told_lost == [(digest(GRID_MEMBER).identifier, "grid-1")]
    assert outbox.is_lost(*told_lost[0])


def test_a_gateway_s_retry_after_is_honoured(outbox: Outbox) -> None:
    now = [1_000.0]
    outbox.record(told(FIRST), network((1, 0)), rendered)
    answers = iter([retry("busy", 300.0), SENT])
    sms = Scripted(lambda _message: next(answers))
    worker = worker_of(outbox, {"sms": sms}, clock=lambda: now[0])
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
    worker = worker_of(outbox, {"sms": sms})
    worker.start()
    assert started.wait(TIMEOUT_S)
    threading.Timer(0.1, release.set).start()
    assert worker.stop(TIMEOUT_S)
    assert (count(outbox, State.SENT), count(outbox, State.PENDING)) == (2, 3)
    assert sms.is_closed


def test_a_worker_that_never_started_stops_and_closes_its_channels(outbox: Outbox) -> None:
    sms = Scripted()
    assert worker_of(outbox, {"sms": sms}).stop()
    assert sms.is_closed


def test_what_was_sent_but_not_marked_is_sent_again_after_a_restart(tmp_path: Path) -> None:
    """The process ends between the gateway's answer and the mark: at least once, with one key."""
    of_two = network((2, 0))
    with closing(Outbox(tmp_path, network=of_two)) as outbox:
        outbox.record(told(FIRST), of_two, rendered)
        before = [row.key for row in outbox.claim("sms", 10, 0.0)]
    with closing(Outbox(tmp_path, network=of_two)) as outbox:
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
    settle = outbox.settle

    def settle_when_there_is_room(settlements: Mapping[str, Settlement], now: float) -> None:
        if next(refusals, False):
            fill_disk(outbox._database.connection)
            with outbox._database.transaction() as connection:
                connection.execute("CREATE TABLE filler (x BLOB)")
                connection.execute("INSERT INTO filler VALUES (zeroblob(1000000))")
        settle(settlements, now)

    monkeypatch.setattr(outbox, "settle", settle_when_there_is_room)
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
    beijing = fixed_zone(28_800)
    policy = MessagePolicy(
        "ws", "node@county.example", "County office", status, beijing, 21_600, 1_800, "http://n"
    )
    lowering = DowngradePolicy(clear_ratio=0.8, hold_s=1_800, active_s_min=3_600, coverage_min=0.8)
    rain = CriticalRain(np.array([3_600], np.int32), np.full((2, 1, 4), np.nan))
    hazard = ("flash_flood", "critical_rainfall", "山洪", "Flash flood")
    rules = (HazardRule(*hazard, rain, 0.0, Level.YELLOW, lowering, "county table"),)
    message = warning_message(status=status)
    words = BulletinWording(network(), rules, order_table(None), BulletinPolicy(), beijing)
    outbox.record(told(message), network(), lambda given: render_any(given, words, policy))
    village = Scripted()
    with working(outbox, {VILLAGE_TOPIC_CHANNEL: village}) as worker:
        assert worker.drain(TIMEOUT_S)
    assert count(outbox, State.SENT, VILLAGE_TOPIC_CHANNEL) == 2
    marked = [mark in village.given[0].cap_xml for mark in ("【演练】", "[EXERCISE]")]
    assert marked == [status is MessageStatus.EXERCISE] * 2


def wait_until(condition: Callable[[], bool]) -> None:
    for _ in range(12_000):
        if condition():
            return
        threading.Event().wait(0.005)
    raise AssertionError("it did not happen")


def held(metrics: Metrics, channel: str = "sms") -> float | None:
    return metrics.registry.get_sample_value("warnstream_channel_held", {"channel": channel})


def test_a_gateway_that_turns_everybody_away_for_a_while_fails_nobody(outbox: Outbox) -> None:
    """Far more probes than a notification has attempts; with begin and end in trouble, metric and log."""
    is_well = threading.Event()
    outbox.record(told(FIRST), network((12, 0)), rendered)
    sms = Scripted(lambda _message: SENT if is_well.is_set() else doubtful("the gateway answered 404"))
    metrics = Metrics()
    with working(outbox, {"sms": sms}, metrics) as worker:
        wait_until(lambda: bool(worker.troubles()))
        (trouble,) = worker.troubles()
        assert trouble.startswith(
            "channel sms is held, its messages wait: the gateway answered 404; stopped since "
        )
        assert trouble.endswith(", 12 leave wait, how long they need is not known")
        assert held(metrics) == 1
        for _ in range(3):
            seen = len(sms.given)
            worker.wake()
            wait_until(lambda seen=seen: len(sms.given) > seen)  # type: ignore[misc]
        is_well.set()
        assert worker.drain(TIMEOUT_S)
        assert (worker.troubles(), held(metrics)) == ([], 0)
    assert outbox.counts() == {
        ("sms", State.SENT): 12,
        (VILLAGE_TOPIC_CHANNEL, State.PENDING): 2,
    }


def test_while_a_channel_is_held_one_message_at_a_time_is_tried(outbox: Outbox) -> None:
    outbox.record(told(FIRST), network((12, 0)), rendered)
    sizes: list[int] = []

    class Away(Scripted):
        batch_max = 10

        def send(self, batch: Sequence[OutgoingMessage]) -> Sequence[Outcome]:
            sizes.append(len(batch))
            return [unavailable("not reached")] * len(batch)

    with working(outbox, {"sms": Away()}):
        wait_until(lambda: len(sizes) >= 3)
    assert sizes[0] == 10
    assert set(sizes[1:]) == {1}
    assert count(outbox, State.PENDING) == 12


def test_a_channel_that_holds_nothing_any_more_is_no_trouble(outbox: Outbox) -> None:
    outbox.record(told(FIRST), network((1, 0)), rendered)
    with working(outbox, {"sms": Scripted(lambda _message: unavailable("not reached"))}) as worker:
        wait_until(lambda: bool(worker.troubles()))
        outbox.mark_delivered(f"{OF_FIRST.identifier}|V1-H0|sms", 1.0)  # told by other means
        worker.wake()
        wait_until(lambda: not worker.troubles())


def test_what_is_over_is_not_sent_and_its_end_is_told(
    outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    outbox.record(told(FIRST), network((3, 0)), rendered)
    sms = Scripted()
    worker = worker_of(outbox, {"sms": sms}, event_clock=lambda: float(OF_FIRST.issued_s + VALID_S))
    worker.start()
    assert worker.drain(TIMEOUT_S)
    worker.stop(TIMEOUT_S)
    assert sms.given == []
    assert count(outbox, State.EXPIRED) == 3
    assert any(
        record.getMessage() == "messages not sent" and record.levelname == "ERROR"
        for record in caplog.records
    )


def test_what_expires_while_the_channel_is_held_is_not_sent_after_it(outbox: Outbox) -> None:
    outbox.record(told(FIRST), network((2, 0)), rendered)
    now_s = [float(OF_FIRST.issued_s)]
    sms = Scripted(lambda _message: unavailable("not reached"))
    worker = worker_of(outbox, {"sms": sms}, event_clock=lambda: now_s[0])
    worker.start()
    wait_until(lambda: bool(worker.troubles()))
    now_s[0] = float(OF_FIRST.issued_s + VALID_S)
    seen = len(sms.given)
    sms.react = lambda _message: SENT
    assert worker.drain(TIMEOUT_S)
    worker.stop(TIMEOUT_S)
    assert len(sms.given) <= seen + 1  # one probe may have been under way
    assert count(outbox, State.EXPIRED) >= 1


def test_a_late_message_says_so_and_one_in_time_does_not(outbox: Outbox) -> None:
    outbox.record(told(FIRST), network((1, 0)), rendered)
    sms = Scripted()
    worker = worker_of(outbox, {"sms": sms}, event_clock=lambda: OF_FIRST.issued_s + 2_400.0)
    worker.start()
    assert worker.drain(TIMEOUT_S)
    worker.stop(TIMEOUT_S)
    (message,) = sms.given
    assert message.late_s == 2_400
    assert (message.text_zh, message.text_en) == (
        "【迟到40分钟】马上走，第1次",
        "[LATE 40 min] Go now, number 1",
    )


def test_a_late_exercise_is_an_exercise_first(outbox: Outbox) -> None:
    outbox.record(told(warning_message(status=MessageStatus.EXERCISE)), network((1, 0)), rendered)
    sms = Scripted()
    worker = worker_of(outbox, {"sms": sms}, event_clock=lambda: SENT_S + 2_401.0)
    worker.start()
    assert worker.drain(TIMEOUT_S)
    worker.stop(TIMEOUT_S)
    assert sms.given[0].text_en.startswith("[EXERCISE] [LATE 40 min] Go now")


def test_a_household_s_message_carries_the_address_of_its_answer_page(outbox: Outbox) -> None:
    outbox.record(told(FIRST), network((1, 0)), rendered)
    sms, village = Scripted(), Scripted()
    with working(outbox, {"sms": sms, VILLAGE_TOPIC_CHANNEL: village}) as worker:
        assert worker.drain(TIMEOUT_S)
    assert sms.given[0].answer_url == f"http://node.example/a/{sms.given[0].token}"
    assert village.given[0].answer_url == ""


def test_receipts_and_replies_come_in_over_the_channel_itself(outbox: Outbox) -> None:
    class Pager(Scripted):
        def send(self, batch: Sequence[OutgoingMessage]) -> Sequence[Outcome]:
            for message in batch:
                self.inbound.delivered(message.key)
                self.inbound.answered(message.token, Answer.SAFE)
            return super().send(batch)

    outbox.record(told(FIRST), network((2, 0)), rendered)
    node = Taker()
    replies = Replies(outbox, TOKENS, lambda: node, Metrics(), unasked, unasked)
    worker = worker_of(outbox, {"sms": Pager()}, inbound=replies)
    worker.start()
    assert worker.drain(TIMEOUT_S)
    worker.stop(TIMEOUT_S)
    assert count(outbox, State.DELIVERED) == 2
    assert sorted(node.answers) == [(OF_FIRST.identifier, f"V1-H{n}", Answer.SAFE) for n in range(2)]


def test_a_reply_with_a_token_that_is_not_ours_is_not_believed(outbox: Outbox) -> None:
    outbox.record(told(FIRST), network((1, 0)), rendered)
    replies = Replies(outbox, TOKENS, Taker, Metrics(), unasked, unasked)
    foreign = Tokens(bytes([1]) * 32).issue(1, OF_FIRST.identifier, "V1-H0")
    assert not replies.answered(foreign, Answer.SAFE)
    assert not replies.answered("no token", Answer.SAFE)
    replies.delivered("no key")


def test_a_report_in_a_reply_is_its_recipients_and_a_door_from_which_people_went_is_on_its_way(
    outbox: Outbox,
) -> None:
    outbox.record(told(FIRST), network((1, 0)), rendered)
    node = Taker()
    replies = Replies(outbox, TOKENS, lambda: node, Metrics(), unasked, unasked)
    number = outbox.number_of(f"{OF_FIRST.identifier}|V1-H0|sms")
    assert number is not None
    token = TOKENS.issue(number, OF_FIRST.identifier, "V1-H0")
    assert replies.reported(token, FieldReport("somebody", moved=4)) == ""
    assert node.reports == [FieldReport("V1-H0", OF_FIRST.identifier, moved=4)]
    assert replies.reported(token, FieldReport("", moved=1_000)) == "more than there are"
    assert replies.reported("no token", FieldReport("", moved=1)) != ""


def test_what_a_channel_could_not_deliver_has_failed_and_whoever_waits_for_it_is_told(outbox: Outbox) -> None:
    outbox.record(told(FIRST), network((2, 0)), rendered)
    with working(outbox, {"sms": Scripted()}) as worker:
        assert worker.drain(TIMEOUT_S)
    lost: list[tuple[str, str]] = []
    metrics = Metrics()
    replies = Replies(outbox, TOKENS, Taker, metrics, lambda *given: lost.append(given), unasked)
    key = f"{OF_FIRST.identifier}|V1-H0|sms"
    replies.undelivered(key, "the gateway gave it up (EXPIRED)")
    assert (count(outbox, State.SENT), count(outbox, State.FAILED)) == (1, 1)
    assert lost == [(OF_FIRST.identifier, "V1-H0")]
    replies.delivered(key)  # the phone had it after all
    replies.undelivered(key, "late")
    assert (count(outbox, State.DELIVERED), count(outbox, State.FAILED)) == (1, 0)
    replies.undelivered("no key", "")
    replies.undelivered("a|b|c", "")


def test_a_reply_for_a_person_is_counted_and_in_the_log_on_one_line(
    outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    metrics, unread = Metrics(), []
    replies = Replies(outbox, TOKENS, Taker, metrics, unasked, lambda *given: unread.append(given))
    replies.unread("sms", ["V1-H0"], "水到\n哪里了" + "x" * 1_000, "a question")
    assert unread == [("sms", ["V1-H0"])]
    (record,) = caplog.records
    assert record.__dict__["recipients"] == "V1-H0"
    assert record.__dict__["text"].startswith("水到 哪里了")
    assert len(record.__dict__["text"]) <= 320
    assert metrics.registry.get_sample_value("warnstream_replies_unread_total", {"channel": "sms"}) == 1


def test_a_channel_that_hears_nothing_is_opened_at_the_start_and_told_while_nothing_waits(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Linked(Scripted):
        fault: LinkFault | None = None

        def link_fault(self) -> LinkFault | None:
            return self.fault

    opened = threading.Event()
    linked = Linked()
    monkeypatch.setattr(linked, "open", lambda _inbound: opened.set())
    with working(outbox, {"sms": linked}) as worker:
        assert opened.wait(TIMEOUT_S)
        assert worker.troubles() == []
        linked.fault = LinkFault("the SMSC is not reached", 1.0)
        assert worker.troubles() == []  # it may come back
        linked.fault = LinkFault("the SMSC is not reached", 31.0)
        (trouble,) = worker.troubles()
        assert "no receipts and replies come in: the SMSC is not reached" in trouble
        assert worker.reports() == {"sms": trouble}


class Ending(BaseException):
    """As strange as an error can be."""


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("modem fell off"),
        SystemExit(3),
        KeyboardInterrupt(),
        Ending(),
        RecursionError(),
        MemoryError(),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("place", ["open", "send", "close", "batch_max"])
def test_whatever_a_channel_raises_wherever_the_other_channels_go_on(
    outbox: Outbox, place: str, error: BaseException
) -> None:
    class Broken(Scripted):
        def open(self, inbound: Inbound) -> None:  # noqa: ARG002
            if place == "open":
                raise error

        def send(self, batch: Sequence[OutgoingMessage]) -> Sequence[Outcome]:
            if place == "send":
                raise error
            return super().send(batch)

        def close(self) -> None:
            if place == "close":
                raise error

    broken, village = Broken(), Scripted()
    if place == "batch_max":
        broken.batch_max = "many"  # type: ignore[assignment]
    outbox.record(told(FIRST), network((2, 0)), rendered)
    worker = worker_of(outbox, {"sms": broken, VILLAGE_TOPIC_CHANNEL: village})
    worker.start()
    wait_until(lambda: count(outbox, State.SENT, VILLAGE_TOPIC_CHANNEL) == 2)
    outbox.record(told(warning_message(village=1)), network((2, 0)), rendered)
    worker.wake()
    wait_until(lambda: count(outbox, State.SENT, VILLAGE_TOPIC_CHANNEL) == 4)
    assert worker.stop(TIMEOUT_S)
    assert village.is_closed


@pytest.mark.parametrize("returned", [None, [], 7, ["sent", "sent"], [SENT, None], [SENT] * 3], ids=repr)
def test_a_channel_that_returns_nonsense_is_not_believed(outbox: Outbox, returned: object) -> None:
    class Odd(Scripted):
        def send(self, batch: Sequence[OutgoingMessage]) -> Sequence[Outcome]:
            self.given.extend(batch)
            return returned  # type: ignore[return-value]

    outbox.record(told(FIRST), network((2, 0)), rendered)
    with working(outbox, {"sms": Odd()}) as worker:
        assert worker.drain(TIMEOUT_S)
    assert count(outbox, State.SENT) == 0
    assert count(outbox, State.FAILED) == 2


def test_one_message_that_makes_a_channel_raise_fails_alone(outbox: Outbox) -> None:
    class Choking(Scripted):
        batch_max = 20

        def send(self, batch: Sequence[OutgoingMessage]) -> Sequence[Outcome]:
            if any(message.recipient == "V1-H4" for message in batch):
                raise RuntimeError("cannot spell that")
            return super().send(batch)

    outbox.record(told(FIRST), network((10, 0)), rendered)
    sms = Choking()
    with working(outbox, {"sms": sms}) as worker:
        assert worker.drain(TIMEOUT_S)
    assert (count(outbox, State.SENT), count(outbox, State.FAILED)) == (9, 1)
    assert len(sms.given) == 9


def test_the_node_s_own_fault_is_no_attempt_of_a_message(outbox: Outbox) -> None:
    is_well = threading.Event()

    def react(_message: OutgoingMessage) -> Outcome:
        if is_well.is_set():
            return SENT
        raise OSError(errno.EMFILE, "Too many open files")

    outbox.record(told(FIRST), network((2, 0)), rendered)
    sms = Scripted(react)
    with working(outbox, {"sms": sms}) as worker:
        wait_until(lambda: len(sms.given) > QUICK.attempts_max)
        assert "too many files open" in worker.troubles()[0]
        assert count(outbox, State.FAILED) == 0
        is_well.set()
        assert worker.drain(TIMEOUT_S)
    assert count(outbox, State.SENT) == 2


def test_an_outbox_that_cannot_be_read_is_trouble_with_an_end(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_worker, "STORE_PAUSE_S", 0.01)
    is_well = threading.Event()
    claim = outbox.claim

    def claim_once_well(channel: str, limit: int, now: float) -> list[Claimed]:
        if not is_well.is_set():
            raise KeyError("a bug of ours")
        return claim(channel, limit, now)

    monkeypatch.setattr(outbox, "claim", claim_once_well)
    outbox.record(told(FIRST), network((2, 0)), rendered)
    with working(outbox, {"sms": Scripted()}) as worker:
        wait_until(lambda: "a bug of ours" in "".join(worker.troubles()))
        is_well.set()
        assert worker.drain(TIMEOUT_S)
        wait_until(lambda: not worker.troubles())


def test_a_batch_that_never_ends_is_trouble(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_worker, "STUCK_S", 0.0)
    release = threading.Event()

    def wait(_message: OutgoingMessage) -> Outcome:
        release.wait(TIMEOUT_S)
        return SENT

    outbox.record(told(FIRST), network((1, 0)), rendered)
    with working(outbox, {"sms": Scripted(wait)}) as worker:
        wait_until(lambda: "a batch lasts" in "".join(worker.troubles()))
        release.set()
        assert worker.drain(TIMEOUT_S)


def test_the_duty_officer_is_told_of_trouble_that_lasts_and_of_its_end(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_worker, "REPORT_AFTER_S", 0.2)
    is_well = threading.Event()
    outbox.record(told(FIRST), network((2, 0)), rendered)
    sms = Scripted(lambda _message: SENT if is_well.is_set() else unavailable("not reached"))
    worker = worker_of(outbox, {"sms": sms})
    assert worker.reports() == {"sms": None}, "before the first batch nobody knows"
    worker.start()
    wait_until(lambda: bool(worker.reports()["sms"]))
    assert "not reached" in str(worker.reports()["sms"])
    is_well.set()
    wait_until(lambda: worker.reports()["sms"] == "")
    worker.stop(TIMEOUT_S)


def test_young_trouble_is_shown_but_not_told(outbox: Outbox) -> None:
    outbox.record(told(FIRST), network((2, 0)), rendered)
    with working(outbox, {"sms": Scripted(lambda _message: unavailable("not reached"))}) as worker:
        wait_until(lambda: bool(worker.troubles()))
        assert worker.reports() == {"sms": None}


def test_a_channel_that_has_nothing_to_send_works(outbox: Outbox) -> None:
    with working(outbox, {"sms": Scripted()}) as worker:
        wait_until(lambda: worker.reports() == {"sms": ""})


def test_a_batch_that_lasts_is_told_too(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_worker, "STUCK_S", 0.05)
    monkeypatch.setattr(delivery_worker, "REPORT_AFTER_S", 0.05)
    release = threading.Event()

    def wait(_message: OutgoingMessage) -> Outcome:
        release.wait(TIMEOUT_S)
        return SENT

    outbox.record(told(FIRST), network((1, 0)), rendered)
    with working(outbox, {"sms": Scripted(wait)}) as worker:
        wait_until(lambda: "a batch lasts" in str(worker.reports()["sms"]))
        release.set()
        wait_until(lambda: worker.reports()["sms"] == "")


def test_a_fault_of_ours_in_the_middle_of_a_batch_leaves_nobody_behind(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_worker, "STORE_PAUSE_S", 0.01)
    calls = iter(range(1_000))

    def event_clock() -> float:
        if next(calls) < 2:
            raise ZeroDivisionError
        return SENT_S + 60.0

    outbox.record(told(FIRST), network((2, 0)), rendered)
    worker = worker_of(outbox, {"sms": Scripted()}, event_clock=event_clock)
    worker.start()
    assert worker.drain(TIMEOUT_S)
    assert worker.stop(TIMEOUT_S)
    assert count(outbox, State.SENT) == 2
