"""Second factors of persons: a secret for one-time codes, and recovery codes that count once each.

They stand in ``console.sqlite3`` beside the passwords. Recovery codes are kept as SHA-256 of 80 random
bits; the secret has to be kept as it is, or no code could be worked out.
"""

import base64
import secrets
import unicodedata
from collections.abc import Callable

from warnstream.adapters.sqlite import Database
from warnstream.console.proof.secret_words import hashed
from warnstream.console.proof.totp import step_of

SCHEMA = """
CREATE TABLE IF NOT EXISTS factors (person TEXT PRIMARY KEY, secret BLOB NOT NULL, step INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS recoveries (person TEXT NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (person, hash));
"""
SECRET_BYTES = 20
"""As RFC 4226 recommends."""

RECOVERIES = 8
RECOVERY_BYTES = 10


class Factors:
    """The second factors of one console.

    Parameters
    ----------
    database : Database
    clock : callable
        Seconds since 1970 UTC.
    """

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database, self._clock = database, clock

    def enrol(self, person: str) -> tuple[bytes, list[str]]:
        """Give a person a second factor, or another one; the secret and the recovery codes, this once.

        Sessions that were begun without it end.
        """
        secret = secrets.token_bytes(SECRET_BYTES)
        codes = [_worded(secrets.token_bytes(RECOVERY_BYTES)) for _ in range(RECOVERIES)]
        with self._database.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO factors VALUES (?, ?, -1)", (person, secret))
            connection.execute("DELETE FROM recoveries WHERE person = ?", (person,))
            rows = [(person, _hashed(code)) for code in codes]
            connection.execute("DELETE FROM sessions WHERE person = ?", (person,))
            connection.executemany("INSERT INTO recoveries VALUES (?, ?)", rows)
        return secret, codes

    def remove(self, person: str) -> bool:
        """Take a person's second factor; whether there was one."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM recoveries WHERE person = ?", (person,))
            return connection.execute("DELETE FROM factors WHERE person = ?", (person,)).rowcount > 0

    def has(self, person: str) -> bool:
        """Whether a person signs in with a second factor."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT 1 FROM factors WHERE person = ?", (person,)).fetchone()
        return row is not None

    def proves(self, person: str, code: str) -> bool:
        """Whether a code is that person's now; a code of either kind counts once."""
        said = unicodedata.normalize("NFKC", code).replace(" ", "").replace("-", "").upper()
        with self._database.transaction() as connection:
            row = connection.execute(
                "SELECT secret, step FROM factors WHERE person = ?", (person,)
            ).fetchone()
            if row is None or not said.isascii():
                return False
            step = step_of(bytes(row[0]), said, self._clock(), int(row[1]))
            if step is not None:
                connection.execute("UPDATE factors SET step = ? WHERE person = ?", (step, person))
                return True
            gone = "DELETE FROM recoveries WHERE person = ? AND hash = ?"
            return connection.execute(gone, (person, _hashed(said))).rowcount > 0

    def recoveries_left(self, person: str) -> int:
        """How many recovery codes a person still has."""
        with self._database.reading() as connection:
            found = connection.execute("SELECT COUNT(*) FROM recoveries WHERE person = ?", (person,))
            return int(found.fetchone()[0])


def _worded(content: bytes) -> str:
    """Sixteen characters in four groups."""
    text = base64.b32encode(content).decode("ascii")
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def _hashed(code: str) -> bytes:
    return hashed(code.replace("-", ""))
