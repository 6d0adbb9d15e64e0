"""The sending side of ``outbox.sqlite3``: which rows a channel gets next, and what attempts leave in them.

The order is that of `delivery.dispatch.queue`, the changes of state are those of
`delivery.dispatch.notification`; here they are only stored.
"""

import sqlite3
from collections.abc import Iterable

from warnstream.adapters.outbox.sql import OF_KEY, change_of
from warnstream.delivery.dispatch.notification import NO_ATTEMPT, Settlement, Signal
from warnstream.delivery.dispatch.queue import Place, next_to_send
from warnstream.model.level import Level

LAST_ERROR_CHARACTERS_MAX = 200

QueuedRow = tuple[int, int, str, int, str, int, int, int]
"""`_COLUMNS` of a row."""

_COLUMNS = "number, message, recipient, kind, address, level, answer_by_s, attempts"

_NEVER_TRIED = f"""
SELECT {_COLUMNS} FROM notifications WHERE channel = ? AND state = 0 AND due_at = 0 AND level >= ?
ORDER BY level DESC, kind, number LIMIT ?
"""  # noqa: S608 -- constants of this file
_DUE_AGAIN = f"""
SELECT {_COLUMNS} FROM notifications
WHERE channel = ? AND state = 0 AND level = ? AND due_at > 0 AND due_at <= ? ORDER BY due_at, number LIMIT ?
"""  # noqa: S608 -- constants of this file
_TO_SENDING, _CAN_BE_SENT = change_of(Signal.CLAIMED)
_CLAIM = f"""
UPDATE notifications SET {_TO_SENDING}, attempts = attempts + 1, owner = ? WHERE number = ? AND {_CAN_BE_SENT}
"""  # noqa: S608 -- constants of this file
_NEXT_DUE = """
SELECT min(due_at) FROM notifications WHERE channel = ? AND state = 0 AND level = ? AND due_at > 0
"""


def take_next(
    connection: sqlite3.Connection, channel: str, limit: int, now: float, owner: str, level_min: int = 0
) -> list[QueuedRow]:
    """The next rows of a channel, at most `limit`, now being sent; their attempts as they were before."""
    first = connection.execute(_NEVER_TRIED, (channel, level_min, limit)).fetchall()
    again: list[QueuedRow] = []
    for level in sorted(Level, reverse=True):  # a query per level, so that none has to be sorted
        if len(again) < limit and level >= level_min:
            asked = (channel, int(level), now, limit - len(again))
            again += connection.execute(_DUE_AGAIN, asked).fetchall()
    rows = next_to_send(_placed(first), _placed(again), limit)
    connection.executemany(_CLAIM, [(owner, row[0]) for row in rows])
    return rows


def worst_waiting(connection: sqlite3.Connection, channel: str, now: float) -> int | None:
    """The worst level of rows of a channel that could go out now; None if there are none."""
    first = connection.execute(_NEVER_TRIED, (channel, 0, 1)).fetchone()
    levels = [int(first[5])] if first else []
    for level in sorted(Level, reverse=True):
        if connection.execute(_DUE_AGAIN, (channel, int(level), now, 1)).fetchone():
            levels.append(int(level))
            break
    return max(levels, default=None)


def _placed(rows: Iterable[QueuedRow]) -> list[tuple[Place, QueuedRow]]:
    return [(Place(-row[5], 0, 0, 0), row) for row in rows]


def next_due(connection: sqlite3.Connection, channel: str) -> float | None:
    """When the next waiting row of a channel is due; None if none waits."""
    dues = [connection.execute(_NEXT_DUE, (channel, int(level))).fetchone()[0] for level in Level]
    return min((float(due) for due in dues if due is not None), default=None)


def settle_one(
    connection: sqlite3.Connection, key: tuple[str, str, str], settlement: Settlement, now: float
) -> tuple[int] | None:
    """Keep what an attempt has led to; number of the row if that changed it."""
    change, condition = change_of(settlement.signal)
    values: tuple[object, ...]
    if settlement.signal is Signal.SENT:
        facts, values = "sent_at = ?, last_error = NULL", (now,)
    else:
        facts = "attempts = attempts - ?, due_at = ?, last_error = ?"
        is_no_attempt = settlement.signal in NO_ATTEMPT
        values = (is_no_attempt, settlement.retry_at, settlement.reason[:LAST_ERROR_CHARACTERS_MAX])
    row: tuple[int] | None = connection.execute(
        f"UPDATE notifications SET {change}, {facts} WHERE {OF_KEY} AND {condition} RETURNING number",  # noqa: S608
        (*values, *key),
    ).fetchone()
    return row
