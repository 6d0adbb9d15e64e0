"""Rates of alarms of many villages, drawn together as far as their counts do not tell them apart.

Counts of a village are Poisson about its own rate, rates are gamma-distributed over the region. Mean and
variance of the rates are those of Bühlmann and Straub (Klugman, Panjer and Willmot, Loss Models,
semiparametric empirical Bayes estimation for Poisson counts): a village's own rate counts with
Z = T / (T + k), k = mean / variance. What is uncertain about mean and variance is drawn from whole years:
one storm warns many villages and a wet year all of them, so villages are not independent.

Limit: `DRAWS` x thresholds x `BLOCK` numbers at once (100 MB for 120 thresholds).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from warnstream.model.arrays import Float64Array, Int64Array

DRAWS, BLOCK = 400, 256
SEED = 1
RANGE = (0.05, 0.95)
"""The ranges told hold 90 %."""

CALENDAR_MIN = 4
"""Fewer years cannot be drawn from: the draw would be of the same few again and again."""


@dataclass(frozen=True, slots=True)
class Region:
    """Counts of one region.

    Attributes
    ----------
    counts : Int64Array, shape (n_thresholds, n_villages, n_years)
        Alarms that began, at each threshold.
    years : Float64Array, shape (n_villages, n_years)
        Years observed of each village in each calendar year, 0 to 1.
    """

    counts: Int64Array
    years: Float64Array


@dataclass(frozen=True, slots=True)
class Rates:
    """What the counts say of each village's rate a year; all of shape (n_thresholds, n_villages).

    Attributes
    ----------
    mean, low, high : Float64Array
        Best guess and 90 % range; none of them rises with the threshold.
    keeps : Float64Array
        Chance that the rate is no more than the wish.
    own : Float64Array
        Counts over years of the village alone; NaN where it was never observed.
    weight : Float64Array, shape (n_thresholds,)
        How much of its own rate the median village keeps, 0 (all are alike) to 1 (each stands alone).
    pooled : Float64Array, shape (n_thresholds,)
        Rate of the region.
    """

    mean: Float64Array
    low: Float64Array
    high: Float64Array
    keeps: Float64Array
    own: Float64Array
    weight: Float64Array
    pooled: Float64Array


def credibility(count: Float64Array, years: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Mean of the rates and their variance between villages, by Bühlmann and Straub.

    Parameters
    ----------
    count, years : Float64Array, shape (..., n_villages)

    Returns
    -------
    (Float64Array, Float64Array), shape (...)
        The variance is 0 where the counts differ by no more than chance; both are 0 without any year.

    Examples
    --------
    Numbers of claims of 1,875 insured, as in Loss Models: mean 0.194, variance 0.032.

    >>> claims = np.repeat([0.0, 1.0, 2.0, 3.0, 4.0], [1563, 271, 32, 7, 2])
    >>> mean, variance = credibility(claims, np.ones(1875))
    >>> round(float(mean), 3), round(float(variance), 3)
    (0.194, 0.032)
    """
    total = years.sum(axis=-1)
    safe = np.where(total > 0, total, 1.0)
    mean = count.sum(axis=-1) / safe
    rate = np.divide(count, years, out=np.zeros_like(count), where=years > 0)
    spread = (years * (rate - mean[..., None]) ** 2).sum(axis=-1)
    n_seen = (years > 0).sum(axis=-1)
    room = total - (years**2).sum(axis=-1) / safe
    between = (spread - (n_seen - 1) * mean) / np.where(room > 0, room, 1.0)
    return mean, np.where(room > 0, np.maximum(between, 0.0), 0.0)


def rates_of(region: Region, wish: float) -> Rates:
    """Rates of every village at every threshold.

    Parameters
    ----------
    region : Region
        At least one village and one year observed.
    wish : float
        Alarms a year.
    """
    count = region.counts.sum(axis=2).astype(np.float64)
    years = region.years.sum(axis=1)
    low, high, keeps = (np.empty_like(count) for _ in range(3))
    for some, drawn in _blocks(region):
        low[:, some], high[:, some] = np.quantile(drawn, RANGE, axis=0)
        keeps[:, some] = (drawn <= wish).mean(axis=0)
    mean, variance = credibility(count, np.broadcast_to(years, count.shape))
    weight = _weight(mean[:, None], variance[:, None], years)
    own = np.divide(count, years, out=np.full_like(count, np.nan), where=years > 0)
    best = weight * np.nan_to_num(own) + (1 - weight) * mean[:, None]
    return Rates(
        mean=_falling(best),
        low=_falling(low),
        high=_falling(high),
        keeps=keeps,
        own=own,
        weight=np.median(weight, axis=1),
        pooled=mean,
    )


def _blocks(region: Region) -> Iterator[tuple[slice, Float64Array]]:
    """Some villages after the other, with their rates as they may be: (draws, thresholds, villages).

    Each draw takes mean and variance from years drawn with replacement, the same for every block, then each
    village's rate given its own counts. The same every time.
    """
    count = region.counts.sum(axis=2).astype(np.float64)
    years = region.years.sum(axis=1)
    priors = _priors(region)
    random = np.random.default_rng(SEED)
    for first in range(0, len(years), BLOCK):
        some = slice(first, first + BLOCK)
        yield some, _draw(random, priors, count[:, some], years[some])


def _priors(region: Region) -> tuple[Float64Array, Float64Array]:
    """Mean and variance of the rates as they may be, shape (draws, thresholds, 1) each."""
    random = np.random.default_rng(SEED + 1)
    n_thresholds, _, n_years = region.counts.shape
    mean, variance = np.empty((DRAWS, n_thresholds, 1)), np.empty((DRAWS, n_thresholds, 1))
    for number in range(DRAWS):
        times = np.bincount(random.integers(0, n_years, n_years), minlength=n_years).astype(np.float64)
        some = region.counts @ times
        found = credibility(some, np.broadcast_to(region.years @ times, some.shape))
        mean[number, :, 0], variance[number, :, 0] = found
    return mean, variance


def _draw(
    random: np.random.Generator,
    prior: tuple[Float64Array, Float64Array],
    count: Float64Array,
    years: Float64Array,
) -> Float64Array:
    """One rate of each village; those that are all alike have the mean."""
    mean, variance = prior
    is_apart = (variance > 0) & (mean > 0)
    shape = np.divide(mean**2, variance, out=np.ones_like(mean), where=is_apart)
    inverse = np.divide(mean, variance, out=np.ones_like(mean), where=is_apart)
    rate = random.gamma(shape + count) / (inverse + years)
    return np.where(is_apart, rate, mean)


def predicted(region: Region, years: Float64Array) -> tuple[Int64Array, Int64Array]:
    """90 % ranges of counts of other years, shape (n_thresholds, n_villages) each.

    Parameters
    ----------
    region : Region
        What is known.
    years : Float64Array, shape (n_villages,)
        How long each village will be observed.
    """
    random = np.random.default_rng(SEED + 2)
    # A wet year is one for all villages: the years to come differ as those known did.
    factor = _wetness(region, random, float(np.median(years)) if len(years) else 0.0)
    low, high = (np.empty(region.counts.shape[:2], dtype=np.int64) for _ in range(2))
    for some, drawn in _blocks(region):
        counts = random.poisson(drawn * factor[:, :, None] * years[some])
        low[:, some], high[:, some] = np.quantile(counts, RANGE, axis=0, method="inverted_cdf")
    return low, high


def _wetness(region: Region, random: np.random.Generator, years: float) -> Float64Array:
    """How far a stretch of years is from the mean, drawn from the years known: (draws, n_thresholds)."""
    known = region.years.sum(axis=0)
    of_year = region.counts.sum(axis=1)  # thresholds, years
    n = max(round(years), 1)
    picked = random.integers(0, len(known), (DRAWS, n))
    count, seen = of_year[:, picked].sum(axis=2).T, known[picked].sum(axis=1)
    mean = of_year.sum(axis=1) / max(float(known.sum()), 1e-9)
    expected = mean[None, :] * seen[:, None]
    factor: Float64Array = np.divide(count, expected, out=np.ones_like(expected), where=expected > 0)
    return factor


def _weight(mean: Float64Array, variance: Float64Array, years: Float64Array) -> Float64Array:
    """Z = T / (T + k) of each village; 0 where all are alike."""
    needed = np.divide(mean, variance, out=np.full_like(mean, np.inf), where=variance > 0)
    return np.where(np.isfinite(needed), years / (years + np.where(np.isfinite(needed), needed, 1.0)), 0.0)


def _falling(rate: Float64Array) -> Float64Array:
    """No rate rises with the threshold: what a greater one brings, a smaller one brings too."""
    fallen: Float64Array = np.maximum.accumulate(rate[::-1], axis=0)[::-1]
    return fallen
