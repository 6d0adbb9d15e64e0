"""Senders take each other's place while one hangs; whole reloads: `simulation/test_channels_reloaded`."""

import threading

import pytest

from tests.doors import LoggedOutbox as Outbox
from tests.integration.test_delivery_worker import (
    FIRST,
    QUICK,
    TIMEOUT_S,
    Scripted,
    outbox,  # noqa: F401
    wait_until,
    working,
)
from tests.unit.adapters.county import network, rendered, told
from warnstream.adapters.channels.channel import ConfiguredChannel, OutgoingMessage
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.sending import sender
from warnstream.delivery.dispatch.outcome import SENT, Outcome


class Hanging(Scripted):
    """A gateway that answers when it is let."""

    def __init__(self) -> None:
        super().__init__(self._wait)
        self.may_answer = threading.Event()

    def _wait(self, _message: OutgoingMessage) -> Outcome:
        assert self.may_answer.wait(TIMEOUT_S)
        return SENT


def configured(channel: Scripted) -> ConfiguredChannel:
    return ConfiguredChannel(channel, QUICK, 600.0)


def nothing() -> None:
    pass


def test_a_channel_that_is_changed_again_while_its_gateway_hangs_sends_by_the_last(
    outbox: Outbox,  # noqa: F811
) -> None:
    hangs, second, third = Hanging(), Scripted(), Scripted()
    with working(outbox, {"sms": hangs}) as worker:
        outbox.record(told(FIRST), network(), rendered)
        worker.wake()
        wait_until(lambda: bool(hangs.given))
        worker.change({"sms": configured(second)}, (), nothing)
        worker.change({"sms": configured(third)}, (), nothing)
        assert second.given == third.given == []
        hangs.may_answer.set()
        assert worker.drain(TIMEOUT_S)
        wait_until(lambda: second.is_closed)
    assert second.given == []
    assert len(hangs.given) == 2, "the batch in hand"
    assert len({message.key for message in (*hangs.given, *third.given)}) == 3
    assert len(third.given) == 1


def test_a_channel_that_cannot_leave_is_said_until_it_has(
    outbox: Outbox,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sender, "STUCK_S", 0.05)
    hangs = Hanging()
    with working(outbox, {"sms": hangs}) as worker:
        outbox.record(told(FIRST), network(), rendered)
        worker.wake()
        wait_until(lambda: bool(hangs.given))
        worker.change({"sms": configured(Scripted())}, (), nothing)
        wait_until(lambda: any("a batch lasts" in trouble for trouble in worker.troubles()))
        hangs.may_answer.set()
        assert worker.drain(TIMEOUT_S)
        wait_until(lambda: worker.troubles() == [])


def test_a_channel_that_is_gone_is_held_no_more(outbox: Outbox) -> None:  # noqa: F811
    metrics, gone = Metrics(), threading.Event()
    with working(outbox, {"sms": Scripted(), "voice": Scripted()}, metrics) as worker:
        worker.change({}, ("voice",), gone.set)
        assert gone.wait(TIMEOUT_S)
        held = metrics.registry.get_sample_value
        assert held("warnstream_channel_held", {"channel": "voice"}) is None
        assert held("warnstream_channel_held", {"channel": "sms"}) == 0.0
