"""Sheets about people: who may sleep elsewhere tonight; until when a village is mended after an event."""

from collections.abc import Sequence
from datetime import date, timedelta

from warnstream.commands.sheets.sheet import Part, Sheet, Table
from warnstream.model.network import Network
from warnstream.model.transfers.objects import UNKNOWN, TransferObject

MENDED: tuple[tuple[str, int], ...] = (("道路抢通", 2), ("供电供水恢复", 3), ("住房修复或安置", 5))
"""What, and within how many days of the event: 1-2, 3 and 5 in the county's order."""

_TO_FILL_IN = ""


def tonight_sheet(network: Network, today: date) -> Sheet:
    """The afternoon's sheet (15:00): of each township what is listed to be moved, class A first."""
    townships = sorted(set(network.villages.township))
    listed = sorted(
        network.objects,
        key=lambda placed: (placed.grade, network.villages.code[placed.village], placed.zone, placed.code),
    )
    tables = [
        Table(
            name, _COLUMNS, [_row(network, placed) for placed in listed if _township(network, placed) == name]
        )
        for name in townships
    ]
    counted = [placed for placed in listed if placed.persons != UNKNOWN]
    unknown = f"，另有 {n} 处人数未填" if (n := len(listed) - len(counted)) else ""
    firsts = [placed for placed in listed if placed.grade == "A"]
    persons = f"{sum(placed.persons for placed in counted)} 人{unknown}"
    registered = f"登记转移对象 {len(listed)} 处、{persons}，其中 A 类 {len(firsts)} 处"
    lines = (
        f"{today} 15:00 会商用：{registered}",
        "没有 24 小时预报：本系统只估算未来 3 小时，今晚是否转移由会商决定，填在最后两栏。",
    )
    return Sheet(
        "tonight", "今晚转移安置研判表", (Part("今晚转移安置研判表", lines, tuple(tables), _SIGNED),)
    )


def mended_sheet(network: Network, villages: Sequence[int], ended: date) -> Sheet:
    """Three dates of each village after an event that ended on a day, with cells to close them."""
    columns = ("编码", "乡镇", "村", "事项", "期限", "完成日期", "确认人")
    every = network.villages
    rows = [
        (
            every.code[at],
            every.township[at],
            every.name[at],
            what,
            str(ended + timedelta(days=days)),
            _TO_FILL_IN,
            _TO_FILL_IN,
        )
        for at in villages
        for what, days in MENDED
    ]
    within = "、".join(f"{what} {days} 天" for what, days in MENDED)
    lines = (f"灾害过程 {ended} 结束，受灾村 {len(villages)} 个；期限：{within}",)
    return Sheet(
        "mended", "灾后恢复三个期限", (Part("灾后恢复三个期限", lines, (Table("各村", columns, rows),)),)
    )


_COLUMNS = (
    "类别",
    "村",
    "对象",
    "风险区",
    "人数",
    "需帮助",
    "负责人",
    "去处",
    "今晚转移（是/否）",
    "落实人",
)
_SIGNED = ("会商", "乡镇", "时间")


def _township(network: Network, placed: TransferObject) -> str:
    return network.villages.township[placed.village]


def _row(network: Network, placed: TransferObject) -> tuple[str, ...]:
    name_of_zone = {zone.code: zone.name for zone in network.zones}
    name_of_shelter = {shelter.code: shelter.name for shelter in network.shelters}
    own = network.villages.shelter[placed.village] if network.villages.shelter else ""
    return (
        placed.grade,
        network.villages.name[placed.village],
        placed.name,
        name_of_zone.get(placed.zone, placed.zone),
        _count(placed.persons),
        _count(placed.helpless),
        placed.helper,
        name_of_shelter.get(placed.shelter, placed.shelter) or own or "未定",
        _TO_FILL_IN,
        _TO_FILL_IN,
    )


def _count(number: int) -> str:
    return "未填" if number == UNKNOWN else str(number)
