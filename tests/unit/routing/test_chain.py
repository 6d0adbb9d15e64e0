"""Call and answer, rank by rank."""

from tests.unit.desk.county import county
from warnstream.routing import chain
from warnstream.routing.audience import Audience
from warnstream.routing.chain import ChainState

POSTS = Audience(county()).posts_of_village(0)


def climb(steps: int) -> ChainState:
    state, _ = chain.demand(ChainState(), POSTS, 1, 100)
    for number in range(steps):
        state, _, _ = chain.escalate(state, POSTS, 200 + 100 * number)
    return state


def test_the_first_call_goes_to_every_post_of_the_lowest_rank() -> None:
    state, to_call = chain.demand(ChainState(), POSTS, 1, 100)
    assert [post.post for post in to_call] == ["grid-a", "grid-b"]
    assert (state.rank, state.answer_by_s) == (1, 100)


def test_the_next_rank_is_called_and_told_who_did_not_answer() -> None:
    _, to_call, silent = chain.escalate(climb(0), POSTS, 200)
    assert ([post.post for post in to_call], silent) == (["town"], "grid-a,grid-b")


def test_above_the_top_nobody_is_called_and_nobody_waits() -> None:
    state, to_call, _ = chain.escalate(climb(2), POSTS, 900)
    assert (to_call, state.answer_by_s) == ([], 0)


def test_ranks_that_a_village_does_not_have_are_skipped() -> None:
    posts = tuple(post for post in POSTS if post.rank != 2)
    state, _ = chain.demand(ChainState(), posts, 1, 100)
    _, to_call, _ = chain.escalate(state, posts, 200)
    assert [post.post for post in to_call] == ["leader"]


def test_a_village_without_posts_waits_for_nobody() -> None:
    state, to_call = chain.demand(ChainState(), (), 1, 100)
    assert (to_call, state.is_overdue(10_000)) == ([], False)


def test_an_answer_is_overdue_at_the_very_second() -> None:
    assert [climb(0).is_overdue(now_s) for now_s in (99, 100)] == [False, True]


def test_one_answer_stops_the_climb() -> None:
    state = chain.answer(climb(0), "grid-b", 1)
    assert (state.is_overdue(10_000), state.answered) == (False, ("grid-b",))


def test_a_raise_calls_everybody_called_before_and_forgets_their_answers() -> None:
    answered = chain.answer(climb(1), "town", 1)
    state, to_call = chain.demand(answered, POSTS, 2, 700)
    assert [post.post for post in to_call] == ["grid-a", "grid-b", "town"]
    assert (state.answered, state.answer_by_s, state.rank) == ((), 700, 2)


def test_an_answer_to_a_version_before_the_raise_does_not_count() -> None:
    raised, _ = chain.demand(climb(0), POSTS, 3, 700)
    assert chain.answer(raised, "grid-a", 2) == raised


def test_an_answer_to_an_older_version_counts_if_nothing_was_raised_since() -> None:
    assert chain.answer(climb(0), "grid-a", 1).answered == ("grid-a",)


def test_answering_twice_is_answering_once() -> None:
    once = chain.answer(climb(0), "grid-a", 1)
    assert chain.answer(once, "grid-a", 1) == once
