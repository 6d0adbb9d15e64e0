"""An entry waits as long as it may; a slow second costs one wait, not one at every entry."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnstream.runners.standby.protection import AGAIN_S, GONE, NOT_SINCE, Guard, Protection, reason_zh

WAIT_S = 2.0


def linked() -> Protection:
    protection = Protection(WAIT_S)
    protection.linked()
    return protection


def test_an_entry_waits_no_longer_than_it_may() -> None:
    protection = linked()
    assert not protection.waited(10.0 + WAIT_S - 0.01, 10.0)
    assert protection.waited(10.0 + WAIT_S, 10.0)
    assert protection.guard is Guard.ALONE
    assert "not confirmed" in protection.reason


def test_once_alone_nothing_waits() -> None:
    protection = Protection(WAIT_S)
    assert protection.waited(WAIT_S, 0.0)
    assert protection.reason == GONE
    assert not protection.waited(100.0, 0.0)


def test_a_box_that_is_gone_is_told_of_without_any_entry() -> None:
    protection = linked()
    protection.unlinked(5.0)
    assert not protection.look(5.0 + WAIT_S - 0.01)
    assert protection.look(5.0 + WAIT_S)
    assert not protection.look(100.0)
    assert protection.reason == GONE


def test_a_box_that_comes_back_in_time_is_waited_for_still() -> None:
    protection = linked()
    protection.unlinked(5.0)
    protection.linked()
    assert not protection.look(100.0)
    assert protection.guard is Guard.PROTECTED


def test_it_is_waited_for_again_once_it_has_kept_up() -> None:
    protection = linked()
    protection.cannot(0.0, "the disk is full")
    assert not protection.confirmed(1.0, None)
    assert not protection.confirmed(1.0 + AGAIN_S - 0.1, None)
    assert protection.confirmed(1.0 + AGAIN_S, None)
    assert protection.guard is Guard.PROTECTED
    assert protection.reason == ""


def test_falling_behind_again_begins_the_time_anew() -> None:
    protection = linked()
    protection.cannot(0.0, "slow")
    protection.confirmed(1.0, None)
    assert not protection.confirmed(3.0, WAIT_S)
    assert not protection.confirmed(4.5, None)
    assert protection.confirmed(4.5 + AGAIN_S, None)


@pytest.mark.parametrize(("reason", "is_news"), [("slow", False), ("the disk is full", True)])
def test_another_reason_is_news(reason: str, is_news: bool) -> None:
    protection = linked()
    assert protection.cannot(0.0, "slow")
    assert protection.cannot(1.0, reason) is is_news


@given(st.lists(st.tuples(st.sampled_from("lucwk"), st.floats(0, 3)), max_size=40))
def test_it_is_never_waited_for_while_it_is_not_there(steps: list[tuple[str, float]]) -> None:
    protection, now_s = Protection(WAIT_S), 0.0
    for step, took_s in steps:
        now_s += took_s
        if step == "l":
            protection.linked()
        elif step == "u":
            protection.unlinked(now_s)
        elif step == "c":
            protection.confirmed(now_s, None)
        elif step == "w":
            protection.waited(now_s, now_s - WAIT_S)
        was_alone = protection.guard is Guard.ALONE
        if step == "k" and protection.confirmed(now_s, None):
            assert was_alone
            assert protection.is_linked
        assert (protection.reason == "") == (protection.guard is Guard.PROTECTED)


@pytest.mark.parametrize(
    ("reason", "zh"),
    [
        (GONE, "未连接"),
        (NOT_SINCE, "本机接管后尚未连上"),
        ("south cannot keep entries: /data: the disk is full", "写不进磁盘：/data: the disk is full"),
        ("south is refused: its configuration is X", "被本机拒绝：its configuration is X"),
        ("somebody was turned away", "somebody was turned away"),
    ],
)
def test_a_duty_post_reads_in_chinese_why_a_box_is_alone(reason: str, zh: str) -> None:
    assert reason_zh(reason) == zh


def test_the_longest_wait_is_named_in_chinese_as_it_is_said() -> None:
    protection = linked()
    assert protection.waited(20.0, 10.0)
    assert reason_zh(protection.reason) == "2 秒内未确认记录"
