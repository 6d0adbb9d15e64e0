"""What another box with the same log has come to with rows that this outbox has, too."""

from collections.abc import Mapping

from warnstream.adapters.outbox.queue import settle_one
from warnstream.adapters.outbox.sql import OF_KEY, SUPERSEDE_ROW, change_of
from warnstream.adapters.outbox.types import split_key
from warnstream.adapters.sqlite import Database
from warnstream.delivery.dispatch.notification import Settlement, Signal

_TO_SENDING, _CAN_BE_SENT = change_of(Signal.CLAIMED)
_HOLD = f"UPDATE notifications SET {_TO_SENDING}, attempts = attempts + 1 WHERE {OF_KEY} AND {_CAN_BE_SENT}"  # noqa: S608 -- constants
_TO_DELIVERED, _CAN_BE_DELIVERED = change_of(Signal.RECEIPT)
_RECEIPT = (
    f"UPDATE notifications SET {_TO_DELIVERED}, delivered_at = ?1, sent_at = coalesce(sent_at, ?1)"  # noqa: S608
    " WHERE message = (SELECT number FROM messages WHERE identifier = ?2) AND recipient = ?3"
    f" AND channel = ?4 AND {_CAN_BE_DELIVERED}"
)


class ToldElsewhere:
    """That half of an outbox, over its database. StoreError if it refuses."""

    _database: Database

    def take_told(self, settlements: Mapping[str, Settlement], at: float) -> None:
        """Keep what attempts of another box have led to, by key; what is known here changes nothing."""
        with self._database.transaction() as connection:
            for key, settlement in settlements.items():
                parts = split_key(key)
                if settlement.signal is Signal.RECEIPT:
                    connection.execute(_RECEIPT, (at, *parts))
                    continue
                connection.execute(_HOLD, parts)
                row = settle_one(connection, parts, settlement, at)
                if row is not None and settlement.signal is not Signal.SENT:
                    connection.execute(SUPERSEDE_ROW, row)
