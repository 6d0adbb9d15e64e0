"""Members of the rain of the next three hours at every place, from the newest fields of one radar."""

from collections.abc import Sequence
from copy import copy

import numpy as np

from warnstream.forecast.radar.adjustment import Adjustment, GaugePairs
from warnstream.forecast.radar.filling import coarser, filled
from warnstream.forecast.radar.members import STEP_S, members_of
from warnstream.model.arrays import BoolArray, Float64Array, Int64Array
from warnstream.model.forecast import RainMembers
from warnstream.model.radar.fields import FieldFrame, FieldGeometry, unpacked_mm
from warnstream.model.times import HOUR_S, MINUTE_S

SOURCE, ADJUSTED = "radar", "radar and gauges"
BLOCK = 2
"""Fields of 2 km are moved as 4 km: as good on every day that was tried, at a quarter of the cost."""
APART_S = 10 * MINUTE_S
"""Fields are compared at least so far apart."""
N_FIELDS = 3
INTERVAL_S_MAX = 30 * MINUTE_S
"""Longer means of moving rain show no motion."""


class RadarMembers:
    """The members of one network.

    Parameters
    ----------
    grid : str
        Name of the grid whose fields they are made of.
    geometry : FieldGeometry
    place_at : (Float64Array, Float64Array)
        Rows and columns of the places, each of shape (n_places,).
    adjustment : Adjustment
    every_s : int
        How often new members are due.
    age_s_max : int, optional
        How old the newest field may be, for radars that are slower than two of their intervals.
    """

    def __init__(  # what members are made of, each by name
        self,
        grid: str,
        geometry: FieldGeometry,
        place_at: tuple[Float64Array, Float64Array],
        adjustment: Adjustment,
        every_s: int,
        age_s_max: int = 0,
    ) -> None:
        self.grid, self.geometry, self.every_s, self.age_s_max = grid, geometry, every_s, age_s_max
        self._row, self._column = place_at
        self._adjustment = adjustment

    def of_places(self, places: Int64Array) -> "RadarMembers":
        """The same, at some of the places."""
        part = copy(self)
        part._row, part._column = self._row[places], self._column[places]  # noqa: SLF001  # of the same class
        part._adjustment = self._adjustment.of_places(places)  # noqa: SLF001
        return part

    def members(self, fields: Sequence[FieldFrame], pairs: GaugePairs | None, now_s: int) -> RainMembers:
        """Members from now on.

        Parameters
        ----------
        fields : sequence of FieldFrame
            Of this grid and geometry, in the order of time; one at least.
        pairs : GaugePairs or None
            None: nobody can compare it with gauges.
        now_s : int
        """
        rain_mm_h, apart_s = spaced(fields)
        seen = self.is_seen(coarser(unpacked_mm(fields[-1].rain)[None], BLOCK)[0])
        at = ((self._row - (BLOCK - 1) / 2) / BLOCK, (self._column - (BLOCK - 1) / 2) / BLOCK)
        age_s = max(now_s - fields[-1].end_s, 0)  # its clock may be ahead, as far as `windows.future_max`
        rain_mm = members_of(filled(rain_mm_h), apart_s, self.geometry.cell_m * BLOCK, at, age_s)
        factor = self._adjustment.factors(pairs)
        if factor is not None:
            rain_mm *= factor.astype(np.float32)
        rain_mm[:, :, ~seen] = np.nan
        return RainMembers(rain_mm, STEP_S, now_s, SOURCE if factor is None else ADJUSTED, "")

    def is_seen(self, newest: Float64Array) -> BoolArray:
        """Places that lie in a cell of which the newest field says something, shape (n_places,)."""
        row = np.rint((self._row - (BLOCK - 1) / 2) / BLOCK).astype(np.int64)
        column = np.rint((self._column - (BLOCK - 1) / 2) / BLOCK).astype(np.int64)
        n_rows, n_columns = newest.shape
        inside = (row >= 0) & (row < n_rows) & (column >= 0) & (column < n_columns)
        known = ~np.isnan(newest[np.clip(row, 0, n_rows - 1), np.clip(column, 0, n_columns - 1)])
        return np.asarray(inside & known)


def spaced(fields: Sequence[FieldFrame]) -> tuple[Float64Array, int]:
    """The last fields as rates, mm/h, shape (n, n_rows, n_columns), equally far apart, and seconds between.

    Shorter intervals are joined to means of ten minutes. Of a gap nothing is made: what is before counts not.
    """
    newest = fields[-1]
    apart_s = newest.interval_s * max(round(APART_S / newest.interval_s), 1)
    found: list[Float64Array] = []
    for number in range(N_FIELDS):
        until_s = newest.end_s - number * apart_s
        within = [field for field in fields if until_s - apart_s < field.end_s <= until_s]
        if not within:
            break
        rates = [unpacked_mm(field.rain) * (HOUR_S / field.interval_s) for field in within]
        found.append(_mean(np.stack(rates)))
    return coarser(np.stack(found[::-1]), BLOCK), apart_s


def _mean(rates: Float64Array) -> Float64Array:
    """Mean of what was seen; NaN where nothing was."""
    count = (~np.isnan(rates)).sum(axis=0)
    total = np.nansum(rates, axis=0)
    return np.asarray(np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0))
