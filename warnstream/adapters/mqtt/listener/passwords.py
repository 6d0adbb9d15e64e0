"""Password checks that wait: slow on purpose, few at a time, and nobody's flood keeps others waiting.

A check takes some 50 ms and 16 MiB, so `THREADS` of them run at once, at the
lowest priority that the system has for a thread. What waits is taken in turn by
(address, user): a thousand guesses for one user delay only that user at that
address. Whoever gave a wrong password there a moment ago, or names a user that
does not exist, waits behind all others.

Limits: `WAITING_MAX` checks wait, `WAITING_EACH_MAX` for one user of one
address; more are told that the server is busy.
"""

import asyncio
import os
import sys
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from warnstream.adapters.mqtt.client_packets import Connect
from warnstream.adapters.mqtt.listener.access import Users
from warnstream.adapters.mqtt.listener.port import Client, Verdict

THREADS = 2
NICENESS = 19
WAITING_MAX = 4_000
WAITING_EACH_MAX = 256
FAILURE_KEPT_S = 60.0
FAILURES_MAX = 10_000

Key = tuple[str, str]
"""Address and user."""

Run = Callable[[Callable[[], bool]], "asyncio.Future[bool]"]


@dataclass(frozen=True, slots=True, eq=False)
class Check:
    """One client that waits for its password to be checked."""

    client: Client
    connect: Connect

    @property
    def key(self) -> Key:
        """Whose turn it is counted as."""
        return self.client.host, self.connect.username or ""


class CheckQueue:
    """Checks that wait, in two lanes, by turns; for one thread."""

    def __init__(self) -> None:
        self._lanes: tuple[OrderedDict[Key, deque[Check]], ...] = (OrderedDict(), OrderedDict())
        self._failed_at_s: OrderedDict[Key, float] = OrderedDict()
        self._n = 0

    def __len__(self) -> int:
        return self._n

    def put(self, check: Check, now_s: float, *, is_user: bool) -> bool:
        """Let it wait; False if too many do."""
        key = check.key
        is_suspect = not is_user or now_s - self._failed_at_s.get(key, -FAILURE_KEPT_S) < FAILURE_KEPT_S
        waiting = self._lanes[is_suspect].get(key, ())
        if len(waiting) >= WAITING_EACH_MAX or (is_suspect and self._n >= WAITING_MAX):
            return False
        self._lanes[is_suspect].setdefault(key, deque()).append(check)
        self._n += 1
        return True

    def take(self) -> Check | None:
        """The next one; None if nobody waits."""
        for lane in self._lanes:
            if lane:
                key, waiting = next(iter(lane.items()))
                check = waiting.popleft()
                lane.move_to_end(key)
                if not waiting:
                    del lane[key]
                self._n -= 1
                return check
        return None

    def failed(self, key: Key, now_s: float) -> None:
        """A wrong password: what waits for that user at that address waits behind others from now on."""
        self._failed_at_s[key] = now_s
        self._failed_at_s.move_to_end(key)
        if len(self._failed_at_s) > FAILURES_MAX:
            self._failed_at_s.popitem(last=False)
        waiting = self._lanes[0].pop(key, None)
        if waiting:
            self._lanes[1].setdefault(key, deque()).extend(waiting)


class PasswordDesk:
    """Checks passwords outside the event loop and tells the clients; all calls in the loop's thread.

    Parameters
    ----------
    users : Users
        May be replaced when the file has changed.
    run : callable
        Runs a function in a thread; its future is the event loop's.
    now_s : callable
        A clock that never goes back.
    """

    def __init__(self, users: Users, run: Run, now_s: Callable[[], float]) -> None:
        self.users = users
        self._run = run
        self._now_s = now_s
        self._waiting = CheckQueue()
        self._running = 0

    def check(self, client: Client, connect: Connect) -> None:
        """Let a client wait for its turn; it is told at once where that cannot be."""
        name = connect.username
        if name is None or connect.password is None:
            client.password_checked(connect, Verdict.WRONG)
        elif self._waiting.put(Check(client, connect), self._now_s(), is_user=self.users.knows(name)):
            self._go_on()
        else:
            client.password_checked(connect, Verdict.BUSY)

    def _go_on(self) -> None:
        while self._running < THREADS and (check := self._waiting.take()) is not None:
            if check.client.is_closed:
                continue
            self._running += 1
            done = self._run(partial(_is_right, self.users, check.connect))
            done.add_done_callback(partial(self._tell, check))

    def _tell(self, check: Check, done: "asyncio.Future[bool]") -> None:
        self._running -= 1
        if done.cancelled():
            return
        is_right = done.exception() is None and done.result()
        if not is_right:
            self._waiting.failed(check.key, self._now_s())
        check.client.password_checked(check.connect, Verdict.RIGHT if is_right else Verdict.WRONG)
        self._go_on()


def _is_right(users: Users, connect: Connect) -> bool:
    assert connect.username is not None
    assert connect.password is not None
    return users.check(connect.username, connect.password)


def begin_thread() -> None:
    """In a thread of the pool: everything else goes first, where the system can tell threads apart."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
