"""The fixed facts of a county: stations, villages, households, responsibility chain.

Built once from CONFIG_DIR by `warnstream.config`; arrays are indexed by
station, village or household number, never by name.
"""

from dataclasses import dataclass

from warnstream.model.arrays import BoolArray, Float64Array, Int32Array
from warnstream.model.readings import Variable


@dataclass(frozen=True, slots=True)
class Stations:
    """Who should report.

    Attributes
    ----------
    code : tuple of str, length n_stations
        Name in messages; unique.
    latitude, longitude : Float64Array, shape (n_stations,)
        WGS 84 degrees.
    interval_s : Int32Array, shape (n_stations,)
        Reporting interval; a rain reading covers that long before its time.
    measures_rain, measures_stage : BoolArray, shape (n_stations,)
        Which variables are expected; silence is judged on stations that should report.
    measured : tuple of frozenset of Variable, length n_stations
        All that each station measures; empty where nobody said.
    """

    code: tuple[str, ...]
    latitude: Float64Array
    longitude: Float64Array
    interval_s: Int32Array
    measures_rain: BoolArray
    measures_stage: BoolArray
    measured: tuple[frozenset[Variable], ...] = ()

    def __len__(self) -> int:
        return len(self.code)

    def index_of_code(self) -> dict[str, int]:
        """Station number by code."""
        return {code: index for index, code in enumerate(self.code)}


@dataclass(frozen=True, slots=True)
class Villages:
    """Who is warned.

    Attributes
    ----------
    code, name, township, county : tuple of str, length n_villages
        `code` is the official 12-digit number or any unique text (never parsed as a number).
    latitude, longitude : Float64Array, shape (n_villages,)
        A point inside the village, WGS 84 degrees.
    polygon_wkt : tuple of (str or None), length n_villages
        Outline as well-known text in longitude, latitude; None where only the point is known.
    """

    code: tuple[str, ...]
    name: tuple[str, ...]
    township: tuple[str, ...]
    county: tuple[str, ...]
    latitude: Float64Array
    longitude: Float64Array
    polygon_wkt: tuple[str | None, ...]

    def __len__(self) -> int:
        return len(self.code)

    def index_of_code(self) -> dict[str, int]:
        """Village number by code."""
        return {code: index for index, code in enumerate(self.code)}


@dataclass(frozen=True, slots=True)
class Households:
    """Doors, sorted by village so that a village's doors are one slice.

    Attributes
    ----------
    code : tuple of str, length n_households
    channel, address : tuple of str, length n_households
        Channel name of channels.yaml and the address on it. Never logged.
    first_of_village : Int32Array, shape (n_villages + 1,)
        Doors of village v are ``first_of_village[v]:first_of_village[v + 1]``.
    """

    code: tuple[str, ...]
    channel: tuple[str, ...]
    address: tuple[str, ...]
    first_of_village: Int32Array

    def __len__(self) -> int:
        return len(self.code)

    def of_village(self, village: int) -> range:
        """Household numbers of a village."""
        return range(int(self.first_of_village[village]), int(self.first_of_village[village + 1]))


@dataclass(frozen=True, slots=True)
class ChainPost:
    """A duty post of the responsibility chain: who answers for an area, and how it is called.

    `rank` 1 is nearest to the households (grid member) and rises to the county
    leader; `area` is a village code, a township name, a county name or ``*``.
    """

    post: str
    role: str
    rank: int
    area: str
    channel: str
    address: str


@dataclass(frozen=True, slots=True)
class Network:
    """Everything that CONFIG_DIR says about places and people."""

    stations: Stations
    villages: Villages
    households: Households
    chain: tuple[ChainPost, ...]

    def posts_of_village(self, village: int) -> tuple[ChainPost, ...]:
        """Posts answering for a village, nearest rank first."""
        villages = self.villages
        areas = {villages.code[village], villages.township[village], villages.county[village], "*"}
        return tuple(sorted((p for p in self.chain if p.area in areas), key=lambda p: (p.rank, p.post)))


@dataclass(frozen=True, slots=True)
class StationWeights:
    """How much each nearby station counts for each village.

    Attributes
    ----------
    station : Int32Array, shape (n_villages, k)
        Station numbers, most important first; padded with station 0.
    weight : Float64Array, shape (n_villages, k)
        Shares; each row sums to 1, padding is 0. A row of zeros has no station.
    distance_m : Float64Array, shape (n_villages, k)
        Distance from the village's point; padding is inf.
    """

    station: Int32Array
    weight: Float64Array
    distance_m: Float64Array
