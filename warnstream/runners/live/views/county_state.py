"""What people see of the county after a step: its numbers, its state, and a log line where something changed.

Steps come ten times a second, and most of them change little: silence, doubts,
sight, levels and ratios are described anew only where they are others than
after the step before.
"""

import logging
from collections.abc import Mapping

import numpy as np
from msgspec import UNSET, UnsetType
from msgspec.structs import asdict

from warnstream.adapters.http.models.alerts import AlertRecord
from warnstream.adapters.http.models.county import (
    AheadRecord,
    CountyRecord,
    ForecastRecord,
    RunRecord,
    SilenceRecord,
    StationsRecord,
    VillagesRecord,
)
from warnstream.adapters.http.models.posts import SignRecord
from warnstream.adapters.metrics import Metrics
from warnstream.assessment import Assessment, AssessmentStep
from warnstream.assessment.ahead.members import AheadState
from warnstream.config.settings import Configuration
from warnstream.model.arrays import BoolArray, Float64Array, UInt8Array
from warnstream.model.observations.readings import COUNTER_FLAGS, COUNTERS, UNUSABLE, Flag, ReadingBatch
from warnstream.model.times import iso_utc
from warnstream.model.warning import MessageStatus
from warnstream.runners.live.views.alert_watch import AlertWatch
from warnstream.runners.live.views.blindness import SightWatch
from warnstream.runners.live.views.grids_view import GridsView
from warnstream.runners.live.views.signs_json import SignsView, ratio_records
from warnstream.runners.live.views.state_json import CODES_SHOWN_MAX, count_levels, describe_stations
from warnstream.runners.live.views.unchanged import Unchanged

log = logging.getLogger(__name__)


class CountyState:
    """Metrics, log lines and the state that the HTTP interface shows, of one node.

    Attributes
    ----------
    state : CountyRecord or None
        The situation after the last step, None before the first; replaced at every step, never changed.
    """

    def __init__(self, configuration: Configuration, metrics: Metrics) -> None:
        self._configuration = configuration
        self._network = configuration.network
        self._metrics = metrics
        self._signs = SignsView(configuration, metrics)
        self._alerts = AlertWatch(metrics)
        self._sight = SightWatch(configuration.network, metrics)
        self._grids = GridsView(configuration, metrics)
        self._silent: frozenset[int] = frozenset()
        self._is_reporting = Unchanged()
        self._levels = {rule.name: Unchanged() for rule in configuration.rules}
        self._stations = SilenceRecord(total=0, reporting=0, silent=[])
        self._by_hazard: dict[str, dict[str, int]] = {}
        self._ratio: Mapping[str, Float64Array] = {}
        self._ratio_records: dict[str, dict[str, float]] = {}
        self._forecast: ForecastRecord | None = None
        self.state: CountyRecord | None = None

    def go_on_from(self, other: "CountyState") -> None:
        """What another configuration has shown stands until the first step, but for hazards that are gone."""
        number = self._network.stations.index_of_code()
        self.state = other.state
        self._silent = frozenset(number[code] for code in other.silent() if code in number)
        for hazard in other.hazards() - self.hazards():
            self._metrics.forget_hazard(hazard)

    def silent(self) -> list[str]:
        """Codes of stations that are silent."""
        return [self._network.stations.code[station] for station in self._silent]

    def hazards(self) -> set[str]:
        """Names of the hazards that are shown."""
        return set(self._levels)

    def signs_for(self, post: str) -> list[SignRecord]:
        """Signs that people have seen, as a post may read them, for the HTTP interface."""
        return self._signs.listed_for(post)

    def alerts(self) -> list[AlertRecord]:
        """Alerts of other services that stand, for the HTTP interface."""
        return self._alerts.listed()

    def take(self, readings: ReadingBatch, step: AssessmentStep, assessment: Assessment, now_s: int) -> None:
        """Take what a step found."""
        metrics = self._metrics
        self._count_readings(readings, step, now_s)
        metrics.last_tick_at.set(now_s)
        metrics.hazards_degraded.set(len(step.failures))
        self._take_silence(step.is_reporting)
        self._sight.take(step)
        self._grids.take(step.grids, now_s)
        self._signs.tell(assessment.signs.all())
        self._alerts.take(assessment.alerts)
        self._take_levels(assessment)
        self._take_ratio(step.ratio)
        if step.forecast is not None:
            self._forecast = ForecastRecord(method=step.forecast.method, usable=step.forecast.usable)
        node = self._configuration.node
        self.state = CountyRecord(
            node=node.name,
            now=iso_utc(now_s),
            clock=node.clock,
            stations=StationsRecord(**asdict(self._stations), **asdict(self._sight.doubts)),
            villages=VillagesRecord(**asdict(self._sight.villages), levels=self._by_hazard),
            exercise=self._configuration.message.status is MessageStatus.EXERCISE,
            forecast=self._forecast,
            ratio_to_critical=self._ratio_records,
            grids=self._grids.records or UNSET,
            ahead=_ahead_record(step.ahead),
        )

    def _count_readings(self, readings: ReadingBatch, step: AssessmentStep, now_s: int) -> None:
        if not len(readings):
            return
        metrics, flags = self._metrics, step.flags
        usable = (flags & UNUSABLE) == 0
        metrics.readings_accepted.inc(int(np.count_nonzero(usable)))
        metrics.reading_lag.observe_all(np.maximum(now_s - readings.observed_at_s[usable], 0))
        seen = int(np.bitwise_or.reduce(flags))
        for flag in Flag if seen else ():
            if seen & flag:
                count = int(np.count_nonzero(flags & flag))
                metrics.readings_flagged.labels(str(flag.name).lower()).inc(count)
                if flag & COUNTER_FLAGS:
                    self._count_counters(readings.variable[(flags & flag) != 0], flag)

    def _count_counters(self, variable: UInt8Array, flag: Flag) -> None:
        """Resets and returns, by the kind of counter."""
        event = str(flag.name).lower().removeprefix("counter_")
        for counter in COUNTERS:
            count = int(np.count_nonzero(variable == counter))
            if count:
                self._metrics.rain_counters.labels(counter.word, event).inc(count)

    def _take_silence(self, is_reporting: BoolArray) -> None:
        if self._is_reporting.is_so(is_reporting):
            return
        silent = np.flatnonzero(~is_reporting)
        self._metrics.set_stations(reporting=len(is_reporting) - len(silent), silent=len(silent))
        self._stations = describe_stations(self._network, silent)
        self._tell_silence(frozenset(silent.tolist()))

    def _tell_silence(self, silent: frozenset[int]) -> None:
        codes = self._network.stations.code
        fell, returned = sorted(silent - self._silent), sorted(self._silent - silent)
        self._silent = silent
        for event, stations in (("stations fell silent", fell), ("stations report again", returned)):
            if stations:
                named = " ".join(codes[index] for index in stations[:CODES_SHOWN_MAX])
                log.warning(event, extra={"count": len(stations), "silent": len(silent), "stations": named})

    def _take_levels(self, assessment: Assessment) -> None:
        by_hazard = dict(self._by_hazard)
        for hazard, seen in self._levels.items():
            state = assessment.level(hazard)
            if seen.is_so(state.level, state.is_blind):
                continue
            counts = count_levels(state.level)
            by_hazard[hazard] = {level.word: count for level, count in counts.items() if level}
            self._metrics.set_villages(hazard, counts)
            self._metrics.villages_blind.labels(hazard).set(int(np.count_nonzero(state.is_blind)))
        self._by_hazard = by_hazard

    def _take_ratio(self, ratio: Mapping[str, Float64Array]) -> None:
        """What was not judged anew is the same array as before."""
        anew = {hazard: array for hazard, array in ratio.items() if self._ratio.get(hazard) is not array}
        if anew or len(ratio) != len(self._ratio):
            self._metrics.set_ratios(anew)
            known = {hazard: self._ratio_records[hazard] for hazard in self._ratio_records if hazard in ratio}
            for hazard in anew:
                known.pop(hazard, None)
            self._ratio_records = known | ratio_records(anew, self._network.villages.code)
            self._ratio = ratio


def _ahead_record(state: AheadState) -> AheadRecord | UnsetType:
    """Where probabilities are from, where there are any or should be."""
    if not state.source and not state.radar and not state.runs:
        return UNSET
    newest = iso_utc(state.newest_s) if state.newest_s >= 0 else None
    runs = [
        RunRecord(
            forecast=run.forecast,
            run=iso_utc(run.reference_s) if run.reference_s >= 0 else None,
            out=run.is_out,
            used=run.is_used,
        )
        for run in state.runs
    ]
    return AheadRecord(
        source=state.source, radar=state.radar, newest=newest, out=state.is_out, forecasts=runs
    )
