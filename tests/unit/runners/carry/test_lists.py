"""Lists of rows with a station in one column: rows of stations that stay, under their numbers of now."""

import numpy as np

from warnstream.runners.carry.lists import carry_counters, carry_numbers, carry_readings, carry_stretches

NOW = np.array([2, -1, 0])
"""Station 0 is 2 now, 1 is gone, 2 is 0 now."""


def test_totals_and_trials_go_with_their_counter() -> None:
    old = {
        "keys": np.array([[0, 0], [0, 1], [1, 2]]),
        "tracks": np.array([[0, 0, 5.0], [1, 0, 6.0], [2, 0, 7.0], [2, 1, 8.0]]),
        "trials": np.array([[1, 9.0], [2, 3.0]]),
    }
    carried = carry_counters(old, NOW)
    assert carried["keys"].tolist() == [[0, 2], [1, 0]]
    assert carried["tracks"].tolist() == [[0, 0, 5.0], [1, 0, 7.0], [1, 1, 8.0]]
    assert carried["trials"].tolist() == [[1, 3.0]]


def test_numbered_tips_of_a_station_that_is_gone_are_forgotten() -> None:
    assert carry_numbers(np.array([[0, 100, 1], [1, 100, 2], [2, 160, 3]]), NOW).tolist() == [
        [2, 100, 1],
        [0, 160, 3],
    ]


def test_stretches_of_doubt_are_in_the_order_of_their_stations_again() -> None:
    old = {
        "stretch_station": np.array([0, 0, 1, 2], dtype=np.int32),
        "stretch_begin_s": np.array([10, 20, 5, 7]),
        "stretch_end_s": np.array([15, 25, 6, 9]),
        "stretch_flag": np.array([1, 1, 2, 4], dtype=np.uint16),
        "wet_at_s": np.zeros(3),
    }
    carried = carry_stretches(old, NOW)
    assert carried.keys() == {name for name in old if name.startswith("stretch_")}
    assert carried["stretch_station"].tolist() == [0, 2, 2]
    assert carried["stretch_begin_s"].tolist() == [7, 10, 20]
    assert carried["stretch_station"].dtype == np.int32


def test_readings_that_wait_keep_their_order() -> None:
    old = {"station": np.array([2, 1, 0, 2], dtype=np.int32), "value": np.array([1.0, 2.0, 3.0, 4.0])}
    carried = carry_readings(old, NOW)
    assert carried["station"].tolist() == [0, 2, 0]
    assert carried["value"].tolist() == [1.0, 3.0, 4.0]
