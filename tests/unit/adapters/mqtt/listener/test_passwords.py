"""Passwords that wait to be checked: whose turn it is."""

from __future__ import annotations

from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from warnstream.adapters.mqtt.client_packets import Connect
from warnstream.adapters.mqtt.listener import passwords
from warnstream.adapters.mqtt.listener.passwords import Check, CheckQueue
from warnstream.adapters.mqtt.listener.port import Client


class Caller:
    def __init__(self, host: str) -> None:
        self.host = host


def check(host: str, user: str) -> Check:
    connect = Connect(False, "id", True, 60, user, b"guess", None, 0, 65_535, 1_000_000)
    return Check(cast("Client", Caller(host)), connect)


def taken(queue: CheckQueue) -> list[tuple[str, str]]:
    found = []
    while (one := queue.take()) is not None:
        found.append(one.key)
    return found


def test_a_flood_for_one_user_delays_nobody_else_by_more_than_one_check() -> None:
    queue = CheckQueue()
    for _ in range(200):
        assert queue.put(check("6.6.6.6", "R0001"), 0.0, is_user=True)
    queue.put(check("10.0.0.2", "R0002"), 0.0, is_user=True)
    queue.put(check("10.0.0.1", "R0001"), 0.0, is_user=True)
    assert set(taken(queue)[:3]) == {("6.6.6.6", "R0001"), ("10.0.0.2", "R0002"), ("10.0.0.1", "R0001")}


def test_who_guessed_wrong_or_names_nobody_waits_behind_all_others() -> None:
    queue = CheckQueue()
    queue.put(check("6.6.6.6", "nobody"), 0.0, is_user=False)
    for _ in range(3):
        queue.put(check("6.6.6.6", "R0001"), 0.0, is_user=True)
    assert queue.take() is not None
    queue.failed(("6.6.6.6", "R0001"), 0.0)
    queue.put(check("10.0.0.2", "R0002"), 1.0, is_user=True)
    queue.put(check("6.6.6.6", "R0001"), 1.0, is_user=True)
    assert taken(queue)[0] == ("10.0.0.2", "R0002")


def test_a_wrong_password_is_forgotten_after_a_while() -> None:
    queue = CheckQueue()
    queue.failed(("10.0.0.1", "R0001"), 0.0)
    queue.put(check("6.6.6.6", "nobody"), 0.0, is_user=False)
    queue.put(check("10.0.0.1", "R0001"), passwords.FAILURE_KEPT_S, is_user=True)
    assert taken(queue) == [("10.0.0.1", "R0001"), ("6.6.6.6", "nobody")]


def test_what_waits_has_a_limit_for_each_and_for_suspects_together() -> None:
    queue = CheckQueue()
    fits = [queue.put(check("6.6.6.6", "R0001"), 0.0, is_user=True) for _ in range(1_000)]
    assert sum(fits) == passwords.WAITING_EACH_MAX
    fits = [queue.put(check(f"6.6.{n}", "nobody"), 0.0, is_user=False) for n in range(10_000)]
    assert len(queue) == passwords.WAITING_MAX
    assert queue.put(check("10.0.0.2", "R0002"), 0.0, is_user=True), "an honest one always may wait"


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.booleans()), max_size=50))
def test_everybody_who_may_wait_is_taken_once(calls: list[tuple[str, str, bool]]) -> None:
    queue = CheckQueue()
    put = [
        (host, user) for host, user, is_user in calls if queue.put(check(host, user), 0.0, is_user=is_user)
    ]
    assert sorted(taken(queue)) == sorted(put)
    assert len(queue) == 0
