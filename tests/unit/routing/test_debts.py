"""What one post owes: what an answer settles, when it is overdue, what a digest is for."""

import pytest

from tests.unit.routing.villages import T0
from warnstream.model.warning import Cause
from warnstream.routing.debts import NEVER, NOT_YET, Debt, Owed


def test_an_answer_settles_what_its_digest_or_an_earlier_one_asked_and_nothing_later() -> None:
    """Nor a village that no digest has brought yet: nobody has read of it."""
    debt = Debt(owed={5: Owed(2), 1: Owed(1), 7: Owed(3), 3: Owed(NOT_YET)})
    assert [debt.settled_by(n) for n in (0, 1, 2, 3)] == [[], [1], [1, 5], [1, 5, 7]]


def test_an_answer_is_overdue_from_its_second_on_and_never_where_none_was_asked_for() -> None:
    debt = Debt(owed={9: Owed(1, T0), 4: Owed(1, T0), 2: Owed(1, T0 + 1), 1: Owed(NOT_YET, NEVER)})
    assert [debt.overdue(T0 + after_s) for after_s in (-1, 0, 1)] == [[], [4, 9], [2, 4, 9]]


def test_the_first_answer_that_falls_due_counts_and_none_is_awaited_where_nobody_was_asked() -> None:
    owed = {1: Owed(1, T0 + 60), 2: Owed(1, T0), 3: Owed(NOT_YET, NEVER)}
    assert Debt(owed=owed).answer_by_s() == T0
    assert Debt(owed={3: Owed()}).answer_by_s() == NEVER
    assert Debt().answer_by_s() == NEVER


def test_a_village_waits_for_a_post_that_owes_until_the_next_rank_has_taken_over() -> None:
    debt = Debt(owed={1: Owed(1, T0), 2: Owed(1, NEVER, has_lapsed=True)})
    assert [debt.lives(village) for village in (1, 2, 3)] == [True, False, False]


def test_the_newest_of_a_village_and_a_hazard_is_told() -> None:
    debt = Debt()
    for village, hazard, cause in (
        (1, "flood", Cause.FIRST),
        (1, "slope", Cause.FIRST),
        (2, "flood", Cause.FIRST),
        (1, "flood", Cause.RAISED),
    ):
        debt.tell(village, hazard, cause)
    assert debt.news == {1: {"flood": Cause.RAISED, "slope": Cause.FIRST}, 2: {"flood": Cause.FIRST}}


def test_of_villages_that_are_a_post_s_no_more_it_hears_what_has_ended_and_nothing_else() -> None:
    """Whoever was told that something stands must be told that it is over."""
    debt = Debt(
        news={
            1: {"flood": Cause.RAISED, "slope": Cause.ENDED},
            2: {"flood": Cause.RAISED, "slope": Cause.ENDED, "fire": Cause.CANCELLED},
            3: {"flood": Cause.FIRST},
        }
    )
    debt.keep_news({1})
    assert debt.news == {
        1: {"flood": Cause.RAISED, "slope": Cause.ENDED},
        2: {"slope": Cause.ENDED, "fire": Cause.CANCELLED},
    }


OVERDUE, LAPSED = Owed(1, T0, is_overdue=True), Owed(1, NEVER, is_overdue=True, has_lapsed=True)
ASKED, NEW = Owed(1, T0), Owed()


@pytest.mark.parametrize(
    ("debt", "has_reason"),
    [
        (Debt(), False),
        (Debt(owed={1: ASKED, 2: NEW}), True),  # a village that no digest has brought
        (Debt(owed={1: ASKED}), False),
        (Debt(owed={1: ASKED}, rings=True), False),  # to be rung again, but nothing is overdue
        (Debt(owed={1: OVERDUE}), False),  # overdue, and not its turn to be rung
        (Debt(owed={1: OVERDUE, 2: ASKED}, rings=True), True),
        (Debt(owed={1: LAPSED}, rings=True), False),  # the next rank has taken over
        (Debt(owed={1: LAPSED, 2: ASKED}, rings=True), False),
        (Debt(helps={"h1": 1}), False),  # rung for before
        (Debt(helps={"h1": 1}, rings_for_help=True), True),
        (Debt(rings_for_help=True), False),  # a person has it by now
        (Debt(news={1: {"flood": Cause.ENDED}}), True),
        (Debt(taken=["h1"]), True),
    ],
)
def test_a_digest_needs_something_new_a_ring_that_is_due_news_or_calls(debt: Debt, has_reason: bool) -> None:
    assert debt.has_reason() is has_reason
