"""Past crossings: each is told once, many together, the worst first; what is told ends by itself."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnstream.lifecycle.alarms import AGAIN_S
from warnstream.lifecycle.past_crossings import GATHER_S, KEPT_MAX, PastCrossingBook
from warnstream.model.changes import ProvenLevel
from warnstream.model.level import Level

T0 = 1_781_740_800
SHOWN_S = 6 * 3600


def level_of(number: int, level: Level = Level.ORANGE) -> ProvenLevel:
    return ProvenLevel(f"V{number}", f"Village {number}", "flash_flood", level, T0 - 7200, T0, "S0")


def test_what_one_outage_kept_back_is_one_alarm_with_the_worst_first() -> None:
    book = PastCrossingBook(SHOWN_S)
    book.step([level_of(0), level_of(1, Level.YELLOW)], T0)
    assert book.told == []
    book.step([level_of(2, Level.RED)], T0 + GATHER_S - 1)
    book.step([], T0 + GATHER_S)
    (told,) = book.told
    assert told.count == 3
    assert [crossing.level for crossing in told.worst] == [Level.RED, Level.ORANGE, Level.YELLOW]


def test_what_is_found_later_is_told_later_and_never_left_out() -> None:
    book = PastCrossingBook(SHOWN_S)
    book.step([level_of(0)], T0)
    book.step([], T0 + 60)
    book.step([level_of(1)], T0 + 120)
    book.step([], T0 + 60 + AGAIN_S - 1)
    assert len(book.told) == 1
    book.step([], T0 + 60 + AGAIN_S)
    assert [told.worst[0].village for told in book.told] == ["V0", "V1"]


def test_what_is_told_ends_by_itself() -> None:
    book = PastCrossingBook(SHOWN_S)
    book.step([level_of(0)], T0)
    book.step([], T0 + 60)
    book.step([], T0 + 60 + SHOWN_S - 1)
    assert len(book.told) == 1
    book.step([], T0 + 60 + SHOWN_S)
    assert book.told == []


def test_of_very_many_the_worst_are_kept_and_all_are_counted() -> None:
    book = PastCrossingBook(SHOWN_S)
    book.step([replace(level_of(n), level=Level(n % 4 + 1)) for n in range(4 * KEPT_MAX)], T0)
    book.step([], T0 + 60)
    (told,) = book.told
    assert (told.count, len(told.worst)) == (4 * KEPT_MAX, KEPT_MAX)
    assert {crossing.level for crossing in told.worst} == {Level.RED}


def test_a_broken_snapshot_is_refused() -> None:
    with pytest.raises(ValueError, match="not a snapshot of past crossings"):
        PastCrossingBook(SHOWN_S).restore(b"\xc1")


steps = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 900)), min_size=1, max_size=40)


@given(steps, st.integers(0, 40))
def test_every_level_is_in_exactly_one_alarm_whenever_the_node_is_killed(
    taken: list[tuple[int, int]], killed_at: int
) -> None:
    book, now_s, n = PastCrossingBook(SHOWN_S), T0, 0
    told: dict[int, list[str]] = {}
    for number, (n_found, later_s) in enumerate([*taken, (0, AGAIN_S)]):
        now_s += later_s
        book.step([level_of(n + k) for k in range(n_found)], now_s)
        n += n_found
        told |= {entry.told_s: [level.village for level in entry.worst] for entry in book.told}
        if number == killed_at:
            snapshot, book = book.snapshot(), PastCrossingBook(SHOWN_S)
            book.restore(snapshot)
    assert sorted(village for villages in told.values() for village in villages) == sorted(
        f"V{k}" for k in range(n)
    )
