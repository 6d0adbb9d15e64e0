"""The fixed facts of a county: stations, villages, households, responsibility chain.

Built once from CONFIG_DIR by `warnstream.config`; arrays are indexed by
station, village or household number, never by name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, Int32Array, Int64Array
from warnstream.model.hands.roster import NOBODY, Roster
from warnstream.model.observations.counter_forms import CounterForm
from warnstream.model.observations.readings import Variable
from warnstream.model.transfers.duties import Team, duty_of
from warnstream.model.transfers.objects import HouseholdFacts, Shelter, TransferObject

Entry = TypeVar("Entry")


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
    spares : tuple of (int, int)
        Gauges with a spare beside them: (gauge, spare), the better spare of a gauge first.
    resolution_mm : Float64Array, shape (n_stations,), or None
        Rain of one tip of the gauge; NaN where it is not known, None where it is known of none.
    counter_forms : Mapping of int to CounterForm
        What is particular to the rain counters of a station, by its number; most have nothing.
    was : Mapping of str to str
        By code, the code that a station had before.
    """

    code: tuple[str, ...]
    latitude: Float64Array
    longitude: Float64Array
    interval_s: Int32Array
    measures_rain: BoolArray
    measures_stage: BoolArray
    measured: tuple[frozenset[Variable], ...] = ()
    resolution_mm: Float64Array | None = None
    spares: tuple[tuple[int, int], ...] = ()
    counter_forms: Mapping[int, CounterForm] = field(default_factory=dict)
    was: Mapping[str, str] = field(default_factory=dict)

    @property
    def speaks_for_places(self) -> BoolArray:
        """Whose rain places are judged by, shape (n_stations,); a spare fills what its gauge left open."""
        speaks = self.measures_rain.copy()
        speaks[[spare for _, spare in self.spares]] = False
        return speaks

    def __len__(self) -> int:
        return len(self.code)

    def index_of_code(self) -> dict[str, int]:
        """Station number by code."""
        return {code: index for index, code in enumerate(self.code)}

    def index_of_name(self) -> dict[str, int]:
        """Station number by code, and by the code that it had before: loggers may still send that one."""
        number = self.index_of_code()
        return {**{before: number[code] for code, before in self.was.items()}, **number}


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
    parent : tuple of str, length n_villages or 0
        Where these are `Places`: the code of the village that each belongs to.
    short_name, shelter : tuple of str, length n_villages or 0
        How short messages call it, and where its people go; empty where nobody said.
    people : tuple of int, length n_villages or 0
        How many live there; 0 where nobody said.
    was : Mapping of str to str
        By a code that a village had before, its code now: log, ledger and outbox may know it by that one.
    """

    code: tuple[str, ...]
    name: tuple[str, ...]
    township: tuple[str, ...]
    county: tuple[str, ...]
    latitude: Float64Array
    longitude: Float64Array
    polygon_wkt: tuple[str | None, ...]
    parent: tuple[str, ...] = ()
    short_name: tuple[str, ...] = ()
    shelter: tuple[str, ...] = ()
    people: tuple[int, ...] = ()
    was: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.code)

    def index_of_code(self) -> dict[str, int]:
        """Village number by code."""
        return {code: index for index, code in enumerate(self.code)}

    def index_of_name(self) -> dict[str, int]:
        """Village number by code, and by codes that it had before: what was kept may have those."""
        number = self.index_of_code()
        return {**{before: number[code] for before, code in self.was.items()}, **number}

    def code_now(self, code: str) -> str:
        """The code that a village has now, by one that it has or had; another one as it is."""
        return self.was.get(code, code)

    def codes_before(self) -> dict[str, tuple[str, ...]]:
        """By code, the codes that a village had before."""
        found: dict[str, tuple[str, ...]] = {}
        for before, code in self.was.items():
            found[code] = (*found.get(code, ()), before)
        return found

    def of_villages(self, villages: Int64Array) -> "Villages":
        """Some of them, numbered anew: the first of `villages` is 0."""
        number, some = self.index_of_code() if self.was else {}, set(villages.tolist())
        return Villages(
            code=_some(self.code, villages),
            name=_some(self.name, villages),
            township=_some(self.township, villages),
            county=_some(self.county, villages),
            latitude=self.latitude[villages],
            longitude=self.longitude[villages],
            polygon_wkt=_some(self.polygon_wkt, villages),
            parent=_some(self.parent, villages),
            short_name=_some(self.short_name, villages),
            shelter=_some(self.shelter, villages),
            people=_some(self.people, villages),
            was={before: code for before, code in self.was.items() if number[code] in some},
        )


@dataclass(frozen=True, slots=True)
class Zone:
    """A part of a village's risk that is judged by itself: a catchment above it, a slope, a low quarter.

    `village` is the village's number, `latitude` and `longitude` a point inside the
    zone, `polygon_wkt` its outline in longitude, latitude (None: only the point is
    known). A zone may lie outside its village: a stream brings the rain of its catchment.
    """

    code: str
    name: str
    village: int
    latitude: float
    longitude: float
    polygon_wkt: str | None


@dataclass(frozen=True, slots=True)
class Places:
    """Where hazards are judged: the zones of a village, or the village itself where it has none.

    Thresholds and indicators are arrays over places; a village's level is
    that of its worst place (`warnstream.villages.zones`).

    Attributes
    ----------
    site : Villages
        The places as if they were villages, sorted by village; `site.parent` is the village's code.
    zone : tuple of str, length n_places
        Name of the zone, empty where the place is a whole village.
    village : Int32Array, shape (n_places,)
        Number of the village, ascending.
    first_of_village : Int32Array, shape (n_villages + 1,)
        Places of village v are ``first_of_village[v]:first_of_village[v + 1]``.
    """

    site: Villages
    zone: tuple[str, ...]
    village: Int32Array
    first_of_village: Int32Array

    def __len__(self) -> int:
        return len(self.zone)

    @property
    def is_divided(self) -> bool:
        """Whether any village has zones."""
        return any(self.zone)

    def of_villages(self, villages: Int64Array) -> Int64Array:
        """Numbers of the places of some villages, village after village."""
        first = self.first_of_village
        own = [np.arange(first[village], first[village + 1]) for village in villages.tolist()]
        return np.concatenate([np.zeros(0, dtype=np.int64), *own])


@dataclass(frozen=True, slots=True)
class Households:
    """Doors, sorted by village so that a village's doors are one slice.

    Attributes
    ----------
    code : tuple of str, length n_households
    channel, address : tuple of str, length n_households
        Channel name of channels.yaml and the address on it: the first way to each door. Never logged.
    first_of_village : Int32Array, shape (n_villages + 1,)
        Doors of village v are ``first_of_village[v]:first_of_village[v + 1]``.
    facts : HouseholdFacts or None
        What the register says of their people; None where it says nothing of any.
    further : tuple of (tuple of (str, str)), length n_households or 0
        Channel and address of each door's further ways in order; empty where no door has any.
    """

    code: tuple[str, ...]
    channel: tuple[str, ...]
    address: tuple[str, ...]
    first_of_village: Int32Array
    facts: HouseholdFacts | None = None
    further: tuple[tuple[tuple[str, str], ...], ...] = ()

    def __len__(self) -> int:
        return len(self.code)

    def of_village(self, village: int) -> range:
        """Household numbers of a village."""
        return range(int(self.first_of_village[village]), int(self.first_of_village[village + 1]))

    def ways(self, door: int) -> tuple[tuple[str, str], ...]:
        """Channel and address of every way to a door, in the order in which they are tried."""
        further = self.further[door] if self.further else ()
        return ((self.channel[door], self.address[door]), *further)

    def of_villages(self, villages: Int64Array) -> "Households":
        """The doors of some villages, numbered anew."""
        first = self.first_of_village
        own = [door for village in villages.tolist() for door in self.of_village(village)]
        doors = np.array(own, dtype=np.int64)
        ends = np.cumsum((first[1:] - first[:-1])[villages])
        return Households(
            code=_some(self.code, doors),
            channel=_some(self.channel, doors),
            address=_some(self.address, doors),
            first_of_village=np.concatenate([[0], ends]).astype(np.int32),
            facts=None if self.facts is None else _facts_of(self.facts, doors),
            further=tuple([self.further[door] for door in own]) if self.further else (),
        )


@dataclass(frozen=True, slots=True)
class ChainPost:
    """A duty post of the responsibility chain: who answers for an area, and how it is called.

    `rank` 1 is nearest to the households (grid member); `area` is a village code, a township name, a county
    name or ``*``. A rescue team answers as a post does and is not on the ladder: `team` says what it is.
    `duty` is one of `DUTIES`, or empty. `deputy` is the post that is rung with it once it is silent.
    """

    post: str
    role: str
    rank: int
    area: str
    channel: str
    address: str
    team: Team | None = None
    duty: str = ""
    deputy: str = ""


@dataclass(frozen=True, slots=True)
class Network:
    """Everything that CONFIG_DIR says about places and people."""

    stations: Stations
    villages: Villages
    households: Households
    chain: tuple[ChainPost, ...]
    zones: tuple[Zone, ...] = ()
    objects: tuple[TransferObject, ...] = ()
    shelters: tuple[Shelter, ...] = ()
    posts_were: Mapping[str, str] = field(default_factory=dict)
    """By a code that a post had before, its code now."""
    hazards_were: Mapping[str, str] = field(default_factory=dict)
    """By a name that a hazard had before, its name now: what is kept of places and people names hazards."""
    roster: Roster = NOBODY
    _places: Places | None = field(default=None, init=False, repr=False, compare=False)
    _duties: dict[str, str] | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def places(self) -> Places:
        """Zones of divided villages and the other villages themselves."""
        # Kept: to build them takes 8 ms in a county, and every fall of a level asks.
        if self._places is None:
            object.__setattr__(self, "_places", places_of(self.villages, self.zones))
        assert self._places is not None
        return self._places

    @property
    def duties(self) -> Mapping[str, str]:
        """Duty of each post that has one; `IN_COUNTY` of those that command a whole county."""
        if self._duties is None:
            counties = {*self.villages.county, "*"}
            found = {post.post: duty_of(post.duty, post.area, counties) for post in self.chain if post.duty}
            object.__setattr__(self, "_duties", found)
        assert self._duties is not None
        return self._duties

    def private_addresses(self) -> set[str]:
        """Addresses of doors and posts, which no log shows.

        One that is the code of a station or village as well tells nobody anything, and hidden it would make
        lines about that station illegible. So is the code of a post or team that its device goes by, unless
        it might be a telephone number.
        """
        posts = (post.post for post in self.chain if any(map(str.isalpha, post.post)))
        told = {"", *self.stations.code, *self.villages.code, *posts}
        further = (address for ways in self.households.further for _, address in ways)
        rung = (*(post.address for post in self.chain), *self.roster.addresses())
        return {*self.households.address, *further, *rung} - told

    def of_villages(self, villages: Int64Array) -> "Network":
        """The same with some of the villages, their zones and their doors, numbered anew.

        All stations stay, and all posts: one that answers for other villages alone has nothing to answer.

        Raises
        ------
        ValueError
            If `villages` are not ascending, different and of this network.
        """
        n_villages = len(self.villages)
        if np.any(np.diff(villages) <= 0) or np.any((villages < 0) | (villages >= n_villages)):
            raise ValueError(f"expected ascending numbers of villages below {n_villages}, got {villages}")
        number = {village: new for new, village in enumerate(villages.tolist())}
        zones = (replace(zone, village=number[zone.village]) for zone in self.zones if zone.village in number)
        objects = (
            replace(listed, village=number[listed.village])
            for listed in self.objects
            if listed.village in number
        )
        shelters = (
            replace(shelter, village=number[shelter.village])
            for shelter in self.shelters
            if shelter.village in number
        )
        return replace(
            self,
            villages=self.villages.of_villages(villages),
            households=self.households.of_villages(villages),
            zones=tuple(zones),
            objects=tuple(objects),
            shelters=tuple(shelters),
        )

    def teams_of_village(self, village: int) -> tuple[ChainPost, ...]:
        """Ways of the rescue teams that come to a village, the first echelon first."""
        areas = self._areas_of(village)
        found = [(post.team.echelon_h, post) for post in self.chain if post.team and post.team.area in areas]
        return tuple(post for _, post in sorted(found, key=lambda one: (one[0], one[1].post)))

    def _areas_of(self, village: int) -> set[str]:
        villages = self.villages
        return {villages.code[village], villages.township[village], villages.county[village], "*"}

    def posts_of_village(self, village: int) -> tuple[ChainPost, ...]:
        """Posts answering for a village, nearest rank first."""
        areas = self._areas_of(village)
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

    def of_places(self, places: Int64Array) -> "StationWeights":
        """Those of some places."""
        return StationWeights(self.station[places], self.weight[places], self.distance_m[places])


def _some(column: tuple[Entry, ...], numbers: Int64Array) -> tuple[Entry, ...]:
    """Some entries of a column that is either whole or empty."""
    return tuple(column[number] for number in numbers.tolist()) if column else ()


def _facts_of(facts: HouseholdFacts, doors: Int64Array) -> HouseholdFacts:
    return HouseholdFacts(
        _some(facts.grade, doors),
        _some(facts.persons, doors),
        _some(facts.helpless, doors),
        _some(facts.zone, doors),
        _some(facts.helper, doors),
        _some(facts.shelter, doors),
    )


def places_of(villages: Villages, zones: tuple[Zone, ...]) -> Places:
    """The places of villages some of which are divided into zones."""
    divided = {zone.village for zone in zones}
    whole = (number for number in range(len(villages)) if number not in divided)
    latitude, longitude = villages.latitude.tolist(), villages.longitude.tolist()
    places = [
        Zone(villages.code[at], "", at, latitude[at], longitude[at], villages.polygon_wkt[at]) for at in whole
    ]
    places = sorted([*places, *zones], key=lambda place: place.village)
    village = np.array([place.village for place in places], dtype=np.int32)
    site = Villages(
        code=tuple(place.code for place in places),
        name=tuple(villages.name[at] for at in village),
        township=tuple(villages.township[at] for at in village),
        county=tuple(villages.county[at] for at in village),
        latitude=np.array([place.latitude for place in places], dtype=np.float64),
        longitude=np.array([place.longitude for place in places], dtype=np.float64),
        polygon_wkt=tuple(place.polygon_wkt for place in places),
        parent=tuple(villages.code[at] for at in village),
    )
    first = np.searchsorted(village, np.arange(len(villages) + 1)).astype(np.int32)
    return Places(site, tuple(place.name for place in places), village, first)
