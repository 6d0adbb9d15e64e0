"""Why a node is not ready, or what troubles it: a code for machines, Chinese and English for people.

The English of `/readyz` is as it has always been. What is known of an alarm in Chinese is said with it; of
all others the kind, so that a Chinese page never shows a sentence that its reader cannot read.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from warnstream.model.alarms import AlarmSignal, kind_of


class Reason(NamedTuple):
    """One reason; `code` is stable: ``kind`` or ``kind:subject``, as of an alarm."""

    code: str
    en: str
    zh: str
    blocks: bool = True


SOURCES = {
    "broker": "消息服务器未连接",
    "broker's backlog": "补报通道未连接",
    "listener": "测站直连端口未连接",
}
STARTING = Reason("starting", "the node is starting", "节点正在启动")
NO_SHIFT = Reason("no_shift", "nobody has taken the shift at the console", "值班台无人值班", blocks=False)

_FORMS: tuple[tuple[str, str, str], ...] = (
    (
        "waits_readings",
        r"waits for readings: no reading yet of any of (\d+) stations",
        "{0} 个测站都还没有数据",
    ),
    ("waits_readings", r"waits for readings: none is reporting of (\d+) stations", "{0} 个测站都没有数据"),
    ("waits_first_step", r"waits for the first step", "等待第一次研判"),
    ("waits_step", r"waits for a step: nothing has been judged for (\d+) s", "已 {0} 秒没有研判"),
    (
        "waits_clock",
        r"waits for .*, which was last told (\d+) s ago: node.clock",
        "已 {0} 秒没有对时（模拟时钟）",
    ),
    ("waits_clock", r"waits for .*: node.clock is simulated", "等待对时（模拟时钟）"),
    ("no_reading", r"no reading yet of (\d+) of (\d+) stations: (.*)", "{1} 个测站中 {0} 个还没有数据：{2}"),
    ("drill", r"drill is on in (\d+) villages until (\S+)", "演练进行中：{0} 村，到 {1}"),
    ("drill", r"drills are on: (\d+), in (\d+) villages until (\S+)", "{0} 场演练进行中：{1} 村，到 {2}"),
    (
        "rolled_back",
        r"bundle (\d+) runs: CONFIG_DIR has what was rolled back",
        "现行第 {0} 号配置；配置目录里是已退回的内容",
    ),
    (
        "rolled_back",
        r"bundle (\d+) runs: CONFIG_DIR of this box has another one",
        "现行第 {0} 号配置；本机配置目录与其不同（较旧或已退回）",
    ),
    ("reload_refused", r".*refused", "上一次更换配置被拒，仍用原配置"),
)
_ZH = [(code, re.compile(form), zh) for code, form, zh in _FORMS]
OTHER_ZH = "节点另有提示，见站点与运行页"
_MORE = re.compile(r" and (\d+) more$")


def of_alarms(signals: Iterable[AlarmSignal], *, blocks: bool) -> Iterator[Reason]:
    """Alarms that keep the node from being ready, or those that do not."""
    for signal in signals:
        if signal.is_blocking != blocks:
            continue
        subject = signal.key.partition(":")[2]
        kind = kind_of(signal.key).zh
        detail = f"：{signal.text_zh}" if signal.text_zh else f"（{subject}）" if subject else ""
        yield Reason(signal.key, signal.text, f"{kind}{detail}", blocks)


def of_source(name: str) -> Reason:
    """A way by which readings come in that is not connected."""
    return Reason(
        f"source:{name}", f"the {name} is not connected", SOURCES.get(name, f"数据来源 {name} 未连接")
    )


def of_channel(name: str, trouble: str) -> Reason:
    """A channel that is held or stuck."""
    return Reason(f"channel:{name}", trouble, f"渠道 {name} 不通，消息在等")


def of_sentence(text: str, *, blocks: bool) -> Reason:
    """What a part of the node says in a sentence of its own."""
    for code, form, zh in _ZH:
        if found := form.match(text):
            words = [_MORE.sub(r" 等，另有 \1 个", group or "") for group in found.groups()]
            return Reason(code, text, zh.format(*words), blocks)
    return Reason("other", text, OTHER_ZH, blocks)
