"""What the rules of a network ask of its stations, all together: what nobody asks for is not kept."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from warnstream.assessment.rule_checks import has_no_number
from warnstream.hazards.expected.asking import asked_for_transfer
from warnstream.hazards.expected.chances import durations_of
from warnstream.hazards.registry import needs_of
from warnstream.hazards.sources import NO_STATIONS, Needs
from warnstream.model.arrays import BoolArray, Float64Array, Int32Array, Int64Array
from warnstream.model.observations.readings import Variable
from warnstream.model.rules.policies import TransferAhead
from warnstream.model.rules.rules import HazardRule
from warnstream.model.runs.model_run import FAR_STEP_S
from warnstream.windows.antecedent import AntecedentPlan
from warnstream.windows.sensor_series import Series

STAGE_MARGIN = 0.5
STAGE_MARGIN_M_MIN = 1.0
"""So much beyond a gauge's range, as a share of it and in metres, a stage is over another datum."""

BELOW_THRESHOLDS_M, ABOVE_THRESHOLDS_M = 100.0, 30.0
"""How far a stage may be below a gauge's lowest threshold (a reservoir drawn down) and above its highest (the
Ahr rose 7 m above all that had been measured in 2021), where no table of gauges says better."""

USUAL_STAGE_M = 10.0
"""So near to what is known of a gauge no number is an error value."""


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    """What the assessment of some villages must know of all of them to find what that of all finds.

    Thresholds of *any* village say which stages a gauge can have, and what is kept of it.

    Attributes
    ----------
    needs : tuple of Needs
        What each rule reads for any village.
    numberless : frozenset of str
        Rules without any number (`has_no_number`): they fail everywhere. One that has numbers only
        for villages that are not here is silent here, and does not fail.
    grid_points : Int64Array or None
        Points of frames of grids that are those of the villages here; None: all (`Grids`).
    """

    needs: tuple[Needs, ...]
    numberless: frozenset[str]
    grid_points: Int64Array | None = None


def whole_of(rules: Sequence[HazardRule], transfer: TransferAhead | None = None) -> Whole:
    """What rules over all villages ask for, and the hour of a transfer."""
    numberless = frozenset(rule.name for rule in rules if has_no_number(rule.thresholds))
    needs = [needs_of(rule) for rule in rules]
    if transfer is not None:
        over_s = durations_of([asked_for_transfer(transfer)], FAR_STEP_S)
        needs.append(Needs(reads_rain=True, duration_s=frozenset(over_s)))
    return Whole(tuple(needs), numberless)


def check_leads(needs: Sequence[Needs], leads_s: tuple[int, ...]) -> None:
    """Refuse rules that name leads which the forecast does not have; without a forecast nothing is known.

    Raises
    ------
    ValueError
        Such a term would never hold, and nobody would know.
    """
    missing = set[int]().union(*(need.leads_s for need in needs)) - set(leads_s)
    if leads_s and missing:
        raise ValueError(
            f"rules read what is expected in {sorted(missing)} s; the forecast says it for {list(leads_s)} s"
        )


def sensors_of(needs: Sequence[Needs]) -> tuple[Int32Array, dict[Variable, Series]]:
    """Stations whose samples are kept, ascending, and of each variable how many how close together."""
    stations = [series.station for need in needs for series in need.series]
    kept: dict[Variable, Series] = {}
    for series in (series for need in needs for series in need.series):
        before = kept.get(series.variable, Series(series.samples, series.spacing_s))
        kept[series.variable] = Series(
            max(before.samples, series.samples), min(before.spacing_s, series.spacing_s)
        )
    return np.unique(np.concatenate([NO_STATIONS, *stations])), dict(sorted(kept.items()))


def known_stages_m(needs: Sequence[Needs], n_stations: int) -> tuple[Float64Array, BoolArray]:
    """Stages that each gauge is known to have, shape (n_stations, 2), and where a table of gauges says so.

    Without such a table they reach from the gauge's lowest threshold to its highest; NaN where it has none.
    """
    known_m: Float64Array = np.full((n_stations, 2), np.nan)
    for need in needs:
        for gauge, (lowest_m, highest_m) in need.threshold_range_m.items():
            known_m[gauge] = np.fmin(known_m[gauge, 0], lowest_m), np.fmax(known_m[gauge, 1], highest_m)
    is_told = np.zeros(n_stations, dtype=np.bool_)
    for need in needs:
        for gauge, told_m in need.stage_range_m.items():
            known_m[gauge], is_told[gauge] = told_m, True
    return known_m, is_told


def stage_range_m(known_m: Float64Array, is_told: BoolArray) -> Float64Array:
    """Stages that a gauge can have over its datum, shape (n_stations, 2).

    A flood beyond all experience must pass, another datum and a number that is none must not: half the range
    more on either side where a table of gauges gives it, else far below the lowest threshold, for low
    water, and well above the highest.
    """
    low_m, high_m = known_m.T
    margin_m = np.maximum((high_m - low_m) * STAGE_MARGIN, STAGE_MARGIN_M_MIN)
    below_m = np.where(is_told, margin_m, BELOW_THRESHOLDS_M)
    above_m = np.where(is_told, margin_m, np.maximum(margin_m, ABOVE_THRESHOLDS_M))
    found = np.stack([low_m - below_m, high_m + above_m], axis=1)
    return np.where(np.isnan(found), [-np.inf, np.inf], found)


def noon_of(needs: Sequence[Needs]) -> int | None:
    """The noon of whose fire weather somebody asks; None if nobody does."""
    return next((need.noon_s for need in needs if need.noon_s is not None), None)


def antecedent_plan(needs: Sequence[Needs]) -> AntecedentPlan | None:
    """What the rules ask of earlier rain; None if they ask nothing."""
    asking = [need for need in needs if need.earlier_rain]
    if not asking:
        return None
    half_life_s = set[int]().union(*(rule.half_life_s for rule in asking))
    api_ratio = set[float]().union(*(rule.api_ratio for rule in asking))
    dry_gap_s = set[int]().union(*(rule.dry_gap_s for rule in asking))
    return AntecedentPlan(tuple(sorted(half_life_s)), tuple(sorted(api_ratio)), tuple(sorted(dry_gap_s)))
