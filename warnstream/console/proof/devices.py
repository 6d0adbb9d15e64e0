"""Browsers in which a person has signed in before: strangers who guess keep nobody out of those.

Failed sign-ins count by person and by address. Whoever knows a name could so keep an officer out all night; a
browser that has proven the password once has a count of its own. Kept as SHA-256 of 256 random bits, in
``console.sqlite3``, for `KNOWN_S` after the last sign-in; another password forgets them.
"""

from collections.abc import Callable

from warnstream.adapters.sqlite import Database
from warnstream.console.proof.secret_words import hashed, secret_word
from warnstream.model.times import DAY_S

SCHEMA = """
CREATE TABLE IF NOT EXISTS devices (
    token BLOB PRIMARY KEY, person TEXT NOT NULL, used_s INTEGER NOT NULL
);
"""
KNOWN_S = 90 * DAY_S
DEVICES_MAX = 10
"""Of one person; the one that was not used for the longest goes."""


class Devices:
    """The browsers that one console knows.

    Parameters
    ----------
    database : Database
    clock : callable
        Seconds since 1970 UTC.
    """

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database, self._clock = database, clock

    def know(self, person: str) -> str:
        """Know a browser in which a person has just signed in; returns its token."""
        token, now_s = secret_word(), int(self._clock())
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM devices WHERE used_s <= ?", (now_s - KNOWN_S,))
            connection.execute(
                "DELETE FROM devices WHERE person = ? AND token NOT IN "
                "(SELECT token FROM devices WHERE person = ? ORDER BY used_s DESC, rowid DESC LIMIT ?)",
                (person, person, DEVICES_MAX - 1),
            )
            connection.execute("INSERT INTO devices VALUES (?, ?, ?)", (hashed(token), person, now_s))
        return token

    def is_known(self, person: str, token: str) -> bool:
        """Whether a person has signed in there before."""
        if not token:
            return False
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT used_s FROM devices WHERE token = ? AND person = ?", (hashed(token), person)
            ).fetchone()
        return row is not None and self._clock() - int(row[0]) < KNOWN_S

    def forget(self, token: str) -> None:
        """Another token takes its place."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM devices WHERE token = ?", (hashed(token),))
