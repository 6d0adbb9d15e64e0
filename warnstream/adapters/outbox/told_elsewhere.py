"""What another box with the same log has come to with rows that this outbox has, too.

That box knows what it had in hand; this one learns of it by the outcome. Between the two a newer message may
have been recorded: here the row was taken for replaced, and an end for one of what was never told. Both are
put right by the outcome, so that both boxes come to the same.
"""

import sqlite3
from collections.abc import Mapping

from warnstream.adapters.outbox.queue import settle_one
from warnstream.adapters.outbox.sql import HAS_NEWER, OF_KEY, SUPERSEDE_ROW, change_of
from warnstream.adapters.outbox.types import split_key
from warnstream.adapters.sqlite import Database
from warnstream.delivery.dispatch.notification import TRANSITIONS, Settlement, Signal, State

_TO_SENDING, _CAN_BE_SENT = change_of(Signal.CLAIMED_ELSEWHERE)
_HOLD = f"UPDATE notifications SET {_TO_SENDING}, attempts = attempts + 1 WHERE {OF_KEY} AND {_CAN_BE_SENT}"  # noqa: S608 -- constants
_TO_DELIVERED, _CAN_BE_DELIVERED = change_of(Signal.RECEIPT)
_RECEIPT = (
    f"UPDATE notifications SET {_TO_DELIVERED}, delivered_at = ?1, sent_at = coalesce(sent_at, ?1)"  # noqa: S608
    " WHERE message = (SELECT number FROM messages WHERE identifier = ?2) AND recipient = ?3"
    f" AND channel = ?4 AND {_CAN_BE_DELIVERED}"
)
_REPLACED = f"SELECT number FROM notifications WHERE {OF_KEY} AND state = {State.SUPERSEDED:d}"  # noqa: S608 -- constants
_TO_PENDING, _CAN_BE_OPENED = change_of(Signal.BEGUN_ELSEWHERE)

# Newer rows of the same warning and recipient that nothing newer has replaced: dropped as ends (`DROP_END`).
_OPEN_ENDS = f"""
UPDATE notifications SET {_TO_PENDING} WHERE {_CAN_BE_OPENED}
AND (recipient, kind) = (SELECT recipient, kind FROM notifications WHERE number = ?1)
AND message IN (
    SELECT newer.number FROM notifications AS told JOIN messages AS own ON own.number = told.message
    JOIN messages AS newer ON newer.warning = own.warning AND newer.version > own.version
    WHERE told.number = ?1
) AND NOT {HAS_NEWER}
"""  # noqa: S608 -- constants
_HEARD = frozenset({Signal.SENT, Signal.GIVEN_UP, Signal.RECEIPT})
"""After these something of the warning may have arrived, as `DROP_END` counts it."""


class ToldElsewhere:
    """That half of an outbox, over its database. StoreError if it refuses."""

    _database: Database

    def take_told(self, settlements: Mapping[str, Settlement], at: float) -> None:
        """Keep what attempts of another box have led to, by key; what is known here changes nothing."""
        with self._database.transaction() as connection:
            for key, settlement in settlements.items():
                parts = split_key(key)
                replaced = connection.execute(_REPLACED, parts).fetchone()
                _take(connection, parts, settlement, at)
                if replaced is not None and settlement.signal in _HEARD:
                    connection.execute(_OPEN_ENDS, replaced)


def _take(
    connection: sqlite3.Connection, parts: tuple[str, str, str], settlement: Settlement, at: float
) -> None:
    if settlement.signal is Signal.RECEIPT:
        connection.execute(_RECEIPT, (at, *parts))
        return
    if State.SENDING in TRANSITIONS[settlement.signal][0]:
        connection.execute(_HOLD, parts)
    row = settle_one(connection, parts, settlement, at)
    if row is not None and settlement.signal is not Signal.SENT:
        connection.execute(SUPERSEDE_ROW, row)
