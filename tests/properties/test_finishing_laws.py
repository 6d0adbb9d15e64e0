"""What is told of the finish is near it, whatever the channel and its batches."""

from random import Random

import pytest

from warnstream.delivery.dispatch.finishing import Prospect, Throughput
from warnstream.delivery.dispatch.queue import Urgency


@pytest.mark.parametrize("seed", range(20))
def test_while_nothing_fails_what_is_told_is_within_a_tenth_of_the_finish(seed: int) -> None:
    """A channel whose batches take as long as they like; told at any moment after its first ten seconds."""
    chance = Random(seed)
    per_s, batch = chance.uniform(5.0, 800.0), chance.choice([10, 50, 500])
    left, now, rate, told = 200_000, 0.0, Throughput(), []
    left = int(per_s * 900)
    while left > 0:
        n = min(batch, left)
        took_s = n / per_s * chance.uniform(0.7, 1.3)
        left, now = left - n, now + took_s
        rate.took(n, took_s)
        needs_s = Prospect({Urgency.LEAVE: left}, rate.per_s).needs_s()
        if now > 30.0 and needs_s is not None:
            told.append((now, needs_s))
    for at_s, needs_s in told:
        assert at_s + needs_s == pytest.approx(now, rel=0.1), f"told after {at_s:.0f} s"
