"""A tick never lies before the last step; a clock that went back is an alarm until it has caught up."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.config.conftest import FILES
from warnstream.adapters.inbox import Inbox
from warnstream.config.load import load_configuration
from warnstream.runners.intake import entries
from warnstream.runners.live.ingress import CLOCK_BACK_S_MAX, Ingress
from warnstream.runners.live.requests import Requests

T0 = 1_781_740_800


class Told:
    """An alarm port that remembers what stands."""

    def __init__(self) -> None:
        self.standing: dict[str, str] = {}

    def raise_alarm(self, key: str, text: str, *, is_blocking: bool = True, zh: str = "") -> None:  # noqa: ARG002
        self.standing[key] = text

    def end_alarm(self, key: str) -> None:
        self.standing.pop(key, None)


@pytest.fixture
def alarms() -> Told:
    return Told()


@pytest.fixture
def ingress(tmp_path: Path, alarms: Told) -> Ingress:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    configuration = load_configuration(tmp_path)
    node = replace(configuration.node, tick_s=1)
    inbox = Inbox()
    requests = Requests(inbox.wake, lambda: False)
    return Ingress(replace(configuration, node=node), inbox, requests, (), alarms)


def tick_of(ingress: Ingress, engine_s: int) -> int:
    (entry,) = ingress.take(0, engine_s).entries
    assert entry[0] == entries.TICK
    return entries.decode_tick(entry[1])


def test_the_clock_alarm_begins_when_the_clock_went_back_and_ends_when_it_has_caught_up(
    ingress: Ingress, alarms: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    steady = [time.monotonic() + 10]
    monkeypatch.setattr(time, "monotonic", lambda: steady[0])
    monkeypatch.setattr(time, "time", lambda: float(T0))
    assert tick_of(ingress, T0 - 5) == T0
    assert alarms.standing == {}
    steady[0] += 10
    assert tick_of(ingress, T0 + CLOCK_BACK_S_MAX + 1) == T0 + CLOCK_BACK_S_MAX + 1
    assert "behind the last step" in alarms.standing["clock"]
    steady[0] += 10
    assert tick_of(ingress, T0) == T0
    assert alarms.standing == {}


def test_requests_become_entries_in_order_and_are_settled_together(ingress: Ingress) -> None:
    promises = [ingress._requests.ask(kind, b"") for kind in ("answer", "cancel")]
    turn = ingress.take(0, T0)
    assert [kind for kind, _ in turn.entries if kind != entries.TICK] == ["answer", "cancel"]
    assert not any(promise.done() for promise in promises)
    ingress.settle(turn)
    assert all(promise.result(0) is None for promise in promises)
