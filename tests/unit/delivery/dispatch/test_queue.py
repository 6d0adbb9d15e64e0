from hypothesis import given
from hypothesis import strategies as st

from warnstream.delivery.dispatch.queue import Place, next_to_send


def at(urgency: int, quarter: int = 0, grade: int = 0) -> Place:
    return Place(-urgency, quarter, grade)


LEVELS = st.lists(st.integers(0, 4), max_size=40).map(lambda levels: sorted(levels, reverse=True))


def test_within_a_level_the_never_tried_go_before_retries() -> None:
    assert next_to_send([(at(3), "new")], [(at(3), "again")], 2) == ["new", "again"]


def test_a_worse_level_goes_first_even_as_a_retry() -> None:
    assert next_to_send([(at(1), "blue")], [(at(4), "red again")], 2) == ["red again", "blue"]


def test_retries_take_at_most_half_while_anybody_waits_for_a_first_attempt() -> None:
    chosen = next_to_send([(at(1), "first")] * 100, [(at(4), "again")] * 100, 64)
    assert (chosen.count("first"), chosen.count("again")) == (32, 32)


def test_a_probe_is_never_a_retry_while_anybody_waits_for_a_first_attempt() -> None:
    assert next_to_send([(at(1), "first")], [(at(4), "again")], 1) == ["first"]


def test_where_nobody_waits_for_a_first_attempt_retries_take_all() -> None:
    assert next_to_send([], [(at(4), "again")] * 3, 3) == ["again"] * 3


@given(first=LEVELS, again=LEVELS, limit=st.integers(1, 30))
def test_laws_of_the_queue(first: list[int], again: list[int], limit: int) -> None:
    """As many as there is room for, each once, levels falling, the never-tried never squeezed out."""
    chosen = next_to_send(
        [(at(level), ("first", n, level)) for n, level in enumerate(first)],
        [(at(level), ("again", n, level)) for n, level in enumerate(again)],
        limit,
    )
    assert len(chosen) == min(limit, len(first) + len(again))
    assert len(set(chosen)) == len(chosen)
    levels = [level for _, _, level in chosen]
    assert levels == sorted(levels, reverse=True)
    tried = sum(kind == "again" for kind, _, _ in chosen)
    assert len(chosen) - tried >= min(len(first), limit - limit // 2)
    for kind in ("first", "again"):
        assert [n for word, n, _ in chosen if word == kind] == list(
            range(sum(w == kind for w, _, _ in chosen))
        )
