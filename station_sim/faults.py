"""What goes wrong between the rain and the broker, seeded, with a record of each fault.

| kind | what happens |
|---|---|
| silence | a station under the storm sends nothing for one to three hours; those readings are lost |
| late | a station's link is down; all readings since then come in one JSON array, minutes to an hour late |
| duplicate | a report is sent again, up to ten minutes later |
| out_of_order | a report comes just after the station's next one |
| garbage | a broken copy of a report (cut off, or line noise) beside the good one |
| unknown_station | a station that no inventory knows sends all the time |
| wrong_unit | a station sends rain in inches for an hour, and says so; those readings are lost |
| clock_ahead | a station's clock is 10 to 30 minutes ahead for an hour; those readings are lost |

A report has at most one fault. "Lost" means that a correct receiver cannot use
them; all other readings arrive, if late, until the end of the scenario.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from pathlib import Path

import numpy as np

from station_sim import county_files
from station_sim.observations import Reports
from station_sim.places import StationTable
from station_sim.seeds import stream
from warnstream.model.arrays import BoolArray, Float64Array, Int64Array
from warnstream.model.times import MINUTE_S, iso_utc

FAULTS_HEADER = ("fault", "kind", "station", "begins", "ends", "readings", "detail")

UNKNOWN_STATION = "X9001"

_OUTAGE_REPORTS_MAX = 12
_EPISODE_REPORTS = 12


class FaultKind(StrEnum):
    """Kinds of fault, in the order in which they choose their reports."""

    SILENCE = "silence"
    CLOCK_AHEAD = "clock_ahead"
    WRONG_UNIT = "wrong_unit"
    LATE = "late"
    OUT_OF_ORDER = "out_of_order"
    DUPLICATE = "duplicate"
    GARBAGE = "garbage"
    UNKNOWN_STATION = "unknown_station"


@dataclass(frozen=True, slots=True)
class FaultMix:
    """How much of each fault; 0 switches it off.

    `silence`, `late`, `wrong_unit` and `clock_ahead` are shares of the stations
    (at least one station where not 0), `duplicate`, `out_of_order` and
    `garbage` shares of the reports, `unknown_station` is 0 or 1.
    """

    silence: float = 0.02
    clock_ahead: float = 0.002
    wrong_unit: float = 0.002
    late: float = 0.04
    out_of_order: float = 0.003
    duplicate: float = 0.005
    garbage: float = 0.001
    unknown_station: float = 1.0

    def __post_init__(self) -> None:
        for item in fields(self):
            share = getattr(self, item.name)
            if not 0 <= share <= 1:
                raise ValueError(f"{item.name} must be a share from 0 to 1, got {share}")

    def only(self, kinds: Iterable[FaultKind]) -> "FaultMix":
        """The same mix with all other kinds switched off."""
        kept = set(kinds)
        return replace(self, **{kind.value: 0.0 for kind in FaultKind if kind not in kept})


MILD_FAULTS = FaultMix()
"""The default: a bad but ordinary day."""

NO_FAULTS = MILD_FAULTS.only(())
"""Every reading is sent once, at its time."""


@dataclass(frozen=True, slots=True)
class FaultRecord:
    """One fault that was made: a row of faults.csv.

    `begins_s` is the observation time of the first report concerned, `ends_s`
    when it was over: the station's next good report (silence, wrong unit, clock
    ahead) or the time of sending (all others). `readings` counts reports.
    """

    kind: FaultKind
    station: str
    begins_s: int
    ends_s: int
    readings: int
    detail: str


@dataclass(frozen=True, slots=True)
class Extra:
    """A message out of the regular order: reports by number, sent at `minute`."""

    minute: int
    kind: FaultKind
    reports: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """What is done to every report.

    Attributes
    ----------
    regular : BoolArray, shape (n_reports,)
        Sent at its own time.
    ahead_s : Int64Array, shape (n_reports,)
        How far the station's clock is ahead.
    wrong_unit : BoolArray, shape (n_reports,)
    extras : list of Extra
        In order of sending.
    records : list of FaultRecord
        In order of kind, then time.
    """

    regular: BoolArray
    ahead_s: Int64Array
    wrong_unit: BoolArray
    extras: list[Extra] = field(default_factory=list)
    records: list[FaultRecord] = field(default_factory=list)


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
    planner.plan.extras.sort(key=lambda extra: extra.minute)
    return planner.plan


def write_faults(path: Path, records: list[FaultRecord]) -> None:
    """Write faults.csv: one row per fault, times in UTC."""
    county_files.write_rows(
        path,
        FAULTS_HEADER,
        (
            (
                f"F{number:05d}",
                record.kind.value,
                record.station,
                iso_utc(record.begins_s),
                iso_utc(record.ends_s),
                record.readings,
                record.detail,
            )
            for number, record in enumerate(records, start=1)
        ),
    )
