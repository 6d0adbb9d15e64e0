"""The page of a door: what to do is the first line, then the level, the words, and since when that holds.

What is in force has a band in the colour of its level, with its word and shape; an end has none, and no
button for moving, so that a glance cannot take the one for the other. One response without script, font or
image, below 3 kB; showing it acknowledges nothing.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from warnstream.adapters.channels.channel import EXERCISE_MARK_EN, EXERCISE_MARK_ZH, with_exercise_mark
from warnstream.adapters.http.answer_page import LABEL_OF_ANSWER
from warnstream.adapters.outbox.types import Addressed, StoredMessage
from warnstream.model.bulletins import Action
from warnstream.model.effects import Answer
from warnstream.model.level import Level
from warnstream.model.times import UTC, TimeZone, clock_local
from warnstream.model.warning import MessageStatus

BANDS = {
    Level.BLUE: ("b1", "蓝色 BLUE ● Ⅳ"),
    Level.YELLOW: ("b2", "黄色 YELLOW ▲ Ⅲ"),
    Level.ORANGE: ("b3", "橙色 ORANGE ◆ Ⅱ"),
    Level.RED: ("b4", "红色 RED ■ Ⅰ"),
}
"""Class and words of each level; the shapes are told apart without colour."""

STYLE = (
    "body{font:1.2em sans-serif;margin:0;padding:0 1em 1em}h1{margin:0;font-size:1.5em}"
    "div{margin:0 -1em 1em;padding:.7em 1em;border-bottom:.3em solid #000}"
    ".b1{background:#0050b3;color:#fff}.b2{background:#fc0}.b3{background:#f80}.b4{background:#c00;color:#fff}"
    ".end{background:#fff;border:.3em double #000;margin:1em 0}"
    "button{font:inherit;width:100%;padding:.7em;margin:.3em 0}small{color:#444}"
)
STYLE_HASH = "sha256-" + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode("ascii")

FIRST = {
    Action.LEAVE: "马上走！ LEAVE NOW",
    Action.PREPARE: "老弱病孕先走，其他人准备 GET READY, the weak go now",
    Action.READY: "做好准备 GET READY",
    Action.WATCH: "留意 BE AWARE",
    Action.STAY: "险情已过，先别回 OVER, NOT YET BACK",
    Action.CLEAR: "解除 ALL CLEAR",
    Action.CORRECT: "误报，已更正 FALSE ALARM",
    Action.RETURN: "可以回家 YOU MAY GO BACK",
}
"""What a bulletin asks for, as the first line."""


OLD_LINK = "这是现在的情况，您点开的是旧消息 What holds now; your link is of an older message"
DEAD_ZH = "看不到内容不等于没有危险。"
DEAD_EN = "This link is over or mistyped. Seeing nothing here does not mean that there is no danger."


@dataclass(frozen=True, slots=True)
class Office:
    """Whom people call, and by whose clock times are told; an empty `phone`: nobody has said."""

    phone: str = ""
    time_zone: TimeZone = UTC


def door_page(
    addressed: Addressed, office: Office, *, answer: Answer | None, notice: str = "", comes: str = ""
) -> str:
    """HTML of the page; parameters as of `answer_page`."""
    message = addressed.current
    action = Action(message.msg_type)
    status = MessageStatus(message.status)
    text_zh = with_exercise_mark(message.text_zh, EXERCISE_MARK_ZH, status)
    text_en = with_exercise_mark(message.text_en, EXERCISE_MARK_EN, status)
    mark = f"{EXERCISE_MARK_ZH}{EXERCISE_MARK_EN} " if status is MessageStatus.EXERCISE else ""
    is_end = message.level == Level.NONE
    css, band = ("end", "") if is_end else BANDS[Level(message.level)]
    old = addressed.message.identifier != message.identifier
    parts = [
        f"<div class={css}><h1>{escape(mark + FIRST[action])}</h1>{band}</div>",
        f"<p>{escape(text_zh)}</p><p lang=en>{escape(text_en)}</p>",
        f"<p><small>{_since(message, office, is_end=is_end)}</small></p>",
        f"<p><small>{OLD_LINK}</small></p>" if old else "",
        f"<p role=status>{escape(notice)}</p>" if notice else "",
        *_given(answer, comes, office),
        f"<form method=post>{''.join(map(_button, _answers(is_end=is_end)))}</form>",
    ]
    return page(mark + FIRST[action], "".join(parts))


def dead_page(office: Office) -> str:
    """Of a link that proves nothing: mistyped, or over."""
    call = f"<p>{_phone(office)}</p>" if office.phone else ""
    text = f"<p>{DEAD_ZH}</p><p lang=en>{DEAD_EN}</p>"
    return page("链接无效 Dead link", f"<div class=end><h1>链接已失效或不完整</h1></div>{text}{call}")


def page(title: str, body: str) -> str:
    """A page of this style."""
    return (
        '<!doctype html><html lang=zh><meta charset=utf-8><meta name=viewport content="width=device-width">'
        f"<title>{escape(title)}</title><style>{STYLE}</style>{body}</html>"
    )


def _since(message: StoredMessage, office: Office, *, is_end: bool) -> str:
    at = escape(clock_local(message.sent_s, office.time_zone))
    return f"{at} 起结束 Over since {at}" if is_end else f"{at} 发出 Sent {at}"


def _given(answer: Answer | None, comes: str, office: Office) -> list[str]:
    """What the door has answered, and who comes to it."""
    found = [f"<p><b>✓ {LABEL_OF_ANSWER[answer]}</b></p>"] if answer else []
    if comes:
        found.append(f"<p role=status><b>{escape(comes)} 正在赶来 is on the way</b></p>")
    elif answer is Answer.NEED_HELP:
        found.append(f"<p role=status><b>还没有人接手 Nobody has it yet. {_phone(office)}</b></p>")
    return found


def _phone(office: Office) -> str:
    if not office.phone:
        return ""
    return f"请打 Call <a href='tel:{escape(office.phone, quote=True)}'>{escape(office.phone)}</a>"


def _answers(*, is_end: bool) -> Sequence[Answer]:
    """After an end nobody is on the way."""
    return [answer for answer in LABEL_OF_ANSWER if not (is_end and answer is Answer.MOVING)]


def _button(answer: Answer) -> str:
    return f"<button name=answer value={answer}>{LABEL_OF_ANSWER[answer]}</button>"
