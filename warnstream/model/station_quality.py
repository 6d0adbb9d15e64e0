"""What is known of each gauge beside its readings: flags, confidence, and who stands near it."""

from dataclasses import dataclass
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
)
"""Flags under which a level that rests on the gauge is not confirmed."""


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
class StationQuality:
    """What quality control thinks of every station at one step; all of shape (n_stations,).

    Attributes
    ----------
    flags : UInt16Array
        `StationFlag` bits.
    confidence : Float64Array
        0 (says nothing) to 1 (nothing speaks against it).
    since_s : Int64Array
        Since when a `FAULTY_ZERO` or `STUCK` gauge has not measured; -1 for all others.
    """

    flags: UInt16Array
    confidence: Float64Array
    since_s: Int64Array

    def has(self, flag: StationFlag) -> BoolArray:
        """Which stations carry any of these flags."""
        return np.asarray((self.flags & np.uint16(flag)) != 0)


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
    for flag, left in CONFIDENCE.items():
        carries = (flags & np.uint16(flag)) != 0
        confidence[carries] = np.minimum(confidence[carries], left)
    return confidence
