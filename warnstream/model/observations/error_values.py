"""Numbers by which sensors and loggers say that they have no value, by variable.

A 16-bit converter that has nothing to tell gives all ones (65535, with a sign
32767 or -32768), times its resolution; displays and loggers give nines. They are
the defaults of ``quality.error_values`` in warnstream.yaml. Listed are only
numbers that the variable hardly ever has at the resolution that its sensors
have: 99.9 is an error of a stage and a humidity of fog. What is beyond the range
of a variable (-999.9 mm of rain) needs no entry.

A stage within 10 m of its own gauge's thresholds, or of its range in the table of
gauges, is one whatever its number. An amount of rain of 99.9 mm is one where it
fell in more than a quarter of an hour.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, UInt8Array
from warnstream.model.observations.readings import Variable
from warnstream.model.times import MINUTE_S

SOURCE = (
    "two's complement and all ones of 16 bits at resolutions 0.001, 0.01, 0.1 and 1; nines of loggers "
    "(BUFR and SHEF write missing values as all ones and nines)"
)

SHORT_S_MAX = 15 * MINUTE_S
"""Longest interval in which 99.9 mm of rain are an error."""

SHORT_ONLY_MM = (99.9, 99.99)

_SIGNED = (-327.68, -3276.8, -32768.0)
_NINES = (999.0, 999.9, 999.99)

ERROR_VALUES: Mapping[Variable, tuple[float, ...]] = MappingProxyType(
    {
        Variable.RAIN: (
            32.767, 65.535, *SHORT_ONLY_MM, 327.67, 655.35, *_NINES, 3276.7, 6553.5, 7999.0, 9999.0, 9999.9,
            32767.0, 65535.0,
        ),
        Variable.STAGE: (
            32.767, 65.535, 99.9, 99.99, 327.67, 655.35, *_NINES, 3276.7, 6553.5, 7999.0,
            -99.9, -99.99, -327.68,
        ),
        Variable.WATER_DEPTH: (65.535, 327.67, 655.35, *_NINES),
        Variable.DISPLACEMENT: (65.535, 327.67, 655.35, 3276.7, 6553.5, 32767.0, 65535.0, *_SIGNED),
        Variable.CRACK: (65.535, 327.67, 655.35, 3276.7, 6553.5, 32767.0, 65535.0, *_SIGNED),
        Variable.TILT_X: (65.535, 99.9, 99.99),
        Variable.TILT_Y: (65.535, 99.9, 99.99),
        Variable.SOIL_MOISTURE: (65.535,),
        Variable.PORE_PRESSURE: (65.535, 327.67, 655.35, *_NINES, 3276.7, 6553.5, 9999.0),
        Variable.PRESSURE: (655.35,),
        Variable.WIND_SPEED: (65.535, 99.9, 99.99),
        Variable.WIND_DIRECTION: (327.67,),
        Variable.WIND_GUST: (65.535, 99.9, 99.99),
    }
)  # fmt: skip
"""Defaults; counters of rain have none, because a total passes through every number."""


class ErrorValues:
    """Finds error values in columns of readings.

    Parameters
    ----------
    values : mapping of Variable to tuple of float
        In the variable's unit.
    """

    def __init__(self, values: Mapping[Variable, tuple[float, ...]]) -> None:
        longest = max((len(some) for some in values.values()), default=0)
        self._table: Float64Array = np.full((len(Variable), longest), np.nan)
        for variable, some in values.items():
            self._table[variable, : len(some)] = some
        self._least = min((abs(value) for some in values.values() for value in some), default=np.inf)

    def found(self, variable: UInt8Array, value: Float64Array) -> BoolArray:
        """Which values are error values of their variable, shape (n,)."""
        is_error = np.zeros(len(value), dtype=np.bool_)
        rows = np.flatnonzero(np.abs(value) >= self._least)
        if len(rows):
            told = np.round(value[rows], 6)  # a factor of 0.001 leaves its noise
            is_error[rows] = (self._table[variable[rows]] == told[:, None]).any(axis=1)
        return is_error
