"""What the duty posts read of an alarm of the node: what is wrong, or that it is over."""

from warnstream.model.alarms import Alarm, kind_of
from warnstream.model.times import iso_local

TEXT_CHARACTERS_MAX = 300


def alarm_texts(alarm: Alarm, node: str, utc_offset_s: int) -> tuple[str, str]:
    """Chinese and English text of the begin or, once it has ended, the end of an alarm."""
    kind, detail = kind_of(alarm.key), alarm.text[:TEXT_CHARACTERS_MAX]
    begun, ended = (_clock(at_s, utc_offset_s) for at_s in (alarm.begun_s, alarm.ended_s))
    if kind.is_for_all:
        return _response(alarm.key.partition(":")[2], begun, ended if alarm.ended_s else "")
    if alarm.ended_s:
        zh = f"系统告警解除（{node}）：{kind.zh}，{begun}至{ended}。"
        return zh, f"Alarm over at {node}: {kind.en}, {begun} to {ended}. {detail}"
    zh = f"系统告警（{node}）：{kind.zh}，自{begun}。{detail}"
    return zh, f"Alarm at {node}: {kind.en} since {begun}. {detail}"


def _response(word: str, begun: str, ended: str) -> tuple[str, str]:
    """The county's state of response, as every post reads it."""
    if ended:
        return f"{word}级应急响应结束（{ended}）。", f"Emergency response {word} is over ({ended})."
    zh = f"启动{word}级应急响应（{begun}），请按预案到岗。"
    return zh, f"Emergency response {word} from {begun}: take up your duty by the plan."


def _clock(at_s: int, utc_offset_s: int) -> str:
    """Local date and minute: ``11-29 22:08``."""
    return iso_local(at_s, utc_offset_s)[5:16].replace("T", " ")
