"""Regions whose truth is known: storms drawn at random, and the thresholds that bring one alarm a year."""

import numpy as np

from warnstream.model.rules.rules import DowngradePolicy
from warnstream.model.times import DAY_S, HOUR_S, fixed_zone
from warnstream.review.suggest.suggestion import Ask, Place
from warnstream.review.suggest.sums import VillageRain, year_begins_s

UTC = fixed_zone(0)
LOWERING = DowngradePolicy(clear_ratio=0.8, hold_s=1800, active_s_min=3600, coverage_min=0.8)
ASK = Ask(1.0, LOWERING, UTC)
SCALE_MM, BASE_MM = 9.0, 15.0


def village(random: np.random.Generator, base_rate: float, first: int, n_years: int) -> VillageRain:
    """Storms at random with exponential peaks: at x mm there are base_rate * exp(-(x - 15) / 9) a year."""
    begin_s, end_s = year_begins_s(first, UTC), year_begins_s(first + n_years, UTC)
    n = random.poisson(base_rate * n_years)
    days = random.choice((end_s - begin_s) // DAY_S, size=min(n, 300 * n_years), replace=False)
    at_s = np.sort(begin_s + days * DAY_S)
    peaks = BASE_MM + random.exponential(SCALE_MM, len(at_s))
    times = np.stack([at_s, at_s + HOUR_S], axis=1).ravel()
    sums = np.stack([peaks, np.zeros(len(peaks))], axis=1).ravel()
    return VillageRain(times, sums, {first + number: 1.0 for number in range(n_years)})


def places(seed: int, n_villages: int, n_years: int, apart: float = 0.3) -> tuple[list[Place], list[float]]:
    """Villages of one region, and the thresholds that truly bring one alarm a year."""
    random = np.random.default_rng(seed)
    rates = random.gamma(1 / apart**2, 12.0 * apart**2, n_villages)
    found = [
        Place(f"V{number}", "", village(random, rate, 1990, n_years), 40.0)
        for number, rate in enumerate(rates)
    ]
    return found, [BASE_MM + SCALE_MM * float(np.log(rate)) for rate in rates]
