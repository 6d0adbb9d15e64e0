"""The newest run of each weather model: what was taken, what was refused, and when one is too old."""

from collections.abc import Sequence

import numpy as np

from warnstream.forecast.runs.members import ModelMembers, ModelPolicy
from warnstream.model.arrays import Arrays
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.runs.model_run import (
    DAY_MM_MAX,
    UNITS_PER_MM,
    UNSEEN,
    ModelRun,
    RunRefusal,
    RunState,
)
from warnstream.model.times import DAY_S, iso_utc

_Fault = tuple[RefusalReason, str]


class Runs:
    """The newest run of every model of ``forecasts:``.

    Parameters
    ----------
    models : ModelMembers
        Which models there are, and the cells of their runs.
    future_s_max : int
        How far ahead of now a run may begin.

    Attributes
    ----------
    kept : dict of str to ModelRun
    """

    def __init__(self, models: ModelMembers, future_s_max: int) -> None:
        self._models, self._future_s_max = models, future_s_max
        self.kept: dict[str, ModelRun] = {}
        self._told: dict[str, tuple[int, tuple[RunRefusal, ...]]] = {}

    def take(self, runs: Sequence[ModelRun], now_s: int) -> None:
        """Take the runs that came since the last step; one that was told before changes nothing."""
        self._told = {}
        for run in runs:
            fault, known = self._fault(run, now_s), self.kept.get(run.forecast)
            n_runs, refused = self._told.get(run.forecast, (0, ()))
            if fault is not None:
                at = f"run of {iso_utc(run.reference_s)} of forecast {run.forecast}"
                refused = (*refused, RunRefusal(fault[0], f"{at}: {fault[1]}", run))
            elif known is None or known.reference_s < run.reference_s:
                self.kept[run.forecast] = run
                n_runs += 1
            self._told[run.forecast] = n_runs, refused

    def usable(self, now_s: int) -> ModelRun | None:
        """The run that is used now: of the first model that has one that is young enough."""
        policies = self._models.policies.values()
        return next(
            (self.kept[policy.forecast] for policy in policies if self._is_young(policy, now_s)), None
        )

    def states(self, now_s: int, *, waits: bool) -> tuple[RunState, ...]:
        """What became of every model at the last step; `waits`: none is out before its first run."""
        used = self.usable(now_s)
        found = []
        for name, policy in self._models.policies.items():
            run, (n_runs, refused) = self.kept.get(name), self._told.get(name, (0, ()))
            is_out = not self._is_young(policy, now_s) and not (waits and run is None)
            begins = (-1, -1) if run is None else (run.reference_s, now_s - run.reference_s)
            is_used = used is not None and used.forecast == name
            found.append(RunState(name, *begins, is_out, is_used, n_runs, refused))
        unknown = [name for name in self._told if name not in self._models.policies]
        return (*found, *(RunState(name, refused=self._told[name][1]) for name in unknown))

    def snapshot(self) -> Arrays:
        """State as arrays; the name of a model is part of their names."""
        state: Arrays = {}
        for name, run in self.kept.items():
            state[f"{name}.times"] = np.array([run.reference_s, run.told_s, *run.lead_s], dtype=np.int64)
            state[f"{name}.rain"] = run.rain  # nobody writes into a run
            state[f"{name}.of"] = np.frombuffer(run.geometry, dtype=np.uint8)
        return state

    def restore(self, state: Arrays) -> None:
        """Take up a snapshot; a run of another model or other cells is of no use."""
        self.kept = {}
        for name in self._models.policies:
            if f"{name}.times" not in state:
                continue
            reference_s, told_s, *lead_s = state[f"{name}.times"].tolist()
            geometry, rain = state[f"{name}.of"].tobytes(), state[f"{name}.rain"]
            run = ModelRun(name, geometry, reference_s, told_s, np.array(lead_s, dtype=np.int32), rain)
            if self._fault_of_form(run) is None:
                self.kept[name] = run

    def _is_young(self, policy: ModelPolicy, now_s: int) -> bool:
        run = self.kept.get(policy.forecast)
        return run is not None and now_s - run.reference_s <= policy.age_s_max

    def _fault(self, run: ModelRun, now_s: int) -> _Fault | None:
        if run.forecast not in self._models.policies:
            return RefusalReason.BAD_GRID, "no such forecast in forecasts"
        return self._fault_of_form(run) or self._fault_of_time(run, now_s) or _fault_of_amounts(run)

    def _fault_of_form(self, run: ModelRun) -> _Fault | None:
        if run.geometry != self._models.geometry.digest or run.rain.shape[2:] != self._models.geometry.shape:
            return RefusalReason.BAD_GRID, "made for other villages or gauges: its cells stand elsewhere"
        if run.rain.shape[1] != len(run.lead_s) or not (np.diff(run.lead_s, prepend=0) > 0).all():
            return RefusalReason.BAD_TIME, "expected leads in the order of time, after its beginning"
        return None

    def _fault_of_time(self, run: ModelRun, now_s: int) -> _Fault | None:
        if run.reference_s > now_s + self._future_s_max:
            return RefusalReason.FUTURE, f"it begins in the future, now is {iso_utc(now_s)}"
        policy, known = self._models.policies[run.forecast], self.kept.get(run.forecast)
        if now_s - run.reference_s > policy.age_s_max:
            return RefusalReason.TOO_LATE, f"older than max_age, now is {iso_utc(now_s)}"
        if known is not None and run.reference_s < known.reference_s:
            return RefusalReason.SUPERSEDED, f"that of {iso_utc(known.reference_s)} came before it"
        return None


def _fault_of_amounts(run: ModelRun) -> _Fault | None:
    n_wrong = int((run.rain < UNSEEN).sum())
    if n_wrong:
        return RefusalReason.OUT_OF_RANGE, f"{n_wrong} negative amounts"
    most_mm = DAY_MM_MAX * max(float(run.lead_s[-1]) / DAY_S, 1.0)
    n_beyond = int((run.rain > most_mm * UNITS_PER_MM).sum())
    if n_beyond:
        return RefusalReason.OUT_OF_RANGE, f"{n_beyond} amounts above {most_mm:g} mm"
    if (np.diff(run.rain, axis=1) < 0).any():
        return RefusalReason.RUNNING_TOTAL, "its total falls from one lead to the next"
    if (run.rain == UNSEEN).all():
        return RefusalReason.NO_READING, "it says nothing of any cell"
    return None
