"""Members of the rain to come at every place, from the newest run of a weather model.

The rain of a model is the mean of a cell of 2 to 28 km and lies beside where it will fall. So member k of
ours is member k mod M of the model, read beside the place: 8 km in the root of the mean square, in directions
that are fixed, the same every cycle. A run of one member gives 48 different ones that way.
"""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np

from warnstream.forecast.radar.members import DIFFERENCES, N_MEMBERS
from warnstream.model.arrays import Float32Array, Float64Array, Int64Array
from warnstream.model.forecast import RainMembers
from warnstream.model.radar.fields import FieldGeometry
from warnstream.model.runs.model_run import UNITS_PER_MM, ModelRun

SOURCE = "model"
BESIDE_KM = 8.0

_PLACE = DIFFERENCES.place
BESIDE = _PLACE * (BESIDE_KM / float(np.sqrt((_PLACE**2).sum(axis=1).mean())))
"""North and east of the place, km, shape (N_MEMBERS, 2)."""


@dataclass(frozen=True, slots=True)
class ModelPolicy:
    """One model of ``forecasts:``; its runs are used until they are older than `age_s_max`."""

    forecast: str
    age_s_max: int


class ModelMembers:
    """The members of one network, from runs of any of its models.

    Parameters
    ----------
    policies : sequence of ModelPolicy
        The first that has a run that is young enough is used.
    geometry : FieldGeometry
        Of the runs' cells.
    place_at : (Float64Array, Float64Array)
        Rows and columns of the places, each of shape (n_places,).
    every_s : int
        How often new members are due.
    """

    def __init__(
        self,
        policies: Sequence[ModelPolicy],
        geometry: FieldGeometry,
        place_at: tuple[Float64Array, Float64Array],
        every_s: int,
    ) -> None:
        self.policies: Mapping[str, ModelPolicy] = {policy.forecast: policy for policy in policies}
        self.geometry, self.every_s = geometry, every_s
        self._row, self._column = place_at

    def of_places(self, places: Int64Array) -> "ModelMembers":
        """The same, at some of the places."""
        part = copy(self)
        part._row, part._column = self._row[places], self._column[places]  # noqa: SLF001  # of the same class
        return part

    def members(self, run: ModelRun, now_s: int, step_s: int, n_steps: int) -> RainMembers:
        """Members from now on.

        Parameters
        ----------
        run : ModelRun
            Of these cells.
        now_s : int
        step_s, n_steps : int
            Between leads rain is spread evenly. NaN from the step on that the run does not reach, and
            where the model does not reach the place.
        """
        totals = _totals_at(run, now_s + step_s * np.arange(n_steps + 1))
        ahead_mm = (totals[:, 1:] - totals[:, :1]).reshape(len(totals), n_steps, -1)
        cells, n_members = self._cells(), max(N_MEMBERS, len(ahead_mm))
        found: Float32Array = np.empty((n_members, n_steps, cells.shape[1]), dtype=np.float32)
        for number in range(n_members):
            found[number] = ahead_mm[number % len(ahead_mm)][:, cells[number % N_MEMBERS]]
        return RainMembers(found, step_s, now_s, SOURCE, "", run.forecast, run.reference_s)

    def _cells(self) -> Int64Array:
        """Cell that each of the members reads at each place, shape (N_MEMBERS, n_places)."""
        beside_px = BESIDE * (1000.0 / self.geometry.cell_m)
        n_rows, n_columns = self.geometry.shape
        row = np.rint(self._row + beside_px[:, :1]).clip(0, n_rows - 1)
        column = np.rint(self._column + beside_px[:, 1:]).clip(0, n_columns - 1)
        return np.asarray(row * n_columns + column, dtype=np.int64)


def _totals_at(run: ModelRun, times_s: Int64Array) -> Float32Array:
    """Totals since a run began at some times, mm, shape (n_members, n_times, n_rows, n_columns)."""
    lead_s = np.concatenate([[0], run.lead_s]).astype(np.int64)
    at_s = np.maximum(times_s - run.reference_s, 0)
    after = np.searchsorted(lead_s, at_s).clip(1, len(lead_s) - 1)
    share = ((at_s - lead_s[after - 1]) / (lead_s[after] - lead_s[after - 1])).astype(np.float32)
    share[at_s > lead_s[-1]] = np.nan
    rain = np.where(run.rain < 0, np.float32(np.nan), run.rain / np.float32(UNITS_PER_MM)).astype(np.float32)
    rain = np.concatenate([np.where(np.isnan(rain[:, :1]), np.float32(np.nan), np.float32(0)), rain], axis=1)
    share = share[:, None, None]
    return np.asarray(rain[:, after - 1] * (1 - share) + rain[:, after] * share, dtype=np.float32)
