"""Which table a sheet is and which of its columns is what, by the names that offices give them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from warnstream.commands.init.sheets import HEADER_ROWS_MAX, Sheet
from warnstream.model.errors import WarnstreamError

CODES = frozenset({"station", "village", "household", "post", "area", "address"})
"""Columns whose numbers are names: healed where exact, never rounded."""

COORDINATES = frozenset({"latitude", "longitude"})
NUMBERS = frozenset({"elevation_m", "interval_s", "people", "rank"})


@dataclass(frozen=True, slots=True)
class Kind:
    """One table of CONFIG_DIR: its file, its columns, and the headers that mean each of them.

    `signs` are columns without which no sheet is taken for it, `must` those that a row cannot do without,
    `asked` those whose unit a header has to name.
    """

    name: str
    file: str
    signs: tuple[str, ...]
    must: tuple[str, ...]
    headers: Mapping[str, tuple[str, ...]]
    asked: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns, in the order of the file."""
        return tuple(self.headers)


_PLACE = {
    "latitude": ("latitude", "lat", "纬度", "北纬"),
    "longitude": ("longitude", "lon", "lng", "long", "经度", "东经"),
}
_WHOSE = {
    "township": ("township", "town", "乡镇", "所属乡镇", "乡", "镇", "街道"),
    "county": ("county", "区县", "县", "所属县", "县区", "县市区"),
}
SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0}
METRES = {"m": 1.0, "ft": 0.3048}

KINDS: tuple[Kind, ...] = (
    Kind(
        "stations",
        "stations.csv",
        ("station", "latitude", "longitude"),
        ("station", "latitude", "longitude", "variables", "interval_s", "county"),
        {
            "station": (
                "station",
                "station_code",
                "code",
                "站码",
                "站号",
                "测站编码",
                "测站编号",
                "编码",
                "编号",
            ),
            "name": ("name", "station_name", "站名", "测站名称", "名称"),
            **_PLACE,
            "elevation_m": ("elevation_m", "elevation", "altitude", "高程", "海拔", "海拔高度"),
            "variables": ("variables", "variable", "type", "类型", "站类", "测站类型", "要素"),
            "interval_s": ("interval_s", "interval", "上报间隔", "报送间隔", "采集间隔", "间隔"),
            "county": _WHOSE["county"],
        },
        {"interval_s": SECONDS, "elevation_m": METRES},
    ),
    Kind(
        "villages",
        "villages.csv",
        ("village", "latitude", "longitude"),
        ("village", "name", "latitude", "longitude", "township", "county"),
        {
            "village": (
                "village",
                "village_code",
                "code",
                "村码",
                "村编码",
                "行政村编码",
                "行政区划代码",
                "村代码",
            ),
            "name": ("name", "village_name", "村名", "行政村", "村", "村名称", "名称"),
            **_PLACE,
            **_WHOSE,
            "people": ("people", "population", "人口", "人口数", "常住人口", "户籍人口"),
            "shelter": ("shelter", "避灾点", "安置点", "避灾安置场所"),
            "short_name": ("short_name", "简称"),
            "polygon_wkt": ("polygon_wkt", "wkt"),
        },
    ),
    Kind(
        "households",
        "households.csv",
        ("village", "address"),
        ("household", "village", "channel", "address"),
        {
            "household": ("household", "household_code", "户号", "户编码", "户编号", "门牌编码"),
            "village": ("village", "village_code", "村码", "村编码", "行政村编码", "行政区划代码", "村代码"),
            "channel": ("channel", "渠道", "通知方式"),
            "address": ("address", "phone", "mobile", "电话", "手机", "手机号", "联系电话", "手机号码"),
        },
    ),
    Kind(
        "posts",
        "chain.csv",
        ("post", "area"),
        ("post", "role", "rank", "area", "channel", "address"),
        {
            "post": ("post", "post_code", "岗位编码", "岗位编号"),
            "role": ("role", "岗位", "职务", "角色"),
            "rank": ("rank", "层级", "级别"),
            "area": ("area", "负责区域", "责任区", "辖区"),
            "channel": ("channel", "渠道", "通知方式"),
            "address": ("address", "phone", "mobile", "电话", "手机", "手机号", "联系电话", "手机号码"),
        },
    ),
)
KIND_OF_NAME = {kind.name: kind for kind in KINDS}

UNIT_WORDS = {
    "s": "s",
    "sec": "s",
    "秒": "s",
    "min": "min",
    "minutes": "min",
    "分": "min",
    "分钟": "min",
    "h": "h",
    "小时": "h",
    "m": "m",
    "米": "m",
    "ft": "ft",
}

_UNIT = re.compile(r"^(.*?)\s*[(（\[]\s*([^()（）\[\]]+?)\s*[)）\]]\s*$")


@dataclass(frozen=True, slots=True)
class Meant:
    """A sheet as the table that it is taken for.

    `column` says where each column of the table stands in the sheet; `unit` the units that headers name.
    """

    sheet: Sheet
    kind: Kind
    column: Mapping[str, int]
    unit: Mapping[str, str]

    @property
    def unused(self) -> list[str]:
        """Headers of the sheet that nothing is taken from."""
        used = set(self.column.values())
        return [name for number, name in enumerate(self.sheet.header) if number not in used and name]


def meaning_of(sheet: Sheet, mapped: Mapping[tuple[str, str], str]) -> Meant | None:
    """What a sheet is; None where it is none of the tables.

    Of the tables whose signs are all there, the one of which most columns are found; where its first row is a
    title, below that.

    Parameters
    ----------
    sheet : Sheet
    mapped : mapping of (str, str) to str
        Table and column -> header, as the command line gives it.

    Raises
    ------
    WarnstreamError
        If a header of the command line stands there twice.
    """
    headed = [sheet, *(sheet.headed(place) for place in range(min(HEADER_ROWS_MAX, len(sheet.rows))))]
    found = [_as(candidate, kind, mapped) for candidate in headed for kind in KINDS]
    possible = [meaning for meaning in found if all(sign in meaning.column for sign in meaning.kind.signs)]
    return max(possible, key=lambda meaning: len(meaning.column), default=None)


def _as(sheet: Sheet, kind: Kind, mapped: Mapping[tuple[str, str], str]) -> Meant:
    names, units = zip(*map(_name_and_unit, sheet.header), strict=True) if sheet.header else ((), ())
    column: dict[str, int] = {}
    for wanted, headers in kind.headers.items():
        told = mapped.get((kind.name, wanted))
        if told is not None:
            places = [number for number, header in enumerate(sheet.header) if header == told]
            if len(places) > 1:
                raise WarnstreamError(f"{sheet.title}: {len(places)} columns are called {told!r}")
        else:
            places = _first(names, headers, set(column.values()))
        if places:
            column[wanted] = places[0]
    unit = {wanted: units[place] for wanted, place in column.items() if units[place]}
    return Meant(sheet, kind, column, unit)


def _first(names: Sequence[str], headers: Sequence[str], taken: set[int]) -> list[int]:
    """Column of the first of some headers that is there and not taken."""
    for header in headers:
        places = [number for number, name in enumerate(names) if name == header and number not in taken]
        if places:
            return places
    return []


def _name_and_unit(header: str) -> tuple[str, str]:
    """Header without its unit in brackets, in lower case, and the unit where it is one that is known."""
    found = _UNIT.match(header)
    if found is None:
        return header.strip().lower().replace(" ", "_"), ""
    name, unit = found.groups()
    return name.strip().lower().replace(" ", "_"), UNIT_WORDS.get(unit.strip().lower(), "")
