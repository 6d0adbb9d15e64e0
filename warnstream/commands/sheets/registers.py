"""Sheets over the registers: how the network covers the county, and what is missing before the season."""

from collections import Counter
from collections.abc import Sequence
from datetime import date

import numpy as np

from warnstream.adapters.geometry import own_weights
from warnstream.commands.sheets.sheet import Part, Sheet, Table
from warnstream.config.settings import Configuration
from warnstream.model.arrays import BoolArray, Float64Array, Int64Array
from warnstream.model.geodesy import local_xy_m
from warnstream.model.network import Network

CELL_M = 5_000.0
DRILL_DAYS = 365
GRID_RANK = 1
_VILLAGE = ("编码", "乡镇", "村")


def network_sheet(configuration: Configuration) -> Sheet:
    """Coverage: cells of 5 km that have villages and a rain gauge, and villages with gauges of their own."""
    network, villages = configuration.network, configuration.network.villages
    n_cells, n_covered = _cells(network)
    has_own = _has_own(configuration)
    nearest_m = _nearest_gauge_m(network)
    total, own = Counter(villages.township), Counter(np.array(villages.township)[has_own].tolist())
    without = np.flatnonzero(~has_own)
    order = without[np.argsort(-nearest_m[without], kind="stable")].tolist()
    n_rain, n_stage = int(network.stations.measures_rain.sum()), int(network.stations.measures_stage.sum())
    n_own, radius_km = int(has_own.sum()), configuration.village.radius_m / 1000
    covered = f"{n_covered} 个（{_share(n_covered, n_cells)}）"
    owned = f"{n_own} 个（{_share(n_own, len(villages))}）"
    lines = (
        f"雨量站 {n_rain} 个，水位站 {n_stage} 个",
        f"有村的 5 公里网格 {n_cells} 个，其中有雨量站 {covered}",
        f"行政村 {len(villages)} 个，有自己雨量站的 {owned}：按 villages.radius_km {radius_km:g} 公里",
    )
    tables = (
        Table(
            "各乡镇",
            ("乡镇", "行政村", "有自己雨量站", "占比"),
            [(name, str(n), str(own[name]), _share(own[name], n)) for name, n in sorted(total.items())],
        ),
        Table(
            "没有自己雨量站的村（最远的在前）",
            (*_VILLAGE, "最近雨量站（公里）"),
            [(*_village(network, at), f"{nearest_m[at] / 1000:.1f}") for at in order],
        ),
    )
    return Sheet("network", "监测网覆盖情况", (Part("监测网覆盖情况", lines, tables),))


def season_sheet(configuration: Configuration, drills: dict[str, str], today: date) -> Sheet:
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
    tables = (
        _listed(network, "没有责任人的村", [at for at in every if not ranks[at]]),
        _listed(
            network,
            "没有网格员（第 1 级）的村",
            [at for at in every if ranks[at] and GRID_RANK not in ranks[at]],
        ),
        _listed(network, "没有住户登记的村", [at for at in every if doors[at] == 0]),
        _listed(network, "没有转移对象登记的村", [at for at in every if at not in with_objects]),
        _listed(network, "没有避灾安置场所的村", [at for at in every if at not in sheltered]),
        _listed(network, "没有自己雨量站的村", np.flatnonzero(~has_own).tolist()),
        Table(
            f"{DRILL_DAYS} 天内没有演练的村",
            (*_VILLAGE, "上次演练"),
            [(*_village(network, at), str(last[at] or "没有记录")) for at in late],
        ),
    )
    n_posts = len({post.post for post in network.chain})
    lines = (
        f"{today}：行政村 {len(villages)} 个，责任人 {n_posts} 个，住户 {len(network.households)} 户",
        "；".join(f"{table.heading} {len(table.rows)}" for table in tables),
        "培训、装备试验不在本系统登记，由乡镇另附。",
    )
    return Sheet("season", "汛前检查表", (Part("汛前检查表", lines, tables),))


def _listed(network: Network, heading: str, numbers: Sequence[int]) -> Table:
    return Table(heading, _VILLAGE, [_village(network, at) for at in numbers])


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
