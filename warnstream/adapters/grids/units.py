"""Units of rain in files of grids."""

import numpy as np

from warnstream.adapters.grids.content import GridFileError
from warnstream.model.arrays import Float64Array, Int64Array
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.times import HOUR_S

_AMOUNTS = {"mm": 1.0, "millimeter": 1.0, "millimetre": 1.0, "kg m-2": 1.0, "m": 1000.0, "cm": 10.0}
_RATES = {"mm h-1": 1 / HOUR_S, "kg m-2 h-1": 1 / HOUR_S, "mm s-1": 1.0, "kg m-2 s-1": 1.0, "m s-1": 1000.0}
_SPELLINGS = {
    "kg/m2": "kg m-2",
    "kg/m^2": "kg m-2",
    "kg m^-2": "kg m-2",
    "kg m**-2": "kg m-2",
    "mm/h": "mm h-1",
    "mm/hr": "mm h-1",
    "mm/hour": "mm h-1",
    "mm per hour": "mm h-1",
    "mm hr-1": "mm h-1",
    "mm hour-1": "mm h-1",
    "mm h^-1": "mm h-1",
    "mm/s": "mm s-1",
    "kg/m2/s": "kg m-2 s-1",
    "kg m**-2 s**-1": "kg m-2 s-1",
    "kg m^-2 s^-1": "kg m-2 s-1",
}
UNITS = (*_AMOUNTS, *_RATES)
"""Units that are understood, as CF writes them."""


def factors(unit: str, variable: str, interval_s: Int64Array) -> tuple[Float64Array, bool]:
    """What values are multiplied by to be millimetres of their intervals, and whether they are rates.

    Raises
    ------
    GridFileError
        If the unit is unknown.
    """
    known = _SPELLINGS.get(unit.strip(), unit.strip())
    if known in _AMOUNTS:
        return np.full(len(interval_s), _AMOUNTS[known]), False
    if known in _RATES:
        return _RATES[known] * interval_s.astype(np.float64), True
    expected = f"unit {unit!r} of {variable}, expected one of {', '.join(UNITS)}"
    raise GridFileError(RefusalReason.WRONG_UNIT, expected)
