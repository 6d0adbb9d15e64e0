"""CAP messages as they were issued, newest first, for whoever reads the feed."""

import sqlite3
from dataclasses import dataclass

from warnstream.adapters.outbox.bulletins import IS_WARNING
from warnstream.model.times import DAY_S

FEED_S = 7 * DAY_S
"""The feed reaches so far back from the newest message."""

_NEWEST = f"SELECT sent_s FROM messages WHERE {IS_WARNING} ORDER BY number DESC LIMIT 1"  # noqa: S608
_PAGE = f"""
SELECT number, identifier, village, hazard, level, msg_type, status, sent_s, expires_s, text_zh, text_en
FROM messages WHERE {IS_WARNING} AND number < ? AND sent_s >= ? ORDER BY number DESC LIMIT ?
"""  # noqa: S608
_DOCUMENT = f"SELECT cap_xml FROM messages WHERE {IS_WARNING} AND identifier = ?"  # noqa: S608

LAST = (1 << 63) - 1
"""A number that no row reaches: a page from it is the first."""


@dataclass(frozen=True, slots=True)
class CapMessage:
    """A message of a warning as it was issued, without its document; `number` rises with every message."""

    number: int
    identifier: str
    village: str
    hazard: str
    level: int
    msg_type: str
    status: str
    sent_s: int
    expires_s: int
    text_zh: str
    text_en: str


def page_of(connection: sqlite3.Connection, before: int, limit: int) -> list[CapMessage]:
    """Messages of the last days with a number below `before`, newest first, at most `limit`."""
    newest = connection.execute(_NEWEST).fetchone()
    if newest is None:
        return []
    rows = connection.execute(_PAGE, (before, newest[0] - FEED_S, limit))
    return [CapMessage(*row) for row in rows]


def document_of(connection: sqlite3.Connection, identifier: str) -> str | None:
    """The CAP document of a message; None if there is no such message."""
    row = connection.execute(_DOCUMENT, (identifier,)).fetchone()
    return None if row is None else str(row[0])
