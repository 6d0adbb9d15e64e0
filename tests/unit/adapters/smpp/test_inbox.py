"""What people write back, and whose answer it is: of a drill, of something real, of who calls for help."""

from contextlib import closing
from pathlib import Path

import pytest

from tests.integration.test_delivery_smpp import Returned
from warnstream.adapters.channels.channel import Surroundings
from warnstream.adapters.channels.smpp.inbox import Inbox, which
from warnstream.adapters.channels.smpp.letters import Letter
from warnstream.adapters.channels.smpp.pdu import Delivery, Number
from warnstream.adapters.channels.smpp.phones import Phones
from warnstream.config.channels.reply_words import Reading, ReplyWords
from warnstream.config.channels.smpp import SmppChannelSection
from warnstream.model.effects import Answer

UCS2 = 8
SECTION = SmppChannelSection.model_validate(
    {
        "kind": "smpp", "host": "127.0.0.1", "port": 1, "security": "none", "system_id": "county",
        "password_file": "password", "sender": "10690001", "country": "CN",
    }
)  # fmt: skip
BARE = Number("13857000001")


def answered(
    folder: Path, text: str, *keys: str, source: Number = BARE
) -> tuple[list[tuple[str, Answer]], list[str]]:
    """What a reply of a phone that was sent messages of these keys leads to, and what is for a person."""
    returned, around = Returned(), Surroundings("ws", lambda _all: [], folder, folder, channel="sms")
    with closing(Inbox(SECTION, around, Phones("CN"), returned)) as inbox:
        for number, key in enumerate(keys):
            recipient = key.split("|")[1]
            inbox.taken.append(Letter((f"id-{number}",), key, "+8613857000001", recipient, f"of {key}"))
        inbox.sent()
        inbox._take_reply(Delivery(source, 0, UCS2, text.encode("utf-16-be"), {}))
    return returned.answers, [why for *_, why in returned.texts]


DRILL, REAL = "ws@drill.V1.20260618T080000Z.1|door|sms", "ws.V1.20260618T080000Z.1|door|sms"


@pytest.mark.parametrize("text", ["真的救命", "real: help!", "真 我们被困", "演练 求助", "求助"])
@pytest.mark.parametrize("keys", [(DRILL,), (REAL,), (DRILL, REAL)], ids=["drill", "real", "both"])
def test_a_call_for_help_is_heard_whatever_was_sent_and_whatever_it_is_called(
    tmp_path: Path, text: str, keys: tuple[str, ...]
) -> None:
    answers, for_a_person = answered(tmp_path, text, *keys)
    assert {token for token, _ in answers} <= {f"of {key}" for key in keys}
    assert {answer for _, answer in answers} == {Answer.NEED_HELP}
    assert for_a_person == []


def test_an_answer_to_the_one_settles_nothing_of_the_other(tmp_path: Path) -> None:
    assert answered(tmp_path, "真1", DRILL, REAL)[0] == [(f"of {REAL}", Answer.ACKNOWLEDGED)]


def test_an_answer_that_may_be_to_either_is_for_a_person(tmp_path: Path) -> None:
    answers, for_a_person = answered(tmp_path, "１", DRILL, REAL)
    assert answers == []
    assert for_a_person == ["a drill and something real were sent to that phone"]


@pytest.mark.parametrize(
    "number", [Number("13857000001", 1), Number("008613857000001", 1), Number("+13857000001")]
)
def test_a_call_for_help_is_heard_however_the_gateway_writes_its_number(
    tmp_path: Path, number: Number
) -> None:
    answers, for_a_person = answered(tmp_path, "救命", REAL, source=number)
    assert answers == [(f"of {REAL}", Answer.NEED_HELP)]
    assert for_a_person == []


def test_a_reply_that_our_own_rules_stumble_over_is_for_a_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(_words: ReplyWords, _text: str) -> Reading:
        raise ValueError("a number that is none")

    monkeypatch.setattr(ReplyWords, "read", stumble)
    answers, for_a_person = answered(tmp_path, "应3。", REAL)
    assert answers == []
    assert for_a_person == ["a fault of this node kept it from being read"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ＲＥＡＬ　１", ("1", False)),
        ("演練收到", ("收到", True)),
        ("Drill: 1", ("1", True)),
        ("收到", ("收到", None)),
    ],
)
def test_a_word_in_front_says_of_which_it_is(text: str, expected: tuple[str, bool | None]) -> None:
    assert which(text) == expected
