"""What a ledger leaves on disk, and what is found again under another register."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.unit.adapters.county import SENT_S, bulletin, network
from warnstream.adapters.ledger.book import Book
from warnstream.adapters.ledger.kept import FOLDER, LedgerFiles
from warnstream.adapters.ledger.links import digests_in, door_digest, is_of_door, link_number, village_digest
from warnstream.adapters.ledger.register import FormerDoor, Register
from warnstream.adapters.sending.answer_tokens import NUMBER_BYTES
from warnstream.delivery.ledger.states import Result
from warnstream.runners.intake.door_entries import (
    ClosedCall,
    decode_closed,
    decode_doubt,
    encode_closed,
    encode_doubt,
)

LARGE, SMALL = network((3, 2)), network((2, 2))


def told_book() -> Book:
    """V1 was told its first bulletin: its doors 0 and 2 have it, 1 waits."""
    book = Book(LARGE)
    book.put_down(bulletin())
    book.ledger.take(0, bulletin().sequence, np.array([0, 2]), Result.SENT, SENT_S)
    return book


def test_a_snapshot_of_a_log_that_counts_anew_takes_the_place_of_those_of_before(
    tmp_path: Path,
) -> None:
    files, kept = LedgerFiles(tmp_path), told_book().kept()
    for sequence in (100, 200, 300):
        files.save(sequence, Book(LARGE).kept())
    files.save(7, kept)
    found = LedgerFiles(tmp_path).newest()
    assert found == (7, kept)
    assert [path.name for path in (tmp_path / FOLDER).glob("snapshot-*")] == [f"snapshot-{7:020d}.wss"]


def test_a_damaged_snapshot_is_passed_over_and_that_is_known(tmp_path: Path) -> None:
    files, kept = LedgerFiles(tmp_path), told_book().kept()
    files.save(1, kept)
    files.save(2, Book(LARGE).kept())
    newest = max((tmp_path / FOLDER).glob("snapshot-*"))
    newest.write_bytes(newest.read_bytes()[:-1])
    again = LedgerFiles(tmp_path)
    assert again.newest() == (1, kept)
    assert again.was_damaged


def test_an_end_in_good_order_is_known_once(tmp_path: Path) -> None:
    assert not LedgerFiles(tmp_path).had_ended_well()
    LedgerFiles(tmp_path).end_well()
    files = LedgerFiles(tmp_path)
    assert [files.had_ended_well(), files.had_ended_well()] == [True, False]


def test_reading_beside_a_node_leaves_no_trace(tmp_path: Path) -> None:
    assert LedgerFiles(tmp_path, is_read_only=True).newest() is None
    assert list(tmp_path.iterdir()) == []


def test_doors_that_have_left_the_register_are_found_with_their_addresses(tmp_path: Path) -> None:
    LedgerFiles(tmp_path).save_register("a" * 64, LARGE)
    fingerprint, register = LedgerFiles(tmp_path).register()
    assert fingerprint == "a" * 64
    assert register is not None
    assert list(register.vanished(LARGE)) == []
    assert list(register.vanished(SMALL)) == [FormerDoor("V1", "V1-H2", "sms", "13800002")]


def test_who_has_left_and_was_told_is_remembered_and_nobody_else() -> None:
    book = told_book()
    assert [former.door for former in book.leaving(SMALL)] == ["V1-H2"]
    book.move_to(SMALL)
    row = book.register.row_of(0, "V1-H2")
    assert row == len(SMALL.households)
    assert book.register.address(row, "sms") == "13800002"
    assert book.ledger.told[row] == 1
    nobody = network((0, 2))
    book.move_to(nobody)
    assert {former.door for former in book.register.former} == {"V1-H0", "V1-H1", "V1-H2"}, "V1-H1 waits"


def test_a_kept_ledger_is_the_same_under_a_register_in_another_order() -> None:
    book = told_book()
    doors = LARGE.households
    order = [2, 0, 1, 4, 3]
    turned = replace(
        LARGE, households=replace(doors, code=tuple(doors.code[n] for n in order), address=doors.address)
    )
    other = Book(turned)
    other.take_up(turned, book.kept())
    told = {
        door: int(other.ledger.told[other.register.row_of(0, door) or 0]) for door in other.register.doors(0)
    }
    assert told == {"V1-H0": 1, "V1-H1": 0, "V1-H2": 1}
    assert other.name(0, bulletin().sequence) == bulletin().identifier


def test_a_register_of_too_many_channels_is_refused() -> None:
    wide = network((300, 0))
    channels = tuple(f"way-{n}" for n in range(300))
    with pytest.raises(ValueError, match="doors have 300 different ways"):
        Register(replace(wide, households=replace(wide.households, channel=channels)))


def test_the_number_of_a_link_fits_its_token_and_is_no_row_s() -> None:
    number = link_number("331124001005", "H1")
    assert number < 1 << 8 * NUMBER_BYTES
    assert is_of_door(number)
    assert not is_of_door((1 << 47) - 1)
    assert digests_in(number) == (village_digest("331124001005"), door_digest("H1"))


def test_entries_of_doors_are_read_as_they_were_written() -> None:
    call = ClosedCall("V1", "V1-H0", SENT_S)
    assert decode_closed(encode_closed(call)) == call
    assert decode_doubt(encode_doubt(SENT_S)) == SENT_S
    for decode in (decode_closed, decode_doubt):
        with pytest.raises(ValueError, match="not an entry of doors"):
            decode(b"\xc1")
