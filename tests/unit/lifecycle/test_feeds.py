"""Feeds that should be heard from: who is silent, and who cannot be blamed for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnstream.lifecycle.feeds import GAP_S_MAX, FeedBook
from warnstream.model.alerts.alert import FeedHeard, FeedPolicy

T0 = 1_781_740_800
MET, RIVER = FeedPolicy("met", 600), FeedPolicy("river", 3_600)


def silent(book: FeedBook) -> list[str]:
    return [policy.name for policy, _ in book.silent()]


def minutes(book: FeedBook, first: int, last: int, *heard: str) -> None:
    """Steps of a minute; in each of them `heard` bring something."""
    for minute in range(first, last + 1):
        book.step([FeedHeard(name) for name in heard], T0 + 60 * minute)


def test_a_feed_is_silent_once_its_time_is_over_and_heard_again_at_once() -> None:
    book = FeedBook([MET, RIVER])
    minutes(book, 0, 10)
    assert silent(book) == []
    minutes(book, 11, 11)
    assert silent(book) == ["met"]
    minutes(book, 12, 12, "met")
    assert silent(book) == []
    assert book.states["met"].heard_s == T0 + 12 * 60


def test_each_feed_has_its_own_time_and_a_stranger_counts_for_nobody() -> None:
    book = FeedBook([MET, RIVER])
    minutes(book, 0, 61, "met", "stranger")
    assert silent(book) == ["river"]
    assert set(book.states) == {"met", "river"}


def test_time_in_which_nobody_listened_accuses_nobody() -> None:
    book = FeedBook([RIVER])
    minutes(book, 0, 10)
    book.step([], T0 + 8 * 3_600)  # the node was down
    assert silent(book) == []
    assert book.states["river"].waited_s == 600 + GAP_S_MAX


def test_a_restart_forgets_nothing_and_a_feed_that_is_new_begins_then() -> None:
    book = FeedBook([MET])
    minutes(book, 0, 9)
    again = FeedBook([MET, RIVER])
    again.restore(book.snapshot())
    minutes(again, 10, 11)
    assert silent(again) == ["met"]
    assert again.states["river"].waited_s == 120


def test_a_snapshot_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="not a snapshot of feeds"):
        FeedBook([MET]).restore(b"x")


@given(st.lists(st.tuples(st.integers(0, 3_600), st.booleans()), max_size=30))
def test_whatever_comes_a_restart_at_any_step_changes_nothing(steps: list[tuple[int, bool]]) -> None:
    book, now_s = FeedBook([MET]), T0
    for passed_s, is_heard in steps:
        now_s += passed_s
        twin = FeedBook([MET])
        twin.restore(book.snapshot())
        for each in (book, twin):
            each.step([FeedHeard("met")] if is_heard else [], now_s)
        assert twin.states == book.states
        assert not (is_heard and silent(book))
        book = twin
