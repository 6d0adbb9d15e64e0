"""One-time sign-ins: a link that whoever stands at the machine is given, good once and for a short time.

They stand in ``console.sqlite3`` as SHA-256 of 256 random bits. Only commands on the machine make them.
"""

from collections.abc import Callable

from warnstream.adapters.sqlite import Database
from warnstream.console.proof.secret_words import hashed, secret_word
from warnstream.model.times import HOUR_S

SCHEMA = """
CREATE TABLE IF NOT EXISTS once (hash BLOB PRIMARY KEY, person TEXT NOT NULL, until_s INTEGER NOT NULL);
"""
GOOD_S = HOUR_S


class OneTimes:
    """The one-time sign-ins of one console.

    Parameters
    ----------
    database : Database
    clock : callable
        Seconds since 1970 UTC.
    """

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database, self._clock = database, clock

    def give(self, person: str) -> str:
        """A new one for a person; one that they had is void."""
        token, now_s = secret_word(), int(self._clock())
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM once WHERE person = ? OR until_s <= ?", (person, now_s))
            connection.execute("INSERT INTO once VALUES (?, ?, ?)", (hashed(token), person, now_s + GOOD_S))
        return token

    def take(self, token: str) -> str | None:
        """Whose it is, and it is void from now on; None if it is none any more."""
        with self._database.transaction() as connection:
            row = connection.execute(
                "DELETE FROM once WHERE hash = ? RETURNING person, until_s", (hashed(token),)
            ).fetchone()
        return None if row is None or int(row[1]) <= self._clock() else str(row[0])
