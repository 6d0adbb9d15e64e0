"""Amounts of an archive that a fit may rest on: what cannot have fallen is left out, and each counts once."""

from collections.abc import Iterator, Mapping

import numpy as np

from warnstream.model.arrays import Int64Array
from warnstream.model.observations.readings import ReadingBatch, Variable
from warnstream.model.rules.policies import QualityPolicy

IMPOSSIBLE = "impossible"
AMOUNTS = (int(Variable.RAIN), int(Variable.RAIN_TIP))


def usable_rain(
    readings: ReadingBatch, interval_s: Int64Array, policy: QualityPolicy
) -> tuple[ReadingBatch, int]:
    """Amounts of rain as a node would count them, in the order of time, and how many were left out.

    Left out is what quality control calls impossible (below zero, above the limit of its interval, a number
    that stands for a missing value): that time is not observed. Of several readings of one station, variable
    and time the last one counts: archives overlap.

    Parameters
    ----------
    readings : ReadingBatch
    interval_s : Int64Array, shape (n_stations,)
        How often each station reports, where a reading does not say.
    policy : QualityPolicy
    """
    rain = readings.select(np.isin(readings.variable, AMOUNTS))
    own_s = np.where(rain.interval_s > 0, rain.interval_s, interval_s[rain.station])
    limit = policy.rain_limits.impossible_mm(own_s)
    limit[rain.variable == Variable.RAIN_TIP] = policy.rain_mm_per_min_max
    is_usable = (rain.value >= 0) & (rain.value <= limit)
    for variable in map(Variable, AMOUNTS):
        errors = policy.error_values.get(variable, ())
        is_usable &= ~((rain.variable == variable) & np.isin(rain.value, errors))
    rain, n_out = rain.select(is_usable), int(np.count_nonzero(~is_usable))
    # Tips of one second are told apart by their numbers. Sorting is stable: of equal ones as given.
    number = np.where(rain.variable == Variable.RAIN_TIP, rain.sequence, 0)
    order = np.lexsort((number, rain.observed_at_s, rain.variable, rain.station))
    keys = np.stack([column[order] for column in (rain.station, rain.variable, rain.observed_at_s, number)])
    is_last = np.append(
        (keys[:, 1:] != keys[:, :-1]).any(axis=0), np.ones(min(len(order), 1), dtype=np.bool_)
    )
    kept = order[is_last]
    return rain.select(kept[np.argsort(rain.observed_at_s[kept], kind="stable")]), n_out


def lines_of(refused: Mapping[str, int]) -> Iterator[str]:
    """For people: readings that nothing rests on, by reason."""
    for reason, count in refused.items():
        where = " (quality.rain_mm_per_min_max)" if reason == IMPOSSIBLE else ""
        yield f"look at: {count:,} reading(s) left out: {reason}{where}"
