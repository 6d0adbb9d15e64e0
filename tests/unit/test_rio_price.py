import numpy as np

from benchmarks.rio_alarms import QUARTER_S
from benchmarks.rio_price_of_yellow import beginnings

AT_S = np.arange(1, 17, dtype=np.int64) * QUARTER_S


def _flags(*numbers: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.isin(np.arange(1, 17), numbers)


def test_a_warning_that_is_reached_again_within_the_hour_is_one() -> None:
    assert beginnings(AT_S, _flags(2, 5), _flags(2, 3, 4, 5)) == [2 * QUARTER_S]


def test_a_warning_lasts_while_the_clear_value_holds() -> None:
    assert beginnings(AT_S, _flags(2, 12), _flags(*range(2, 13))) == [2 * QUARTER_S]


def test_after_an_hour_and_a_half_hour_below_the_clear_value_the_next_is_a_new_one() -> None:
    assert beginnings(AT_S, _flags(2, 8), _flags(2, 3, 8)) == [2 * QUARTER_S, 8 * QUARTER_S]
