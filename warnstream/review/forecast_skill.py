"""How good the nowcast was in a replay: forecast against observed rain, by lead and threshold.

Each forecast waits until the hours that it looks ahead have been observed, then
counts once per village; leads that are not whole hours are not scored. Plain
persistence (the hour before goes on) is scored beside it on the same pairs: a
forecast that is no better has no skill. Villages without forecast or without a
complete observation do not count.

Memory: the forecasts of 3 hours, ``24 * n_villages`` bytes each (county, every 5 min: 5 MB).
"""

import math
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from warnstream.model.arrays import Float64Array, Int64Array
from warnstream.model.times import HOUR_S
from warnstream.review.scores import Contingency

THRESHOLDS_MM = (1.0, 5.0, 10.0, 20.0)

WET_MM = 0.1
"""A pair is wet if the forecast, persistence or the observation reaches that much; dry pairs tell nothing."""

_SCORES = ("pod", "far", "csi", "bias", "ets")


@dataclass(slots=True)
class _Waiting:
    """A forecast whose hours are still being observed."""

    made_at_s: int
    forecast_mm: Float64Array
    hour_before_mm: Float64Array
    observed_mm: Float64Array
    hours_observed: int = 0


@dataclass(slots=True)
class _Counts:
    """Sums over wet pairs for one way of forecasting; axes: lead, and threshold for the tables."""

    error_mm: Float64Array
    absolute_error_mm: Float64Array
    tables: Int64Array

    @classmethod
    def of(cls, n_leads: int) -> "_Counts":
        """Nothing yet."""
        tables = np.zeros((n_leads, len(THRESHOLDS_MM), 4), dtype=np.int64)
        return cls(np.zeros(n_leads), np.zeros(n_leads), tables)

    def add(self, lead: int, forecast_mm: Float64Array, observed_mm: Float64Array) -> None:
        error = forecast_mm - observed_mm
        self.error_mm[lead] += error.sum()
        self.absolute_error_mm[lead] += np.abs(error).sum()
        for place, limit_mm in enumerate(THRESHOLDS_MM):
            called, came = forecast_mm >= limit_mm, observed_mm >= limit_mm
            cases = (called & came, called & ~came, ~called & came, ~called & ~came)
            self.tables[lead, place] += [int(case.sum()) for case in cases]


class ForecastSkill:
    """Scores that grow while a replay runs.

    At every time at which rain is known: `observe` first, then `forecast` if one was made.

    Parameters
    ----------
    leads_s : tuple of int
        Of the source of the forecasts, ascending; empty if none is made.
    """

    def __init__(self, leads_s: tuple[int, ...]) -> None:
        self._n_columns = len(leads_s)
        self._column_of_h = {
            lead_s // HOUR_S: column for column, lead_s in enumerate(leads_s) if lead_s % HOUR_S == 0
        }
        self._hours = tuple(self._column_of_h)
        n_leads = len(self._hours)
        self._waiting: deque[_Waiting] = deque()
        self._hour_before: tuple[int, Float64Array] | None = None
        self._nowcast, self._persistence = _Counts.of(n_leads), _Counts.of(n_leads)
        self._n_wet = np.zeros(n_leads, dtype=np.int64)
        self._n_pairs = np.zeros(n_leads, dtype=np.int64)

    def observe(self, now_s: int, last_hour_mm: Float64Array) -> None:
        """Tell the rain of the hour that ends now.

        A forecast is scored if this is told exactly 1, 2, ... hours after it was made, up to its last lead.

        Parameters
        ----------
        now_s : int
        last_hour_mm : Float64Array, shape (n_villages,)
            NaN: not, or not completely, observed.
        """
        self._hour_before = (now_s, last_hour_mm)
        for forecast in self._waiting:
            age_s = now_s - forecast.made_at_s
            if age_s > 0 and age_s % HOUR_S == 0:
                self._take_hour(forecast, age_s // HOUR_S, last_hour_mm)
        while self._waiting and now_s - self._waiting[0].made_at_s >= max(self._hours) * HOUR_S:
            self._waiting.popleft()

    def forecast(self, now_s: int, rain_mm: Float64Array) -> None:
        """Tell a forecast that was made now, after `observe` of the same time.

        Parameters
        ----------
        now_s : int
        rain_mm : Float64Array, shape (n_villages, n_leads)
            As in `warnstream.model.forecast.RainAhead`.

        Raises
        ------
        ValueError
            If the rain of the hour before has not been told, or there is not a column for each lead.
        """
        if rain_mm.shape[1] != self._n_columns:
            raise ValueError(f"a forecast of {rain_mm.shape[1]} leads, expected {self._n_columns}")
        if not self._hours:
            return
        if self._hour_before is None or self._hour_before[0] != now_s:
            raise ValueError(f"tell the observed rain of {now_s} before the forecast made then")
        before = self._hour_before[1].copy()
        self._waiting.append(_Waiting(now_s, rain_mm.copy(), before, np.zeros(len(before))))

    def as_dict(self) -> dict[str, Any]:
        """Scores for summary.json; unknown numbers are None."""
        leads = [
            {
                "lead_h": hours,
                "pairs": int(self._n_pairs[lead]),
                "wet_pairs": int(self._n_wet[lead]),
                "nowcast": self._scores(self._nowcast, lead),
                "persistence": self._scores(self._persistence, lead),
            }
            for lead, hours in enumerate(self._hours)
        ]
        return {"wet_mm": WET_MM, "leads": leads}

    def as_dataset(self) -> xr.Dataset:
        """Scores along ``forecaster``, ``lead`` and ``threshold``; NaN where unknown."""
        both = (self._nowcast, self._persistence)
        data: dict[str, tuple[tuple[str, ...], Float64Array]] = {
            name: (
                ("forecaster", "lead", "threshold"),
                np.stack([_table_scores(tables, name) for tables in both]),
            )
            for name in _SCORES
        }
        for name, sums in (("error", "error_mm"), ("absolute_error", "absolute_error_mm")):
            means = np.stack([self._mean(getattr(tables, sums)) for tables in both])
            data[f"mean_{name}"] = (("forecaster", "lead"), means)
        dataset = xr.Dataset(
            {**data, "wet_pairs": ("lead", self._n_wet), "pairs": ("lead", self._n_pairs)},
            coords={
                "forecaster": ["nowcast", "persistence"],
                "lead": list(self._hours),
                "threshold": list(THRESHOLDS_MM),
            },
        )
        return _described(dataset)

    def write(self, path: Path) -> None:
        """Write the scores as CF NetCDF."""
        self.as_dataset().to_netcdf(path, engine="h5netcdf")

    def _take_hour(self, one: _Waiting, hours: int, last_hour_mm: Float64Array) -> None:
        if one.hours_observed != hours - 1:
            return  # an hour before this one was not told: the total is unknown for good
        one.hours_observed += 1
        one.observed_mm = one.observed_mm + last_hour_mm
        if hours in self._column_of_h:
            self._score(hours, one)

    def _score(self, hours: int, one: _Waiting) -> None:
        forecast, lead = one.forecast_mm[:, self._column_of_h[hours]], self._hours.index(hours)
        persistence = one.hour_before_mm * hours
        every = np.stack([forecast, persistence, one.observed_mm])
        known = ~np.isnan(every).any(axis=0)
        wet = known & (np.where(known, every, 0.0) >= WET_MM).any(axis=0)
        self._n_pairs[lead] += int(known.sum())
        self._n_wet[lead] += int(wet.sum())
        self._nowcast.add(lead, forecast[wet], one.observed_mm[wet])
        self._persistence.add(lead, persistence[wet], one.observed_mm[wet])

    def _mean(self, sums: Float64Array) -> Float64Array:
        return np.where(self._n_wet > 0, sums / np.maximum(self._n_wet, 1), np.nan)

    def _scores(self, counts: _Counts, lead: int) -> dict[str, Any]:
        thresholds = [
            {
                "threshold_mm": limit_mm,
                **{name: _known(getattr(_table(counts, lead, at), name)) for name in _SCORES},
            }
            for at, limit_mm in enumerate(THRESHOLDS_MM)
        ]
        return {
            "mean_error_mm": _known(float(self._mean(counts.error_mm)[lead])),
            "mean_absolute_error_mm": _known(float(self._mean(counts.absolute_error_mm)[lead])),
            "thresholds": thresholds,
        }


def _table(counts: _Counts, lead: int, threshold: int) -> Contingency:
    return Contingency(*(int(count) for count in counts.tables[lead, threshold]))


def _table_scores(counts: _Counts, name: str) -> Float64Array:
    shape = counts.tables.shape[:2]
    scores = [getattr(_table(counts, *at), name) for at in np.ndindex(*shape)]
    return np.array(scores, dtype=np.float64).reshape(shape)


def _known(number: float) -> float | None:
    return None if math.isnan(number) else round(number, 4)


def _described(dataset: xr.Dataset) -> xr.Dataset:
    """Units and names of the CF conventions."""
    dataset.attrs = {
        "Conventions": "CF-1.11",
        "title": "Verification of rain totals over the next hours at villages",
        "comment": f"over pairs in which forecast, persistence or observation reach {WET_MM} mm",
    }
    dataset["lead"].attrs = {"units": "h", "long_name": "hours from the forecast that the total covers"}
    dataset["threshold"].attrs = {"units": "mm", "long_name": "rain total to be reached"}
    names = {
        "pod": "probability of detection",
        "far": "false alarm ratio",
        "csi": "critical success index",
        "bias": "frequency bias",
        "ets": "equitable threat score",
        "mean_error": "mean of forecast less observed rain",
        "mean_absolute_error": "mean absolute error of rain",
        "wet_pairs": "pairs of village and time that are scored",
        "pairs": "pairs of village and time, dry ones included",
    }
    for name, long_name in names.items():
        dataset[name].attrs = {"long_name": long_name, "units": "mm" if name.startswith("mean") else "1"}
    return dataset
