"""What is known of each gauge beside its readings: flags, confidence, and who stands near it."""

from dataclasses import dataclass, field
from enum import IntFlag

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, Int32Array, Int64Array, UInt16Array


class StationFlag(IntFlag):
    """Why a rain gauge is doubted; a flag lowers confidence and never deletes a reading."""

    NONE = 0
    FAULTY_ZERO = 1
    HIGH_INFLUX = 2
    OUTLIER = 4
    STUCK = 8
    LONELY = 16
    UNSHARED = 32
    READINGS = 64
    ISOLATED = 128
    CONTRADICTED = 256
    BEYOND_RECORD = 512
    COUNTER = 1024

    @property
    def word(self) -> str:
        """Name in metrics and in the state."""
        return str(self.name).lower()


STATION_FLAGS: tuple[StationFlag, ...] = tuple(StationFlag)
"""Every single flag; iterating an `IntFlag` leaves NONE out."""

WHY: dict[StationFlag, str] = {
    StationFlag.FAULTY_ZERO: "reports no rain while its neighbours are wet: silent, not dry",
    StationFlag.HIGH_INFLUX: "reported far more rain in one interval than its neighbours",
    StationFlag.OUTLIER: "its rain of the last weeks does not go with that of its neighbours",
    StationFlag.STUCK: "reports the same amount again and again while its neighbours report hardly any",
    StationFlag.LONELY: "its rain of the last hour is far above that of its neighbours",
    StationFlag.UNSHARED: "it rains hard here and at none of its neighbours",
    StationFlag.READINGS: "readings of the last hour are doubtful",
    StationFlag.ISOLATED: "too few neighbours within reach to be compared with",
    StationFlag.CONTRADICTED: "reports no rain while its spare beside it is wet: silent, not dry",
    StationFlag.BEYOND_RECORD: "its rain of some duration is more than any place on Earth has had in it",
    StationFlag.COUNTER: "its rain counter fell, came back or began anew within the last hour: "
    "two gauges under one identity, an exchanged gauge, a changed factor or a broken cable",
}
"""In a sentence, for the duty officer."""

CONFIDENCE: dict[StationFlag, float] = {
    StationFlag.FAULTY_ZERO: 0.0,
    StationFlag.STUCK: 0.25,
    StationFlag.OUTLIER: 0.5,
    StationFlag.HIGH_INFLUX: 0.5,
    StationFlag.LONELY: 0.5,
    StationFlag.UNSHARED: 0.5,
    StationFlag.READINGS: 0.75,
    StationFlag.ISOLATED: 1.0,
    StationFlag.CONTRADICTED: 0.0,
    StationFlag.BEYOND_RECORD: 0.5,
    StationFlag.COUNTER: 0.75,
}
"""What is left of a gauge's confidence; of several flags the least counts.

An order, not a probability: no source gives one. A gauge that cannot be
compared is not a bad gauge.
"""

DOUBT = (
    StationFlag.HIGH_INFLUX
    | StationFlag.OUTLIER
    | StationFlag.STUCK
    | StationFlag.LONELY
    | StationFlag.UNSHARED
    | StationFlag.BEYOND_RECORD
)
"""Flags under which a level that rests on the gauge is not confirmed."""

CLOGGED = StationFlag.FAULTY_ZERO | StationFlag.CONTRADICTED
"""Flags of a gauge that reports zeros and does not measure."""

LASTS = np.iinfo(np.int64).max
"""End of a stretch that has none yet."""


@dataclass(frozen=True, slots=True)
class StationNeighbours:
    """Rain gauges near each station, worked out once.

    Attributes
    ----------
    station : Int32Array, shape (n_stations, k)
        Nearest first; -1 where there are no more.
    distance_m : Float64Array, shape (n_stations, k)
        Padding is inf.
    """

    station: Int32Array
    distance_m: Float64Array

    @property
    def is_there(self) -> BoolArray:
        """Where the table names a station, shape (n_stations, k)."""
        return np.asarray(self.station >= 0)


@dataclass(frozen=True, slots=True)
class DoubtPeriods:
    """Times in which gauges reported and were not believed; all of shape (n,), sorted by station and begin.

    They are remembered as long as any window reaches back to them: a gauge that
    measures again has still not measured what it missed.

    Attributes
    ----------
    station : Int32Array
    begin_s, end_s : Int64Array
        `LASTS` where it is not over.
    flag : UInt16Array
        `StationFlag.FAULTY_ZERO` (clogged, whoever found it), `STUCK`, or `OUTLIER`.
    """

    station: Int32Array
    begin_s: Int64Array
    end_s: Int64Array
    flag: UInt16Array

    def __len__(self) -> int:
        return len(self.station)

    @property
    def lost(self) -> Float64Array:
        """Share of each stretch that was not measured, shape (n,); an outlier did measure."""
        is_zero, is_stuck = self.flag == StationFlag.FAULTY_ZERO, self.flag == StationFlag.STUCK
        return np.where(is_zero, 1.0, np.where(is_stuck, 1.0 - CONFIDENCE[StationFlag.STUCK], 0.0))

    def of(self, station: Int32Array) -> "DoubtPeriods":
        """Those of some stations."""
        some = np.isin(self.station, station)
        return DoubtPeriods(self.station[some], self.begin_s[some], self.end_s[some], self.flag[some])

    def rows(self) -> set[tuple[int, int, int, int]]:
        """The same as (station, begin, end, flag)."""
        columns = (self.station, self.begin_s, self.end_s, self.flag)
        return set(zip(*(column.tolist() for column in columns), strict=True))


def no_stretches() -> DoubtPeriods:
    """Every gauge was believed all the time."""
    time_s: Int64Array = np.zeros(0, dtype=np.int64)
    return DoubtPeriods(np.zeros(0, dtype=np.int32), time_s, time_s, np.zeros(0, dtype=np.uint16))


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """What gauges did not measure in windows though they reported.

    Attributes
    ----------
    station : Int64Array, shape (n,)
        A station may be named more than once.
    share : Float64Array, shape (n, n_durations)
        Part of each window that counts as not observed.
    is_zero : BoolArray, shape (n,)
        The gauge was clogged; others were stuck.
    """

    station: Int64Array
    share: Float64Array
    is_zero: BoolArray

    def less(self, coverage: Float64Array) -> Float64Array:
        """Coverage of all stations, shape (n_stations, n_durations), without what was not measured."""
        measured = coverage.copy()
        np.subtract.at(measured, self.station, self.share)
        measured[self.station] = np.maximum(measured[self.station], 0.0)
        return measured

    def concatenate(self, other: "Unmeasured") -> "Unmeasured":
        """These windows, and after them others of the same stations."""
        n, n_columns = len(self.station), self.share.shape[1]
        share = np.zeros((n + len(other.station), n_columns + other.share.shape[1]))
        share[:n, :n_columns], share[n:, n_columns:] = self.share, other.share
        return Unmeasured(
            np.concatenate([self.station, other.station]),
            share,
            np.concatenate([self.is_zero, other.is_zero]),
        )

    def of_stuck(self) -> "Unmeasured":
        """The part of the gauges that were not clogged."""
        stuck = ~self.is_zero
        return Unmeasured(self.station[stuck], self.share[stuck], self.is_zero[stuck])


@dataclass(frozen=True, slots=True)
class StationQuality:
    """What quality control thinks of every station at one step; all of shape (n_stations,).

    Attributes
    ----------
    flags : UInt16Array
        `StationFlag` bits.
    confidence : Float64Array
        0 (says nothing) to 1 (nothing speaks against it).
    since_s : Int64Array
        Since when a clogged or `STUCK` gauge has not measured; -1 for all others.
    stretches : DoubtPeriods
        Of this and earlier steps; the same object while nothing changes.
    """

    flags: UInt16Array
    confidence: Float64Array
    since_s: Int64Array
    stretches: DoubtPeriods = field(default_factory=no_stretches)

    @property
    def is_clogged(self) -> BoolArray:
        """Which gauges report zeros and do not measure, shape (n_stations,)."""
        return self.has(CLOGGED)

    def has(self, flag: StationFlag) -> BoolArray:
        """Which stations carry any of these flags."""
        return np.asarray((self.flags & np.uint16(flag)) != 0)


def no_doubt(n_stations: int) -> StationQuality:
    """Nothing is held against any station."""
    return StationQuality(
        np.zeros(n_stations, dtype=np.uint16),
        np.ones(n_stations),
        np.full(n_stations, -1, dtype=np.int64),
    )


def no_neighbours(n_stations: int) -> StationNeighbours:
    """Nobody is near anybody: no gauge is compared with another."""
    return StationNeighbours(
        np.full((n_stations, 0), -1, dtype=np.int32), np.full((n_stations, 0), np.inf, dtype=np.float64)
    )


def confidence_of(flags: UInt16Array) -> Float64Array:
    """Least confidence that the flags of each station leave.

    >>> confidence_of(np.array([0, StationFlag.STUCK | StationFlag.LONELY], dtype=np.uint16)).tolist()
    [1.0, 0.25]
    """
    confidence: Float64Array = np.ones(len(flags))
    if not flags.any():  # nearly always
        return confidence
    for flag, left in CONFIDENCE.items():
        carries = (flags & np.uint16(flag)) != 0
        confidence[carries] = np.minimum(confidence[carries], left)
    return confidence
