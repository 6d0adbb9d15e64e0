"""What a post says for its doors, also late: never of words that it had not read."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from tests.networks import T0, network_of
from warnstream.adapters.http.models.post_doors import DoorSaid
from warnstream.adapters.ledger.listing import DoorState
from warnstream.adapters.outbox.types import StoredMessage
from warnstream.delivery.ledger.states import Delivery, People
from warnstream.model.effects import Answer
from warnstream.model.network import ChainPost
from warnstream.runners.intake import entries
from warnstream.runners.orders.post_doors import PostDoors

NOW_S = T0 + 7200
VOICE = "ws.V0.20260618T000000Z"
PREPARE, LEAVE = f"{VOICE}.1", f"{VOICE}.2"
DOOR = "H0-001"


def words(identifier: str, sent_s: int) -> StoredMessage:
    level = 3 if identifier == PREPARE else 4
    return StoredMessage(
        identifier,
        VOICE,
        level - 2,
        "V0",
        "flood",
        level,
        "leave",
        "Actual",
        sent_s,
        NOW_S + 3600,
        "",
        "",
        "",
    )


class Desk:
    """A post of one village; its doors were told to leave half an hour ago."""

    def __init__(self, said: People = People.SILENT) -> None:
        self.kept: list[entries.AnswerEntry] = []
        door = DoorState(DOOR, "", "sms", Delivery.SENT, said, 1, NOW_S - 1800)
        store: Any = SimpleNamespace(
            words_of=lambda _village: words(LEAVE, NOW_S - 1800), list_of=lambda _village: [door]
        )
        post = ChainPost("G0", "grid_member", 1, "V0", "sms", "+1")
        transfers = SimpleNamespace(row=lambda _door: None)
        desk = SimpleNamespace(now_s=NOW_S, transfers=transfers)
        network = replace(network_of(1, 1), chain=(post,))
        keeper: Any = SimpleNamespace(
            people=SimpleNamespace(network=network), engine=SimpleNamespace(desk=desk)
        )
        requests: Any = SimpleNamespace(ask_and_wait=self._keep)
        nobody: Any = None
        self.doors = PostDoors(lambda: nobody, keeper, lambda: store, requests)

    def _keep(self, kind: str, payload: bytes) -> None:
        assert kind == entries.ANSWER
        self.kept.append(msgspec.msgpack.decode(payload, type=entries.AnswerEntry))

    def say(self, word: Any, **more: Any) -> tuple[str, str]:
        (record,) = self.doors.say("G0", [DoorSaid("V0", DOOR, word, "silent", **more)])
        return record.result, record.problem


@pytest.mark.parametrize("word", ["heard", "moving", "safe"])
@pytest.mark.parametrize("more", [{"bulletin": PREPARE, "ago_s": 60}, {"ago_s": 3600}])
def test_what_was_said_of_earlier_words_is_no_answer_to_the_newest(word: str, more: dict[str, Any]) -> None:
    """Tapped without a network on "get ready"; the village was told to go meanwhile, and is silent."""
    desk = Desk()
    result, problem = desk.say(word, **more)
    assert (result, desk.kept) == ("conflict", [])
    assert "something newer since, at 2026-06-18T01:30:00Z" in problem


@pytest.mark.parametrize("more", [{"bulletin": LEAVE, "ago_s": 3600}, {"ago_s": 1700}, {}])
def test_what_was_said_of_the_newest_words_counts_however_late(more: dict[str, Any]) -> None:
    desk = Desk()
    assert desk.say("safe", **more) == ("taken", "")
    (kept,) = desk.kept
    assert (kept.message, kept.recipient, kept.answer, kept.by) == (LEAVE, DOOR, Answer.SAFE, "G0")


def test_a_call_for_help_is_never_too_old() -> None:
    desk = Desk()
    assert desk.say("help", bulletin=PREPARE, ago_s=3600) == ("taken", "")
    assert [kept.answer for kept in desk.kept] == [Answer.NEED_HELP]


def test_what_the_door_stands_at_already_is_taken() -> None:
    assert Desk(People.SAID_SAFE).say("safe", bulletin=PREPARE) == ("taken", "")
