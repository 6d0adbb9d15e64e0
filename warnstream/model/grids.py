"""Grids of rain (radar, satellite, a model's analysis) as a source beside the gauges.

A grid never becomes part of a gauge's rain. A file of it is turned into one
`GridFrame`: the amounts at *points*, which are the places that are judged and,
after them, the rain gauges (there a grid can be compared with what fell).
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, Int64Array, UInt8Array
from warnstream.model.network import Network
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.times import HOUR_S

NO_GRID = 255
"""In `GridRain.number`: gauges speak, not a grid. So at most 255 grids."""


class Timed(Protocol):
    """What ends at a time."""

    @property
    def end_s(self) -> int: ...  # noqa: D102  # described above


_Timed = TypeVar("_Timed", bound=Timed)


@dataclass(frozen=True, slots=True)
class BiasPolicy:
    """Mean-field adjustment of a grid to the gauges: one factor for all cells (`warnstream.villages.bias`).

    The factor is the sum over pairs of the gauges' rain over that of the grid, of the last `window_s`,
    from `pairs_min` pairs in which both have `pair_mm_min` on, within 1 / `factor_max` and `factor_max`.
    """

    window_s: int = 3 * HOUR_S
    pairs_min: int = 10
    pair_mm_min: float = 1.0
    factor_max: float = 2.0


@dataclass(frozen=True, slots=True)
class GridPolicy:
    """How one grid speaks for places whose gauges do not cover a window.

    Attributes
    ----------
    name : str
        A code; named in every reason that rests on the grid.
    interval_s : int
        Usual time between frames.
    age_s_max : int
        A grid whose newest frame ended longer ago says nothing.
    gauges_below : float
        Gauges cover a window from that share of it on; below it the grid speaks.
    certainty : str
        CAP word of warnings that rest on it: ``Likely`` or ``Possible``.
    bias : BiasPolicy or None
        None: amounts count as they are.
    """

    name: str
    interval_s: int = 300
    age_s_max: int = 900
    gauges_below: float = 0.5
    certainty: str = "Possible"
    bias: BiasPolicy | None = None


@dataclass(frozen=True, slots=True)
class GridFrame:
    """What a grid says of one interval, at the points of a network.

    Attributes
    ----------
    grid : str
        Its name.
    end_s, interval_s : int
        The amounts fell in the `interval_s` seconds up to `end_s`; whole minutes.
    rain_mm : Float64Array, shape (n_points,)
        Places first, then rain gauges. NaN where the grid saw nothing.
    """

    grid: str
    end_s: int
    interval_s: int
    rain_mm: Float64Array

    @property
    def begin_s(self) -> int:
        """When the interval began."""
        return self.end_s - self.interval_s

    def of_points(self, points: Int64Array) -> "GridFrame":
        """What it says at some of its points."""
        return replace(self, rain_mm=self.rain_mm[points])


@dataclass(frozen=True, slots=True)
class GridRefusal:
    """A frame that was not taken, and why."""

    reason: RefusalReason
    detail: str
    frame: GridFrame


@dataclass(frozen=True, slots=True)
class GridRain:
    """Where grids speak at one step; belongs to a `VillageRain`.

    Attributes
    ----------
    policies : tuple of GridPolicy
    number : UInt8Array, shape (n_places, n_columns)
        Which of them gave the rain of a window; `NO_GRID` where gauges did.
    coverage : Float64Array, shape (n_places, n_columns)
        Share of the window that it observed, and the place's gauges before it; NaN where gauges speak.
    gauge_mm : Float64Array, shape (n_places, n_columns)
        Part of the rain that the place's own gauges measured before they fell silent.
    observed_at_s : Int64Array, shape (n_grids, n_places)
        End of the newest interval that each grid saw at each place; -1 where none.
    """

    policies: tuple[GridPolicy, ...]
    number: UInt8Array
    coverage: Float64Array
    gauge_mm: Float64Array
    observed_at_s: Int64Array

    def of(self, place: int, column: int) -> int | None:
        """Number of the grid that gave the rain of a window; None if gauges did."""
        number = int(self.number[place, column])
        return None if number == NO_GRID else number


@dataclass(frozen=True, slots=True)
class GridState:
    """One grid after a step, for those who look after the node.

    Attributes
    ----------
    name : str
    newest_s : int
        End of the newest frame; -1 before the first.
    is_fresh : bool
        Young enough to speak.
    factor : float
        What its amounts are multiplied by; 1 without adjustment.
    n_pairs : int
        Gauges that the factor rests on; 0 if there were too few.
    n_frames, n_repeated : int
        Taken and repeated at this step.
    is_seen : BoolArray, shape (n_places,)
        Places of which the newest frame says something.
    speaks : BoolArray, shape (n_places,)
        Places for which it gave the rain of any window at this step.
    """

    name: str
    newest_s: int
    is_fresh: bool
    factor: float
    n_pairs: int
    n_frames: int
    n_repeated: int
    is_seen: BoolArray
    speaks: BoolArray


def in_order_of_time(frames: Iterable[_Timed]) -> tuple[_Timed, ...]:
    """Frames by the end of their interval; equal ones stay as they are."""
    return tuple(sorted(frames, key=lambda frame: frame.end_s))


def points_of(network: Network) -> tuple[Float64Array, Float64Array]:
    """Latitude and longitude of the points of a network, shape (n_points,) each: places, then rain gauges."""
    places, stations = network.places.site, network.stations
    gauges = np.flatnonzero(stations.measures_rain)
    return (
        np.concatenate([places.latitude, stations.latitude[gauges]]),
        np.concatenate([places.longitude, stations.longitude[gauges]]),
    )


def points_of_places(network: Network, places: Int64Array) -> Int64Array:
    """Which points of a whole network are those of some of its places with all gauges."""
    n_gauges = int(np.count_nonzero(network.stations.measures_rain))
    return np.concatenate([places, len(network.places) + np.arange(n_gauges)])


def digest_of_points(network: Network) -> bytes:
    """Eight bytes that say which places and gauges, in which order and where, the points are."""
    places, stations = network.places.site, network.stations
    gauges = np.flatnonzero(stations.measures_rain)
    names = "\n".join((*places.code, "", *(stations.code[gauge] for gauge in gauges)))
    where = np.round(np.concatenate(points_of(network)), 5).tobytes()
    return hashlib.sha256(names.encode() + where).digest()[:8]
