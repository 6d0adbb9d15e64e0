"""Sheets over the registers: how the network covers the county, and what is missing before the season."""

from collections import Counter
from collections.abc import Sequence
from datetime import date

import numpy as np

from warnstream.adapters.geometry import own_weights
from warnstream.commands.sheets.sheet import Part, Sheet, Table
from warnstream.commands.sheets.words.say import Say
from warnstream.config.settings import Configuration
from warnstream.model.arrays import BoolArray, Float64Array, Int64Array
from warnstream.model.geodesy import local_xy_m
from warnstream.model.network import Network

CELL_M = 5_000.0
DRILL_DAYS = 365
GRID_RANK = 1
_VILLAGE = ("code", "township", "village")


def network_sheet(configuration: Configuration, say: Say) -> Sheet:
    """Coverage: cells of 5 km that have villages and a rain gauge, and villages with gauges of their own."""
    network, villages = configuration.network, configuration.network.villages
    n_cells, n_covered = _cells(network)
    has_own = _has_own(configuration)
    nearest_m = _nearest_gauge_m(network)
    total, own = Counter(villages.township), Counter(np.array(villages.township)[has_own].tolist())
    without = np.flatnonzero(~has_own)
    order = without[np.argsort(-nearest_m[without], kind="stable")].tolist()
    stations = network.stations
    n_own, radius_km = int(has_own.sum()), configuration.village.radius_m / 1000
    n_rain, n_stage = int(stations.measures_rain.sum()), int(stations.measures_stage.sum())
    n_villages = len(villages)
    lines = (
        say("gauges_line", rain=n_rain, stage=n_stage),
        say("cells_line", n=n_cells, covered=n_covered, share=_share(n_covered, n_cells)),
        say("own_line", n=n_villages, own=n_own, share=_share(n_own, n_villages), radius=f"{radius_km:g}"),
    )
    tables = (
        Table(
            say("by_township"),
            say.columns("township", "n_villages", "with_gauge", "share"),
            [(name, n, own[name], _share(own[name], n)) for name, n in sorted(total.items())],
        ),
        Table(
            say("without_gauge_far"),
            say.columns(*_VILLAGE, "nearest_km"),
            [(*_village(network, at), _km(float(nearest_m[at]), say)) for at in order],
        ),
    )
    return Sheet("network", say("network"), (Part(say("network"), lines, tables),))


def _km(distance_m: float, say: Say) -> float | str:
    return round(distance_m / 1000, 1) if np.isfinite(distance_m) else say("unknown")


def season_sheet(configuration: Configuration, drills: dict[str, str], today: date, say: Say) -> Sheet:
    """Before the season: what a village lacks to be warned and led away."""
    network = configuration.network
    villages, every = network.villages, range(len(network.villages))
    doors = np.diff(network.households.first_of_village)
    with_objects = {placed.village for placed in network.objects}
    sheltered = {shelter.village for shelter in network.shelters}
    sheltered |= {at for at in every if villages.shelter and villages.shelter[at]}
    ranks = [{post.rank for post in network.posts_of_village(at)} for at in every]
    last = {at: _day_of(drills.get(villages.code[at], "")) for at in every}
    late = [at for at in every if (day := last[at]) is None or (today - day).days > DRILL_DAYS]
    has_own = _has_own(configuration)
    lacking = {
        "no_post": [at for at in every if not ranks[at]],
        "no_grid": [at for at in every if ranks[at] and GRID_RANK not in ranks[at]],
        "no_doors": [at for at in every if doors[at] == 0],
        "no_objects": [at for at in every if at not in with_objects],
        "no_shelter": [at for at in every if at not in sheltered],
        "no_gauge": np.flatnonzero(~has_own).tolist(),
    }
    tables = (
        *(_listed(network, key, numbers, say) for key, numbers in lacking.items()),
        Table(
            say("no_drill", days=DRILL_DAYS),
            say.columns(*_VILLAGE, "last_drill"),
            [(*_village(network, at), str(last[at] or say("no_record"))) for at in late],
        ),
    )
    n_posts = len({post.post for post in network.chain})
    counts = {"villages": len(villages), "posts": n_posts, "doors": len(network.households)}
    lines = (
        say("season_line", today=today, **counts),
        say("join").join(f"{table.heading} {len(table.rows)}" for table in tables),
        say("season_not_here"),
    )
    return Sheet("season", say("season"), (Part(say("season"), lines, tables),))


def _listed(network: Network, key: str, numbers: Sequence[int], say: Say) -> Table:
    return Table(say(key), say.columns(*_VILLAGE), [_village(network, at) for at in numbers])


def _village(network: Network, at: int) -> tuple[str, str, str]:
    villages = network.villages
    return villages.code[at], villages.township[at], villages.name[at]


def _share(some: int, of: int) -> str:
    return f"{some / of:.0%}" if of else "-"


def _day_of(text: str) -> date | None:
    return date.fromisoformat(text[:10]) if text else None


def _has_own(configuration: Configuration) -> BoolArray:
    """Villages all of whose zones have a gauge that speaks for them, shape (n_villages,)."""
    network = configuration.network
    has: BoolArray = own_weights(network, configuration.village).weight.sum(axis=1) > 0
    found: BoolArray = np.logical_and.reduceat(has, network.places.first_of_village[:-1])
    return found


def _cells(network: Network) -> tuple[int, int]:
    """Cells of 5 km in which a village lies, and those of them in which a rain gauge stands."""
    villages, stations = network.villages, network.stations
    centre = float(villages.latitude.min()), float(villages.longitude.min())
    rain = stations.measures_rain
    of_villages = _cell(local_xy_m(villages.latitude, villages.longitude, *centre))
    of_gauges = _cell(local_xy_m(stations.latitude[rain], stations.longitude[rain], *centre))
    cells = {tuple(cell) for cell in of_villages.tolist()}
    return len(cells), len(cells & {tuple(cell) for cell in of_gauges.tolist()})


def _cell(xy_m: Float64Array) -> Int64Array:
    found: Int64Array = np.floor(xy_m / CELL_M).astype(np.int64)
    return found


def _nearest_gauge_m(network: Network) -> Float64Array:
    """Distance of each village's point to the nearest rain gauge, shape (n_villages,); inf without any."""
    villages, stations = network.villages, network.stations
    rain = np.flatnonzero(stations.measures_rain)
    nearest_m: Float64Array = np.full(len(villages), np.inf)
    centre = float(villages.latitude.mean()), float(villages.longitude.mean())
    gauges = local_xy_m(stations.latitude[rain], stations.longitude[rain], *centre)
    for at, xy_m in enumerate(local_xy_m(villages.latitude, villages.longitude, *centre)):
        if len(gauges):
            nearest_m[at] = np.hypot(*(gauges - xy_m).T).min()
    return nearest_m
