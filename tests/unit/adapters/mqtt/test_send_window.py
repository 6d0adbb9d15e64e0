"""How many messages a broker sends before it waits for us."""

from hypothesis import given
from hypothesis import strategies as st

from warnstream.adapters.mqtt.send_window import ROUNDS, SendWindow


def rounds(window: SendWindow, n: int, size: int, *, at_s: float = 0.0, first_s: float = 0.001) -> float:
    """So many rounds: `size` messages `first_s` after the last acknowledgement, acknowledged 0.1 s later."""
    for _ in range(n):
        window.arrived(size, at_s + first_s)
        at_s += 0.1
        window.acknowledged(size, at_s)
    return at_s


def test_a_window_is_known_after_rounds_that_are_alike() -> None:
    window = SendWindow()
    at_s = rounds(window, ROUNDS, 10)
    assert not window.is_known, "the first only set the measure"
    at_s = rounds(window, 1, 10, at_s=at_s)
    assert window.is_known
    window.arrived(4, at_s + 0.001)
    assert not window.is_full
    window.arrived(6, at_s + 0.002)
    assert window.is_full


def test_a_trickle_has_no_window() -> None:
    window = SendWindow()
    rounds(window, 100, 10, first_s=0.07)
    assert not window.is_known


def test_more_than_the_window_is_a_larger_one() -> None:
    window = SendWindow()
    at_s = rounds(window, 10, 10)
    window.arrived(11, at_s + 0.001)
    assert not window.is_known


def test_a_part_that_is_acknowledged_early_changes_nothing() -> None:
    window = SendWindow()
    at_s = rounds(window, 10, 10)
    window.arrived(10, at_s + 0.001)
    window.acknowledged(4, at_s + 0.002)
    assert window.is_known
    assert not window.is_full
    window.arrived(4, at_s + 0.003)
    assert window.is_full


@given(st.lists(st.integers(1, 50), min_size=1, max_size=60))
def test_it_never_claims_to_be_full_below_what_has_come_unacknowledged(sizes: list[int]) -> None:
    window, at_s = SendWindow(), 0.0
    for size in sizes:
        window.arrived(size, at_s + 0.001)
        if window.is_full:
            assert size == window._size
        at_s += 0.1
        window.acknowledged(size, at_s)
