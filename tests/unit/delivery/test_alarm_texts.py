"""What duty posts read of an alarm; the table of kinds in the manual is the one in the code."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.networks import rain_rule
from warnstream.delivery.alarm_texts import TEXT_CHARACTERS_MAX, alarm_texts, past_crossing_texts
from warnstream.model.alarms import ALARM_KINDS, Alarm
from warnstream.model.changes import ProvenLevel, ProvenLevels
from warnstream.model.level import Level
from warnstream.model.times import HOUR_S, fixed_zone
from warnstream.model.warning import MessageStatus

BEGUN = Alarm(
    "disk", "readings are not acknowledged", "ws.x", 1_781_740_800, True, True, MessageStatus.ACTUAL
)
SIREN = (15, 25, 40, 80)
MANUAL = Path(__file__).parents[3] / "docs" / "operating.md"


def test_a_state_of_response_is_no_trouble_of_the_node_but_an_order_to_every_post() -> None:
    response = replace(BEGUN, key="response:III")
    begun = alarm_texts(response, "songyang", fixed_zone(8 * HOUR_S))
    ended = alarm_texts(replace(response, ended_s=response.begun_s + 600), "songyang", fixed_zone(8 * HOUR_S))
    assert begun[0] == "启动III级应急响应（06-18 08:00），请按预案到岗。"
    assert begun[1] == "Emergency response III from 06-18 08:00: take up your duty by the plan."
    assert ended == ("III级应急响应结束（06-18 08:10）。", "Emergency response III is over (06-18 08:10).")


TROUBLES = [key for key, kind in ALARM_KINDS.items() if not kind.is_for_all]


@pytest.mark.parametrize("key", [*TROUBLES, "something:else"])
def test_begin_and_end_of_every_kind_can_be_told_in_both_languages(key: str) -> None:
    alarm = replace(BEGUN, key=key)
    begun = alarm_texts(alarm, "songyang", fixed_zone(8 * HOUR_S))
    ended = alarm_texts(replace(alarm, ended_s=alarm.begun_s + 600), "songyang", fixed_zone(8 * HOUR_S))
    assert all("06-18 08:00" in text and "songyang" in text for text in (*begun, *ended))
    assert all("06-18 08:10" in text for text in ended)
    assert "系统告警解除" in ended[0]
    assert "Alarm over" in ended[1]


def test_the_manual_lists_every_kind() -> None:
    section = (
        MANUAL.read_text(encoding="utf-8").split("## Alarms of the node itself")[1].split("## Alarms")[0]
    )
    assert set(re.findall(r"^\| `([a-z_]+)` \|", section, re.MULTILINE)) == set(ALARM_KINDS)


def proven(village: str, name: str, level: Level) -> ProvenLevel:
    return ProvenLevel(village, name, "flash_flood", level, 1_781_740_800, 1_781_760_000, "S12")


def test_a_past_crossing_is_told_with_name_hazard_level_time_and_gauge() -> None:
    levels = ProvenLevels(0, 1, [proven("V7", "大洞", Level.RED)])
    en, zh = past_crossing_texts(levels, [rain_rule(1, SIREN)], fixed_zone(8 * HOUR_S))
    assert en == (
        "late readings prove a level of the past that nobody was told of: "
        "RED Flash flood at 大洞 (V7), 06-18 08:00, gauge S12"
    )
    assert zh == "共1处：大洞（V7）山洪红色，06-18 08:00，测站S12。"


def test_many_past_crossings_are_counted_and_named_as_far_as_a_text_goes() -> None:
    worst = [proven(f"V{n}", f"Village {n}", Level.ORANGE) for n in range(50)]
    en, zh = past_crossing_texts(ProvenLevels(0, 2855, worst), [rain_rule(1, SIREN)], fixed_zone(8 * HOUR_S))
    assert en.startswith("late readings prove 2855 levels of the past")
    assert en.count("ORANGE") + int(en.rpartition("; ")[2].removesuffix(" more")) == 2855
    assert zh.startswith("共2855处：")
    assert max(len(en), len(zh)) <= TEXT_CHARACTERS_MAX, "nothing is cut"
