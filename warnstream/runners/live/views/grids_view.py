"""What a node says of its grids after each step: metrics, records, and a log line when something changes."""

import logging

from warnstream.adapters.http.models.county import GridRecord
from warnstream.adapters.metrics import Metrics
from warnstream.assessment.grids import GridsStep
from warnstream.config.settings import Configuration
from warnstream.model.grids import GridState
from warnstream.model.times import iso_utc

log = logging.getLogger(__name__)


class GridsView:
    """The grids of one node, as people see them."""

    def __init__(self, configuration: Configuration, metrics: Metrics) -> None:
        self._metrics = metrics
        self._n_places = len(configuration.network.places)
        self._age_s_max = {grid.policy.name: grid.policy.age_s_max for grid in configuration.grids}
        self._is_late: dict[str, bool] = {}
        self._speaks: dict[str, int] = {}
        self._first_s: int | None = None
        self.records: list[GridRecord] = []

    def take(self, step: GridsStep, now_s: int) -> None:
        """Count what grids did at a step."""
        self._first_s = now_s if self._first_s is None else self._first_s
        for state in step.states:
            self._count(state, now_s)
            self._tell(state, now_s)
        self.records = [self._record(state, now_s) for state in step.states]

    def _count(self, state: GridState, now_s: int) -> None:
        metrics, name = self._metrics, state.name
        metrics.grid_frames.labels(name).inc(state.n_frames)
        metrics.grid_frames_repeated.labels(name).inc(state.n_repeated)
        metrics.grid_age.labels(name).set(self._age_s(state, now_s))
        metrics.grid_late.labels(name).set(not state.is_fresh)
        metrics.grid_places.labels(name, "seen").set(int(state.is_seen.sum()))
        metrics.grid_places.labels(name, "unseen").set(int((~state.is_seen).sum()))
        metrics.grid_speaks.labels(name).set(int(state.speaks.sum()))
        metrics.grid_factor.labels(name).set(state.factor)
        metrics.grid_pairs.labels(name).set(state.n_pairs)

    def _tell(self, state: GridState, now_s: int) -> None:
        name = state.name
        is_late = self._age_s(state, now_s) > self._age_s_max[name]
        if is_late != self._is_late.get(name, False):
            self._is_late[name] = is_late
            newest = iso_utc(state.newest_s) if state.newest_s >= 0 else None
            event = "grid is late: it speaks for nobody" if is_late else "grid is back"
            log.warning(event, extra={"grid": name, "newest": newest})
        speaks = int(state.speaks.sum())
        if (speaks > 0) != (self._speaks.get(name, 0) > 0):
            event = "grid speaks where gauges are silent" if speaks else "grid speaks for nobody any more"
            log.warning(event, extra={"grid": name, "places": speaks})
        self._speaks[name] = speaks

    def _age_s(self, state: GridState, now_s: int) -> int:
        """Since the end of the newest frame; since the first step where none has come."""
        assert self._first_s is not None
        return now_s - (state.newest_s if state.newest_s >= 0 else self._first_s)

    def _record(self, state: GridState, now_s: int) -> GridRecord:
        return GridRecord(
            grid=state.name,
            newest=iso_utc(state.newest_s) if state.newest_s >= 0 else None,
            age_s=self._age_s(state, now_s),
            late=not state.is_fresh,
            places=self._n_places,
            places_seen=int(state.is_seen.sum()),
            speaks_for=int(state.speaks.sum()),
            bias_factor=round(state.factor, 3),
            bias_pairs=state.n_pairs,
        )
