"""Reports in people's words, as they come from phones."""

import pytest
from pydantic import ValidationError

from warnstream.config.channels.reply_words import ReplyWords, ReplyWordsSection
from warnstream.model.digests import FieldReport
from warnstream.model.effects import Answer

WORDS = ReplyWords.of(ReplyWordsSection())


def heads(to_move: int | None = None, moved: int | None = None, refused: int | None = None) -> FieldReport:
    return FieldReport("", to_move=to_move, moved=moved, refused=refused)


@pytest.mark.parametrize(
    "text",
    [
        "应31 已20 拒2",
        "应31已20拒2",
        "应转３１人、已转２０人、拒转２人。",
        "应:31 已:20 拒:2",
        "收到，应31/已20/拒2！",
        "应31. 已20. 拒2.",
        "应３１．已２０．拒２",
        "應31 已20 拒2",
        "應轉31，已轉20，拒轉2",
        "To move 31, moved 20, refused 2",
        "a retirar 31, retirados 20, recusaram 2 pessoas",
    ],
)
def test_numbers_are_read_in_any_width_order_and_language(text: str) -> None:
    reading = WORDS.read(text)
    assert (reading.answer, reading.for_a_person) == (Answer.ACKNOWLEDGED, "")
    assert reading.report == heads(31, 20, 2)


def test_one_number_alone_says_nothing_of_the_others() -> None:
    assert WORDS.read("已25").report == heads(moved=25)


@pytest.mark.parametrize("text", ["到岗", "已到岗。", "到位", "on duty"])
def test_a_post_signs_in_with_a_word(text: str) -> None:
    assert WORDS.read(text).report == FieldReport("", on_duty=True)


@pytest.mark.parametrize(
    "text", ["上垟村巡查无异常", "上垟村 巡查无异常", "上垟村，巡查正常", "收到 上垟村巡查无异常"]
)
def test_what_stands_before_a_report_is_the_village(text: str) -> None:
    assert WORDS.read(text).report == FieldReport("", village="上垟村", patrolled=True)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("应三十", "a number in digits is expected"),
        ("应31户", "a number of households, expected people"),
        ("应3.5", "expected a whole number of people"),
        ("应12345678901", "expected a whole number of people"),
        ("应31应32", "one number said twice"),
        ("已1e3", "expected a whole number of people"),
        ("已1,000", "expected a whole number of people"),
        ("已１，０００人", "expected a whole number of people"),
    ],
)
def test_a_number_that_cannot_be_read_is_not_guessed_and_a_person_reads_it(text: str, why: str) -> None:
    reading = WORDS.read(text)
    assert (reading.answer, reading.for_a_person, reading.report) == (Answer.ACKNOWLEDGED, why, None)


def test_a_number_below_zero_is_read_as_it_is_so_that_it_can_be_refused() -> None:
    assert WORDS.read("应-5").report == heads(-5)


def test_what_else_is_written_is_for_a_person_and_the_numbers_count() -> None:
    reading = WORDS.read("应31已20拒2，桥断了")
    assert reading.report == heads(31, 20, 2)
    assert reading.for_a_person == "more than a report"


@pytest.mark.parametrize("text", ["桥断了，应", "拒绝", "已经很晚了", "应该没事", "moved out of sight"])
def test_the_words_of_numbers_alone_are_no_report(text: str) -> None:
    reading = WORDS.read(text)
    assert reading.report is None
    assert reading.for_a_person


def test_gone_without_a_number_is_still_the_answer_moving() -> None:
    assert WORDS.read("已转移").answer is Answer.MOVING
    assert WORDS.read("已转移4人").report == heads(moved=4)


@pytest.mark.parametrize(
    ("text", "in_need"),
    [
        ("求助3人", 3),
        ("help 3", 3),
        ("3人被困在屋顶", 3),
        ("５人受伤", 5),
        ("求助", None),
        ("求助13800001234", None),
        ("3人被困，5人受伤", None),
    ],
)
def test_a_call_for_help_has_its_number_where_it_says_one(text: str, in_need: int | None) -> None:
    reading = WORDS.read(text)
    assert reading.answer is Answer.NEED_HELP
    assert (reading.report.in_need if reading.report else None) == in_need


def test_a_county_adds_words_of_its_own() -> None:
    words = ReplyWords.of(ReplyWordsSection(on_duty=["来了"], to_move=["需转"]))
    assert words.read("来了").report == FieldReport("", on_duty=True)
    assert words.read("需转12").report == heads(12)


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({"on_duty": ["收到"]}, "'收到' already means acknowledged"),
        ({"moved": ["应转"]}, "'应转' already means to_move"),
        ({"safe": ["到岗"]}, "'到岗' already means on_duty"),
    ],
)
def test_a_word_with_two_meanings_is_a_fault(own: dict[str, list[str]], said: str) -> None:
    with pytest.raises(ValidationError) as raised:
        ReplyWordsSection.model_validate(own)
    (fault,) = raised.value.errors()[0]["ctx"]["faults"]
    assert fault == (*own, said)


@pytest.mark.parametrize(
    ("said", "minutes"),
    [
        ("40分钟到", 40),
        ("40分钟", 40),
        ("收到，预计４０分钟内到达", 40),
        ("约90分钟后赶到", 90),
        ("ETA 40 min", 40),
        ("0分钟到", 0),
    ],
)
def test_a_rescue_team_says_in_how_many_minutes_it_is_there(said: str, minutes: int) -> None:
    reading = WORDS.read(said)
    assert (reading.report, reading.for_a_person) == (FieldReport("", arrives_min=minutes), "")


def test_what_else_stands_beside_an_arrival_is_for_a_person_and_it_counts_all_the_same() -> None:
    reading = WORDS.read("40分钟到，桥断了绕道")
    assert reading.report == FieldReport("", arrives_min=40)
    assert reading.for_a_person


def test_two_times_or_more_than_a_day_are_no_arrival() -> None:
    for said in ("30分钟到或40分钟到", "9999分钟到"):
        report = WORDS.read(said).report
        assert report is None or report.arrives_min is None


@pytest.mark.parametrize(
    "text", ["救　命", "救-命！", "S.O.S", "h e l p", "受傷", "救救我们", "老人走不動", "走 不 了", "快來人"]
)
def test_a_call_for_help_is_read_however_it_is_written(text: str) -> None:
    assert WORDS.read(text).answer is Answer.NEED_HELP


@pytest.mark.parametrize("text", ["收 到", "收到收到", "收到 收到 收到", "收到，谢谢", "已收到謝謝", "嗯"])
def test_heard_is_read_however_it_is_written(text: str) -> None:
    reading = WORDS.read(text)
    assert (reading.answer, reading.for_a_person) == (Answer.ACKNOWLEDGED, "")
