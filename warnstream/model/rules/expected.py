"""What a level rests on where its threshold has not been reached: a share of it, or a probability.

Nothing here has been observed. Texts say so, and no message of it is more certain than Possible unless its
probability was calibrated here and is above a half.
"""

from dataclasses import dataclass

from warnstream.model.level import Level

LIKELY_ABOVE = 0.5
"""CAP calls likely what is more probable than not."""


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
    """

    level: Level
    share: float = 0.0
    probability: float = 0.0
    within_s: int = 0
    onset_early_s: int = -1
    onset_s: int = -1
    source: str = ""
    calibrated_on: str = ""

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
