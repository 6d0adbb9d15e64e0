"""Counters of a network: whose readings they are, how a rise is spread, what a restart keeps."""

from typing import Any

import numpy as np
import pytest

from tests.networks import T0, network_of
from warnstream.model.observations.rain_limits import RainLimits
from warnstream.model.observations.readings import Flag, ReadingBatch, Variable, batch_of
from warnstream.model.rules.policies import CounterPolicy
from warnstream.windows.counters import Increments, RainCounters

PT, PJ = Variable.RAIN_TOTAL, Variable.RAIN_DAY
MIN, HOUR = 60, 3600
SPREAD_S = 6 * HOUR
GAP_S = 2 * HOUR
Row = tuple[int, int, float]


def new_counters(n_stations: int = 3, **policy: Any) -> RainCounters:
    return RainCounters(
        network_of(n_stations, 1).stations,
        CounterPolicy(gap_s_max=GAP_S, **policy),
        limits=RainLimits(20),
        spread_s_max=SPREAD_S,
    )


def batch(variable: Variable, rows: list[Row]) -> ReadingBatch:
    """Readings of (station, seconds after T0, total)."""
    station, after_s, value = zip(*rows, strict=True)
    return batch_of(station, [variable] * len(rows), [T0 + seconds for seconds in after_s], value)


def told(grown: list[Increments]) -> list[list[tuple[int, int, int, float, bool]]]:
    """Rows of every turn: station, begin and end in seconds after T0, millimetres, whether observed."""
    return [
        [
            (station, begin_s - T0, end_s - T0, round(rain_mm, 6), is_observed)
            for station, begin_s, end_s, rain_mm, is_observed in zip(
                rise.station.tolist(),
                rise.begin_s.tolist(),
                rise.end_s.tolist(),
                rise.rain_mm.tolist(),
                rise.is_observed.tolist(),
                strict=True,
            )
        ]
        for rise in grown
    ]


def test_a_first_reading_says_that_the_station_is_there_and_what_rises_after_it_is_rain() -> None:
    grown, flags = new_counters().step(PT, batch(PT, [(1, 300, 10.4), (1, 0, 10.0), (0, 300, 7.0)]))
    assert told(grown) == [[(0, 300, 300, 0.0, True), (1, 0, 0, 0.0, True), (1, 0, 300, 0.4, True)]]
    assert flags.tolist() == [0, 0, 0]
    (one,) = grown
    kinds = [array.dtype for array in (one.station, one.begin_s, one.end_s, one.rain_mm, one.is_observed)]
    assert kinds == [np.int32, np.int64, np.int64, np.float64, np.bool_]


def test_repeated_and_older_readings_change_nothing_and_say_so() -> None:
    counters = new_counters()
    counters.step(PT, batch(PT, [(0, 600, 10.0)]))
    grown, flags = counters.step(PT, batch(PT, [(0, 600, 10.0), (0, 599, 50.0), (0, 0, 9.0), (1, 599, 3.0)]))
    assert flags.tolist() == [Flag.DUPLICATE, Flag.SUPERSEDED, Flag.SUPERSEDED, 0]
    assert told(grown) == [[(1, 599, 599, 0.0, True)]]


def test_a_second_reading_of_one_minute_waits_for_the_next_difference() -> None:
    counters = new_counters()
    grown, flags = counters.step(PT, batch(PT, [(0, 1, 10.0), (0, 60, 10.2), (0, 61, 10.3)]))
    assert told(grown) == [[(0, 1, 1, 0.0, True), (0, 1, 61, 0.3, True)]]
    assert flags.tolist() == [0, 0, 0]


def test_totals_and_day_counters_of_a_station_are_two_counters() -> None:
    counters = new_counters()
    nobody = counters.is_counted(np.array([0, 1], dtype=np.int32))
    assert nobody.dtype == np.bool_
    assert nobody.tolist() == [False, False]
    counters.step(PT, batch(PT, [(0, 0, 100.0)]))
    grown, _ = counters.step(PJ, batch(PJ, [(0, 300, 2.0)]))
    assert told(grown) == [[(0, 300, 300, 0.0, True)]]
    grown, _ = counters.step(PT, batch(PT, [(0, 300, 100.2)]))
    assert told(grown) == [[(0, 0, 300, 0.2, True)]]
    assert counters.is_counted(np.array([0, 1, 0], dtype=np.int32)).tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("gap_s", "begin_s", "rain_mm", "is_observed"),
    [
        (GAP_S, 0, 12.0, True),
        (GAP_S + 1, 0, 12.0, False),
        (SPREAD_S, 0, 12.0, False),
        (2 * SPREAD_S, SPREAD_S, 6.0, False),
    ],
)
def test_a_rise_over_a_long_time_is_spread_over_part_of_it_and_hides_what_it_was(
    gap_s: int, begin_s: int, rain_mm: float, is_observed: bool
) -> None:
    """Beyond two hours nobody has seen the bursts, beyond six the share of the time before is dropped."""
    counters = new_counters()
    counters.step(PT, batch(PT, [(0, 0, 10.0), (0, 300, 10.0)]))
    grown, _ = counters.step(PT, batch(PT, [(0, 300 + gap_s, 22.0)]))
    assert told(grown) == [[(0, 300 + begin_s, 300 + gap_s, rain_mm, is_observed)]]


def test_rises_of_one_station_that_overlap_come_in_turns() -> None:
    """A reset on trial counts with the next reading, for the time before that of the station's presence."""
    counters = new_counters()
    rows = [(0, 0, 80.0), (0, 300, 80.4), (0, 600, 0.6), (0, 900, 1.8)]
    grown, _ = counters.step(PT, batch(PT, [*rows, (1, 0, 5.0), (1, 300, 5.5)]))
    assert told(grown) == [
        [(0, 0, 0, 0.0, True), (0, 0, 300, 0.4, True), (0, 600, 600, 0.0, True),
         (1, 0, 0, 0.0, True), (1, 0, 300, 0.5, True)],
        [(0, 300, 600, 0.6, True), (0, 600, 900, 1.2, True)],
    ]  # fmt: skip


def test_the_turns_of_a_station_are_its_own_wherever_it_stands_in_the_batch() -> None:
    """Stations 1 and 2 have a reset that counts later, station 0 has none."""
    rows = [(0, 0, 5.0), (0, 300, 5.5)]
    for station in (1, 2):
        rows += [(station, 0, 80.0), (station, 300, 80.4), (station, 600, 0.6), (station, 900, 1.8)]
    first, second = told(new_counters().step(PT, batch(PT, rows))[0])
    assert [row[0] for row in first] == [0, 0, 1, 1, 1, 2, 2, 2]
    late = [(300, 600, 0.6, True), (600, 900, 1.2, True)]
    assert second == [(station, *rise) for station in (1, 2) for rise in late]


def test_nothing_new_gives_no_increments() -> None:
    counters = new_counters()
    counters.step(PT, batch(PT, [(0, 0, 10.0)]))
    assert told(counters.step(PT, batch(PT, [(0, 0, 10.0)]))[0]) == []


def test_a_restored_machine_remembers_totals_that_were_before_and_what_is_on_trial() -> None:
    """A fall, a broken cable and a day counter; every next reading gives what it would have given."""
    rows = [(0, 0, 80.0), (0, 300, 80.4), (0, 600, 0.6), (1, 0, 99.4), (1, 300, 99.6), (1, 600, 0.0)]
    after = [(0, 900, 80.6), (1, 900, 0.4), (2, 900, 4.0)]
    plain, restored = new_counters(), new_counters()
    plain.step(PT, batch(PT, rows))
    plain.step(PJ, batch(PJ, [(2, 0, 3.0)]))
    restored.step(PT, batch(PT, [(2, 0, 1.0)]))  # forgotten by what is taken up
    restored.restore(plain.snapshot())
    assert restored.is_counted(np.arange(3, dtype=np.int32)).tolist() == [True, True, True]
    for variable, said in ((PT, after[:2]), (PJ, after[2:])):
        one, other = (counters.step(variable, batch(variable, said)) for counters in (plain, restored))
        assert told(one[0]) == told(other[0])
        assert one[1].tolist() == other[1].tolist()
    grown, _ = restored.step(PT, batch(PT, [(2, 900, 5.0)]))
    assert told(grown) == [[(2, 900, 900, 0.0, True)]], "a first reading"


def test_a_wrap_to_zero_that_waits_for_rain_waits_across_a_restart() -> None:
    """A broken cable reads zero as well: what was left to the modulus counts once it rains."""
    before, counters = new_counters(wrap_mm=1000), new_counters(wrap_mm=1000)
    before.step(PT, batch(PT, [(0, 0, 999.0), (0, 300, 999.2), (0, 600, 0.0)]))
    counters.restore(before.snapshot())
    assert told(counters.step(PT, batch(PT, [(0, 900, 0.0)]))[0]) == [[(0, 600, 900, 0.0, True)]]
    grown, _ = counters.step(PT, batch(PT, [(0, 1200, 0.2)]))
    assert told(grown) == [[(0, 300, 600, 0.8, True), (0, 900, 1200, 0.2, True)]]


def test_an_empty_machine_has_an_empty_snapshot_that_can_be_taken_up() -> None:
    counters = new_counters()
    state = counters.snapshot()
    assert [array.shape for array in state.values()] == [(0, 2), (0, 9), (0, 6)]
    counters.step(PT, batch(PT, [(0, 0, 10.0)]))
    counters.restore(state)
    assert counters.is_counted(np.array([0], dtype=np.int32)).tolist() == [False]


def test_a_snapshot_of_an_earlier_version_has_a_last_reading_by_kind_and_station() -> None:
    counters = new_counters()
    value_mm, at_s = np.full((2, 3), np.nan), np.full((2, 3), -1, dtype=np.int64)
    value_mm[0, 1], at_s[0, 1], value_mm[1, 2], at_s[1, 2] = 80.0, T0, 4.0, T0
    counters.restore({"value_mm": value_mm, "at_s": at_s})
    assert counters.is_counted(np.arange(3, dtype=np.int32)).tolist() == [False, True, True]
    assert told(counters.step(PT, batch(PT, [(1, 300, 81.5), (2, 300, 8.0)]))[0]) == [
        [(1, 0, 300, 1.5, True), (2, 300, 300, 0.0, True)]
    ]
    assert told(counters.step(PJ, batch(PJ, [(2, 300, 4.5)]))[0]) == [[(2, 0, 300, 0.5, True)]]


def test_a_day_counter_of_an_earlier_version_is_reset_late_and_kept_like_any_other() -> None:
    """Its last reading is all that is known of it: it began no later than that."""
    counters, again = new_counters(), new_counters()
    value_mm, at_s = np.full((2, 3), np.nan), np.full((2, 3), -1, dtype=np.int64)
    value_mm[1, 0], at_s[1, 0] = 30.0, T0 - 300
    counters.restore({"value_mm": value_mm, "at_s": at_s})
    again.restore(counters.snapshot())
    for each in (counters, again):
        grown, flags = each.step(PJ, batch(PJ, [(0, 300, 30.2), (0, 1200, 0.4)]))
        assert told(grown) == [[(0, -300, 300, 0.2, True), (0, 300, 1200, 0.4, True)]]
        assert flags.tolist() == [0, 0]


def test_days_begin_by_the_clock_of_their_time_and_before_all_known_ones_by_the_plain_one() -> None:
    """The clock is one hour ahead from T0 on, two hours from a day later, and eight before."""
    moves = ((T0, HOUR), (T0 + 24 * HOUR, 2 * HOUR))
    for day_start_s in (T0 - 2 * HOUR, T0 + 20 * HOUR, T0 + 46 * HOUR):
        offset_s = 8 * HOUR if day_start_s < T0 else HOUR if day_start_s < T0 + 24 * HOUR else 2 * HOUR
        counters = new_counters(
            day_start_s=(day_start_s + offset_s) % (24 * HOUR), offsets=moves, reset_late_s_max=0
        )
        after_s = day_start_s - T0
        grown, _ = counters.step(PJ, batch(PJ, [(0, after_s - 300, 30.0), (0, after_s + 300, 0.4)]))
        assert told(grown)[0][1:] == [(0, after_s, after_s + 300, 0.4, True)]


def test_the_moment_at_which_a_day_begins_ends_the_old_one() -> None:
    for after_s, flag in ((0, Flag.COUNTER_FELL), (1, Flag.NONE)):
        counters = new_counters(day_start_s=(T0 + 8 * HOUR) % (24 * HOUR), reset_late_s_max=0)
        _, flags = counters.step(PJ, batch(PJ, [(0, -300, 30.0), (0, after_s, 0.4)]))
        assert flags.tolist() == [0, flag]


def test_on_the_day_that_the_clock_moves_the_day_begins_by_the_clock_of_before() -> None:
    moved_s, half_s = T0 + 24 * HOUR, HOUR // 2
    counters = new_counters(offsets=((T0, HOUR), (moved_s, 2 * HOUR)))
    day_start_s = (moved_s - half_s + 2 * HOUR) % (24 * HOUR)
    for after_s, begin_s in ((10, -half_s), (half_s, -half_s), (half_s + 1, half_s)):
        assert counters._day_begin_s(moved_s + after_s, day_start_s) == moved_s + begin_s


def test_readings_of_two_minutes_count_however_near_they_are() -> None:
    grown, flags = new_counters().step(
        PT, batch(PT, [(0, -300, 10.0), (0, 50, 10.2), (0, 70, 10.4), (0, 75, 10.6)])
    )
    assert flags.tolist() == [0, 0, 0, 0]
    assert sum(rain_mm for turn in told(grown) for *_, rain_mm, _ in turn) == pytest.approx(0.4)


def test_a_restart_keeps_that_a_total_ended_as_it_should() -> None:
    counters, again = new_counters(wrap_mm=100.0), new_counters(wrap_mm=100.0)
    counters.step(PT, batch(PT, [(0, 0, 98.0), (0, 300, 98.2), (0, 600, 0.4)]))
    again.restore(counters.snapshot())
    tracks = counters.snapshot()["tracks"]
    assert tracks[:, -1].tolist() == [0.0, 1.0]
    assert np.array_equal(again.snapshot()["tracks"], tracks)
