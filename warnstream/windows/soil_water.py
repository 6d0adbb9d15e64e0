"""Soil water index: three tanks in a row, as Japan's weather service uses it for landslides.

Tank model of Ishihara & Kobatake (1979) with the national constants of the
JMA, stepped forward by Euler. The step is part of the definition: with one
hour the index comes out 2 to 3 % higher than with ten minutes, so thresholds
hold for the step they were found with. Here it is ten minutes everywhere.

There is no evapotranspiration: the lowest tank takes weeks to empty, so an
index that began empty a few days ago is a lower bound.
"""

from collections.abc import Sequence

import numpy as np

from warnstream.model.arrays import Float64Array
from warnstream.model.times import HOUR_S

STEP_S = 600
N_TANKS = 3

_OUTLET_MM = (15.0, 60.0, 15.0, 15.0)
"""Heights of the side outlets: two of the first tank, one each of the second and third."""
_OUTLET_PER_H = (0.1, 0.15, 0.05, 0.01)
_SEEPAGE_PER_H = (0.12, 0.05, 0.01)
_BLOCK = 8192
"""Places looked ahead for at once: what is in between stays in the cache."""


def advance_tanks(tanks_mm: Float64Array, rain_mm: Float64Array, step_h: float) -> Float64Array:
    """Water of the tanks one step later.

    Parameters
    ----------
    tanks_mm : Float64Array, shape (3, ...)
        Water at the beginning of the step, uppermost tank first; the index is their sum.
    rain_mm : Float64Array, shape (...)
        Rain of the step.
    step_h : float
        Hours.

    Returns
    -------
    Float64Array, shape (3, ...)
    """
    upper, middle, lower = tanks_mm
    runs_off_upper = _OUTLET_PER_H[0] * np.maximum(upper - _OUTLET_MM[0], 0.0)
    runs_off_upper += _OUTLET_PER_H[1] * np.maximum(upper - _OUTLET_MM[1], 0.0)
    runs_off_middle = _OUTLET_PER_H[2] * np.maximum(middle - _OUTLET_MM[2], 0.0)
    runs_off_lower = _OUTLET_PER_H[3] * np.maximum(lower - _OUTLET_MM[3], 0.0)
    seeps_upper, seeps_middle, seeps_lower = (
        rate * tank for rate, tank in zip(_SEEPAGE_PER_H, (upper, middle, lower), strict=True)
    )
    after: Float64Array = np.stack(
        [
            upper - step_h * (seeps_upper + runs_off_upper) + rain_mm,
            middle - step_h * (seeps_middle + runs_off_middle - seeps_upper),
            lower - step_h * (seeps_lower + runs_off_lower - seeps_middle),
        ]
    )
    return np.maximum(after, 0.0)


def soil_water_ahead(tanks_mm: Float64Array, ahead_mm: Float64Array, leads_s: Sequence[int]) -> Float64Array:
    """Soil water index after each lead of a forecast, the rain between two leads spread evenly.

    Parameters
    ----------
    tanks_mm : Float64Array, shape (3, n)
    ahead_mm : Float64Array, shape (n, n_leads)
        Rain from now over each lead; NaN where there is no forecast.
    leads_s : sequence of int, length n_leads
        Ascending whole steps of `STEP_S`.

    Returns
    -------
    Float64Array, shape (n, n_leads)
        Millimetres; NaN where there is no forecast.
    """
    result = np.full_like(ahead_mm, np.nan)
    n_steps = np.diff(np.array(leads_s, dtype=np.int64), prepend=0) // STEP_S
    for first in range(0, len(ahead_mm), _BLOCK):
        some = slice(first, first + _BLOCK)
        if np.isnan(ahead_mm[some]).all():
            continue
        tanks, coming_mm = tanks_mm[:, some], np.diff(ahead_mm[some], axis=1, prepend=0.0)
        for lead, steps in enumerate(n_steps.tolist()):
            for _ in range(steps):
                tanks = advance_tanks(tanks, coming_mm[:, lead] / steps, STEP_S / HOUR_S)
            result[some, lead] = tanks.sum(axis=0)
    return result
