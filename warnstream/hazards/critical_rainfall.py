"""Critical rainfall (临界雨量): rain over any of several durations reaches a village's own values.

The rule of flash floods, and of sirens for rain-triggered landslides. Wet
ground makes less rain critical, in one of two ways:

- by class: dry, medium and wet ground have tables of their own (the usual
  limits are 0.5 and 0.8 of the greatest storage Wm of the antecedent rain);
- by guidance, in the manner of flash flood guidance: one table times a share
  that falls with the soil water along a line or a table of points.

Where nobody knows how wet the ground is, it counts as wet. Beside the level
there is a continuous score, the ratio of the rain to what is critical for the
highest level: skill rarely is best at a ratio of exactly 1, so a county sets
the ratio that served it (``critical_ratio``).
"""

from dataclasses import replace
from functools import reduce

import numpy as np

from warnstream.hazards import rain_table
from warnstream.hazards.sources import Needs
from warnstream.model.arrays import Float64Array, UInt8Array
from warnstream.model.rules.comparison import Comparison
from warnstream.model.rules.indicators import HazardLevels, VillageAntecedent, VillageRain
from warnstream.model.rules.rules import CriticalRain, HazardRule, Wetness

COVERAGE_MIN = 0.5
"""Share of the past that must have been observed; below it nobody knows how wet the ground is."""

DRY, MEDIUM, WET = 0, 1, 2


def needs(rule: HazardRule) -> Needs:
    """Rain over the durations of the table, and how wet the ground is where that matters."""
    table = rule.thresholds
    assert isinstance(table, CriticalRain)
    own = rain_table.needs(rule)
    if table.wetness is None:
        return own
    return replace(own, earlier_rain=True, api_ratio=frozenset({table.wetness.api_ratio} - {0.0}))


def reads_ground(rule: HazardRule) -> bool:
    """Whether its table depends on how wet the ground is."""
    table = rule.thresholds
    assert isinstance(table, CriticalRain)
    return table.wetness is not None


def evaluate(
    rule: HazardRule,
    rain: VillageRain,
    antecedent: VillageAntecedent | None = None,
    ahead: rain_table.Ahead = rain_table.NOTHING_AHEAD,
) -> HazardLevels:
    """Level of every place by critical rainfall.

    Parameters
    ----------
    rule : HazardRule
        With `CriticalRain` thresholds.
    rain : VillageRain
        Accumulations over at least what `rain_table.needs` asks for.
    antecedent : VillageAntecedent or None
        Needed where the thresholds depend on the wetness.
    ahead : rain_table.Ahead
    """
    table = table_now(rule, antecedent)
    rule = replace(rule, thresholds=table)
    return rain_table.evaluate_where(
        rule, rain, counts=None, ratio=ratio_to_critical(table, rain), ahead=ahead
    )


def compare(
    rule: HazardRule,
    rain: VillageRain,
    antecedent: VillageAntecedent | None,
    place: int,
    ahead: rain_table.Ahead = rain_table.NOTHING_AHEAD,
) -> list[Comparison]:
    """What `evaluate` compared at one place, with the critical rainfall of the ground as it is."""
    return rain_table.compare(replace(rule, thresholds=table_now(rule, antecedent)), rain, place, ahead=ahead)


def describe_ground(rule: HazardRule, antecedent: VillageAntecedent | None, place: int) -> str:
    """How wet the ground is at one place and what that makes of its table; empty if that is all one."""
    table = rule.thresholds
    assert isinstance(table, CriticalRain)
    wetness = table.wetness
    if wetness is None or antecedent is None:
        return ""
    ground_mm = ground_of(wetness, antecedent)[place : place + 1]
    source = f"antecedent rain (ratio {wetness.api_ratio:g})" if wetness.api_ratio else "soil water index"
    known = "not known, counts as wet" if np.isnan(ground_mm[0]) else f"{ground_mm[0]:.1f} mm"
    if wetness.dry_mm is not None:
        word = ("dry", "medium", "wet")[int(wetness_class(wetness, ground_mm)[0])]
        limits = f"medium from {wetness.limit_mm[0]:g}, wet from {wetness.limit_mm[1]:g} mm"
        return f"{source} {known}: {word} ground ({limits})"
    return f"{source} {known}: {share_of_table(wetness, ground_mm)[0]:.0%} of the table is critical"


def table_now(rule: HazardRule, antecedent: VillageAntecedent | None) -> CriticalRain:
    """The rule's table on the ground as it is."""
    table = rule.thresholds
    assert isinstance(table, CriticalRain)
    if table.wetness is None:
        return table
    assert antecedent is not None, "planned for from the rules"
    return replace(table, critical_mm=critical_now(table, table.wetness, antecedent))


def critical_now(table: CriticalRain, wetness: Wetness, antecedent: VillageAntecedent) -> Float64Array:
    """Critical rainfall on the ground as it is, shape (n_places, n_durations, 4)."""
    ground_mm = ground_of(wetness, antecedent)
    if wetness.dry_mm is not None and wetness.wet_mm is not None:
        is_class = wetness_class(wetness, ground_mm)[:, None, None]
        critical = np.where(is_class == DRY, wetness.dry_mm, table.critical_mm)
        return np.where(is_class == WET, wetness.wet_mm, critical)
    return np.asarray(table.critical_mm * share_of_table(wetness, ground_mm)[:, None, None])


def share_of_table(wetness: Wetness, ground_mm: Float64Array) -> Float64Array:
    """Share of the table that is critical by the guidance, same shape as `ground_mm`."""
    share = np.interp(ground_mm, wetness.guide_mm, wetness.guide_share)
    return np.where(np.isnan(ground_mm), wetness.guide_share[-1], share)


def ground_of(wetness: Wetness, antecedent: VillageAntecedent) -> Float64Array:
    """Water in the ground that the wetness is judged by, mm, shape (n_places,); NaN where nobody knows."""
    ratio = wetness.api_ratio
    ground_mm = antecedent.antecedent_mm[ratio] if ratio else antecedent.soil_water_mm
    return np.where(antecedent.coverage >= COVERAGE_MIN, ground_mm, np.nan)


def wetness_class(wetness: Wetness, ground_mm: Float64Array) -> UInt8Array:
    """0 dry, 1 medium, 2 wet, shape (n_places,).

    >>> limits = Wetness(0.84, (60.0, 96.0), None, None, np.zeros(0), np.zeros(0))
    >>> wetness_class(limits, np.array([0.0, 59.9, 60.0, 95.9, 96.0, np.nan]))
    array([0, 0, 1, 1, 2, 2], dtype=uint8)
    """
    medium, wet = wetness.limit_mm
    return np.where(ground_mm < medium, DRY, np.where(ground_mm < wet, MEDIUM, WET)).astype(np.uint8)


def ratio_to_critical(table: CriticalRain, rain: VillageRain) -> Float64Array:
    """Rain over critical rainfall of the highest level that has a value, the most of all durations.

    Returns
    -------
    Float64Array, shape (n_places,)
        NaN where no rain is known or no value is set.
    """
    ratios = [
        rain.over(duration_s) / table.highest_level_mm[:, column]
        for column, duration_s in enumerate(table.duration_s.tolist())
    ]
    return reduce(np.fmax, ratios) if ratios else np.full(len(rain.is_blind), np.nan)
