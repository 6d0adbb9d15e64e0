"""One-time sign-ins: good once, for a short time, for whoever was meant."""

from pathlib import Path

import pytest
from argon2 import PasswordHasher

from tests.unit.console.test_app import HERE, Console, console  # noqa: F401
from warnstream.console.accounts import Accounts
from warnstream.console.proof.once import GOOD_S

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def test_a_link_signs_in_once(console: Console) -> None:  # noqa: F811
    token = console.accounts.once.give("chief")
    client = console.client()
    assert client.post("/api/v1/session", json={"once": token}, headers=HERE).json()["person"] == "chief"
    assert client.get("/api/v1/state").status_code == 200
    again = console.client().post("/api/v1/session", json={"once": token}, headers=HERE)
    assert again.status_code == 403


@pytest.mark.parametrize("token", ["", "x", "' OR 1=1 --", "a" * 200])
def test_nothing_else_is_a_link(console: Console, token: str) -> None:  # noqa: F811
    console.accounts.once.give("chief")
    answer = console.client().post("/api/v1/session", json={"once": token}, headers=HERE)
    assert answer.status_code == (403 if token else 400)


def test_links_are_guessed_no_longer_than_passwords(console: Console) -> None:  # noqa: F811
    client = console.client()
    answers = [
        client.post("/api/v1/session", json={"once": f"x{at}"}, headers=HERE).status_code for at in range(7)
    ]
    assert answers == [403] * 5 + [429] * 2


def test_a_link_of_another_page_or_of_nobody_is_none(console: Console) -> None:  # noqa: F811
    token = console.accounts.once.give("gone")
    assert console.client().post("/api/v1/session", json={"once": token}, headers=HERE).status_code == 403
    token = console.accounts.once.give("chief")
    other = {"Origin": "https://evil"}
    assert console.client().post("/api/v1/session", json={"once": token}, headers=other).status_code == 403
    assert console.accounts.once.take(token) == "chief", (
        "what was refused before it was looked at is still good"
    )


def test_a_link_is_over_after_an_hour_and_the_newest_counts(tmp_path: Path) -> None:
    now = [1_000_000.0]
    accounts = Accounts(tmp_path, clock=lambda: now[0], hasher=QUICK)
    first, second = accounts.once.give("chief"), accounts.once.give("chief")
    assert accounts.once.take(first) is None
    now[0] += GOOD_S
    assert accounts.once.take(second) is None
    late = accounts.once.give("chief")
    now[0] += GOOD_S - 1
    assert accounts.once.take(late) == "chief"
    accounts.close()
