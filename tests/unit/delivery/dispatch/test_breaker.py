from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnstream.delivery.dispatch.breaker import (
    CROWD_MIN,
    FAILURES_IN_A_ROW_MAX,
    PATIENCE_S,
    PROBE_FIRST_S,
    PROBE_S_MAX,
    Breaker,
)
from warnstream.delivery.dispatch.outcome import SENT, Outcome, Verdict, doubtful, refused, retry, unavailable

BATCH = 64
AT = 5_000.0
NOT_FOUND = doubtful("the gateway answered 404")
BUSY = retry("the gateway answered 503")


def judge(breaker: Breaker, outcomes: Sequence[Outcome], at: float = AT, first: int = 0) -> list[Verdict]:
    keys = [f"m.1|H{first + n}|sms" for n in range(len(outcomes))]
    return [outcome.verdict for outcome in breaker.judge(keys, outcomes, at)]


def test_a_working_channel_has_room_for_a_batch() -> None:
    breaker = Breaker()
    assert judge(breaker, [SENT] * 3) == [Verdict.SENT] * 3
    assert (breaker.is_held, breaker.room(AT, BATCH), breaker.probe_in_s(AT)) == (False, BATCH, 0.0)


def test_everybody_refused_holds_the_channel_and_costs_nobody_an_attempt() -> None:
    breaker = Breaker()
    assert judge(breaker, [NOT_FOUND] * BATCH) == [Verdict.UNAVAILABLE] * BATCH
    assert breaker.reason == "the gateway answered 404"
    assert breaker.room(AT, BATCH) == 0


def test_one_probe_at_a_time_goes_out_with_waits_that_double_up_to_the_longest() -> None:
    breaker, at, waits = Breaker(), AT, []
    for n in range(8):
        judge(breaker, [NOT_FOUND], at, first=n)
        waits.append(breaker.probe_in_s(at))
        at += waits[-1]
        assert breaker.room(at - 0.01, BATCH) == 0
        assert breaker.room(at, BATCH) == 1
    assert waits == [PROBE_FIRST_S, 2.0, 4.0, 8.0, *[PROBE_S_MAX] * 4]


def test_the_first_that_gets_through_releases_the_channel_and_the_load_comes_back_by_and_by() -> None:
    breaker = Breaker()
    judge(breaker, [NOT_FOUND] * BATCH)
    judge(breaker, [SENT], AT + 1)
    rooms: list[int] = []
    while len(rooms) < 7:
        rooms.append(breaker.room(AT + 1, BATCH))
        judge(breaker, [SENT] * rooms[-1], AT + 1, first=100)
    assert not breaker.is_held
    assert rooms == [2, 4, 8, 16, 32, 64, 64]


def test_news_shorten_the_wait_for_a_probe_to_the_first_wait() -> None:
    breaker, at = Breaker(), AT
    for n in range(6):
        judge(breaker, [NOT_FOUND], at, first=n)
        at += breaker.probe_in_s(at)
    judge(breaker, [NOT_FOUND], at, first=9)
    assert breaker.probe_in_s(at) == PROBE_S_MAX
    breaker.has_news()
    assert breaker.probe_in_s(at) == PROBE_FIRST_S


def test_a_refusal_is_the_recipient_s_own_once_somebody_got_through_after_it() -> None:
    breaker = Breaker()
    verdicts = judge(breaker, [SENT, NOT_FOUND, SENT, NOT_FOUND])
    assert verdicts == [Verdict.SENT, Verdict.RETRY, Verdict.SENT, Verdict.UNAVAILABLE]
    assert not breaker.is_held


def test_a_wrong_number_alone_at_the_end_of_a_storm_does_not_hold_a_channel_that_works() -> None:
    breaker = Breaker()
    judge(breaker, [NOT_FOUND, SENT])
    assert judge(breaker, [NOT_FOUND], AT + 2) == [Verdict.RETRY]
    assert not breaker.is_held


def test_a_gateway_that_turns_away_everybody_in_the_middle_of_a_batch_fails_nobody() -> None:
    breaker = Breaker()
    verdicts = judge(breaker, [SENT] * 30 + [NOT_FOUND] * 34)
    assert verdicts[30:] == [Verdict.UNAVAILABLE] * 34
    assert judge(breaker, [NOT_FOUND] * 10, AT + 1, first=30) == [Verdict.UNAVAILABLE] * 10
    assert breaker.is_held


def test_a_lone_refusal_is_believed_after_patience_and_a_crowd_s_never() -> None:
    lone, crowd = Breaker(), Breaker()
    for at in (AT, AT + PATIENCE_S - 1):
        assert judge(lone, [NOT_FOUND], at) == [Verdict.UNAVAILABLE]
    assert judge(lone, [NOT_FOUND], AT + PATIENCE_S) == [Verdict.RETRY]
    for n in range(CROWD_MIN):
        judge(crowd, [NOT_FOUND], AT + n, first=n)
    assert judge(crowd, [NOT_FOUND], AT + 100 * PATIENCE_S) == [Verdict.UNAVAILABLE]


def test_a_channel_that_is_not_reached_is_held_at_once() -> None:
    breaker = Breaker()
    assert judge(breaker, [unavailable("no route")] * 2) == [Verdict.UNAVAILABLE] * 2
    assert breaker.reason == "no route"


def test_what_could_not_be_sent_beside_what_could_holds_nothing() -> None:
    breaker = Breaker()
    judge(breaker, [SENT, unavailable("the server closes")])
    assert not breaker.is_held


def test_a_few_that_fail_lose_attempts_and_do_not_hold_the_channel() -> None:
    breaker = Breaker()
    for _ in range(10):
        assert judge(breaker, [BUSY] * (FAILURES_IN_A_ROW_MAX - 1)) == [Verdict.RETRY] * 15
    assert not breaker.is_held


def test_many_different_that_fail_in_a_row_hold_it_and_lose_none() -> None:
    breaker = Breaker()
    judge(breaker, [BUSY] * 10)
    assert judge(breaker, [BUSY] * 6, first=10) == [Verdict.UNAVAILABLE] * 6
    assert breaker.reason == BUSY.reason
    assert judge(breaker, [BUSY], AT + 1) == [Verdict.UNAVAILABLE]


def test_one_that_gets_through_breaks_the_row_of_failures() -> None:
    breaker = Breaker()
    judge(breaker, [*[BUSY] * 10, SENT, *[BUSY] * 10])
    assert not breaker.is_held
    judge(breaker, [BUSY] * 6, first=50)
    assert breaker.is_held


def test_a_refusal_of_a_very_recipient_shows_that_the_channel_works() -> None:
    breaker = Breaker()
    judge(breaker, [unavailable("no route")])
    assert judge(breaker, [refused("no such mailbox")], AT + 1) == [Verdict.REFUSED]
    assert not breaker.is_held


def test_a_wait_that_the_gateway_asks_for_is_the_wait_for_the_probe() -> None:
    breaker = Breaker()
    judge(breaker, [retry("429", 42.0)] * FAILURES_IN_A_ROW_MAX)
    assert breaker.probe_in_s(AT) == 42.0


def test_a_released_channel_forgets_its_doubts_about_the_channel() -> None:
    breaker = Breaker()
    judge(breaker, [NOT_FOUND] * 2)
    breaker.release()
    assert (breaker.reason, breaker.room(AT, 1)) == ("", 1)


ANY = st.sampled_from([SENT, NOT_FOUND, BUSY, unavailable("away"), refused("no such number")])


@given(batches=st.lists(st.lists(ANY, min_size=1, max_size=20), max_size=20), step_s=st.floats(0, 20))
def test_laws_of_the_breaker(batches: list[list[Outcome]], step_s: float) -> None:
    """No doubt is left, what got through stays so, nobody is failed by a refusal in doubt, probes come."""
    breaker, at = Breaker(), AT
    for number, outcomes in enumerate(batches):
        judged = judge(breaker, outcomes, at, first=20 * number)
        for before, verdict in zip(outcomes, judged, strict=True):
            assert verdict is not Verdict.DOUBTFUL
            assert (verdict is Verdict.SENT) == (before is SENT)
            assert (verdict is Verdict.REFUSED) == (before.verdict is Verdict.REFUSED)
        got_through = any(outcome.verdict in (Verdict.SENT, Verdict.REFUSED) for outcome in outcomes)
        assert not (got_through and breaker.is_held)
        assert breaker.probe_in_s(at) <= 300.0
        assert breaker.room(at + breaker.probe_in_s(at), BATCH) >= 1
        at += step_s


@pytest.mark.parametrize("seconds", [2, 60, 600])
def test_however_long_a_gateway_answers_404_to_all_nobody_loses_an_attempt(seconds: int) -> None:
    breaker, at, waiting = Breaker(), AT, 1_000
    while at < AT + seconds:
        room = breaker.room(at, BATCH)
        if room:
            assert set(judge(breaker, [NOT_FOUND] * room, at, first=waiting)) == {Verdict.UNAVAILABLE}
        at += max(breaker.probe_in_s(at), 0.1)
