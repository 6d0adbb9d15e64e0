"""What a node knows now of its villages: rain so far and to come, what stands, how near the next is."""

from dataclasses import dataclass

import numpy as np

from warnstream.config.settings import Configuration
from warnstream.desk import WarningStatus
from warnstream.model.arrays import Float64Array
from warnstream.model.forecast import RainMembers
from warnstream.model.level import Level
from warnstream.model.times import HOUR_S
from warnstream.model.warning import MessageStatus
from warnstream.runners.bundles.beside import Beside, take_over

WINDOWS_S = (HOUR_S, 3 * HOUR_S, 24 * HOUR_S)
HIGH = 0.9


@dataclass(frozen=True, slots=True)
class ModelRain:
    """Rain of the coming hours by a weather model, of the worst zone of each village; NaN: not known."""

    model: str
    run_s: int
    hours: int
    median_mm: Float64Array
    high_mm: Float64Array


@dataclass(frozen=True, slots=True)
class Now:
    """As of one step; arrays by village.

    Attributes
    ----------
    now_s : int
    fallen_mm : dict of int to Float64Array
        By duration in seconds, as far as rules keep it; of the worst zone, NaN where nobody knows.
    ahead_mm : dict of int to Float64Array
        By lead of the nowcast; empty without one.
    model : ModelRain or None
    ratio, hazard : Float64Array, tuple of str
        Share of the thresholds of the highest level that has been reached, the most of all hazards, and of
        which; NaN and empty where no hazard tells.
    sight : tuple of int
        0: its own gauges are heard, 1: some, 2: none.
    standing : dict of int to list of WarningStatus
        By village, the worst first; of the node's own status.
    notes : list of str
        What of the state begins anew under this configuration.
    """

    now_s: int
    fallen_mm: dict[int, Float64Array]
    ahead_mm: dict[int, Float64Array]
    model: ModelRain | None
    ratio: Float64Array
    hazard: tuple[str, ...]
    sight: tuple[int, ...]
    standing: dict[int, list[WarningStatus]]
    notes: list[str]

    def worst(self, village: int) -> Level:
        """The level that people are under."""
        return max((warning.level for warning in self.standing.get(village, ())), default=Level.NONE)


def now_of(configuration: Configuration) -> Now:
    """Take over what the node has kept.

    Raises
    ------
    WarnstreamError
        If it has kept nothing yet, or that cannot be read.
    """
    beside = take_over(configuration, configuration.storage.directory)
    network, found = configuration.network, beside.step.assessment
    first = network.places.first_of_village[:-1]
    rain = found.rain

    def of_villages(of_places: Float64Array) -> Float64Array:
        worst: Float64Array = np.fmax.reduceat(of_places, first)
        return worst

    kept = rain.duration_s.tolist()
    ratio, hazard = _nearest(found.ratio, len(network.villages))
    partly = found.sight.is_partly_blind
    return Now(
        beside.now_s,
        {window: of_villages(rain.over(window)) for window in WINDOWS_S if window in kept},
        {lead: of_villages(rain.ahead_mm[:, column]) for column, lead in enumerate(rain.leads_s)},
        _of_model(beside.engine.assessment.far, first),
        ratio,
        hazard,
        tuple(np.where(found.sight.is_blind, 2, np.where(partly, 1, 0)).tolist()),
        _standing(beside, configuration.message.status, len(network.villages)),
        beside.notes,
    )


def _nearest(ratio: dict[str, Float64Array], n_villages: int) -> tuple[Float64Array, tuple[str, ...]]:
    names = sorted(ratio)
    if not names:
        return np.full(n_villages, np.nan), ("",) * n_villages
    known = np.stack([np.where(np.isfinite(ratio[name]), ratio[name], -1.0) for name in names])
    best, at = known.max(axis=0), known.argmax(axis=0)
    hazards = tuple(names[number] if share >= 0 else "" for number, share in zip(at, best, strict=True))
    return np.where(best >= 0, best, np.nan), hazards


def _of_model(members: RainMembers | None, first: np.ndarray) -> ModelRain | None:
    """The last step that the members reach anywhere."""
    if members is None or not np.isfinite(members.rain_mm).any():
        return None
    reached = np.flatnonzero(np.isfinite(members.rain_mm).any(axis=(0, 2)))
    step = int(reached[-1])
    rain_mm = members.rain_mm[:, step].astype(np.float64)
    is_known = np.isfinite(rain_mm).all(axis=0)
    filled = np.where(is_known, rain_mm, 0.0)
    median, high = (
        np.fmax.reduceat(np.where(is_known, np.quantile(filled, q, axis=0), np.nan), first)
        for q in (0.5, HIGH)
    )
    hours = round((step + 1) * members.step_s / HOUR_S)
    return ModelRain(members.model, members.run_s, hours, median, high)


def _standing(beside: Beside, status: MessageStatus, n_villages: int) -> dict[int, list[WarningStatus]]:
    desk = beside.engine.desk
    found: dict[int, list[WarningStatus]] = {}
    for warning in desk.open_warnings():
        last = desk.latest_message(warning.warning)
        if last is not None and last.status is status and warning.village < n_villages:
            found.setdefault(warning.village, []).append(warning)
    return found
