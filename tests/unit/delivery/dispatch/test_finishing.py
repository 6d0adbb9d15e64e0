import pytest

from warnstream.delivery.dispatch.finishing import AT_WORK_S, Prospect, Throughput, span
from warnstream.delivery.dispatch.queue import Urgency


def test_a_stop_is_no_rate() -> None:
    """Ten minutes in which nothing gets through do not make days of what is left."""
    rate = Throughput()
    for _ in range(20):
        rate.took(500, 1.0)
    before = rate.per_s
    for _ in range(60):
        rate.took(0, 10.0)
    assert (rate.per_s, before) == (500.0, 500.0)


def test_before_it_is_measured_the_configured_rate_counts() -> None:
    rate = Throughput(expected_per_s=5.5)
    rate.took(1, 0.001)
    assert (rate.per_s, rate.is_measured) == (5.5, False)
    rate.took(99, 1.999)
    assert rate.per_s == pytest.approx(50.0)
    assert Throughput().per_s is None


def test_the_rate_is_that_of_the_last_minute_at_work() -> None:
    rate = Throughput()
    for _ in range(600):
        rate.took(500, 1.0)
    for _ in range(int(AT_WORK_S)):
        rate.took(40, 1.0)
    assert rate.per_s == pytest.approx(40.0)


def test_more_urgent_ones_are_told_before_and_count() -> None:
    prospect = Prospect({Urgency.LEAVE: 100, Urgency.READY: 300, Urgency.END: 0}, 10.0)
    assert prospect.needs_s(Urgency.LEAVE) == 10.0
    assert prospect.needs_s(Urgency.READY) == prospect.needs_s() == 40.0


def test_without_a_rate_no_time_is_made_up() -> None:
    prospect = Prospect({Urgency.LEAVE: 1_240}, None)
    assert prospect.needs_s() is None
    assert prospect.words() == "1,240 leave wait, how long they need is not known"
    stopped = Prospect({Urgency.LEAVE: 1_240}, 10.0, stopped_s=0)
    assert stopped.words() == "1,240 leave wait, needs 3 min once open"
    assert Prospect({}, None).words() == "nobody waits"
    assert Prospect({}, None).needs_s() == 0.0


def test_a_time_to_wait_is_never_told_too_short() -> None:
    assert [span(seconds) for seconds in (0, 60, 120.1, 872_480)] == ["0 s", "60 s", "3 min", "242 h 22 min"]
