"""What the outbox knows of the past: how far the log is recorded, and what people were told last.

What people were told is the truth that a node continues from, whatever its own
state says after a change of configuration, a lost journal or an older backup.
"""

import math
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from warnstream.adapters.outbox.bulletins import IS_BULLETIN, IS_WARNING
from warnstream.adapters.outbox.types import RANK_OF_KIND
from warnstream.adapters.sqlite import Database
from warnstream.model.bulletins import N_BITS, N_MAX, Action, Bulletin, BulletinCause, Standing
from warnstream.model.effects import RecipientKind
from warnstream.model.level import Level, parse_level
from warnstream.model.warning import MessageStatus, MessageType, WarningMessage

NO_NUMBER = -1
"""Of a village: the outbox knows codes."""

_NUMBERS = frozenset({"value", "threshold", "forecast_value", "coverage"})
"""Numbers of a reason and its facts that are never left out."""


_OPEN_BULLETINS = f"""
SELECT identifier, version, village, level, sent_s, msg_type, status, record FROM messages AS last
WHERE {IS_BULLETIN} AND level > 0 AND NOT EXISTS (
    SELECT 1 FROM messages AS newer WHERE newer.warning = last.warning AND newer.version > last.version
) ORDER BY number
"""  # noqa: S608 -- constants of this package

_ISSUED = f"SELECT village, record, text_zh, text_en FROM messages WHERE {IS_WARNING} ORDER BY number"  # noqa: S608

_HAD_DOORS = """
SELECT EXISTS (
    SELECT 1 FROM door_links JOIN messages ON messages.number = door_links.message WHERE warning = ?
)
"""
"""Rows of doors are gone into the ledger; what is left of those of a warning is what their links meant."""


@dataclass(frozen=True, slots=True)
class NameTaken:
    """A message whose name the outbox has with another content, and the newest version of that warning."""

    message: WarningMessage
    newest_version: int


@dataclass(frozen=True, slots=True)
class OpenWarning:
    """The last message of a warning that people were never told the end of, and who knows of it."""

    village: str
    message: WarningMessage
    posts: tuple[str, ...]
    answered: tuple[str, ...]
    answer_by_s: int
    is_households: bool


class IssuedWarning(NamedTuple):
    """A message of a warning as it was issued: its village by code, and the texts that were sent."""

    village: str
    message: WarningMessage
    text_zh: str
    text_en: str


class _StandingRecord(msgspec.Struct):
    hazard: str
    level: str


class _BulletinRecord(msgspec.Struct):
    """What of a bulletin's JSON is needed to go on from it."""

    standing: list[_StandingRecord]
    ended: tuple[str, ...]
    cause: BulletinCause
    people_were_asked_to_go: bool


class OpenBulletin(NamedTuple):
    """The last bulletin of a village whose doors were never told the end: without its reasons and number."""

    village: str
    bulletin: Bulletin


class OutboxHistory:
    """The remembering half of an outbox, over its database. StoreError if it cannot be read."""

    _database: Database

    def progress(self) -> int:
        """Number of the last entry of the log of which everything is recorded; 0 for a new outbox."""
        with self._database.reading() as connection:
            return int(connection.execute("SELECT entry FROM progress").fetchone()[0])

    def advance(self, entry: int) -> None:
        """Everything up to this entry is recorded."""
        with self._database.transaction() as connection:
            advance(connection, entry)

    def names_taken(self, messages: Sequence[WarningMessage], codes: Sequence[str]) -> list[NameTaken]:
        """Messages whose names stand for something else already.

        Parameters
        ----------
        messages : sequence of WarningMessage
        codes : sequence of str
            Of villages, by number.
        """
        found = []
        with self._database.reading() as connection:
            for message in messages:
                row = connection.execute(
                    "SELECT village, hazard, level, msg_type, status, sent_s"
                    " FROM messages WHERE identifier = ?",
                    (message.identifier,),
                ).fetchone()
                content = (
                    codes[message.village],
                    message.hazard,
                    int(message.level),
                    str(message.msg_type),
                    str(message.status),
                    message.sent_s,
                )
                if row is not None and tuple(row) != content:
                    newest = connection.execute(
                        "SELECT max(version) FROM messages WHERE warning = ?", (message.warning,)
                    ).fetchone()
                    found.append(NameTaken(message, int(newest[0])))
        return found

    def issued_warnings(self) -> Iterator[IssuedWarning]:
        """Every message of a warning, in the order of recording.

        The number in a record is that of its village in the register of then; its code is what stays.
        """
        with self._database.reading() as connection:
            for village, record, text_zh, text_en in connection.execute(_ISSUED):
                yield IssuedWarning(village, message_of(record), text_zh, text_en)

    def open_warnings(self, after_s: int) -> list[OpenWarning]:
        """Warnings whose last message is no Cancel and holds beyond a time."""
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT village, record, warning FROM messages AS last WHERE expires_s > ? AND {IS_WARNING}"  # noqa: S608
                " AND msg_type != ? AND NOT EXISTS (SELECT 1 FROM messages AS newer"
                " WHERE newer.warning = last.warning AND newer.version > last.version) ORDER BY number",
                (after_s, str(MessageType.CANCEL)),
            ).fetchall()
            return [
                _open_warning(connection, village, message_of(record), warning)
                for village, record, warning in rows
            ]

    def open_bulletins(self) -> list[OpenBulletin]:
        """The last bulletin of every village whose doors wait for an end."""
        with self._database.reading() as connection:
            rows = connection.execute(_OPEN_BULLETINS).fetchall()
        return [_open_bulletin(*row) for row in rows]


def _open_bulletin(identifier: str, sequence: int, village: str, *columns: Any) -> OpenBulletin:
    level, issued_s, action, status, content = columns
    record, mark = msgspec.json.decode(content, type=_BulletinRecord), MessageStatus(status)
    standing = tuple(
        Standing(warning.hazard, parse_level(warning.level), mark) for warning in record.standing
    )
    bulletin = Bulletin(
        identifier=identifier,
        village=NO_NUMBER,
        opened_s=sequence >> N_BITS,
        n=sequence & N_MAX,
        issued_s=issued_s,
        action=Action(action),
        worst=Level(level),
        standing=standing,
        ended=record.ended,
        cause=record.cause,
        status=mark,
        evidence=None,
        has_moved=record.people_were_asked_to_go,
    )
    return OpenBulletin(village, bulletin)


def advance(connection: sqlite3.Connection, entry: int) -> None:
    """Note within a transaction that everything up to an entry is recorded."""
    connection.execute("UPDATE progress SET entry = max(entry, ?)", (entry,))


def message_of(record: bytes) -> WarningMessage:
    """A message as the outbox keeps it; a number that nobody knew is null there and NaN here."""
    content = msgspec.json.decode(record)
    reason = content["reason"]
    if reason is not None:
        for numbers in (reason, *reason.get("facts", ())):
            for name in _NUMBERS & numbers.keys():
                numbers[name] = math.nan if numbers[name] is None else numbers[name]
    return msgspec.convert(content, WarningMessage)


def _open_warning(
    connection: sqlite3.Connection, village: str, message: WarningMessage, warning: str
) -> OpenWarning:
    rows = connection.execute(
        "SELECT recipient, kind, max(answer), max(answer_by_s) FROM notifications"
        " WHERE message IN (SELECT number FROM messages WHERE warning = ?) AND kind > 0"
        " GROUP BY kind, recipient ORDER BY min(number)",
        (warning,),
    ).fetchall()
    posts = [row for row in rows if row[1] == RANK_OF_KIND[RecipientKind.POST]]
    answered = tuple(row[0] for row in posts if row[2])
    answer_by_s = 0 if answered else max((row[3] for row in posts), default=0)
    of_doors = connection.execute(_HAD_DOORS, (warning,)).fetchone()
    is_households = bool(of_doors[0])
    return OpenWarning(village, message, tuple(row[0] for row in posts), answered, answer_by_s, is_households)
