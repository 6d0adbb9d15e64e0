"""Limits of the checks of single values, by variable, with their sources.

These are the defaults of ``quality.variables`` in warnstream.yaml
(docs/configuration.md shows them as a table). Rain and stage have keys of
their own; step and persistence do not fit rain, because zero is its usual
value and a sudden 10 mm is the signal.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from warnstream.model.observations.readings import Variable
from warnstream.model.times import HOUR_S, MINUTE_S

WMO_8 = "WMO-No. 8, part V, ch. 1 (quality control of automatic stations)"
WMO_TIME = "WMO 1993, ch. VI.21: tolerance between consecutive reports"
ZAMG = "ZAMG, CBS ET-AWS-1 Doc. 9(2)"
WMO_EXTREMES = (
    "WMO World Weather and Climate Extremes Archive (-89.2 to 56.7 degC, gust of 113.3 m/s), rounded up"
)
PHYSICS = "the quantity itself, or the reach of usual sensors"


@dataclass(frozen=True, slots=True)
class ValueLimits:
    """What single values of one variable may be and do.

    Attributes
    ----------
    range : (float, float)
        Both included; beyond them a value is impossible.
    step : tuple of (int, float)
        Greatest change between readings at most so many seconds apart, ascending; of several that fit
        the shortest counts. Readings farther apart than the last are not compared.
    still_s : int
        A value that has not changed by `still_change` for so long is doubtful; 0: never.
    still_change : float
    still_from, still_to : float
        Values outside may stand still: saturated air, calm.
    source : str
    """

    range: tuple[float, float] = (-math.inf, math.inf)
    step: tuple[tuple[int, float], ...] = ()
    still_s: int = 0
    still_change: float = 0.0
    still_from: float = -math.inf
    still_to: float = math.inf
    source: str = PHYSICS


def _steps(per_minute: float, per_hours: dict[int, float]) -> tuple[tuple[int, float], ...]:
    return ((MINUTE_S, per_minute), *((hours * HOUR_S, change) for hours, change in per_hours.items()))


VALUE_LIMITS: Mapping[Variable, ValueLimits] = MappingProxyType(
    {
        Variable.TEMPERATURE: ValueLimits(
            (-90.0, 60.0),
            _steps(3.0, {1: 4.0, 2: 7.0, 3: 9.0, 6: 15.0, 12: 25.0}),
            HOUR_S,
            0.1,
            source=f"range {WMO_EXTREMES}; 1 min and 60 min {WMO_8}; hours {WMO_TIME}",
        ),
        Variable.HUMIDITY: ValueLimits(
            (0.0, 104.0),
            _steps(10.0, {}),
            HOUR_S,
            1.0,
            still_to=95.0,
            source=f"range {ZAMG}; 1 min and 60 min {WMO_8}",
        ),
        Variable.PRESSURE: ValueLimits(
            (500.0, 1080.0),
            _steps(0.5, {1: 3.0, 2: 6.0, 3: 9.0, 6: 18.0, 12: 36.0}),
            HOUR_S,
            0.1,
            source=f"range, 1 min and 60 min {WMO_8}; hours {WMO_TIME}",
        ),
        Variable.WIND_SPEED: ValueLimits(
            (0.0, 120.0),
            _steps(20.0, {}),
            HOUR_S,
            0.5,
            still_from=0.5,
            source=f"range {WMO_EXTREMES}; 1 min and 60 min {WMO_8}",
        ),
        Variable.WIND_DIRECTION: ValueLimits((0.0, 360.0), (), HOUR_S, 10.0, source=f"60 min {WMO_8}"),
        Variable.SOIL_MOISTURE: ValueLimits((0.0, 100.0)),
        Variable.TILT_X: ValueLimits((-180.0, 180.0)),
        Variable.TILT_Y: ValueLimits((-180.0, 180.0)),
        # Distances between stakes and to prisms are told as they are: metres to kilometres.
        Variable.DISPLACEMENT: ValueLimits((-1e7, 1e7)),
        Variable.CRACK: ValueLimits((-1e6, 1e6)),
        Variable.PORE_PRESSURE: ValueLimits((-100.0, 1e4)),
        Variable.WATER_DEPTH: ValueLimits((-5.0, 2000.0)),
        Variable.WIND_GUST: ValueLimits((0.0, 120.0), source=f"range {WMO_EXTREMES}"),
    }
)
"""Defaults; what is not named here has no limit of its own."""

DEW_POINT_STEP: tuple[tuple[int, float], ...] = tuple(
    (hours * HOUR_S, change) for hours, change in {1: 4.0, 2: 6.0, 3: 8.0, 6: 12.0, 12: 20.0}.items()
)
"""Greatest change of the dew point, degrees (WMO 1993); temperature and humidity of one time give it."""

CALM_M_PER_S = 0.5
"""Below it the wind has no direction that could change."""

EVER_S = 2**62
"""A step limit for readings however far apart."""
