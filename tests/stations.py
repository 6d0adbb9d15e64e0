"""Stations by code, for tests of decoders."""

from collections.abc import Sequence

import numpy as np

from warnstream.model.network import Stations
from warnstream.model.observations.readings import ReadingBatch, Variable
from warnstream.model.times import fixed_zone, iso_local

BEIJING = fixed_zone(28_800)


def stations_of(*codes: str, interval_s: int = 300) -> Stations:
    """Stations that measure everything, at one place."""
    n = len(codes)
    return Stations(
        codes,
        np.zeros(n),
        np.zeros(n),
        np.full(n, interval_s, dtype=np.int32),
        np.ones(n, dtype=np.bool_),
        np.ones(n, dtype=np.bool_),
    )


def rows_of(readings: ReadingBatch, variable: Variable | None = None) -> Sequence[tuple[str, str, float]]:
    """Readings as (variable, Beijing time, value), all of them or those of one variable."""
    return [
        (Variable(int(code)).word, iso_local(int(at_s), BEIJING)[:16], round(float(value), 6))
        for code, at_s, value in zip(readings.variable, readings.observed_at_s, readings.value, strict=True)
        if variable in (None, code)
    ]
