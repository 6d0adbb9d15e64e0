"""Which refused messages are to be taken again: asked for by a command, done by the node.

``warnstream refused --reinject`` writes its wish into ``refused.sqlite3``; the
node finds it within seconds (or at its next start) and makes the messages
entries of its journal, as if they had just come. So it works for every way
in (broker, listener, stations that dial in by TCP), asks for no password, and
nothing is marked as taken before it is durable.

Limit: `TAKE_MAX` messages at once, so that fresh ones are not held up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from warnstream.adapters.refused.store import REFUSED_SCHEMA
from warnstream.adapters.sqlite import Database
from warnstream.model.observations.decoders import matches

TAKE_MAX = 500
SCHEMA = (
    REFUSED_SCHEMA
    + """
CREATE TABLE IF NOT EXISTS wanted (number INTEGER PRIMARY KEY, wanted_at REAL NOT NULL);
"""
)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which refusals are meant; None leaves a question open."""

    reason: str | None = None
    topic: str | None = None
    since_s: float | None = None
    until_s: float | None = None

    def has_topic(self, topic: str) -> bool:
        """Whether a topic is one of the pattern's (``+`` and ``#`` as in MQTT)."""
        if self.topic is None:
            return True
        return matches(self.topic, topic) or (self.topic == "#" and topic != "")


@dataclass(frozen=True, slots=True)
class RefusedMessage:
    """A refused message or reading; `payload` may be cut, `payload_bytes` is its true length.

    `entry` is the number of the journal entry that it came in; `topic` is empty
    where a single reading was refused.
    """

    number: int
    entry: int
    received_at: float
    reason: str
    detail: str
    topic: str
    payload: bytes
    payload_bytes: int
    reinjected_at: float | None

    @property
    def is_whole(self) -> bool:
        """Nothing of the payload was cut off."""
        return len(self.payload) == self.payload_bytes


_COLUMNS = "number, entry, received_at, reason, detail, topic, payload, payload_bytes, reinjected_at"


class RefusedRequests:
    """Finds refused messages and passes on which of them are wanted again.

    Parameters
    ----------
    directory : Path
        Folder of ``refused.sqlite3``.

    Raises
    ------
    StoreError
        If the file cannot be opened.
    """

    def __init__(self, directory: Path) -> None:
        self._database = Database(directory / "refused.sqlite3", SCHEMA, version=1)

    def find(self, choice: Choice, limit: int | None = None) -> list[RefusedMessage]:
        """The newest `limit` of a choice, newest first."""
        found: list[RefusedMessage] = []
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM refused"  # noqa: S608  # no input in it
                " WHERE (?1 IS NULL OR reason = ?1) AND (?2 IS NULL OR received_at >= ?2)"
                " AND (?3 IS NULL OR received_at < ?3) ORDER BY number DESC",
                (choice.reason, choice.since_s, choice.until_s),
            )
            for row in rows:
                if limit is not None and len(found) >= limit:
                    break
                message = RefusedMessage(*row)
                if choice.has_topic(message.topic):
                    found.append(message)
        return found

    def ask(self, numbers: Sequence[int], at_s: float) -> None:
        """Want these again."""
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO wanted VALUES (?, ?)", [(number, at_s) for number in numbers]
            )

    def n_waiting(self) -> int:
        """How many are wanted and not done with yet."""
        with self._database.reading() as connection:
            return int(connection.execute("SELECT count(*) FROM wanted").fetchone()[0])

    def waiting(self) -> list[RefusedMessage]:
        """The oldest that are wanted, `TAKE_MAX` at most."""
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM refused JOIN wanted USING (number)"  # noqa: S608  # no input in it
                " ORDER BY number LIMIT ?",
                (TAKE_MAX,),
            ).fetchall()
        return [RefusedMessage(*row) for row in rows]

    def done(self, taken: Sequence[int], at_s: float, *, lost: Sequence[int] = ()) -> None:
        """These were taken again; `lost` cannot be, and is wanted no more. Both stay for the record."""
        with self._database.transaction() as connection:
            connection.executemany(
                "UPDATE refused SET reinjected_at = ? WHERE number = ?", [(at_s, number) for number in taken]
            )
            connection.executemany(
                "DELETE FROM wanted WHERE number = ?", [(number,) for number in (*taken, *lost)]
            )
            # What made room for newer refusals while it waited.
            connection.execute("DELETE FROM wanted WHERE number NOT IN (SELECT number FROM refused)")

    def close(self) -> None:
        """Close the file."""
        self._database.close()
