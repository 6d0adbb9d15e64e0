"""What is counted of each post: calls, answers and how fast, reminders, reports; over restarts."""

from tests.unit.routing.villages import CODES, Night, new_chain, numbers_of
from warnstream.model.digests import FieldReport
from warnstream.model.level import Level
from warnstream.routing.proof.sheets import Sheet
from warnstream.routing.reports import PlacedReport

GRID = "grid-0"


def sheet(night: Night, post: str = GRID) -> Sheet:
    return night.chain.sheets.of_post[post]


def counts(night: Night, post: str = GRID) -> tuple[int, int, int, int]:
    one = sheet(night, post)
    return one.called, one.answered, one.reminded, one.answer_s


def test_a_call_an_answer_and_the_time_between_are_counted() -> None:
    night = Night()
    night.rise(Level.RED)
    assert counts(night) == (1, 0, 0, 0)
    night.answer(GRID, wait_s=90)
    assert counts(night) == (1, 1, 0, 90)
    assert sheet(night).last_answered_s == night.now_s


def test_reminders_are_no_calls_and_the_answer_counts_from_the_call() -> None:
    night = Night()
    night.rise(Level.RED)
    night.wait(700)
    night.answer(GRID)
    assert counts(night) == (1, 1, 2, 700)
    night.answer(GRID)
    assert counts(night) == (1, 1, 2, 700), "a second answer to one call is none"


def test_a_call_that_nobody_answered_stays_unanswered_when_all_is_over() -> None:
    night = Night()
    night.rise(Level.RED)
    night.fall(Level.NONE, wait_s=600)
    night.wait(300)
    night.rise(Level.RED, wait_s=3600)
    assert counts(night)[:2] == (2, 0)
    night.answer(GRID, wait_s=60)
    assert counts(night)[:2] == (2, 1)
    assert sheet(night).answer_s == 60, "not since the first call"


def test_a_raise_while_it_owes_is_the_same_call() -> None:
    night = Night()
    night.rise(Level.RED, 0)
    night.rise(Level.RED, 1, wait_s=200)
    night.answer("leader", wait_s=10)
    assert counts(night, "leader") == (1, 1, 0, 210)


def test_reports_of_posts_are_counted_and_those_that_cannot_be_are_not() -> None:
    night = Night()
    night.step(PlacedReport(FieldReport(GRID, on_duty=True), 0, True))
    night.step(PlacedReport(FieldReport(GRID, moved=-1), 0, True))
    night.step(PlacedReport(FieldReport("door", moved=1), 0, False))
    assert sheet(night).reports == 1
    assert "door" not in night.chain.sheets.of_post


def test_a_restart_keeps_every_count() -> None:
    night = Night()
    night.rise(Level.RED)
    night.answer(GRID, wait_s=90)
    before = counts(night)
    again = new_chain()
    again.restore(night.chain.snapshot(CODES), numbers_of(CODES))
    night.chain = again
    assert counts(night) == before
