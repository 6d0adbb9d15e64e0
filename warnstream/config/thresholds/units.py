"""Units of the tables of thresholds: what a row with that unit judges, and its limits."""

import math
from dataclasses import dataclass

from warnstream.model.observations.readings import Variable
from warnstream.model.rules.indicators import Indicator


@dataclass(frozen=True, slots=True)
class TableUnit:
    """What a unit means in the table of one evaluator.

    `variables` are those of which the sensor must measure one, in order of
    preference; none for rain, which is judged per village and has a duration.
    Of a `descending` unit a smaller value is worse.
    """

    indicator: Indicator
    variables: tuple[Variable, ...]
    low: float
    high: float
    descending: bool = False


_RAIN = TableUnit(Indicator.RAIN, (), 0.0, 5000.0)
_MOVEMENT = (Variable.DISPLACEMENT, Variable.CRACK)
_UNITS: dict[str, dict[str, TableUnit]] = {
    "river_stage": {"m": TableUnit(Indicator.STAGE, (Variable.STAGE,), -math.inf, math.inf)},
    "slope_movement": {
        "deg/h": TableUnit(Indicator.TILT_RATE, (Variable.TILT_X,), 1e-4, 90.0),
        "mm/d": TableUnit(Indicator.VELOCITY, _MOVEMENT, 1e-3, 1e6),
        "deg": TableUnit(Indicator.TANGENT_ANGLE, _MOVEMENT, 0.1, 89.99),
        "mm": TableUnit(Indicator.DISPLACEMENT, _MOVEMENT, 0.1, 1e6),
        "kPa": TableUnit(Indicator.PORE_PRESSURE, (Variable.PORE_PRESSURE,), -100.0, 1e4),
        "h": TableUnit(Indicator.FAILURE_TIME, _MOVEMENT, 0.1, 10_000.0, descending=True),
    },
    "waterlogging": {
        "cm": TableUnit(Indicator.WATER_DEPTH, (Variable.WATER_DEPTH,), 0.1, 1000.0),
        "mm": _RAIN,
    },
}


def units_of(evaluator: str) -> dict[str, TableUnit]:
    """Units that rows of a hazard with that evaluator may have, the usual one first."""
    return _UNITS.get(evaluator, {"mm": _RAIN})
