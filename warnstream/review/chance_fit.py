"""Fits the table of probabilities on an archive of gauges: extended logistic regression by Newton's method.

Cases are all pairs of quarter hour and gauge while some gauge has had `ACTIVE_MM` in the
last hour. For each lead one model covers all amounts, ``logit P(A_j >= q) = a_j + c_j ln q``
with a and c linear in the features, so it is fitted on `AMOUNTS_MM` at once; its Hessian needs three
products of matrices. Then whole storms are left out in turn and their probabilities
compared with what came: a rising line through a few knots bends what the formula says, and goes into
the table. Wilks (2009), Meteorol. Appl. 16, 361-368.

Nine years of 33 gauges (840,000 cases) take about a minute, five times left out four more.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from warnstream.forecast.chances.features import FEATURES, STEP_S, STEPS, GaugeSums, PlaceFeatures
from warnstream.forecast.chances.table import KNOTS, LEADS, RISE_MIN, SLOPE_MAX, ChanceTable, bend
from warnstream.model.arrays import Float64Array, Int64Array
from warnstream.model.network import StationWeights
from warnstream.model.times import DAY_S

AMOUNTS_MM = (5.0, 10.0, 20.0, 30.0, 40.0, 60.0, 80.0)
ACTIVE_MM = 2.0
STORM_GAP_S = DAY_S
"""Active quarter hours farther apart belong to different storms."""
RIDGE = 1.0
SLOPE_GUESS = -1.5
ITERATIONS_MAX = 25
STEP_MIN = 1e-3
BINS = 480
SCALE_MIN = 1e-4
STORMS_MIN = 20
"""Fewer storms cannot be left out in turn, and one of them would be the whole record."""
OFF_MAX, OFF_CASES_MIN = 0.1, 500
"""A tenth with so many cases that is off by more makes a table that is not believed."""
CASES_MIN = 2_000
EVENTS_MIN = 50
"""So many cases of the lowest amount must have come: fewer say nothing."""
DECILES = np.linspace(0.0, 1.0, 11)
_LOG_MM = np.log(np.array(AMOUNTS_MM))

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class GaugeArchive:
    """Rain of a network in quarter hours.

    Attributes
    ----------
    rain_mm : Float64Array, shape (n_quarters, n_gauges)
        Row i ends at ``first_s + i * 900``; NaN: not reported.
    first_s : int
    xy_m : Float64Array, shape (n_gauges, 2)
    """

    rain_mm: Float64Array
    first_s: int
    xy_m: Float64Array

    def __post_init__(self) -> None:
        if self.rain_mm.ndim != 2 or self.rain_mm.shape[1] != len(self.xy_m):
            raise ValueError(f"rain of shape {self.rain_mm.shape} for {len(self.xy_m)} gauges")


@dataclass(frozen=True, slots=True)
class Decile:
    """Probabilities of one tenth that storms were given which the table had not seen, and what came."""

    lead_min: int
    n_cases: int
    said: float
    came: float


@dataclass(frozen=True, slots=True)
class ChanceFit:
    """What was fitted.

    Attributes
    ----------
    a, c : Float64Array, shape (LEADS, n_features)
    bent : Float64Array, shape (LEADS, n_knots)
        Fitted on storms left out, where that was asked for.
    n_cases, n_storms : int
    deciles : tuple of Decile
        Of storms left out, after calibration; empty without folds.
    """

    a: Float64Array
    c: Float64Array
    bent: Float64Array
    n_cases: int
    n_storms: int
    deciles: tuple[Decile, ...]

    def table(self, calibrated_on: str, box: tuple[float, float, float, float]) -> ChanceTable:
        """As a node reads it."""
        return ChanceTable(self.a, self.c, self.bent, calibrated_on, box, "")


class Sums:
    """Running sums of an archive: rain over any quarter hours at once."""

    def __init__(self, archive: GaugeArchive) -> None:
        rain_mm = archive.rain_mm
        nothing: Float64Array = np.zeros((1, rain_mm.shape[1]))
        known = ~np.isnan(rain_mm)
        self._known_now = known
        self._total = np.concatenate([nothing, np.nancumsum(rain_mm, axis=0)])
        self._count = np.concatenate([nothing, np.cumsum(known, axis=0)])

    def before(self, row: Int64Array, n_steps: int) -> Float64Array:
        """Rain of the quarter hours that end with each row, unknown ones as none, shape (n, n_gauges)."""
        return np.asarray(self._total[row + 1] - self._total[row + 1 - n_steps])

    def after(self, row: Int64Array, n_steps: int) -> Float64Array:
        """Rain of the quarter hours after each row; NaN where one is not known."""
        total = self._total[row + 1 + n_steps] - self._total[row + 1]
        count = self._count[row + 1 + n_steps] - self._count[row + 1]
        return np.where(count == n_steps, total, np.nan)

    def gauge_sums(self, row: Int64Array) -> GaugeSums:
        """As the features read them, shape (n, 4, n_gauges)."""
        found = []
        for n_steps in STEPS:
            count = self._count[row + 1] - self._count[row + 1 - n_steps]
            total = self.before(row, n_steps) * (n_steps / np.maximum(count, 1))
            found.append(np.where(self._known_now[row] & (2 * count >= n_steps), total, np.nan))
        return GaugeSums(np.stack(found, axis=1))


def active_rows(archive: GaugeArchive, sums: Sums, active_mm: float = ACTIVE_MM) -> Int64Array:
    """Quarter hours with a past and a future in which some gauge has had that much in the last hour."""
    row = np.arange(STEPS[-1], len(archive.rain_mm) - LEADS - 1)
    return np.asarray(row[sums.before(row, 4).max(axis=1) >= active_mm])


def own_features(archive: GaugeArchive) -> PlaceFeatures:
    """Each gauge is a place that it alone speaks for."""
    n = len(archive.xy_m)
    own = StationWeights(np.arange(n, dtype=np.int32)[:, None], np.ones((n, 1)), np.zeros((n, 1)))
    return PlaceFeatures(archive.xy_m, archive.xy_m, own)


def fit_chances(
    archive: GaugeArchive, *, folds: int = 5, every: int = 1, say: Progress = lambda _text: None
) -> ChanceFit:
    """Fit the table.

    Parameters
    ----------
    archive : GaugeArchive
    folds : int
        Storms are left out in so many parts; 0 or 1: none are, and the table is not calibrated.
    every : int
        Take every so many-th active quarter hour: a quick look.
    say : callable, optional
        Takes a line of progress.

    Raises
    ------
    ValueError
        If the archive has too few cases.
    """
    sums = Sums(archive)
    row = active_rows(archive, sums)[::every]
    if len(row) == 0:
        raise ValueError(f"no hour of {ACTIVE_MM:g} mm at any gauge")
    features = own_features(archive).of(sums.gauge_sums(row), archive.first_s + row * STEP_S)
    storm = np.concatenate([[0], np.cumsum(np.diff(row) * STEP_S > STORM_GAP_S)])
    if storm[-1] + 1 < STORMS_MIN:
        raise ValueError(f"{storm[-1] + 1} storms: expected at least {STORMS_MIN}, take more years")
    is_whole = ~np.isnan(features).any(axis=-1)
    a, c = np.zeros((LEADS, len(FEATURES))), np.zeros((LEADS, len(FEATURES)))
    bent: Float64Array = np.tile(np.array(KNOTS), (LEADS, 1))
    deciles: list[Decile] = []
    start, n_cases = _guess(), 0
    for lead in range(LEADS):
        came = sums.after(row, lead + 1)
        case = is_whole & ~np.isnan(came)
        x, mm = features[case], came[case]
        fold = np.broadcast_to((storm % max(folds, 1))[:, None], case.shape)[case]
        n_cases = max(n_cases, len(mm))
        _check(mm, lead)
        start = newton(x, mm, start)
        a[lead], c[lead] = start[: len(FEATURES)], start[len(FEATURES) :]
        if folds > 1:
            bent[lead], found = _calibrate(x, mm, fold, start, lead)
            deciles += found
        say(f"{15 * (lead + 1)} min: {len(mm)} cases")
    _check_deciles(deciles)
    return ChanceFit(a, c, bent, n_cases, int(storm[-1]) + 1, tuple(deciles))


def newton(x: Float64Array, came_mm: Float64Array, start: Float64Array) -> Float64Array:
    """Coefficients of a, then of c, by Newton's method with a little ridge.

    Parameters
    ----------
    x : Float64Array, shape (n_cases, n_features)
    came_mm : Float64Array, shape (n_cases,)
    start : Float64Array, shape (2 * n_features,)
    """
    n = x.shape[1]
    theta, guess = start.copy(), _guess(n)
    reached = came_mm[:, None] >= np.array(AMOUNTS_MM)
    for _ in range(ITERATIONS_MAX):
        p = _probability(x, theta)
        miss, weight = reached - p, p * (1.0 - p)
        gradient = np.concatenate([x.T @ miss.sum(axis=1), x.T @ (miss @ _LOG_MM)]) - RIDGE * (theta - guess)
        parts = [(x * (weight @ power)[:, None]).T @ x for power in (_LOG_MM**0, _LOG_MM, _LOG_MM**2)]
        hessian = np.block([[parts[0], parts[1]], [parts[1], parts[2]]]) + RIDGE * np.eye(2 * n)
        step: Float64Array = np.asarray(np.linalg.solve(hessian, gradient), dtype=np.float64)
        scale = _shortened(x, reached, theta, step)
        theta += scale * step
        if scale * np.abs(step).max() < STEP_MIN:
            break
    return theta


def _shortened(x: Float64Array, reached: np.ndarray, theta: Float64Array, step: Float64Array) -> float:
    """How much of a step makes the fit better: of rare events a whole one may lead far away; 0: none."""
    before, scale = _likelihood(x, reached, theta), 1.0
    while scale > SCALE_MIN:
        if _likelihood(x, reached, theta + scale * step) >= before:
            return scale
        scale /= 2
    return 0.0


def _likelihood(x: Float64Array, reached: np.ndarray, theta: Float64Array) -> float:
    """Logarithm of the likelihood, less the ridge."""
    n = x.shape[1]
    logit = (x @ theta[:n])[:, None] + (x @ theta[n:])[:, None] * _LOG_MM
    away = theta - _guess(n)
    return float((reached * logit - np.logaddexp(0.0, logit)).sum() - 0.5 * RIDGE * (away @ away))


def reliability(said: Float64Array, came: np.ndarray, lead_min: int) -> Iterator[Decile]:
    """What was said against what came, by tenths of what was said."""
    tenth = np.clip(np.digitize(said, DECILES) - 1, 0, len(DECILES) - 2)
    for number in range(len(DECILES) - 1):
        own = tenth == number
        if own.any():
            yield Decile(lead_min, int(own.sum()), float(said[own].mean()), float(came[own].mean()))


def _calibrate(
    x: Float64Array, mm: Float64Array, fold: Int64Array, start: Float64Array, lead: int
) -> tuple[Float64Array, list[Decile]]:
    """What makes the probabilities of storms left out come true, and how they then do."""
    logit: Float64Array = np.zeros((len(mm), len(AMOUNTS_MM)))
    for number in np.unique(fold).tolist():
        own = fold == number
        theta = newton(x[~own], mm[~own], start)
        logit[own] = _logit(x[own], theta)
    reached = mm[:, None] >= np.array(AMOUNTS_MM)
    bent = bent_line(logit.ravel(), reached.ravel())
    said = 1.0 / (1.0 + np.exp(-np.clip(bend(logit.ravel(), bent), -30.0, 30.0)))
    return bent, list(reliability(said, reached.ravel(), 15 * (lead + 1)))


def bent_line(logit: Float64Array, came: np.ndarray) -> Float64Array:
    """Rising values at `KNOTS` that make logits come true: logistic regression on hats with a little ridge.

    Parameters
    ----------
    logit : Float64Array, shape (n,)
    came : array of bool, shape (n,)
    """
    knots = np.array(KNOTS)
    edges = np.linspace(knots[0], knots[-1], BINS + 1)
    number = np.clip(np.digitize(logit, edges) - 1, 0, BINS - 1)
    count = np.bincount(number, minlength=BINS).astype(np.float64)
    events = np.bincount(number, weights=came.astype(np.float64), minlength=BINS)
    middle = (edges[:-1] + edges[1:]) / 2
    hats = np.stack([np.interp(middle, knots, unit) for unit in np.eye(len(knots))], axis=1)
    at = knots.copy()
    for _ in range(ITERATIONS_MAX):
        p = 1.0 / (1.0 + np.exp(-np.clip(hats @ at, -30.0, 30.0)))
        gradient = hats.T @ (events - count * p) - RIDGE * (at - knots)
        hessian = (hats * (count * p * (1.0 - p))[:, None]).T @ hats + RIDGE * np.eye(len(knots))
        step = np.linalg.solve(hessian, gradient)
        at += np.clip(step, -1.0, 1.0)
        if np.abs(step).max() < STEP_MIN:
            break
    rise = RISE_MIN * np.arange(len(knots))
    return np.asarray(np.maximum.accumulate(at - rise) + rise)


def _logit(x: Float64Array, theta: Float64Array) -> Float64Array:
    n = x.shape[1]
    slope = np.minimum(x @ theta[n:], SLOPE_MAX)
    return np.asarray((x @ theta[:n])[:, None] + slope[:, None] * _LOG_MM)


def _probability(x: Float64Array, theta: Float64Array) -> Float64Array:
    n = x.shape[1]
    logit = (x @ theta[:n])[:, None] + (x @ theta[n:])[:, None] * _LOG_MM
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logit, -30.0, 30.0))))


def _guess(n: int = len(FEATURES)) -> Float64Array:
    """No feature matters, and twice the rain is a third as probable."""
    guess: Float64Array = np.zeros(2 * n)
    guess[n] = SLOPE_GUESS
    return guess


def _check_deciles(deciles: list[Decile]) -> None:
    for decile in deciles:
        if decile.n_cases >= OFF_CASES_MIN and abs(decile.said - decile.came) > OFF_MAX:
            raise ValueError(
                f"within {decile.lead_min} min {decile.said:.2f} was said of {decile.n_cases} cases of "
                f"storms left out, and {decile.came:.2f} came: the record does not carry such a table"
            )


def _check(mm: Float64Array, lead: int) -> None:
    events = int((mm >= AMOUNTS_MM[0]).sum())
    if len(mm) < CASES_MIN or events < EVENTS_MIN:
        raise ValueError(
            f"{len(mm)} cases within {15 * (lead + 1)} min, {events} of them with {AMOUNTS_MM[0]:g} mm: "
            f"expected at least {CASES_MIN} and {EVENTS_MIN}; take more years, or more gauges"
        )
