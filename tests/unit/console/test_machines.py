"""Tokens of machines: what their scopes read, in their person's area, until they are over; they never act."""

from pathlib import Path

import pytest

from tests.unit.console.test_app import HERE, Console, console  # noqa: F401
from warnstream.console.accounts import Accounts
from warnstream.console.openapi import ANSWERS
from warnstream.console.proof.machines import SCOPES
from warnstream.model.times import DAY_S


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", **HERE}


def test_a_token_reads_what_its_scope_reaches_in_its_area(console: Console) -> None:  # noqa: F811
    token = console.accounts.machines.give("board", "north", ["situation"], 30)
    client = console.client()
    assert client.get("/api/v1/state", headers=bearer(token)).json()["levels"] == "43"
    assert client.get("/api/v1/villages/V3", headers=bearer(token)).status_code == 404
    for path in ("/api/v1/transfers", "/api/v1/sheets/acts", "/api/v1/doors?village=V0", "/api/v1/session"):
        assert client.get(path, headers=bearer(token)).status_code in (401, 403), path
    assert client.get("/api/v1/state", headers=bearer(token + "x")).status_code == 401


def test_no_token_acts_or_reads_what_is_personal(console: Console) -> None:  # noqa: F811
    token = console.accounts.machines.give("all", "chief", list(SCOPES), 30)
    client = console.client()
    said = {"kind": "end", "reason": "x"}
    assert client.post("/api/v1/acts", json=said, headers=bearer(token)).status_code == 403
    assert client.get("/api/v1/doors?village=V0", headers=bearer(token)).status_code == 403
    personal = {"/api/v1/doors", "/api/v1/session"}
    assert not [path for _, path in ANSWERS if path in personal and path.startswith(sum(SCOPES.values(), ()))]


def test_a_token_is_over_with_its_time_its_name_or_its_person(tmp_path: Path) -> None:
    now = [1_800_000_000.0]
    accounts = Accounts(tmp_path, lambda: now[0])
    machines = accounts.machines
    first = machines.give("board", "chief", ["situation"], 1)
    assert machines.of(first) is not None
    second = machines.give("board", "chief", ["situation"], 1)
    assert machines.of(first) is None, "another one of that name is the only one"
    now[0] += DAY_S + 1
    assert machines.of(second) is None
    third = machines.give("board", "chief", ["tables"], 366)
    assert [machine.name for machine in machines.given()] == ["board"]
    accounts.remove("chief")
    assert machines.of(third) is None
    accounts.close()
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert not [token for token in (first, second, third) if token.encode() in kept], "hashes alone are kept"


@pytest.mark.parametrize(
    ("name", "scopes", "days"),
    [("", ["tables"], 1), ("b", ["doors"], 1), ("b", [], 1), ("b", ["tables"], 367)],
)
def test_a_token_that_cannot_be_is_refused(tmp_path: Path, name: str, scopes: list[str], days: int) -> None:
    accounts = Accounts(tmp_path)
    with pytest.raises(ValueError, match="expected"):
        accounts.machines.give(name, "chief", scopes, days)
    accounts.close()
