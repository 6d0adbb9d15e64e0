"""The storm of the demo waits for the node, and for nobody who is not there."""

import threading
import time

import pytest

from station_sim.sending.publish import Progress
from warnstream.commands.demo import watch
from warnstream.commands.demo.watch import AHEAD_S, Watch

BEGIN_S = 1_781_700_000


def at(time_s: int) -> Progress:
    return Progress(time_s, 10, 10)


def test_the_storm_waits_until_the_node_has_judged() -> None:
    judged = [BEGIN_S]
    seen = Watch(lambda: judged[0])
    done = threading.Event()

    def go_on() -> None:
        seen.take_progress(at(BEGIN_S + AHEAD_S + 60), threading.Event())
        done.set()

    threading.Thread(target=go_on, daemon=True).start()
    assert not done.wait(0.3)
    judged[0] += 60
    assert done.wait(10)
    assert seen.progress == at(BEGIN_S + AHEAD_S + 60)


@pytest.mark.parametrize("judged_s", [0, BEGIN_S, BEGIN_S + 600])
def test_a_node_that_has_not_begun_or_is_level_holds_nothing(judged_s: int) -> None:
    begun = time.monotonic()
    Watch(lambda: judged_s).take_progress(at(BEGIN_S + AHEAD_S), threading.Event())
    assert time.monotonic() - begun < 5


def test_a_node_that_judges_nothing_holds_the_storm_for_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "WAIT_S", 0.2)
    Watch(lambda: BEGIN_S).take_progress(at(BEGIN_S + 3_600), threading.Event())


def test_who_stops_the_demo_does_not_wait() -> None:
    stop = threading.Event()
    stop.set()
    begun = time.monotonic()
    Watch(lambda: BEGIN_S).take_progress(at(BEGIN_S + 3_600), stop)
    assert time.monotonic() - begun < 5
