"""Second factors: codes as the standard has them, each once, and what a sign-in without them gets."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from tests.unit.console.county import frame
from tests.unit.console.test_app import HERE, PASSWORD, Console
from warnstream.console.access import FAILURES_MAX
from warnstream.console.accounts import Accounts
from warnstream.console.proof.factors import RECOVERIES
from warnstream.console.proof.totp import STEP_S, address_of, base32, code_of, step_of

SECRET = b"12345678901234567890"
NOW_S = 1_800_000_000.0


@pytest.mark.parametrize(
    ("at_s", "code"),
    [
        (59, "94287082"),
        (1_111_111_109, "07081804"),
        (1_111_111_111, "14050471"),
        (1_234_567_890, "89005924"),
        (2_000_000_000, "69279037"),
        (20_000_000_000, "65353130"),
    ],
)
def test_codes_are_those_of_rfc_6238_appendix_b(at_s: int, code: str) -> None:
    assert code_of(SECRET, at_s // STEP_S, digits=8) == code


@pytest.mark.parametrize(("late_s", "counts"), [(-31, False), (-1, True), (0, True), (59, True), (61, False)])
def test_a_device_may_be_half_a_minute_off(late_s: int, counts: bool) -> None:
    code = code_of(SECRET, int(NOW_S) // STEP_S)
    assert (step_of(SECRET, code, NOW_S + late_s) is not None) is counts


def test_an_authenticator_reads_who_and_where() -> None:
    address = address_of(SECRET, "li/4", "county A")
    assert address.startswith("otpauth://totp/warnstream%20county%20A:li%2F4?secret=GEZDGNBVGY3TQOJQ")
    assert base32(SECRET) == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


class Clock:
    def __init__(self) -> None:
        self.now_s = NOW_S

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(tmp_path: Path, clock: Clock) -> Iterator[Accounts]:
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    opened = Accounts(tmp_path, clock=clock, hasher=hasher)
    opened.set_password("li", PASSWORD)
    yield opened
    opened.close()


def now_of(secret: bytes, clock: Clock) -> str:
    return code_of(secret, int(clock()) // STEP_S)


def test_a_code_counts_once(accounts: Accounts, clock: Clock) -> None:
    secret, _ = accounts.factors.enrol("li")
    code = now_of(secret, clock)
    assert accounts.factors.proves("li", f"{code[:3]} {code[3:]}")
    assert not accounts.factors.proves("li", code), "who has looked over a shoulder is late"
    clock.now_s += STEP_S
    assert accounts.factors.proves("li", now_of(secret, clock))


def test_a_code_is_read_as_a_chinese_keyboard_types_it(accounts: Accounts, clock: Clock) -> None:
    secret, _ = accounts.factors.enrol("li")
    code = code_of(secret, int(clock.now_s) // STEP_S)
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in code)
    assert accounts.factors.proves("li", f"{wide[:3]}　{wide[3:]}")


def test_a_recovery_code_counts_once_and_is_the_persons_own(accounts: Accounts) -> None:
    accounts.set_password("zhao", PASSWORD)
    _, codes = accounts.factors.enrol("li")
    accounts.factors.enrol("zhao")
    assert len(set(codes)) == RECOVERIES
    assert not accounts.factors.proves("zhao", codes[0])
    assert accounts.factors.proves("li", codes[0].lower())
    assert not accounts.factors.proves("li", codes[0])
    assert accounts.factors.recoveries_left("li") == RECOVERIES - 1


@pytest.mark.parametrize("code", ["", "000000", "１２３４５６", "12345", "x" * 2_000, "' OR 1=1 --"])
def test_what_is_no_code_proves_nothing(accounts: Accounts, code: str) -> None:
    accounts.factors.enrol("li")
    assert not accounts.factors.proves("li", code)
    assert not accounts.factors.proves("nobody", code)


def test_another_factor_ends_the_old_one_and_its_sessions(accounts: Accounts, clock: Clock) -> None:
    first, codes = accounts.factors.enrol("li")
    token = accounts.begin("li")
    second, _ = accounts.factors.enrol("li")
    assert accounts.session(token) is None
    assert not accounts.factors.proves("li", now_of(first, clock))
    assert not accounts.factors.proves("li", codes[0])
    assert accounts.factors.proves("li", now_of(second, clock))
    assert accounts.factors.remove("li")
    assert not accounts.factors.has("li")


def test_a_removed_account_leaves_no_factor(accounts: Accounts) -> None:
    accounts.factors.enrol("li")
    accounts.remove("li")
    accounts.set_password("li", PASSWORD)
    assert not accounts.factors.has("li")


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    opened = Console(tmp_path)
    opened.hub._take(frame())
    yield opened
    opened.accounts.close()


def sign_in(console: Console, **said: str) -> Any:
    body = {"person": "chief", "password": PASSWORD} | said
    return console.client().post("/api/v1/session", json=body, headers=HERE)


def test_a_sign_in_with_a_factor_wants_its_code(console: Console) -> None:
    assert sign_in(console).status_code == 200
    _, codes = console.accounts.factors.enrol("chief")
    asked = sign_in(console)
    assert asked.status_code == 401
    assert "second factor" in asked.json()["problems"][0]
    assert "set-cookie" not in asked.headers
    assert sign_in(console, code="000000").status_code == 403
    assert sign_in(console, password="a wrong password", code=codes[0]).status_code == 403
    assert sign_in(console, code=codes[0]).status_code == 200
    assert sign_in(console, person="north").status_code == 200, "others sign in as before"


def test_guessing_codes_is_slowed_down_like_passwords(console: Console) -> None:
    _, codes = console.accounts.factors.enrol("chief")
    for number in range(FAILURES_MAX):
        assert sign_in(console, code=f"00000{number}").status_code == 403
    assert sign_in(console, code=codes[0]).status_code == 429
