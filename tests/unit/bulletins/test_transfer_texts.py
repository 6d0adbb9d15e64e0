"""What doors read of a transfer and of a return: the hour, the zone, one short message."""

from dataclasses import replace

import pytest

from tests.unit.bulletins.village import chinese, new, wording
from tests.unit.desk.county import T0
from warnstream.delivery.bulletin_texts import BulletinTexts, bulletin_texts
from warnstream.model.bulletins import (
    TRANSFER,
    Action,
    Bulletin,
    BulletinCause,
    Ordered,
    ReturnNotice,
    Standing,
)
from warnstream.model.level import Level
from warnstream.model.times import HOUR_S
from warnstream.model.warning import MessageStatus

LONGEST = chinese(
    name=("上垟村里外", "v" * 16, "中村"), short_name=("", "", ""), shelter=("村里文化礼堂", "s" * 18, "")
)


def standing(level: Level = Level.ORANGE, by_s: int = T0 + 6 * HOUR_S, where: str = "") -> Standing:
    return Standing(TRANSFER, level, MessageStatus.ACTUAL, None, by_hand=True, by_s=by_s, where=where)


def told(one: Standing) -> Bulletin:
    (bulletin,) = new().step([], T0, ordered={0: Ordered(one, is_away=True)})
    return bulletin


def texts(bulletin: Bulletin) -> BulletinTexts:
    found = bulletin_texts(bulletin, wording())
    assert found.faults == ()
    return found


def test_an_hour_that_is_ahead_is_named() -> None:
    said = texts(told(standing()))
    assert said.zh == (
        "【松阳县防指】上垟村溪边山边住户11:15前全部到村小学！锁门断电带药，不走溪边沟里，今晚不回。13800001234"
    )
    assert "all be at the school by 11:15" in said.en


def test_an_hour_that_has_passed_is_now_and_there_is_still_time() -> None:
    voices = new()
    voices.step([], T0, ordered={0: Ordered(standing(by_s=T0 + 60), is_away=True)})
    (again,) = voices.step([], T0 + 60)
    assert again.cause is BulletinCause.REMINDER
    zh = texts(again).zh
    assert "再次通知：上垟村溪边山边住户现在走还来得及，全部到村小学" in zh
    assert "时限" not in zh


def test_too_late_is_the_nearest_safe_place_and_upstairs() -> None:
    zh = texts(told(standing(Level.RED))).zh
    assert "就近上高处或结实楼房二楼" in zh
    assert "不过桥" in zh


def test_a_zone_is_named_behind_its_village() -> None:
    assert texts(told(standing(where="溪边"))).zh.startswith("【松阳县防指】上垟村溪边溪边山边住户")


def test_a_return_of_a_zone_tells_all_others_to_stay() -> None:
    voices = new()
    voices.step([], T0, ordered={0: Ordered(standing(), is_away=True)})
    voices.step([], T0 + 60, ordered={0: Ordered(None, is_away=True)})
    (clear,) = voices.step([], T0 + HOUR_S)
    assert clear.action is Action.CLEAR
    assert "请留在" in texts(clear).zh
    part = {0: Ordered(None, is_away=True, notice=ReturnNotice("o1", ("溪边", "山边")))}
    (back,) = voices.step([], T0 + 2 * HOUR_S, ordered=part)
    assert texts(back).zh.startswith("【松阳县防指】上垟村只有溪边、山边的人可以回家！其他人还留在村小学")
    whole = {0: Ordered(None, is_away=False, notice=ReturnNotice("o2"))}
    (rest,) = voices.step([], T0 + 3 * HOUR_S, ordered=whole)
    assert texts(rest).zh == (
        "【松阳县防指】上垟村路和房已查过，可以回家！小心塌方、断电线，水烧开喝。求助13800001234"
    )
    assert (back.n, rest.n) == (3, 4)


@pytest.mark.parametrize("level", [Level.YELLOW, Level.ORANGE, Level.RED])
@pytest.mark.parametrize("by_s", [T0 + HOUR_S, T0])
def test_with_the_longest_names_it_is_one_short_message(level: Level, by_s: int) -> None:
    for bulletin in (told(standing(level, by_s)), replace(told(standing()), action=Action.RETURN)):
        chinese_text = bulletin_texts(bulletin, wording(network=LONGEST))
        english_text = bulletin_texts(replace(bulletin, village=1), wording(network=LONGEST))
        assert chinese_text.faults == english_text.faults == ()
        assert len(chinese_text.zh) <= 70
        assert len(english_text.en) <= 160
