"""Tables of the pages, in one language, as they are shown and exported; nothing of them is personal."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from warnstream.adapters.http.models.county import StateRecord
from warnstream.adapters.http.models.transfers import TransfersRecord
from warnstream.config.settings import Configuration
from warnstream.config.yaml.quantities import format_duration
from warnstream.console.county import Area, County
from warnstream.console.reading.models import Act, Cell, Column
from warnstream.console.situation import View
from warnstream.delivery.texts import clean
from warnstream.model.level import LEVELS
from warnstream.model.observations.station_quality import StationFlag
from warnstream.model.rules.rules import CriticalRain, CriticalStage, HazardRule
from warnstream.model.times import parse_iso

Rows = list[list[Cell]]
Words = Mapping[str, tuple[str, str]]

COLUMNS: Mapping[str, Sequence[tuple[str, str, str]]] = {
    "towns": (
        ("镇", "Town", "text"),
        ("县", "County", "text"),
        ("等级", "Level", "level"),
        ("红", "Red", "number"),
        ("橙", "Orange", "number"),
        ("黄", "Yellow", "number"),
        ("蓝", "Blue", "number"),
        ("求助未派", "Help, nobody goes", "number"),
        ("待放行", "Wait for release", "number"),
        ("应答不齐", "Answers missing", "number"),
        ("应通知", "To be told", "number"),
        ("已送达", "Reached", "number"),
        ("已回复", "Answered", "number"),
        ("转移/安全", "Moving or safe", "number"),
    ),
    "villages": (
        ("村码", "Code", "text"),
        ("村", "Village", "text"),
        ("镇", "Town", "text"),
        ("县", "County", "text"),
        ("等级", "Level", "level"),
        ("监测", "Gauges", "text"),
    ),
    "stations": (
        ("站码", "Station", "text"),
        ("状态", "Condition", "text"),
        ("原因", "Why", "text"),
        ("可信度", "Confidence", "number"),
        ("自", "Since", "time"),
        ("替补", "Spare", "text"),
    ),
    "channels": (
        ("渠道", "Channel", "text"),
        ("待发", "Waiting", "number"),
        ("每秒", "A second", "number"),
        ("还需秒", "Seconds needed", "number"),
        ("停自", "Stopped since", "time"),
    ),
    "alarms": (
        ("告警", "Alarm", "own"),
        ("内容", "What", "text"),
        ("自", "Since", "time"),
        ("未就绪", "Not ready", "text"),
    ),
    "thresholds": (
        ("灾种", "Hazard", "text"),
        ("判据", "What is judged", "text"),
        ("蓝", "Blue", "text"),
        ("黄", "Yellow", "text"),
        ("橙", "Orange", "text"),
        ("红", "Red", "text"),
        ("预报最高", "By forecast at most", "level"),
        ("降级", "Lowering", "text"),
        ("依据", "Source", "own"),
    ),
    "acts": (
        ("日志号", "Entry", "number"),
        ("时间", "Time", "time"),
        ("何人", "Who", "text"),
        ("第二人", "Second", "text"),
        ("何事", "What", "word"),
        ("对象", "About", "text"),
        ("村数", "Villages", "number"),
        ("灾种", "Hazard", "text"),
        ("级", "Level", "text"),
        ("理由", "Why", "own"),
    ),
    "transfers": (
        ("转移单", "List", "text"),
        ("村码", "Code", "text"),
        ("村", "Village", "text"),
        ("状态", "State", "text"),
        ("时限", "By", "time"),
        ("户/处", "Rows", "number"),
        ("未核", "Open", "number"),
        ("人数", "Persons", "number"),
        ("已出", "Out", "number"),
        ("已核", "Confirmed", "number"),
        ("应", "Expected, by number", "number"),
        ("已", "Moved, by number", "number"),
        ("拒", "Refused, by number", "number"),
    ),
    "people": (
        ("人员", "Person", "text"),
        ("姓名", "Name", "own"),
        ("角色", "Role", "text"),
        ("范围", "Area", "text"),
        ("岗", "Post", "text"),
        ("可登录", "May sign in", "text"),
        ("第二因素", "Second factor", "text"),
        ("在线", "Sessions", "number"),
        ("值班自", "On duty since", "time"),
    ),
}
"""Headings in Chinese and English, and kind, by table."""

TITLES: Words = {
    "towns": ("各镇预警", "Warnings by township"),
    "villages": ("各村预警", "Warnings by village"),
    "stations": ("站点", "Stations"),
    "channels": ("发送渠道", "Channels"),
    "alarms": ("本节点告警", "Alarms of this node"),
    "thresholds": ("阈值", "Thresholds"),
    "acts": ("人工操作", "Acts of people"),
    "transfers": ("转移单", "Transfer lists"),
    "people": ("人员与权限", "People and roles"),
}

_WORDS: Words = {
    "silent": ("无声", "silent"),
    "doubted": ("存疑", "doubted"),
    "reports": ("正常", "reports"),
    "sight0": ("正常", "seen"),
    "sight1": ("部分", "partly"),
    "sight2": ("无", "blind"),
    "yes": ("是", "yes"),
    "no": ("否", "no"),
    "moving": ("转移中", "moving"),
    "out": ("已全部撤出", "all out"),
    "over": ("险情已过", "danger over"),
    "closed": ("已结束", "closed"),
    "older": ("更早的未列出", "older ones are left out"),
    "officer": ("值班员", "officer"),
    "second": ("第二人", "second"),
    "reader": ("查看", "reader"),
    "stage": ("水位，米", "stage, m"),
    "configuration": ("配置", "configuration"),
    "bundle": ("配置包", "bundle"),
    "audit": ("审计", "audit"),
    "entry": ("日志号", "entry"),
}


WHY_ZH: Mapping[str, str] = {
    StationFlag.FAULTY_ZERO.word: "邻站有雨而本站无雨：视为无声，非无雨",
    StationFlag.HIGH_INFLUX.word: "一次报数远大于邻站",
    StationFlag.OUTLIER.word: "数周雨量与邻站不符",
    StationFlag.STUCK.word: "反复报同一数值，邻站几乎无雨",
    StationFlag.LONELY.word: "近一小时雨量远大于邻站",
    StationFlag.UNSHARED.word: "只有本站下大雨，邻站都没有",
    StationFlag.READINGS.word: "近一小时读数存疑",
    StationFlag.ISOLATED.word: "附近没有足够的邻站可比",
    StationFlag.CONTRADICTED.word: "替补站有雨而本站无雨：视为无声，非无雨",
    StationFlag.BEYOND_RECORD.word: "雨量超过世界纪录",
    StationFlag.COUNTER.word: "近一小时计数器回落或重来：换站、改系数、断线或两站同号",
}
"""Why a gauge is doubted, by the flag's word."""


class Speaker:
    """Words of one language.

    Parameters
    ----------
    language : str
        ``zh`` or ``en``.
    """

    def __init__(self, language: str) -> None:
        self.number = 0 if language == "zh" else 1

    def word(self, name: str) -> str:
        """One of the words above."""
        return _WORDS[name][self.number]

    def title(self, name: str) -> str:
        """Of a table."""
        return TITLES[name][self.number]

    def columns(self, name: str) -> list[Column]:
        """Of a table."""
        return [Column((zh, en)[self.number], kind) for zh, en, kind in COLUMNS[name]]  # type: ignore[arg-type]


def towns(view: View, area: Area) -> Rows:
    """The queue, in its order."""
    rows: Rows = []
    for at, row in view.rows.items():
        town, doors = area.towns[at], row.doors
        blue, yellow, orange, red = row.villages
        rows.append(
            [
                town.name,
                town.county,
                row.level,
                red,
                orange,
                yellow,
                blue,
                row.help_unassigned,
                row.release,
                row.dry,
                doors.addressed,
                doors.reached,
                doors.answered,
                doors.safe,
            ]
        )
    return rows


def villages(view: View, area: Area, county: County, speaker: Speaker) -> Rows:
    """Villages where something stands or that are not seen, worst first."""
    shown = np.flatnonzero((view.level > 0) | (view.sight > 0))
    order = shown[np.argsort(-view.level[shown].astype(np.int64), kind="stable")]
    return [
        [
            county.code[at],
            county.name[at],
            county.township[at],
            county.county[at],
            int(view.level[here]),
            speaker.word(f"sight{int(view.sight[here])}"),
        ]
        for here in order.tolist()
        for at in [int(area.villages[here])]
    ]


def stations(view: View, area: Area, county: County, state: StateRecord, speaker: Speaker) -> Rows:
    """Every station of the area: silent ones first, then doubted ones, least trusted first."""
    codes = county.configuration.network.stations.code
    known = state.stations or None
    doubts = {doubted.station: doubted for doubted in known.doubted_why} if known else {}
    found: list[tuple[tuple[int, float], list[Cell]]] = []
    for here, at in enumerate(area.stations.tolist()):
        condition = int(view.stations[here]) if here < len(view.stations) else 1
        doubt = doubts.get(codes[at])
        word = "silent" if not condition & 1 else "doubted" if condition & 2 else "reports"
        rank = ("silent", "doubted", "reports").index(word), 1.0 if doubt is None else doubt.confidence
        row: list[Cell] = [codes[at], speaker.word(word), "", None, None, ""]
        if doubt is not None:
            row = [
                codes[at],
                speaker.word(word),
                doubt.why if speaker.number else "；".join(WHY_ZH.get(flag, flag) for flag in doubt.flags),
                doubt.confidence,
                _time(doubt.since),
                doubt.spare or "",
            ]
        found.append((rank, row))
    found.sort(key=lambda one: one[0])
    return [row for _, row in found]


def channels(state: StateRecord) -> Rows:
    """Who waits on each channel."""
    return [
        [
            channel.channel,
            sum(channel.waiting.values()),
            channel.per_s,
            round(max(channel.needs_s.values(), default=0.0)),
            _time(channel.stopped),
        ]
        for channel in state.channels or ()
    ]


def alarms(state: StateRecord, speaker: Speaker) -> Rows:
    """What troubles the node."""
    return [
        [
            clean(alarm.alarm),
            clean((alarm.zh or alarm.text, alarm.text)[speaker.number]),
            _time(alarm.since),
            speaker.word("yes" if alarm.blocking else "no"),
        ]
        for alarm in state.alarms
    ]


def thresholds(configuration: Configuration, speaker: Speaker) -> Rows:
    """A row for each indicator of each hazard: the range over villages, by level."""
    return [row for rule in configuration.rules for row in _rule_rows(rule, speaker)]


def _rule_rows(rule: HazardRule, speaker: Speaker) -> Iterator[list[Cell]]:
    title = (rule.title_zh, rule.title_en)[speaker.number] or rule.name
    hold, share = format_duration(rule.lowering.hold_s), f"{rule.lowering.clear_ratio:.0%}"
    rest: list[Cell] = [int(rule.forecast_level_max), f"{share} · {hold}", clean(rule.source)]
    for what, levels in _ranges(rule):
        yield [clean(title), speaker.word("stage") if what == STAGE else what, *levels, *rest]


STAGE = "stage, m"


def _ranges(rule: HazardRule) -> Iterator[tuple[str, list[Cell]]]:
    table = rule.thresholds
    if isinstance(table, CriticalRain):
        for column, duration_s in enumerate(table.duration_s.tolist()):
            yield (
                f"{format_duration(duration_s)}, mm",
                [_range(table.critical_mm[:, column, at]) for at in range(4)],
            )
    elif isinstance(table, CriticalStage):
        yield STAGE, [_range(table.critical_m[:, at]) for at in range(4)]
    else:
        yield rule.evaluator, ["" for _ in LEVELS]


def _range(values: np.ndarray) -> str:
    known = values[np.isfinite(values)]
    if not len(known):
        return ""
    least, most = float(known.min()), float(known.max())
    return f"{least:g}" if least == most else f"{least:g} – {most:g}"


def acts(found: Sequence[Act]) -> Rows:
    """What people have done."""
    return [
        [
            act.seq,
            act.at_s,
            act.who,
            act.second,
            act.kind,
            act.subject,
            act.villages,
            act.hazard,
            act.result,
            act.reason,
        ]
        for act in found
    ]


def transfers(record: TransfersRecord, is_inside: Callable[[str], bool], speaker: Speaker) -> Rows:
    """A row for each village of each list; a number of people that nobody has said is empty."""
    rows: Rows = []
    for transfer in record.lists:
        for village in transfer.villages:
            if not is_inside(village.village):
                continue
            figures, heads = village.figures, village.figures.heads
            state = "closed" if transfer.closed else "over" if village.over else transfer.state
            rows.append(
                [
                    transfer.transfer,
                    village.village,
                    clean(village.name),
                    speaker.word(state),
                    _time(transfer.by),
                    figures.rows,
                    figures.open,
                    figures.persons,
                    figures.out,
                    figures.confirmed,
                    heads.get("to_move"),
                    heads.get("moved"),
                    heads.get("refused"),
                ]
            )
    return rows


def _time(text: object) -> int | None:
    return parse_iso(text) if isinstance(text, str) and text else None
