"""What the stations mean for villages: rain over every duration, soil water, rain that is coming."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from warnstream.assessment.station_rain import Windows
from warnstream.assessment.stations import StationState
from warnstream.forecast.source import ForecastSource
from warnstream.model.arrays import Arrays, BoolArray, Float64Array, Int32Array, Int64Array, rows_where
from warnstream.model.errors import describe
from warnstream.model.forecast import RainAhead
from warnstream.model.network import StationWeights
from warnstream.model.observations.station_quality import StationNeighbours
from warnstream.model.rules.indicators import VillageAntecedent, VillageRain
from warnstream.model.rules.some_places import RainMoved
from warnstream.model.times import DAY_S, HOUR_S, NEVER_DUE_S
from warnstream.villages.combine import (
    Combined,
    by_column,
    combine,
    combine_again,
    greatest,
    touched,
    weighted_mean,
)
from warnstream.villages.zones import any_of_places
from warnstream.windows.antecedent import AntecedentPlan, AntecedentRain
from warnstream.windows.soil_water import STEP_S, soil_water_ahead

_MOST = 0.125
"""Where the rain of more than that share of the places moves, all are worked out.

Each rule cuts its table and copies what it found before: with twenty rules a half of the places costs 1.6 to
1.8 times as much as all of them, an eighth no more.
"""

_LEADS_BEFORE_S = (HOUR_S, 2 * HOUR_S, 3 * HOUR_S)
"""Leads in snapshots that do not say which: there were no others."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Which stations speak for a village, which when those are silent, and which are near each other.

    Without `neighbours` no gauge is compared with another. A village that hears
    less than `heard_min` of its own stations, by weight, is partly blind.
    """

    own: StationWeights
    fallback: StationWeights
    neighbours: StationNeighbours | None = None
    heard_min: float = 0.5

    def of_places(self, places: Int64Array) -> "Weights":
        """Those of some places; gauges are compared with all their neighbours as before."""
        return replace(self, own=self.own.of_places(places), fallback=self.fallback.of_places(places))


@dataclass(frozen=True, slots=True)
class GaugeAvailability:
    """How much of its own gauges each village hears; all of shape (n_villages,), of places (n_places,).

    Attributes
    ----------
    heard : Float64Array
        Share by weight of the village's stations that report and measure, 0 to 1.
    is_blind, is_partly_blind : BoolArray
        Nothing is heard; something, but less than the least that is asked for.
    """

    heard: Float64Array
    is_blind: BoolArray
    is_partly_blind: BoolArray

    def of_villages(self, first_of_village: Int32Array) -> "GaugeAvailability":
        """Villages by their places: as blind as the blindest zone, which may be the bad one."""
        if len(self.heard) == len(first_of_village) - 1:  # nobody is divided
            return self
        is_blind = any_of_places(self.is_blind, first_of_village)
        is_partly_blind = any_of_places(self.is_partly_blind, first_of_village) & ~is_blind
        return GaugeAvailability(
            np.minimum.reduceat(self.heard, first_of_village[:-1]), is_blind, is_partly_blind
        )


@dataclass(frozen=True, slots=True)
class _LastRain:
    """The rain of the villages as it was worked out last, and from what."""

    windows: Windows
    ahead_mm: Float64Array
    is_usable: BoolArray
    combined: Combined
    rain: VillageRain
    sight: GaugeAvailability


class VillageState:
    """Rain of villages; remembers the last nowcast and the last soil water.

    What it hands out stands until its sources change, and nobody may change it.

    Parameters
    ----------
    n_places : int
        Zones of divided villages and the other villages themselves (`warnstream.model.network.Places`).
    weights : Weights
    nowcast : ForecastSource or None
        None: no forecast is made.

    Raises
    ------
    ValueError
        If the leads of the forecast are not ascending whole steps of ten minutes.

    Attributes
    ----------
    leads_s : tuple of int
        Of the forecast; empty without one.
    moved : RainMoved or None
        Where the rain that was worked out last differs from the one before; None: nobody knows.
    """

    def __init__(
        self,
        n_places: int,
        weights: Weights,
        nowcast: ForecastSource | None,
    ) -> None:
        self._weights = replace(weights, own=by_column(weights.own), fallback=by_column(weights.fallback))
        self._nowcast = nowcast
        self.leads_s = leads_of(nowcast)
        self._nowcast_at_s, self._nowcast_failure = -DAY_S, ""
        self._ahead_mm: Float64Array = np.full((n_places, len(self.leads_s)), np.nan)
        self._rain: _LastRain | None = None
        self.moved: RainMoved | None = None
        self._antecedent: tuple[tuple[int, int, bytes, bytes], VillageAntecedent] | None = None

    @property
    def own_weights(self) -> StationWeights:
        """Which stations speak for each place while all of them report."""
        return self._weights.own

    @property
    def nowcast_due_s(self) -> int:
        """When the next nowcast is made; the greatest number without one."""
        return NEVER_DUE_S if self._nowcast is None else self._nowcast_at_s + self._nowcast.every_s

    def update_nowcast(
        self, stations: StationState, excluded: BoolArray, now_s: int, failures: dict[str, str]
    ) -> RainAhead | None:
        """A nowcast when one is due; a failing one is no rain known ahead.

        It is reported until one has been made again, not only in the step in which it was due: an alarm would
        come and go with every one. Gauges that are excluded have no part in it: their zeros would thin out
        the rain around them.
        """
        if self._nowcast is None:
            return None
        forecast = None
        if now_s - self._nowcast_at_s >= self._nowcast.every_s:
            self._nowcast_at_s, self._nowcast_failure = now_s, ""
            forecast = self._made(self._nowcast, stations, excluded, now_s)
        if self._nowcast_failure:
            failures["forecast"] = self._nowcast_failure
        return forecast

    def _made(
        self, nowcast: ForecastSource, stations: StationState, excluded: BoolArray, now_s: int
    ) -> RainAhead | None:
        """A nowcast; None where it fails."""
        try:
            frames = stations.rain.frames(nowcast.frames_wanted, nowcast.frame_s, now_s)
            frames[:, excluded] = np.nan
            forecast = nowcast.rain_ahead(frames)
            _check_shape(forecast, self._ahead_mm)
        except Exception as error:  # noqa: BLE001  # the nowcast failing must not silence the observed rain
            self._nowcast_failure = describe(error)
            self._ahead_mm = np.full_like(self._ahead_mm, np.nan)
            return None
        self._ahead_mm = forecast.rain_mm
        return forecast

    def rain(
        self, stations: StationState, is_usable: BoolArray, now_s: int
    ) -> tuple[VillageRain, GaugeAvailability]:
        """Rain of every village over every duration as of now, and how much of its gauges it hears.

        A clogged gauge is silent, not dry. The same objects while nothing changes.
        """
        windows, last = stations.windows(now_s), self._rain
        stands = (
            last is not None and last.ahead_mm is self._ahead_mm and np.array_equal(last.is_usable, is_usable)
        )
        if last is None or not stands:
            self._rain = last = self._work_out(stations.duration_s, windows, is_usable)
        elif last.windows is not windows:
            self._rain = last = self._go_on(last, windows) or self._work_out(
                stations.duration_s, windows, is_usable
            )
        return last.rain, last.sight

    def antecedent(
        self, stations: StationState, rain: VillageRain, is_usable: BoolArray, excluded: BoolArray
    ) -> VillageAntecedent | None:
        """Soil water and its kin by the weights that the rain of the villages has; None if nobody asks.

        They change every ten minutes, with a nowcast, or when a station falls
        silent or is found clogged; in between the last ones stand. Of a step whose rain could not be worked
        out nothing is kept: it would stand for ten minutes.
        """
        if stations.antecedent is None or stations.plan is None:
            return None
        if rain.ahead_mm is not self._ahead_mm:  # not what `rain` has found
            return combine_antecedent(stations.antecedent, stations.plan, rain, excluded=excluded)
        key = (stations.antecedent.version, self._nowcast_at_s, is_usable.tobytes(), excluded.tobytes())
        if self._antecedent is None or self._antecedent[0] != key:
            found = combine_antecedent(stations.antecedent, stations.plan, rain, excluded=excluded)
            self._antecedent = key, found
        return self._antecedent[1]

    def snapshot(self) -> Arrays:
        """State as arrays."""
        return {
            "nowcast_at_s": np.array([self._nowcast_at_s], dtype=np.int64),
            "ahead_mm": self._ahead_mm.copy(),
            "leads_s": np.array(self.leads_s, dtype=np.int64),
        }

    def restore(self, state: Arrays) -> None:
        """Take up a snapshot of a network of the same size; a forecast of other leads is made anew."""
        leads_s = tuple(state["leads_s"].tolist()) if "leads_s" in state else _LEADS_BEFORE_S
        if leads_s == self.leads_s:
            self._nowcast_at_s = int(state["nowcast_at_s"][0])
            self._ahead_mm = state["ahead_mm"].copy()
        else:
            self._nowcast_at_s, self._ahead_mm = -DAY_S, np.full_like(self._ahead_mm, np.nan)
        self._rain = self._antecedent = self.moved = None

    def _work_out(self, duration_s: Int32Array, windows: Windows, is_usable: BoolArray) -> _LastRain:
        """Rain of all places."""
        combined = combine(
            self._weights.own,
            self._weights.fallback,
            windows.rain_mm,
            windows.coverage,
            is_usable,
            unmeasured=windows.unmeasured,
        )
        heard, is_blind = combined.heard, combined.is_blind
        rain = VillageRain(
            duration_s=duration_s,
            rain_mm=combined.rain_mm,
            coverage=combined.coverage,
            is_blind=is_blind,
            ahead_mm=self._ahead_mm,
            station_rain_mm=windows.rain_mm,
            weights=combined.weights,
            day_windows=() if windows.days is None else windows.days.windows,
            today_s=0 if windows.days is None else windows.days.today_s,
            leads_s=self.leads_s,
        )
        sight = GaugeAvailability(heard, is_blind, ~is_blind & (heard < self._weights.heard_min))
        self.moved = None
        return _LastRain(windows, self._ahead_mm, is_usable, combined, rain, sight)

    def _go_on(self, last: _LastRain, windows: Windows) -> _LastRain | None:
        """The last rain, and that of the places that hear a changed station; None where those are many."""
        # Invariant: the same bits as `_work_out`, tested side by side. Why compared here: windows do not say
        # what has moved in them, and a comparison of all sums takes a hundredth of a step.
        changed = windows.changed_since(last.windows)
        if changed is None:
            return None
        if not changed.any():
            return replace(last, windows=windows)
        station, own, used = rows_where(changed), self._weights.own, last.combined.weights
        hears = touched(own, station, len(changed))
        if used is not own:  # some are blind, and farther stations speak for them
            hears |= touched(used, station, len(changed))
        places = rows_where(hears)
        if len(places) > _MOST * len(hears):
            return None
        combined = combine_again(
            last.combined, own, places, windows.rain_mm, windows.coverage, windows.unmeasured
        )
        rain = replace(
            last.rain,
            rain_mm=combined.rain_mm,
            coverage=combined.coverage,
            station_rain_mm=windows.rain_mm,
        )
        self.moved = RainMoved(last.rain, rain, places)
        return replace(last, windows=windows, combined=combined, rain=rain)


def _check_shape(forecast: RainAhead, before_mm: Float64Array) -> None:
    if forecast.rain_mm.shape != before_mm.shape:
        raise ValueError(f"a forecast of shape {forecast.rain_mm.shape}, expected {before_mm.shape}")


def leads_of(forecast: ForecastSource | None) -> tuple[int, ...]:
    """Leads of a forecast, checked; none without one.

    Raises
    ------
    ValueError
        If they are not ascending whole steps of those in which soil water looks ahead.
    """
    if forecast is None:
        return ()
    leads_s = forecast.leads_s
    steps_s = [after_s - before_s for before_s, after_s in pairwise((0, *leads_s))]
    if not steps_s or any(step_s <= 0 or step_s % STEP_S for step_s in steps_s):
        raise ValueError(f"leads of a forecast must be ascending whole steps of {STEP_S} s, got {leads_s}")
    return leads_s


def no_rain_known(
    stations: StationState, own: StationWeights, leads_s: tuple[int, ...]
) -> tuple[VillageRain, GaugeAvailability]:
    """Nothing is known of any place: every place is blind. For steps whose rain could not be worked out."""
    days = () if stations.days is None else stations.days.windows
    n_places, n_stations = len(own.station), len(stations.rain.last_observed_s)
    n_columns = len(stations.duration_s) + len(days)
    blind: BoolArray = np.ones(n_places, dtype=np.bool_)
    rain = VillageRain(
        duration_s=stations.duration_s,
        rain_mm=np.full((n_places, n_columns), np.nan),
        coverage=np.zeros((n_places, n_columns)),
        is_blind=blind,
        ahead_mm=np.full((n_places, len(leads_s)), np.nan),
        station_rain_mm=np.full((n_stations, n_columns), np.nan),
        weights=own,
        day_windows=days,
        leads_s=leads_s,
    )
    return rain, GaugeAvailability(np.zeros(n_places), blind, ~blind)


def no_antecedent_known(plan: AntecedentPlan | None, rain: VillageRain) -> VillageAntecedent | None:
    """Nothing is known of earlier rain; None if nobody asks."""
    if plan is None:
        return None
    n_places = len(rain.ahead_mm)
    unknown: Float64Array = np.full(n_places, np.nan)
    return VillageAntecedent(
        soil_water_mm=unknown,
        soil_water_ahead_mm=np.full_like(rain.ahead_mm, np.nan),
        coverage=np.zeros(n_places),
        effective_mm=dict.fromkeys(plan.half_life_s, unknown),
        antecedent_mm=dict.fromkeys(plan.api_ratio, unknown),
        weighted_mm=unknown,
        event_mm=dict.fromkeys(plan.dry_gap_s, unknown),
        event_s=dict.fromkeys(plan.dry_gap_s, unknown),
    )


def combine_antecedent(
    stations: AntecedentRain,
    plan: AntecedentPlan,
    rain: VillageRain,
    *,
    excluded: BoolArray,
) -> VillageAntecedent:
    """States of villages; an excluded gauge dries none, and what it measured before still wets them."""
    states = stations.states()
    columns: Float64Array = np.vstack(
        [
            states.tanks_mm,
            states.effective_mm,
            states.antecedent_mm,
            states.weighted_mm[None],
            states.event_mm,
        ]
    ).T
    coverage = states.coverage[:, None]
    value, covered = weighted_mean(rain.weights, columns, coverage)
    if excluded.any():
        without, covered = weighted_mean(rain.weights, columns, np.where(excluded[:, None], 0.0, coverage))
        value = np.fmax(value, without)
    tanks_mm = value[:, :3].T
    n_lives, n_ratios = len(plan.half_life_s), len(plan.api_ratio)
    effective, api = value[:, 3:], value[:, 3 + n_lives :]
    event_mm = api[:, n_ratios + 1 :]
    return VillageAntecedent(
        soil_water_mm=tanks_mm.sum(axis=0),
        soil_water_ahead_mm=soil_water_ahead(tanks_mm, rain.ahead_mm, rain.leads_s),
        coverage=covered[:, 0],
        effective_mm={life: effective[:, index] for index, life in enumerate(plan.half_life_s)},
        antecedent_mm={ratio: api[:, index] for index, ratio in enumerate(plan.api_ratio)},
        weighted_mm=api[:, n_ratios],
        event_mm={gap: event_mm[:, index] for index, gap in enumerate(plan.dry_gap_s)},
        event_s={
            gap: greatest(rain.weights, states.event_s[index]) for index, gap in enumerate(plan.dry_gap_s)
        },
    )
