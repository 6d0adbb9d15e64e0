"""Which message a receipt or a reply is about: gateway ids and numbers of what was sent in the last days.

A file per channel in the storage folder, `channel-NAME.sqlite3`. It is on no message's way out: what it
does not take waits in memory and is written with the next one. It survives the end of the process; of a
loss of power it may lose the last seconds, whose receipts are then unknown and whose replies go to a person.
The same holds for a damaged file, which is put aside.

Used by one thread.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from warnstream.adapters.channels.smpp.receipts import DELIVERED
from warnstream.adapters.sqlite import DamagedError, Database, put_aside
from warnstream.model.errors import StoreError
from warnstream.model.hands.drills import DRILL

logger = logging.getLogger(__name__)

KEPT_S = 3 * 86_400
"""Gateways try a phone that is off for one to three days; a reply after that is to another message."""

MIXED_S = 1_800
"""A bare reply to a phone that got a drill and something real within that time may be to either."""

_FIRST = 1 << 62
"""Above every number: what can be answered counts as newer than what cannot."""

# Notices of the node itself (alarms, rings of the officer, a drill announced): nobody owes them an answer.
_KINDS_OF_PHONE = """
SELECT DISTINCT instr(key, ?) > 0 FROM letters WHERE phone = ? AND noted_at >= ?
AND instr(key, '.@alarm.') + instr(key, '.@duty.') + instr(key, '.@announced.') = 0
"""

# SQLite takes the other columns from the row of the maximum.
_NEWEST_OF_PHONE = """
SELECT recipient, token, max(number + CASE
    WHEN instr(key, '.@alarm.') + instr(key, '.@duty.') + instr(key, '.@announced.') = 0 THEN ? ELSE 0 END)
FROM letters WHERE phone = ? AND noted_at >= ? AND (? IS NULL OR (instr(key, ?) > 0) = ?)
GROUP BY recipient ORDER BY recipient
"""

UNWRITTEN_MAX = 20_000
EARLY_MAX = 10_000
"""Receipts that came before the gateway's own answer to the message."""

PRUNE_EVERY_S = 3_600.0

SCHEMA_VERSION = 1
SCHEMA = """
CREATE TABLE IF NOT EXISTS letters (
    number INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    phone TEXT NOT NULL,
    recipient TEXT NOT NULL,
    token TEXT NOT NULL,
    noted_at REAL NOT NULL,
    parts_waiting INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS letters_of_phone ON letters (phone);
CREATE TABLE IF NOT EXISTS parts (message_id TEXT PRIMARY KEY, letter INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS parts_of_letter ON parts (letter);
"""


Tell = Callable[[str, str], None]
"""Takes the key of a message and its final state."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that the gateway has taken: its ids, one a part, and whose it is."""

    message_ids: tuple[str, ...]
    key: str
    phone: str
    recipient: str
    token: str


class Letters:
    """What was sent, by the gateway's id and by phone.

    Parameters
    ----------
    path : Path
        Made when it is first needed.
    clock : callable
        Wall clock in seconds.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._path, self._clock = path, clock
        self._database: Database | None = None
        self._unwritten: list[Letter] = []
        self._early: OrderedDict[str, str] = OrderedDict()
        self._owed: set[str] = set()
        self._prune_at = 0.0

    def note(self, letters: Sequence[Letter], tell: Tell) -> None:
        """Keep what was sent; tell of receipts that had come before, as `receipt` does.

        Never raises: what the disk refuses is kept in memory, the newest `UNWRITTEN_MAX`.
        """
        self._unwritten += letters
        self._owed |= {part for letter in letters for part in letter.message_ids if part in self._early}
        try:
            self._write()
            for part in sorted(self._owed):  # the gateway has our word for them: what fails now is told later
                if part in self._early:
                    self.receipt(part, self._early[part], tell)
                    del self._early[part]
                self._owed.discard(part)
        except StoreError as error:
            logger.warning("what was sent is not noted", extra={"error": str(error)})
            del self._unwritten[:-UNWRITTEN_MAX]

    def receipt(self, message_id: str, state: str, tell: Tell) -> None:
        """Take the last word on one part.

        Parameters
        ----------
        message_id, state : str
            As the gateway names them; `state` is final.
        tell : callable
            Is given the key of the message and its state once that is known: all of its parts were
            delivered, or one was not. An id that is not known waits for its message.

        Raises
        ------
        StoreError
            If the disk refuses, here or in `tell`; then nothing has changed: ask for the receipt again.
        """
        self._write()
        database = self._opened()
        with database.transaction() as connection:
            row = connection.execute(
                "SELECT number, key, parts_waiting FROM parts JOIN letters ON letter = number"
                " WHERE message_id = ?",
                (message_id,),
            ).fetchone()
            if row is None:
                self._early[message_id] = state
                while len(self._early) > EARLY_MAX:
                    self._early.popitem(last=False)
                return
            number, key, waiting = row
            if state != DELIVERED:
                connection.execute("DELETE FROM parts WHERE letter = ?", (number,))
                tell(key, state)
                return
            connection.execute("DELETE FROM parts WHERE message_id = ?", (message_id,))
            connection.execute("UPDATE letters SET parts_waiting = ? WHERE number = ?", (waiting - 1, number))
            if waiting == 1:
                tell(key, state)

    def is_mixed(self, phone: str) -> bool:
        """Whether a drill and something real were sent to that phone in the last `MIXED_S`. StoreError."""
        self._write()
        with self._opened().reading() as connection:
            rows = connection.execute(_KINDS_OF_PHONE, (DRILL, phone, self._clock() - MIXED_S)).fetchall()
        return len(rows) > 1

    def of_phone(self, phone: str, *, of_drill: bool | None = None) -> list[tuple[str, str]]:
        """Recipient and token of the newest message to everybody who is reached at that phone.

        A notice of the node itself is the newest only where nothing else was sent: whoever writes "received"
        behind one has answered the digest before it. `of_drill`: only of drills, or only of what is real.

        Raises
        ------
        StoreError
            If the disk refuses: ask for the reply again.
        """
        self._write()
        with self._opened().reading() as connection:
            rows = connection.execute(
                _NEWEST_OF_PHONE,
                (_FIRST, phone, self._clock() - KEPT_S, of_drill, DRILL, of_drill),
            ).fetchall()
        return [(recipient, token) for recipient, token, _ in rows]

    def close(self) -> None:
        """Write what is left and close the file."""
        try:
            self._write()
        except StoreError as error:
            logger.warning("what was sent is not noted", extra={"error": str(error)})
        if self._database is not None:
            self._database.close()

    def _opened(self) -> Database:
        if self._database is None:
            try:
                self._database = Database(self._path, SCHEMA, SCHEMA_VERSION, is_synced=False)
            except DamagedError as error:
                aside = put_aside(self._path)
                logger.error("damaged file put aside", extra={"file": aside.name, "error": str(error)})  # noqa: TRY400
                self._database = Database(self._path, SCHEMA, SCHEMA_VERSION, is_synced=False)
        return self._database

    def _write(self) -> None:
        """Write down what is not yet, and forget what is old."""
        now = self._clock()
        if not self._unwritten and now < self._prune_at:
            return
        with self._opened().transaction() as connection:
            for letter in self._unwritten:
                # A message that is sent again has new ids; those of before are forgotten.
                connection.execute(
                    "DELETE FROM parts WHERE letter IN (SELECT number FROM letters WHERE key = ?)",
                    (letter.key,),
                )
                row = (letter.key, letter.phone, letter.recipient, letter.token, now, len(letter.message_ids))
                number = connection.execute(
                    "INSERT OR REPLACE INTO letters (key, phone, recipient, token, noted_at, parts_waiting)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    row,
                ).lastrowid
                connection.executemany(
                    "INSERT OR REPLACE INTO parts VALUES (?, ?)",
                    [(part, number) for part in letter.message_ids],
                )
            if now >= self._prune_at:
                old = (now - KEPT_S,)
                connection.execute(
                    "DELETE FROM parts WHERE letter IN (SELECT number FROM letters WHERE noted_at < ?)", old
                )
                connection.execute("DELETE FROM letters WHERE noted_at < ?", old)
        self._unwritten.clear()
        if now >= self._prune_at:
            self._prune_at = now + PRUNE_EVERY_S
