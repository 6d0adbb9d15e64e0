"""A gateway that reports a wrong number before the batch that it came with is over."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.doors import LoggedOutbox as Outbox
from tests.integration.test_delivery_worker import (
    FIRST,
    OF_FIRST,
    QUICK,
    TIMEOUT_S,
    TOKENS,
    Scripted,
    Taker,
    count,
    shared_of,
    unasked,
)
from tests.unit.adapters.county import GRID_MEMBER, digest, network, rendered, told
from warnstream.adapters.channels.channel import ConfiguredChannel, OutgoingMessage
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.sending.early import EarlyReports
from warnstream.adapters.sending.replies import Replies
from warnstream.adapters.sending.worker import DeliveryWorker
from warnstream.delivery.dispatch.notification import State
from warnstream.delivery.dispatch.outcome import Outcome
from warnstream.model.errors import StoreError


class Hasty(Scripted):
    """Takes everything, and reports of some numbers at once that they are wrong."""

    def __init__(self, *wrong: str) -> None:
        super().__init__()
        self.wrong = wrong

    def send(self, batch: Sequence[OutgoingMessage]) -> Sequence[Outcome]:
        for message in batch:
            if message.recipient in self.wrong:
                self.inbound.undelivered(message.key, "the gateway gave it up (UNDELIV)")
        return super().send(batch)


@contextmanager
def sending(outbox: Outbox, channel: Hasty, lost: list[tuple[str, str]]) -> Iterator[DeliveryWorker]:
    replies = Replies(outbox, TOKENS, Taker, Metrics(), lambda *given: lost.append(given), unasked)
    configured = {"sms": ConfiguredChannel(channel, QUICK, 600.0)}
    worker = DeliveryWorker(configured, shared_of(outbox, inbound=replies))
    worker.start()
    try:
        yield worker
    finally:
        worker.stop(TIMEOUT_S)


def test_a_door_whose_number_is_wrong_has_not_been_told(tmp_path: Path) -> None:
    lost: list[tuple[str, str]] = []
    with closing(Outbox(tmp_path)) as outbox:
        outbox.record(told(FIRST), network((2, 0)), rendered)
        with sending(outbox, Hasty("V1-H0"), lost) as worker:
            assert worker.drain(TIMEOUT_S)
        assert (count(outbox, State.SENT), count(outbox, State.FAILED)) == (1, 1)
    assert lost == [(OF_FIRST.identifier, "V1-H0")]


def test_a_post_whose_number_is_wrong_climbs_at_once(tmp_path: Path) -> None:
    lost: list[tuple[str, str]] = []
    with closing(Outbox(tmp_path)) as outbox:
        one = digest(GRID_MEMBER)
        outbox.record(told(FIRST, posts=(GRID_MEMBER,)), network(), rendered)
        with sending(outbox, Hasty(GRID_MEMBER.post), lost) as worker:
            assert worker.drain(TIMEOUT_S)
        assert lost == [(one.identifier, GRID_MEMBER.post)]
        assert outbox.is_lost(one.identifier, GRID_MEMBER.post)


class FullOnce(Scripted):
    """Takes reports; the disk is full at the first."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: list[str] = []
        self.is_full = True

    def undelivered(self, key: str, reason: str) -> None:
        assert reason == "wrong number"
        if self.is_full:
            raise StoreError("the disk is full", retryable=True)
        self.keys.append(key)


def test_what_cannot_be_kept_is_held_until_it_can() -> None:
    inbound = FullOnce()
    early = EarlyReports(inbound)  # type: ignore[arg-type]
    early.begin(["a", "b"])
    early.undelivered("a", "wrong number")
    with pytest.raises(StoreError):
        early.kept(["a", "b"])
    inbound.is_full = False
    early.kept(["a", "b"])
    early.kept(["a", "b"])
    assert inbound.keys == ["a"]
    early.undelivered("b", "wrong number")
    assert inbound.keys == ["a", "b"], "nobody has it in hand any more"
