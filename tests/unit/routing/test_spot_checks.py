"""Spot checks: who is asked for a code, whose answer counts, who was silent."""

from collections import Counter

import pytest

from tests.unit.routing.villages import CODES, Night, new_chain
from warnstream.model.digests import FieldReport
from warnstream.model.level import Level
from warnstream.model.rules.policies import RoutingPolicy
from warnstream.routing.reports import PlacedReport

ALWAYS = RoutingPolicy(spot_check_share=1.0, spot_check_within_s=900)
GRID = "grid-0"


def night(policy: RoutingPolicy = ALWAYS) -> Night:
    begun = Night(new_chain(policy))
    begun.rise(Level.RED)
    return begun


def write(one: Night, code: str, post: str = GRID, wait_s: int = 0) -> None:
    one.step(PlacedReport(FieldReport(post, code=code), 0, True), wait_s=wait_s)


def results(one: Night, post: str = GRID) -> tuple[int, int, int, int]:
    known = one.chain.checks.of_post[post]
    return known.asked, known.right, known.silent, known.wrong


def test_who_repeats_the_code_in_time_is_found_and_asked_anew_by_a_later_digest() -> None:
    one = night()
    code = one.last(GRID).code
    assert len(code) == 2
    assert code.isdigit()
    write(one, code)
    assert results(one) == (1, 1, 0, 0)
    assert one.chain.checks.of_post[GRID].open is None
    one.answer(GRID)
    one.rise(Level.RED, hazard="slope", wait_s=300)
    assert results(one) == (2, 1, 0, 0)


def test_a_wrong_code_is_counted_told_and_may_be_mended() -> None:
    one = night()
    code = one.last(GRID).code
    write(one, str(109 - int(code)))
    assert results(one) == (1, 0, 0, 1)
    assert [said.why for said in one.chain.reports.state.unclear] == [
        f"{109 - int(code)}：抽查码不符 {109 - int(code)}: not the code of the spot check"
    ]
    write(one, code)
    assert results(one) == (1, 1, 0, 1)
    assert one.chain.reports.state.unclear == []


def test_an_answer_without_the_code_answers_and_does_not_pass() -> None:
    one = night()
    one.answer(GRID)
    assert one.chain.debts[GRID].owed == {}
    one.step(wait_s=901)
    assert results(one) == (1, 0, 1, 0)


def test_a_newer_digest_carries_the_code_on_and_the_time_does_not_begin_anew() -> None:
    one = night()
    first = one.last(GRID)
    one.rise(Level.RED, hazard="slope", wait_s=200)
    assert one.last(GRID).n > first.n
    assert one.last(GRID).code == first.code
    one.step(wait_s=701)
    assert results(one)[:3] == (1, 0, 1)


def test_nobody_is_checked_by_a_digest_that_demands_nothing_nor_without_a_share() -> None:
    assert night(RoutingPolicy()).last(GRID).code == ""
    one = Night(new_chain(ALWAYS))
    one.rise(Level.YELLOW)
    one.answer(GRID)
    write(one, one.last(GRID).code)
    one.fall(Level.NONE, wait_s=300)
    assert not one.last(GRID).needs_answer
    assert one.last(GRID).code == ""


def test_a_code_that_comes_again_or_late_is_no_fault_and_no_second_result() -> None:
    one = night()
    code = one.last(GRID).code
    write(one, code)
    write(one, code)
    assert one.chain.reports.state.unclear == []
    assert one.chain.checks.fault_of(GRID, code) == ""
    assert results(one) == (1, 1, 0, 0)
    one.answer(GRID)

    one.rise(Level.RED, hazard="slope", wait_s=300)
    newer = one.last(GRID).code
    assert newer
    one.step(wait_s=901)
    write(one, newer)
    assert results(one) == (2, 1, 1, 0)
    assert one.chain.reports.state.unclear == []


def test_an_old_code_does_not_pass_the_check_that_is_open() -> None:
    one = night()
    old = one.last(GRID).code
    write(one, old)
    one.answer(GRID)
    one.rise(Level.RED, hazard="slope", wait_s=300)
    assert one.last(GRID).code != old
    write(one, old)
    assert results(one) == (2, 1, 0, 0)
    assert one.chain.checks.of_post[GRID].open is not None


def test_a_code_that_nobody_asked_for_is_told() -> None:
    one = night(RoutingPolicy())
    write(one, "37")
    (unclear,) = one.chain.reports.state.unclear
    assert "37: no spot check awaits a code" in unclear.why


def test_the_share_is_met_and_every_run_and_restart_draws_the_same() -> None:
    half = RoutingPolicy(spot_check_share=0.5)
    codes = []
    for _ in range(2):
        one = Night(new_chain(half))
        for number in range(100):
            one.rise(Level.RED, hazard=f"h{number}", wait_s=1_000)
            one.answer("leader")
            one.restart(new_chain(half))
        codes.append([digest.code for digest in one.digests["leader"]])
    assert codes[0] == codes[1]
    drawn = Counter(bool(code) for code in codes[0])
    assert 30 <= drawn[True] <= 70


def test_a_step_of_the_past_asks_by_what_was_issued_then_and_not_by_what_would_be_now() -> None:
    one = night()
    issued = [digest for digests in one.digests.values() for digest in digests]
    for share in (0.0, 1.0):
        chain = new_chain(RoutingPolicy(spot_check_share=share))
        chain.follow([], one.now_s, issued)
        check = chain.checks.of_post[GRID].open
        assert check is not None
        assert check.code == one.last(GRID).code
        assert chain.snapshot(CODES)
    unchecked = new_chain(ALWAYS)
    unchecked.follow([], one.now_s, night(RoutingPolicy()).digests[GRID])
    assert unchecked.checks.of_post == {}


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_results_outlive_a_restart(share: float) -> None:
    one = night(RoutingPolicy(spot_check_share=share))
    before = one.chain.checks.of_post
    one.restart()
    assert one.chain.checks.of_post == before
