"""Bulletins in ``outbox.sqlite3``: rows like those of messages; their type is the action.

A bulletin's ``warning`` is the voice of its village and its ``version`` the sequence in it, so that what
replaces older messages of one warning also replaces older bulletins on a topic, across episodes. Rows of
``notifications`` are of the village's topic alone: doors are in the ledger (`adapters.ledger`).
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from warnstream.adapters.outbox.sql import HAS_NEWER, change_of
from warnstream.adapters.outbox.types import StoredMessage
from warnstream.delivery.dispatch.notification import Signal
from warnstream.model.bulletins import VALID_S, Bulletin
from warnstream.model.digests import Digest
from warnstream.model.effects import BULLETIN_TYPES, DIGEST_TYPE, RenderedBulletin
from warnstream.model.level import Level
from warnstream.model.times import DAY_S
from warnstream.model.warning import MessageType

UNTRUE_WAIT_S = 30.0
"""After so long it is looked again whether an end has become true."""

REPLACED_WITHIN_S = 7 * DAY_S
"""Older bulletins of a village are not looked through for rows that still wait."""


def _is_one_of(types: Iterable[str]) -> str:
    words = ", ".join(f"'{word}'" for word in sorted(types))
    return f"msg_type IN ({words})"


IS_WARNING = _is_one_of(map(str, MessageType))
"""Condition of rows of ``messages`` that are messages of a warning, not bulletins or alarms of the node."""

IS_BULLETIN = _is_one_of(BULLETIN_TYPES)
_WARNINGS = f"SELECT record FROM messages WHERE {IS_WARNING} ORDER BY number"  # noqa: S608
_BULLETINS = f"SELECT identifier, record FROM messages WHERE {IS_BULLETIN} ORDER BY number"  # noqa: S608
_OLD = f"""
SELECT number FROM messages WHERE sent_s < ? AND {_is_one_of({*BULLETIN_TYPES, DIGEST_TYPE})}
AND number NOT IN (SELECT message FROM notifications WHERE state IN (0, 1))
"""  # noqa: S608
_TO_SUPERSEDED, _CAN_BE_SUPERSEDED = change_of(Signal.REPLACED)
_TO_PENDING, _CAN_WAIT_AGAIN = change_of(Signal.RETURNED)
_POSTPONE = f"""
UPDATE notifications SET {_TO_PENDING}, due_at = ?, attempts = attempts - 1
WHERE number = ? AND {_CAN_WAIT_AGAIN}
"""  # noqa: S608
_REPLACE = f"""
UPDATE notifications SET {_TO_SUPERSEDED} WHERE {_CAN_BE_SUPERSEDED}
AND message IN (SELECT number FROM messages WHERE warning = ? AND sent_s >= ?) AND {HAS_NEWER}
"""  # noqa: S608


def bulletin_row(rendered: RenderedBulletin) -> tuple[object, ...]:
    """The row of a bulletin in ``messages``."""
    bulletin = rendered.bulletin
    hazards = [warning.hazard for warning in bulletin.standing] or list(bulletin.ended)
    return (
        bulletin.identifier,
        bulletin.voice,
        bulletin.sequence,
        rendered.village_code,
        hazards[0] if hazards else "",
        int(bulletin.worst),
        str(bulletin.action),
        str(bulletin.status),
        bulletin.issued_s,
        bulletin.issued_s + VALID_S,
        rendered.record,
        rendered.record.decode(),
        rendered.text_zh,
        rendered.text_en,
    )


def replace_older(connection: sqlite3.Connection, newer: Sequence[Bulletin | Digest]) -> None:
    """Rows of older bulletins and digests that wait for recipients who get one of these are superseded."""
    connection.executemany(
        _REPLACE,
        [(digest.voice, digest.issued_s - REPLACED_WITHIN_S) for digest in newer],
    )


def old_bulletins(connection: sqlite3.Connection, sent_before_s: int) -> list[tuple[int]]:
    """Rows of bulletins and digests issued before a time of which nothing is left to send."""
    return connection.execute(_OLD, (sent_before_s,)).fetchall()


def is_untrue(message: StoredMessage, no_end: frozenset[tuple[str, str]]) -> bool:
    """Whether a message is the end of a village where something stands again."""
    is_end = message.msg_type in BULLETIN_TYPES and message.level == Level.NONE
    return is_end and (message.village, message.status) in no_end


def postpone(connection: sqlite3.Connection, numbers: Iterable[int], now: float) -> None:
    """Put claimed rows back to wait; that was no attempt."""
    connection.executemany(
        _POSTPONE,
        [(now + UNTRUE_WAIT_S, number) for number in sorted(numbers)],
    )


def warning_records(connection: sqlite3.Connection) -> Iterator[bytes]:
    """Records of warning messages, oldest first."""
    yield from (record for (record,) in connection.execute(_WARNINGS))


def bulletin_records(connection: sqlite3.Connection) -> Iterator[tuple[str, bytes]]:
    """Identifiers and records of bulletins, oldest first."""
    yield from connection.execute(_BULLETINS)
