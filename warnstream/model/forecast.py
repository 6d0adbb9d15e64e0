"""What the forecast stage hands to the evaluators, rain ahead per village, and what is made of it."""

from dataclasses import dataclass

from warnstream.model.arrays import Float32Array, Float64Array
from warnstream.model.level import Level

LIKELY_ABOVE = 0.5
"""CAP calls likely what is more probable than not."""


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


@dataclass(frozen=True, slots=True, eq=False)
class RainMembers:
    """Rain of the coming hours as members of equal probability; their mean stands for nothing.

    Attributes
    ----------
    rain_mm : Float32Array, shape (n_members, n_steps, n_places)
        From `at_s` until the end of each step; never falling along the steps. NaN where nothing is known.
    step_s : int
    at_s : int
        When they begin.
    source : str
        What they are made of, such as ``gauges``.
    calibrated_on : str
        The record that they were fitted on here; empty: not calibrated here.
    model : str
        Name of the forecast of a weather model that has a part in them; empty: none.
    run_s : int
        When its run begins; -1 without one.
    """

    rain_mm: Float32Array
    step_s: int
    at_s: int
    source: str
    calibrated_on: str
    model: str = ""
    run_s: int = -1


@dataclass(frozen=True, slots=True)
class ScoreState:
    """What came of probabilities of one source, window and time, by tenths of what was said.

    Attributes
    ----------
    source : str
        What members were made of.
    duration_s : tuple of int
        The windows of rain of which any had to reach its threshold.
    within_s : int
    cases, came : tuple of int, ten each
    said : tuple of float, ten of them
        Sum of the probabilities of the cases.
    off : tuple of int
        Tenths, from 0, with many cases in which something else came than was said.
    """

    source: str
    duration_s: tuple[int, ...]
    within_s: int
    cases: tuple[int, ...]
    said: tuple[float, ...]
    came: tuple[int, ...]
    off: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Expected:
    """Why a level is expected, in one village.

    Attributes
    ----------
    level : Level
        Whose threshold is expected to be reached.
    share : float
        So much of the threshold is enough to say so, 0 to 1; 0: it does not rest on a share.
    probability : float
        That the threshold is reached within `within_s`, 0 to 1; 0: it does not rest on a probability.
    within_s : int
    onset_early_s, onset_s : int
        From the last observation until a fifth and a half of what may come has reached it; -1: fewer do.
    source : str
        What the probability is worked out from.
    calibrated_on : str
        The record that it was fitted on here; empty: not calibrated here.
    model, run_s : str, int
        Forecast of a weather model that has a part in it, and when its run begins; empty and -1: none has.
    amount_mm : float
        Above 0: the rain to come within `within_s` alone reaches it, whatever has fallen.
    """

    level: Level
    share: float = 0.0
    probability: float = 0.0
    within_s: int = 0
    onset_early_s: int = -1
    onset_s: int = -1
    source: str = ""
    calibrated_on: str = ""
    model: str = ""
    run_s: int = -1
    amount_mm: float = 0.0

    @property
    def is_likely(self) -> bool:
        """Calibrated here, and more probable than not."""
        return bool(self.calibrated_on) and self.probability > LIKELY_ABOVE


@dataclass(frozen=True, slots=True)
class ExpectedLevel:
    """When a table of thresholds raises a level before its threshold is reached (``expected:``).

    Attributes
    ----------
    of : Level
        Whose thresholds are compared.
    level_max : Level
        Highest level that is raised: `of`, or one below it.
    share : float
        So much of the threshold must have fallen, 0 to 1; 0: judged by a probability.
    duration_s : tuple of int
        Durations that count; empty: all that `of` has a threshold for.
    within_s : int
    probability : float
        That the threshold is reached within that time; 0: judged by a share.
    """

    of: Level
    level_max: Level
    share: float = 0.0
    duration_s: tuple[int, ...] = ()
    within_s: int = 0
    probability: float = 0.0

    @property
    def raises(self) -> Level:
        """The level that stands while it is expected."""
        return min(self.of, self.level_max)
