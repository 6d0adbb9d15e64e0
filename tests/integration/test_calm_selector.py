import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from warnstream.adapters.mqtt.listener import selector as calm_selector
from warnstream.adapters.mqtt.listener.selector import MUCH, CoalescingSelector


class Loop:
    """An event loop in a thread that reads one socket; `times` is when it did."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.messages_per_read = 1
        self._taken = 0
        self.mine, theirs = socket.socketpair()
        self._theirs = theirs
        self.loop = asyncio.SelectorEventLoop(CoalescingSelector(self._take))
        self.loop.call_soon(self.loop.add_reader, theirs, self._read)
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()

    def _take(self) -> int:
        taken, self._taken = self._taken, 0
        return taken

    def _read(self) -> None:
        self._theirs.recv(1_000)
        self._taken += self.messages_per_read
        self.times.append(time.monotonic())

    def send_and_wait(self) -> None:
        """Send a byte and wait until it was read."""
        n = len(self.times)
        self.mine.send(b"x")
        while len(self.times) == n:
            time.sleep(0.0005)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()
        self.mine.close()
        self._theirs.close()


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loop]:
    monkeypatch.setattr(calm_selector, "PAUSE_S", 0.3)
    loop = Loop()
    yield loop
    loop.close()


def test_after_a_few_messages_the_sockets_are_left_alone_for_a_while(loop: Loop) -> None:
    loop.send_and_wait()
    loop.send_and_wait()
    assert loop.times[1] - loop.times[0] > 0.25


def test_what_another_thread_calls_does_not_wait_for_the_pause(loop: Loop) -> None:
    loop.send_and_wait()
    called = threading.Event()
    started = time.monotonic()
    loop.loop.call_soon_threadsafe(called.set)
    assert called.wait(10)
    assert time.monotonic() - started < 0.2


def test_many_messages_are_followed_by_no_pause(loop: Loop) -> None:
    loop.messages_per_read = MUCH
    loop.send_and_wait()
    loop.send_and_wait()
    assert loop.times[1] - loop.times[0] < 0.2


def test_a_call_of_another_thread_ends_the_pause(loop: Loop) -> None:
    """An acknowledgement: whoever waited for it is read from at once."""
    loop.send_and_wait()
    loop.loop.call_soon_threadsafe(lambda: None)
    loop.send_and_wait()
    assert loop.times[1] - loop.times[0] < 0.2
