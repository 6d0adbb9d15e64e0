"""What people read: action first, then place, hazard and level, then why and until when.

Chinese and English say the same. Every name that comes from a table is
cleaned of control characters and cut to a length, so that a Chinese text
never exceeds `TEXT_ZH_MAX` characters (three concatenated short messages of
67), whatever a spreadsheet contained.
"""

from dataclasses import dataclass

import numpy as np

from warnstream.delivery.transfer import transfer_deadline_s
from warnstream.model.changes import SILENT_RAISER, UNEXPLAINED, Reason
from warnstream.model.level import Level
from warnstream.model.network import Network
from warnstream.model.rules.policies import MessagePolicy
from warnstream.model.rules.rules import HazardRule
from warnstream.model.times import DAY_S, HOUR_S, MINUTE_S, clock_local, iso_local
from warnstream.model.warning import Cause, MessageStatus, MessageType, WarningMessage

TEXT_ZH_MAX = 200
NAME_MAX = 14
"""Longest name of a place, hazard or station in a text; longer ones are cut with an ellipsis."""

COLOUR_ZH = ("无", "蓝色", "黄色", "橙色", "红色")
COLOUR_EN = ("none", "BLUE", "YELLOW", "ORANGE", "RED")
MONTH_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

ACTION_ZH = {
    Level.BLUE: "请留意预警，远离河沟和陡坡",
    Level.YELLOW: "请做好准备，收拾随身物品，远离河沟和陡坡",
    Level.ORANGE: "准备转移：老人、小孩和病人先走，其他人随时出发",
    Level.RED: "立即转移：马上按转移路线到安置点，不要返回取物",
}
ACTION_EN = {
    Level.BLUE: "Stay alert and keep away from streams and steep slopes",
    Level.YELLOW: "Get ready, pack essentials, keep away from streams and steep slopes",
    Level.ORANGE: "PREPARE TO LEAVE: the old, children and the sick leave first, all others be ready to go",
    Level.RED: "LEAVE NOW: take the evacuation route to the shelter at once, do not go back for belongings",
}
ALL_CLEAR_ZH = "预警解除：请听从村干部安排返回，小心积水和塌方"
ALL_CLEAR_EN = "ALL CLEAR: return when your village officers say so, beware of standing water and slides"

EVENT_ZH = {
    Cause.FIRST: "发布",
    Cause.RAISED: "升级为",
    Cause.LOWERED: "降级为",
    Cause.RENEWED: "继续",
    Cause.SIGHT_LOST: "维持",
    Cause.SIGHT_REGAINED: "继续",
    Cause.ENDED: "解除",
    Cause.CANCELLED: "解除",
}
EVENT_EN = {
    Cause.FIRST: "issued",
    Cause.RAISED: "raised",
    Cause.LOWERED: "lowered",
    Cause.RENEWED: "still in force",
    Cause.SIGHT_LOST: "held",
    Cause.SIGHT_REGAINED: "still in force",
    Cause.ENDED: "ended",
    Cause.CANCELLED: "ended",
}


UNIT_ZH = {
    "mm": "毫米",
    "m": "米",
    "cm": "厘米",
    "mm/h": "毫米/小时",
    "m/h": "米/小时",
    "mm/d": "毫米/天",
    "deg": "度",
    "deg/h": "度/小时",
    "kPa": "千帕",
    "h": "小时",
}
INDICATOR_ZH = {
    "rain": "{over}雨量",
    "stage": "水位",
    "soil_water": "土壤雨量指数",
    "intensity": "{over}过程平均雨强",
    "effective_rain": "有效雨量",
    "antecedent_rain": "前期有效雨量",
    "weighted_rain": "7日加权雨量",
    "tilt_rate": "倾斜速率",
    "velocity": "变形速率",
    "tangent_angle": "切线角",
    "displacement": "累计位移",
    "crack": "裂缝宽度变化",
    "pore_pressure": "孔隙水压力",
    "failure_time": "推算距失稳时间",
    "water_depth": "积水深度",
    "fire_weather": "森林火险气象指数",
    "forecast_rain": "预报雨量",
    "event_rain": "本次过程雨量",
    "stage_rise": "水位上涨速率",
    "daily_rain": "近{days}日雨量（含今日）",
    "prior_rain": "今日前{days}日雨量",
    "prior_index": "今日前{days}日前期影响雨量",
    "daily_index": "近{days}日前期影响雨量（含今日）",
}
INDICATOR_EN = {
    "rain": "{value} of rain in {over}",
    "stage": "water level {value}",
    "soil_water": "soil water index {value}",
    "intensity": "mean intensity {value} over {over} of rain",
    "effective_rain": "effective rain {value} (half-life {over})",
    "antecedent_rain": "antecedent rain {value}",
    "weighted_rain": "weighted rain of 7 days {value}",
    "tilt_rate": "tilt rate {value}",
    "velocity": "velocity {value}",
    "tangent_angle": "tangent angle {value}",
    "displacement": "displacement {value}",
    "crack": "crack {value}",
    "pore_pressure": "pore pressure {value}",
    "failure_time": "time to failure {value}",
    "water_depth": "water depth {value}",
    "fire_weather": "fire weather index {value}",
    "forecast_rain": "forecast rain {value}",
    "event_rain": "rain of the event {value}",
    "stage_rise": "rise of the water level {value}",
    "daily_rain": "{value} of rain in {days} days with today",
    "prior_rain": "{value} of rain in the {days} days before today",
    "prior_index": "antecedent rain of the {days} days before today {value}",
    "daily_index": "antecedent rain of {days} days with today {value}",
}
"""What was measured, by `Reason.indicator`."""
NOT_MEASURED = frozenset({"sign", "level"})
"""Indicators that are no number of an instrument: what people have seen, the level of another hazard."""


@dataclass(frozen=True, slots=True)
class Texts:
    """One language's parts of a message; `text` is what a phone or a loudspeaker gets.

    `event` is the hazard's name, `place` the village, `headline` one line for a
    list, `why` the measured reason, `action` what to do.
    """

    event: str
    place: str
    headline: str
    why: str
    action: str
    text: str


def clean(text: str) -> str:
    r"""Text without control, format and unassigned characters; runs of blanks become one.

    >>> clean("Upper\x00  village\u202e\n")
    'Upper village'
    """
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def title_of(hazard: str, rules: tuple[HazardRule, ...]) -> tuple[str, str]:
    """Chinese and English name of a hazard; its own name where no rule has one."""
    for rule in rules:
        if rule.name == hazard:
            return clean(rule.title_zh) or hazard, clean(rule.title_en) or hazard
    return clean(hazard), clean(hazard)


def texts_zh(
    message: WarningMessage, network: Network, rules: tuple[HazardRule, ...], policy: MessagePolicy
) -> Texts:
    """Chinese texts of a message."""
    mark = "【演练】" if message.status is MessageStatus.EXERCISE else ""
    mark += "一站未核。" if _is_lone(message) else ""
    event = title_of(message.hazard, rules)[0]
    villages = network.villages
    place = clean(
        _short(villages.county[message.village])
        + _short(villages.township[message.village])
        + _short(villages.name[message.village])
    )
    level = message.level or message.previous
    warning = f"{_short(event)}{COLOUR_ZH[level]}预警"
    verb = EVENT_ZH[message.cause]
    is_end = message.msg_type is MessageType.CANCEL
    action = ALL_CLEAR_ZH if is_end else ACTION_ZH[message.level]
    why = _why_zh(message, policy)
    until = "" if is_end else f"有效至{_until_zh(message.expires_s, policy)}。"
    head = f"{mark}{action}。{place}{verb}{warning}（{level.official_grade}级）。"
    text = f"{head}{_within(why, TEXT_ZH_MAX - len(head) - len(until))}{until}"
    return Texts(
        event, place, f"{mark}{clean(policy.sender_name)}{verb}{place}{warning}", why, f"{mark}{action}", text
    )


def texts_en(
    message: WarningMessage, network: Network, rules: tuple[HazardRule, ...], policy: MessagePolicy
) -> Texts:
    """English texts of a message."""
    mark = "[EXERCISE] " if message.status is MessageStatus.EXERCISE else ""
    mark += "One gauge, not confirmed. " if _is_lone(message) else ""
    event = title_of(message.hazard, rules)[1]
    villages = network.villages
    names = (villages.name, villages.township, villages.county)
    place = ", ".join(part for name in names if (part := _short(name[message.village], 3 * NAME_MAX)))
    level = message.level or message.previous
    warning = f"{_short(event, 3 * NAME_MAX)} {COLOUR_EN[level]} warning"
    verb = EVENT_EN[message.cause]
    is_end = message.msg_type is MessageType.CANCEL
    action = ALL_CLEAR_EN if is_end else ACTION_EN[message.level]
    why = _why_en(message, policy)
    until = "" if is_end else f" Valid until {_until_en(message.expires_s, policy)}."
    text = f"{mark}{action}. {place}: {warning} (grade {level.official_grade}) {verb}. {why}{until}"
    headline = f"{mark}{clean(policy.sender_name)}: {warning} for {place} {verb}"
    return Texts(event, place, headline, why, f"{mark}{action}", text)


def _is_lone(message: WarningMessage) -> bool:
    """Whether one gauge alone says so, against whole, dry neighbours: the first words of every text."""
    return message.reason is not None and message.reason.lone_gauge


def _why_zh(message: WarningMessage, policy: MessagePolicy) -> str:
    if message.cause is Cause.CANCELLED:
        return "由值班人员解除。"
    if message.cause is Cause.ENDED:
        return f"监测值已回落到预警值以下。{_silent_raisers_zh(message.reason, policy)}"
    if message.blind:
        return "监测站失联，无法确认是否好转，预警等级维持不变。"
    resumed = "监测已恢复。" if message.cause is Cause.SIGHT_REGAINED else ""
    resumed += _unaffirmed_zh(message)
    if message.reason is None:
        return f"{resumed}监测值正在回落。"
    return _deadline_zh(message, policy) + resumed + _reason_zh(message.reason, policy)


def _unaffirmed_zh(message: WarningMessage) -> str:
    """That nobody has looked at a warning for longer than allowed; empty where it is in order."""
    hours = message.unaffirmed_s // HOUR_S
    return f"本预警已自动延续{hours}小时，待值班人员确认。" if hours else ""


def _unaffirmed_en(message: WarningMessage) -> str:
    hours = message.unaffirmed_s // HOUR_S
    return f"Prolonged automatically for {hours} h, to be confirmed by the duty officer. " if hours else ""


def _deadline_s(message: WarningMessage, policy: MessagePolicy) -> int | None:
    """By when to have left; None unless an orange or red hazard is expected and not there yet."""
    reason = message.reason
    if message.level < Level.ORANGE or reason is None or reason.is_observed:
        return None
    onset_s = reason.observed_until_s + reason.lead_s
    return transfer_deadline_s(onset_s, policy.transfer, policy.utc_offset_s)


def _deadline_zh(message: WarningMessage, policy: MessagePolicy) -> str:
    deadline_s = _deadline_s(message, policy)
    if deadline_s is None:
        return ""
    if deadline_s <= message.sent_s:
        return "转移时限已到，现在就走。"
    return f"须在{_until_zh(deadline_s, policy)}前完成转移。"


def _deadline_en(message: WarningMessage, policy: MessagePolicy) -> str:
    deadline_s = _deadline_s(message, policy)
    if deadline_s is None:
        return ""
    if deadline_s <= message.sent_s:
        return "The time to leave in safety is running out: go now. "
    return f"All who must leave are to be away by {_until_en(deadline_s, policy)}. "


def _signs_zh(reason: Reason, policy: MessagePolicy) -> str:
    """What people have seen; empty if nothing."""
    seen = [policy.title_of_sign(fact.note)[0] for fact in reason.facts if fact.indicator == "sign"]
    if not seen:
        return ""
    clock = clock_local(reason.observed_until_s, policy.utc_offset_s)
    known = "经核实" if reason.confirmed else "待核实"
    return f"有人发现{'、'.join(_short(name) for name in seen)}（{clock}{known}）。"


def _signs_en(reason: Reason, policy: MessagePolicy) -> str:
    seen = [policy.title_of_sign(fact.note)[1] for fact in reason.facts if fact.indicator == "sign"]
    if not seen:
        return ""
    clock = clock_local(reason.observed_until_s, policy.utc_offset_s)
    known = "validated" if reason.confirmed else "not yet validated"
    return f"People have seen: {', '.join(_short(name, 3 * NAME_MAX) for name in seen)} ({clock}, {known}). "


def _travel_zh(reason: Reason) -> str:
    """How long the flood takes from the gauge; empty where it stands in the village."""
    way = next((fact for fact in reason.facts if fact.indicator == "travel"), None)
    return f"洪水约{_number(way.value, '未知')}至{_number(way.threshold, '未知')}分钟后到达。" if way else ""


def _travel_en(reason: Reason) -> str:
    way = next((fact for fact in reason.facts if fact.indicator == "travel"), None)
    if way is None:
        return ""
    least, most = _number(way.value, "unknown"), _number(way.threshold, "unknown")
    return f" The flood takes {least} to {most} min from that gauge."


def _others_zh(reason: Reason) -> str:
    """The other measured things that had to hold, as a short clause; empty if there is none."""
    parts = [
        f"{_what_zh(fact.indicator, fact.duration_s)}"
        f"{_number(fact.value, '未知')}{UNIT_ZH.get(fact.unit, fact.unit)}"
        for fact in reason.facts[1:]
        if fact.indicator in INDICATOR_ZH
    ]
    return f"同时{'、'.join(parts)}。" if parts else ""


def _what_zh(indicator: str, duration_s: int) -> str:
    words = INDICATOR_ZH.get(indicator, "雨量")
    return words.format(over=_duration_zh(duration_s), days=duration_s // DAY_S)


def _others_en(reason: Reason) -> str:
    parts = [
        INDICATOR_EN[fact.indicator].format(
            value=f"{_number(fact.value, 'unknown')} {fact.unit}".strip(),
            over=_duration_en(fact.duration_s),
            days=fact.duration_s // DAY_S,
        )
        for fact in reason.facts[1:]
        if fact.indicator in INDICATOR_EN
    ]
    return f" Also: {'; '.join(parts)}." if parts else ""


DOUBT_ZH = {
    "faulty_zero": "疑似堵塞",
    "contradicted": "疑似堵塞",
    "stuck": "读数卡滞",
    "silent": "无数据",
}
DOUBT_EN = {
    "faulty_zero": "doubted: faulty zero",
    "contradicted": "doubted: no rain while its spare is wet",
    "stuck": "doubted: stuck",
    "silent": "silent",
}
"""Why a gauge gave way to its spare, by `Fact.note`."""


def _spare_zh(reason: Reason) -> str:
    """Which gauge gave way to its spare, or what the spare of a doubted one says; empty as a rule."""
    said = ""
    for fact in reason.facts:
        station = _short(fact.station)
        if fact.indicator == "replaced":
            said += f"{station}站{DOUBT_ZH.get(fact.note, '存疑')}，改用备用站。"
        elif fact.indicator == "spare":
            said += f"备用站{station}测得{_number(fact.value, '未知')}毫米。"
    return said


def _spare_en(reason: Reason) -> str:
    said = ""
    for fact in reason.facts:
        station = _short(fact.station, 3 * NAME_MAX)
        if fact.indicator == "replaced":
            said += f" Main gauge {station} {DOUBT_EN.get(fact.note, 'doubted')}; its spare is used."
        elif fact.indicator == "spare":
            said += f" Its spare {station} measured {_number(fact.value, 'unknown')} {_short(fact.unit)}."
    return said


def _silent_raisers_zh(reason: Reason | None, policy: MessagePolicy) -> str:
    """Which sensors raised the level and cannot confirm its fall; empty as a rule."""
    facts = [fact for fact in reason.facts if fact.indicator == SILENT_RAISER] if reason else []
    return "".join(
        f"未核实：{_short(fact.station)}站{clock_local(fact.held_since_s, policy.utc_offset_s)}后无数据"
        f"（末值{_number(fact.value, '未知')}{UNIT_ZH.get(fact.unit, _short(fact.unit))}）。"
        for fact in facts
    )


def _silent_raisers_en(reason: Reason | None, policy: MessagePolicy) -> str:
    facts = [fact for fact in reason.facts if fact.indicator == SILENT_RAISER] if reason else []
    return "".join(
        f" Not confirmed: {_short(fact.station, 3 * NAME_MAX)} has been silent since "
        f"{clock_local(fact.held_since_s, policy.utc_offset_s)} "
        f"(last {_number(fact.value, 'unknown')} {_short(fact.unit)})."
        for fact in facts
    )


def _reason_zh(reason: Reason, policy: MessagePolicy) -> str:
    if reason.indicator == UNEXPLAINED:
        return "已达到预警阈值，具体数值暂无法给出，待核实。"
    silent = _silent_raisers_zh(reason, policy)
    if reason.indicator == SILENT_RAISER:
        return f"监测值正在回落。{silent}"
    signs = _signs_zh(reason, policy)
    if reason.indicator in NOT_MEASURED:
        return signs or "其他灾害预警等级已达到阈值。"
    others = f"{_others_zh(reason)}{_travel_zh(reason)}{_spare_zh(reason)}{silent}"
    return f"{_measured_zh(reason, policy)}{others}{signs}"


def _measured_zh(reason: Reason, policy: MessagePolicy) -> str:
    where = _where_zh(reason)
    if clean(reason.zone):
        where = f"{_short(reason.zone)}（{where}）"
    value, threshold = _number(reason.value, "未知"), _number(reason.threshold, "未知")
    clock = clock_local(reason.observed_until_s, policy.utc_offset_s)
    unit = UNIT_ZH.get(reason.unit, _short(reason.unit))
    what = _what_zh(reason.indicator, reason.duration_s)
    doubt = "" if reason.confirmed else "，雨量站中断，待核实" if clean(reason.grid) else "，待核实"
    if _is_seen(reason):
        verb = "达到阈值" if _reaches(reason) else "接近阈值"
        return f"{where}{what}{value}{unit}，{verb}{threshold}{unit}（{clock}观测{doubt}）。"
    ahead = _number(reason.forecast_value, "未知")
    return (
        f"预计{_duration_zh(reason.lead_s)}内{where}{what}将达{value}{unit}"
        f"（含预报{ahead}{unit}），阈值{threshold}{unit}（{clock}起报{doubt}）。"
    )


def _why_en(message: WarningMessage, policy: MessagePolicy) -> str:
    if message.cause is Cause.CANCELLED:
        return "Ended by the duty officer."
    if message.cause is Cause.ENDED:
        return f"Measurements are below the warning values again.{_silent_raisers_en(message.reason, policy)}"
    if message.blind:
        return "The gauges are silent: nobody can confirm an improvement, the level is held."
    resumed = "The gauges report again. " if message.cause is Cause.SIGHT_REGAINED else ""
    resumed += _unaffirmed_en(message)
    if message.reason is None:
        return f"{resumed}Measurements are falling."
    return _deadline_en(message, policy) + resumed + _reason_en(message.reason, policy)


def _reason_en(reason: Reason, policy: MessagePolicy) -> str:
    if reason.indicator == UNEXPLAINED:
        return "A warning value has been reached; by how much cannot be told now, unconfirmed."
    silent = _silent_raisers_en(reason, policy)
    if reason.indicator == SILENT_RAISER:
        return f"Measurements are falling.{silent}"
    signs = _signs_en(reason, policy).rstrip()
    if reason.indicator in NOT_MEASURED:
        return signs or "The warning level of another hazard has been reached."
    others = f"{_others_en(reason)}{_travel_en(reason)}{_spare_en(reason)}{silent}"
    return f"{_measured_en(reason, policy)}{others}{' ' if signs else ''}{signs}"


def _measured_en(reason: Reason, policy: MessagePolicy) -> str:
    where = _where_en(reason)
    if clean(reason.zone):
        where = f"{where} for {_short(reason.zone, 3 * NAME_MAX)}"
    unit = _short(reason.unit)
    value, threshold = _number(reason.value, "unknown"), _number(reason.threshold, "unknown")
    clock = clock_local(reason.observed_until_s, policy.utc_offset_s)
    phrase = INDICATOR_EN.get(reason.indicator, INDICATOR_EN["rain"])
    what = phrase.format(
        value=f"{value} {unit}", over=_duration_en(reason.duration_s), days=reason.duration_s // DAY_S
    )
    silent = ": the gauges are silent" if clean(reason.grid) else ""
    doubt = "" if reason.confirmed else f", unconfirmed{silent}"
    if _is_seen(reason):
        verb = "reached" if _reaches(reason) else "close to"
        return f"{where}: {what}, {verb} the threshold of {threshold} {unit} (observed {clock}{doubt})."
    ahead = _number(reason.forecast_value, "unknown")
    return (
        f"Expected within {_duration_en(reason.lead_s)} at {where[0].lower()}{where[1:]}: {what} "
        f"({ahead} {unit} of it forecast), threshold {threshold} {unit} (forecast of {clock}{doubt})."
    )


def _where_zh(reason: Reason) -> str:
    if clean(reason.grid):
        gauges_mm = _number(reason.gauge_value, "未知")
        before = f"（含雨量站中断前{gauges_mm}毫米）" if reason.gauge_value > 0 else ""
        return f"{_short(reason.grid)}格点{before}"
    return f"{_short(reason.station)}站" if clean(reason.station) else "周边站"


def _where_en(reason: Reason) -> str:
    if clean(reason.grid):
        gauges_mm = _number(reason.gauge_value, "unknown")
        before = f" after {gauges_mm} mm at gauges" if reason.gauge_value > 0 else ""
        return f"Rain grid {_short(reason.grid, 3 * NAME_MAX)}{before}"
    station = _short(reason.station, 3 * NAME_MAX)
    return f"Gauge {station}" if station else "Nearby gauges"


def _is_seen(reason: Reason) -> bool:
    """Whether the station itself has observed the value, if only the village awaits what it means."""
    comes_from_upstream = any(fact.indicator == "travel" for fact in reason.facts)
    return reason.is_observed or (comes_from_upstream and reason.forecast_value == 0)


def _reaches(reason: Reason) -> bool:
    """Whether the value is at or beyond its threshold; of times to failure shorter ones are beyond."""
    if reason.indicator == "failure_time":
        return reason.value <= reason.threshold
    return reason.value >= reason.threshold


def _within(sentence: str, length_max: int) -> str:
    """A sentence cut to a length; what to do, where and until when are never cut for it."""
    return sentence if len(sentence) <= length_max else f"{sentence[: length_max - 2]}…。"


def _short(text: str, length_max: int = NAME_MAX) -> str:
    name = clean(text)
    return name if len(name) <= length_max else name[: length_max - 1] + "…"


def _number(value: float, unknown: str) -> str:
    """A measured number with at most two decimals; a value nobody has is called unknown.

    >>> _number(52.30000001, "unknown"), _number(80.0, "unknown"), _number(float("nan"), "unknown")
    ('52.3', '80', 'unknown')
    """
    if not np.isfinite(value) or abs(value) >= 1e6:
        return unknown
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _duration_zh(duration_s: int) -> str:
    if duration_s > 3 * DAY_S and duration_s % DAY_S == 0:
        return f"{duration_s // DAY_S}天"
    whole = duration_s % HOUR_S == 0
    return f"{duration_s // HOUR_S}小时" if whole else f"{duration_s // MINUTE_S}分钟"


def _duration_en(duration_s: int) -> str:
    if duration_s > 3 * DAY_S and duration_s % DAY_S == 0:
        return f"{duration_s // DAY_S} days"
    whole = duration_s % HOUR_S == 0
    return f"{duration_s // HOUR_S} h" if whole else f"{duration_s // MINUTE_S} min"


def _until_zh(time_s: int, policy: MessagePolicy) -> str:
    """Day and clock: six hours of validity often pass midnight."""
    day = int(iso_local(time_s, policy.utc_offset_s)[8:10])
    return f"{day}日{clock_local(time_s, policy.utc_offset_s)}"


def _until_en(time_s: int, policy: MessagePolicy) -> str:
    date = iso_local(time_s, policy.utc_offset_s)
    return f"{clock_local(time_s, policy.utc_offset_s)} on {int(date[8:10])} {MONTH_EN[int(date[5:7]) - 1]}"
