"""What a node's outbox says of a village, read beside the running node and without leaving a trace.

SQLite's own reading would make files beside the outbox. So the shared memory of
a running node is opened for reading only, and where there is no write-ahead
log, nobody has the file open and it is read as it is.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from warnstream.adapters.outbox.bulletins import IS_BULLETIN, IS_WARNING
from warnstream.adapters.outbox.types import KINDS, RANK_OF_KIND
from warnstream.adapters.sqlite import as_store_error
from warnstream.model.effects import DIGEST_TYPE, RecipientKind

FILE = "outbox.sqlite3"

_OF_VILLAGE = (
    "SELECT number, identifier, sent_s, record, text_en FROM messages WHERE village = ? AND sent_s <= ?"
)
_MESSAGES = f"{_OF_VILLAGE} AND {IS_WARNING} ORDER BY number"
_BULLETINS = f"{_OF_VILLAGE} AND {IS_BULLETIN} ORDER BY number"


@dataclass(frozen=True, slots=True)
class DeliveryCounts:
    """How far one message has come with recipients of one kind, as the outbox knows now."""

    kind: RecipientKind
    addressed: int
    sent: int
    delivered: int
    answered: int


@dataclass(frozen=True, slots=True)
class KeptMessage:
    """A message as the outbox keeps it (JSON of `WarningMessage`, or of a bulletin), and whom it was told."""

    identifier: str
    sent_s: int
    record: bytes
    text_en: str
    told: tuple[DeliveryCounts, ...]


def read_messages(directory: Path, village_code: str, until_s: int) -> list[KeptMessage]:
    """Messages of a village issued up to a time, oldest first; none where there is no outbox.

    Raises
    ------
    StoreError
        If the file cannot be read.
    """
    return _read(directory, _MESSAGES, village_code, until_s)


def read_bulletins(directory: Path, village_code: str, until_s: int) -> list[KeptMessage]:
    """Bulletins of a village issued up to a time, oldest first; `record` is JSON as in bulletins.jsonl.

    Raises
    ------
    StoreError
        If the file cannot be read.
    """
    return _read(directory, _BULLETINS, village_code, until_s)


def _read(directory: Path, statement: str, village_code: str, until_s: int) -> list[KeptMessage]:
    path = directory / FILE
    if not path.exists():
        return []
    with _reading(path) as connection:
        rows = connection.execute(statement, (village_code, until_s)).fetchall()
        return [
            KeptMessage(name, at_s, record, text_en, _counts_of(connection, number))
            for number, name, at_s, record, text_en in rows
        ]


def _counts_of(connection: sqlite3.Connection, message: int) -> tuple[DeliveryCounts, ...]:
    rows = connection.execute(
        "SELECT kind, count(*), sum(sent_at IS NOT NULL), sum(delivered_at IS NOT NULL), sum(answer > 0)"
        " FROM notifications WHERE message = ? GROUP BY kind ORDER BY kind",
        (message,),
    ).fetchall()
    return tuple(DeliveryCounts(KINDS[kind], *map(int, counts)) for kind, *counts in rows)


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    is_at_rest = not path.with_name(path.name + "-wal").exists()
    how = "immutable=1" if is_at_rest else "mode=ro&readonly_shm=1"
    try:
        uri = f"file:{quote(str(path.absolute()))}?{how}"
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            connection.execute("BEGIN")
            yield connection
    except sqlite3.Error as error:
        raise as_store_error(path, error) from error


@dataclass(frozen=True, slots=True)
class SentToPost:
    """When a digest went to a post over one channel, by the machine's clock; None: it did not, or not yet."""

    message: str
    recipient: str
    channel: str
    sent_at: float | None
    delivered_at: float | None


_TO_POSTS = f"""
SELECT identifier, recipient, channel, sent_at, delivered_at FROM notifications
JOIN messages ON messages.number = notifications.message
WHERE kind = {RANK_OF_KIND[RecipientKind.POST]:d} AND sent_s BETWEEN ? AND ? ORDER BY notifications.number
"""  # noqa: S608 -- constants of this package


def read_sent_to_posts(directory: Path, begin_s: int, end_s: int) -> list[SentToPost]:
    """What posts were sent of what was issued in a stretch of engine time; nothing where there is no outbox.

    Raises
    ------
    StoreError
        If the file cannot be read.
    """
    path = directory / FILE
    if not path.exists():
        return []
    with _reading(path) as connection:
        return [SentToPost(*row) for row in connection.execute(_TO_POSTS, (begin_s, end_s))]


class PastRow(NamedTuple):
    """A message, bulletin or digest as it was issued; `document` is CAP of a message, JSON of the others."""

    number: int
    identifier: str
    warning: str
    version: int
    level: int
    msg_type: str
    sent_s: int
    expires_s: int
    record: bytes
    document: str
    text_zh: str
    text_en: str


class ToPost(NamedTuple):
    """A digest as it went to a post over one channel; times by the machine's clock, None: not, or not yet."""

    post: str
    channel: str
    issued_s: int
    level: int
    text_zh: str
    text_en: str
    sent_at: float | None
    delivered_at: float | None
    answered_at: float | None


class PastOfVillage(NamedTuple):
    """What was issued about a village, each list newest first."""

    messages: list[PastRow]
    bulletins: list[PastRow]
    digests: list[ToPost]


_COLUMNS = (
    "number, identifier, warning, version, level, msg_type, sent_s, expires_s, record, cap_xml,"
    " text_zh, text_en"
)
_ISSUED = (
    f"SELECT {_COLUMNS} FROM messages WHERE village = ? AND sent_s >= ? AND %s ORDER BY number DESC LIMIT ?"  # noqa: S608
)
_ISSUED_MESSAGES, _ISSUED_BULLETINS = _ISSUED % IS_WARNING, _ISSUED % IS_BULLETIN
_ISSUED_DIGESTS = f"""
SELECT recipient, channel, sent_s, messages.level, text_zh, text_en, sent_at, delivered_at, answered_at
FROM messages JOIN notifications ON notifications.message = messages.number
WHERE msg_type = '{DIGEST_TYPE}' AND sent_s >= ? AND instr(record, ?)
    AND kind = {RANK_OF_KIND[RecipientKind.POST]:d}
ORDER BY messages.number DESC, notifications.number LIMIT ?
"""  # noqa: S608 -- constants of this package


def read_past(directory: Path, village_code: str, since_s: int, limit: int) -> PastOfVillage:
    """What was issued about a village from a time on, at most `limit` of each; nothing without an outbox.

    Raises
    ------
    StoreError
        If the file cannot be read.
    """
    path = directory / FILE
    if not path.exists():
        return PastOfVillage([], [], [])
    named = f'"village":"{village_code}"'.encode()
    with _reading(path) as connection:
        issued = (village_code, since_s, limit)
        return PastOfVillage(
            [PastRow(*row) for row in connection.execute(_ISSUED_MESSAGES, issued)],
            [PastRow(*row) for row in connection.execute(_ISSUED_BULLETINS, issued)],
            [ToPost(*row) for row in connection.execute(_ISSUED_DIGESTS, (since_s, named, limit))],
        )


class OpenedWarnings(NamedTuple):
    """Every message (village code, JSON of `WarningMessage`) of the warnings that began in a stretch.

    `since_s` is when the first message of all was issued that the outbox has; None without any.
    """

    messages: list[tuple[str, bytes]]
    since_s: int | None


_OPENED = f"""
SELECT village, record FROM messages WHERE {IS_WARNING} AND warning IN (
    SELECT warning FROM messages WHERE {IS_WARNING}
    GROUP BY warning HAVING min(sent_s) >= ? AND min(sent_s) < ?
) ORDER BY number
"""  # noqa: S608 -- constants of this package


def read_opened(directory: Path, begin_s: int, end_s: int) -> OpenedWarnings:
    """Warnings whose first message was issued from one time on and before another; none without an outbox.

    Raises
    ------
    StoreError
        If the file cannot be read.
    """
    path = directory / FILE
    if not path.exists():
        return OpenedWarnings([], None)
    with _reading(path) as connection:
        found = connection.execute(_OPENED, (begin_s, end_s)).fetchall()
        since = connection.execute(f"SELECT min(sent_s) FROM messages WHERE {IS_WARNING}").fetchone()  # noqa: S608
        return OpenedWarnings([(village, record) for village, record in found], since[0])
