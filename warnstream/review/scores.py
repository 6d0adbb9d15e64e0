"""Scores of yes/no forecasts from the 2 x 2 table.

Names as in the verification literature: FAR is the false alarm *ratio*, POFD
the false alarm *rate*. A score whose denominator is zero is NaN: unknown, not
bad. Formulas: WWRP/WGNE Joint Working Group on Forecast Verification Research,
https://www.cawcr.gov.au/projects/verification/.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contingency:
    """How often it was forecast and happened, forecast only, happened only, and neither.

    `correct_negatives` is None where non-events cannot be counted, as for
    warnings; the scores that need it are then NaN.

    Examples
    --------
    >>> table = Contingency(hits=82, false_alarms=38, misses=23, correct_negatives=222)
    >>> round(table.pod, 2), round(table.far, 2), round(table.csi, 2)
    (0.78, 0.32, 0.57)
    """

    hits: int
    false_alarms: int
    misses: int
    correct_negatives: int | None = None

    @property
    def pod(self) -> float:
        """Probability of detection: share of the events that were forecast."""
        return _ratio(self.hits, self.hits + self.misses)

    @property
    def far(self) -> float:
        """False alarm ratio: share of the forecasts without an event."""
        return _ratio(self.false_alarms, self.hits + self.false_alarms)

    @property
    def pofd(self) -> float:
        """Probability of false detection: share of the non-events that were forecast."""
        return _ratio(self.false_alarms, self.false_alarms + self._negatives)

    @property
    def csi(self) -> float:
        """Critical success index."""
        return _ratio(self.hits, self.hits + self.misses + self.false_alarms)

    @property
    def bias(self) -> float:
        """Frequency bias: forecasts per event."""
        return _ratio(self.hits + self.false_alarms, self.hits + self.misses)

    @property
    def ets(self) -> float:
        """Equitable threat score: CSI without the hits of chance."""
        forecasts, events = self.hits + self.false_alarms, self.hits + self.misses
        n = self.hits + self.false_alarms + self.misses + self._negatives
        by_chance = _ratio(forecasts * events, n)
        return _ratio(self.hits - by_chance, self.hits + self.misses + self.false_alarms - by_chance)

    @property
    def hk(self) -> float:
        """Hanssen and Kuipers discriminant: POD less POFD."""
        return self.pod - self.pofd

    @property
    def hss(self) -> float:
        """Heidke skill score: share of right forecasts beyond chance."""
        a, b, c, d = self.hits, self.false_alarms, self.misses, self._negatives
        return _ratio(2 * (a * d - b * c), (a + c) * (c + d) + (a + b) * (b + d))

    @property
    def _negatives(self) -> float:
        return math.nan if self.correct_negatives is None else self.correct_negatives


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan
