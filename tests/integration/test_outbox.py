import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import NoReturn

import msgspec
import pytest

from tests.doors import LoggedOutbox as Outbox
from tests.integration.test_store import fill_disk
from tests.unit.adapters.county import (
    GRID_MEMBER,
    SENT_S,
    TOWN_LEADER,
    again,
    bulletin,
    digest,
    given_up,
    network,
    rendered,
    sent,
    told,
    warning_message,
)
from warnstream.adapters.outbox.bulletins import UNTRUE_WAIT_S
from warnstream.adapters.outbox.types import Addressed, Reach, split_key
from warnstream.delivery.dispatch.notification import EXPIRED_UNSENT, Settlement, Signal, State, after
from warnstream.delivery.ledger.past import Tally
from warnstream.model.bulletins import Action, Bulletin, BulletinCause
from warnstream.model.digests import Digest
from warnstream.model.effects import (
    VILLAGE_TOPIC_CHANNEL,
    Answer,
    Effects,
    RecipientAnswer,
    RecipientKind,
    RenderedBulletin,
    RenderedDigest,
    RenderedMessage,
)
from warnstream.model.errors import StoreError
from warnstream.model.level import Level
from warnstream.model.warning import WarningMessage

NOW = 1_000.0
NETWORK = network()
FIRST = warning_message()
SECOND = warning_message(version=2)
OF_FIRST, OF_SECOND = bulletin(), bulletin(n=2)
"""What the doors are told of these."""


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with closing(Outbox(tmp_path)) as opened:
        yield opened


def keys(outbox: Outbox, channel: str = "sms", limit: int = 100, now: float = NOW) -> list[str]:
    return [row.key for row in outbox.claim(channel, limit, now)]


def states(outbox: Outbox, channel: str = "sms") -> dict[str, int]:
    return {state.word: n for (name, state), n in outbox.counts().items() if name == channel}


def test_a_village_its_posts_and_every_door_are_recorded(outbox: Outbox) -> None:
    assert outbox.record(told(FIRST, posts=(GRID_MEMBER,)), NETWORK, rendered) == 6
    assert states(outbox) == {"pending": 4}
    assert states(outbox, VILLAGE_TOPIC_CHANNEL) == {"pending": 2}


def test_recording_the_same_effects_again_doubles_nothing(outbox: Outbox) -> None:
    outbox.record(told(FIRST), NETWORK, rendered)
    assert outbox.record(told(FIRST), NETWORK, rendered) == 0
    assert states(outbox) == {"pending": 3}


def test_replayed_effects_do_not_take_back_what_was_sent(outbox: Outbox) -> None:
    outbox.record(told(FIRST), NETWORK, rendered)
    outbox.settle(sent(keys(outbox)), NOW)
    outbox.record(told(FIRST), NETWORK, rendered)
    assert states(outbox) == {"sent": 3}


def test_a_replay_does_not_render_known_messages_again(outbox: Outbox) -> None:
    calls: list[str] = []

    def render(
        one: WarningMessage | Bulletin | Digest,
    ) -> RenderedMessage | RenderedBulletin | RenderedDigest:
        calls.append(one.identifier)
        return rendered(one)

    outbox.record(told(FIRST), NETWORK, render)
    outbox.record(told(FIRST, SECOND), NETWORK, render)
    assert calls == [message.identifier for message in (FIRST, OF_FIRST, SECOND, OF_SECOND)]


def test_replaying_an_older_message_after_a_newer_one_does_not_send_it(outbox: Outbox) -> None:
    outbox.record(told(FIRST), NETWORK, rendered)
    outbox.record(told(SECOND), NETWORK, rendered)
    outbox.record(told(FIRST), NETWORK, rendered)
    assert {split_key(key)[0] for key in keys(outbox)} == {OF_SECOND.identifier}


def test_an_unsent_older_message_is_superseded_and_a_sent_one_stays_sent(outbox: Outbox) -> None:
    outbox.record(told(FIRST), NETWORK, rendered)
    outbox.settle(sent(keys(outbox, limit=1)), NOW)
    outbox.record(told(SECOND), NETWORK, rendered)
    assert states(outbox) == {"sent": 1, "superseded": 2, "pending": 3}


def test_a_newer_message_of_another_village_supersedes_nothing(outbox: Outbox) -> None:
    outbox.record(told(FIRST), NETWORK, rendered)
    outbox.record(told(warning_message(village=1, version=2)), NETWORK, rendered)
    assert states(outbox) == {"pending": 5}


def test_a_recipient_without_the_newer_message_keeps_the_older_one(outbox: Outbox) -> None:
    outbox.record(told(FIRST, posts=(GRID_MEMBER,)), NETWORK, rendered)
    outbox.record(told(SECOND), NETWORK, rendered)
    posts = [row for row in outbox.claim("sms", 100, NOW) if row.kind is RecipientKind.POST]
    assert [row.message.identifier[-2:] for row in posts] == [".1"]


def digests(*numbers: int) -> Effects:
    return Effects(digests=[digest(GRID_MEMBER, n) for n in numbers])


def test_a_digest_reaches_its_post_with_the_time_to_answer(outbox: Outbox) -> None:
    assert outbox.record(digests(1), NETWORK, rendered) == 1
    (row,) = outbox.claim("sms", 10, NOW)
    assert (row.recipient, row.kind, row.answer_by_s) == ("grid-1", RecipientKind.POST, SENT_S + 600)
    assert (row.message.msg_type, row.message.text_en) == ("digest", "Answer, number 1")


def test_a_newer_digest_replaces_one_that_waits(outbox: Outbox) -> None:
    outbox.record(digests(1), NETWORK, rendered)
    outbox.record(digests(2), NETWORK, rendered)
    assert states(outbox) == {"superseded": 1, "pending": 1}
    outbox.record(digests(1), NETWORK, rendered)  # a replay
    assert states(outbox) == {"superseded": 1, "pending": 1}


def test_digests_are_no_warnings_and_come_out_in_order(outbox: Outbox) -> None:
    outbox.record(told(FIRST), NETWORK, rendered)
    outbox.record(digests(1, 2), NETWORK, rendered)
    assert [msgspec.json.decode(digest)["digest"][-2:] for digest in outbox.digests()] == [".1", ".2"]
    assert len(list(outbox.records())) == 1
    assert len(list(outbox.bulletins())) == 1


def test_a_digest_is_lost_once_every_way_of_its_post_has_failed(outbox: Outbox) -> None:
    both = replace(NETWORK, chain=(GRID_MEMBER, replace(GRID_MEMBER, channel="siren")))
    outbox.record(digests(1), both, rendered)
    name = digest(GRID_MEMBER).identifier
    outbox.settle(given_up(keys(outbox)), NOW)
    assert not outbox.is_lost(name, "grid-1")
    outbox.settle(given_up(keys(outbox, "siren")), NOW)
    assert outbox.is_lost(name, "grid-1")
    assert not outbox.is_lost("ws.nothing.1", "grid-1")


def rung(outbox: Outbox, channel: str) -> list[tuple[str, str]]:
    return [(row.recipient, row.address) for row in outbox.claim(channel, 10, NOW)]


def test_what_has_not_left_at_a_change_of_shift_rings_whoever_holds_the_post_now(outbox: Outbox) -> None:
    outbox.record(digests(1), NETWORK, rendered)
    assert outbox.ring_at({"grid-1": [("sms", "777")], "town-1": [("sms", "888")]}) == 1
    assert outbox.ring_at({"grid-1": [("sms", "777")]}) == 0, "repeating it changes nothing"
    assert rung(outbox, "sms") == [("grid-1", "777")]


def test_the_phone_of_a_shift_may_be_on_another_channel(outbox: Outbox) -> None:
    outbox.record(digests(1), NETWORK, rendered)
    outbox.ring_at({"grid-1": [("voice", "777")]})
    assert rung(outbox, "sms") == []
    assert rung(outbox, "voice") == [("grid-1", "777")]


def test_one_that_waits_on_both_channels_leaves_once(outbox: Outbox) -> None:
    both = replace(NETWORK, chain=(GRID_MEMBER, replace(GRID_MEMBER, channel="siren", address="s")))
    outbox.record(digests(1), both, rendered)
    outbox.ring_at({"grid-1": [("siren", "s")]})
    assert rung(outbox, "sms") == []
    assert rung(outbox, "siren") == [("grid-1", "s")]


def test_outside_of_a_shift_a_post_is_rung_on_every_way_of_its_own(outbox: Outbox) -> None:
    both = replace(NETWORK, chain=(GRID_MEMBER, replace(GRID_MEMBER, channel="siren", address="s")))
    outbox.record(digests(1), both, rendered)
    own = (GRID_MEMBER.channel, GRID_MEMBER.address)
    assert outbox.ring_at({"grid-1": [("siren", "s"), own]}) == 0
    assert rung(outbox, "sms") == [("grid-1", own[1])]
    assert rung(outbox, "siren") == [("grid-1", "s")]


def test_what_is_being_sent_at_a_change_goes_to_the_new_phone_if_it_is_tried_again(outbox: Outbox) -> None:
    outbox.record(digests(1), NETWORK, rendered)
    in_hand = keys(outbox)
    outbox.ring_at({"grid-1": [("sms", "777")]})
    outbox.settle(again(in_hand, NOW), NOW)
    assert rung(outbox, "sms") == [("grid-1", "777")]


def test_old_digests_are_pruned_while_newer_ones_of_the_post_stay(outbox: Outbox) -> None:
    outbox.record(digests(1), NETWORK, rendered)
    outbox.settle(sent(keys(outbox)), NOW)
    outbox.record(digests(2), NETWORK, rendered)
    assert outbox.prune(SENT_S + 2) == 1
    assert [msgspec.json.decode(digest)["digest"][-2:] for digest in outbox.digests()] == [".2"]


def test_the_worst_level_is_claimed_first_then_posts_then_doors(outbox: Outbox) -> None:
    yellow = warning_message(village=0, level=Level.YELLOW)
    red = warning_message(village=1, level=Level.RED)
    outbox.record(told(yellow, posts=(GRID_MEMBER,)), NETWORK, rendered)
    outbox.record(told(red, posts=(TOWN_LEADER,)), NETWORK, rendered)
    claimed = [row.recipient for _ in range(2) for row in outbox.claim("sms", 100, NOW)]
    assert claimed == ["town-1", "V2-H0", "V2-H1", "grid-1", "V1-H0", "V1-H1", "V1-H2"]


def test_a_claim_has_all_that_a_channel_needs(outbox: Outbox) -> None:
    outbox.record(told(FIRST), NETWORK, rendered)
    (row,) = outbox.claim("sms", 1, NOW)
    assert row.key == f"{OF_FIRST.identifier}|V1-H0|sms"
    assert (row.address, row.level, row.attempt) == ("13800000", 3, 1)
    assert (row.message.text_en, row.message.village) == ("Go now, number 1", "V1")


def test_nothing_is_claimed_twice(outbox: Outbox) -> None:
    outbox.record(told(FIRST), NETWORK, rendered)
    first, second = keys(outbox, limit=2), keys(outbox, limit=2)
    assert (len(first), len(second), len({*first, *second})) == (2, 1, 3)


def test_two_threads_share_the_rows_without_overlap(outbox: Outbox) -> None:
    outbox.record(told(FIRST), network((400, 0)), rendered)
    claimed: list[list[str]] = [[], []]

    def claim_all(mine: list[str]) -> None:
        while batch := keys(outbox, limit=7):
            mine.extend(batch)
            outbox.settle(sent(batch), NOW)

    threads = [threading.Thread(target=claim_all, args=(mine,)) for mine in claimed]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    together = claimed[0] + claimed[1]
    assert (len(together), len(set(together))) == (400, 400)


def test_a_failed_row_waits_until_it_is_due(outbox: Outbox) -> None:
    outbox.record(told(FIRST), NETWORK, rendered)
    (key,) = keys(outbox, limit=1)
    outbox.settle(again([key], NOW + 60, "gateway answered 503"), NOW)
    assert key not in keys(outbox, now=NOW + 59)
    assert outbox.next_due("sms") == NOW + 60
    assert keys(outbox, now=NOW + 60) == [key]


def test_attempts_are_counted_over_restarts(tmp_path: Path) -> None:
    with closing(Outbox(tmp_path)) as outbox:
        outbox.record(told(FIRST), NETWORK, rendered)
        outbox.settle(again(keys(outbox), NOW), NOW)
    with closing(Outbox(tmp_path)) as outbox:
        assert {row.attempt for row in outbox.claim("sms", 100, NOW)} == {2}


def test_a_door_without_further_attempts_has_failed(outbox: Outbox) -> None:
    outbox.record(told(FIRST), NETWORK, rendered)
    (key,) = keys(outbox, limit=1)
    outbox.settle(given_up([key], "gateway answered 400"), NOW)
    assert states(outbox) == {"failed": 1, "pending": 2}


def test_a_row_without_further_attempts_has_failed_and_says_why(tmp_path: Path, outbox: Outbox) -> None:
    outbox.record(digests(1), NETWORK, rendered)
    outbox.settle(given_up(keys(outbox), "gateway answered 400"), NOW)
    with closing(sqlite3.connect(tmp_path / "outbox.sqlite3")) as connection:
        kept = connection.execute("SELECT last_error FROM notifications WHERE state = 4").fetchall()
    assert kept == [("gateway answered 400",)]


def test_a_retry_of_a_replaced_message_is_superseded_instead(outbox: Outbox) -> None:
    outbox.record(told(FIRST), NETWORK, rendered)
    claimed = keys(outbox)
    outbox.record(told(SECOND), NETWORK, rendered)
    outbox.settle(again(claimed, NOW), NOW)
    assert states(outbox) == {"superseded": 3, "pending": 3}


def test_what_was_being_sent_when_the_process_ended_is_sent_again_with_its_key(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    outbox.record(told(FIRST, posts=(GRID_MEMBER,)), NETWORK, rendered)
    in_flight = keys(outbox, limit=3)
    outbox.crash()
    with closing(Outbox(tmp_path)) as outbox:
        assert outbox.recover() == 1
        assert keys(outbox)[:3] == in_flight


def test_recovery_does_not_resend_what_a_newer_message_replaced(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    outbox.record(told(FIRST), NETWORK, rendered)
    keys(outbox)
    outbox.record(told(SECOND), NETWORK, rendered)
    outbox.crash()
    with closing(Outbox(tmp_path)) as outbox:
        outbox.recover()
        assert {split_key(key)[0] for key in keys(outbox)} == {OF_SECOND.identifier}


def test_recovery_leaves_sent_rows_alone(outbox: Outbox) -> None:
    outbox.record(told(FIRST), NETWORK, rendered)
    outbox.settle(sent(keys(outbox)), NOW)
    assert outbox.recover() == 0


def test_a_receipt_makes_a_row_delivered_once(outbox: Outbox) -> None:
    outbox.record(told(FIRST), NETWORK, rendered)
    claimed = keys(outbox)
    outbox.settle(sent(claimed), NOW)
    assert [outbox.mark_delivered(claimed[0], NOW + n) for n in range(2)] == [True, True]
    assert states(outbox) == {"delivered": 1, "sent": 2}


def test_sent_does_not_lower_delivered(outbox: Outbox) -> None:
    outbox.record(told(FIRST), NETWORK, rendered)
    (key,) = keys(outbox, limit=1)
    outbox.mark_delivered(key, NOW)
    outbox.settle(sent([key]), NOW + 1)
    outbox.settle(again([key], NOW), NOW)
    assert states(outbox) == {"delivered": 1, "pending": 2}


def test_a_receipt_for_an_unknown_key_is_not_believed(outbox: Outbox) -> None:
    assert not outbox.mark_delivered("m.1|H1|sms", NOW)


def test_a_receipt_that_is_no_key_is_refused(outbox: Outbox) -> None:
    with pytest.raises(ValueError, match="not a notification key"):
        outbox.mark_delivered("nonsense", NOW)


def test_an_answer_before_sending_is_kept_and_claiming_does_not_overwrite_it(outbox: Outbox) -> None:
    outbox.record(told(FIRST), NETWORK, rendered)
    assert outbox.answer(OF_FIRST.identifier, "V1-H0", Answer.SAFE, SENT_S)
    outbox.settle(sent(keys(outbox)), NOW)
    assert outbox.doors.tally(OF_FIRST.identifier) == Tally(addressed=3, sent=3, answered=1)
    assert page_of(outbox, OF_FIRST).last_answer is Answer.SAFE


@pytest.mark.parametrize("later", [Answer.ACKNOWLEDGED, Answer.MOVING, Answer.SAFE])
def test_a_call_for_help_stays_whatever_is_answered_later(outbox: Outbox, later: Answer) -> None:
    outbox.record(told(FIRST), NETWORK, rendered)
    outbox.answer(OF_FIRST.identifier, "V1-H0", Answer.NEED_HELP, SENT_S)
    outbox.answer(OF_FIRST.identifier, "V1-H0", later, SENT_S + 1)
    assert page_of(outbox, OF_FIRST).last_answer is Answer.NEED_HELP


def page_of(outbox: Outbox, message: Bulletin, door: str = "V1-H0") -> Addressed:
    """What the answer link of a door shows."""
    number = outbox.number_of(f"{message.identifier}|{door}|sms")
    assert number is not None
    addressed = outbox.addressed(number, lambda *given: given == (message.identifier, door))
    assert addressed is not None
    return addressed


def test_who_is_safe_is_not_moving_in_any_order_of_arrival(outbox: Outbox) -> None:
    outbox.record(told(FIRST), NETWORK, rendered)
    outbox.answer(OF_FIRST.identifier, "V1-H0", Answer.SAFE, SENT_S + 5)
    outbox.answer(OF_FIRST.identifier, "V1-H0", Answer.MOVING, SENT_S + 1)
    assert page_of(outbox, OF_FIRST).last_answer is Answer.SAFE


def test_replayed_answers_change_nothing(outbox: Outbox) -> None:
    outbox.record(told(FIRST), NETWORK, rendered)
    answers = [
        RecipientAnswer(OF_FIRST.identifier, "V1-H0", Answer.MOVING, SENT_S + 1),
        RecipientAnswer(OF_FIRST.identifier, "V1-H0", Answer.SAFE, SENT_S + 2),
    ]
    outbox.answer_many(answers)
    once = outbox.doors.tally(OF_FIRST.identifier)
    assert once.answered == 1
    assert outbox.answer_many(answers) == 2
    assert outbox.doors.tally(OF_FIRST.identifier) == once


def test_an_answer_of_nobody_who_was_told_is_not_counted(outbox: Outbox) -> None:
    outbox.record(told(FIRST), NETWORK, rendered)
    assert not outbox.answer(OF_FIRST.identifier, "stranger", Answer.SAFE, SENT_S)
    assert not outbox.answer("no.such.message", "V1-H0", Answer.SAFE, SENT_S)


def test_a_village_topic_is_no_recipient_that_could_answer(outbox: Outbox) -> None:
    outbox.record(told(FIRST), NETWORK, rendered)
    assert not outbox.answer(OF_FIRST.identifier, "V1", Answer.SAFE, SENT_S)


def test_a_recipient_counts_once_over_all_messages_of_a_warning(outbox: Outbox) -> None:
    outbox.record(told(FIRST), NETWORK, rendered)
    outbox.settle(sent(keys(outbox)), NOW)
    outbox.record(told(SECOND), NETWORK, rendered)
    outbox.answer(OF_SECOND.identifier, "V1-H1", Answer.NEED_HELP, SENT_S)
    assert outbox.reach() == {RecipientKind.HOUSEHOLD: Reach(addressed=3, reached=3, answered=1)}


def test_reach_counts_each_household_once_whatever_it_was_told(outbox: Outbox) -> None:
    outbox.record(told(FIRST), NETWORK, rendered)
    outbox.settle(sent(keys(outbox, limit=2)), NOW)
    outbox.record(told(SECOND), NETWORK, rendered)
    outbox.answer(OF_SECOND.identifier, "V1-H1", Answer.SAFE, SENT_S)
    assert outbox.reach() == {RecipientKind.HOUSEHOLD: Reach(addressed=3, reached=2, answered=1)}


def test_open_rows_are_those_not_settled(outbox: Outbox) -> None:
    outbox.record(told(FIRST), NETWORK, rendered)
    first, second = keys(outbox, limit=2)
    outbox.settle(sent([first]), NOW)
    outbox.settle(again([second], NOW + 60), NOW)
    keys(outbox, limit=1)
    assert outbox.open_count("sms") == 2


def test_a_full_disk_records_no_row_of_the_step_and_is_retryable(outbox: Outbox) -> None:
    many = digests(*range(1, 2_000))
    fill_disk(outbox._database.connection)
    with pytest.raises(StoreError, match="the disk is full") as caught:
        outbox.record(many, NETWORK, rendered)
    outbox._database.connection.execute("PRAGMA max_page_count = 1000000")
    assert caught.value.retryable
    assert outbox.counts() == {}
    assert outbox.record(many, NETWORK, rendered) == 1_999


def test_while_the_log_refuses_an_outcome_its_door_is_in_hand_and_it_is_kept_once(outbox: Outbox) -> None:
    outbox.record(told(FIRST), network((1, 0)), rendered)
    (key,) = keys(outbox)
    outbox.is_full = True
    with pytest.raises(StoreError, match="the disk is full"):
        outbox.settle(sent([key]), NOW)
    assert keys(outbox) == []
    outbox.is_full = False
    outbox.settle(sent([key]), NOW)
    outbox.settle(sent([key]), NOW)
    assert states(outbox) == {"sent": 1}
    assert [kind for _, kind, _ in outbox.journal.since(0)].count("outcome") == 1


def test_a_rendering_that_fails_records_nothing(outbox: Outbox) -> None:
    def broken(one: WarningMessage | Bulletin | Digest) -> NoReturn:
        raise KeyError(one.identifier)

    with pytest.raises(KeyError):
        outbox.record(told(FIRST), NETWORK, broken)
    assert outbox.counts() == {}


def test_rows_of_ended_warnings_are_pruned_and_their_numbers_not_used_again(outbox: Outbox) -> None:
    outbox.record(told(FIRST), NETWORK, rendered)
    for channel in ("sms", VILLAGE_TOPIC_CHANNEL):
        outbox.settle(sent(keys(outbox, channel)), NOW)
    old = outbox.number_of(f"{OF_FIRST.identifier}|V1|{VILLAGE_TOPIC_CHANNEL}")
    assert outbox.prune(FIRST.sent_s + 1) == 2
    outbox.record(told(warning_message(village=1)), NETWORK, rendered)
    new = outbox.number_of(f"{bulletin(village=1).identifier}|V2|{VILLAGE_TOPIC_CHANNEL}")
    assert old is not None
    assert new is not None
    assert new > old


def test_warnings_with_something_left_to_send_or_a_newer_message_are_not_pruned(outbox: Outbox) -> None:
    outbox.record(told(FIRST), NETWORK, rendered)
    assert outbox.prune(FIRST.sent_s + 1) == 0
    later = replace(SECOND, sent_s=FIRST.sent_s + 100)
    outbox.record(told(later), NETWORK, rendered)
    for channel in ("sms", VILLAGE_TOPIC_CHANNEL):
        outbox.settle(sent(keys(outbox, channel)), NOW)
    assert outbox.prune(FIRST.sent_s + 50) == 2  # the bulletins: each goes by itself
    assert [outbox.prune(FIRST.sent_s + 50), len(list(outbox.records()))] == [0, 2]


def test_a_newer_bulletin_replaces_those_that_wait_also_of_an_earlier_episode(outbox: Outbox) -> None:
    outbox.record(Effects(bulletins=[OF_FIRST]), NETWORK, rendered)
    outbox.settle(sent(keys(outbox, limit=1)), NOW)
    later = replace(OF_FIRST, identifier="ws.V1.20231115T001000Z.1", opened_s=SENT_S + 7_000)
    outbox.record(Effects(bulletins=[later]), NETWORK, rendered)
    assert states(outbox) == {"sent": 1, "superseded": 2, "pending": 3}
    assert {split_key(key)[0] for key in keys(outbox)} == {later.identifier}


def test_an_end_where_something_stands_again_waits_until_it_is_true(outbox: Outbox) -> None:
    outbox.record(Effects(bulletins=[OF_FIRST]), NETWORK, rendered)
    for channel in ("sms", VILLAGE_TOPIC_CHANNEL):
        outbox.settle(sent(keys(outbox, channel)), NOW)
    end = bulletin(n=3, level=Level.NONE, action=Action.CLEAR, cause=BulletinCause.ENDED)
    outbox.record(Effects(bulletins=[end]), NETWORK, rendered)
    outbox.forbid_ends(frozenset({("V1", "Actual")}))
    assert keys(outbox) == keys(outbox, VILLAGE_TOPIC_CHANNEL) == []
    assert outbox.next_due("sms") is None, "it is looked for again now and then"
    assert outbox.next_due(VILLAGE_TOPIC_CHANNEL) == NOW + UNTRUE_WAIT_S
    outbox.forbid_ends(frozenset({("V1", "Exercise"), ("V2", "Actual")}))
    assert keys(outbox, VILLAGE_TOPIC_CHANNEL, now=NOW + UNTRUE_WAIT_S - 1) == []
    assert len(keys(outbox, VILLAGE_TOPIC_CHANNEL, now=NOW + UNTRUE_WAIT_S)) == 1
    claimed = outbox.claim("sms", 100, NOW)
    assert [(row.recipient, row.attempt) for row in claimed] == [("V1-H0", 1), ("V1-H1", 1), ("V1-H2", 1)]


def test_an_end_that_waits_is_replaced_by_what_begins_again(outbox: Outbox) -> None:
    outbox.record(Effects(bulletins=[OF_FIRST]), NETWORK, rendered)
    outbox.settle(sent(keys(outbox)), NOW)
    end = bulletin(n=3, level=Level.NONE, action=Action.CLEAR, cause=BulletinCause.ENDED)
    outbox.record(Effects(bulletins=[end]), NETWORK, rendered)
    outbox.forbid_ends(frozenset({("V1", "Actual")}))
    assert keys(outbox) == []
    again = replace(OF_FIRST, identifier="ws.V1.20231115T001000Z.1", opened_s=SENT_S + 7_000)
    outbox.record(Effects(bulletins=[again]), NETWORK, rendered)
    outbox.forbid_ends(frozenset())
    assert {split_key(key)[0] for key in keys(outbox, now=NOW + 100)} == {again.identifier}


def test_a_reminder_is_for_doors_that_neither_move_nor_are_safe(outbox: Outbox) -> None:
    outbox.record(Effects(bulletins=[OF_FIRST]), network((4, 0)), rendered)
    outbox.settle(sent(keys(outbox)), NOW)
    for door, said in enumerate((Answer.MOVING, Answer.SAFE, Answer.NEED_HELP)):
        outbox.answer(OF_FIRST.identifier, f"V1-H{door}", said, SENT_S)
    reminder = bulletin(n=2, cause=BulletinCause.REMINDER)
    outbox.record(Effects(bulletins=[reminder]), network((4, 0)), rendered)
    reminded = outbox.claim("sms", 100, NOW)
    assert [row.recipient for row in reminded] == ["V1-H2", "V1-H3"]
    outbox.settle(sent(row.key for row in reminded), NOW)
    next_episode = replace(reminder, identifier="ws.V1.20231115T001000Z.2", opened_s=SENT_S + 7_000, n=2)
    outbox.record(Effects(bulletins=[next_episode]), network((4, 0)), rendered)
    assert len(keys(outbox)) == 4


def test_messages_and_bulletins_are_exported_apart(outbox: Outbox) -> None:
    outbox.record(told(FIRST, posts=(GRID_MEMBER,)), NETWORK, rendered)
    assert len(list(outbox.records())) == 1
    ((record, n_doors),) = outbox.bulletins()
    assert (msgspec.json.decode(record)["n"], n_doors) == (1, 3)


def test_an_answer_page_shows_the_newest_bulletin_whatever_link_was_opened(outbox: Outbox) -> None:
    outbox.record(told(FIRST), NETWORK, rendered)
    outbox.record(told(SECOND), NETWORK, rendered)
    addressed = page_of(outbox, OF_FIRST)
    assert addressed.message.identifier == OF_FIRST.identifier
    assert addressed.current.identifier == OF_SECOND.identifier
    number = outbox.number_of(f"{OF_FIRST.identifier}|V1-H0|sms")
    assert number is not None
    assert outbox.addressed(number, lambda *_: False) is None


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "outbox.sqlite3").write_bytes(b"x" * 5_000)
    with pytest.raises(StoreError, match=r"outbox\.sqlite3: the file is not a database"):
        Outbox(tmp_path)


def state_of(directory: Path, key: str) -> State:
    message, recipient, channel = split_key(key)
    with closing(sqlite3.connect(directory / "outbox.sqlite3")) as connection:
        (state,) = connection.execute(
            "SELECT state FROM notifications JOIN messages ON messages.number = message"
            " WHERE identifier = ? AND recipient = ? AND channel = ?",
            (message, recipient, channel),
        ).fetchone()
    return State(state)


@pytest.mark.parametrize(("state", "signal"), list(product(State, Signal)))
def test_the_outbox_stores_what_the_state_table_says(tmp_path: Path, state: State, signal: Signal) -> None:
    with closing(Outbox(tmp_path)) as outbox:
        outbox.record(digests(1), NETWORK, rendered)
        key = f"{digest(GRID_MEMBER).identifier}|grid-1|sms"
        with outbox._database.transaction() as connection:
            connection.execute("UPDATE notifications SET state = ?, attempts = 1", (int(state),))
        match signal:
            case Signal.CLAIMED:
                outbox.claim("sms", 10, NOW)
            case Signal.RECOVERED:
                outbox.recover()
            case Signal.ORPHANED:
                outbox.retire_channels([])
            case Signal.RECEIPT:
                outbox.mark_delivered(key, NOW)
            case Signal.REPLACED:
                outbox.record(digests(2), NETWORK, rendered)
            case _:
                outbox.settle({key: Settlement(signal, NOW)}, NOW)
        assert state_of(tmp_path, key) is after(state, signal)


def test_within_a_level_the_never_tried_go_before_what_is_due_again(outbox: Outbox) -> None:
    outbox.record(told(FIRST), NETWORK, rendered)
    first = keys(outbox, limit=2)
    outbox.settle(again(first, NOW), NOW)
    assert keys(outbox, now=NOW + 1)[1:] == first


def test_a_worse_level_that_is_due_again_goes_before_a_lower_one_never_tried(outbox: Outbox) -> None:
    outbox.record(told(warning_message(level=Level.RED)), network((1, 0)), rendered)
    (red,) = keys(outbox)
    outbox.settle(again([red], NOW), NOW)
    outbox.record(told(warning_message(village=1, level=Level.BLUE)), NETWORK, rendered)
    assert keys(outbox, now=NOW + 1)[0] == red


def test_those_whom_nobody_reaches_do_not_keep_others_from_their_first_attempt(outbox: Outbox) -> None:
    outbox.record(told(warning_message(level=Level.RED)), network((50, 0)), rendered)
    outbox.settle(again(keys(outbox), NOW), NOW)
    outbox.record(told(warning_message(village=1, level=Level.BLUE)), network((0, 50)), rendered)
    taken = outbox.claim("sms", 20, NOW + 1)
    assert [row.attempt for row in taken].count(1) == 10


def test_what_could_not_be_tried_comes_back_in_its_place_and_with_all_its_attempts(outbox: Outbox) -> None:
    outbox.record(told(FIRST), NETWORK, rendered)
    order = keys(outbox)
    outbox.settle(dict.fromkeys(order, Settlement(Signal.RETURNED)), NOW)
    again_claimed = outbox.claim("sms", 100, NOW)
    assert [row.key for row in again_claimed] == order
    assert {row.attempt for row in again_claimed} == {1}


def test_what_has_expired_is_not_open_any_more(outbox: Outbox) -> None:
    outbox.record(told(FIRST), network((2, 0)), rendered)
    outbox.settle(dict.fromkeys(keys(outbox), EXPIRED_UNSENT), NOW)
    assert (states(outbox), outbox.open_count("sms")) == ({"expired": 2}, 0)


def test_a_receipt_proves_that_it_was_sent(outbox: Outbox) -> None:
    outbox.record(told(FIRST), network((1, 0)), rendered)
    outbox.mark_delivered(keys(outbox)[0], NOW)
    assert outbox.doors.tally(OF_FIRST.identifier) == Tally(addressed=1, sent=1, delivered=1)


def test_an_outbox_of_the_version_before_is_taken_over(tmp_path: Path) -> None:
    """It had another index for what waits; what waited is sent."""
    with closing(Outbox(tmp_path)) as outbox:
        outbox.record(digests(1), NETWORK, rendered)
        outbox.settle(again(keys(outbox), NOW + 5), NOW)
    with closing(sqlite3.connect(tmp_path / "outbox.sqlite3")) as connection:
        connection.executescript(
            "DROP INDEX again; CREATE INDEX waiting ON notifications (channel, due_at)"
            " WHERE state = 0 AND due_at > 0;"
        )
    with closing(Outbox(tmp_path)) as outbox:
        assert outbox.next_due("sms") == NOW + 5
        assert len(keys(outbox, now=NOW + 5)) == 1


def test_a_retry_that_a_wrong_clock_put_off_is_due_after_a_restart(tmp_path: Path) -> None:
    of_two = network((2, 0))
    with closing(Outbox(tmp_path, network=of_two)) as outbox:
        outbox.record(told(FIRST), of_two, rendered)
        outbox.settle(again(keys(outbox), NOW + 86_400), NOW + 86_390)
    with closing(Outbox(tmp_path, network=of_two)) as outbox:
        assert outbox.recover() == 0
        assert [row.attempt for row in outbox.claim("sms", 10, NOW)] == [2, 2]
