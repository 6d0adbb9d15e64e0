"""Tokens of machines that read the console: scoped, expiring, kept as SHA-256 of 256 random bits.

A token reads what its person may read, as far as its scopes go. It acts on nothing, and none reads what is
personal of doors. Only commands on the machine make them.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from warnstream.adapters.sqlite import Database
from warnstream.console.proof.secret_words import hashed, secret_word
from warnstream.model.times import DAY_S

SCHEMA = """
CREATE TABLE IF NOT EXISTS machines (
    hash BLOB PRIMARY KEY, name TEXT NOT NULL UNIQUE, person TEXT NOT NULL, scopes TEXT NOT NULL,
    until_s INTEGER NOT NULL
);
"""
SCOPES: dict[str, tuple[str, ...]] = {
    "situation": ("/api/v1/state", "/api/v1/stream", "/api/v1/geo", "/api/v1/villages/"),
    "tables": ("/api/v1/sheets/", "/api/v1/export/", "/api/v1/acts", "/api/v1/review", "/api/v1/drills"),
    "transfers": ("/api/v1/transfers",),
}
"""What each scope reads, by the begin of the path."""

DAYS_MAX = 366
NAME_CHARACTERS_MAX = 40


class Machine(NamedTuple):
    """A token that was given."""

    name: str
    person: str
    scopes: tuple[str, ...]
    until_s: int

    def may_read(self, path: str) -> bool:
        """Whether its scopes reach there."""
        return any(path.startswith(SCOPES[scope]) for scope in self.scopes if scope in SCOPES)


class Machines:
    """The tokens of one console.

    Parameters
    ----------
    database : Database
    clock : callable
        Seconds since 1970 UTC.
    """

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database, self._clock = database, clock

    def give(self, name: str, person: str, scopes: Sequence[str], days: int) -> str:
        """A new token under a name; another one of that name is void. ValueError with what is wrong."""
        if not 1 <= len(name) <= NAME_CHARACTERS_MAX or not name.isprintable():
            raise ValueError(f"name: expected 1 to {NAME_CHARACTERS_MAX} printable characters")
        if unknown := [scope for scope in scopes if scope not in SCOPES]:
            raise ValueError(f"scope: expected {', '.join(SCOPES)}, got {unknown[0]!r}")
        if not scopes or not 1 <= days <= DAYS_MAX:
            raise ValueError(f"expected at least one scope, and 1 to {DAYS_MAX} days")
        token, until_s = secret_word(), int(self._clock()) + days * DAY_S
        kept = ",".join(dict.fromkeys(scopes))
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM machines WHERE name = ?", (name,))
            connection.execute(
                "INSERT INTO machines VALUES (?, ?, ?, ?, ?)", (hashed(token), name, person, kept, until_s)
            )
        return token

    def of(self, token: str) -> Machine | None:
        """What a token is; None if it is none, or over."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT name, person, scopes, until_s FROM machines WHERE hash = ?", (hashed(token),)
            ).fetchone()
        found = None if row is None else _machine(row)
        return found if found is not None and found.until_s > self._clock() else None

    def given(self) -> list[Machine]:
        """All tokens, also those that are over, by name."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT name, person, scopes, until_s FROM machines ORDER BY name")
            return [_machine(row) for row in rows]

    def take(self, name: str) -> bool:
        """The token of that name is void; whether there was one."""
        with self._database.transaction() as connection:
            return connection.execute("DELETE FROM machines WHERE name = ?", (name,)).rowcount > 0


def _machine(row: Sequence[object]) -> Machine:
    name, person, scopes, until_s = row
    return Machine(str(name), str(person), tuple(str(scopes).split(",")), int(str(until_s)))
