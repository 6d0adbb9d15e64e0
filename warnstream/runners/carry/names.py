"""What the numbers in a snapshot mean: codes of stations, villages and places, and who judged."""

import zlib
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np

from warnstream.model.arrays import Int64Array
from warnstream.model.geodesy import local_xy_m
from warnstream.model.network import Network

MOVED_M = 500.0
"""A gauge that stands so far from where it stood measures another rain."""

Rows = tuple[Int64Array, Int64Array]
"""Rows of an array before and rows of the same things now, shape (n,) each."""


@dataclass(frozen=True, slots=True)
class JudgedAs:
    """By which configuration something is judged.

    Attributes
    ----------
    fingerprint : str
        Of its files; the same: nothing has to be carried.
    policies : mapping of str to str
        What of policies the state depends on, by part.
    """

    fingerprint: str = ""
    policies: Mapping[str, str] = field(default_factory=dict)


NOBODYS = JudgedAs()
"""Of an engine that was put together without files."""


class GaugeName(msgspec.Struct, frozen=True, array_like=True):
    """A station as far as it tells whether its past is still its own; `tip_mm` is NaN where not known."""

    code: str
    latitude: float
    longitude: float
    tip_mm: float | None


class Names(msgspec.Struct, frozen=True):
    """What the numbers of one configuration mean.

    Attributes
    ----------
    stations : list of GaugeName
    villages : list of str
    places : list of str
        Village and, where it is divided, zone.
    gauges : list of int
        Stations that measure rain: behind the places they are points of grids.
    policies : dict of str to str
        What of policies the state depends on, by part.
    was : dict of str to str
        By code of a station, the code that it had before.
    villages_were : dict of str to str
        By a code that a village had before, its code now.
    """

    stations: list[GaugeName]
    villages: list[str]
    places: list[str]
    gauges: list[int]
    policies: dict[str, str]
    was: dict[str, str] = {}
    villages_were: dict[str, str] = {}


def names_of(network: Network, policies: Mapping[str, str]) -> Names:
    """The names of a network."""
    stations, site = network.stations, network.places.site
    tips = [None] * len(stations) if stations.resolution_mm is None else stations.resolution_mm.tolist()
    rows = zip(stations.code, stations.latitude.tolist(), stations.longitude.tolist(), tips, strict=True)
    return Names(
        [GaugeName(code, y, x, None if tip is None or np.isnan(tip) else tip) for code, y, x, tip in rows],
        list(network.villages.code),
        [f"{village}/{place}" for village, place in zip(site.parent, site.code, strict=True)],
        np.flatnonzero(stations.measures_rain).tolist(),
        dict(policies),
        dict(stations.was),
        dict(network.villages.was),
    )


def encode_names(names: Names) -> bytes:
    """As a snapshot keeps them."""
    return zlib.compress(msgspec.msgpack.encode(names), level=1)


def decode_names(content: bytes) -> Names:
    """Names of a snapshot. ValueError if these are none."""
    try:
        return msgspec.msgpack.decode(zlib.decompress(content), type=Names)
    except (zlib.error, msgspec.MsgspecError) as error:
        raise ValueError(f"the snapshot does not say what its numbers mean: {error}") from None


@dataclass(frozen=True, slots=True)
class Same:
    """What two configurations both have.

    Attributes
    ----------
    stations, villages, places, points : Rows
    anew : list of str
        Stations of both that have moved or were exchanged: their past is not theirs.
    gone, added : list of str
        Stations that only the one before, only the present one has.
    renamed : list of str
        Stations that had another code before, by their code now.
    """

    stations: Rows
    villages: Rows
    places: Rows
    points: Rows
    anew: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    renamed: list[str] = field(default_factory=list)

    def station_now(self, n_before: int) -> Int64Array:
        """Number now of each station before, shape (n_before,); -1 where its past is not carried."""
        now: Int64Array = np.full(n_before, -1, dtype=np.int64)
        now[self.stations[0]] = self.stations[1]
        return now


def same_of(old: Names, new: Names) -> Same:
    """What both have, by code; a station with another code now is known by the one that it had."""
    before = {gauge.code: number for number, gauge in enumerate(old.stations)}
    now = {gauge.code for gauge in new.stations}
    # A rollback goes the other way: what the configuration before called by another code has its own again.
    was = {before: code for code, before in old.was.items() if before in now and code not in now} | dict(
        new.was
    )
    renamed = [code for code, known in was.items() if known in before and code not in before]
    before = {**before, **{code: before[was[code]] for code in renamed}}
    for code in renamed:
        del before[was[code]]
    pairs, anew = [], []
    for number, gauge in enumerate(new.stations):
        if gauge.code not in before:
            continue
        if _is_another(old.stations[before[gauge.code]], gauge):
            anew.append(gauge.code)
        else:
            pairs.append((before[gauge.code], number))
    village_now = _villages_now(old, new)
    villages = [village_now.get(code, code) for code in old.villages]
    stations = _rows(pairs)
    places = rows_of([_place_now(place, village_now) for place in old.places], new.places)
    return Same(
        stations,
        rows_of(villages, new.villages),
        places,
        _points(old, new, stations, places),
        anew,
        [code for code in before if code not in now],
        [gauge.code for gauge in new.stations if gauge.code not in before],
        renamed,
    )


def _villages_now(old: Names, new: Names) -> dict[str, str]:
    """By code before, of villages that have another code now; a rollback gives the earlier one back."""
    before, now = set(old.villages), set(new.villages)
    back = {code: known for known, code in old.villages_were.items() if known in now}
    found = {**back, **new.villages_were}
    return {
        known: code
        for known, code in found.items()
        if known in before and known not in now and code not in before
    }


def _place_now(place: str, village_now: Mapping[str, str]) -> str:
    """The name of a place whose village has another code now; one that is no zone has its village's."""
    village, _, zone = place.partition("/")
    if village not in village_now:
        return place
    now = village_now[village]
    return f"{now}/{now if zone == village else zone}"


def rows_of(old: Sequence[Hashable], new: Sequence[Hashable]) -> Rows:
    """Rows of the names that both have.

    >>> before, now = rows_of(["a", "b", "c"], ["c", "x", "a"])
    >>> before.tolist(), now.tolist()
    ([2, 0], [0, 2])
    """
    before = {name: number for number, name in enumerate(old)}
    return _rows([(before[name], number) for number, name in enumerate(new) if name in before])


def _rows(pairs: list[tuple[int, int]]) -> Rows:
    both = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def _is_another(old: GaugeName, new: GaugeName) -> bool:
    """Whether a station of the same code has moved, or its gauge was exchanged."""
    if old == new:
        return False
    here = np.array([new.latitude]), np.array([new.longitude])
    moved_m = float(np.hypot(*local_xy_m(*here, old.latitude, old.longitude)[0]))
    is_exchanged = None not in (old.tip_mm, new.tip_mm) and old.tip_mm != new.tip_mm
    return moved_m > MOVED_M or is_exchanged


def _points(old: Names, new: Names, stations: Rows, places: Rows) -> Rows:
    """Points of grids: the places, then the rain gauges."""
    before = {gauge: len(old.places) + number for number, gauge in enumerate(old.gauges)}
    now = {gauge: len(new.places) + number for number, gauge in enumerate(new.gauges)}
    both = zip(stations[0].tolist(), stations[1].tolist(), strict=True)
    gauges = _rows([(before[was], now[becomes]) for was, becomes in both if was in before and becomes in now])
    return np.concatenate([places[0], gauges[0]]), np.concatenate([places[1], gauges[1]])
