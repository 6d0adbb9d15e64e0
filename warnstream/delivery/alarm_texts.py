"""What the duty posts read of an alarm of the node: what is wrong, or that it is over."""

from collections.abc import Iterable, Sequence

from warnstream.delivery.texts import clean, short, title_of
from warnstream.delivery.texts_en import COLOUR as COLOUR_EN
from warnstream.delivery.texts_zh import COLOUR as COLOUR_ZH
from warnstream.model.alarms import Alarm, kind_of
from warnstream.model.changes import ProvenLevel, ProvenLevels
from warnstream.model.hands.duty import Ring, Trouble
from warnstream.model.hands.weekly_calls import TestCall
from warnstream.model.rules.rules import HazardRule
from warnstream.model.times import TimeZone, clock_local, date_and_clock_local

TEXT_CHARACTERS_MAX = 300
LISTED_CHARACTERS_MAX = 200
"""Of a list in an alarm; what does not fit is counted."""


def alarm_texts(alarm: Alarm, node: str, time_zone: TimeZone) -> tuple[str, str]:
    """Chinese and English text of the begin or, once it has ended, the end of an alarm."""
    kind, detail = kind_of(alarm.key), alarm.text[:TEXT_CHARACTERS_MAX]
    detail_zh = (alarm.text_zh or alarm.text)[:TEXT_CHARACTERS_MAX]
    begun, ended = (_clock(at_s, time_zone) for at_s in (alarm.begun_s, alarm.ended_s))
    if kind.is_for_all:
        return _response(alarm.key.partition(":")[2], begun, ended if alarm.ended_s else "")
    if alarm.ended_s:
        zh = f"系统告警解除（{node}）：{kind.zh}，{begun}至{ended}。"
        return zh, f"Alarm over at {node}: {kind.en}, {begun} to {ended}. {detail}"
    zh = f"系统告警（{node}）：{kind.zh}，自{begun}。{detail_zh}"
    return zh, f"Alarm at {node}: {kind.en} since {begun}. {detail}"


_TROUBLE = {
    Trouble.HELP: ("求助无人前往", "a call for help that nobody has taken"),
    Trouble.RELEASE: ("待放行即将到时", "a release that is due"),
    Trouble.DRY: ("红色村应答不齐", "a red village where answers of posts are missing"),
    Trouble.RISE: ("升至橙色或红色", "orange or red"),
    Trouble.CHANNEL: ("渠道不通", "a channel that reaches nobody"),
    Trouble.NODE: ("节点未就绪", "the node is not ready"),
}


RUNG_NAMED = 3
"""So many places are named; of more their number."""


def ring_texts(ring: Ring, node: str, time_zone: TimeZone) -> tuple[str, str]:
    """Chinese and English text of an alarm that no officer has seen at the console."""
    zh = "、".join(_TROUBLE[trouble][0] for trouble in ring.troubles)
    en = ", ".join(_TROUBLE[trouble][1] for trouble in ring.troubles)
    since = _clock(ring.since_s, time_zone)
    names = [short(township) or node for _, township in ring.places]
    more = len(names) - RUNG_NAMED
    place = "、".join(names[:RUNG_NAMED]) + (f"等{len(names)}处" if more > 0 else "")
    place_en = ", ".join(names[:RUNG_NAMED]) + (f" and {more} more" if more > 0 else "")
    return (
        f"值班告警（{node}）：{place}{zh}，自{since}值班台无人查看。请即到值班台或致电值班室。",
        f"Duty alarm at {node}: {place_en}: {en}, since {since}. Nobody looked at it: go there or call.",
    )


def texts_of_test(call: TestCall, signature: str, time_zone: TimeZone) -> tuple[str, str]:
    """Chinese and English text of a test call: it says first that it is one."""
    until, name = clock_local(call.due_s, time_zone), clean(signature)
    return (
        f"{f'【{name}】' if name else ''}测试，不是预警：本电话每周测试，请{until}前回复收到。",
        f"TEST, no warning: weekly test of this phone, please answer by {until}.",
    )


def past_crossing_texts(
    levels: ProvenLevels, rules: Sequence[HazardRule], time_zone: TimeZone
) -> tuple[str, str]:
    """English and Chinese text of levels of the past that late readings prove, worst first."""
    en = _listed(
        (_proven_en(level, rules, time_zone) for level in levels.worst), "; ", levels.count, "; {} more"
    )
    zh = _listed(
        (_proven_zh(level, rules, time_zone) for level in levels.worst), "；", levels.count, "；另有{}处"
    )
    what = "a level of the past that nobody was told of"
    if levels.count > 1:
        what = f"{levels.count} levels of the past that nobody was told of"
    return f"late readings prove {what}: {en}", f"共{levels.count}处：{zh}。"


def _proven_en(level: ProvenLevel, rules: Sequence[HazardRule], time_zone: TimeZone) -> str:
    colour, hazard = COLOUR_EN[level.level], title_of(level.hazard, rules).en
    at, place = _clock(level.crossed_at_s, time_zone), _place(level, " ({})")
    return f"{colour} {short(hazard)} at {place}, {at}, gauge {short(level.station)}"


def _proven_zh(level: ProvenLevel, rules: Sequence[HazardRule], time_zone: TimeZone) -> str:
    colour, hazard = COLOUR_ZH[level.level], title_of(level.hazard, rules).zh
    at, place = _clock(level.crossed_at_s, time_zone), _place(level, "（{}）")
    return f"{place}{short(hazard)}{colour}，{at}，测站{short(level.station)}"


def _place(level: ProvenLevel, code: str) -> str:
    """Name and code: two villages may have one name."""
    name = short(clean(level.name))
    return name + code.format(level.village) if name and name != level.village else level.village


def _listed(items: Iterable[str], comma: str, count: int, more: str) -> str:
    """The first items, as many as fit, and how many more there are."""
    text, n = "", 0
    for item in items:
        joined = f"{text}{comma}{item}" if n else item
        if n and len(joined) > LISTED_CHARACTERS_MAX:
            break
        text, n = joined, n + 1
    return text if n == count else text + more.format(count - n)


def _response(word: str, begun: str, ended: str) -> tuple[str, str]:
    """The county's state of response, as every post reads it."""
    if ended:
        return f"{word}级应急响应结束（{ended}）。", f"Emergency response {word} is over ({ended})."
    zh = f"启动{word}级应急响应（{begun}），请按预案到岗。"
    return zh, f"Emergency response {word} from {begun}: take up your duty by the plan."


def _clock(at_s: int, time_zone: TimeZone) -> str:
    """Local date and minute: ``11-29 22:08``."""
    return date_and_clock_local(at_s, time_zone)[len("2026-") :]
