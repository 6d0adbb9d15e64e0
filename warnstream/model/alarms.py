"""An alarm: something is wrong with the node itself, and the duty officer has to know.

A warning is about the weather, an alarm about the machine that watches it: a
hazard that cannot be judged, a disk that refuses, a clock that jumped. Each has
a begin and an end. Its key is ``kind`` or ``kind:subject`` and names it while it
stands; the kinds are in `ALARM_KINDS`.
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from warnstream.model.warning import MessageStatus


@dataclass(frozen=True, slots=True)
class AlarmKind:
    """What an alarm of one kind is called in a message, and what ends it.

    `is_for_all`: every post is told, not those on duty alone.
    """

    zh: str
    en: str
    ends: str
    is_for_all: bool = False


ALARM_KINDS = {
    "chain": AlarmKind(
        "责任人应答不齐", "answers of posts are missing", "the answers needed, or the end of the warnings"
    ),
    "help": AlarmKind("求助无人处理", "nobody takes a call for help", "a person takes each call"),
    "report": AlarmKind("上报无法计入", "a report cannot be counted", "its sender reports again, or an hour"),
    "team": AlarmKind("救援队未应答", "a rescue team was rung in vain", "it answers, or all is over there"),
    "roster": AlarmKind("值班表即将用完", "the roster runs out", "a roster that goes on is loaded"),
    "release": AlarmKind("待人工放行", "doors wait for a release", "a release, or the time of the rule"),
    "second": AlarmKind("人工指令待第二人", "an order waits for a second person", "a second, or time"),
    "order": AlarmKind("人工指令未执行", "an order was taken and not carried out", "an hour"),
    "ceiling": AlarmKind("人工压低预警", "a person holds a warning down", "its expiry, a rise or the clear"),
    "silence": AlarmKind("人工静默", "posts are silenced", "its expiry"),
    "transfer": AlarmKind(
        "转移未完成", "a transfer list is overdue or has lost rows", "its rows are safe, it is over or closed"
    ),
    "response": AlarmKind(
        "应急响应", "the county is in a state of response", "the response is ended", is_for_all=True
    ),
    "disk": AlarmKind("磁盘拒绝写入", "the disk refuses", "the disk takes an entry"),
    "journal": AlarmKind("存储超限", "the journal is too large", "it is below its limit again"),
    "snapshot": AlarmKind("状态快照无法保存", "the state cannot be kept", "a snapshot is written"),
    "broker": AlarmKind("数据接入异常", "the broker does not keep readings", "the broker keeps them again"),
    "listener": AlarmKind("数据接入异常", "the listener has a fault", "its files can be read"),
    "clock": AlarmKind(
        "时钟异常", "the clock is wrong", "it is right again, the stations confirm it, or it is accepted"
    ),
    "engine": AlarmKind("研判出错", "a journal entry could not be judged", "a later step succeeds"),
    "outbox": AlarmKind("发送队列写入失败", "the outbox refuses", "everything issued is recorded"),
    "refused": AlarmKind("拒收记录无法保存", "refusals are not kept", "the file takes them"),
    "audit": AlarmKind(
        "审计记录异常", "the audit is not written or was changed", "lines are written; a start finds it whole"
    ),
    "bundle": AlarmKind(
        "现行配置未存档", "the configuration is not kept", "a snapshot later, once it is kept"
    ),
    "outbox_rebuilt": AlarmKind("发送队列已损坏并重建", "the outbox was rebuilt", "the next start"),
    "ledger_rebuilt": AlarmKind("住户通知台账已重建", "the ledger of doors was rebuilt", "the next start"),
    "ledger_strangers": AlarmKind(
        "有住户收不到解除通知", "doors that were told something are in no register", "the next start"
    ),
    "message": AlarmKind(
        "消息无法交付", "a message cannot be handed over", "the next one of that warning can"
    ),
    "name": AlarmKind("消息编号重复", "a message's name was taken", "the next message of that warning"),
    "kept": AlarmKind("已删除对象仍有预警", "a warning stands for a removed row", "that warning has ended"),
    "drill": AlarmKind("演练期间有真实预警", "a real warning stands in an exercise", "it has ended"),
    "exercise": AlarmKind("演练运行异常", "a drill cannot go on", "it goes on, or the next start"),
    "hazard": AlarmKind("灾种无法研判", "a hazard cannot be judged", "it is judged again"),
    "channel": AlarmKind("渠道不通", "a channel reaches nobody", "a message gets through, or none waits"),
    "reply": AlarmKind("回复须人工阅读", "replies are for a person", "none came for `node.replies_for`"),
    "feed": AlarmKind("外部预警源中断", "a feed of alerts is silent", "it brings what can be read"),
    "ahead": AlarmKind(
        "超阈概率受限", "probabilities of rain ahead are limited", "a field comes, or what is said comes true"
    ),
    "part": AlarmKind("研判步骤出错", "a part of the judgement failed", "it works again"),
    "view": AlarmKind("状态显示出错", "what is shown of the node is old", "it can be updated again"),
    "standby": AlarmKind("无备机保护", "the second box does not have everything", "it has everything again"),
    "witness": AlarmKind("见证机无应答", "the witness does not answer", "it answers again"),
    "right": AlarmKind(
        "本机无权主控", "this box reaches neither witness nor second box", "it reaches either again"
    ),
    "console": AlarmKind("控制台退出", "the console has ended", "it has run for a minute"),
    "past": AlarmKind(
        "迟到数据证实曾达预警级别",
        "late readings prove a level that nobody was told of",
        "`node.past_crossings_for` has passed",
    ),
}
"""Kinds by the first word of a key. A key of another kind is taken all the same, as `OTHER_KIND`."""

OTHER_KIND = AlarmKind("系统故障", "the node has a fault", "whoever raised it ends it")


def kind_word(key: str) -> str:
    """First word of a key.

    >>> kind_word("hazard:flood"), kind_word("disk")
    ('hazard', 'disk')
    """
    return key.partition(":")[0]


def kind_of(key: str) -> AlarmKind:
    """Kind of the alarm of a key."""
    return ALARM_KINDS.get(kind_word(key), OTHER_KIND)


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm, begun and perhaps ended.

    Attributes
    ----------
    key, text, text_zh : str
        What is wrong, in English, as /readyz shows it, and in Chinese; without Chinese the English stands.
    name : str
        Identity of its two messages, unique for ever.
    begun_s, ended_s : int
        Time that the node goes by; `ended_s` is 0 while it stands.
    is_blocking : bool
        The node is not ready while it stands.
    is_sent : bool
        The duty posts are notified; False where it came back so soon that they know.
    status : MessageStatus
        As of its begin.
    """

    key: str
    text: str
    name: str
    begun_s: int
    is_blocking: bool
    is_sent: bool
    status: MessageStatus
    ended_s: int = 0
    text_zh: str = ""


@dataclass(frozen=True, slots=True)
class AlarmSignal:
    """An alarm begins or ends; what a journal entry of kind ``alarm`` holds."""

    key: str
    text: str
    at_s: int
    is_begin: bool
    is_blocking: bool = True
    text_zh: str = ""


class AlarmText(NamedTuple):
    """What is wrong, for those who read English and those who read Chinese."""

    en: str
    zh: str


class AlarmPort(Protocol):
    """Where a part of the node that is in trouble says so, from any thread. Neither call fails or waits."""

    def raise_alarm(self, key: str, text: str, *, is_blocking: bool = True, zh: str = "") -> None:
        """Something is wrong; repeating it while it stands only renews its text. `zh`: it in Chinese."""

    def end_alarm(self, key: str) -> None:
        """It is over; nothing happens where it does not stand."""
