"""Weekly test calls: each way once a week, by day, never under orange; answers show that a way works."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnstream.duty.desk import DutyDesk
from warnstream.duty.weekly_calls import LOOK_S, TestCalls, number_in
from warnstream.model.effects import Answer, RecipientAnswer
from warnstream.model.hands.weekly_calls import TestCall, TestPolicy, TestWay, is_test
from warnstream.model.times import DAY_S, HOUR_S, fixed_zone, parse_iso

SAT = TestWay("V1", "001", "satellite", "+8710")
SECOND = TestWay("V1", "001", "voice", "+8620")
OTHER = TestWay("T1", "East", "satellite", "+8711")
ZONE = fixed_zone(8 * HOUR_S)
MONDAY = parse_iso("2026-06-15T00:00:00+08:00")
TUESDAY_10 = MONDAY + DAY_S + 10 * HOUR_S
WEEK_S = 7 * DAY_S


def policy(**changed: object) -> TestPolicy:
    facts: dict[str, object] = {
        "weekday": 1,
        "at_s": 10 * HOUR_S,
        "until_s": 17 * HOUR_S,
        "within_s": 1800,
        "ways": (SAT, SECOND, OTHER),
        "time_zone": ZONE,
    }
    return TestPolicy(**(facts | changed))  # type: ignore[arg-type]


class Weeks:
    """A node that steps every so often."""

    def __init__(self, **changed: object) -> None:
        self.tests = TestCalls(policy(**changed))
        self.blocked: set[str] = set()
        self.calls: list[TestCall] = []
        self.now_s = MONDAY - HOUR_S
        self.until(MONDAY)

    def step(self, *answers: RecipientAnswer) -> list[TestCall]:
        found = self.tests.step(self.now_s, answers, lambda: self.blocked)
        self.calls += found
        return found

    def until(self, at_s: int, every_s: int = 600) -> None:
        while self.now_s < at_s:
            self.now_s = min(self.now_s + every_s, at_s)
            self.step()

    def answer(self, call: TestCall, word: Answer = Answer.ACKNOWLEDGED, post: str = "") -> None:
        self.step(RecipientAnswer(name_of(call), post or call.way.post, word, self.now_s))

    def results(self) -> dict[TestWay, str]:
        return {way: result for way, _, result in self.tests.rows(self.now_s)}

    def restart(self, **changed: object) -> None:
        """Through the snapshot of the duty desk, under the settings of then."""
        before = DutyDesk((), (), tests=self.tests)
        after = DutyDesk((), (), tests=TestCalls(policy(**changed)))
        after.restore(before.snapshot())
        self.tests = after.tests


def name_of(call: TestCall) -> str:
    return f"ws.@test.20260616T020000Z-{call.number}.1"


def test_each_way_is_called_once_at_its_hour_of_each_week() -> None:
    weeks = Weeks()
    weeks.until(TUESDAY_10 - 1)
    assert weeks.calls == []
    weeks.until(TUESDAY_10 + 60, every_s=30)
    assert [call.way for call in weeks.calls] == [SAT, SECOND, OTHER]
    assert [call.due_s - call.at_s for call in weeks.calls] == [1800] * 3
    weeks.until(MONDAY + WEEK_S)
    assert len(weeks.calls) == 3
    weeks.until(MONDAY + 2 * WEEK_S)
    assert len(weeks.calls) == 6
    assert len({call.number for call in weeks.calls}) == 6


def test_an_answer_counts_for_its_way_alone_and_who_has_not_answered_is_known_once_time_is_over() -> None:
    weeks = Weeks()
    weeks.until(TUESDAY_10)
    first, second, other = weeks.calls
    weeks.now_s += 60
    weeks.answer(first)
    weeks.answer(second, post="T1")  # not whom it was for
    assert weeks.results() == {SAT: "answered", SECOND: "waits", OTHER: "waits"}
    weeks.until(TUESDAY_10 + HOUR_S)
    assert weeks.results() == {SAT: "answered", SECOND: "silent", OTHER: "silent"}
    weeks.answer(other, Answer.NEED_HELP)
    assert weeks.results()[OTHER] == "answered", "late, and the way works"
    assert weeks.tests.counted["silent"] == 2, "as at the last look"


def test_under_orange_nobody_is_called_and_no_call_is_over() -> None:
    weeks = Weeks()
    weeks.blocked = {"001", "East", "C", "*"}
    weeks.until(TUESDAY_10 + 2 * HOUR_S)
    assert weeks.calls == []
    assert set(weeks.results().values()) == {"put_off"}
    weeks.blocked = {"001"}
    weeks.until(TUESDAY_10 + 2 * HOUR_S + 1200)
    assert [call.way for call in weeks.calls] == [OTHER]
    weeks.blocked = {"East"}
    weeks.until(TUESDAY_10 + 5 * HOUR_S)
    assert [call.way for call in weeks.calls] == [OTHER, SAT, SECOND]
    assert weeks.results() == {SAT: "silent", SECOND: "silent", OTHER: "waits"}
    weeks.blocked = set()
    weeks.until(TUESDAY_10 + 6 * HOUR_S)
    assert weeks.results()[OTHER] == "silent"


def test_what_is_put_off_in_the_evening_is_called_the_next_day_and_never_at_night() -> None:
    weeks = Weeks()
    weeks.blocked = {"001", "East"}
    weeks.until(TUESDAY_10 + 8 * HOUR_S)
    weeks.blocked = set()
    weeks.until(TUESDAY_10 + DAY_S - 60)
    assert weeks.calls == []
    weeks.until(TUESDAY_10 + DAY_S)
    assert {call.at_s for call in weeks.calls} == {TUESDAY_10 + DAY_S}


def test_a_week_under_orange_is_told_and_the_next_one_is_as_ever() -> None:
    weeks = Weeks()
    weeks.blocked = {"001", "East"}
    weeks.until(MONDAY + WEEK_S - 600)
    assert set(weeks.results().values()) == {"put_off"}
    weeks.blocked = set()
    weeks.until(MONDAY + WEEK_S + 5 * DAY_S)
    assert len(weeks.calls) == 3


def test_a_node_that_begins_in_the_middle_of_a_week_calls_in_the_next_one() -> None:
    weeks = Weeks()
    weeks.tests, weeks.now_s = TestCalls(policy()), TUESDAY_10 + DAY_S
    weeks.until(MONDAY + WEEK_S)
    assert weeks.calls == []
    weeks.until(MONDAY + WEEK_S + 2 * DAY_S)
    assert len(weeks.calls) == 3


@pytest.mark.parametrize("at_s", [TUESDAY_10 - 600, TUESDAY_10, TUESDAY_10 + LOOK_S, TUESDAY_10 + 1200])
def test_a_restart_at_any_moment_calls_nobody_twice_and_forgets_nobody(at_s: int) -> None:
    weeks = Weeks()
    weeks.until(at_s, every_s=LOOK_S)
    weeks.restart()
    weeks.until(MONDAY + WEEK_S - 600, every_s=LOOK_S * 20)
    assert [call.way for call in weeks.calls] == [SAT, SECOND, OTHER]


def test_another_day_in_the_same_week_calls_nobody_again() -> None:
    weeks = Weeks()
    weeks.until(TUESDAY_10 + HOUR_S)
    weeks.restart(weekday=3, at_s=9 * HOUR_S)
    weeks.until(MONDAY + WEEK_S - 600)
    assert len(weeks.calls) == 3
    weeks.until(MONDAY + WEEK_S + 3 * DAY_S + 9 * HOUR_S)
    assert len(weeks.calls) == 6


def test_a_clock_that_jumps_over_weeks_calls_once() -> None:
    weeks = Weeks()
    weeks.now_s = TUESDAY_10 + 5 * WEEK_S
    assert len(weeks.step()) == 3
    weeks.now_s += 600
    assert weeks.step() == []


def test_without_settings_nobody_is_called() -> None:
    assert TestCalls().step(TUESDAY_10, (), set) == []


def test_the_identifier_says_the_call() -> None:
    assert is_test("ws.@test.20260616T020000Z-17.1")
    assert number_in("ws.@test.20260616T020000Z-17.1") == 17
    assert [
        number_in(name) for name in ("ws.@post.x-1.1", "ws.@test.20260616T020000Z", "ws.@test.x-y.1")
    ] == [0] * 3


@given(
    st.lists(
        st.tuples(
            st.integers(1, 40 * HOUR_S),
            st.sampled_from([frozenset(), frozenset({"001"}), frozenset({"001", "East"})]),
            st.booleans(),
            st.sampled_from([0, 1, 4, 6]),
        ),
        max_size=60,
    )
)
def test_no_way_is_ever_called_twice_in_a_week_at_night_or_under_orange(
    steps: Iterable[tuple[int, frozenset[str], bool, int]],
) -> None:
    weeks, own = Weeks(), policy()
    for wait_s, blocked, restarts, weekday in steps:
        weeks.now_s += wait_s
        weeks.blocked = set(blocked)
        if restarts:
            weeks.restart(weekday=weekday)
        for call in weeks.step():
            assert call.way.area not in blocked
            assert 10 * HOUR_S <= (call.at_s + 8 * HOUR_S) % DAY_S < 17 * HOUR_S
    called = [(call.way, own.week(call.at_s)) for call in weeks.calls]
    assert len(called) == len(set(called))
