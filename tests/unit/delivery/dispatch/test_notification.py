from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnstream.delivery.dispatch.notification import (
    NEVER_TRIED,
    OF_OTHER_BOX,
    OPEN_STATES,
    TRANSITIONS,
    Settlement,
    Signal,
    State,
    after,
    settle,
)
from warnstream.delivery.dispatch.outcome import (
    RETRY_AFTER_S_MAX,
    SENT,
    Outcome,
    Verdict,
    doubtful,
    refused,
    retry,
    unavailable,
)
from warnstream.model.rules.policies import RetryPolicy

NOW = 1_700_000_000.0
POLICY = RetryPolicy(attempts_max=3, first_wait_s=2.0, wait_s_max=60.0)

# Rows: states as stored (0 pending, 1 sending, 2 sent, 3 delivered, 4 failed, 5 superseded, 6 expired).
# Written by hand, not made of the code's table.
EXPECTED = {
    #                 pending sending sent delivered failed superseded expired
    Signal.CLAIMED: (1, 1, 2, 3, 4, 5, 6),
    Signal.RECOVERED: (0, 0, 2, 3, 4, 5, 6),
    Signal.SENT: (0, 2, 2, 3, 4, 5, 6),
    Signal.DEFERRED: (0, 0, 2, 3, 4, 5, 6),
    Signal.RETURNED: (0, 0, 2, 3, 4, 5, 6),
    Signal.GIVEN_UP: (0, 4, 2, 3, 4, 5, 6),
    Signal.EXPIRED: (0, 6, 2, 3, 4, 5, 6),
    Signal.UNDELIVERED: (0, 1, 4, 3, 4, 5, 6),
    Signal.ORPHANED: (4, 4, 2, 3, 4, 5, 6),
    Signal.RECEIPT: (3, 3, 3, 3, 3, 3, 3),
    Signal.REPLACED: (5, 1, 2, 3, 4, 5, 6),
    Signal.CLAIMED_ELSEWHERE: (1, 1, 2, 3, 4, 1, 6),
    Signal.BEGUN_ELSEWHERE: (0, 1, 2, 3, 4, 0, 6),
}


@pytest.mark.parametrize(("state", "signal"), list(product(State, Signal)))
def test_every_state_and_every_signal_lead_where_the_table_says(state: State, signal: Signal) -> None:
    assert after(state, signal) == EXPECTED[signal][state]


def test_every_signal_has_a_transition_and_every_state_is_reached_or_first() -> None:
    assert set(TRANSITIONS) == set(Signal)
    assert {target for _, target in TRANSITIONS.values()} == set(State)


@given(signals=st.lists(st.sampled_from(Signal), max_size=30))
def test_whatever_happens_what_is_closed_is_opened_by_nothing_and_delivered_stays(
    signals: list[Signal],
) -> None:
    """A receipt is believed in any state; a channel may report of what it took that it will not arrive.

    What was replaced is opened by another box alone, which had it in hand.
    """
    state = State.PENDING
    for signal in signals:
        before, state = state, after(state, signal)
        if before not in OPEN_STATES:
            recalled = {State.FAILED} if before is State.SENT and signal is Signal.UNDELIVERED else set()
            opened = OPEN_STATES if before is State.SUPERSEDED and signal in OF_OTHER_BOX else frozenset()
            assert state in {before, State.DELIVERED} | recalled | opened
        assert before is not State.DELIVERED or state is State.DELIVERED


@given(signals=st.lists(st.sampled_from(Signal), max_size=30))
def test_a_signal_that_comes_twice_changes_nothing_the_second_time(signals: list[Signal]) -> None:
    state = State.PENDING
    for signal in signals:
        state = after(state, signal)
        assert after(state, signal) == state


def test_what_was_taken_is_sent() -> None:
    assert settle(SENT, 1, "k", POLICY, NOW) == Settlement(Signal.SENT)


def test_a_refusal_is_given_up_at_the_first_attempt() -> None:
    """The duty officer reads why."""
    settled = settle(refused("no such number"), 1, "k", POLICY, NOW)
    assert settled == Settlement(Signal.GIVEN_UP, reason="no such number")


def test_a_failed_attempt_waits_by_the_policy_and_the_last_is_given_up() -> None:
    first, second, third = (settle(retry("busy"), attempt, "k", POLICY, NOW) for attempt in (1, 2, 3))
    assert NOW + 1.0 <= first.retry_at <= NOW + 2.0
    assert NOW + 2.0 <= second.retry_at <= NOW + 4.0
    assert (first.signal, second.signal) == (Signal.DEFERRED, Signal.DEFERRED)
    assert (first.reason, second.reason) == ("busy", "busy")
    assert third == Settlement(Signal.GIVEN_UP, reason="busy")


def test_what_the_other_side_asks_for_lengthens_the_wait_and_never_shortens_it() -> None:
    assert settle(retry("busy", 45.0), 1, "k", POLICY, NOW).retry_at == NOW + 45.0
    assert settle(retry("busy", 0.1), 1, "k", POLICY, NOW).retry_at >= NOW + 1.0


@pytest.mark.parametrize("asked_s", [1e9, float("inf"), 86_400.0])
def test_an_absurd_wait_is_five_minutes(asked_s: float) -> None:
    assert (
        settle(retry("busy", asked_s), 1, "k", POLICY, NOW).retry_at == NOW + RETRY_AFTER_S_MAX == NOW + 300
    )


@pytest.mark.parametrize("asked_s", [-1.0, float("nan"), float("-inf")])
def test_a_wait_that_is_none_is_none(asked_s: float) -> None:
    assert retry("busy", asked_s).retry_after_s == 0.0


def test_what_could_not_be_tried_keeps_its_place_among_the_never_tried() -> None:
    returned = settle(unavailable("no route"), 1, "k", POLICY, NOW)
    assert returned == Settlement(Signal.RETURNED, NEVER_TRIED, "no route")


def test_recipients_that_failed_together_do_not_come_back_together() -> None:
    waits = {settle(retry("busy"), 1, key, POLICY, NOW).retry_at for key in ("a", "b", "c", "d")}
    assert len(waits) == 4


@pytest.mark.parametrize("attempt", [1, 2])
@pytest.mark.parametrize("asked_s", [0.5, 45.0])
def test_what_could_not_be_tried_comes_back_when_the_channel_has_asked_for(
    asked_s: float, attempt: int
) -> None:
    returned = settle(unavailable("no credit", asked_s), attempt, "k", POLICY, NOW)
    assert returned == Settlement(Signal.RETURNED, NOW + asked_s, "no credit")


@pytest.mark.parametrize("attempt", [2, 3, 1_000])
def test_what_was_tried_before_waits_without_losing_an_attempt(attempt: int) -> None:
    returned = settle(unavailable("no route"), attempt, "k", POLICY, NOW)
    assert returned.signal is Signal.RETURNED
    assert NEVER_TRIED < returned.retry_at <= NOW


@given(
    verdict=st.sampled_from(Verdict),
    attempt=st.integers(1, 50),
    asked_s=st.floats(allow_nan=True),
    now=st.floats(0, 4e9),
)
def test_every_outcome_closes_the_notification_or_gives_it_a_time(
    verdict: Verdict, attempt: int, asked_s: float, now: float
) -> None:
    outcome = Outcome(verdict, "reason", asked_s)
    settled = settle(outcome, attempt, "k", POLICY, now)
    state = after(State.SENDING, settled.signal)
    assert state is not State.SENDING
    if state is State.PENDING:
        assert 0.0 <= settled.retry_at <= now + max(RETRY_AFTER_S_MAX, POLICY.wait_s_max) + 1.0
    assert (settled.signal is Signal.SENT) == (verdict is Verdict.SENT)


def test_only_what_is_surely_the_recipient_s_own_is_final() -> None:
    assert [
        outcome.can_retry for outcome in (SENT, refused(""), retry(""), doubtful(""), unavailable(""))
    ] == [
        False,
        False,
        True,
        True,
        True,
    ]
