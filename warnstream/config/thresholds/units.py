"""Units of the tables of thresholds: what a row with that unit judges, and its limits."""

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


RAIN_UNIT = TableUnit(Indicator.RAIN, (), 0.0, 5000.0)
MOVEMENT = (Variable.DISPLACEMENT, Variable.CRACK)
