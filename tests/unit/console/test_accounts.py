"""What proves a person, and for how long."""

import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from warnstream.console.access import FAILURES_MAX, REMEMBERED_MAX, WITHIN_S, Attempts
from warnstream.console.accounts import FILE, SESSION_S, Accounts
from warnstream.console.proof.devices import DEVICES_MAX, KNOWN_S

GOOD = "correct horse battery"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""The real parameters take a tenth of a second and 64 MiB each time."""


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(tmp_path: Path, clock: Clock) -> Iterator[Accounts]:
    opened = Accounts(tmp_path, clock, QUICK)
    yield opened
    opened.close()


def test_only_the_right_password_of_a_known_person_proves_anything(accounts: Accounts) -> None:
    accounts.set_password("zhang", GOOD)
    assert accounts.proves("zhang", GOOD)
    assert not accounts.proves("zhang", GOOD + " ")
    assert not accounts.proves("li", GOOD)


def test_hashes_are_argon2id_of_the_low_memory_profile_of_rfc_9106(tmp_path: Path) -> None:
    opened = Accounts(tmp_path)
    assert opened._nobody.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    opened.close()


def test_the_file_is_its_users_own_and_holds_neither_password_nor_token(
    accounts: Accounts, tmp_path: Path
) -> None:
    accounts.set_password("zhang", GOOD)
    token = accounts.begin("zhang")
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    with sqlite3.connect(tmp_path / FILE) as connection:
        kept = repr(
            [*connection.execute("SELECT * FROM people"), *connection.execute("SELECT * FROM sessions")]
        )
    connection.close()
    assert GOOD not in kept
    assert token not in kept


@pytest.mark.parametrize("password", ["", "short", "x" * 201])
def test_a_password_that_is_too_short_or_too_long_changes_nothing(accounts: Accounts, password: str) -> None:
    accounts.set_password("zhang", GOOD)
    with pytest.raises(ValueError, match="10 to 200 characters"):
        accounts.set_password("zhang", password)
    assert accounts.proves("zhang", GOOD)


def test_a_session_lasts_a_shift_and_not_a_second_longer(accounts: Accounts, clock: Clock) -> None:
    token = accounts.begin("zhang")
    begun_s = int(clock.now)
    assert accounts.session(token) == ("zhang", begun_s + SESSION_S)
    clock.now += SESSION_S - 1
    assert accounts.session(token) is not None
    clock.now += 1
    assert accounts.session(token) is None


def test_a_session_of_a_clock_that_was_set_back_is_over(accounts: Accounts, clock: Clock) -> None:
    token = accounts.begin("zhang")
    clock.now -= 10
    assert accounts.session(token) is None


def test_sessions_end_by_hand_with_another_password_and_with_the_account(accounts: Accounts) -> None:
    accounts.set_password("zhang", GOOD)
    tokens = [accounts.begin("zhang") for _ in range(3)]
    accounts.end(tokens[0])
    assert [accounts.session(token) is not None for token in tokens] == [False, True, True]
    accounts.set_password("zhang", GOOD + "2")
    assert accounts.session(tokens[1]) is None
    last = accounts.begin("zhang")
    assert accounts.remove("zhang")
    assert accounts.session(last) is None
    assert not accounts.remove("zhang")
    assert accounts.people() == []


def test_accounts_and_sessions_outlive_the_process(tmp_path: Path) -> None:
    first = Accounts(tmp_path, hasher=QUICK)
    first.set_password("zhang", GOOD)
    token = first.begin("zhang")
    first.close()
    second = Accounts(tmp_path, hasher=QUICK)
    assert second.session(token) is not None
    assert second.proves("zhang", GOOD)
    second.close()


def test_five_failures_close_the_door_for_a_quarter_of_an_hour() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for _ in range(FAILURES_MAX):
        assert attempts.wait_s("person a", "address 1") == 0
        attempts.began("person a", "address 1")
    assert attempts.wait_s("person a", "address 2") == WITHIN_S, "the person, from anywhere"
    assert attempts.wait_s("person b", "address 1") == WITHIN_S, "the address, whoever it tries"
    assert attempts.wait_s("person b", "address 2") == 0
    clock.now += WITHIN_S
    assert attempts.wait_s("person a", "address 1") == 0


def test_who_signs_in_has_not_failed() -> None:
    attempts = Attempts(Clock())
    for _ in range(3 * FAILURES_MAX):
        attempts.began("person a")
        attempts.succeeded("person a")
    assert attempts.wait_s("person a") == 0


def test_names_that_nobody_has_fill_no_memory() -> None:
    attempts = Attempts(Clock())
    for number in range(REMEMBERED_MAX + 10):
        attempts.began(f"person {number}")
    assert len(attempts._failed) == REMEMBERED_MAX


def test_browsers_are_known_for_a_time_and_a_person_has_some(accounts: Accounts, clock: Clock) -> None:
    tokens = []
    for _ in range(DEVICES_MAX + 1):
        clock.now += 1
        tokens.append(accounts.devices.know("zhang"))
    assert [accounts.devices.is_known("zhang", token) for token in tokens] == [False, *[True] * DEVICES_MAX]
    assert not accounts.devices.is_known("zhang", "")
    clock.now += KNOWN_S
    assert not any(accounts.devices.is_known("zhang", token) for token in tokens)
