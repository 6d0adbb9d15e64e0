"""What the stations said: readings are checked, counted once and kept in windows and series.

`StationState` owns everything that is kept per station: flags of quality
control, rain (`warnstream.assessment.station_rain`), stages, slope, depth and
wind sensors, fire weather. It knows neither villages nor levels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from warnstream.assessment.isolation import Isolation
from warnstream.assessment.rule_needs import (
    USUAL_STAGE_M,
    known_stages_m,
    noon_of,
    sensors_of,
    stage_range_m,
)
from warnstream.assessment.station_rain import StationRain, Windows
from warnstream.hazards.sources import Needs
from warnstream.ingest.duplicates import DuplicateFilter
from warnstream.model.arrays import (
    Arrays,
    BoolArray,
    Float64Array,
    Int32Array,
    Int64Array,
    UInt16Array,
    rows_where,
)
from warnstream.model.network import Stations
from warnstream.model.observations.days import PastDays
from warnstream.model.observations.readings import (
    COUNTER_FLAGS,
    DOUBTFUL,
    RAIN,
    RAIN_TIP,
    STAGE,
    UNUSABLE,
    Flag,
    ReadingBatch,
    Variable,
)
from warnstream.model.observations.station_quality import (
    StationNeighbours,
    StationQuality,
    no_neighbours,
)
from warnstream.model.rules.indicators import GaugeStage, Indicator, SensorSamples
from warnstream.model.rules.policies import CounterPolicy, QualityPolicy, WindowPolicy
from warnstream.model.times import MINUTE_S
from warnstream.quality.checks import QualityControl
from warnstream.quality.stations import RainGaugeQuality, RainNow
from warnstream.windows.accumulation import Accumulation
from warnstream.windows.fire_weather import FireWeather
from warnstream.windows.sensor_series import SensorSeries
from warnstream.windows.spares import GaugeAndSpare
from warnstream.windows.stage_series import StageSeries

_NO_STATION: Int32Array = np.zeros(0, dtype=np.int32)
_NO_TIME: Int64Array = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class StationPolicies:
    """What checking and keeping obey."""

    windows: WindowPolicy
    quality: QualityPolicy
    counters: CounterPolicy


@dataclass(frozen=True, slots=True)
class _Judged:
    """What quality control thought last, of which windows, and from when on it may think otherwise."""

    windows: Accumulation
    until_s: int
    quality: StationQuality


@dataclass(frozen=True, slots=True)
class HeardGauges:
    """Who reports, what is thought of each gauge, and who is heard."""

    is_reporting: BoolArray
    quality: StationQuality
    is_usable: BoolArray

    @property
    def excluded(self) -> BoolArray:
        """Gauges that report zeros and do not measure, and have no spare that does."""
        return self.quality.is_clogged & ~self.is_usable


class StationState:
    """All that is kept of the readings of one network.

    Parameters
    ----------
    stations : Stations
    needs : sequence of Needs
        What each rule reads: how far back windows reach and which sensors are kept.
    policies : StationPolicies
    neighbours : StationNeighbours, optional
        Gauges near each other; without it no gauge is compared with another.
    past : PastDays, optional
        Rain of days before this node began.
    leads_s : sequence of int, optional
        Of the forecast; none without one.

    Attributes
    ----------
    duration_s : Int32Array, shape (n_durations,)
        Durations that windows to the minute are kept for, ascending.
    rain : SparedRain
        Rain of the gauges, that of their spares where those measured more.
    days : DailySums or None
        None where no rule reads days.
    """

    def __init__(
        self,
        stations: Stations,
        needs: Sequence[Needs],
        policies: StationPolicies,
        neighbours: StationNeighbours | None = None,
        past: PastDays | None = None,
        leads_s: Sequence[int] = (),
    ) -> None:
        n_stations, windows = len(stations), policies.windows
        self._rain = StationRain(stations, needs, windows, policies.quality, policies.counters, past, leads_s)
        self.rain = self._rain.spared
        self.duration_s = self._rain.duration_s
        self._column_of = {seconds: column for column, seconds in enumerate(self.duration_s.tolist())}
        self.plan, self.antecedent, self.days = self._rain.plan, self._rain.antecedent, self._rain.days
        noon_s = noon_of(needs)
        self._fire = None if noon_s is None else FireWeather(n_stations, noon_s)
        self._stages = StageSeries(n_stations, stations.interval_s)
        self._sensors = SensorSeries(*sensors_of(needs), n_stations)
        known_m, is_told = known_stages_m(needs, n_stations)
        self._stage_range_m = stage_range_m(known_m, is_told)
        self._usual_stage_m = known_m + np.array([-USUAL_STAGE_M, USUAL_STAGE_M])
        self._stations = stations
        self._windows = windows
        self._duplicates = DuplicateFilter(
            n_stations, span_s=windows.lateness_s_max + windows.future_s_max + MINUTE_S
        )
        self._quality = QualityControl(stations, policies.quality)
        self._gauges = RainGaugeQuality(
            stations, neighbours or no_neighbours(n_stations), policies.quality, memory_s=self._rain.span_s
        )
        self._record_mm = policies.quality.rain_limits.record_mm(self.duration_s)
        self._doubtful_until_s: Int64Array = np.full((len(Variable), n_stations), -1, dtype=np.int64)
        self._newest_counter_fault_s: Int64Array = np.full(n_stations, -1, dtype=np.int64)
        self._newest_doubt_s: Int64Array = np.full(n_stations, -1, dtype=np.int64)
        self._judged: _Judged | None = None

    def take(self, readings: ReadingBatch, now_s: int, isolation: Isolation) -> UInt16Array:
        """Check a batch and bring what is usable into windows and series.

        A part that fails keeps no other from its readings. What nobody could check counts as doubtful.

        Returns
        -------
        UInt16Array, shape (n_readings,)
            `Flag` bits, row by row.
        """
        isolation.run("rain windows", lambda: self._rain.ring.advance(now_s), None)
        if len(readings) == 0:
            self._let_time_pass(now_s, _NO_STATION, _NO_TIME, isolation)
            return np.zeros(0, dtype=np.uint16)
        self._judged = None
        age_s = now_s - readings.observed_at_s
        unchecked = self._ages(age_s) | np.uint16(Flag.STEP)
        flags = isolation.run("quality control", lambda: self._check(readings, age_s), unchecked)
        self._count(readings, flags, now_s, isolation)
        return flags

    def windows(self, now_s: int) -> Windows:
        """Rain of every station over every window, to be read only; the same object while it stands.

        By what was thought of the gauges last (`judge_gauges`).
        """
        return self._rain.all_windows(now_s)

    def judge_gauges(self, now_s: int) -> StationQuality:
        """What quality control thinks of every gauge after the last batch.

        Every gauge is judged by its own rain. The same object while no reading
        comes, no window moves and nothing falls due.
        """
        windows, last = self._rain.ring.latest(self.duration_s, now_s), self._judged
        if last is not None and last.windows is windows and now_s < last.until_s:
            return last.quality
        hour = windows.of(self._rain.hour)
        now = RainNow(
            hour.rain_mm[:, 0],
            hour.coverage[:, 0],
            self._quality.equal_rain_run,
            self._newest_doubt_s,
            self._newest_counter_fault_s,
            np.asarray((windows.rain_mm > self._record_mm).any(axis=1)),
        )
        quality = self._gauges.step(self._rain.ring, now, now_s)
        self._rain.doubt(quality.stretches, now_s)
        self._judged = _Judged(windows, self._gauges.stands_until_s(now, now_s), quality)
        return quality

    def doubtful_until_s(self, indicator: Indicator, station: int) -> int:
        """Newest doubtful reading of a station among those that an indicator rests on; -1: none."""
        return int(self._doubtful_until_s[list(indicator.info.variables), station].max())

    def last_observed_s(self) -> Int64Array:
        """Newest observation of each station, rain or stage, shape (n_stations,).

        Of stations that have neither it is that of their slope and depth sensors.
        """
        stations = self._stations
        gauges = np.maximum(self.rain.last_observed_s, self._stages.observed_at_s)
        return np.where(stations.measures_rain | stations.measures_stage, gauges, self._sensors.observed_at_s)

    def is_reporting(self, now_s: int) -> BoolArray:
        """Which stations are not silent, shape (n_stations,)."""
        silent_for_s = now_s - self.last_observed_s() - self._stations.interval_s
        return silent_for_s <= self._windows.silent_after_s

    def dry_until_s(self, now_s: int, wet_s: int) -> int:
        """From when on time may change what is heard of the gauges, while only dry reports of rain come in.

        None of them may come from a gauge that is silent, and all of them within that time: a step then takes
        them together as it would have taken each. 0: at once, or nobody can tell.

        Parameters
        ----------
        now_s : int
            Of the last step.
        wet_s : int
            Time of the newest report that was anything else.
        """
        stations, windows, gauges = self._stations, self._windows, self._gauges
        has_more = self._fire is not None or self.plan is not None or self.days is not None
        if has_more or stations.spares or not stations.measures_rain.any():
            return 0
        # What comes later in that time is not late, and its interval not compared without it.
        longest_s = min(int(stations.interval_s[stations.measures_rain].min()), windows.silent_after_s)
        if windows.by_minute_s is not None and gauges.looks_back_s + longest_s > windows.by_minute_s:
            return 0
        until_s = min(now_s + longest_s, gauges.dry_until_s(self._quality.equal_rain_run, wet_s))
        silent_s = self.last_observed_s() + stations.interval_s + windows.silent_after_s + 1
        return min(until_s, int(silent_s.min(where=self.is_reporting(now_s), initial=until_s)))

    def is_usable(self, is_reporting: BoolArray, quality: StationQuality) -> BoolArray:
        """Which stations report and measure, by themselves or by a spare, shape (n_stations,)."""
        measures: BoolArray = is_reporting & ~quality.is_clogged
        is_usable = measures.copy()
        for gauge, spare in self._stations.spares:
            is_usable[gauge] |= measures[spare]
        return is_usable

    def measured_until_s(self, quality: StationQuality) -> Int64Array:
        """Until when the rain of each gauge was measured, by itself or by a spare, shape (n_stations,).

        A clogged gauge only seems to measure.
        """
        until_s = self.rain.last_observed_s
        until_s = np.where(quality.is_clogged, np.minimum(until_s, quality.since_s), until_s)
        measured_s = until_s.copy()
        for gauge, spare in self._stations.spares:
            measured_s[gauge] = max(measured_s[gauge], until_s[spare])
        return measured_s

    def gauge_and_spare(self, indicator: Indicator, station: int, duration_s: int) -> GaugeAndSpare:
        """Whose rain stands for a gauge, and what it and its spare said, in the windows asked for last.

        Of earlier rain (soil water and its kin) that of the last hour tells.
        """
        column = self._column_of.get(duration_s) if indicator is Indicator.RAIN else None
        return self.rain.gauge_and_spare(station, self._rain.hour if column is None else column)

    def observed_at_s(self, indicator: Indicator) -> Int64Array:
        """Newest observation of each station that an indicator rests on, shape (n_stations,)."""
        if indicator.info.is_rain:
            return self.rain.last_observed_s
        if indicator.info.sensor is Variable.STAGE:
            return self._stages.observed_at_s
        if indicator is Indicator.FIRE_WEATHER and self._fire is not None:
            return self._fire.observed_at_s
        return self._sensors.observed_at_s

    def stages(self, gauges: Int32Array, window_s: int) -> GaugeStage:
        """Newest stages of all stations; with the rise of some gauges over a window."""
        rise_m_per_h: Float64Array = np.full(len(self._stations), np.nan)
        if len(gauges):
            rise_m_per_h[gauges] = self._stages.rise_m_per_h(gauges, window_s)
        return GaugeStage(self._stages.stage_m, self._stages.observed_at_s, rise_m_per_h)

    def samples(self) -> SensorSamples:
        """Samples of every series that a rule reads."""
        return self._sensors.samples()

    def fire_weather(self) -> Float64Array:
        """Fire Weather Index of the last noon, shape (n_stations,); NaN where there is none."""
        assert self._fire is not None, "planned for from the rules"
        return self._fire.index()

    def snapshot(self) -> dict[str, Arrays]:
        """State as named arrays, part by part."""
        return {
            **self._rain.snapshot(),
            "stages": dict(self._stages.snapshot()),
            "fire": {} if self._fire is None else dict(self._fire.snapshot()),
            "sensors": dict(self._sensors.snapshot()),
            "duplicates": dict(self._duplicates.snapshot()),
            "quality": dict(self._quality.snapshot()),
            "gauges": self._gauges.snapshot(),
            "doubt": {
                "until_s": self._doubtful_until_s.copy(),
                "counter_until_s": self._newest_counter_fault_s.copy(),
            },
        }

    def restore(self, state: dict[str, Arrays]) -> None:
        """Take up a snapshot. ValueError or KeyError if it does not fit; nothing may be assumed then."""
        self._judged = None
        self._stages.restore(state["stages"])
        self._sensors.restore(state["sensors"])
        if self._fire is not None:
            self._fire.restore(state["fire"])
        self._duplicates.restore(state["duplicates"])
        self._quality.restore(state["quality"])
        self._gauges.restore(state["gauges"])
        self._rain.restore(state, self._gauges.stretches)
        # A snapshot of before a variable was known has no row of it.
        until_s = state["doubt"]["until_s"]
        self._doubtful_until_s[: len(until_s)] = until_s
        self._newest_doubt_s[:] = self._doubtful_until_s.max(axis=0)
        # Snapshots of before it was kept have none.
        self._newest_counter_fault_s[:] = state["doubt"].get("counter_until_s", -1)

    def _ages(self, age_s: Int64Array) -> UInt16Array:
        """Flags of readings by their age, shape (n,)."""
        flags: UInt16Array = np.zeros(len(age_s), dtype=np.uint16)
        timely = min(self._windows.lateness_s_max, self._windows.silent_after_s)
        if -self._windows.future_s_max <= age_s.min(initial=0) and age_s.max(initial=0) <= timely:
            return flags  # nearly always
        for flag, carries in (
            (Flag.FUTURE, age_s < -self._windows.future_s_max),
            (Flag.TOO_LATE, age_s > self._windows.lateness_s_max),
            (Flag.LATE, age_s > self._windows.silent_after_s),
        ):
            flags |= carries * np.uint16(flag)
        return flags

    def _check(self, readings: ReadingBatch, age_s: Int64Array) -> UInt16Array:
        """Flags of the batch; only readings that pass one check reach the next."""
        flags = self._quality.check_range(readings) | self._ages(age_s)
        stage = rows_where(readings.variable == STAGE)
        if len(stage):
            low_m, high_m = self._stage_range_m[readings.station[stage]].T
            off_datum = (readings.value[stage] < low_m) | (readings.value[stage] > high_m)
            flags[stage[off_datum]] |= np.uint16(Flag.OUT_OF_RANGE)
            low_m, high_m = self._usual_stage_m[readings.station[stage]].T
            is_usual = (readings.value[stage] >= low_m) & (readings.value[stage] <= high_m)
            flags[stage[is_usual]] &= ~np.uint16(Flag.ERROR_VALUE)
        is_amount = (readings.variable == RAIN) | (readings.variable == RAIN_TIP)
        rain = rows_where(is_amount & ((flags & UNUSABLE) == 0))
        repeated = self._duplicates.mark(
            readings.station[rain], readings.observed_at_s[rain], readings.sequence[rain]
        )
        flags[rain[repeated]] |= np.uint16(Flag.DUPLICATE)
        usable = rows_where((flags & UNUSABLE) == 0)
        if len(usable) == len(readings):
            return flags | self._quality.check_series(readings)
        flags[usable] |= self._quality.check_series(readings.select(usable))
        return flags

    def _count(self, readings: ReadingBatch, flags: UInt16Array, now_s: int, isolation: Isolation) -> None:
        """Bring usable readings into the windows and into what is kept beside them."""
        nothing = _NO_STATION, _NO_TIME
        changed = isolation.run(
            "rain windows", lambda: self._rain.count(readings, flags, self._quality.melts), nothing
        )
        is_usable = (flags & UNUSABLE) == 0
        doubtful = rows_where(((flags & DOUBTFUL) != 0) & is_usable)
        if len(doubtful):
            place = (readings.variable[doubtful], readings.station[doubtful])
            np.maximum.at(self._doubtful_until_s, place, readings.observed_at_s[doubtful])
            np.maximum.at(self._newest_doubt_s, place[1], readings.observed_at_s[doubtful])
            restless = doubtful[(flags[doubtful] & COUNTER_FLAGS) != 0]
            fault_s = readings.observed_at_s[restless]
            np.maximum.at(self._newest_counter_fault_s, readings.station[restless], fault_s)
        usable = readings if is_usable.all() else readings.select(is_usable)
        stage = usable.select(usable.variable == STAGE)
        isolation.run(
            "stages", lambda: self._stages.add(stage.station, stage.observed_at_s, stage.value), None
        )
        isolation.run("sensors", lambda: self._sensors.add(usable), None)
        self._let_time_pass(now_s, *changed, isolation)
        fire = self._fire
        if fire is not None:
            isolation.run("fire weather", lambda: fire.add(usable, now_s), None)

    def _let_time_pass(
        self, now_s: int, changed: Int32Array, changed_from_s: Int64Array, isolation: Isolation
    ) -> None:
        """Fire weather and earlier rain up to now; of stations whose rain changed from that time on."""
        fire = self._fire
        if fire is not None:
            isolation.run("fire weather", lambda: fire.advance(self.rain, now_s), None)
        self._rain.let_time_pass(now_s, changed, changed_from_s, isolation)
