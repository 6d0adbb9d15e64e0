"""A storm over a county as one stream of messages in order, and the truth behind it.

For every minute of simulated time the stream has all readings that are sent
then, and after them a clock beacon: whoever has received the beacon of minute
T over the same connection has received every reading sent until T. The same
arguments give the same bytes in the same order.

8 h of the full county are about 74,000 messages; the truth takes about 15 MB.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from station_sim.county.county import County
from station_sim.errors import SimulatorError
from station_sim.ground.rivers import Truth, TruthEvent, truth_of, write_truth
from station_sim.message import DEFAULT_PREFIX, Message, beacon
from station_sim.stations.fault_planner import plan_faults
from station_sim.stations.faults import (
    MILD_FAULTS,
    UNKNOWN_STATION,
    Extra,
    FaultKind,
    FaultMix,
    FaultPlan,
    FaultRecord,
    write_faults,
)
from station_sim.stations.observations import Observations, Reports, reports_due
from station_sim.topics import observation_topic
from station_sim.weather.kinds import DEFAULT_KIND
from warnstream.model.times import HOUR_S, MINUTE_S, iso_utc, parse_iso

DEFAULT_START_S = parse_iso("2026-06-18T06:00:00Z")
DEFAULT_HOURS = 8.0

_NOISE = bytes(range(0x80, 0xC0))


@dataclass(frozen=True)
class Scenario:
    """A county, a storm and faults, all of one seed.

    Attributes
    ----------
    seed : int
    county : County
    hours : float
        Length; a whole number of minutes.
    start_s : int
        Simulated start, seconds UTC; a whole minute.
    fault_mix : FaultMix
    prefix : str
        First part of all topics.
    weather : str
        A kind of `station_sim.weather.kinds.WEATHER_KINDS`.
    """

    seed: int
    county: County
    hours: float = DEFAULT_HOURS
    start_s: int = DEFAULT_START_S
    fault_mix: FaultMix = MILD_FAULTS
    prefix: str = DEFAULT_PREFIX
    weather: str = DEFAULT_KIND

    def __post_init__(self) -> None:
        if self.n_minutes < 1:
            raise SimulatorError(f"a scenario lasts a minute or more, got {self.hours} h")
        if self.start_s % MINUTE_S:
            raise SimulatorError(f"a scenario starts on a whole minute, got {iso_utc(self.start_s)}")

    @property
    def n_minutes(self) -> int:
        """Length in minutes."""
        return round(self.hours * HOUR_S / MINUTE_S)

    @property
    def end_s(self) -> int:
        """Time of the last beacon."""
        return self.start_s + self.n_minutes * MINUTE_S

    @cached_property
    def ground(self) -> Truth:
        """True rain and stages; computed once, about a second for the full county."""
        return truth_of(self.county, self.seed, self.start_s, self.n_minutes, self.weather)

    @property
    def truth(self) -> list[TruthEvent]:
        """Floods, landslides, waterlogging and rainstorms that really happen, in order of time."""
        return self.ground.events

    @cached_property
    def _reports(self) -> Reports:
        return reports_due(self.county.stations, self.n_minutes)

    @cached_property
    def _plan(self) -> FaultPlan:
        rain_mm = self.ground.station_rain_mm
        return plan_faults(
            self.seed, self.fault_mix, self.county.stations, self._reports, rain_mm, self.start_s
        )

    @property
    def faults(self) -> list[FaultRecord]:
        """Faults that are made, by kind, then time."""
        return self._plan.records

    def write_truth(self, directory: Path) -> None:
        """Write truth.csv and faults.csv."""
        directory.mkdir(parents=True, exist_ok=True)
        write_truth(directory / "truth.csv", self.truth)
        write_faults(directory / "faults.csv", self.faults)

    def messages(self) -> Iterator[Message]:
        """All messages in order of sending, a beacon after each minute, the first at the start."""
        composer = _Composer(self, self._plan, self._reports)
        bounds = np.searchsorted(self._reports.minute, np.arange(self.n_minutes + 2))
        extras = iter(self._plan.extras)
        extra = next(extras, None)
        for minute in range(self.n_minutes + 1):
            for report in range(bounds[minute], bounds[minute + 1]):
                if self._plan.regular[report]:
                    yield composer.regular(report)
            while extra is not None and extra.minute == minute:
                yield composer.irregular(extra)
                extra = next(extras, None)
            yield beacon(self.prefix, self.start_s + minute * MINUTE_S)


class _Composer:
    """Makes topics and payloads of reports."""

    def __init__(self, scenario: Scenario, plan: FaultPlan, reports: Reports) -> None:
        stations = scenario.county.stations
        self._start_s, self._plan = scenario.start_s, plan
        self._observations = Observations(scenario.seed, stations, scenario.ground, scenario.start_s)
        self._minute, self._station = reports.minute.tolist(), reports.station.tolist()
        self._code = stations.code
        self._prefix = scenario.prefix
        self._county_kind = [(stations.county[n], stations.kind(n)) for n in range(len(stations))]
        self._topic = [
            observation_topic(self._prefix, county, kind, code)
            for (county, kind), code in zip(self._county_kind, stations.code, strict=True)
        ]

    def _payload(self, report: int) -> str:
        return self._observations.payload(
            self._station[report],
            self._minute[report],
            ahead_s=int(self._plan.ahead_s[report]),
            rain_in_inches=bool(self._plan.wrong_unit[report]),
            fault=self._plan.values.get(report),
        )

    def regular(self, report: int) -> Message:
        """A report at its own time."""
        time_s = self._start_s + self._minute[report] * MINUTE_S
        return Message(time_s, self._topic[self._station[report]], self._payload(report).encode(), 1)

    def irregular(self, extra: Extra) -> Message:
        """A message out of the regular order."""
        time_s = self._start_s + extra.minute * MINUTE_S
        station = self._station[extra.reports[0]]
        payloads = [self._payload(report) for report in extra.reports]
        text = payloads[0] if len(payloads) == 1 else f"[{','.join(payloads)}]"
        if extra.kind is FaultKind.UNKNOWN_STATION:
            text = text.replace(f'"{self._code[station]}"', f'"{UNKNOWN_STATION}"', 1)
            county, kind = self._county_kind[station]
            topic = observation_topic(self._prefix, county, kind, UNKNOWN_STATION)
            return Message(time_s, topic, text.encode(), 1)
        if extra.kind is FaultKind.GARBAGE:
            whole = text.encode()
            # Every other one is cut off, the rest is line noise that is no UTF-8 either.
            broken = whole[: len(whole) // 2] if extra.reports[0] % 2 else _NOISE[: len(whole) // 3]
            return Message(time_s, self._topic[station], broken, 0)
        if extra.kind is FaultKind.MALFORMED:
            copy = malformed(text, extra.reports[0]).encode()
            return Message(time_s, self._topic[station], copy, 0)
        return Message(time_s, self._topic[station], text.encode(), len(payloads))


def malformed(report: str, number: int) -> str:
    """JSON that is no report, one of several kinds by number; each must be refused, none may count.

    >>> malformed('{"station":"R1","time":"2026-06-18T08:00:00Z","rain":1.2}', 1)
    '{"station":"R1","rain":1.2}'
    """
    content = json.loads(report)
    values = [word for word in content if word not in {"station", "time"}]
    match number % 5:
        case 0:
            content[values[0]] = "N/A"
        case 1:
            del content["time"]
        case 2:
            content["time"] = "yesterday"
        case 3:
            content = [[content]]
        case _:
            del content["station"]
            content[values[0]] = {"value": content[values[0]]}
    return json.dumps(content, separators=(",", ":"))
