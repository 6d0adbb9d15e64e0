"""The table of coefficients: how probable an amount is within each lead, and members that say the same.

``P(A_j >= q) = 1 / (1 + exp(-(a_j + c_j ln q)))`` for the rain A_j of the next j minutes,
a and c linear in the features of a place (extended logistic regression, Wilks 2009). c is
kept below zero, so that more rain is never more probable. The bracket is then bent by a rising line through
`KNOTS`, fitted on storms left out: heavy rain ends sooner than the formula believes. Member k of K
is the amount of quantile ``(k - 1/2) / K``: the same quantiles at every cycle, so nothing flickers.
"""

from dataclasses import dataclass, field

import numpy as np

from warnstream.forecast.chances.features import FEATURES, STEP_S
from warnstream.model.arrays import Float32Array, Float64Array

N_MEMBERS = 48
LEADS = 12
"""Steps of 15 minutes, three hours in all."""
SLOPE_MAX = -0.3
"""c is at most that."""
KNOTS = (-6.0, -4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0, 6.0)
"""Of the bracket; beyond the outer ones the line goes on with slope 1."""
RISE_MIN = 0.02
"""Least rise of the bent line from knot to knot."""
AMOUNT_MM_MAX = 1_000.0
"""No member brings more: the greatest rain of three hours ever measured is about 700 mm."""


@dataclass(frozen=True, slots=True)
class ChanceTable:
    """Coefficients fitted on an archive.

    Attributes
    ----------
    a, c : Float64Array, shape (LEADS, n_features)
    bent : Float64Array, shape (LEADS, n_knots)
        What the bracket becomes at each of `KNOTS`; rising.
    calibrated_on : str
        The record, its gauges and years.
    box : (float, float, float, float)
        South, west, north and east of the gauges that it was fitted on, degrees.
    digest : str
        Of all numbers: two tables with one digest are one table.
    """

    a: Float64Array = field(repr=False, compare=False)
    c: Float64Array = field(repr=False, compare=False)
    bent: Float64Array = field(repr=False, compare=False)
    calibrated_on: str
    box: tuple[float, float, float, float]
    digest: str

    def __post_init__(self) -> None:
        wanted = (LEADS, len(FEATURES))
        if self.a.shape != wanted or self.c.shape != wanted:
            raise ValueError(
                f"expected coefficients of shape {wanted}, got {self.a.shape} and {self.c.shape}"
            )

    def holds_at(self, latitude: float, longitude: float) -> bool:
        """Whether a point lies where the table was fitted."""
        south, west, north, east = self.box
        return south <= latitude <= north and west <= longitude <= east

    def terms(self, features: Float64Array) -> tuple[Float64Array, Float64Array]:
        """A and c of every lead and place, shape (LEADS, n_places); NaN where features are."""
        return self.a @ features.T, np.minimum(self.c @ features.T, SLOPE_MAX)

    def members(self, features: Float64Array) -> Float32Array:
        """Rain from now over each lead.

        Parameters
        ----------
        features : Float64Array, shape (n_places, n_features)

        Returns
        -------
        Float32Array, shape (N_MEMBERS, LEADS, n_places)
            Millimetres, ascending along members and leads; NaN where nothing is known.
        """
        a, c = self.terms(features)
        quantile = (np.arange(N_MEMBERS) + 0.5) / N_MEMBERS
        bracket = np.stack([unbend(np.log((1.0 - quantile) / quantile), bent) for bent in self.bent], axis=1)
        log_mm = (bracket[:, :, None] - a) / c
        amount = np.exp(np.minimum(log_mm, np.log(AMOUNT_MM_MAX)))
        return np.asarray(np.maximum.accumulate(amount, axis=1), dtype=np.float32)


def bend(bracket: Float64Array, bent: Float64Array) -> Float64Array:
    """The bracket as storms left out have bent it; `bent` are its values at `KNOTS`."""
    return _line(bracket, np.array(KNOTS), bent)


def unbend(logit: Float64Array, bent: Float64Array) -> Float64Array:
    """The bracket that `bend` makes a logit of."""
    return _line(logit, bent, np.array(KNOTS))


def _line(x: Float64Array, at: Float64Array, value: Float64Array) -> Float64Array:
    """A line through points, beyond the outer ones with slope 1."""
    inside = np.interp(x, at, value)
    return np.asarray(inside + np.minimum(x - at[0], 0.0) + np.maximum(x - at[-1], 0.0))


LEAD_MINUTES = tuple((lead + 1) * STEP_S // 60 for lead in range(LEADS))
