"""The words of the pages, Chinese and English side by side: one key, one meaning."""

from collections.abc import Mapping
from dataclasses import dataclass

from warnstream.delivery.texts_en import ENGLISH
from warnstream.delivery.texts_zh import CHINESE

LANGUAGES = ("zh", "en")

WORDS: Mapping[str, tuple[str, str]] = {
    "title": ("预警过程复盘", "Review of an event"),
    "other_language": ("English", "中文"),
    "stretch": ("时段", "stretch"),
    "asked_for": ("查询", "asked"),
    "node": ("节点", "node"),
    "configuration": ("配置", "configuration"),
    "bundle": ("配置包", "bundle"),
    "audit": ("审计链首", "audit head"),
    "audit_faults": ("审计链有异常", "the audit has faults"),
    "no_audit": ("没有审计记录", "no audit"),
    "masked": (
        "人员以编号显示；编号对应配置包中的表",
        "people by number; the tables of the bundle resolve them",
    ),
    "shown": ("显示人员代码，注意保密", "codes of people are shown: keep it safe"),
    "villages_warned": ("涉及村", "villages"),
    "doors_told": ("应告知住户", "doors to be told"),
    "doors_unreached": ("未通知到", "not reached"),
    "posts_asked": ("叫应岗位", "posts asked"),
    "posts_silent": ("始终未应", "never answered"),
    "gauges_silent": ("失联或迟报站", "gauges silent or late"),
    "missed_events": ("漏报村次", "villages missed"),
    "links": ("各环节用时", "Time of each link"),
    "link": ("环节", "link"),
    "who": ("对象", "who"),
    "n": ("次数", "times"),
    "n_none": ("未完成", "never ended"),
    "n_late": ("超时", "late"),
    "median": ("中位", "median"),
    "worst": ("最慢", "worst"),
    "where": ("何处", "where"),
    "crossed_judged": ("达到阈值 → 研判", "crossed → judged"),
    "judged_written": ("研判 → 落盘", "judged → on disk"),
    "written_sent": ("落盘 → 发出", "on disk → sent"),
    "sent_delivered": ("发出 → 送达", "sent → delivered"),
    "issued_answered": ("发布 → 应答", "issued → answered"),
    "warning": ("预警", "warning"),
    "door": ("住户", "door"),
    "post": ("岗位", "post"),
    "rank": ("层级", "rank"),
    "course": ("各级预警村数", "Villages at each level"),
    "lanes": ("各村过程", "Course of each village"),
    "lanes_note": (
        "竖线为住户通知，圆点为岗位应答，菱形为漏报事件",
        "strokes: doors told; dots: posts answered; diamonds: events that were missed",
    ),
    "village": ("村", "village"),
    "township": ("乡镇", "township"),
    "level": ("级别", "level"),
    "hazard": ("灾种", "hazard"),
    "unreached": ("未通知到的住户", "Doors that were not reached"),
    "unreached_note": (
        "没有一条要求行动的通知到达；原因是最后一次尝试的结果",
        "nothing that asks for action came to them; why: what became of the last attempt",
    ),
    "why": ("原因", "why"),
    "doors": ("住户", "doors"),
    "never": ("始终未应的岗位", "Posts that never answered"),
    "area": ("辖区", "area"),
    "asked_times": ("被叫次数", "times asked"),
    "first_asked": ("首次", "first"),
    "gauges": ("失联与迟报的测站", "Gauges that were silent or late"),
    "station": ("测站", "station"),
    "silent_for": ("失联时长", "silent for"),
    "silent_when": ("失联时段", "silent"),
    "late_readings": ("迟到读数", "late readings"),
    "late_mm": ("其中雨量 mm", "rain in them, mm"),
    "speaks_for": ("涉及村", "villages"),
    "hidden": ("失联掩盖了什么", "What silence hid"),
    "hidden_note": (
        "同一分钟：当时所知与后来补到的读数",
        "the same minute as known then, and with the readings that came later",
    ),
    "at": ("时刻", "at"),
    "heard": ("可用权重", "heard"),
    "blind": ("盲", "blind"),
    "silent": ("失联", "silent"),
    "doubted": ("存疑", "doubted"),
    "difference": ("当时 → 现在", "then → now"),
    "nothing_hidden": ("没有差别", "nothing differs"),
    "unknown": ("未知", "unknown"),
    "rain_in": ("雨量", "rain in"),
    "scores": ("命中、漏报、空报", "Hits, misses, false alarms"),
    "scores_note": (
        "空报数是上限：事件清单很少完整",
        "false alarms are an upper bound: a list of events is hardly ever complete",
    ),
    "events": ("事件", "events"),
    "hits": ("命中", "hits"),
    "late": ("迟报", "late"),
    "misses": ("漏报", "misses"),
    "false": ("空报", "false"),
    "hit": ("命中", "hit"),
    "undecided": ("无法判定", "undecided"),
    "lead": ("提前 min", "lead, min"),
    "details": ("各村细目", "Villages in detail"),
    "warnings": ("预警", "warnings"),
    "issued": ("发布", "issued"),
    "crossed": ("达到", "crossed"),
    "ended": ("结束", "ended"),
    "stands": ("仍有效", "stands"),
    "reason": ("依据", "because of"),
    "verdict": ("评定", "verdict"),
    "bulletins": ("住户通知", "What doors were told"),
    "action": ("要求", "asked to"),
    "sent": ("发出", "sent"),
    "delivered": ("送达", "delivered"),
    "failed": ("失败", "failed"),
    "untried": ("未尝试", "no attempt"),
    "answers": ("住户应答", "answers of doors"),
    "ladder": ("叫应顺序", "Who was asked, one after the other"),
    "role": ("岗位", "role"),
    "deadline": ("限时", "by"),
    "answered": ("应答", "answered"),
    "after": ("用时", "after"),
    "nobody": ("未应", "no answer"),
    "again": ("再叫", "again"),
    "timeline": ("时间线", "Timeline"),
    "what": ("事项", "what"),
    "more": ("另有 {n} 条，见 review.json", "and {n} more in review.json"),
    "caveats": ("说明", "To be read with it"),
    "nothing": ("无", "none"),
    "village_n": ("{n} 个村", "{n} villages"),
}

KINDS: Mapping[str, tuple[str, str]] = {
    "warning": ("预警", "warning"),
    "bulletin": ("住户通知", "doors told"),
    "order": ("人工指令", "order by hand"),
    "alarm": ("系统告警", "alarm of the node"),
    "alarm_ended": ("告警解除", "alarm over"),
    "help": ("求助", "call for help"),
    "sign": ("前兆", "sign"),
    "report": ("上报", "report"),
    "undelivered": ("岗位叫不通", "post not to be reached"),
    "mark": ("转移登记", "transfer list"),
    "drill": ("演练", "drill"),
    "configuration": ("启用配置包", "configuration begins, bundle"),
    "event": ("灾情", "event"),
}

LEVELS: Mapping[str, tuple[str, str]] = {
    "none": ("无", "none"),
    "blue": ("蓝色", "blue"),
    "yellow": ("黄色", "yellow"),
    "orange": ("橙色", "orange"),
    "red": ("红色", "red"),
}

VALUES: Mapping[str, tuple[str, str]] = {
    "first": ("首次", "first"),
    "raised": ("升级", "raised"),
    "lowered": ("降级", "lowered"),
    "ended": ("解除", "ended"),
    "renewed": ("延期", "renewed"),
    "sight_lost": ("失去观测", "sight lost"),
    "sight_regained": ("恢复观测", "sight regained"),
    "cancelled": ("人工解除", "cancelled"),
    "issued_by_hand": ("人工发布", "issued by hand"),
    "raised_by_hand": ("人工升级", "raised by hand"),
    "lowered_by_hand": ("人工降级", "lowered by hand"),
    "refuge": ("改变避险方向", "other refuge"),
    "reminder": ("提醒", "reminder"),
    "corrected": ("更正", "corrected"),
    "status": ("转为实况", "status"),
    "watch": ("关注", "watch"),
    "ready": ("待命", "be ready"),
    "prepare": ("准备转移", "prepare"),
    "leave": ("立即转移", "leave"),
    "stay": ("留在安全处", "stay"),
    "clear": ("解除", "all clear"),
    "correct": ("更正", "correction"),
    "acknowledged": ("收到", "acknowledged"),
    "moving": ("正在转移", "moving"),
    "safe": ("已安全", "safe"),
    "need_help": ("需要救助", "need help"),
    "none": ("无应答", "none"),
    "untried": ("没有尝试记录", "no attempt recorded"),
    "failed": ("失败，将再试", "failed, to be tried again"),
    "unreachable": ("无法到达", "unreachable"),
    "expired": ("过期未发", "over before it was sent"),
    "undelivered": ("渠道报告未送达", "channel reports it undelivered"),
    "return": ("可以返回", "return"),
    "returned": ("可以返回", "return"),
    "issue": ("发布", "issue"),
    "raise": ("升级", "raise"),
    "lower": ("降级", "lower"),
    "end": ("解除", "end"),
    "extend": ("延长", "extend"),
    "silence": ("静默", "silence"),
    "release": ("放行", "release"),
    "hold": ("暂缓", "hold"),
    "reject": ("驳回", "reject"),
    "call-again": ("再次呼叫", "call again"),
    "respond": ("应急响应", "state of response"),
    "transfer": ("转移", "transfer"),
    "transfer-over": ("险情结束", "danger over"),
    "leave-shelter": ("离开避灾点", "leave the shelter"),
    "assess": ("评估", "assess"),
    "transfer-close": ("转移名单关闭", "transfer list closed"),
    "said_safe": ("自报安全", "says safe"),
    "refused": ("拒绝转移", "will not go"),
    "help": ("求助", "needs help"),
    "back": ("又在原处", "there again"),
    "start": ("开始", "begun"),
    "stop": ("结束", "stopped"),
    "assigned": ("已派人", "assigned"),
    "closed": ("已办结", "closed"),
    "heads": ("人数", "heads"),
    "duty": ("到岗", "on duty"),
    "patrol": ("已巡查", "patrolled"),
    "check": ("抽查回应", "spot check"),
    "cancel": ("解除", "cancel"),
    "affirm": ("确认仍有效", "affirm"),
    "validated": ("核实", "validated"),
    "rejected": ("排除", "rejected"),
    "grid_member": ("网格员", "grid member"),
    "village_head": ("村主任", "village head"),
    "township_officer": ("乡镇值班", "township officer"),
    "county_duty_officer": ("县值班", "county duty officer"),
    "missed": ("漏报", "missed"),
    "worst": ("首次最高级", "first at its worst"),
    "landslide": ("滑坡", "landslide"),
    "flash flood": ("山洪", "flash flood"),
    "river flood": ("洪水", "river flood"),
    "debris flow": ("泥石流", "debris flow"),
    "waterlogging": ("内涝", "waterlogging"),
    "rainstorm": ("暴雨", "rainstorm"),
}
"""Words of the interfaces for people; one that is not here stands as it is."""

CAVEATS: Mapping[str, tuple[str, str]] = {
    "journal_begins": (
        "日志从 {at} 才开始，此前不知",
        "the journal begins only at {at}: nothing is known of before",
    ),
    "journal_ends": ("日志到 {at} 为止", "the journal ends at {at}"),
    "no_bundle": (
        "当时的配置没有存档：以现在的 CONFIG_DIR 为准",
        "the configuration of then is not kept: tables and people are those of CONFIG_DIR now",
    ),
    "configuration_changed": (
        "期间换过配置：表与人员取时段末的配置包",
        "the configuration changed meanwhile: tables and people are those of the last bundle of the stretch",
    ),
    "two_clocks": (
        "节点用模拟时钟：发送用时按机器时钟，其余按模拟时钟，不可相加",
        "the node runs on a simulated clock: sending times are the machine's, others simulated; do not add",
    ),
    "set_aside": ("有 {detail} 条记录当时无法研判", "{detail} entries could not be judged then"),
    "minutes_left_out": (
        "另有 {detail} 个时刻没有回看（--known-now N）",
        "{detail} more minutes were not looked behind (--known-now N)",
    ),
    "no_events": (
        "没有给出事件清单：命中、漏报、空报未评",
        "no events were given: hits, misses and false alarms are not known",
    ),
    "not_looked_at": ("无法回看：{detail}", "could not be looked behind: {detail}"),
}


@dataclass(frozen=True, slots=True)
class Speaker:
    """Says keys in one language; `tag` is ``zh`` or ``en``."""

    tag: str

    def __call__(self, key: str, **parts: object) -> str:
        """A word of `WORDS`, with its places filled."""
        return self._of(WORDS[key]).format(**parts)

    def value(self, word: str) -> str:
        """A word of the interfaces; as it is where nobody has translated it."""
        found = VALUES.get(word) or KINDS.get(word)
        return word.replace("_", " ") if found is None else self._of(found)

    def kind(self, word: str) -> str:
        """What a line of the timeline is about."""
        return self._of(KINDS[word])

    def level(self, word: str) -> str:
        """A level."""
        return self._of(LEVELS[word]) if word else ""

    def hazard(self, name: str, titles: Mapping[str, tuple[str, str]]) -> str:
        """A hazard by its title of the configuration."""
        return self._of(titles[name]) if name in titles else self.value(name)

    def caveat(self, word: str, detail: str, at: str) -> str:
        """A sentence of `CAVEATS`."""
        return self._of(CAVEATS[word]).format(detail=detail, at=at)

    def duration(self, took_s: float | None) -> str:
        """Seconds, minutes or hours, whichever says most.

        >>> Speaker("en").duration(0.4), Speaker("en").duration(75.0), Speaker("en").duration(7260)
        ('0.4 s', '1 min 15 s', '2 h 1 min')
        """
        if took_s is None:
            return "–"
        second, minute, hour = UNITS[LANGUAGES.index(self.tag)]
        if took_s < 60:
            return f"{took_s:g} {second}"
        minutes, seconds = divmod(round(took_s), 60)
        if minutes < 60:
            return f"{minutes} {minute} {seconds} {second}" if seconds else f"{minutes} {minute}"
        hours, minutes = divmod(minutes, 60)
        return f"{hours} {hour} {minutes} {minute}" if minutes else f"{hours} {hour}"

    def _of(self, pair: tuple[str, str]) -> str:
        return pair[LANGUAGES.index(self.tag)]


UNITS = (("秒", "分", "小时"), ("s", "min", "h"))
"""Second, minute and hour in `LANGUAGES`."""

TAGS = {"zh": CHINESE.tag, "en": ENGLISH.tag}
"""Language of the page for browsers."""
