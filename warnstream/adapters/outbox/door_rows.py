"""Rows of doors in ``outbox.sqlite3`` as earlier versions wrote them: read once, then they are no more.

What their answer links meant stays in ``door_links``, so that a link in an old text still opens its page.
"""

from typing import NamedTuple

from warnstream.adapters.outbox.types import RANK_OF_KIND
from warnstream.adapters.sqlite import Database
from warnstream.model.effects import RecipientKind

RANK = RANK_OF_KIND[RecipientKind.HOUSEHOLD]

_HAS_ANY = "SELECT EXISTS (SELECT 1 FROM notifications WHERE kind = ?)"
_MESSAGES = """
SELECT number, warning, version, village, level, msg_type, status, sent_s, record FROM messages
WHERE number IN (SELECT message FROM notifications WHERE kind = ?) ORDER BY number
"""
_ROWS = """
SELECT recipient, channel, address, state, attempts, answer, coalesce(answered_at, 0) FROM notifications
WHERE message = ? AND kind = ? ORDER BY number
"""
_KEEP_LINKS = """
INSERT OR IGNORE INTO door_links (number, message, recipient)
SELECT number, message, recipient FROM notifications WHERE kind = ?
"""

_LINK = """
SELECT identifier, recipient FROM door_links JOIN messages ON messages.number = door_links.message
WHERE door_links.number = ?
"""


class DoorMessage(NamedTuple):
    """A bulletin, or a message of before there were bulletins, that doors had."""

    number: int
    warning: str
    version: int
    village: str
    level: int
    msg_type: str
    status: str
    sent_s: int
    record: bytes


class DoorRow(NamedTuple):
    """What became of it at one door; `state` and `answer` are numbers as they were stored."""

    recipient: str
    channel: str
    address: str
    state: int
    attempts: int
    answer: int
    answered_s: float


class DoorRowsOfBefore:
    """What an outbox still has of earlier versions, over its database. StoreError if it cannot be read."""

    _database: Database

    def has_door_rows(self) -> bool:
        """Whether an earlier version has left rows of doors."""
        with self._database.reading() as connection:
            return bool(connection.execute(_HAS_ANY, (RANK,)).fetchone()[0])

    def villages_of_door_rows(self) -> list[str]:
        """Codes of the villages of such rows."""
        if not self.has_door_rows():
            return []
        return list(dict.fromkeys(message.village for message in self.door_messages()))

    def door_messages(self) -> list[DoorMessage]:
        """What doors had by rows of an earlier version, in the order of recording."""
        with self._database.reading() as connection:
            return [DoorMessage(*row) for row in connection.execute(_MESSAGES, (RANK,))]

    def door_rows(self, message: int) -> list[DoorRow]:
        """Rows of doors of one message."""
        with self._database.reading() as connection:
            return [DoorRow(*row) for row in connection.execute(_ROWS, (message, RANK))]

    def forget_door_rows(self) -> int:
        """Delete rows of doors, which the ledger has; what their links mean stays. Returns how many."""
        with self._database.transaction() as connection:
            connection.execute(_KEEP_LINKS, (RANK,))
            return connection.execute("DELETE FROM notifications WHERE kind = ?", (RANK,)).rowcount

    def old_link(self, number: int) -> tuple[str, str] | None:
        """Bulletin and door of a link that an earlier version made; None if it is none."""
        with self._database.reading() as connection:
            row = connection.execute(_LINK, (number,)).fetchone()
        return None if row is None else (str(row[0]), str(row[1]))
