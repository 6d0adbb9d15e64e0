"""The storm of the demo waits for the node, and for nobody who takes nothing."""

import threading
import time

import pytest

from station_sim.sending.publish import Progress
from warnstream.commands.demo import watch
from warnstream.commands.demo.watch import WAITING_MAX, Watch

NOW = Progress(1_781_700_000, 10, 10)


def test_the_storm_waits_until_the_node_has_taken_what_is_there() -> None:
    waiting = [WAITING_MAX + 1]
    seen = Watch()
    done = threading.Event()

    def go_on() -> None:
        seen.take_progress(NOW, lambda: waiting[0], threading.Event())
        done.set()

    threading.Thread(target=go_on, daemon=True).start()
    assert not done.wait(0.3)
    waiting[0] -= 1
    assert done.wait(10)
    assert seen.progress == NOW


@pytest.mark.parametrize("waiting", [-3, 0, WAITING_MAX])
def test_what_a_node_has_before_it_as_a_rule_holds_nothing(waiting: int) -> None:
    begun = time.monotonic()
    Watch().take_progress(NOW, lambda: waiting, threading.Event())
    assert time.monotonic() - begun < 5


def test_a_node_that_takes_nothing_holds_the_storm_for_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "WAIT_S", 0.2)
    Watch().take_progress(NOW, lambda: WAITING_MAX + 1, threading.Event())


def test_who_stops_the_demo_does_not_wait() -> None:
    stop = threading.Event()
    stop.set()
    begun = time.monotonic()
    Watch().take_progress(NOW, lambda: WAITING_MAX + 1, stop)
    assert time.monotonic() - begun < 5
