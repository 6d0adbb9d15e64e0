"""Chinese texts: action first, then place, hazard and level, then why and until when.

A text never exceeds `TEXT_MAX` characters (three concatenated short messages of 67): names are cut,
then the reason; what to do, where and until when never are.
"""

from warnstream.delivery.texts import (
    Language,
    MessageParts,
    PlainWords,
    ReasonParts,
    Texts,
    clean,
    indicator_info,
    number,
    short,
)
from warnstream.model.changes import SILENT_RAISER, UNEXPLAINED, Relayed
from warnstream.model.forecast import Expected
from warnstream.model.level import Level
from warnstream.model.times import DAY_S, HOUR_S, MINUTE_S, TimeZone, clock_local, iso_local
from warnstream.model.warning import Cause

TEXT_MAX = 200

MARK = "【演练】"
ONE_GAUGE = "一站未核。"
BY_RADAR = {"radar": "雷达", "radar and gauges": "雷达与雨量站"}
"""Sources of a probability that are named."""
AND_MODEL = " and model"
COLOUR = ("无", "蓝色", "黄色", "橙色", "红色")
ACTION = {
    Level.BLUE: "请留意预警，远离河沟和陡坡",
    Level.YELLOW: "请做好准备，收拾随身物品，远离河沟和陡坡",
    Level.ORANGE: "准备转移：老人、小孩和病人先走，其他人随时出发",
    Level.RED: "立即转移：马上按转移路线到安置点，不要返回取物",
}
ALL_CLEAR = "预警解除：请听从村干部安排返回，小心积水和塌方"
EVENT = {
    Cause.FIRST: "发布",
    Cause.RAISED: "升级为",
    Cause.LOWERED: "降级为",
    Cause.RENEWED: "继续",
    Cause.SIGHT_LOST: "维持",
    Cause.SIGHT_REGAINED: "继续",
    Cause.ENDED: "解除",
    Cause.CANCELLED: "解除",
    Cause.ISSUED_BY_HAND: "发布",
    Cause.RAISED_BY_HAND: "升级为",
    Cause.LOWERED_BY_HAND: "降级为",
}
BY_HAND = {
    Cause.ISSUED_BY_HAND: "由值班人员发布。",
    Cause.RAISED_BY_HAND: "由值班人员升级。",
    Cause.LOWERED_BY_HAND: "由值班人员降级。",
}
"""Why, where no gauge but a person has set the level."""
DOUBT = {
    "faulty_zero": "疑似堵塞",
    "contradicted": "疑似堵塞",
    "stuck": "读数卡滞",
    "silent": "无数据",
}
"""Why a gauge gave way to its spare, by `Fact.note`."""
UNIT = {
    "mm": "毫米",
    "m": "米",
    "cm": "厘米",
    "mm/h": "毫米/小时",
    "m/h": "米/小时",
    "mm/d": "毫米/天",
    "deg": "度",
    "deg/h": "度/小时",
    "kPa": "千帕",
    "m/s": "米/秒",
    "h": "小时",
    "%": "%",
}
"""Units of indicators; one that is not here is written as it is."""
UNKNOWN = "未知"
RELAYED_ENDED = "发布单位的预警已解除或到期。"
RELAYED_MAX = 24
"""Characters of an issuer's name and of a signal's."""


def texts(parts: MessageParts) -> Texts:
    """Chinese texts of a message."""
    message = parts.message
    mark = MARK if parts.is_exercise else ""
    mark += ONE_GAUGE if parts.is_of_one_gauge else ""
    event = parts.event.zh
    place = clean(short(parts.county) + short(parts.township) + short(parts.village))
    warning = f"{short(event)}{COLOUR[parts.level]}预警"
    verb = EVENT[message.cause]
    action = ALL_CLEAR if parts.is_end else ACTION[message.level]
    why = _why(parts)
    until = "" if parts.is_end else f"有效至{_until(message.expires_s, parts.time_zone)}。"
    head = f"{mark}{action}。{place}{verb}{warning}（{parts.level.official_grade}级）。"
    text = f"{head}{_within(why, TEXT_MAX - len(head) - len(until))}{until}"
    return Texts(event, place, f"{mark}{parts.sender}{verb}{place}{warning}", why, f"{mark}{action}", text)


CHINESE = Language(
    tag="zh-CN",
    texts=texts,
    plain=PlainWords(
        mark=MARK,
        warning="预警",
        stop="。",
        colours=COLOUR,
        actions=(
            ALL_CLEAR,
            ACTION[Level.BLUE],
            ACTION[Level.YELLOW],
            ACTION[Level.ORANGE],
            ACTION[Level.RED],
        ),
    ),
)


def _why(parts: MessageParts) -> str:
    cause = parts.message.cause
    if cause is Cause.CANCELLED:
        return "由值班人员解除。"
    if parts.message.by_hand:
        return BY_HAND.get(cause, BY_HAND[Cause.ISSUED_BY_HAND])
    if cause is Cause.ENDED:
        return _ended(parts)
    if parts.message.blind:
        return "监测站失联，无法确认是否好转，预警等级维持不变。"
    resumed = "监测已恢复。" if cause is Cause.SIGHT_REGAINED else ""
    resumed += _unaffirmed(parts)
    if parts.reason is None:
        return f"{resumed}监测值正在回落。"
    return _deadline(parts) + resumed + reason_text(parts.reason)


def _ended(parts: MessageParts) -> str:
    """Why a warning has ended by itself."""
    if parts.is_relayed:
        return RELAYED_ENDED
    silent = _silent_raisers(parts.reason) if parts.reason is not None else ""
    return f"监测值已回落到预警值以下。{silent}"


def _unaffirmed(parts: MessageParts) -> str:
    """That nobody has looked at a warning for longer than allowed; empty where it is in order."""
    return f"本预警已自动延续{parts.unaffirmed_h}小时，待值班人员确认。" if parts.unaffirmed_h else ""


def _deadline(parts: MessageParts) -> str:
    if parts.deadline_s is None:
        return ""
    if parts.is_deadline_past:
        return "转移时限已到，现在就走。"
    return f"须在{_until(parts.deadline_s, parts.time_zone)}前完成转移。"


def reason_text(parts: ReasonParts) -> str:
    """Why, in whole sentences."""
    if parts.reason.indicator == UNEXPLAINED:
        return "已达到预警阈值，具体数值暂无法给出，待核实。"
    if (said := parts.reason.relayed) is not None:
        return relayed_text(said, parts.clock)
    silent = _silent_raisers(parts)
    if parts.reason.indicator == SILENT_RAISER:
        return f"监测值正在回落。{silent}"
    signs = _signs(parts)
    if not _what(parts.reason.indicator, parts.reason.duration_s):
        return signs or "其他灾害预警等级已达到阈值。"
    return f"{_measured(parts)}{_others(parts)}{_travel(parts)}{_spare(parts)}{silent}{signs}"


def relayed_text(said: Relayed, clock: str) -> str:
    """Whose signal it is, and when it was issued."""
    return f"{clean(said.issuer_zh)[:RELAYED_MAX]}{clock}发布{clean(said.signal_zh)[:RELAYED_MAX]}。"


def _signs(parts: ReasonParts) -> str:
    """What people have seen; empty if nothing."""
    if not parts.signs:
        return ""
    known = "经核实" if parts.reason.confirmed else "待核实"
    return f"有人发现{'、'.join(short(sign.zh) for sign in parts.signs)}（{parts.clock}{known}）。"


def _travel(parts: ReasonParts) -> str:
    """How long the flood takes from the gauge; empty where it stands in the village."""
    way = next(iter(parts.facts_of("travel")), None)
    return f"洪水约{number(way.value, UNKNOWN)}至{number(way.threshold, UNKNOWN)}分钟后到达。" if way else ""


def _others(parts: ReasonParts) -> str:
    """The other measured things that had to hold, as a short clause; empty if there is none."""
    others = [
        f"{what}{number(fact.value, UNKNOWN)}{UNIT.get(fact.unit, fact.unit)}"
        for fact in parts.reason.facts[1:]
        if (what := _what(fact.indicator, fact.duration_s))
    ]
    return f"同时{'、'.join(others)}。" if others else ""


def _what(indicator: str, duration_s: int) -> str:
    """Name of what was measured; empty where nothing was."""
    info = indicator_info(indicator)
    return "" if info is None else info.words_zh.format(over=_duration(duration_s), days=duration_s // DAY_S)


def _spare(parts: ReasonParts) -> str:
    """Which gauge gave way to its spare, or what the spare of a doubted one says; empty as a rule."""
    found = ""
    for fact in parts.reason.facts:
        station = short(fact.station)
        if fact.indicator == "replaced":
            found += f"{station}站{DOUBT.get(fact.note, '存疑')}，改用备用站。"
        elif fact.indicator == "spare":
            found += f"备用站{station}测得{number(fact.value, UNKNOWN)}毫米。"
    return found


def _silent_raisers(parts: ReasonParts) -> str:
    """Which sensors raised the level and cannot confirm its fall; empty as a rule."""
    return "".join(
        f"未核实：{short(fact.station)}站{clock_local(fact.held_since_s, parts.time_zone)}后无数据"
        f"（末值{number(fact.value, UNKNOWN)}{UNIT.get(fact.unit, short(fact.unit))}）。"
        for fact in parts.facts_of(SILENT_RAISER)
    )


def _measured(parts: ReasonParts) -> str:
    reason = parts.reason
    where = _where(parts)
    if clean(reason.zone):
        where = f"{short(reason.zone)}（{where}）"
    value, threshold = number(reason.value, UNKNOWN), number(reason.threshold, UNKNOWN)
    unit = UNIT.get(reason.unit, short(reason.unit))
    what = _what(reason.indicator, reason.duration_s)
    doubt = "" if reason.confirmed else "，雨量站中断，待核实" if clean(reason.grid) else "，待核实"
    if parts.is_seen:
        verb = "达到阈值" if parts.reaches else "接近阈值"
        return f"{where}{what}{value}{unit}，{verb}{threshold}{unit}（{parts.clock}观测{doubt}）。"
    if reason.expected is not None and reason.expected.amount_mm:
        return _by_model(parts, reason.expected, doubt)
    if reason.expected is not None:
        return f"{where}{what}{value}{unit}{_expected(parts, reason.expected, doubt)}"
    ahead = number(reason.forecast_value, UNKNOWN)
    return (
        f"预计{_duration(reason.lead_s)}内{where}{what}将达{value}{unit}"
        f"（含预报{ahead}{unit}），阈值{threshold}{unit}（{parts.clock}起报{doubt}）。"
    )


def _expected(parts: ReasonParts, expected: Expected, doubt: str) -> str:
    """What has not been reached, and why it is expected all the same."""
    reason = parts.reason
    unit = UNIT.get(reason.unit, short(reason.unit))
    threshold = f"{COLOUR[expected.level]}阈值{number(reason.threshold, UNKNOWN)}{unit}"
    share = f"{reason.value / reason.threshold:.0%}" if reason.threshold > 0 else UNKNOWN
    if expected.probability:
        seen = expected.source.partition(AND_MODEL)[0]
        known = f"，依据{BY_RADAR[seen]}" if seen in BY_RADAR else ""
        known += f"，{_run(parts, expected)}" if expected.model else ""
        known += "" if expected.calibrated_on else "，未经本地检验"
        early = clock_local(reason.observed_until_s + max(expected.onset_early_s, 0), parts.time_zone)
        when = f"，最早约{early}" if expected.onset_early_s >= 0 else ""
        return (
            f"，尚未达到{threshold}，{_duration(expected.within_s)}内达到的概率为{expected.probability:.0%}{when}"
            f"（{parts.clock}观测{doubt}{known}）。"
        )
    return f"，为{threshold}的{share}，尚未达到（{parts.clock}观测{doubt}）。"


def _by_model(parts: ReasonParts, expected: Expected, doubt: str) -> str:
    """What a weather model makes probable; nothing of it has been observed."""
    zone = f"{short(parts.reason.zone)}：" if clean(parts.reason.zone) else ""
    known = "" if expected.calibrated_on else "，未经本地检验"
    return (
        f"{zone}{short(expected.model)}模式预报：未来{_duration(expected.within_s)}降雨达"
        f"{number(expected.amount_mm, UNKNOWN)}毫米的概率为{expected.probability:.0%}"
        f"（{_run(parts, expected)}{known}{doubt}）。"
    )


def _run(parts: ReasonParts, expected: Expected) -> str:
    age_h = (parts.reason.observed_until_s - expected.run_s) // HOUR_S
    return f"模式{clock_local(expected.run_s, parts.time_zone)}起报，已{age_h}小时"


def _where(parts: ReasonParts) -> str:
    reason = parts.reason
    if clean(reason.grid):
        gauges_mm = number(reason.gauge_value, UNKNOWN)
        before = f"（含雨量站中断前{gauges_mm}毫米）" if reason.gauge_value > 0 else ""
        return f"{short(reason.grid)}格点{before}"
    return f"{short(reason.station)}站" if clean(reason.station) else "周边站"


def _within(sentence: str, length_max: int) -> str:
    """A sentence cut to a length; what to do, where and until when are never cut for it."""
    return sentence if len(sentence) <= length_max else f"{sentence[: length_max - 2]}…。"


def _duration(duration_s: int) -> str:
    if duration_s > 3 * DAY_S and duration_s % DAY_S == 0:
        return f"{duration_s // DAY_S}天"
    whole = duration_s % HOUR_S == 0
    return f"{duration_s // HOUR_S}小时" if whole else f"{duration_s // MINUTE_S}分钟"


def _until(time_s: int, time_zone: TimeZone) -> str:
    """Day and clock: six hours of validity often pass midnight."""
    day = int(iso_local(time_s, time_zone)[8:10])
    return f"{day}日{clock_local(time_s, time_zone)}"
