"""A child that hangs, ends or is ended keeps nobody waiting and says why."""

import threading
import time

import pytest

from warnstream.model.errors import WarnstreamError
from warnstream.runners.live.reloading import preparing
from warnstream.runners.live.reloading.handover import Ask
from warnstream.runners.live.reloading.preparing import Child

ASK = Ask("/nowhere", "/nowhere", 0, 0)


def test_one_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparing, "PROGRAM", "import time; time.sleep(600)")
    with pytest.raises(WarnstreamError, match="took longer than 0 s"):
        Child(time_s_max=0.3).prepare(ASK)


def test_one_that_ends_says_what_it_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparing, "PROGRAM", "import sys; sys.exit('no such module')")
    with pytest.raises(WarnstreamError, match=r"status 1.*no such module"):
        Child().prepare(ASK)


def test_one_that_talks_much_is_heard_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    program = "import sys; sys.stderr.write('x' * 1_000_000 + 'last words'); sys.exit(2)"
    monkeypatch.setattr(preparing, "PROGRAM", program)
    with pytest.raises(WarnstreamError, match="last words"):
        Child().prepare(ASK)


def test_a_node_that_stops_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparing, "PROGRAM", "import time; time.sleep(600)")
    child, begun = Child(), time.monotonic()
    stopping = threading.Timer(0.3, child.stop)
    stopping.start()
    with pytest.raises(WarnstreamError, match="the node is stopping"):
        child.prepare(ASK)
    assert time.monotonic() - begun < 60


def test_a_folder_that_is_not_there_is_refused() -> None:
    report, parts = Child().prepare(ASK)
    assert parts == []
    assert any("/nowhere" in fault for fault in report.faults), report
