"""The console as a child: started again whatever ends it, never waited for, gone with its parent."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from warnstream.runners.console import child
from warnstream.runners.console.child import ConsoleChild

WAIT_S_MAX = 30.0


class Alarms:
    """What was raised and ended, in order."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.raised = threading.Semaphore(0)

    def raise_alarm(self, key: str, text: str, *, is_blocking: bool = True, zh: str = "") -> None:
        assert not is_blocking
        assert zh
        self.heard.append(f"{key}: {text}")
        self.raised.release()

    def end_alarm(self, key: str) -> None:
        self.heard.append(f"end {key}")


def console(program: str, monkeypatch: pytest.MonkeyPatch, **waits: float) -> tuple[ConsoleChild, Alarms]:
    monkeypatch.setattr(child, "PROGRAM", program)
    for name, value in waits.items():
        monkeypatch.setattr(child, name, value)
    alarms = Alarms()
    return ConsoleChild(Path(), alarms), alarms


def wait_for(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + WAIT_S_MAX
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_one_that_ends_is_started_again_and_an_alarm_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    one, alarms = console("import sys; sys.exit(3)", monkeypatch, FIRST_WAIT_S=0.01, WAIT_S_MAX=0.02)
    one.start()
    for _ in range(3):
        assert alarms.raised.acquire(timeout=WAIT_S_MAX)
    one.stop()
    assert "console: the console has ended (status 3)" in alarms.heard[0]


def test_one_that_runs_steadily_ends_the_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    one, alarms = console("import sys; sys.stdin.read()", monkeypatch, STEADY_S=0.05)
    one.start()
    wait_for(lambda: "end console" in alarms.heard)
    one.stop()


def test_one_that_does_not_listen_is_killed_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    program = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    one, _ = console(program, monkeypatch, STOP_S=0.3)
    one.start()
    wait_for(lambda: one._process is not None)
    one.stop()
    assert one._process is not None
    assert one._process.wait(WAIT_S_MAX) != 0


def test_it_never_started_and_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    one, _ = console("", monkeypatch)
    one.stop()


PARENT = """
import sys, threading
from pathlib import Path
from warnstream.runners.console import child
class Alarms:
    def raise_alarm(self, *_, **__): pass
    def end_alarm(self, *_): pass
child.PROGRAM = sys.argv[1]
child.ConsoleChild(Path(), Alarms()).start()
threading.Event().wait()
"""
STOPPED = """
import os, signal, sys, time
from warnstream.console.serve import end_with_parent
end_with_parent()
print(os.getpid(), flush=True)
os.kill(os.getpid(), signal.SIGSTOP)
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_one_that_is_stopped_does_not_outlive_a_node_that_is_killed() -> None:
    command = [sys.executable, "-c", PARENT, STOPPED]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as node:
        assert node.stdout is not None
        state = Path("/proc") / node.stdout.readline().strip() / "stat"
        wait_for(lambda: state.read_text().split()[2] == "T")
        node.kill()
        node.wait()
        wait_for(lambda: not state.exists() or state.read_text().split()[2] == "Z")
