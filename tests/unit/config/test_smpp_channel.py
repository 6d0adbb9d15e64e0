import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from warnstream.config.channels.reply_words import ReplyWords, ReplyWordsSection
from warnstream.config.channels.smpp import SmppChannelSection
from warnstream.model.effects import Answer

WRITTEN = {
    "kind": "smpp", "host": "smsc.example", "system_id": "county", "password_file": "p", "sender": "10690001",
}  # fmt: skip


@pytest.mark.parametrize("address", ["13857012345", "+8613857012345", "110"])
def test_a_number_is_an_address(address: str) -> None:
    assert SmppChannelSection.is_address(address)


@pytest.mark.parametrize("address", ["", "12", "138 5701", "+", "1" * 16, "13857012345\n", "１２３４", "a"])
def test_what_is_no_number_is_none(address: str) -> None:
    assert not SmppChannelSection.is_address(address)


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        ({"sender": "A name that is too long"}, "sender"),
        ({"sender": "预警"}, "sender"),
        ({"system_id": "a b"}, "system_id"),
        ({"system_type": "x" * 13}, "system_type"),
        ({"service_type": "ABCDEF"}, "service_type"),
    ],
)
def test_what_does_not_fit_the_protocol_is_named(keys: dict[str, str], key: str) -> None:
    with pytest.raises(ValidationError) as caught:
        SmppChannelSection.model_validate(WRITTEN | keys)
    assert caught.value.errors()[0]["ctx"]["faults"][0][0] == key


def test_the_password_is_a_file_that_must_exist() -> None:
    section = SmppChannelSection.model_validate(WRITTEN | {"ca": "c"})
    assert section.files() == {"password_file": "p", "ca": "c"}
    assert section.security == "tls"


def test_a_word_with_two_meanings_is_a_fault() -> None:
    with pytest.raises(ValidationError) as caught:
        ReplyWordsSection.model_validate({"safe": ["收到", "嗯"], "moving": ["嗯"]})
    faults = dict(caught.value.errors()[0]["ctx"]["faults"])
    assert "already means acknowledged" in faults["safe"] or "already means moving" in faults["safe"]


@pytest.mark.parametrize(
    ("text", "answer", "is_for_a_person"),
    [
        ("收到", Answer.ACKNOWLEDGED, False),
        ("１", Answer.ACKNOWLEDGED, False),
        ("2", Answer.NEED_HELP, False),
        ("3", Answer.MOVING, False),
        ("已转移。", Answer.MOVING, False),
        ("Estou seguro!", Answer.SAFE, False),
        ("房子塌了，救命", Answer.NEED_HELP, False),
        ("no help needed", Answer.NEED_HELP, False),  # a person finds out
        ("1 person is missing", Answer.ACKNOWLEDGED, True),
        ("safe but the bridge is gone", None, True),
        ("没收到", None, True),
        ("安全吗？", None, True),
        ("helpful", None, True),
        ("STOP", None, True),
        ("", None, True),
    ],
)
def test_replies_mean_what_people_mean(text: str, answer: Answer | None, is_for_a_person: bool) -> None:
    reading = ReplyWords.of(ReplyWordsSection()).read(text)
    assert (reading.answer, bool(reading.for_a_person)) == (answer, is_for_a_person)


@pytest.mark.parametrize(
    "text",
    [
        "2，家里有老人", "2, grandma cannot walk", "2，怎么办？", "2？", "2 2", "٢", "需要帮助3人", "帮帮我",
        "帮忙！水进来了", "我需要帮助", "收到，我们需要帮助", "SOS我们在屋顶", "help快来", "sos1", "快来救我",
        "困住了", "快来人啊",
    ],
)  # fmt: skip
def test_a_call_for_help_with_more_around_it_is_a_call(text: str) -> None:
    assert ReplyWords.of(ReplyWordsSection()).read(text).answer is Answer.NEED_HELP


@pytest.mark.parametrize(
    "text", ["2人已走", "2 户已转移", "2:30 home", "2-3 people", "不需要帮助", "没有需要帮助的人", "helpful"]
)
def test_what_only_looks_like_a_call_is_for_a_person(text: str) -> None:
    reading = ReplyWords.of(ReplyWordsSection()).read(text)
    assert reading.answer is None
    assert reading.for_a_person


def test_what_else_stands_beside_a_call_is_for_a_person_and_it_rings_all_the_same() -> None:
    words = ReplyWords.of(ReplyWordsSection())
    assert words.read("2, the bridge is gone").for_a_person == "more than a call for help"
    assert words.read("2").for_a_person == ""


def test_a_county_s_words_count_beside_the_others() -> None:
    words = ReplyWords.of(ReplyWordsSection.model_validate({"acknowledged": ["要得"]}))
    assert words.read("要得！").answer is Answer.ACKNOWLEDGED
    assert words.read("收到").answer is Answer.ACKNOWLEDGED


@given(st.text())
def test_no_reply_goes_without_an_answer_or_a_person(text: str) -> None:
    reading = ReplyWords.of(ReplyWordsSection()).read(text)
    # A code alone is for the chain, which hands it to a person where no spot check awaits one.
    is_code = reading.report is not None and bool(reading.report.code)
    assert reading.answer is not None or reading.for_a_person or is_code
