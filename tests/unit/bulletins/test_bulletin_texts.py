"""What doors read of a bulletin."""

import re
from dataclasses import replace
from typing import NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.bulletins.village import DRILL, POLICY, chinese, message, new, orders, with_policy, wording
from tests.unit.desk.county import T0, county
from warnstream.config.orders import GSM7
from warnstream.delivery import bulletin_texts as texts_module
from warnstream.delivery.bulletin_texts import BulletinTexts, bulletin_texts
from warnstream.delivery.plain import ACTION_EN, ACTION_ZH
from warnstream.lifecycle.bulletins import Correction
from warnstream.model.bulletins import Action, Bulletin, Wording
from warnstream.model.level import LEVELS, Level
from warnstream.model.times import HOUR_S
from warnstream.model.warning import MessageStatus, WarningMessage

HAZARDS = (*orders().of_hazard, "own_rule")
LONGEST = chinese(
    name=("上垟村里外", "v" * 16, "中村"), short_name=("", "", ""), shelter=("村里文化礼堂", "s" * 18, "")
)


def first(*messages: WarningMessage) -> Bulletin:
    return new(with_policy(level_min=Level.BLUE)).step(messages, T0)[0]


def every_bulletin(hazard: str, status: MessageStatus = MessageStatus.ACTUAL) -> list[Bulletin]:
    """Each level, stay, the end, and a reminder of one hazard."""
    found = [first(message(hazard, level, status=status)) for level in LEVELS]
    voices = new(with_policy(level_min=Level.BLUE))
    voices.step([message(hazard, Level.RED, status=status)], T0)
    found += voices.step([], T0 + 3 * HOUR_S)
    voices.step([message(hazard, Level.BLUE)], T0 + 4 * HOUR_S)
    found += voices.step([], T0 + 5 * HOUR_S)
    voices.step([message(hazard, Level.NONE)], T0 + 6 * HOUR_S)
    found += voices.step([], T0 + 7 * HOUR_S)
    return found


def corrected() -> Bulletin:
    voices = new()
    voices.step([message("flash_flood", Level.RED)], T0)
    error = [Correction(0, "flash_flood")]
    return voices.step([message("flash_flood", Level.NONE)], T0 + 60, corrections=error)[0]


def texts(bulletin: Bulletin) -> BulletinTexts:
    return bulletin_texts(bulletin, wording())


def test_a_red_flash_flood_sends_people_uphill_and_over_no_bridge() -> None:
    assert texts(first(message("flash_flood", Level.RED))) == BulletinTexts(
        "【松阳县防指】上垟村溪边的人马上走！往两边高处，不顺溪跑、不过桥，到村小学。"
        "不要返回拿东西。求助13800001234",
        "上垟村, by the stream: GO NOW. Uphill to either side, cross no bridge, then to the school. "
        "Do not go back. Help 13800001234",
    )


@pytest.mark.parametrize("hazard", ["river_flood", "rainstorm", "strong_wind", "own_rule"])
def test_people_in_shelters_are_not_told_that_it_eases_when_it_rises(hazard: str) -> None:
    voices = new()
    voices.step([message("landslide", Level.RED)], T0)
    voices.step([message("landslide", Level.BLUE), message(hazard, Level.BLUE)], T0 + 60)
    voices.step([], T0 + HOUR_S)
    risen = voices.step([message(hazard, Level.YELLOW)], T0 + 2 * HOUR_S)
    (bulletin,) = risen
    said = texts(bulletin)
    assert bulletin.action is Action.STAY
    assert not re.search("雨小|水在退|风小", said.zh), said.zh
    assert "eases" not in said.en
    assert "不要回家" in said.zh


def test_red_fire_and_red_water_send_nobody_out() -> None:
    for hazard, kept in (("forest_fire", "禁止一切野外用火"), ("waterlogging", "待在楼上")):
        zh = texts(first(message(hazard, Level.RED))).zh
        assert kept in zh
        assert "村小学" not in zh
        assert "走" not in zh.replace("别蹚水出门", "")


def test_after_a_fall_people_stay_and_who_has_not_left_leaves() -> None:
    stay = next(bulletin for bulletin in every_bulletin("flash_flood") if bulletin.action is Action.STAY)
    assert texts(stay).zh == (
        "【松阳县防指】上垟村：已转移的留在村小学，不要回家；没走的现在走。雨小了，溪边危险还在。求助13800001234"
    )


def test_an_end_after_people_went_is_over_but_not_yet_back() -> None:
    end = every_bulletin("flash_flood")[-1]
    assert "等村里通知再回" in texts(end).zh
    assert "until the village tells you to return" in texts(end).en
    assert texts(every_bulletin("rainstorm")[-1]).zh == "【松阳县防指】上垟村暴雨预警解除。小心积水和塌方。"


def test_a_correction_names_when_the_error_began_and_says_sorry() -> None:
    assert texts(corrected()).zh == (
        "【松阳县防指】更正：05:15起发给上垟村的通知有误，不用转移。已出门的可以回家，抱歉。问询13800001234"
    )


def test_a_reminder_repeats_the_order_and_says_so() -> None:
    order, again = every_bulletin("landslide")[3:5]
    assert texts(again).zh == texts(order).zh.replace("】", "】再次通知：")


def test_something_real_that_interrupts_an_exercise_says_so_without_a_mark() -> None:
    voices = new()
    voices.step([message("flash_flood", Level.RED, status=DRILL)], T0)
    real = voices.step([message("landslide", Level.RED)], T0 + 60)[0]
    assert texts(real).zh.startswith("【松阳县防指】演练停止，这是真警报！上垟村靠山的人马上撤！")
    assert texts(real).en.startswith("Exercise stopped, THIS IS REAL. 上垟村, under the slope: GET OUT NOW.")
    assert "【演练】" not in texts(real).zh


def test_another_danger_from_elsewhere_is_named_where_there_is_room() -> None:
    both = first(message("flash_flood", Level.ORANGE), message("landslide", Level.YELLOW))
    assert texts(both).zh.endswith("同时防滑坡。")
    assert len(texts(both).zh) <= 70
    one_kind = first(message("flash_flood", Level.ORANGE), message("rainstorm", Level.YELLOW))
    assert "同时" not in texts(one_kind).zh


def test_several_hazards_that_ended_are_named_together() -> None:
    voices = new(with_policy(clear_after_s=0))
    voices.step([message("rainstorm", Level.YELLOW), message("waterlogging", Level.YELLOW)], T0)
    end = voices.step([message("rainstorm", Level.NONE), message("waterlogging", Level.NONE)], T0 + 60)[0]
    assert texts(end).zh == "【松阳县防指】上垟村暴雨、waterlogging预警解除。"


@pytest.mark.parametrize("hazard", HAZARDS)
def test_every_text_is_one_short_message_with_the_longest_names(hazard: str) -> None:
    for bulletin in (*every_bulletin(hazard), corrected()):
        found = bulletin_texts(bulletin, wording(network=LONGEST))
        assert found.faults == ()
        assert len(found.zh) <= 70, found.zh
        en = bulletin_texts(replace(bulletin, village=1), wording(network=LONGEST)).en
        assert len(en) <= 160, en
        assert set(en) <= GSM7


@pytest.mark.parametrize("hazard", HAZARDS)
def test_every_text_of_an_exercise_begins_with_its_mark(hazard: str) -> None:
    for bulletin in every_bulletin(hazard, DRILL):
        assert texts(bulletin).zh.startswith("【演练】【松阳县防指】")
        assert texts(bulletin).en.startswith("[EXERCISE] ")


@pytest.mark.parametrize("hazard", HAZARDS)
def test_doors_read_no_thresholds_grades_or_stations(hazard: str) -> None:
    for bulletin in every_bulletin(hazard):
        text = texts(bulletin).zh.replace("12119", "")
        assert re.findall(r"[0-9]+", text) in ([], ["13800001234"])
        assert not re.search("[IV]+级|红色|橙色|黄色|蓝色|毫米|S1", text)


def test_without_a_phone_no_sentence_asks_to_call_one() -> None:
    found = bulletin_texts(first(message("landslide", Level.RED)), wording(with_policy(phone="")))
    assert found.zh.endswith("绝不返回。")
    assert found.en.endswith("Never go back.")


def test_the_village_s_own_short_name_and_shelter_are_used() -> None:
    network = chinese(short_name=("上垟", "", ""), shelter=("文化礼堂", "", ""))
    found = bulletin_texts(first(message("landslide", Level.RED)), wording(network=network)).zh
    assert found.startswith("【松阳县防指】上垟靠山的人马上撤！")
    assert "到文化礼堂。" in found


ANY_NAME = st.text(max_size=80)


@settings(max_examples=settings().max_examples * 3 // 2)
@given(
    st.sampled_from(HAZARDS), st.sampled_from(LEVELS), ANY_NAME, ANY_NAME, ANY_NAME, ANY_NAME, st.booleans()
)
def test_place_and_action_survive_whatever_the_tables_contain(
    hazard: str, level: Level, name: str, shelter: str, phone: str, signature: str, is_drill: bool
) -> None:
    network = county(name=(name,) * 3, shelter=(shelter,) * 3)
    policy = replace(POLICY, phone=phone, signature=signature, shelter=Wording(shelter, shelter))
    bulletin = first(message(hazard, level, status=DRILL if is_drill else MessageStatus.ACTUAL))
    found = bulletin_texts(bulletin, wording(policy, network))
    assert found.faults == ()
    for text in (found.zh, found.en):
        assert text.isprintable()
        assert "…" not in text or "…" in name + shelter + phone + signature
    assert len(found.zh) <= 134
    assert len(found.en) <= 306
    place = texts_module._names(bulletin, wording(policy, network), texts_module._ZH)["village"]
    assert place
    action = orders().order(hazard, level).text.zh
    first_sentence = re.split("(?<=[。！])", action)[0]
    assert place in found.zh
    assert first_sentence.partition("{shelter}")[0].partition("{village}")[2].partition("{")[0] in found.zh


def test_a_text_that_cannot_be_written_is_a_plain_one_with_place_and_action(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> NoReturn:
        raise KeyError("x")

    monkeypatch.setattr(texts_module, "_template", fail)
    drill = first(message("landslide", Level.RED, status=DRILL))
    found = texts(drill)
    assert found.zh == "【演练】上垟村：马上离开，到安置点。"
    assert found.en == "[EXERCISE] 上垟村: LEAVE NOW for the shelter."
    assert found.faults == ("zh-CN: KeyError: 'x'", "en: KeyError: 'x'")


def test_plain_words_cover_every_action() -> None:
    assert set(ACTION_ZH) == set(ACTION_EN) == set(Action)
