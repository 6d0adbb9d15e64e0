"""Rules as the evaluators see them: thresholds as arrays over all villages at once.

A rule is a *template over villages*: one `CriticalRain` holds the values of
every village, so that 20 rules over 2,855 villages are 20 array operations.
Built by `warnstream.config` from thresholds.yaml and thresholds.csv.
"""

from dataclasses import dataclass, field, replace
from typing import Protocol, Self

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, Int32Array, Int64Array, UInt8Array
from warnstream.model.forecast import ExpectedLevel
from warnstream.model.level import LEVELS, Level
from warnstream.model.observations.signs import SignTrigger
from warnstream.model.rules.by_place import defined_by_rows, of_places, rows_of_places


@dataclass(frozen=True, slots=True)
class DowngradePolicy:
    """How a level falls: below the clear value, for long enough, one level with a value at a time.

    Attributes
    ----------
    clear_ratio : float
        Rain: a level holds while its indicator is at or above `clear_ratio` times the
        threshold. Stage: while it is less than ``1 - clear_ratio`` of the gauge's span of
        thresholds below it, because a ratio of the stage itself depends on the datum.
    hold_s : int
        The indicator must have been below the clear value that long, without a gap in the data.
    active_s_min : int
        A level stays at least that long after it was last reached.
    coverage_min : float
        Share of the last hour that must have been observed before a level may fall.
    """

    clear_ratio: float
    hold_s: int
    active_s_min: int
    coverage_min: float


@dataclass(frozen=True, slots=True)
class CriticalRain:
    """Critical rainfall by village, duration and level.

    Attributes
    ----------
    duration_s : Int32Array, shape (n_durations,)
        Ascending.
    critical_mm : Float64Array, shape (n_villages, n_durations, 4)
        Rain that reaches blue, yellow, orange, red; NaN where a level has no value.
    wetness : Wetness or None
        None: the ground makes no difference.
    lowest_mm : Float64Array, shape (n_durations, 4)
        The lowest of all villages: below it no village reaches the level. Infinite where none has a value.
    highest_level_mm : Float64Array, shape (n_villages, n_durations)
        That of the highest level that has a value; NaN where none has.
    """

    duration_s: Int32Array
    critical_mm: Float64Array
    wetness: "Wetness | None" = None
    lowest_mm: Float64Array = field(init=False)
    highest_level_mm: Float64Array = field(init=False)

    def __post_init__(self) -> None:
        critical_mm = np.asarray(self.critical_mm, dtype=np.float64)
        if critical_mm.strides[0]:  # not one value repeated: the values of all villages side by side
            critical_mm = np.asfortranarray(critical_mm)
        lowest_mm = np.fmin.reduce(critical_mm, axis=0, initial=np.inf)
        object.__setattr__(self, "critical_mm", critical_mm)
        object.__setattr__(self, "lowest_mm", lowest_mm)
        highest_mm = critical_mm[:, :, -1]
        for level in reversed(range(critical_mm.shape[2] - 1)):
            if np.isnan(highest_mm).any():
                highest_mm = np.where(np.isnan(highest_mm), critical_mm[:, :, level], highest_mm)
        object.__setattr__(self, "highest_level_mm", highest_mm)

    @property
    def numbers(self) -> Float64Array:
        """All values; NaN where a level has none."""
        return self.critical_mm

    def defined(self, _n_places: int) -> BoolArray:
        """Levels that have a value at each place on any ground, shape (n_places, 4)."""
        tables = [self.critical_mm]
        if self.wetness is not None:
            tables += [mm for mm in (self.wetness.dry_mm, self.wetness.wet_mm) if mm is not None]
        has_value = [~np.isnan(table).all(axis=1) for table in tables]
        return np.asarray(np.logical_or.reduce(has_value))

    def of_places(self, places: Int64Array) -> "CriticalRain":
        """The same table for some places."""
        wetness = None if self.wetness is None else self.wetness.of_places(places)
        return CriticalRain(self.duration_s, of_places(self.critical_mm, places), wetness)


@dataclass(frozen=True, slots=True)
class Wetness:
    """How wet ground makes less rain critical.

    Attributes
    ----------
    api_ratio : float
        The ground is judged by antecedent precipitation with that daily ratio; 0: by the soil water index.
    limit_mm : (float, float)
        Classes: dry below the first, wet from the second on, medium between.
    dry_mm, wet_mm : Float64Array or None, shape (n_places, n_durations, 4)
        Critical rainfall of dry and of wet ground; `CriticalRain.critical_mm` is that of
        medium ground. None: the guidance below scales one table instead.
    guide_mm, guide_share : Float64Array, shape (n_points,)
        Points of dynamic critical rainfall: wetness ascending, share of the table descending.
    """

    api_ratio: float
    limit_mm: tuple[float, float]
    dry_mm: Float64Array | None
    wet_mm: Float64Array | None
    guide_mm: Float64Array
    guide_share: Float64Array

    def of_places(self, places: Int64Array) -> "Wetness":
        """The same for some places."""
        dry_mm, wet_mm = (None if mm is None else of_places(mm, places) for mm in (self.dry_mm, self.wet_mm))
        return replace(self, dry_mm=dry_mm, wet_mm=wet_mm)


@dataclass(frozen=True, slots=True)
class Reaches:
    """What is known of gauges and of the reaches below them.

    Attributes
    ----------
    travel_min_s, travel_max_s : Int32Array, shape (n_rows,)
        Shortest and longest time from the gauge to the village of a row of `CriticalStage`; 0: the
        gauge stands in the village.
    attenuation : Float64Array, shape (n_rows,)
        Share of the height over `base_m` that arrives.
    base_m : Float64Array, shape (n_rows,)
        Low water of the gauge over its datum; 0 where nobody said.
    gauge : Int32Array, shape (n_gauges,)
    range_m : Float64Array, shape (n_gauges, 2)
        Low water and highest possible stage of gauges; a stage far outside is over another datum.
    """

    travel_min_s: Int32Array
    travel_max_s: Int32Array
    attenuation: Float64Array
    base_m: Float64Array
    gauge: Int32Array
    range_m: Float64Array

    @property
    def travel_s_max(self) -> int:
        """Longest travel time of all reaches."""
        return int(self.travel_max_s.max(initial=0))

    def of_rows(self, rows: Int64Array) -> "Reaches":
        """The reaches of some rows; what is known of the gauges stays that of all."""
        return replace(
            self,
            travel_min_s=self.travel_min_s[rows],
            travel_max_s=self.travel_max_s[rows],
            attenuation=self.attenuation[rows],
            base_m=self.base_m[rows],
        )


@dataclass(frozen=True, slots=True)
class CriticalStage:
    """Stage thresholds: one row is one gauge that warns one village.

    Attributes
    ----------
    village, station : Int32Array, shape (n_rows,)
    critical_m : Float64Array, shape (n_rows, 4)
        Stage that reaches blue, yellow, orange, red; NaN where a level has no value.
    stale_after_s : int
        A stage observed longer ago than that says nothing.
    rise_window_s : int
        Over which the rise is taken.
    horizon_s : int
        How far ahead a rise is extended.
    reaches : Reaches or None
        None: every gauge stands where it warns, and nobody said its datum.
    """

    village: Int32Array
    station: Int32Array
    critical_m: Float64Array
    stale_after_s: int
    rise_window_s: int = 1800
    horizon_s: int = 7200
    reaches: Reaches | None = None

    @property
    def numbers(self) -> Float64Array:
        """All values; NaN where a level has none."""
        return self.critical_m

    def defined(self, n_places: int) -> BoolArray:
        """Levels that have a value at each place by any gauge, shape (n_places, 4)."""
        return defined_by_rows(self.village, self.critical_m, n_places)

    def of_places(self, places: Int64Array) -> "CriticalStage":
        """The rows that warn some places."""
        rows, village = rows_of_places(self.village, places)
        return replace(
            self,
            village=village,
            station=self.station[rows],
            critical_m=self.critical_m[rows],
            reaches=None if self.reaches is None else self.reaches.of_rows(rows),
        )


@dataclass(frozen=True, slots=True)
class SlopeTable:
    """Slope sensors: one row is one indicator of one station that warns one village.

    Attributes
    ----------
    village, station : Int32Array, shape (n_rows,)
        Village -1: the row warns nobody here, a neighbour that is here is confirmed by it.
    indicator, variable : UInt8Array, shape (n_rows,)
        Codes of `Indicator` and of the `Variable` that it is worked out from.
    critical : Float64Array, shape (n_rows, 4)
        Values of blue to red in the unit of the indicator; NaN where a level has none.
        Of hours to failure fewer are worse.
    steady_mm_per_day, thermal_deg_per_degc : Float64Array, shape (n_rows,)
        Velocity of the steady stage (NaN where no tangent angle is asked for), and
        tilt that a degree of warming fakes (0: none).
    near : Int32Array, shape (n_pairs, 2)
        Stations that are neighbours, both ways round.
    window_s, persistence : int
        Rates are taken over windows of at least that length; so many in a row count.
    noise_mm, noise_deg : float
        Changes over a window below that are none.
    fit_r2_min : float
        A time to failure counts from that R2 of its line on.
    stale_after_s : int
    """

    village: Int32Array
    station: Int32Array
    indicator: UInt8Array
    variable: UInt8Array
    critical: Float64Array
    steady_mm_per_day: Float64Array
    thermal_deg_per_degc: Float64Array
    near: Int32Array
    window_s: int
    persistence: int
    noise_mm: float
    noise_deg: float
    fit_r2_min: float
    stale_after_s: int

    @property
    def numbers(self) -> Float64Array:
        """All values; NaN where a level has none."""
        return self.critical

    def defined(self, n_places: int) -> BoolArray:
        """Levels that have a value at each place by any sensor, shape (n_places, 4)."""
        return defined_by_rows(self.village, self.critical, n_places)

    def of_places(self, places: Int64Array) -> "SlopeTable":
        """The rows that warn some places, and behind them those whose word confirms these."""
        own, village = rows_of_places(self.village, places)
        asked = self.near[np.isin(self.near[:, 0], self.station[own]), 1]
        beside = np.setdiff1d(np.flatnonzero(np.isin(self.station, asked)), own)
        rows = np.concatenate([own, beside])
        return replace(
            self,
            village=np.concatenate([village, np.full(len(beside), -1, dtype=np.int32)]),
            station=self.station[rows],
            indicator=self.indicator[rows],
            variable=self.variable[rows],
            critical=self.critical[rows],
            steady_mm_per_day=self.steady_mm_per_day[rows],
            thermal_deg_per_degc=self.thermal_deg_per_degc[rows],
        )


@dataclass(frozen=True, slots=True)
class WaterloggingTable:
    """Waterlogging: depth of sensors by row, rain by village.

    Attributes
    ----------
    village, station : Int32Array, shape (n_rows,)
    critical_cm : Float64Array, shape (n_rows, 4)
        Depth that reaches blue to red; NaN where a level has none.
    rain : CriticalRain
    persistence : int
        So many samples in a row must be that deep.
    stale_after_s : int
    """

    village: Int32Array
    station: Int32Array
    critical_cm: Float64Array
    rain: CriticalRain
    persistence: int
    stale_after_s: int

    @property
    def numbers(self) -> Float64Array:
        """All values; NaN where a level has none."""
        return np.concatenate([self.critical_cm.ravel(), self.rain.critical_mm.ravel()])

    def defined(self, n_places: int) -> BoolArray:
        """Levels that have a value at each place, by depth or by rain, shape (n_places, 4)."""
        return defined_by_rows(self.village, self.critical_cm, n_places) | self.rain.defined(n_places)

    def of_places(self, places: Int64Array) -> "WaterloggingTable":
        """The sensors that warn some places, and their rain."""
        rows, village = rows_of_places(self.village, places)
        return replace(
            self,
            village=village,
            station=self.station[rows],
            critical_cm=self.critical_cm[rows],
            rain=self.rain.of_places(places),
        )


@dataclass(frozen=True, slots=True)
class FireTable:
    """Forest fire danger.

    Attributes
    ----------
    critical : Float64Array, shape (4,)
        Fire Weather Index that reaches blue to red; NaN where a level has none.
    station : Int32Array, shape (n_villages, k)
        Weather stations of each village, nearest first; -1: no more within reach.
    noon_s : int
        Local noon, seconds after 00:00 UTC.
    """

    critical: Float64Array
    station: Int32Array
    noon_s: int

    @property
    def numbers(self) -> Float64Array:
        """All values; NaN where a level has none."""
        return self.critical

    def defined(self, n_places: int) -> BoolArray:
        """Levels that have a value, everywhere the same, shape (n_places, 4)."""
        return np.broadcast_to(~np.isnan(self.critical), (n_places, len(LEVELS)))

    def of_places(self, places: Int64Array) -> "FireTable":
        """The same for some places."""
        return replace(self, station=self.station[places])


class Thresholds(Protocol):
    """The table of a hazard, of the kind that its evaluator reads."""

    def defined(self, n_places: int, /) -> BoolArray:
        """Levels that have a value at each place, shape (n_places, 4)."""
        ...

    @property
    def numbers(self) -> Float64Array:
        """All values of the table, of any shape; empty where it has none by its nature."""
        ...

    def of_places(self, places: Int64Array, /) -> Self:
        """The same table for some places, which are numbered anew: the first of `places` is 0.

        What it finds of a place must not depend on which others are there.
        """
        ...


@dataclass(frozen=True, slots=True)
class HazardRule:
    """One hazard as configured: what is judged, by which evaluator, with which thresholds.

    Attributes
    ----------
    name : str
        Hazard name used in warnings, e.g. ``flash_flood``.
    evaluator : str
        Module of `warnstream.hazards` that judges it.
    title_zh, title_en : str
        Event name in texts.
    thresholds : Thresholds
        Of the kind that the evaluator reads.
    continues_mm_per_h : float
        Rainstorm signal only: rain counts as continuing while the last or the
        coming hour brings at least that much. 0 where the rule has no such half.
    forecast_level_max : Level
        Highest level that a forecast alone may raise; NONE switches the "will reach" half off.
    lowering : DowngradePolicy
    source : str
        Where the thresholds come from.
    signs : SignTrigger or None
        What signs that people see mean for this hazard; None: nothing.
    calls_households : bool
        False: its warnings go to duty posts, to households they are for others to issue.
    expected : tuple of ExpectedLevel
        What raises a level before its threshold has been reached.
    """

    name: str
    evaluator: str
    title_zh: str
    title_en: str
    thresholds: Thresholds
    continues_mm_per_h: float
    forecast_level_max: Level
    lowering: DowngradePolicy
    source: str
    signs: SignTrigger | None = None
    calls_households: bool = True
    expected: tuple[ExpectedLevel, ...] = ()

    def defined(self, n_places: int) -> BoolArray:
        """Levels that have a value at each place, or are raised where another is expected; (n_places, 4)."""
        defined = self.thresholds.defined(n_places)
        for entry in self.expected:
            own = defined[:, entry.raises - 1] | defined[:, entry.of - 1]
            defined = np.where(np.arange(len(LEVELS)) == entry.raises - 1, own[:, None], defined)
        return defined

    @property
    def is_relayed(self) -> bool:
        """Another service issues it."""
        return self.evaluator == "relayed"

    def of_places(self, places: Int64Array) -> "HazardRule":
        """The same rule for some places, numbered anew (`Thresholds.of_places`)."""
        return replace(self, thresholds=self.thresholds.of_places(places))
