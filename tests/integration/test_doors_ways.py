"""Doors with several ways: a dead one, a silent door, an answer from elsewhere, a way taken out meanwhile."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.doors import LoggedOutbox
from tests.integration.test_silent_doors import MINUTE_S, NOW, Desk
from tests.unit.adapters.county import SENT_S, bulletin, given_up, network, sent
from warnstream.config.channels.registry import ChannelsDocument
from warnstream.delivery.dispatch.notification import Settlement, Signal, State
from warnstream.model.bulletins import Action, BulletinCause
from warnstream.model.effects import Answer
from warnstream.model.level import Level
from warnstream.model.network import Network

GATEWAY = {"kind": "webhook", "url": "http://127.0.0.1:1/"}
CHANNELS = ChannelsDocument.model_validate(
    {
        "channels": {
            "device": {**GATEWAY, "next": {"channel": "voice", "after": "5min", "source": "a plan"}},
            "sms": GATEWAY,
            "voice": {**GATEWAY, "for_silent": {"after": "10min", "source": "a plan"}},
        }
    }
).channels

PHONE = "13800000009"
ALL = (("sms", PHONE), ("voice", PHONE))


def town(*further: tuple[tuple[str, str], ...]) -> Network:
    """Three doors of V1 on devices, with further ways of their own; two doors may share a phone."""
    plain = network((3, 0), channel="device")
    return replace(plain, households=replace(plain.households, further=further))


class WaysDesk(Desk):
    """The same with devices first."""

    register = town(ALL, ALL, ())

    def opened(self) -> LoggedOutbox:
        return LoggedOutbox(
            self.directory,
            network=self.register,
            doubt_since_s=0,
            event_clock=lambda: float(self.now_s),
            channels=CHANNELS,
        )

    def issue(self, one: object) -> None:
        from tests.unit.adapters.county import rendered
        from warnstream.model.bulletins import Bulletin
        from warnstream.model.effects import Effects

        assert isinstance(one, Bulletin)
        self.outbox.record(Effects(bulletins=[one]), self.register, rendered)

    def fail(self, channel: str, *doors: str) -> None:
        """A channel cannot reach these for good, and tells the others."""
        claimed = self.outbox.claim(channel, 100, NOW)
        self.outbox.settle(given_up([row.key for row in claimed if row.recipient in doors]), NOW)
        self.outbox.settle(sent([row.key for row in claimed if row.recipient not in doors]), NOW)

    def reload(self, register: Network) -> None:
        """Another register while the channels send."""
        self.register = register
        self.outbox.doors.move_to(register, "another")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[WaysDesk]:
    found = WaysDesk(tmp_path)
    yield found
    found.outbox.close()


def test_a_dead_way_leads_to_the_next_at_once_and_a_door_is_told_once(desk: WaysDesk) -> None:
    desk.issue(bulletin(level=Level.YELLOW, action=Action.READY))
    desk.fail("device", "V1-H0")
    claimed = desk.outbox.claim("sms", 100, NOW)
    assert [(row.recipient, row.address) for row in claimed] == [("V1-H0", PHONE)]
    assert claimed[0].key.endswith("|V1-H0|sms")
    desk.outbox.settle(sent([row.key for row in claimed]), NOW)
    assert desk.tell("voice") == []
    assert desk.tell("device") == []
    counts = desk.outbox.counts()
    assert (counts["device", State.SENT], counts["sms", State.SENT]) == (2, 1)


def test_only_the_silent_are_called_and_nobody_is_texted_for_it(desk: WaysDesk) -> None:
    desk.issue(bulletin())
    assert desk.tell("device") == ["V1-H0", "V1-H1", "V1-H2"]
    desk.now_s += 5 * MINUTE_S
    assert (desk.look(), desk.tell("voice")) == (1, ["V1-H2"]), "with one way `next` counts, at its address"
    desk.now_s += 5 * MINUTE_S - 1
    assert desk.look() == 0
    desk.answer("V1-H1", 1)
    desk.now_s += 1
    assert desk.look() == 1
    assert desk.tell("sms") == [], "one text a door: who was told by device is not texted as well"
    claimed = desk.outbox.claim("voice", 100, NOW)
    assert [(row.recipient, row.address) for row in claimed] == [("V1-H0", PHONE)]


def test_a_door_whose_ways_are_all_dead_but_the_last_is_called_at_once(desk: WaysDesk) -> None:
    desk.issue(bulletin())
    desk.fail("device", "V1-H0", "V1-H1")
    desk.fail("sms", "V1-H0")
    assert desk.tell("voice") == ["V1-H0"]
    desk.now_s += 10 * MINUTE_S
    assert desk.look() == 2, "told by text and silent; the one with one way by `next`"
    assert desk.tell("voice") == ["V1-H1", "V1-H2"]


def test_an_answer_by_another_way_than_the_text_calls_off_the_call(desk: WaysDesk) -> None:
    desk.issue(bulletin())
    desk.fail("device", "V1-H0")
    desk.tell("sms")
    desk.now_s += 10 * MINUTE_S
    assert desk.look() == 3
    desk.answer("V1-H0", 1, Answer.MOVING)  # on the answer page, or at its device
    assert desk.tell("voice") == ["V1-H1", "V1-H2"]


def test_a_receipt_that_says_it_never_arrived_leads_to_the_next_way(desk: WaysDesk) -> None:
    desk.issue(bulletin())
    claimed = desk.outbox.claim("device", 100, NOW)
    desk.outbox.settle(sent([row.key for row in claimed]), NOW)
    lost = next(row.key for row in claimed if row.recipient == "V1-H0")
    desk.outbox.settle({lost: Settlement(Signal.UNDELIVERED, reason="no such device")}, NOW)
    assert desk.tell("sms") == ["V1-H0"]


def test_the_end_is_for_who_was_told_by_whatever_way(desk: WaysDesk) -> None:
    desk.issue(bulletin())
    desk.fail("device", "V1-H0")
    assert desk.tell("sms") == ["V1-H0"]
    desk.issue(bulletin(n=2, level=Level.NONE, action=Action.CLEAR, cause=BulletinCause.ENDED))
    desk.fail("device", "V1-H0")
    assert desk.tell("sms") == ["V1-H0"]


def test_a_door_is_on_its_second_way_after_a_restart_too(desk: WaysDesk) -> None:
    desk.issue(bulletin())
    desk.fail("device", "V1-H0")
    desk.restart()
    assert desk.tell("device") == []
    assert desk.tell("sms") == ["V1-H0"]
    desk.outbox.crash()
    desk.outbox = desk.opened()  # from the log behind the snapshot
    assert desk.tell("sms") == []
    assert desk.tell("device") == []


def test_a_way_taken_out_while_it_rings_counts_if_it_told_the_door(desk: WaysDesk) -> None:
    desk.issue(bulletin())
    desk.fail("device", "V1-H0")
    (claimed,) = desk.outbox.claim("sms", 100, NOW)
    desk.reload(town((("voice", PHONE),), ALL, ()))
    assert desk.outbox.claim("sms", 100, NOW) == []
    desk.outbox.settle(sent([claimed.key]), NOW)
    assert desk.tell("device") == []
    assert desk.tell("voice") == [], "it was told: nobody calls it at once"
    desk.now_s += 10 * MINUTE_S
    desk.look()
    assert "V1-H0" in desk.tell("voice"), "but it is silent, and has a way for that"


def test_who_waits_on_a_way_that_is_taken_out_goes_on_with_what_it_has_left(desk: WaysDesk) -> None:
    desk.issue(bulletin())
    desk.fail("device", "V1-H0", "V1-H1")
    desk.reload(town((("voice", PHONE),), (), ()))
    assert desk.tell("sms") == []
    told = desk.tell("device") + desk.tell("voice")
    assert sorted(told) == ["V1-H0", "V1-H1"]


def test_a_new_way_in_front_changes_nothing_of_what_a_door_was_told(desk: WaysDesk) -> None:
    desk.issue(bulletin())
    assert len(desk.tell("device")) == 3
    plain = town(ALL, ALL, ())
    first = replace(plain.households, channel=("sms", "device", "device"), address=(PHONE, "d1", "d2"))
    desk.reload(replace(plain, households=replace(first, further=((), ALL, ()))))
    assert desk.tell("sms") == []
    desk.issue(bulletin(n=2))
    assert desk.tell("sms") == ["V1-H0"]


def test_doors_with_many_kinds_of_ways_keep_twelve_bytes_and_share_tails(tmp_path: Path) -> None:
    desk = WaysDesk(tmp_path)
    book = desk.outbox.doors.book
    assert book.register.ways == ("device", "sms", "voice", "device;sms;voice;", "sms;voice;", "voice;")
    columns = ("told", "answered", "state", "people", "tries", "time", "way")
    assert sum(getattr(book.ledger, name).itemsize for name in columns) == 12
    assert book.ledger.first_way.itemsize == 1
    desk.outbox.close()


def test_a_way_of_its_own_for_the_end_of_a_door_that_has_left(desk: WaysDesk) -> None:
    desk.issue(bulletin())
    desk.fail("device", "V1-H0")
    assert desk.tell("sms") == ["V1-H0"]
    fewer = network((2, 0), channel="device")
    kept = replace(fewer.households, code=("V1-H1", "V1-H2"), further=(ALL, ()))
    desk.reload(replace(fewer, households=kept))
    desk.issue(bulletin(n=2, level=Level.NONE, action=Action.CLEAR, cause=BulletinCause.ENDED))
    claimed = desk.outbox.claim("sms", 100, NOW)
    assert [(row.recipient, row.address) for row in claimed] == [("V1-H0", PHONE)]
    assert SENT_S
