"""Explanations on a node whose loop sleeps until somebody wakes it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.networks import network_of
from warnstream.model.errors import StoreError
from warnstream.runners.live.views import explanations
from warnstream.runners.live.views.explanations import AT_ONCE, LiveExplanations


@contextmanager
def sleeping_loop(monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveExplanations]:
    """A loop that looks for requests each time it is woken, and never by itself."""
    monkeypatch.setattr(explanations, "EVERY_S", 0.01)
    monkeypatch.setattr(explanations, "WAIT_S", 5.0)
    monkeypatch.setattr(explanations, "view_record", lambda _configuration, view, _warnings, **_named: view)
    woken, is_over = threading.Event(), False
    engine = SimpleNamespace(
        assessment=SimpleNamespace(view=lambda village: f"village {village}"),
        desk=SimpleNamespace(of_village=lambda _village: []),
    )
    configuration = cast("Any", SimpleNamespace(network=network_of(1, 3)))
    asked = LiveExplanations(configuration, lambda: cast("Any", engine), woken.set, lambda _took_s: None)

    def run() -> None:
        while not is_over:
            woken.wait()
            woken.clear()
            asked.serve()

    loop = threading.Thread(target=run, daemon=True)
    loop.start()
    try:
        yield asked
    finally:
        is_over = True
        woken.set()
        loop.join()


def test_one_after_the_other_is_told_though_nothing_else_wakes_the_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with sleeping_loop(monkeypatch) as asked:
        told: list[object] = [asked.ask("V1") for _ in range(AT_ONCE + 5)]
    assert told == ["village 1"] * (AT_ONCE + 5)


def test_many_that_ask_at_once_are_all_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    with sleeping_loop(monkeypatch) as asked:
        callers = [threading.Thread(target=lambda: told.append(asked.ask("V2"))) for _ in range(AT_ONCE)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
    assert told == ["village 2"] * AT_ONCE


def test_a_village_that_is_not_there_has_no_explanation(monkeypatch: pytest.MonkeyPatch) -> None:
    with sleeping_loop(monkeypatch) as asked:
        assert asked.ask("nowhere") is None


def test_a_loop_that_never_has_time_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    with sleeping_loop(monkeypatch) as asked:
        monkeypatch.setattr(asked, "serve", lambda: None)
        monkeypatch.setattr(explanations, "WAIT_S", 0.05)
        with pytest.raises(StoreError, match="too many ask"):
            asked.ask("V0")
