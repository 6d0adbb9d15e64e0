"""Equal amounts of rain in a row, counted for a whole burst at once.

After an outage a gauge sends a day of readings: turn by turn each would cost as
many calls as a step. Rain is compared with nothing but the amount before it, so
that of all gauges is looked at side by side: the amount before is the row
before, or what was known when the burst came.
"""

from typing import NamedTuple

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, Int32Array, Int64Array, rows_where


class Burst(NamedTuple):
    """Amounts newer than all before them at their gauge, by gauge and time; shape (n,) each.

    `row` is where each stood in what was given, `run` how many equal amounts, none of them zero, came last,
    `is_last` marks the newest of each gauge.
    """

    row: Int64Array
    run: Int64Array
    is_last: BoolArray


def runs_of(
    gauge: Int32Array,
    at_s: Int64Array,
    amount: Float64Array,
    last_at_s: Int64Array,
    last_amount: Float64Array,
    last_run: Int32Array,
) -> Burst:
    """Runs of equal amounts.

    Parameters
    ----------
    gauge : Int32Array, shape (n,)
    at_s : Int64Array, shape (n,)
    amount : Float64Array, shape (n,)
        By gauge, time and amount; of two of one time the first counts.
    last_at_s : Int64Array, shape (n_stations,)
        What was known before; -1: nothing.
    last_amount : Float64Array, shape (n_stations,)
    last_run : Int32Array, shape (n_stations,)
    """
    is_newer = at_s > last_at_s[gauge]
    is_newer[1:] &= (gauge[1:] != gauge[:-1]) | (at_s[1:] != at_s[:-1])
    row = rows_where(is_newer)
    gauge, amount = gauge[row], amount[row]
    is_first: BoolArray = np.ones(len(row), dtype=np.bool_)
    is_first[1:] = gauge[1:] != gauge[:-1]
    before = np.empty_like(amount)
    before[1:] = amount[:-1]
    first = rows_where(is_first)
    before[first] = last_amount[gauge[first]]
    goes_on = (amount > 0) & (amount == before)  # nothing known is NaN, which equals nothing
    # How far back the run begins: at the newest amount that was another, or before the burst.
    place = np.arange(len(row))
    begins_at = np.maximum.accumulate(np.where(goes_on & ~is_first, 0, place))
    run = place - begins_at + np.where(amount > 0, 1, 0)
    from_before = goes_on[begins_at]
    run[from_before] += last_run[gauge[from_before]]
    is_last = np.ones(len(row), dtype=np.bool_)
    is_last[:-1] = is_first[1:]
    return Burst(row, run, is_last)
