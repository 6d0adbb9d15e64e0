"""The page of a door: what to do first, what holds now, and an end that looks like no warning."""

import re
from dataclasses import replace

import pytest

from warnstream.adapters.http.door_page import BANDS, FIRST, STYLE, Office, dead_page, door_page
from warnstream.adapters.outbox.types import Addressed, StoredMessage
from warnstream.model.bulletins import Action
from warnstream.model.effects import Answer
from warnstream.model.level import Level
from warnstream.model.times import HOUR_S, fixed_zone

OFFICE = Office("13800001234", fixed_zone(8 * HOUR_S))
RED = StoredMessage(
    identifier="ws.V1.1",
    warning="ws.V1",
    version=1,
    village="V1",
    hazard="flash_flood",
    level=Level.RED,
    msg_type="leave",
    status="Actual",
    sent_s=1_781_762_400,
    expires_s=1_781_848_800,
    cap_xml="{}",
    text_zh="上垟村溪边的人马上走！" * 6,
    text_en="Leave the stream now! " * 8,
)
OVER = replace(RED, identifier="ws.V1.2", level=Level.NONE, msg_type="clear", sent_s=RED.sent_s + HOUR_S)


def page_of(message: StoredMessage, opened: StoredMessage | None = None, **more: object) -> str:
    known: dict[str, object] = {"answer": None, **more}
    return door_page(Addressed(opened or message, "H1", None, message), OFFICE, **known)  # type: ignore[arg-type]


def body_of(page: str) -> str:
    return page.partition("</style>")[2]


@pytest.mark.parametrize("level", list(BANDS))
def test_the_first_line_is_what_to_do_then_the_level_in_colour_word_and_shape(level: Level) -> None:
    body = body_of(page_of(replace(RED, level=level)))
    css, words = BANDS[level]
    assert body.startswith(f"<div class={css}><h1>{FIRST[Action.LEAVE]}</h1>{words}</div>")
    assert f".{css}{{background:" in STYLE
    assert len({words.split()[2] for _, words in BANDS.values()}) == 4, "four shapes"


def test_a_red_and_an_end_share_no_layout() -> None:
    red, over = body_of(page_of(RED)), body_of(page_of(OVER))
    assert "class=b" not in over
    assert "class=end" not in red
    assert "value=moving" in red
    assert "value=moving" not in over
    assert "ALL CLEAR" in over
    assert "value=need_help" in over


def test_an_old_link_says_what_holds_now_and_since_when() -> None:
    body = body_of(page_of(OVER, opened=RED))
    assert "15:00 起结束 Over since 15:00" in body
    assert "an older message" in body
    assert "older message" not in body_of(page_of(RED))
    assert "14:00 发出 Sent 14:00" in body_of(page_of(RED))


@pytest.mark.parametrize("action", list(Action))
def test_every_bulletin_has_a_first_line_and_only_one_is_an_all_clear(action: Action) -> None:
    level = Level.NONE if action.is_end or action is Action.STAY else Level.YELLOW
    body = body_of(page_of(replace(RED, msg_type=str(action), level=level)))
    assert FIRST[action] in body
    assert ("ALL CLEAR" in body) is (action is Action.CLEAR)


def test_who_calls_for_help_reads_who_comes_or_whom_to_call() -> None:
    assert "13800001234" not in page_of(RED)
    waits = page_of(RED, answer=Answer.NEED_HELP)
    assert "<a href='tel:13800001234'>13800001234</a>" in waits
    comes = page_of(RED, answer=Answer.NEED_HELP, comes="王<五>")
    assert "王&lt;五&gt; 正在赶来" in comes
    assert "Nobody has it yet" not in comes
    silent = door_page(Addressed(RED, "H1", None, RED), Office(), answer=Answer.NEED_HELP)
    assert "Call" not in silent


def test_a_dead_link_is_a_page_with_the_office_s_number() -> None:
    page = dead_page(OFFICE)
    assert page.startswith("<!doctype html>")
    assert "tel:13800001234" in page
    assert "does not mean that there is no danger" in page
    assert "tel:" not in dead_page(Office())


@pytest.mark.parametrize("message", [RED, OVER, replace(RED, status="Exercise")])
def test_it_is_small_has_no_script_and_asks_for_nothing_else(message: StoredMessage) -> None:
    page = page_of(
        message, opened=RED, answer=Answer.NEED_HELP, notice="已收到您的回复 Your answer is received"
    )
    assert len(page.encode()) <= 3_000
    assert not re.search(r"<script|<img|<link|url\(|https?:|\son\w+=", page)


def test_names_and_texts_are_no_markup() -> None:
    page = page_of(replace(RED, text_zh="<script>x</script>", text_en="a & b"))
    assert "<script" not in page
    assert "a &amp; b" in page
