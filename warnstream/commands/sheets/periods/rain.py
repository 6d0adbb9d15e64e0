"""Tables of rain and gauges: figures of each gauge, of a township those of gauges that speak there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from warnstream.adapters.geometry import own_weights
from warnstream.commands.sheets.sheet import Cell, Table
from warnstream.commands.sheets.words.say import Say
from warnstream.config.settings import Configuration
from warnstream.console.reading.tables import WHY_ZH
from warnstream.model.arrays import BoolArray, Float64Array
from warnstream.model.observations.station_quality import STATION_FLAGS, WHY
from warnstream.model.times import HOUR_S, date_and_clock_local, iso_local
from warnstream.runners.afterwards.long_run import STEP_S, GaugeYield, days_of

OBSERVED_MIN = 0.8
"""A gauge that observed less of the time that there is a record of is in no mean."""

HOURS = STEP_S / HOUR_S


class GaugeFigures:
    """Figures of every gauge over a period, in the order of the register; `own` are those of the area.

    Parameters
    ----------
    configuration : Configuration
    found : GaugeYield
    own : list of int
    """

    def __init__(self, configuration: Configuration, found: GaugeYield, own: Sequence[int]) -> None:
        self.configuration, self.found, self.own = configuration, found, own
        self.observed: Float64Array = found.observed.mean(axis=0)
        self.is_heard: BoolArray = self.observed > 0
        self.rain_mm: Float64Array = np.round(found.rain_mm.sum(axis=0), 3)
        self.silent_h: Float64Array = found.is_silent.sum(axis=0) * HOURS
        self.doubted_h: Float64Array = found.is_doubted.sum(axis=0) * HOURS

    @cached_property
    def hours_mm(self) -> Float64Array:
        """Rain of the hour that ends with each step."""
        return self.found.hours()

    @cached_property
    def days(self) -> tuple[list[int], Float64Array]:
        """Begins of the whole days, and their rain."""
        begins_s, rain_mm = days_of(self.found, self.configuration.windows.day_begins_s)
        return begins_s.tolist(), np.round(rain_mm, 3)

    def mean_mm(self, stations: Sequence[int], first: int = 0, end: int | None = None) -> float | None:
        """Mean sum of those that observed enough between two steps; None where none did."""
        part = slice(first, end)
        observed = self.found.observed[part][self.found.is_recorded[part]][:, stations]
        if not len(observed) or not (enough := observed.mean(axis=0) >= OBSERVED_MIN).any():
            return None
        return round(float(self.found.rain_mm[part][:, stations].sum(axis=0)[enough].mean()), 1)

    def most(self, rain_mm: Float64Array, stations: Sequence[int]) -> tuple[int, int] | None:
        """Step (or day) and station of the greatest of some sums; None where nothing was observed."""
        heard = [station for station in stations if self.is_heard[station]]
        if not heard or not len(rain_mm):
            return None
        at, column = np.unravel_index(int(rain_mm[:, heard].argmax()), (len(rain_mm), len(heard)))
        return int(at), heard[int(column)]


@dataclass(frozen=True, slots=True)
class RainTables:
    """Words for those figures."""

    figures: GaugeFigures
    say: Say

    def by_township(self, stations_of: dict[str, list[int]]) -> Table:
        """Of each township sum, highest hour and day of its gauges."""
        say = self.say
        columns = say.columns(
            "township", "gauges_heard", "observed", "mean_mm", "most_mm", "station",
            "hour_mm", "hour_station", "hour_until", "day_mm", "hour_station", "date",
        )  # fmt: skip
        rows = [self._township(name, stations) for name, stations in sorted(stations_of.items())]
        return Table(say("rain_table"), columns, rows)

    def _township(self, name: str, stations: list[int]) -> tuple[Cell, ...]:
        figures, say = self.figures, self.say
        unknown = say("unknown")
        if not stations:
            return name, say("no_gauge_speaks"), *(unknown,) * 10
        n_heard = int(figures.is_heard[stations].sum())
        heard = f"{n_heard}/{len(stations)}"
        if not n_heard:
            return name, heard, _share(0.0), *(unknown,) * 9
        mean = figures.mean_mm(stations)
        most = figures.most(figures.rain_mm[None], stations)
        assert most is not None, "one was heard"
        shared = _share(float(figures.observed[stations].mean()))
        sums: tuple[Cell, ...] = (float(round(figures.rain_mm[most[1]], 1)), self._code(most[1]))
        return (
            name,
            heard,
            shared,
            unknown if mean is None else mean,
            *sums,
            *self._hour(stations),
            *self._day(stations),
        )

    def _hour(self, stations: Sequence[int]) -> tuple[Cell, Cell, Cell]:
        figures = self.figures
        most = figures.most(figures.hours_mm, stations)
        if most is None:
            return (self.say("unknown"),) * 3
        at, station = most
        rain_mm = float(figures.hours_mm[at, station])
        if not rain_mm:
            return 0.0, "", ""
        until_s = figures.found.begin_s + (at + 1) * STEP_S
        code = self._code(station)
        if figures.found.is_doubted[at, station]:
            code = self.say("doubted_mark", text=code)
        return round(rain_mm, 1), code, date_and_clock_local(until_s, self._zone)

    def _day(self, stations: Sequence[int]) -> tuple[Cell, Cell, Cell]:
        figures = self.figures
        begins_s, rain_mm = figures.days
        most = figures.most(rain_mm, stations)
        if most is None:
            return (self.say("unknown"),) * 3
        at, station = most
        if not rain_mm[at, station]:
            return 0.0, "", ""
        day = iso_local(begins_s[at], self._zone)[:10]
        return round(float(rain_mm[at, station]), 1), self._code(station), day

    def silent(self) -> Table:
        """Those that were silent, the longest first."""
        figures, say = self.figures, self.say
        recorded_h = figures.found.recorded_s / HOUR_S
        longest = sorted(figures.own, key=lambda at: (-figures.silent_h[at], at))
        rows: list[tuple[Cell, ...]] = [
            (
                self._code(at),
                round(float(figures.silent_h[at]), 1),
                _share(float(figures.silent_h[at]) / recorded_h),
                say("heard" if figures.is_heard[at] or not self._measures_rain(at) else "never_heard"),
            )
            for at in longest
            if figures.silent_h[at]
        ]
        columns = say.columns("station", "silent_hours", "of_recorded", "state")
        return Table(say("silent_table"), columns, rows)

    def doubted(self) -> Table:
        """Those that were doubted, the longest first, and what for."""
        figures, say = self.figures, self.say
        longest = sorted(figures.own, key=lambda at: (-figures.doubted_h[at], at))
        rows: list[tuple[Cell, ...]] = [
            (
                self._code(at),
                round(float(figures.doubted_h[at]), 1),
                say("join").join(self._why(int(figures.found.flags[at]))),
            )
            for at in longest
            if figures.doubted_h[at]
        ]
        return Table(say("doubted_table"), say.columns("station", "doubted_hours", "why"), rows)

    def by_gauge(self) -> Table:
        """Every gauge of rain of the area: what the other tables rest on."""
        figures, say = self.figures, self.say
        columns = say.columns(
            "station", "observed", "sum_mm", "hour_mm", "hour_until", "day_mm", "date", "silent_hours",
            "month_doubted",
        )  # fmt: skip
        rows = [self._gauge(at) for at in figures.own if self._measures_rain(at)]
        return Table(say("gauges_table"), columns, rows)

    def _gauge(self, at: int) -> tuple[Cell, ...]:
        figures, unknown = self.figures, self.say("unknown")
        ends: tuple[Cell, Cell] = (
            round(float(figures.silent_h[at]), 1),
            round(float(figures.doubted_h[at]), 1),
        )
        if not figures.is_heard[at]:
            return self._code(at), _share(0.0), *(unknown,) * 5, *ends
        hour, day = self._hour([at]), self._day([at])
        rain_mm = float(round(figures.rain_mm[at], 1))
        observed = _share(float(figures.observed[at]))
        return self._code(at), observed, rain_mm, hour[0], hour[2], day[0], day[2], *ends

    def _why(self, flags: int) -> Iterator[str]:
        for flag in STATION_FLAGS:
            if flags & flag:
                yield self.say.of((WHY_ZH.get(flag.word, WHY[flag]), WHY[flag]))

    def _measures_rain(self, at: int) -> bool:
        return bool(self.figures.configuration.network.stations.measures_rain[at])

    def _code(self, station: int) -> str:
        return self.figures.configuration.network.stations.code[station]

    @property
    def _zone(self) -> tuple[tuple[int, int], ...]:
        return self.figures.configuration.message.time_zone


def stations_of_townships(configuration: Configuration, townships: Sequence[str]) -> dict[str, list[int]]:
    """By township the gauges that speak for its villages while all report."""
    network = configuration.network
    weights = own_weights(network, configuration.village)
    found: dict[str, set[int]] = {name: set() for name in townships}
    for place, village in enumerate(network.places.village.tolist()):
        name = network.villages.township[village]
        if name in found:
            found[name].update(weights.station[place][weights.weight[place] > 0].tolist())
    return {name: sorted(stations) for name, stations in found.items()}


def _share(share: float) -> str:
    """A whole percentage that never rounds a part to nothing or to all."""
    if 0 < share < 0.01:
        return "<1%"
    return ">99%" if 0.99 < share < 1 else f"{share:.0%}"
