"""When a notification is sent again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnstream.delivery.dispatch.retry import wait_before_attempt_s
from warnstream.model.rules.policies import RetryPolicy

POLICY = RetryPolicy(attempts_max=8, first_wait_s=2.0, wait_s_max=60.0)


def test_the_first_sending_waits_for_nothing() -> None:
    assert wait_before_attempt_s(POLICY, 1, "key") == 0.0


@given(st.text())
def test_full_waits_double_up_to_the_longest_and_no_wait_is_below_half_of_it(key: str) -> None:
    full_s = [2, 4, 8, 16, 32, 60, 60]
    waits = [wait_before_attempt_s(POLICY, attempt, key) for attempt in range(2, 9)]
    assert all(
        wait is not None and full / 2 <= wait <= full for wait, full in zip(waits, full_s, strict=True)
    )


def test_after_the_last_attempt_there_is_none() -> None:
    assert wait_before_attempt_s(POLICY, 9, "key") is None


def test_one_key_always_waits_equally_long() -> None:
    assert wait_before_attempt_s(POLICY, 4, "key") == wait_before_attempt_s(POLICY, 4, "key")


def test_recipients_that_failed_together_do_not_come_back_together() -> None:
    waits = [wait_before_attempt_s(POLICY, 4, f"m.1|door-{door}|sms") or 0.0 for door in range(1000)]
    in_each_second = [sum(second <= wait < second + 1 for wait in waits) for second in range(4, 8)]
    assert all(200 <= count <= 300 for count in in_each_second)


def test_very_many_attempts_overflow_nothing() -> None:
    patient = RetryPolicy(attempts_max=10**6, first_wait_s=1.0, wait_s_max=60.0)
    wait_s = wait_before_attempt_s(patient, 10**6, "key")
    assert wait_s is not None
    assert 30 <= wait_s <= 60


def test_attempts_count_from_one() -> None:
    with pytest.raises(ValueError, match="count from 1"):
        wait_before_attempt_s(POLICY, 0, "key")
