"""The page behind an answer link, as a phone shows it."""

import json
import re
from dataclasses import replace

import pytest

from warnstream.adapters.http.answer_page import STYLE, answer_page
from warnstream.adapters.outbox.types import ALARM_TYPE, Addressed, StoredMessage
from warnstream.model.effects import DIGEST_TYPE
from warnstream.model.level import Level

VILLAGES = [
    {"village": f"V{n}", "level": "red", "text_zh": f"{n}村：山洪红", "text_en": f"village {n}"}
    for n in range(30)
]
DIGEST = StoredMessage(
    identifier="ws.@post.P1.20260618T060000Z.4",
    warning="ws.@post.P1.20260618T060000Z",
    version=4,
    village="V1",
    hazard="flash_flood",
    level=Level.RED,
    msg_type=DIGEST_TYPE,
    status="Actual",
    sent_s=1_781_762_400,
    expires_s=1_781_848_800,
    cap_xml=json.dumps({"helps": [], "villages": VILLAGES, "not_listed": 0}),
    text_zh="30村待应答",
    text_en="30 villages await your answer",
)


def page_of(message: StoredMessage) -> str:
    return answer_page(Addressed(message, "P1", None, message), answer=None)


@pytest.mark.parametrize("level", [level for level in Level if level])
def test_a_level_s_colour_is_not_overruled_by_the_rule_that_draws_the_border(level: Level) -> None:
    """Of selectors that are as specific the later one counts: one attribute each, none with an element."""
    rules = re.findall(r"([^{}]+)\{([^{}]+)\}", STYLE)
    (border,) = (number for number, (_, body) in enumerate(rules) if "border-left:" in body)
    (colour,) = (number for number, (name, _) in enumerate(rules) if name == f"[class={level.word}]")
    assert rules[border][0] == "[class]"
    assert colour > border


def test_whoever_answers_for_many_villages_has_the_buttons_before_the_list() -> None:
    page = page_of(DIGEST)
    assert page.index("<form") < page.index("<ul>")
    assert page.count("<li class=red>") == len(VILLAGES)


def test_a_post_reports_heads_of_the_village_that_it_chooses_and_a_door_has_no_such_fields() -> None:
    page = page_of(DIGEST)
    assert "<option value='V7'>7村" in page
    assert all(f"<input name={word}" in page for word in ("to_move", "moved", "refused"))
    alone = replace(DIGEST, cap_xml=json.dumps({"helps": [], "villages": VILLAGES[:1], "not_listed": 0}))
    assert "<select" not in page_of(alone)
    assert "<input" in page_of(alone)
    assert "<input" not in page_of(replace(DIGEST, msg_type="leave"))


@pytest.mark.parametrize(
    ("msg_type", "title"), [(DIGEST_TYPE, "Duty"), (ALARM_TYPE, "Alarm"), ("clear", "All clear")]
)
def test_only_an_end_of_warnings_is_titled_all_clear(msg_type: str, title: str) -> None:
    page = page_of(replace(DIGEST, level=Level.NONE, msg_type=msg_type))
    assert f"<title>{title}</title>" in page
