"""Chooses which reports have which fault: seeded, one random stream a kind (`stations.faults`)."""

from collections.abc import Iterator

import numpy as np

from station_sim import outline
from station_sim.county.places import StationTable
from station_sim.seeds import stream
from station_sim.stations.faults import (
    UNKNOWN_STATION,
    Extra,
    FaultKind,
    FaultMix,
    FaultPlan,
    FaultRecord,
    ValueFault,
)
from station_sim.stations.observations import Reports
from warnstream.model.arrays import Float64Array, Int64Array
from warnstream.model.times import HOUR_S, MINUTE_S

_OUTAGE_REPORTS_MAX = 12
_EPISODE_REPORTS = 12


class _Planner:
    """Chooses reports for faults; `free` marks reports that have none yet."""

    def __init__(
        self, seed: int, stations: StationTable, reports: Reports, rain_mm: Float64Array, start_s: int
    ) -> None:
        n_reports = len(reports)
        self._seed, self._stations, self._reports = seed, stations, reports
        self._rain_mm, self._start_s = rain_mm, start_s
        self._free = np.ones(n_reports, dtype=np.bool_)
        order = np.argsort(reports.station, kind="stable")
        firsts = np.searchsorted(reports.station[order], np.arange(len(stations) + 1))
        self._of_station = [order[firsts[n] : firsts[n + 1]] for n in range(len(stations))]
        self.plan = FaultPlan(
            np.ones(n_reports, dtype=np.bool_),
            np.zeros(n_reports, dtype=np.int64),
            np.zeros(n_reports, dtype=np.bool_),
        )

    def _time_s(self, minute: int) -> int:
        return self._start_s + int(minute) * MINUTE_S

    def _record(self, kind: FaultKind, reports: Int64Array, ends_minute: int, detail: str) -> None:
        self._free[reports] = False
        station = self._stations.code[self._reports.station[reports[0]]]
        begins_s = self._time_s(self._reports.minute[reports[0]])
        record = FaultRecord(kind, station, begins_s, self._time_s(ends_minute), len(reports), detail)
        self.plan.records.append(record)

    def _choose_stations(
        self, generator: np.random.Generator, share: float, weight: Float64Array
    ) -> list[int]:
        if share == 0 or weight.sum() == 0:
            return []
        wanted = min(max(1, round(share * len(weight))), int(np.count_nonzero(weight)))
        chance: Float64Array = weight / weight.sum()
        return sorted(generator.choice(len(weight), size=wanted, replace=False, p=chance).tolist())

    def _episode(self, station: int, first: int, n_reports: int) -> Int64Array:
        """Free reports of a station in a row from its `first`; may be fewer than asked."""
        wanted = self._of_station[station][first : first + n_reports]
        return wanted[self._free[wanted]]

    def _minute_after(self, report: int) -> int:
        interval_min = int(self._stations.interval_s[self._reports.station[report]]) // MINUTE_S
        return int(self._reports.minute[report]) + interval_min

    def silence(self, share: float) -> None:
        """Likeliest where it rains most; begins when a tenth to half of the station's rain has come."""
        generator = stream(self._seed, "fault silence")
        total_mm = self._rain_mm.sum(axis=0)
        for station in self._choose_stations(generator, share, total_mm + 0.1):
            fallen = np.cumsum(self._rain_mm[:, station]) >= generator.uniform(0.1, 0.5) * total_mm[station]
            begins_minute, length_min = int(np.argmax(fallen)) + 1, int(generator.integers(60, 181))
            mine = self._of_station[station]
            minute = self._reports.minute[mine]
            missing = mine[(minute >= begins_minute) & (minute < begins_minute + length_min)]
            if len(missing):
                self.plan.regular[missing] = False
                self._record(FaultKind.SILENCE, missing, self._minute_after(missing[-1]), "nothing sent")

    def clock_ahead(self, share: float) -> None:
        generator = stream(self._seed, "fault clock_ahead")
        for station in self._choose_stations(generator, share, np.ones(len(self._stations))):
            ahead_s = int(generator.integers(10, 31)) * MINUTE_S
            first = int(generator.integers(0, max(1, len(self._of_station[station]) - _EPISODE_REPORTS)))
            reports = self._episode(station, first, _EPISODE_REPORTS)
            if len(reports):
                self.plan.ahead_s[reports] = ahead_s
                detail = f"clock {ahead_s} s ahead"
                self._record(FaultKind.CLOCK_AHEAD, reports, self._minute_after(reports[-1]), detail)

    def wrong_unit(self, share: float) -> None:
        generator = stream(self._seed, "fault wrong_unit")
        measures_rain = np.array(["rain" in words for words in self._stations.variables], dtype=np.float64)
        for station in self._choose_stations(generator, share, measures_rain):
            first = int(generator.integers(0, max(1, len(self._of_station[station]) - _EPISODE_REPORTS)))
            reports = self._episode(station, first, _EPISODE_REPORTS)
            if len(reports):
                self.plan.wrong_unit[reports] = True
                self._record(FaultKind.WRONG_UNIT, reports, self._minute_after(reports[-1]), "rain in inches")

    def late(self, share: float) -> None:
        generator = stream(self._seed, "fault late")
        for station in self._choose_stations(generator, share, np.ones(len(self._stations))):
            first = int(generator.integers(0, len(self._of_station[station]) or 1))
            reports = self._episode(station, first, int(generator.integers(1, _OUTAGE_REPORTS_MAX + 1)))
            delay_min = int(generator.integers(1, 5))
            if len(reports):
                self._send_later(FaultKind.LATE, reports, int(self._reports.minute[reports[-1]]) + delay_min)

    def out_of_order(self, share: float) -> None:
        generator = stream(self._seed, "fault out_of_order")
        for report in np.flatnonzero(generator.random(len(self._reports)) < share).tolist():
            following = self._following(report)
            if self._free[report] and following is not None and self._free[following]:
                # The report that overtakes it must stay where it is.
                self._free[following] = False
                self._send_later(FaultKind.OUT_OF_ORDER, np.array([report]), self._minute_after(report))

    def _following(self, report: int) -> int | None:
        """The station's next report, None after its last."""
        mine = self._of_station[self._reports.station[report]]
        position = int(np.searchsorted(mine, report)) + 1
        return int(mine[position]) if position < len(mine) else None

    def _send_later(self, kind: FaultKind, reports: Int64Array, minute: int) -> None:
        if minute > len(self._rain_mm):
            return
        self.plan.regular[reports] = False
        self.plan.extras.append(Extra(minute, kind, tuple(reports.tolist())))
        self._record(kind, reports, minute, f"sent {minute - int(self._reports.minute[reports[0]])} min late")

    def duplicate(self, share: float) -> None:
        generator = stream(self._seed, "fault duplicate")
        chosen = generator.random(len(self._reports)) < share
        again_min = generator.integers(0, 11, len(self._reports))
        for report in np.flatnonzero(chosen):
            minute = min(int(self._reports.minute[report] + again_min[report]), len(self._rain_mm))
            self._add_copy(FaultKind.DUPLICATE, int(report), minute, "sent twice")

    def garbage(self, share: float) -> None:
        generator = stream(self._seed, "fault garbage")
        for report in np.flatnonzero(generator.random(len(self._reports)) < share):
            minute = int(self._reports.minute[report])
            self._add_copy(FaultKind.GARBAGE, int(report), minute, "broken copy")

    def _add_copy(self, kind: FaultKind, report: int, minute: int, detail: str) -> None:
        if self._free[report]:
            self.plan.extras.append(Extra(minute, kind, (report,)))
            self._record(kind, np.array([report]), minute, detail)

    def unknown_station(self, share: float) -> None:
        """The stranger sends copies of another station's reports under a code of its own."""
        reports = self._of_station[int(stream(self._seed, "fault unknown").integers(0, len(self._stations)))]
        if share == 0 or len(reports) == 0:
            return
        minutes = self._reports.minute[reports].tolist()
        for report, minute in zip(reports.tolist(), minutes, strict=True):
            self.plan.extras.append(Extra(minute, FaultKind.UNKNOWN_STATION, (report,)))
        times_s = self._time_s(minutes[0]), self._time_s(minutes[-1])
        self.plan.records.append(
            FaultRecord(
                FaultKind.UNKNOWN_STATION, UNKNOWN_STATION, *times_s, len(reports), "not in stations.csv"
            )
        )

    def power_loss(self, share: float) -> None:
        """In a station's heaviest hour, likeliest where that is heaviest."""
        generator = stream(self._seed, "fault power_loss")
        total = np.cumsum(self._rain_mm, axis=0)
        hour_mm = total - np.concatenate([np.zeros_like(total[:60]), total[:-60]])[: len(total)]
        for station in self._choose_stations(generator, share, hour_mm.max(axis=0) ** 2):
            begins = int(hour_mm[:, station].argmax()) + 1
            length_min = int(generator.integers(360, 721))
            mine = self._of_station[station]
            minute = self._reports.minute[mine]
            missing = mine[(minute >= begins) & (minute < begins + length_min) & self._free[mine]]
            if len(missing):
                self.plan.regular[missing] = False
                detail = f"dead after {hour_mm[begins - 1, station]:.0f} mm in an hour"
                self._record(FaultKind.POWER_LOSS, missing, self._minute_after(missing[-1]), detail)

    def blackout(self, share: float) -> None:
        """The stations nearest to one another where an hour is heaviest, 20 minutes into that hour.

        The storm goes on over stations that have nothing to say of it.
        """
        if share == 0 or not self._rain_mm.any():
            return
        generator = stream(self._seed, "fault blackout")
        total = np.cumsum(self._rain_mm, axis=0)
        hour_mm = total - np.concatenate([np.zeros_like(total[:60]), total[:-60]])[: len(total)]
        ends, centre = np.unravel_index(int(hour_mm.argmax()), hour_mm.shape)
        begins, length_min = max(int(ends) + 1 - 40, 0), int(generator.integers(180, 361))
        place_m = outline.project(self._stations.latitude, self._stations.longitude)
        away_m = np.hypot(*(place_m - place_m[centre]).T)
        n_dead = max(1, round(share * len(self._stations)))
        for station in sorted(np.argsort(away_m, kind="stable")[:n_dead].tolist()):
            mine = self._of_station[station]
            minute = self._reports.minute[mine]
            missing = mine[(minute > begins) & (minute <= begins + length_min) & self._free[mine]]
            if len(missing):
                self.plan.regular[missing] = False
                detail = f"no power within {away_m[station] / 1000:.0f} km of {self._stations.code[centre]}"
                self._record(FaultKind.BLACKOUT, missing, self._minute_after(missing[-1]), detail)

    def backlog(self, share: float) -> None:
        """All stations of a county, so that whatever rain fell there comes hours late and at once."""
        generator = stream(self._seed, "fault backlog")
        counties = list(dict.fromkeys(self._stations.county))
        n_minutes = len(self._rain_mm)
        wanted = min(max(1, round(share * len(counties))), len(counties)) if share else 0
        for number in sorted(generator.choice(len(counties), size=wanted, replace=False).tolist()):
            length_min = min(int(generator.integers(120, 301)), n_minutes // 2)
            begins = int(generator.integers(0, max(1, n_minutes - length_min)))
            for station in range(len(self._stations)):
                mine = self._of_station[station]
                minute = self._reports.minute[mine]
                held = mine[(minute > begins) & (minute <= begins + length_min) & self._free[mine]]
                if self._stations.county[station] == counties[number] and len(held):
                    self._send_later(FaultKind.BACKLOG, held, begins + length_min)

    def clock_jump(self, share: float) -> None:
        self._shift_clocks(FaultKind.CLOCK_JUMP, share, n_reports=6, bounds_s=(-3 * HOUR_S, -HOUR_S))

    def clock_skew(self, share: float) -> None:
        self._shift_clocks(FaultKind.CLOCK_SKEW, share, n_reports=None, bounds_s=(-90, 90))

    def _shift_clocks(
        self, kind: FaultKind, share: float, n_reports: int | None, bounds_s: tuple[int, int]
    ) -> None:
        generator = stream(self._seed, f"fault {kind}")
        for station in self._choose_stations(generator, share, np.ones(len(self._stations))):
            shift_s = int(generator.integers(*bounds_s))
            n_all = len(self._of_station[station])
            first = int(generator.integers(0, max(1, n_all - (n_reports or n_all))))
            reports = self._episode(station, first, n_reports or n_all)
            if len(reports) and shift_s:
                self.plan.ahead_s[reports] = shift_s
                self._record(kind, reports, self._minute_after(reports[-1]), f"clock {shift_s:+d} s")

    def stuck(self, share: float) -> None:
        """From a report with rain on, where there is one."""
        generator = stream(self._seed, "fault stuck")
        for station, reports in self._sensor_episodes(generator, share, self._rain_mm.sum(axis=0) + 0.1):
            since = int(self._reports.minute[reports[0]])
            for report in reports[1:].tolist():
                self.plan.values[report] = ValueFault(FaultKind.STUCK, since_minute=since)
            self._close_episode(FaultKind.STUCK, station, reports[1:], "the last value again and again")

    def faulty_zero(self, share: float) -> None:
        generator = stream(self._seed, "fault faulty_zero")
        rain = self._measures("rain") * (self._rain_mm.sum(axis=0) > 1.0)
        for station, reports in self._sensor_episodes(generator, share, rain):
            for report in reports.tolist():
                self.plan.values[report] = ValueFault(FaultKind.FAULTY_ZERO)
            minute = self._reports.minute[reports]
            missed_mm = self._rain_mm[minute[0] - 1 : minute[-1], station].sum()
            self._close_episode(FaultKind.FAULTY_ZERO, station, reports, f"{missed_mm:.1f} mm not told")

    def drift(self, share: float) -> None:
        generator = stream(self._seed, "fault drift")
        for station, reports in self._sensor_episodes(generator, share, self._measures("stage"), (36, 72)):
            m_per_h = generator.uniform(0.05, 0.20)
            minute = self._reports.minute[reports]
            for report, hours in zip(reports.tolist(), ((minute - minute[0]) / 60).tolist(), strict=True):
                self.plan.values[report] = ValueFault(FaultKind.DRIFT, amount=m_per_h * hours)
            self._close_episode(FaultKind.DRIFT, station, reports, f"{100 * m_per_h:.0f} cm an hour")

    def counter_reset(self, share: float) -> None:
        generator = stream(self._seed, "fault counter_reset")
        for station in self._choose_stations(generator, share, self._measures("rain_total")):
            mine = self._of_station[station]
            if len(mine):
                first = int(generator.integers(0, len(mine)))
                reports = mine[first:][self._free[mine[first:]]]
                since = int(self._reports.minute[mine[first]])
                for report in reports.tolist():
                    self.plan.values[report] = ValueFault(FaultKind.COUNTER_RESET, since_minute=since)
                self._close_episode(FaultKind.COUNTER_RESET, station, reports, "counts from 0 again")

    def spike(self, share: float) -> None:
        generator = stream(self._seed, "fault spike")
        sensors = self._measures("rain") + self._measures("stage") > 0
        for report in np.flatnonzero(generator.random(len(self._reports)) < share).tolist():
            station = int(self._reports.station[report])
            if self._free[report] and sensors[station]:
                amount = 6.0 if "stage" in self._stations.variables[station] else 60.0
                self.plan.values[report] = ValueFault(FaultKind.SPIKE, amount=amount)
                self._record(
                    FaultKind.SPIKE, np.array([report]), self._minute_after(report), f"{amount:g} too much"
                )

    def malformed(self, share: float) -> None:
        generator = stream(self._seed, "fault malformed")
        for report in np.flatnonzero(generator.random(len(self._reports)) < share):
            minute = int(self._reports.minute[report])
            self._add_copy(FaultKind.MALFORMED, int(report), minute, "JSON that is no report")

    def _measures(self, word: str) -> Float64Array:
        return np.array([word in words for words in self._stations.variables], dtype=np.float64)

    def _sensor_episodes(
        self,
        generator: np.random.Generator,
        share: float,
        weight: Float64Array,
        reports_bounds: tuple[int, int] = (24, 48),
    ) -> Iterator[tuple[int, Int64Array]]:
        """Stations, and free reports in a row of each: from when a tenth to half of its rain has come."""
        n_minutes = len(self._rain_mm)
        n_able = int(np.count_nonzero(weight))
        wanted = share * n_able / max(len(weight), 1)
        for station in self._choose_stations(generator, wanted, weight):
            total_mm = self._rain_mm[:, station].sum()
            when = generator.uniform(0.1, 0.5)
            fallen = np.cumsum(self._rain_mm[:, station]) >= when * total_mm
            begins = int(np.argmax(fallen)) + 1 if total_mm > 0 else int(when * n_minutes)
            minute = self._reports.minute[self._of_station[station]]
            reports = self._episode(
                station, int(np.searchsorted(minute, begins)), int(generator.integers(*reports_bounds))
            )
            if len(reports) > 1:
                yield station, reports

    def _close_episode(self, kind: FaultKind, station: int, reports: Int64Array, detail: str) -> None:
        del station
        if len(reports):
            self._record(kind, reports, self._minute_after(reports[-1]), detail)


def plan_faults(
    seed: int,
    mix: FaultMix,
    stations: StationTable,
    reports: Reports,
    rain_mm: Float64Array,
    start_s: int,
) -> FaultPlan:
    """Choose faults for every report.

    Parameters
    ----------
    seed : int
    mix : FaultMix
    stations : StationTable
    reports : Reports
    rain_mm : Float64Array, shape (n_minutes, n_stations)
        True rain; silence prefers stations under the storm.
    start_s : int
        Seconds UTC of minute 0.
    """
    planner = _Planner(seed, stations, reports, rain_mm, start_s)
    planner.silence(mix.silence)
    planner.clock_ahead(mix.clock_ahead)
    planner.wrong_unit(mix.wrong_unit)
    planner.late(mix.late)
    planner.out_of_order(mix.out_of_order)
    planner.duplicate(mix.duplicate)
    planner.garbage(mix.garbage)
    planner.unknown_station(mix.unknown_station)
    # Later kinds choose among what is left, so that the first eight are those of a mild day.
    for kind in (
        FaultKind.POWER_LOSS,
        FaultKind.BACKLOG,
        FaultKind.CLOCK_JUMP,
        FaultKind.STUCK,
        FaultKind.FAULTY_ZERO,
        FaultKind.DRIFT,
        FaultKind.SPIKE,
        FaultKind.MALFORMED,
        FaultKind.COUNTER_RESET,
        FaultKind.BLACKOUT,
        FaultKind.CLOCK_SKEW,
    ):
        getattr(planner, kind.value)(getattr(mix, kind.value))
    planner.plan.extras.sort(key=lambda extra: extra.minute)
    return planner.plan
