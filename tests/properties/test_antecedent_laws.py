"""Late rain changes nothing in the end: states equal those of a run in which all came in time."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from warnstream.model.arrays import Int32Array, Int64Array
from warnstream.model.times import DAY_S, HOUR_S
from warnstream.windows.antecedent import AntecedentPlan, AntecedentRain
from warnstream.windows.rain_window import RainWindow

T0 = 20_000 * DAY_S + 20 * HOUR_S  # the end of a day lies within the runs
INTERVALS = np.array([300, 600, 3600], dtype=np.int32)
PLAN = AntecedentPlan((5400, DAY_S), (0.84,), (HOUR_S, 6 * HOUR_S))
LATENESS_S = 6 * HOUR_S

reading = st.tuples(
    st.integers(0, len(INTERVALS) - 1),
    st.integers(1, 8 * 12),  # five-minute steps after T0
    st.integers(0, 300),  # tips of 0.1 mm
    st.integers(0, 6 * 12),  # five-minute steps of delay
)


def run(rows: list[tuple[int, int, int, int]], *, in_time: bool, until_min: int = 14 * 60) -> AntecedentRain:
    ring = RainWindow(INTERVALS, span_s=24 * HOUR_S, grace_s=120)
    rain = AntecedentRain(len(INTERVALS), PLAN, lateness_s=LATENESS_S)
    ring.advance(T0)
    nothing: tuple[Int32Array, Int64Array] = np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int64)
    rain.advance(ring, T0, *nothing)
    for minute in range(5, until_min + 1, 5):
        now_s = T0 + minute * 60
        due = [row for row in rows if (row[1] + (0 if in_time else row[3])) * 5 == minute]
        ring.advance(now_s)
        changed = nothing
        if due:
            station = np.array([row[0] for row in due], dtype=np.int32)
            observed = np.array([T0 + row[1] * 300 for row in due], dtype=np.int64)
            ring.add(station, observed, np.array([row[2] / 10 for row in due]))
            changed = station, observed - INTERVALS[station].astype(np.int64)
        rain.advance(ring, now_s, *changed)
    return rain


@settings(max_examples=40, deadline=None)
@given(st.lists(reading, max_size=25, unique_by=lambda row: row[:2]))
def test_late_rain_gives_the_states_of_rain_in_time(rows: list[tuple[int, int, int, int]]) -> None:
    late, in_time = run(rows, in_time=False).states(), run(rows, in_time=True).states()
    for name in in_time.__slots__:
        np.testing.assert_array_equal(getattr(late, name), getattr(in_time, name), err_msg=name)


@settings(max_examples=20, deadline=None)
@given(st.lists(reading, max_size=25, unique_by=lambda row: row[:2]))
def test_a_restored_state_is_the_state(rows: list[tuple[int, int, int, int]]) -> None:
    rain = run(rows, in_time=False, until_min=300)
    other = AntecedentRain(len(INTERVALS), PLAN, lateness_s=LATENESS_S)
    other.restore(rain.snapshot())
    for name in rain.states().__slots__:
        np.testing.assert_array_equal(getattr(other.states(), name), getattr(rain.states(), name))
