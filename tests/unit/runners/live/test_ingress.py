"""What comes in becomes entries in order; a tick stands where the node's clock says what time it is."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.config.conftest import FILES
from tests.unit.runners.live.test_clock import Told
from warnstream.adapters.inbox import Inbox
from warnstream.config.load import load_configuration
from warnstream.model.effects import ClockAccepted
from warnstream.runners.intake import entries
from warnstream.runners.live.clock import NodeClock
from warnstream.runners.live.ingress import Ingress
from warnstream.runners.live.requests import Requests

T0 = 1_781_740_800


class Clocks:
    """A system clock and a steady one that a test moves."""

    def __init__(self) -> None:
        self.wall_s, self.steady_s = float(T0), time.monotonic() + 10


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def alarms() -> Told:
    return Told()


@pytest.fixture
def ingress(tmp_path: Path, alarms: Told, clocks: Clocks, monkeypatch: pytest.MonkeyPatch) -> Ingress:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    configuration = load_configuration(tmp_path)
    node = replace(configuration.node, tick_s=1)
    inbox = Inbox()
    requests = Requests(inbox.wake, lambda: False)
    monkeypatch.setattr(time, "monotonic", lambda: clocks.steady_s)
    clock = NodeClock(
        jump_s_max=60,
        future_s_max=120,
        n_stations=3,
        alarms=alarms,
        wall=lambda: clocks.wall_s,
        steady=lambda: clocks.steady_s,
    )
    clock.begin(T0)
    return Ingress(replace(configuration, node=node), inbox, requests, (), clock)


def entries_of(ingress: Ingress, waiting: dict[int, int] | None = None) -> list[tuple[str, bytes]]:
    return ingress.take(0, T0, lambda: waiting or {}).entries


def test_a_tick_tells_the_time_of_the_node(ingress: Ingress, clocks: Clocks, alarms: Told) -> None:
    clocks.wall_s, clocks.steady_s = clocks.wall_s + 86_405, clocks.steady_s + 5
    assert entries_of(ingress) == [(entries.TICK, entries.encode_tick(T0 + 5))]
    assert "clock" in alarms.standing


def test_readings_of_another_time_wait_and_the_loop_does_not_spin(ingress: Ingress, clocks: Clocks) -> None:
    entries_of(ingress)
    clocks.wall_s, clocks.steady_s = clocks.wall_s + 86_405, clocks.steady_s + 5
    assert entries_of(ingress, {0: T0 + 86_400}) == []
    assert ingress._wait_s(0) > 0


def test_an_accepted_clock_counts_at_once(ingress: Ingress, clocks: Clocks, alarms: Told) -> None:
    clocks.wall_s, clocks.steady_s = clocks.wall_s + 86_405, clocks.steady_s + 5
    entries_of(ingress)
    accepted = ingress._requests.ask(entries.CLOCK, entries.encode_clock(ClockAccepted("zhang", "right")))
    clocks.wall_s, clocks.steady_s = clocks.wall_s + 5, clocks.steady_s + 5
    assert [kind for kind, _ in entries_of(ingress)] == [entries.CLOCK, entries.TICK]
    assert alarms.standing == {}
    assert not accepted.done()


def test_requests_become_entries_in_order_and_are_settled_together(ingress: Ingress) -> None:
    promises = [ingress._requests.ask(kind, b"") for kind in ("answer", "cancel")]
    turn = ingress.take(0, T0, dict)
    assert [kind for kind, _ in turn.entries if kind != entries.TICK] == ["answer", "cancel"]
    assert not any(promise.done() for promise in promises)
    ingress.settle(turn)
    assert all(promise.result(0) is None for promise in promises)
