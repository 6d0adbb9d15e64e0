"""The data of an earlier version, whose doors are rows of the outbox: taken over once, nobody told twice."""

import logging
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.doors import LoggedOutbox
from tests.unit.adapters.county import bulletin, network, rendered, sent, warning_message
from warnstream.adapters.outbox.outbox import Outbox
from warnstream.adapters.outbox.types import RANK_OF_ANSWER, RANK_OF_KIND, Reach
from warnstream.delivery.dispatch.notification import State
from warnstream.model.bulletins import Action, Bulletin, BulletinCause
from warnstream.model.effects import VILLAGE_TOPIC_CHANNEL, Answer, Effects, RecipientKind
from warnstream.model.level import Level
from warnstream.model.warning import WarningMessage

NOW = 1_000.0
NETWORK = network((4, 2))
FIRST, SECOND = bulletin(), bulletin(n=2)
END = bulletin(n=3, level=Level.NONE, action=Action.CLEAR, cause=BulletinCause.ENDED)


def old_directory(
    directory: Path,
    told: Mapping[Bulletin | WarningMessage, Mapping[str, State]],
    answers: Mapping[str, Answer] | None = None,
) -> dict[str, int]:
    """An outbox as an earlier version left it; numbers of rows by door, of the last bulletin of each."""
    numbers = {}
    with closing(Outbox(directory)) as outbox:
        for bulletin, doors in told.items():
            effects = (
                Effects(bulletins=[bulletin])
                if isinstance(bulletin, Bulletin)
                else Effects(messages=[bulletin])
            )
            outbox.record(effects, NETWORK, rendered)
            outbox.settle(sent(row.key for row in outbox.claim(VILLAGE_TOPIC_CHANNEL, 9, NOW)), NOW)
            with outbox._database.transaction() as connection:
                for door, state in doors.items():
                    answer = RANK_OF_ANSWER[answers[door]] if answers and door in answers else 0
                    numbers[door] = int(
                        connection.execute(
                            "INSERT INTO notifications (message, recipient, channel, kind, address, level,"
                            " answer_by_s, state, attempts, answer, last_answer)"
                            " SELECT number, ?, 'sms', ?, ?, level, 0, ?, ?, ?, ? FROM messages"
                            " WHERE identifier = ? RETURNING number",
                            (
                                door,
                                RANK_OF_KIND[RecipientKind.HOUSEHOLD],
                                f"old {door}",
                                int(state),
                                int(state not in (State.PENDING, State.SUPERSEDED)),
                                answer,
                                answer,
                                bulletin.identifier,
                            ),
                        ).fetchone()[0]
                    )
    return numbers


def doors_in_rows(directory: Path) -> int:
    with closing(sqlite3.connect(directory / "outbox.sqlite3")) as connection:
        return int(connection.execute("SELECT count(*) FROM notifications WHERE kind = 2").fetchone()[0])


def claimed(outbox: LoggedOutbox) -> dict[str, int]:
    return {row.recipient: row.attempt for row in outbox.claim("sms", 100, NOW)}


def test_who_waits_goes_on_waiting_and_who_was_told_is_not_told_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    states = (State.SENT, State.PENDING, State.SENDING, State.FAILED)
    old_directory(tmp_path, {FIRST: {f"V1-H{n}": state for n, state in enumerate(states)}})
    with caplog.at_level(logging.WARNING), closing(LoggedOutbox(tmp_path, network=NETWORK)) as outbox:
        assert claimed(outbox) == {"V1-H1": 1, "V1-H2": 2}
        assert doors_in_rows(tmp_path) == 0
        assert outbox.doors.tally(FIRST.identifier).sent == 1
        assert outbox.reach() == {RecipientKind.HOUSEHOLD: Reach(addressed=4, reached=1, answered=0)}
    assert "doors of an earlier version are taken over into the ledger" in caplog.text


def test_the_end_is_for_those_whose_rows_may_have_arrived(tmp_path: Path) -> None:
    first = dict(
        zip(
            ("V1-H0", "V1-H1", "V1-H2", "V1-H3"),
            (State.SENT, State.SUPERSEDED, State.FAILED, State.EXPIRED),
            strict=True,
        )
    )
    end = dict.fromkeys(first, State.SUPERSEDED) | {"V1-H0": State.PENDING}
    old_directory(tmp_path, {FIRST: first, END: end})
    with closing(LoggedOutbox(tmp_path, network=NETWORK)) as outbox:
        assert set(claimed(outbox)) == {"V1-H0", "V1-H2"}


def test_a_door_that_has_left_the_register_hears_the_end_at_the_address_of_its_row(
    tmp_path: Path,
) -> None:
    old_directory(tmp_path, {FIRST: {"V1-H0": State.SENT, "V1-gone": State.SENT}})
    with closing(LoggedOutbox(tmp_path, network=NETWORK)) as outbox:
        outbox.record(Effects(bulletins=[SECOND]), NETWORK, rendered)
        batch = claimed(outbox)
        assert "V1-gone" not in batch
        outbox.settle(sent(f"{SECOND.identifier}|{door}|sms" for door in batch), NOW)
        outbox.record(Effects(bulletins=[END]), NETWORK, rendered)
        addresses = {row.recipient: row.address for row in outbox.claim("sms", 100, NOW)}
    assert addresses["V1-gone"] == "old V1-gone"
    assert addresses["V1-H0"] == "13800000", "the register knows a newer one"


def test_answers_are_taken_over(tmp_path: Path) -> None:
    doors = ("V1-H0", "V1-H1", "V1-H2", "V1-H3")
    answers = {"V1-H0": Answer.MOVING, "V1-H1": Answer.NEED_HELP}
    old_directory(tmp_path, {FIRST: dict.fromkeys(doors, State.SENT)}, answers)
    with closing(LoggedOutbox(tmp_path, network=NETWORK)) as outbox:
        reminder = bulletin(n=2, cause=BulletinCause.REMINDER)
        outbox.record(Effects(bulletins=[reminder]), NETWORK, rendered)
        assert set(claimed(outbox)) == {"V1-H1", "V1-H2", "V1-H3"}
        assert outbox.doors.tally(FIRST.identifier).answered == 2


def test_a_link_in_an_old_text_opens_its_page_and_nobody_else_s(tmp_path: Path) -> None:
    numbers = old_directory(tmp_path, {FIRST: {"V1-H0": State.SENT, "V1-H1": State.SENT}})
    with closing(LoggedOutbox(tmp_path, network=NETWORK)) as outbox:
        outbox.record(Effects(bulletins=[SECOND]), NETWORK, rendered)
        own = (FIRST.identifier, "V1-H1")
        page = outbox.addressed(numbers["V1-H1"], lambda *given: given == own)
        assert page is not None
        assert (page.message.identifier, page.recipient) == own
        assert page.current.identifier == SECOND.identifier
        assert outbox.addressed(numbers["V1-H0"], lambda *given: given == own) is None


def test_it_is_done_once_also_where_a_crash_came_before_the_rows_were_gone(tmp_path: Path) -> None:
    told: dict[Bulletin | WarningMessage, dict[str, State]] = {
        FIRST: {"V1-H0": State.PENDING, "V1-H1": State.PENDING}
    }
    old_directory(tmp_path, told)
    outbox = LoggedOutbox(tmp_path, network=NETWORK)
    outbox.settle(sent(f"{FIRST.identifier}|{door}|sms" for door in claimed(outbox)), NOW)
    outbox.crash()
    old_directory(tmp_path, told)  # as if they were still there
    with closing(LoggedOutbox(tmp_path, network=NETWORK)) as outbox:
        assert claimed(outbox) == {}
        assert doors_in_rows(tmp_path) == 0


def test_a_message_of_before_there_were_bulletins_is_told_to_nobody_and_its_end_to_who_had_it(
    tmp_path: Path,
) -> None:
    message = warning_message()
    old_directory(tmp_path, {message: {"V1-H0": State.SENT, "V1-H1": State.PENDING}})
    with closing(LoggedOutbox(tmp_path, network=NETWORK)) as outbox:
        assert claimed(outbox) == {}
        (known,) = outbox.open_warnings(message.sent_s)
        assert known.is_households, "so the desk owes them an end"
        end = replace(END, opened_s=END.opened_s + 60, identifier="ws.V1.20231114T221420Z.3")
        outbox.record(Effects(bulletins=[end]), NETWORK, rendered)
        assert set(claimed(outbox)) == {"V1-H0"}
