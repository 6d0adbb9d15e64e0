"""What the stations said: readings are checked, counted once and kept in windows and series.

`StationState` owns everything that is kept per station: flags of quality
control, rain windows, antecedent rain, counters, stages, slope and depth
sensors, fire weather. It knows neither villages nor levels.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from warnstream.assessment.asked_windows import RequiredWindows
from warnstream.assessment.isolation import Isolation
from warnstream.assessment.rule_needs import (
    USUAL_STAGE_M,
    antecedent_plan,
    known_stages_m,
    rise_gauges,
    sensors_of,
    stage_range_m,
)
from warnstream.ingest.duplicates import DuplicateFilter
from warnstream.model.arrays import BoolArray, Float64Array, Int32Array, Int64Array, UInt16Array
from warnstream.model.level import Level
from warnstream.model.network import Stations
from warnstream.model.observations.days import PastDays, best_known
from warnstream.model.observations.readings import (
    COUNTER_FLAGS,
    COUNTERS,
    DOUBTFUL,
    UNUSABLE,
    Flag,
    ReadingBatch,
    Variable,
    empty_batch,
)
from warnstream.model.observations.station_quality import (
    DoubtPeriods,
    StationNeighbours,
    StationQuality,
    no_neighbours,
)
from warnstream.model.rules.indicators import BY_DAYS, GaugeStage, Indicator
from warnstream.model.rules.policies import CounterPolicy, QualityPolicy, WindowPolicy
from warnstream.model.rules.rules import (
    CriticalStage,
    FireTable,
    HazardRule,
)
from warnstream.model.times import DAY_S, HOUR_S, MINUTE_S
from warnstream.quality.checks import QualityControl
from warnstream.quality.stations import RainGaugeQuality, RainNow
from warnstream.windows.accumulation import Accumulation
from warnstream.windows.antecedent import AntecedentRain
from warnstream.windows.counters import Increments, RainCounters
from warnstream.windows.daily_sums import DailySums, DayRain, days_of_snapshot
from warnstream.windows.fire_weather import FireWeather
from warnstream.windows.rain_window import RainWindow
from warnstream.windows.sensor_series import SensorSeries
from warnstream.windows.spares import GaugeAndSpare, SelectedWindows, SparedRain
from warnstream.windows.stage_series import StageSeries

_RAIN = [Variable.RAIN, Variable.RAIN_TIP, *COUNTERS]
_MOVEMENT = [Variable.DISPLACEMENT, Variable.CRACK]
VARIABLES_OF_INDICATOR: dict[Indicator, list[Variable]] = {
    Indicator.RAIN: _RAIN,
    Indicator.STAGE: [Variable.STAGE],
    Indicator.SOIL_WATER: _RAIN,
    Indicator.INTENSITY: _RAIN,
    Indicator.EFFECTIVE_RAIN: _RAIN,
    Indicator.ANTECEDENT_RAIN: _RAIN,
    Indicator.WEIGHTED_RAIN: _RAIN,
    Indicator.TILT_RATE: [Variable.TILT_X, Variable.TILT_Y, Variable.TEMPERATURE],
    Indicator.VELOCITY: _MOVEMENT,
    Indicator.TANGENT_ANGLE: _MOVEMENT,
    Indicator.DISPLACEMENT: [Variable.DISPLACEMENT],
    Indicator.CRACK: [Variable.CRACK],
    Indicator.PORE_PRESSURE: [Variable.PORE_PRESSURE],
    Indicator.FAILURE_TIME: _MOVEMENT,
    Indicator.WATER_DEPTH: [Variable.WATER_DEPTH],
    Indicator.FIRE_WEATHER: [*_RAIN, Variable.TEMPERATURE, Variable.HUMIDITY, Variable.WIND_SPEED],
    Indicator.FORECAST_RAIN: _RAIN,
    Indicator.EVENT_RAIN: _RAIN,
    Indicator.STAGE_RISE: [Variable.STAGE],
    **dict.fromkeys(BY_DAYS, _RAIN),
}
"""Whose doubtful readings make a level of each indicator unconfirmed; others rest on no readings."""


_NO_STATION: Int32Array = np.zeros(0, dtype=np.int32)
_NO_TIME: Int64Array = np.zeros(0, dtype=np.int64)

Arrays = dict[str, np.ndarray]
"""State of one part by name."""


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


class StationState:
    """All that is kept of the readings of one network.

    Parameters
    ----------
    stations : Stations
    rules : tuple of HazardRule
        They say how far back windows reach and which sensors are kept.
    policies : StationPolicies
    neighbours : StationNeighbours, optional
        Gauges near each other; without it no gauge is compared with another.
    asked : RequiredWindows, optional
        Every window that any rule reads; one hour alone if not given.
    past : PastDays, optional
        Rain of days before this node began.

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
        rules: tuple[HazardRule, ...],
        policies: StationPolicies,
        neighbours: StationNeighbours | None = None,
        asked: RequiredWindows | None = None,
        past: PastDays | None = None,
    ) -> None:
        n_stations, windows = len(stations), policies.windows
        asked = asked or RequiredWindows(np.array([HOUR_S], dtype=np.int32), ())
        self.duration_s = asked.duration_s
        self._hour = self.duration_s.tolist().index(HOUR_S)
        self.plan = antecedent_plan(rules)
        span_s = windows.longest_s + windows.lateness_s_max
        if self.plan is not None:
            span_s = max(span_s, AntecedentRain.span_s(windows.lateness_s_max))
        if asked.days:
            span_s = max(span_s, DailySums.span_s(windows.longest_s, windows.lateness_s_max))
        noon_s = [rule.thresholds.noon_s for rule in rules if isinstance(rule.thresholds, FireTable)]
        self.fire = FireWeather(n_stations, noon_s[0]) if noon_s else None
        if self.fire is not None:
            span_s = max(span_s, 2 * DAY_S)
        self._ring = RainWindow(
            stations.interval_s,
            span_s=span_s,
            grace_s=windows.grace_s,
            future_s=windows.future_s_max,
            by_minute_s=windows.by_minute_s,
        )
        self.rain = SparedRain(self._ring, stations.spares)
        self.antecedent = (
            AntecedentRain(
                n_stations,
                self.plan,
                lateness_s=windows.lateness_s_max,
                day_begins_s=windows.day_begins_s,
                past=past,
            )
            if self.plan is not None
            else None
        )
        self.days = (
            DailySums(n_stations, asked.days, day_begins_s=windows.day_begins_s, past=past)
            if asked.days
            else None
        )
        self.stages = StageSeries(n_stations, stations.interval_s)
        self.sensors = SensorSeries(sensors_of(rules), n_stations)
        self._rise_gauges = rise_gauges(rules)
        known_m, is_told = known_stages_m(rules, n_stations)
        self._stage_range_m = stage_range_m(known_m, is_told)
        self._usual_stage_m = known_m + np.array([-USUAL_STAGE_M, USUAL_STAGE_M])
        self._stations = stations
        self._windows = windows
        self._duplicates = DuplicateFilter(
            n_stations, span_s=windows.lateness_s_max + windows.future_s_max + MINUTE_S
        )
        self._quality = QualityControl(stations, policies.quality)
        self._gauges = RainGaugeQuality(
            stations, neighbours or no_neighbours(n_stations), policies.quality, memory_s=span_s
        )
        self._rain_limits = policies.quality.rain_limits
        self._counters = RainCounters(
            stations, policies.counters, limits=self._rain_limits, spread_s_max=windows.longest_s
        )
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
        isolation.run("rain windows", lambda: self._ring.advance(now_s), None)
        if len(readings) == 0:
            self._let_time_pass(now_s, _NO_STATION, _NO_TIME, isolation)
            return np.zeros(0, dtype=np.uint16)
        self._judged = None
        age_s = now_s - readings.observed_at_s
        unchecked = self._ages(age_s) | np.uint16(Flag.STEP)
        flags = isolation.run("quality control", lambda: self._check(readings, age_s), unchecked)
        self._count(readings, flags, now_s, isolation)
        return flags

    def windows(self, now_s: int) -> SelectedWindows:
        """Rain of every station over every duration, to be read only; the same object while it stands.

        By what was thought of the gauges last (`judge_gauges`).
        """
        return self.rain.latest(self.duration_s, now_s)

    def day_rain(self, now_s: int) -> DayRain | None:
        """Rain of every station over every window of days, likewise; None where no rule reads days."""
        return None if self.days is None else self.days.rain(self.rain.window_end_min(now_s))

    def judge_gauges(self, now_s: int) -> StationQuality:
        """What quality control thinks of every gauge after the last batch.

        Every gauge is judged by its own rain. The same object while no reading
        comes, no window moves and nothing falls due.
        """
        windows, last = self._ring.latest(self.duration_s, now_s), self._judged
        if last is not None and last.windows is windows and now_s < last.until_s:
            return last.quality
        hour = windows.of(self._hour)
        now = RainNow(
            hour.rain_mm[:, 0],
            hour.coverage[:, 0],
            self._quality.equal_rain_run,
            self._newest_doubt_s,
            self._newest_counter_fault_s,
            self._rain_limits.is_beyond_record(self.duration_s, windows.rain_mm),
        )
        quality = self._gauges.step(self._ring, now, now_s)
        self._doubt(quality.stretches, now_s)
        self._judged = _Judged(windows, self._gauges.stands_until_s(now, now_s), quality)
        return quality

    def doubtful_until_s(self, indicator: Indicator, station: int) -> int:
        """Newest doubtful reading of a station among those that an indicator rests on; -1: none."""
        return int(self._doubtful_until_s[VARIABLES_OF_INDICATOR[indicator], station].max())

    def last_observed_s(self) -> Int64Array:
        """Newest observation of each station, rain or stage, shape (n_stations,).

        Of stations that have neither it is that of their slope and depth sensors.
        """
        stations = self._stations
        gauges = np.maximum(self.rain.last_observed_s, self.stages.observed_at_s)
        return np.where(stations.measures_rain | stations.measures_stage, gauges, self.sensors.observed_at_s)

    def is_reporting(self, now_s: int) -> BoolArray:
        """Which stations are not silent, shape (n_stations,)."""
        silent_for_s = now_s - self.last_observed_s() - self._stations.interval_s
        return silent_for_s <= self._windows.silent_after_s

    def is_heard(self, is_reporting: BoolArray, quality: StationQuality) -> BoolArray:
        """Which stations report and measure, by themselves or by a spare, shape (n_stations,)."""
        measures: BoolArray = is_reporting & ~quality.is_clogged
        is_heard = measures.copy()
        for gauge, spare in self._stations.spares:
            is_heard[gauge] |= measures[spare]
        return is_heard

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

    def beside(self, indicator: Indicator, station: int, duration_s: int) -> GaugeAndSpare:
        """Whose rain stands for a gauge, and what it and its spare said, in the windows asked for last.

        Of earlier rain (soil water and its kin) that of the last hour tells.
        """
        is_kept = indicator is Indicator.RAIN and duration_s in self.duration_s
        column = int(np.searchsorted(self.duration_s, duration_s)) if is_kept else self._hour
        return self.rain.beside(station, column)

    def observed_at_s(self, indicator: Indicator) -> Int64Array:
        """Newest observation of each station that an indicator rests on, shape (n_stations,)."""
        if indicator is Indicator.STAGE:
            return self.stages.observed_at_s
        if indicator is Indicator.FIRE_WEATHER and self.fire is not None:
            return self.fire.observed_at_s
        if indicator is Indicator.STAGE_RISE:
            return self.stages.observed_at_s
        is_of_rain = indicator < Indicator.TILT_RATE or indicator >= Indicator.FORECAST_RAIN
        return self.rain.last_observed_s if is_of_rain else self.sensors.observed_at_s

    def stages_of(self, rule: HazardRule) -> GaugeStage:
        """Newest stages; with the rise of the gauges that the rule names if it looks ahead."""
        table = rule.thresholds
        assert isinstance(table, CriticalStage)
        rise_m_per_h: Float64Array = np.full(len(self._stations), np.nan)
        if rule.forecast_level_max > Level.NONE:
            gauges = np.unique(table.station)
            rise_m_per_h[gauges] = self.stages.rise_m_per_h(gauges, table.rise_window_s)
        return GaugeStage(self.stages.stage_m, self.stages.observed_at_s, rise_m_per_h)

    def stages_for_rules(self) -> GaugeStage:
        """Newest stages, with the rise of the gauges whose rise a rule reads; one window per gauge."""
        rise_m_per_h: Float64Array = np.full(len(self._stations), np.nan)
        for window_s, gauges in self._rise_gauges.items():
            rise_m_per_h[gauges] = self.stages.rise_m_per_h(gauges, window_s)
        return GaugeStage(self.stages.stage_m, self.stages.observed_at_s, rise_m_per_h)

    def snapshot(self) -> dict[str, Arrays]:
        """State as named arrays, part by part."""
        return {
            "rain": dict(self._ring.snapshot()),
            "stages": dict(self.stages.snapshot()),
            "fire": {} if self.fire is None else dict(self.fire.snapshot()),
            "sensors": dict(self.sensors.snapshot()),
            "antecedent": {} if self.antecedent is None else dict(self.antecedent.snapshot()),
            "days": {} if self.days is None else dict(self.days.snapshot()),
            "duplicates": dict(self._duplicates.snapshot()),
            "quality": dict(self._quality.snapshot()),
            "gauges": self._gauges.snapshot(),
            "counters": dict(self._counters.snapshot()),
            "doubt": {
                "until_s": self._doubtful_until_s.copy(),
                "counter_until_s": self._newest_counter_fault_s.copy(),
            },
        }

    def restore(self, state: dict[str, Arrays]) -> None:
        """Take up a snapshot. ValueError or KeyError if it does not fit; nothing may be assumed then."""
        self._judged = None
        self._ring.restore(state["rain"])
        self.stages.restore(state["stages"])
        self.sensors.restore(state["sensors"])
        if self.fire is not None:
            self.fire.restore(state["fire"])
        if self.antecedent is not None:
            self.antecedent.restore(state["antecedent"])
        if self.days is not None:
            self.days.restore(state["days"])
            if self.antecedent is not None:
                self.antecedent.past = self.days.past
        self._duplicates.restore(state["duplicates"])
        self._quality.restore(state["quality"])
        self._gauges.restore(state["gauges"])
        self.rain.doubt(self._gauges.stretches)
        self._counters.restore(state["counters"])
        self._doubtful_until_s[:] = state["doubt"]["until_s"]
        self._newest_doubt_s[:] = self._doubtful_until_s.max(axis=0)
        # Snapshots of before it was kept have none.
        self._newest_counter_fault_s[:] = state["doubt"].get("counter_until_s", -1)

    def remember(self, state: dict[str, Arrays]) -> PastDays | None:
        """Take the rain of past days, and nothing else, from a snapshot that does not fit; what was taken."""
        past = days_of_snapshot(state.get("days", {}), self._windows.day_begins_s)
        if self.antecedent is not None:
            self.antecedent.past = best_known(self.antecedent.past, past)
        if self.days is not None:
            self.days.remember(past)
        return past

    def _ages(self, age_s: Int64Array) -> UInt16Array:
        """Flags of readings by their age, shape (n,)."""
        flags: UInt16Array = np.zeros(len(age_s), dtype=np.uint16)
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
        stage = np.flatnonzero(readings.variable == Variable.STAGE)
        if len(stage):
            low_m, high_m = self._stage_range_m[readings.station[stage]].T
            off_datum = (readings.value[stage] < low_m) | (readings.value[stage] > high_m)
            flags[stage[off_datum]] |= np.uint16(Flag.OUT_OF_RANGE)
            low_m, high_m = self._usual_stage_m[readings.station[stage]].T
            is_usual = (readings.value[stage] >= low_m) & (readings.value[stage] <= high_m)
            flags[stage[is_usual]] &= ~np.uint16(Flag.ERROR_VALUE)
        is_amount = (readings.variable == Variable.RAIN) | (readings.variable == Variable.RAIN_TIP)
        rain = np.flatnonzero(is_amount & ((flags & UNUSABLE) == 0))
        repeated = self._duplicates.mark(
            readings.station[rain], readings.observed_at_s[rain], readings.sequence[rain]
        )
        flags[rain[repeated]] |= np.uint16(Flag.DUPLICATE)
        usable = np.flatnonzero((flags & UNUSABLE) == 0)
        if len(usable) == len(readings):
            return flags | self._quality.check_series(readings)
        flags[usable] |= self._quality.check_series(readings.select(usable))
        return flags

    def _count(self, readings: ReadingBatch, flags: UInt16Array, now_s: int, isolation: Isolation) -> None:
        """Bring usable readings into the windows and into what is kept beside them."""
        nothing = _NO_STATION, _NO_TIME
        changed = isolation.run("rain windows", lambda: self._count_rain(readings, flags), nothing)
        is_usable = (flags & UNUSABLE) == 0
        doubtful = np.flatnonzero(((flags & DOUBTFUL) != 0) & is_usable)
        if len(doubtful):
            place = (readings.variable[doubtful], readings.station[doubtful])
            np.maximum.at(self._doubtful_until_s, place, readings.observed_at_s[doubtful])
            np.maximum.at(self._newest_doubt_s, place[1], readings.observed_at_s[doubtful])
            restless = doubtful[(flags[doubtful] & COUNTER_FLAGS) != 0]
            fault_s = readings.observed_at_s[restless]
            np.maximum.at(self._newest_counter_fault_s, readings.station[restless], fault_s)
        usable = readings if is_usable.all() else readings.select(is_usable)
        stage = usable.select(usable.variable == Variable.STAGE)
        isolation.run(
            "stages", lambda: self.stages.add(stage.station, stage.observed_at_s, stage.value), None
        )
        isolation.run("sensors", lambda: self.sensors.add(usable), None)
        self._let_time_pass(now_s, *changed, isolation)
        fire = self.fire
        if fire is not None:
            isolation.run("fire weather", lambda: fire.add(usable, now_s), None)

    def _doubt(self, stretches: DoubtPeriods, now_s: int) -> None:
        """Earlier rain of gauges with a spare is worked out anew from when another one is believed."""
        gauge, since_s = self.rain.doubt(stretches)
        if len(gauge) == 0:
            return
        if self.antecedent is not None:
            self.antecedent.advance(self.rain, now_s, gauge, since_s)
        if self.days is not None:
            self.days.advance(self.rain, now_s, gauge, since_s)

    def _let_time_pass(
        self, now_s: int, changed: Int32Array, changed_from_s: Int64Array, isolation: Isolation
    ) -> None:
        """Fire weather and earlier rain up to now; of stations whose rain changed from that time on."""
        fire, antecedent, days, rain = self.fire, self.antecedent, self.days, self.rain
        if fire is not None:
            isolation.run("fire weather", lambda: fire.advance(rain, now_s), None)
        if antecedent is not None:
            isolation.run(
                "earlier rain", lambda: antecedent.advance(rain, now_s, changed, changed_from_s), None
            )
        if days is not None:
            isolation.run("days of rain", lambda: days.advance(rain, now_s, changed, changed_from_s), None)

    def _count_rain(self, readings: ReadingBatch, flags: UInt16Array) -> tuple[Int32Array, Int64Array]:
        """Rain into the windows; flags what a counter has accounted for already.

        Amounts go first: a counter then adds only what they leave open, so no
        rain is counted twice whatever a station reports. Returns the stations
        whose rain changed, and from what time on, shape (n,) each.
        """
        usable = (flags & UNUSABLE) == 0
        rows = np.flatnonzero(usable & (readings.variable == Variable.RAIN))
        rows = rows[~self._is_superseded(readings.select(rows), flags, rows)]
        rain = readings.select(rows)
        self._ring.add(rain.station, rain.observed_at_s, rain.value, rain.interval_s)
        amounts = [rain, self._correct(readings, flags), self._count_tips(readings, flags)]
        stations = [batch.station for batch in amounts]
        begins = [self._begin_s(batch) for batch in amounts]
        for variable in COUNTERS:
            rows = np.flatnonzero(usable & (readings.variable == variable))
            if len(rows):
                grown, flags_of_counter = self._counters.step(variable, readings.select(rows))
                flags[rows] |= flags_of_counter
                self._doubt_melt(readings, rows, grown, flags)
                for one in grown:
                    self._ring.reconcile(one.station, one.begin_s, one.end_s, one.rain_mm, one.is_observed)
                    stations.append(one.station)
                    begins.append(one.begin_s)
        return self._with_gauges_of_spares(np.concatenate(stations), np.concatenate(begins))

    def _doubt_melt(
        self, readings: ReadingBatch, rows: Int64Array, grown: Iterable[Increments], flags: UInt16Array
    ) -> None:
        """Flags the totals, `rows`, that rose while it froze at their station."""
        risen = [one.station[one.rain_mm > 0] for one in grown]
        station = readings.station[rows]
        is_melt = self._quality.melts(station, readings.observed_at_s[rows])
        if is_melt.any():
            is_melt &= np.isin(station, np.concatenate([np.zeros(0, dtype=np.int32), *risen]))
            flags[rows[is_melt]] |= np.uint16(Flag.MELT)

    def _with_gauges_of_spares(
        self, station: Int32Array, begin_s: Int64Array
    ) -> tuple[Int32Array, Int64Array]:
        """Stations whose rain changed, and the gauges that they are spares of."""
        for gauge, spare in self._stations.spares:
            rows = np.flatnonzero(station == spare)
            station = np.concatenate([station, np.full(len(rows), gauge, dtype=np.int32)])
            begin_s = np.concatenate([begin_s, begin_s[rows]])
        return station, begin_s

    def _begin_s(self, rain: ReadingBatch) -> Int64Array:
        """When each amount began to fall, shape (n,)."""
        own_s = self._stations.interval_s[rain.station]
        begin_s: Int64Array = rain.observed_at_s - np.where(rain.interval_s > 0, rain.interval_s, own_s)
        return begin_s

    def _count_tips(self, readings: ReadingBatch, flags: UInt16Array) -> ReadingBatch:
        """Tips into the windows; where a counter counts them too, they are superseded."""
        is_tip = ((flags & UNUSABLE) == 0) & (readings.variable == Variable.RAIN_TIP)
        rows = np.flatnonzero(is_tip)
        if len(rows) == 0:
            return empty_batch()
        counted = self._counters.is_counted(readings.station[rows])
        flags[rows[counted]] |= np.uint16(Flag.SUPERSEDED)
        tips = readings.select(rows[~counted])
        self._ring.add_tips(tips.station, tips.observed_at_s, tips.value)
        return tips

    def _correct(self, readings: ReadingBatch, flags: UInt16Array) -> ReadingBatch:
        """Amounts that came again and are greater now; only the others stay flagged as repetitions."""
        is_repeated = ((flags & UNUSABLE) == Flag.DUPLICATE) & (readings.variable == Variable.RAIN)
        rows = np.flatnonzero(is_repeated)
        if len(rows) == 0:
            return empty_batch()
        rows = rows[~self._counters.is_counted(readings.station[rows])]
        again = readings.select(rows)
        counted = self._ring.correct(again.station, again.observed_at_s, again.value, again.interval_s)
        flags[rows[counted]] &= ~np.uint16(Flag.DUPLICATE)
        return again.select(counted)

    def _is_superseded(self, rain: ReadingBatch, flags: UInt16Array, rows: Int64Array) -> BoolArray:
        """Which amounts, shape (n,), fell in minutes that a counter has accounted for."""
        superseded: BoolArray = self._counters.is_counted(rain.station)
        if superseded.any():
            superseded &= self._ring.has_observed(rain.station, rain.observed_at_s, rain.interval_s)
            flags[rows[superseded]] |= np.uint16(Flag.SUPERSEDED)
        return superseded
