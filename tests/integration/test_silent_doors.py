"""Doors that are told by text and do not answer are called; who has answered is not; what failed is left."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.doors import LoggedOutbox
from tests.unit.adapters.county import SENT_S, bulletin, given_up, network, rendered, sent
from warnstream.config.channels.registry import ChannelsDocument
from warnstream.delivery.dispatch.notification import State
from warnstream.delivery.dispatch.queue import Urgency
from warnstream.delivery.ledger.facts import encode_outcomes
from warnstream.model.bulletins import Action, Bulletin, BulletinCause
from warnstream.model.effects import Answer, Effects, RecipientAnswer
from warnstream.model.level import Level
from warnstream.model.transfers.objects import HouseholdFacts

MINUTE_S = 60
NOW = SENT_S + 100.0
"""Of the clock of retries."""

CHANNELS = ChannelsDocument.model_validate(
    {
        "channels": {
            "sms": {
                "kind": "webhook",
                "url": "http://127.0.0.1:1/sms",
                "next": {"channel": "voice", "after": "10min", "source": "a plan"},
            },
            "voice": {"kind": "webhook", "url": "http://127.0.0.1:1/voice"},
        }
    }
).channels


class Desk:
    """An outbox with its log, and the loop that looks for silent doors."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.now_s = directory, SENT_S + 10
        self.outbox = self.opened()

    def opened(self) -> LoggedOutbox:
        return LoggedOutbox(
            self.directory,
            network=network((3, 0)),
            doubt_since_s=0,
            event_clock=lambda: float(self.now_s),
            channels=CHANNELS,
        )

    def issue(self, one: Bulletin) -> None:
        self.outbox.record(Effects(bulletins=[one]), network((3, 0)), rendered)

    def look(self) -> int:
        """As the loop does, to the end; how many doors go on."""
        count = 0
        while outcomes := self.outbox.doors.silent.due(self.now_s):
            self.outbox.ask_log(encode_outcomes(outcomes)).result(5)
            count += sum(len(outcome.doors) for outcome in outcomes)
        return count

    def tell(self, channel: str) -> list[str]:
        """A channel sends all it has; who is told."""
        claimed = self.outbox.claim(channel, 100, NOW)
        self.outbox.settle(sent([row.key for row in claimed]), NOW)
        return [row.recipient for row in claimed if row.recipient.startswith("V")]

    def answer(self, door: str, n: int, answer: Answer = Answer.ACKNOWLEDGED) -> None:
        given = RecipientAnswer(bulletin(n=n).identifier, door, answer, self.now_s)
        self.outbox.answer_many([given])

    def restart(self) -> None:
        self.outbox.doors.save(self.outbox.journal.last_sequence())
        self.outbox.crash()
        self.outbox = self.opened()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    found = Desk(tmp_path)
    yield found
    found.outbox.close()


def test_who_has_not_answered_in_time_is_called_and_who_has_is_not(desk: Desk) -> None:
    desk.issue(bulletin())
    assert desk.tell("sms") == ["V1-H0", "V1-H1", "V1-H2"]
    assert desk.tell("voice") == []
    desk.now_s += 10 * MINUTE_S - 1
    assert desk.look() == 0
    desk.answer("V1-H1", 1)
    desk.now_s += 1
    assert desk.look() == 2
    assert desk.outbox.waiting("voice") == {Urgency.LEAVE: 2}
    desk.answer("V1-H2", 1)  # before its phone rings
    assert desk.tell("voice") == ["V1-H0"]
    assert desk.tell("sms") == []
    counts = desk.outbox.counts()
    assert (counts["sms", State.SENT], counts["voice", State.SENT]) == (3, 1)
    assert desk.look() == 0


def test_who_was_told_later_is_called_later(desk: Desk) -> None:
    desk.issue(bulletin())
    first = desk.outbox.claim("sms", 1, NOW)
    desk.outbox.settle(sent([row.key for row in first]), NOW)
    desk.now_s += 8 * MINUTE_S
    desk.tell("sms")
    desk.now_s += 2 * MINUTE_S
    assert (desk.look(), desk.tell("voice")) == (1, ["V1-H0"])
    desk.now_s += 8 * MINUTE_S
    assert (desk.look(), desk.tell("voice")) == (2, ["V1-H1", "V1-H2"])


def test_a_door_that_one_channel_cannot_reach_is_told_by_the_next_at_once(desk: Desk) -> None:
    desk.issue(bulletin(level=Level.YELLOW, action=Action.READY))
    claimed = desk.outbox.claim("sms", 100, NOW)
    desk.outbox.settle(given_up([claimed[0].key]), NOW)
    desk.outbox.settle(sent([row.key for row in claimed[1:]]), NOW)
    assert desk.tell("voice") == [claimed[0].recipient]
    claimed = desk.outbox.claim("sms", 100, NOW)
    assert claimed == []


def test_where_no_channel_reaches_it_a_door_is_not_reached_and_the_next_bulletin_begins_anew(
    desk: Desk,
) -> None:
    desk.issue(bulletin())
    for channel in ("sms", "voice"):
        claimed = desk.outbox.claim(channel, 100, NOW)
        assert len(claimed) == 3
        desk.outbox.settle(given_up([row.key for row in claimed]), NOW)
    assert desk.outbox.counts()["voice", State.FAILED] == 3
    desk.issue(bulletin(n=2))
    assert desk.tell("sms") == ["V1-H0", "V1-H1", "V1-H2"]


def test_nobody_is_called_for_what_asks_nobody_to_go(desk: Desk) -> None:
    desk.issue(bulletin(level=Level.YELLOW, action=Action.READY))
    desk.tell("sms")
    desk.now_s += 60 * MINUTE_S
    assert desk.look() == 0
    desk.issue(bulletin(n=2, action=Action.STAY, cause=BulletinCause.LOWERED))
    desk.tell("sms")
    desk.now_s += 60 * MINUTE_S
    assert desk.look() == 0


def test_a_newer_bulletin_calls_off_the_calls_of_the_older_one(desk: Desk) -> None:
    desk.issue(bulletin())
    desk.tell("sms")
    desk.now_s += 10 * MINUTE_S
    assert desk.look() == 3
    desk.issue(bulletin(n=2))
    assert desk.tell("voice") == []
    assert desk.tell("sms") == ["V1-H0", "V1-H1", "V1-H2"]


def test_calls_that_are_to_be_made_are_made_after_a_crash_and_texts_are_not_sent_again(desk: Desk) -> None:
    desk.issue(bulletin())
    desk.tell("sms")
    desk.now_s += 10 * MINUTE_S
    assert desk.look() == 3
    desk.restart()
    assert desk.tell("sms") == []
    assert sorted(desk.tell("voice")) == ["V1-H0", "V1-H1", "V1-H2"]


def test_a_receipt_of_the_text_does_not_keep_the_phone_from_ringing(desk: Desk) -> None:
    """Shown is not heard: only an answer is."""
    desk.issue(bulletin())
    claimed = desk.outbox.claim("sms", 1, NOW)
    desk.outbox.settle(sent([row.key for row in claimed]), NOW)
    desk.now_s += 10 * MINUTE_S
    assert desk.look() == 1
    assert desk.outbox.mark_delivered(claimed[0].key, NOW)
    assert desk.tell("voice") == ["V1-H0"]


def test_of_those_who_are_told_the_same_who_cannot_go_alone_is_told_first(tmp_path: Path) -> None:
    """Across villages; then the classes of the register, then those of whom nothing is known."""
    register = network((3, 2))
    facts = HouseholdFacts(
        grade=("", "B", "A", "", ""),
        persons=(2, 2, 2, 1, 2),
        helpless=(0, 0, 0, 1, -1),
        zone=("",) * 5,
        helper=("",) * 5,
        shelter=("",) * 5,
    )
    register = replace(register, households=replace(register.households, facts=facts))
    with closing(LoggedOutbox(tmp_path, network=register)) as outbox:
        outbox.record(Effects(bulletins=[bulletin(), bulletin(village=1)]), register, rendered)
        claimed = outbox.claim("sms", 100, NOW)
    assert [row.recipient for row in claimed] == ["V2-H0", "V1-H2", "V1-H1", "V1-H0", "V2-H1"]
