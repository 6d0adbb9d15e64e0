"""What proves a person: password hashes and sessions, in ``console.sqlite3`` of the storage directory.

Who may what stands in operators.csv alone. Passwords are kept as argon2id hashes of the low-memory profile of
RFC 9106, session tokens as SHA-256 of 256 random bits.
"""

import functools
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path

from argon2 import PasswordHasher, profiles
from argon2.exceptions import InvalidHashError, VerificationError

from warnstream.adapters.private_files import FILE_MODE
from warnstream.adapters.sqlite import Database
from warnstream.console.proof.devices import SCHEMA as DEVICES
from warnstream.console.proof.devices import Devices
from warnstream.console.proof.factors import SCHEMA as FACTORS
from warnstream.console.proof.factors import Factors
from warnstream.console.proof.machines import SCHEMA as MACHINES
from warnstream.console.proof.machines import Machines
from warnstream.console.proof.once import SCHEMA as ONCE
from warnstream.console.proof.once import OneTimes
from warnstream.console.proof.secret_words import hashed, secret_word
from warnstream.model.times import HOUR_S

FILE = "console.sqlite3"
SCHEMA_VERSION = 1
SCHEMA = """
CREATE TABLE IF NOT EXISTS people (person TEXT PRIMARY KEY, hash TEXT NOT NULL, set_s INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS sessions (
    token BLOB PRIMARY KEY, person TEXT NOT NULL, begun_s INTEGER NOT NULL
);
"""

SESSION_S = 12 * HOUR_S
"""A session ends so long after the sign-in, whatever is done with it: a shift at most."""

PASSWORD_CHARACTERS = (10, 200)
HASHES_AT_ONCE = 2
"""Each takes 64 MiB while it is worked out."""


class Accounts:
    """The accounts of one console.

    Parameters
    ----------
    directory : Path
        The storage directory.
    clock : callable
        Seconds since 1970 UTC.
    hasher : PasswordHasher, optional
        Tests give a quick one.

    Attributes
    ----------
    devices : Devices
        Browsers in which people have signed in before.
    factors : Factors
        Second factors.
    once : OneTimes
        One-time sign-ins.
    machines : Machines
        Tokens of machines.

    Raises
    ------
    StoreError
        If the file cannot be used.
    """

    def __init__(
        self,
        directory: Path,
        clock: Callable[[], float] = time.time,
        hasher: PasswordHasher | None = None,
    ) -> None:
        path = directory / FILE
        path.touch(mode=FILE_MODE, exist_ok=True)
        path.chmod(FILE_MODE)
        self._database = Database(path, SCHEMA + FACTORS + DEVICES + ONCE + MACHINES, SCHEMA_VERSION)
        self._clock = clock
        self.factors = Factors(self._database, clock)
        self.once = OneTimes(self._database, clock)
        self.devices = Devices(self._database, clock)
        self.machines = Machines(self._database, clock)
        self._hasher = hasher or PasswordHasher.from_parameters(profiles.RFC_9106_LOW_MEMORY)
        self._hashing = threading.Semaphore(HASHES_AT_ONCE)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def set_password(self, person: str, password: str) -> None:
        """Give a person a password, or another one; their sessions end. ValueError if it is too short."""
        least, most = PASSWORD_CHARACTERS
        if not least <= len(password) <= most:
            raise ValueError(f"a password has {least} to {most} characters, this one {len(password)}")
        hashed = self._hasher.hash(password)
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO people VALUES (?, ?, ?)", (person, hashed, int(self._clock()))
            )
            connection.execute("DELETE FROM sessions WHERE person = ?", (person,))
            connection.execute("DELETE FROM devices WHERE person = ?", (person,))

    def remove(self, person: str) -> bool:
        """Take a person's account and sessions; whether there was one."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM sessions WHERE person = ?", (person,))
            connection.execute("DELETE FROM devices WHERE person = ?", (person,))
            connection.execute("DELETE FROM factors WHERE person = ?", (person,))
            connection.execute("DELETE FROM recoveries WHERE person = ?", (person,))
            connection.execute("DELETE FROM machines WHERE person = ?", (person,))
            return connection.execute("DELETE FROM people WHERE person = ?", (person,)).rowcount > 0

    def people(self) -> list[tuple[str, int]]:
        """Persons with an account, and when their password was set."""
        with self._database.reading() as connection:
            return [
                (str(person), int(set_s))
                for person, set_s in connection.execute("SELECT person, set_s FROM people ORDER BY person")
            ]

    def proves(self, person: str, password: str) -> bool:
        """Whether a password is that person's; takes as long whoever it is. Blocks: a tenth of a second."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT hash FROM people WHERE person = ?", (person,)).fetchone()
        with self._hashing:
            try:
                self._hasher.verify(self._nobody if row is None else str(row[0]), password)
            except (VerificationError, InvalidHashError):
                return False
        return row is not None

    @functools.cached_property
    def _nobody(self) -> str:
        """Somebody unknown costs as much as somebody known."""
        return self._hasher.hash(secrets.token_urlsafe())

    def begin(self, person: str) -> str:
        """A new session; returns its token."""
        token, now_s = secret_word(), int(self._clock())
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM sessions WHERE begun_s <= ?", (now_s - SESSION_S,))
            connection.execute("INSERT INTO sessions VALUES (?, ?, ?)", (hashed(token), person, now_s))
        return token

    def session(self, token: str) -> tuple[str, int] | None:
        """Whose session a token is, and when it ends; None if it is none, or over."""
        now_s = int(self._clock())
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT person, begun_s FROM sessions WHERE token = ?", (hashed(token),)
            ).fetchone()
        if row is None or not 0 <= now_s - int(row[1]) < SESSION_S:
            return None
        return str(row[0]), int(row[1]) + SESSION_S

    def is_open(self, token: str) -> bool:
        """Whether a session, or a machine's token, still is one."""
        return self.session(token) is not None or self.machines.of(token) is not None

    def sessions(self) -> dict[str, int]:
        """Open sessions by person."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT person, count(*) FROM sessions WHERE begun_s > ? GROUP BY person",
                (int(self._clock()) - SESSION_S,),
            )
            return {str(person): int(count) for person, count in rows}

    def end(self, token: str) -> None:
        """A session is over."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM sessions WHERE token = ?", (hashed(token),))
