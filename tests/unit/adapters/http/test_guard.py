import socket

import pytest

from warnstream.adapters.http.guard import HostCheck, RateLimit


def test_a_burst_is_allowed_and_then_the_rate() -> None:
    now = [0.0]
    limit = RateLimit(2.0, 3, 10, clock=lambda: now[0])
    at_once = [limit.allows("a") for _ in range(4)]
    now[0] = 0.5
    later = [limit.allows("a"), limit.allows("a")]
    assert (at_once, later) == ([True, True, True, False], [True, False])


def test_one_client_does_not_use_up_another_s_share() -> None:
    limit = RateLimit(1.0, 1, 10, clock=lambda: 0.0)
    limit.allows("a")
    assert not limit.allows("a")
    assert limit.allows("b")


def test_only_so_many_clients_are_remembered() -> None:
    limit = RateLimit(1.0, 1, 2, clock=lambda: 0.0)
    for client in ("a", "b", "c"):
        limit.allows(client)
    assert len(limit._left) == 2


def test_a_client_that_keeps_asking_is_not_forgotten() -> None:
    limit = RateLimit(1.0, 1, 2, clock=lambda: 0.0)
    limit.allows("noisy")
    for client in ("b", "noisy", "c"):
        limit.allows(client)
    assert not limit.allows("noisy")


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [("127.0.0.1", True), ("127.0.0.1:18080", True), ("[::1]:18080", True), ("10.1.2.3", True), ("", True),
     ("localhost:80", True), ("LOCALHOST", True), ("warn.example", True), ("warn.example.:443", True),
     (socket.gethostname(), True), ("evil.example", False), ("warn.example.evil.example", False),
     ("evil.example:127.0.0.1", False), ("[evil]", False), ("127.0.0.1.evil.example", False)],
)  # fmt: skip
def test_only_names_of_this_node_and_addresses_are_its_host(host: str, is_ours: bool) -> None:
    async def nothing(*_: object) -> None:
        """No application."""

    assert HostCheck(nothing, ["warn.example"]).is_ours(host) == is_ours
