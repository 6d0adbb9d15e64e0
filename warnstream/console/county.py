"""What does not change while a console runs: names of places, townships, and who may see which of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from warnstream.adapters.console.frame import KeptVillage
from warnstream.config.settings import Configuration
from warnstream.delivery.texts import clean
from warnstream.model.arrays import Float64Array, Int64Array
from warnstream.model.geodesy import local_xy_m

EVERYWHERE = "*"


@dataclass(frozen=True, slots=True)
class Town:
    """A township; `name` is that of the village where villages have none."""

    name: str
    county: str


@dataclass(frozen=True, slots=True)
class Area:
    """The part of a county that a person may see; numbers are those of the node.

    Attributes
    ----------
    name : str
        As operators.csv has it.
    villages, stations : Int64Array
    towns : tuple of Town
    town : Int64Array, shape (n of villages,)
        Number of each village's town among `towns`.
    """

    name: str
    villages: Int64Array
    stations: Int64Array
    towns: tuple[Town, ...]
    town: Int64Array

    @property
    def is_everything(self) -> bool:
        """Nothing is left out."""
        return self.name == EVERYWHERE


class County:
    """Places of a node, with clean names.

    Parameters
    ----------
    configuration : Configuration
    kept : sequence of KeptVillage
        Villages that the configuration has lost under a warning.

    Attributes
    ----------
    code, name, township, county : tuple of str, length n_villages
    village_xy, station_xy : Float64Array, shape (n, 2)
        Local metres.
    """

    def __init__(self, configuration: Configuration, kept: Sequence[KeptVillage] = ()) -> None:
        self.configuration, self.kept = configuration, tuple(kept)
        villages, stations = configuration.network.villages, configuration.network.stations
        self.code = (*villages.code, *(village.code for village in kept))
        self.name = tuple(
            clean(name) or code
            for name, code in zip(
                (*villages.name, *(village.name for village in kept)), self.code, strict=True
            )
        )
        self.township = tuple(map(clean, (*villages.township, *(village.township for village in kept))))
        self.county = tuple(map(clean, (*villages.county, *(village.county for village in kept))))
        latitude = np.append(villages.latitude, [village.latitude for village in kept])
        longitude = np.append(villages.longitude, [village.longitude for village in kept])
        self.centre = float(np.mean(latitude)), float(np.mean(longitude))
        self.village_xy: Float64Array = local_xy_m(latitude, longitude, *self.centre)
        self.station_xy: Float64Array = local_xy_m(stations.latitude, stations.longitude, *self.centre)
        self._areas: dict[str, Area] = {}
        self._number = {code: number for number, code in enumerate(self.code)}

    def __len__(self) -> int:
        return len(self.code)

    @property
    def n_stations(self) -> int:
        """Stations of the node."""
        return len(self.station_xy)

    def number_of(self, code: str) -> int | None:
        """Number of a village; None if there is none of that code."""
        return self._number.get(code)

    def area(self, name: str) -> Area:
        """What a person with that area may see."""
        if (found := self._areas.get(name)) is None:
            found = self._areas[name] = self._area(name)
        return found

    def _area(self, name: str) -> Area:
        wanted = clean(name)
        places = zip(self.code, self.township, self.county, strict=True)
        inside = [name == EVERYWHERE or wanted in place for place in places]
        villages: Int64Array = np.flatnonzero(inside)
        towns: dict[Town, int] = {}
        town = [
            towns.setdefault(Town(self.township[at] or self.name[at], self.county[at]), len(towns))
            for at in villages.tolist()
        ]
        return Area(name, villages, self._stations_of(villages), tuple(towns), np.array(town, dtype=np.int64))

    def _stations_of(self, villages: Int64Array) -> Int64Array:
        """Stations that stand nearest to a village of the area."""
        if not len(villages) or not self.n_stations:
            return np.zeros(0, dtype=np.int64)
        tree = shapely.STRtree(np.asarray(shapely.points(self.village_xy)))
        nearest = tree.nearest(np.asarray(shapely.points(self.station_xy)))
        return np.flatnonzero(np.isin(nearest, villages))
