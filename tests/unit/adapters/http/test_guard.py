from warnstream.adapters.http.guard import RateLimit


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
