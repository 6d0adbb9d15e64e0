"""The page behind an answer link: what is to be done now, in the colour of its level, and four buttons.

A post has fields for heads by number beside them, and buttons for itself on duty and a patrol.

Whatever bulletin's link was opened, the village's newest one is shown.

Plain HTML in one response, below 2 kB but for a digest of many villages, no
script, font or image: it opens on any phone and a bad line. Showing it
acknowledges nothing, since link previews open it too; only a pressed button is
an answer.
"""

import base64
import hashlib
from html import escape

import msgspec

from warnstream.adapters.channels.channel import EXERCISE_MARK_EN, EXERCISE_MARK_ZH, with_exercise_mark
from warnstream.adapters.outbox.types import ALARM_TYPE, TEST_TYPE, Addressed, StoredMessage
from warnstream.model.effects import DIGEST_TYPE, Answer
from warnstream.model.level import Level
from warnstream.model.warning import MessageStatus

COLOURS = {Level.BLUE: "#06c", Level.YELLOW: "#fc0", Level.ORANGE: "#f70", Level.RED: "#d00"}

STYLE = (
    "body{font:1.2em sans-serif;margin:1em}button{font:inherit;width:100%;padding:.6em;margin:.3em 0}"
    "ul{list-style:none;padding:0}li{margin:.6em 0}[class]{border-left:.6em solid;padding-left:.6em}"
    # As specific as the rule of the border, and behind it, or the border keeps the colour of the text.
    + "".join(f"[class={level.word}]{{border-color:{colour}}}" for level, colour in COLOURS.items())
)
STYLE_HASH = "sha256-" + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode("ascii")
"""Allows exactly this style in the Content-Security-Policy."""

LABEL_OF_ANSWER = {
    Answer.ACKNOWLEDGED: "收到 Received",
    Answer.MOVING: "正在转移 Moving",
    Answer.SAFE: "已安全 Safe",
    Answer.NEED_HELP: "需要帮助 Need help",
}

LABEL_OF_REPORT = {
    "heads": "报数 Report numbers",
    "on_duty": "到岗 On duty",
    "patrolled": "巡查无异常 Walked the round, nothing seen",
}
LABEL_OF_HEADS = {"to_move": "应转 To move", "moved": "已转 Moved", "refused": "拒转 Refused"}


DOORS = "我的住户 My doors"


def answer_page(
    addressed: Addressed, *, answer: Answer | None, notice: str = "", comes: str = "", doors: str = ""
) -> str:
    """HTML of the page.

    Parameters
    ----------
    addressed : Addressed
        The message and its recipient.
    answer : Answer or None
        The answer known so far, shown as given; None if there is none.
    notice : str
        A line about what just happened; empty for none.
    comes : str
        Who has this door's call for help; empty: nobody has it, or it has not called.
    doors : str
        Address of the page with the post's own doors; empty: none.
    """
    message = addressed.current
    status = MessageStatus(message.status)
    text_zh = with_exercise_mark(message.text_zh, EXERCISE_MARK_ZH, status)
    text_en = with_exercise_mark(message.text_en, EXERCISE_MARK_EN, status)
    title = _title(message)
    mark = f"{EXERCISE_MARK_ZH}{EXERCISE_MARK_EN} " if status is MessageStatus.EXERCISE else ""
    given = f"<p><b>✓ {LABEL_OF_ANSWER[answer]}</b></p>" if answer else ""
    told = f"<p role=status>{escape(notice)}</p>" if notice else ""
    if comes:
        given += f"<p role=status><b>{escape(comes)} 正在赶来 is on the way</b></p>"
    return (
        '<!doctype html><html lang=zh><meta charset=utf-8><meta name=viewport content="width=device-width">'
        f"<title>{escape(mark + title)}</title><style>{STYLE}</style>"
        f"<p class={Level(message.level).word}>{escape(text_zh)}</p>"
        f"<p lang=en>{escape(text_en)}</p>{told}{given}"
        f"<form method=post>{''.join(map(_button, LABEL_OF_ANSWER.items()))}</form>"
        f"{_doors_at(doors)}{_report_of(addressed)}{_list_of(addressed)}</html>"
    )


def _doors_at(address: str) -> str:
    return f'<p><a href="{escape(address, quote=True)}">{DOORS}</a></p>' if address else ""


def _title(message: StoredMessage) -> str:
    """What a phone's list of pages shows; only an end of warnings is an all clear."""
    if message.level != Level.NONE:
        return f"{Level(message.level).name} {message.hazard}"
    return {DIGEST_TYPE: "Duty", ALARM_TYPE: "Alarm", TEST_TYPE: "Test"}.get(message.msg_type, "All clear")


def _list_of(addressed: Addressed) -> str:
    """Of a digest every call and village that it names, one a line; else nothing."""
    if addressed.current.msg_type != DIGEST_TYPE:
        return ""
    record = msgspec.json.decode(addressed.current.cap_xml)
    named = [*record["helps"], *record["villages"]]
    if len(named) + record["not_listed"] <= 1:
        return ""
    items = "".join(
        f"<li class={warning.get('level', 'red')}>{escape(warning['text_zh'])}"
        f"<br><span lang=en>{escape(warning['text_en'])}</span>"
        for warning in named
    )
    more = f"<li>… {record['not_listed']}" if record["not_listed"] else ""
    return f"<ul>{items}{more}</ul>"


def _report_of(addressed: Addressed) -> str:
    """What a post reports beside its answer; nothing for doors."""
    if addressed.current.msg_type != DIGEST_TYPE:
        return ""
    record = msgspec.json.decode(addressed.current.cap_xml)
    if record.get("asks_arrival"):
        field = (
            "<p><label>几分钟到 Minutes until you are there <input name=arrives_min inputmode=numeric size=5>"
        )
        return f"<form method=post>{field}</label>{_button(('heads', LABEL_OF_REPORT['heads']))}</form>"
    named = record["villages"]
    options = "".join(
        f"<option value='{escape(warning['village'], quote=True)}'>{escape(_place(warning['text_zh']))}"
        for warning in named
    )
    choice = f"<p><label>村 Village <select name=village><option value=''>{options}</select></label>"
    fields = "".join(
        f"<p><label>{label} <input name={word} inputmode=numeric size=5></label>"
        for word, label in LABEL_OF_HEADS.items()
    )
    if record.get("spot_check"):
        fields = f"<p><label>抽查码 Code <input name=code inputmode=numeric size=3></label>{fields}"
    buttons = "".join(map(_button, LABEL_OF_REPORT.items()))
    return f"<form method=post>{choice if len(named) > 1 else ''}{fields}{buttons}</form>"


def _place(text_zh: str) -> str:
    return text_zh.partition("：")[0]


def _button(value_and_label: tuple[str, str]) -> str:
    value, label = value_and_label
    return f"<button name=answer value={value}>{label}</button>"
