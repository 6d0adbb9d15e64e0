"""What a duty post reads of a digest."""

from dataclasses import replace

import msgspec
import pytest

from tests.unit.adapters.county import GRID_MEMBER, digest
from tests.unit.desk.county import RULES, county
from warnstream.config.orders import order_table
from warnstream.delivery.bulletin_texts import BulletinWording
from warnstream.delivery.digest_texts import digest_texts
from warnstream.delivery.render import render_digest
from warnstream.model.bulletins import BulletinPolicy
from warnstream.model.digests import Digest, DigestLine, HelpLine
from warnstream.model.level import Level
from warnstream.model.network import ChainPost
from warnstream.model.times import HOUR_S, fixed_zone
from warnstream.model.warning import Cause, MessageStatus

NETWORK = county(name=("上垟里外村", "下村", "中村"))
WORDING = BulletinWording(
    NETWORK, RULES, order_table(None), BulletinPolicy(signature="松阳县防指"), fixed_zone(8 * HOUR_S)
)
NONE, BLUE, YELLOW, ORANGE, RED = Level
ONE = digest(GRID_MEMBER, level=RED)
"""To answer by 06:23 of the local clock."""


def line(
    village: int = 0,
    level: Level = RED,
    *,
    needs_answer: bool = True,
    standing: tuple[tuple[str, Level], ...] = (("flash_flood", RED),),
    changed: tuple[tuple[str, Cause], ...] = (),
    silent: tuple[str, ...] = (),
) -> DigestLine:
    return DigestLine(village, level, needs_answer, standing, changed, silent)


def written(one: Digest) -> tuple[str, str]:
    texts = digest_texts(one, WORDING)
    assert texts.faults == ()
    return texts.zh, texts.en


def test_one_village_is_written_out_with_what_changed_and_until_when_to_answer() -> None:
    assert written(ONE) == (
        "【松阳县防指】上垟里外村：山洪红（升）。请06:23前应答。",
        "上垟里外村: Flash flood RED raised. Answer by 06:23.",
    )


def test_two_hazards_a_reminder_and_the_longest_names_fit_into_one_short_message() -> None:
    both = line(
        standing=(("flash_flood", RED), ("rainstorm", ORANGE)),
        changed=(("flash_flood", Cause.RAISED), ("rainstorm", Cause.FIRST)),
        silent=("G331102901201",),
    )
    zh, en = written(replace(ONE, lines=(both,), tries=12, status=MessageStatus.EXERCISE))
    assert zh == (
        "【演练】【松阳县防指】上垟里外村：山洪红（升）、暴雨橙（新）。G331102901201未应答。第12次催办。请06:23前应答。"
    )
    assert len(zh) <= 70
    assert en.startswith("[EXERCISE] ")
    assert len(en) <= 160


def test_of_more_than_two_silent_posts_their_number_is_told() -> None:
    zh, en = written(replace(ONE, lines=(line(silent=("a", "b", "c")),)))
    assert "3人未应答。" in zh
    assert "No answer from 3 posts." in en


def test_several_villages_are_counts_and_the_worst_of_them() -> None:
    lines = (line(0, RED), line(1, ORANGE, standing=(("rainstorm", ORANGE),)), line(2, needs_answer=False))
    many = replace(ONE, lines=lines, owed=(0, 0, 0, 18, 5), more=21)
    zh, en = written(many)
    assert zh == "【松阳县防指】23村待应答：红5、橙18。最急上垟里外村：山洪红。另有变化1村。请06:23前应答。"
    assert "23 villages await your answer: 5 RED, 18 ORANGE." in en


def test_an_end_is_news_that_needs_no_answer() -> None:
    over = line(0, NONE, needs_answer=False, standing=(), changed=(("flash_flood", Cause.ENDED),))
    zh, en = written(replace(ONE, lines=(over,), owed=(0,) * 5, answer_by_s=0, level=NONE))
    assert zh == "【松阳县防指】上垟里外村：山洪已解除。"
    assert en == "上垟里外村: Flash flood ended."


def test_one_hazard_that_ended_beside_one_that_stands_is_told_with_it() -> None:
    both = line(changed=(("rainstorm", Cause.ENDED),), needs_answer=False)
    zh, _ = written(replace(ONE, lines=(both,), owed=(0,) * 5, answer_by_s=0))
    assert zh == "【松阳县防指】上垟里外村：山洪红、暴雨解除。"


def test_a_call_for_help_comes_first_with_the_callers_name() -> None:
    call = HelpLine("h1", 1, "door-4", ONE.issued_s, "")
    zh, en = written(replace(ONE, helps=(call,), lines=(), owed=(0,) * 5, answer_by_s=0))
    assert zh == "【松阳县防指】下村door-4求助（06:13）！能去请回“正在转移”。"
    assert en == "HELP: 下村 door-4 (06:13)! If you go, answer Moving."
    zh, en = written(replace(ONE, helps=(call, replace(call, help="h2"))))
    assert zh.startswith("【松阳县防指】2起求助，首起下村door-4（06:13）！")
    assert en.startswith("2 CALLS FOR HELP, first 下村 door-4")


def test_whoever_heard_of_a_call_reads_who_has_it() -> None:
    call = HelpLine("h1", 1, "door-4", ONE.issued_s, "Li Si")
    zh, en = written(replace(ONE, helps=(call,), lines=(), owed=(0,) * 5, answer_by_s=0))
    assert zh == "【松阳县防指】下村door-4的求助已由Li Si处理。"
    assert en == "The call of 下村 door-4 is with Li Si."


def test_a_text_that_cannot_be_written_is_replaced_by_a_plain_one_and_the_fault_is_named() -> None:
    broken = replace(ONE, lines=(line(standing=(("flash_flood", 9),)),))  # type: ignore[arg-type]
    rendered = digest_texts(broken, WORDING)
    assert len(rendered.faults) == 2
    assert "上垟里外村" in rendered.zh
    assert "await your answer" in rendered.en


def test_the_record_has_every_line_with_its_texts() -> None:
    call = HelpLine("h1", 1, "door-4", ONE.issued_s, "")
    found = render_digest(replace(ONE, helps=(call,)), WORDING)
    record = msgspec.json.decode(found.record)
    assert record["schema"] == 1
    assert record["post"] == "grid-1"
    assert record["answer_by"] == "2023-11-14T22:23:20Z"
    assert record["owed"] == {"blue": 0, "yellow": 0, "orange": 0, "red": 1}
    assert record["villages"][0]["standing"] == [{"hazard": "flash_flood", "level": "red"}]
    assert record["villages"][0]["text_zh"] == "上垟里外村：山洪红（升）。"
    assert record["helps"][0]["caller"] == "door-4"
    assert (record["text_zh"], record["text_en"]) == (found.text_zh, found.text_en)
    assert found.village_code == ""  # two villages are named


@pytest.mark.parametrize("level", [BLUE, YELLOW, ORANGE, RED])
@pytest.mark.parametrize("cause", list(Cause))
def test_every_level_and_cause_of_one_village_is_one_short_message(level: Level, cause: Cause) -> None:
    one = line(level=level, standing=(("flash_flood", level),), changed=(("flash_flood", cause),))
    zh, _ = written(replace(ONE, lines=(one,), tries=1, status=MessageStatus.EXERCISE))
    assert len(zh) <= 70


@pytest.mark.parametrize(
    ("ahead_s", "zh", "en"),
    [(HOUR_S, "前走完）。", " by "), (0, "（新，马上走）。", "Transfer ORANGE new now.")],
)
def test_a_transfer_has_its_hour(ahead_s: int, zh: str, en: str) -> None:
    told = line(level=ORANGE, standing=(("transfer", ORANGE),), changed=(("transfer", Cause.FIRST),))
    told = replace(told, by_s=ONE.issued_s + ahead_s)
    chinese, english = written(replace(ONE, lines=(told,)))
    assert "转移令橙（新，" in chinese
    assert zh in chinese
    assert en in english
    assert len(chinese) <= 70


def with_duty(duty: str, area: str = "V0") -> BulletinWording:
    post = ChainPost(ONE.post, "post", 1, area, "device", ONE.post, duty=duty)
    return replace(WORDING, network=replace(NETWORK, chain=(post,)))


@pytest.mark.parametrize(
    ("duty", "zh"),
    [
        ("fetch", "请敲门叫人，走完再应答。"),
        ("lead", "请带队转移。"),
        ("gate", "请守住路口，只出不进。"),
        ("shelter", "请开门接人并点数。"),
        ("warn", "请逐户通知，盯住水情。"),
        ("command", "请你本人打电话并派人。"),
    ],
)
def test_a_post_reads_what_its_duty_is_where_people_are_to_go(duty: str, zh: str) -> None:
    text = digest_texts(ONE, with_duty(duty)).zh
    assert text == f"【松阳县防指】上垟里外村：山洪红（升）。{zh}请06:23前应答。"
    assert len(text) <= 70


def test_who_commands_a_whole_county_is_asked_to_confer() -> None:
    assert "请到指挥室会商。" in digest_texts(ONE, with_duty("command", NETWORK.villages.county[0])).zh


@pytest.mark.parametrize(
    "standing",
    [
        (("flash_flood", YELLOW),),
        (("rainstorm", RED),),
    ],
)
def test_where_nobody_is_to_go_no_duty_sends_anybody(standing: tuple[tuple[str, Level], ...]) -> None:
    """Rainstorm red asks people to stay in; nobody may read that they lead others out."""
    one = replace(ONE, lines=(line(standing=standing),))
    assert digest_texts(one, with_duty("lead")) == digest_texts(one, WORDING)


def test_a_duty_never_makes_a_second_short_message() -> None:
    both = line(
        standing=(("flash_flood", RED), ("rainstorm", ORANGE)),
        changed=(("flash_flood", Cause.RAISED), ("rainstorm", Cause.FIRST)),
        silent=("G331102901201",),
    )
    one = replace(ONE, lines=(both,), tries=12, status=MessageStatus.EXERCISE)
    assert len(digest_texts(one, with_duty("fetch")).zh) <= 70


def test_whoever_takes_over_reads_so_first_and_what_stands_where_nothing_is_owed() -> None:
    assert written(replace(ONE, hands_over=True)) == (
        "【松阳县防指】接班。上垟里外村：山洪红（升）。请06:23前应答。",
        "You take over. 上垟里外村: Flash flood RED raised. Answer by 06:23.",
    )
    calm = (line(needs_answer=False), line(1, ORANGE, needs_answer=False, standing=(("rainstorm", ORANGE),)))
    many = replace(ONE, lines=calm, answer_by_s=0, owed=(0, 0, 0, 0, 0), hands_over=True)
    assert written(many) == (
        "【松阳县防指】接班。2村预警未解除，无需应答。最急上垟里外村：山洪红。",
        "You take over. Warnings stand in 2 villages, no answer needed. Worst 上垟里外村: Flash flood RED.",
    )
