"""What the forecast stage hands to the evaluators: rain ahead per village."""

from dataclasses import dataclass

from warnstream.model.arrays import Float64Array


@dataclass(frozen=True, slots=True)
class RainAhead:
    """Rain of the coming hours at every village.

    A gauge nowcast is uncertain: docs/forecast.md holds its measured error.

    Attributes
    ----------
    rain_mm : Float64Array, shape (n_villages, n_leads)
        Rain from now over each lead of the source; never negative, never
        falling along a row. NaN where no gauge near enough has reported: unknown, not dry.
    usable : bool
        At least one village has a forecast. False: use observations alone and say so.
    method : str
        ``advection``, ``persistence`` or ``none``: what was done, not what was configured
        (advection without a motion to follow is persistence).
    reason : str
        Why the forecast is not usable; empty where it is.
    """

    rain_mm: Float64Array
    usable: bool
    method: str
    reason: str
