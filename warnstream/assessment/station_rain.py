"""Rain of the stations: counted once, kept in windows, as sums of days and as what earlier rain has left.

Amounts, tips and totals of one gauge are one rain, whatever it reports. Where a
gauge has a spare, the rain of the one that measured more stands for both.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from warnstream.assessment.isolation import Isolation
from warnstream.assessment.rule_needs import antecedent_plan, noon_of
from warnstream.hazards.sources import Needs, asked_windows
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
    COUNTERS,
    RAIN,
    RAIN_TIP,
    UNUSABLE,
    Flag,
    ReadingBatch,
    empty_batch,
)
from warnstream.model.observations.station_quality import DoubtPeriods, Unmeasured
from warnstream.model.rules.policies import CounterPolicy, QualityPolicy, WindowPolicy
from warnstream.model.times import DAY_S, HOUR_S
from warnstream.windows.antecedent import AntecedentRain
from warnstream.windows.counters import Increments, RainCounters
from warnstream.windows.daily_sums import DailySums, DayRain
from warnstream.windows.rain_window import RainWindow
from warnstream.windows.spares import SelectedWindows, SparedRain

_DUPLICATE = int(Flag.DUPLICATE)
_NOTHING = empty_batch()

Melts = Callable[[Int32Array, Int64Array], BoolArray]
"""Where gauges, by station and time, measure what has lain frozen."""


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Windows of all stations: those to the minute, then those of days.

    Attributes
    ----------
    rain_mm, coverage : Float64Array, shape (n_stations, n_columns)
    unmeasured : Unmeasured
    taken : SelectedWindows
        Those to the minute.
    days : DayRain or None
    """

    rain_mm: Float64Array
    coverage: Float64Array
    unmeasured: Unmeasured
    taken: SelectedWindows
    days: DayRain | None

    def changed_since(self, before: "Windows") -> BoolArray | None:
        """Stations of which anything is another than it was, shape (n_stations,).

        None where days have begun, or other gauges are doubted: what that means is not a matter of stations.
        """
        today_s, began_s = (
            None if windows.days is None else windows.days.today_s for windows in (self, before)
        )
        now, then = self.unmeasured, before.unmeasured
        is_same = now is then or (
            np.array_equal(now.station, then.station) and np.array_equal(now.is_zero, then.is_zero)
        )
        if today_s != began_s or not is_same:
            return None
        changed: BoolArray = ((self.rain_mm != before.rain_mm) | (self.coverage != before.coverage)).any(
            axis=1
        )
        if now is not then:
            changed[now.station[(now.share != then.share).any(axis=1)]] = True
        return changed


class StationRain:
    """Rain of one network.

    Parameters
    ----------
    stations : Stations
    needs : sequence of Needs
        What each rule reads: how far back windows reach.
    windows, quality, counters : WindowPolicy, QualityPolicy, CounterPolicy
    past : PastDays or None
        Rain of days before this node began.
    leads_s : sequence of int, optional
        Of the forecast: they ask for what has fallen of windows that end in the future.

    Attributes
    ----------
    duration_s : Int32Array, shape (n_durations,)
        Durations that windows to the minute are kept for, ascending.
    span_s : int
        How far back rain is kept.
    ring : RainWindow
        What each gauge measured itself.
    spared : SparedRain
        The same, that of their spares where those measured more.
    plan : AntecedentPlan or None
    antecedent : AntecedentRain or None
        None where no rule reads earlier rain.
    days : DailySums or None
        None where no rule reads days.
    """

    def __init__(
        self,
        stations: Stations,
        needs: Sequence[Needs],
        windows: WindowPolicy,
        quality: QualityPolicy,
        counters: CounterPolicy,
        past: PastDays | None,
        leads_s: Sequence[int] = (),
    ) -> None:
        n_stations, asked = len(stations), asked_windows(needs, leads_s, windows.longest_s)
        self._stations = stations
        self._day_begins_s = windows.day_begins_s
        self.duration_s = asked.duration_s
        self.hour = self.duration_s.tolist().index(HOUR_S)
        self.plan = antecedent_plan(needs)
        self.span_s = windows.longest_s + windows.lateness_s_max
        if self.plan is not None:
            self.span_s = max(self.span_s, AntecedentRain.span_s(windows.lateness_s_max))
        if asked.days:
            self.span_s = max(self.span_s, DailySums.span_s(windows.longest_s, windows.lateness_s_max))
        if noon_of(needs) is not None:
            self.span_s = max(self.span_s, 2 * DAY_S)
        self.ring = RainWindow(
            stations.interval_s,
            span_s=self.span_s,
            grace_s=windows.grace_s,
            future_s=windows.future_s_max,
            by_minute_s=windows.by_minute_s,
        )
        self.spared = SparedRain(self.ring, stations.spares)
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
        self._together: Windows | None = None
        self._unmeasured: tuple[Unmeasured, Unmeasured, Unmeasured] | None = None
        self._counters = RainCounters(
            stations, counters, limits=quality.rain_limits, spread_s_max=windows.longest_s
        )

    def windows(self, now_s: int) -> SelectedWindows:
        """Rain of every station over every duration, to be read only; the same object while it stands."""
        return self.spared.latest(self.duration_s, now_s)

    def day_rain(self, now_s: int) -> DayRain | None:
        """Rain of every station over every window of days, likewise; None where no rule reads days."""
        return None if self.days is None else self.days.rain(self.spared.window_end_min(now_s))

    def all_windows(self, now_s: int) -> Windows:
        """All of both, and what of them doubted gauges did not measure; likewise."""
        taken, days = self.windows(now_s), self.day_rain(now_s)
        last = self._together
        if last is None or last.taken is not taken or last.days is not days:
            self._together = last = self._both(taken, days)
        return last

    def _both(self, taken: SelectedWindows, days: DayRain | None) -> Windows:
        rain_mm, coverage = taken.accumulation.rain_mm, taken.accumulation.coverage
        unmeasured = taken.unmeasured
        if days is not None:
            rain_mm = np.concatenate([rain_mm, days.rain_mm], axis=1)
            coverage = np.concatenate([coverage, days.coverage], axis=1)
            of_days = self.spared.unmeasured_of_days(days)
            last = self._unmeasured
            if last is None or last[0] is not unmeasured or last[1] is not of_days:
                self._unmeasured = last = unmeasured, of_days, unmeasured.concatenate(of_days)
            unmeasured = last[2]
        return Windows(rain_mm, coverage, unmeasured, taken, days)

    def doubt(self, stretches: DoubtPeriods, now_s: int) -> None:
        """Earlier rain of gauges with a spare is worked out anew from when another one is believed."""
        gauge, since_s = self.spared.doubt(stretches)
        if len(gauge) == 0:
            return
        if self.antecedent is not None:
            self.antecedent.advance(self.spared, now_s, gauge, since_s)
        if self.days is not None:
            self.days.advance(self.spared, now_s, gauge, since_s)

    def let_time_pass(
        self, now_s: int, changed: Int32Array, changed_from_s: Int64Array, isolation: Isolation
    ) -> None:
        """Earlier rain up to now; of stations whose rain changed from that time on."""
        antecedent, days, rain = self.antecedent, self.days, self.spared
        if antecedent is not None:
            isolation.run(
                "earlier rain", lambda: antecedent.advance(rain, now_s, changed, changed_from_s), None
            )
        if days is not None:
            isolation.run("days of rain", lambda: days.advance(rain, now_s, changed, changed_from_s), None)

    def snapshot(self) -> dict[str, Arrays]:
        """State as named arrays, part by part."""
        return {
            "rain": dict(self.ring.snapshot()),
            "antecedent": {} if self.antecedent is None else dict(self.antecedent.snapshot()),
            "days": {} if self.days is None else dict(self.days.snapshot()),
            "counters": dict(self._counters.snapshot()),
        }

    def restore(self, state: dict[str, Arrays], stretches: DoubtPeriods) -> None:
        """Take up a snapshot, with what was doubted then."""
        self.ring.restore(state["rain"])
        if self.antecedent is not None:
            self.antecedent.restore(state["antecedent"])
        if self.days is not None:
            self.days.restore(state["days"])
            if self.antecedent is not None:
                self.antecedent.past = self.days.past
        self.spared.doubt(stretches)
        if self.antecedent is not None:
            self.antecedent.fill_unknown(self.spared)
        self._counters.restore(state["counters"])

    def count(
        self, readings: ReadingBatch, flags: UInt16Array, melts: Melts
    ) -> tuple[Int32Array, Int64Array]:
        """Rain into the windows; flags what a counter has accounted for already.

        Amounts go first: a counter then adds only what they leave open, so no
        rain is counted twice whatever a station reports. Returns the stations
        whose rain changed, and from what time on, shape (n,) each. `melts` says where a gauge
        measures what has lain frozen.
        """
        usable = (flags & UNUSABLE) == 0
        rows = rows_where(usable & (readings.variable == RAIN))
        rows = rows[~self._is_superseded(readings.select(rows), flags, rows)]
        rain = readings.select(rows)
        self.ring.add(rain.station, rain.observed_at_s, rain.value, rain.interval_s)
        amounts = [rain, self._correct(readings, flags), self._count_tips(readings, flags)]
        stations = [batch.station for batch in amounts]
        begins = [self._begin_s(batch) for batch in amounts]
        for variable in COUNTERS:
            rows = rows_where(usable & (readings.variable == int(variable)))
            if len(rows):
                grown, flags_of_counter = self._counters.step(variable, readings.select(rows))
                flags[rows] |= flags_of_counter
                self._doubt_melt(readings, rows, grown, flags, melts)
                for increment in grown:
                    self.ring.reconcile(
                        increment.station,
                        increment.begin_s,
                        increment.end_s,
                        increment.rain_mm,
                        increment.is_observed,
                    )
                    stations.append(increment.station)
                    begins.append(increment.begin_s)
        return self._with_gauges_of_spares(np.concatenate(stations), np.concatenate(begins))

    def _doubt_melt(
        self,
        readings: ReadingBatch,
        rows: Int64Array,
        grown: Iterable[Increments],
        flags: UInt16Array,
        melts: Melts,
    ) -> None:
        """Flags the totals, `rows`, that rose while it froze at their station."""
        risen = [increment.station[increment.rain_mm > 0] for increment in grown]
        station = readings.station[rows]
        is_melt = melts(station, readings.observed_at_s[rows])
        if is_melt.any():
            is_melt &= np.isin(station, np.concatenate([np.zeros(0, dtype=np.int32), *risen]))
            flags[rows[is_melt]] |= np.uint16(Flag.MELT)

    def _with_gauges_of_spares(
        self, station: Int32Array, begin_s: Int64Array
    ) -> tuple[Int32Array, Int64Array]:
        """Stations whose rain changed, and the gauges that they are spares of."""
        for gauge, spare in self._stations.spares:
            rows = rows_where(station == spare)
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
        is_tip = ((flags & UNUSABLE) == 0) & (readings.variable == RAIN_TIP)
        rows = rows_where(is_tip)
        if len(rows) == 0:
            return _NOTHING
        counted = self._counters.is_counted(readings.station[rows])
        flags[rows[counted]] |= np.uint16(Flag.SUPERSEDED)
        tips = readings.select(rows[~counted])
        self.ring.add_tips(tips.station, tips.observed_at_s, tips.value)
        return tips

    def _correct(self, readings: ReadingBatch, flags: UInt16Array) -> ReadingBatch:
        """Amounts that came again and are greater now; only the others stay flagged as repetitions."""
        is_repeated = ((flags & UNUSABLE) == _DUPLICATE) & (readings.variable == RAIN)
        rows = rows_where(is_repeated)
        if len(rows) == 0:
            return _NOTHING
        rows = rows[~self._counters.is_counted(readings.station[rows])]
        again = readings.select(rows)
        counted = self.ring.correct(again.station, again.observed_at_s, again.value, again.interval_s)
        flags[rows[counted]] &= ~np.uint16(Flag.DUPLICATE)
        return again.select(counted)

    def _is_superseded(self, rain: ReadingBatch, flags: UInt16Array, rows: Int64Array) -> BoolArray:
        """Which amounts, shape (n,), fell in minutes that a counter has accounted for."""
        superseded: BoolArray = self._counters.is_counted(rain.station)
        if superseded.any():
            superseded &= self.ring.has_observed(rain.station, rain.observed_at_s, rain.interval_s)
            flags[rows[superseded]] |= np.uint16(Flag.SUPERSEDED)
        return superseded
