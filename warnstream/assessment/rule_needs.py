"""What the rules of a network ask of its stations, all together: what nobody asks for is not kept."""

from collections.abc import Sequence

import numpy as np

from warnstream.hazards.registry import needs_of
from warnstream.hazards.sources import NO_STATIONS, Needs
from warnstream.model.arrays import Float64Array, Int32Array
from warnstream.model.observations.readings import Variable
from warnstream.model.rules.rules import HazardRule
from warnstream.windows.antecedent import AntecedentPlan
from warnstream.windows.sensor_series import Series

STAGE_MARGIN = 0.5
STAGE_MARGIN_M_MIN = 1.0
"""So much beyond a gauge's range, as a share of it and in metres, a stage is over another datum."""


def needs_of_all(rules: Sequence[HazardRule]) -> tuple[Needs, ...]:
    """What each rule reads."""
    return tuple(needs_of(rule) for rule in rules)


def sensors_of(needs: Sequence[Needs]) -> tuple[Int32Array, dict[Variable, Series]]:
    """Stations whose samples are kept, ascending, and of each variable how many how close together."""
    stations = [series.station for one in needs for series in one.series]
    kept: dict[Variable, Series] = {}
    for series in (series for one in needs for series in one.series):
        before = kept.get(series.variable, Series(series.samples, series.spacing_s))
        kept[series.variable] = Series(
            max(before.samples, series.samples), min(before.spacing_s, series.spacing_s)
        )
    return np.unique(np.concatenate([NO_STATIONS, *stations])), dict(sorted(kept.items()))


def stage_range_m(needs: Sequence[Needs], n_stations: int) -> Float64Array:
    """Stages that a gauge can have over its datum, shape (n_stations, 2); half the range more on either side.

    A flood beyond all experience must pass, another datum must not.
    """
    found = np.tile([-np.inf, np.inf], (n_stations, 1))
    for one in needs:
        for gauge, (low_m, high_m) in one.stage_range_m.items():
            margin_m = max((high_m - low_m) * STAGE_MARGIN, STAGE_MARGIN_M_MIN)
            found[gauge] = low_m - margin_m, high_m + margin_m
    return found


def noon_of(needs: Sequence[Needs]) -> int | None:
    """The noon of whose fire weather somebody asks; None if nobody does."""
    return next((one.noon_s for one in needs if one.noon_s is not None), None)


def antecedent_plan(needs: Sequence[Needs]) -> AntecedentPlan | None:
    """What the rules ask of earlier rain; None if they ask nothing."""
    asking = [one for one in needs if one.earlier_rain]
    if not asking:
        return None
    half_life_s = set[int]().union(*(one.half_life_s for one in asking))
    api_ratio = set[float]().union(*(one.api_ratio for one in asking))
    dry_gap_s = set[int]().union(*(one.dry_gap_s for one in asking))
    return AntecedentPlan(tuple(sorted(half_life_s)), tuple(sorted(api_ratio)), tuple(sorted(dry_gap_s)))
