"""Reasons of a node: every form of its sentences has a code and Chinese, alarms have their key."""

import re

import pytest

from warnstream.model.alarms import ALARM_KINDS, AlarmSignal
from warnstream.runners import reasons

LATIN = re.compile(r"[A-Za-z]{4,}")


@pytest.mark.parametrize(
    ("text", "code", "zh"),
    [
        ("waits for readings: no reading yet of any of 9 stations", "waits_readings", "9 个测站都还没有数据"),
        ("waits for readings: none is reporting of 9 stations", "waits_readings", "9 个测站都没有数据"),
        ("waits for the first step", "waits_first_step", "等待第一次研判"),
        ("waits for a step: nothing has been judged for 75 s", "waits_step", "已 75 秒没有研判"),
        (
            "waits for ws/clock, which was last told 90 s ago: node.clock is simulated",
            "waits_clock",
            "已 90 秒没有对时（模拟时钟）",
        ),
        (
            "waits for ws/clock: node.clock is simulated, nothing else moves it",
            "waits_clock",
            "等待对时（模拟时钟）",
        ),
        (
            "no reading yet of 12 of 90 stations: R1, R2 and 10 more",
            "no_reading",
            "90 个测站中 12 个还没有数据：R1, R2 等，另有 10 个",
        ),
        ("drill is on in 2 villages until 15:02", "drill", "演练进行中：2 村，到 15:02"),
        ("drills are on: 2, in 7 villages until 15:02", "drill", "2 场演练进行中：7 村，到 15:02"),
    ],
)
def test_a_sentence_has_a_code_and_chinese(text: str, code: str, zh: str) -> None:
    assert reasons.of_sentence(text, blocks=True)[:3] == (code, text, zh)


def test_what_is_not_known_is_said_to_be_something() -> None:
    found = reasons.of_sentence("the moon is full", blocks=False)
    assert (found.code, found.zh, found.blocks) == ("other", reasons.OTHER_ZH, False)


@pytest.mark.parametrize("kind", ALARM_KINDS)
def test_an_alarm_is_chinese_with_or_without_words_of_its_own(kind: str) -> None:
    signals = [
        AlarmSignal(f"{kind}:x", "it is wrong", 1, is_begin=True, text_zh="出错"),
        AlarmSignal(kind, "it is wrong", 1, is_begin=True),
    ]
    first, second = reasons.of_alarms(signals, blocks=True)
    assert (first.code, first.en) == (f"{kind}:x", "it is wrong")
    assert first.zh.endswith("：出错")
    assert not LATIN.search(second.zh)
    assert not list(reasons.of_alarms(signals, blocks=False))
