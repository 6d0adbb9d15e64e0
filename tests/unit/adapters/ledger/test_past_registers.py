"""A log that was written under several registers is followed through them; who is in none is counted."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.doors import TOPICS, LoggedOutbox, fingerprint_of
from tests.unit.adapters.county import SENT_S, bulletin, network, rendered, sent
from warnstream.adapters.ledger.kept import LedgerFiles
from warnstream.delivery.ledger.states import Delivery
from warnstream.model.bulletins import Action, BulletinCause
from warnstream.model.effects import Effects
from warnstream.model.level import Level
from warnstream.model.network import Network
from warnstream.runners.history import doors as history

LARGE, SMALL = network((3, 2)), network((2, 2))
ADDED = "V1-H2"


def tell_all(outbox: LoggedOutbox) -> set[str]:
    claimed = outbox.claim("sms", 9, 1e12)
    outbox.settle(sent(row.key for row in claimed), SENT_S)
    return {row.recipient for row in claimed}


def end_of_all(outbox: LoggedOutbox, register: Network, n: int) -> None:
    end = bulletin(0, n, Level.NONE, action=Action.CLEAR, cause=BulletinCause.ENDED)
    outbox.record(Effects(bulletins=[end]), register, rendered)


def told_by_a_reload(folder: Path) -> None:
    """The small register, its snapshot, a reload that adds a door, which is told; and a kill."""
    outbox = LoggedOutbox(folder, network=SMALL)
    outbox.reload(LARGE)
    outbox.record(Effects(bulletins=[bulletin()]), LARGE, rendered)
    assert ADDED in tell_all(outbox)
    outbox.crash()


def test_a_door_that_a_reload_added_and_the_next_start_does_not_know_hears_the_end(tmp_path: Path) -> None:
    told_by_a_reload(tmp_path)
    again = LoggedOutbox(tmp_path, network=SMALL)
    assert not again.doors.registers.strangers
    end_of_all(again, SMALL, 2)
    assert ADDED in tell_all(again)
    again.close()


def test_the_snapshot_says_under_which_register_it_was_made(tmp_path: Path) -> None:
    told_by_a_reload(tmp_path)
    found = LedgerFiles(tmp_path).newest()
    assert found is not None
    assert found[1].fingerprint == fingerprint_of(SMALL)


def forget_no_snapshot(_folder: Path) -> None:
    """The ledger as it is."""


def lose_the_ledger(folder: Path) -> None:
    for path in (folder / "ledger").rglob("*.wss"):
        path.unlink()


@pytest.mark.parametrize("harm", [forget_no_snapshot, lose_the_ledger])
def test_who_is_in_no_register_that_is_left_is_counted_until_it_has_heard_the_end(
    tmp_path: Path, harm: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.doors.BUNDLES", {})
    told_by_a_reload(tmp_path)
    monkeypatch.setattr("tests.doors.BUNDLES", {})
    harm(tmp_path)
    again = LoggedOutbox(tmp_path, network=SMALL)
    assert again.doors.registers.strangers == {("V1", ADDED)}
    again.crash()


def test_who_has_heard_the_end_before_it_left_is_no_stranger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox = LoggedOutbox(tmp_path, network=SMALL)
    outbox.reload(LARGE)
    outbox.record(Effects(bulletins=[bulletin()]), LARGE, rendered)
    tell_all(outbox)
    end_of_all(outbox, LARGE, 2)
    assert ADDED in tell_all(outbox)
    outbox.crash()
    monkeypatch.setattr("tests.doors.BUNDLES", {})
    again = LoggedOutbox(tmp_path, network=SMALL)
    assert not again.doors.registers.strangers
    again.crash()


def test_a_door_is_known_by_what_it_was_told_under_each_register(tmp_path: Path) -> None:
    """Added, told, taken out and added again by reloads, all of them behind one snapshot."""
    outbox = LoggedOutbox(tmp_path, network=SMALL)
    for register in (LARGE, SMALL, LARGE):
        outbox.reload(register)
        outbox.record(Effects(bulletins=[bulletin()], to_newcomers=[bulletin()]), register, rendered)
        tell_all(outbox)
    outbox.crash()
    again = LoggedOutbox(tmp_path, network=LARGE)
    (row,) = [row for row in range(5) if again.doors.book.register.code(row) == ADDED]
    assert Delivery(int(again.doors.book.ledger.state[row]) & 0x07) is Delivery.SENT
    assert tell_all(again) == set()
    again.close()


def test_of_a_long_past_the_newest_changes_are_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "CHANGES_FOLLOWED_MAX", 2)
    outbox = LoggedOutbox(tmp_path, network=SMALL)
    for register in (LARGE, SMALL, LARGE, SMALL):
        outbox.reload(register)
    outbox.crash()
    asked: list[str] = []
    again = LoggedOutbox(tmp_path, network=LARGE)
    store = again.doors
    store.begin(LARGE, "present", lambda known, _villages: asked.append(known))
    history.follow_doors(store, again.journal.since(0), TOPICS)
    of_snapshot, *of_changes = asked
    assert of_snapshot == fingerprint_of(SMALL)
    assert of_changes == [fingerprint_of(LARGE), fingerprint_of(SMALL)], "two of four"
    again.crash()
