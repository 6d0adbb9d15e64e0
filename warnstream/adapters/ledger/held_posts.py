"""Whoever holds a post when a message leaves is the one who is rung.

A message is put down for the person whose shift it was issued in. What has not left when the next shift
begins goes to the phone of that shift: `ring_at`. What is being sent at that moment stays where it was
handed to; another attempt goes to the new phone where that is on the same channel. A
test call stays with the phone that it tests.
"""

from collections.abc import Mapping, Sequence

from warnstream.adapters.outbox.sql import change_of
from warnstream.adapters.outbox.types import RANK_OF_KIND, TEST_TYPE
from warnstream.adapters.sqlite import Database
from warnstream.delivery.dispatch.notification import Signal, State
from warnstream.model.effects import RecipientKind
from warnstream.model.hands.roster import Way

_OPEN = " UNION ALL ".join(
    f"SELECT number, message, recipient, channel, address, state FROM notifications"  # noqa: S608 -- constants
    " WHERE (SELECT msg_type FROM messages WHERE messages.number = notifications.message)"
    f" != '{TEST_TYPE}' AND kind = {RANK_OF_KIND[RecipientKind.POST]} AND {condition}"
    for condition in (
        f"state = {State.PENDING:d} AND due_at = 0",
        f"state = {State.PENDING:d} AND due_at > 0",
        f"state = {State.SENDING:d}",
    )
)
_ADDRESS = "UPDATE notifications SET address = ? WHERE number = ?"
_MOVE = "UPDATE notifications SET channel = ?, address = ?, attempts = 0, due_at = 0 WHERE number = ?"
_SAME = "SELECT 1 FROM notifications WHERE message = ? AND recipient = ? AND channel = ?"
_SUPERSEDED, _CAN_BE = change_of(Signal.REPLACED)
_DROP = f"UPDATE notifications SET {_SUPERSEDED} WHERE number = ? AND {_CAN_BE}"  # noqa: S608 -- constants


class HeldPosts:
    """That part of an outbox, over its database."""

    _database: Database

    def ring_at(self, ways: Mapping[str, Sequence[Way]]) -> int:
        """What waits for these posts is sent by their ways; returns how many rows go elsewhere now.

        What waits on one of them stays there: a post that nobody holds is rung on every way of its own.
        Repeating it changes nothing.

        Raises
        ------
        StoreError
            If the disk refuses; nothing has changed.
        """
        changed = 0
        with self._database.transaction() as connection:
            for number, message, post, channel, address, state in connection.execute(_OPEN).fetchall():
                own = ways.get(post, ())
                if not own or (channel, address) in own:
                    continue
                way = next((way for way in own if way[0] == channel), own[0])
                if way[0] == channel:
                    connection.execute(_ADDRESS, (way[1], number))
                elif state != State.PENDING:
                    continue
                elif connection.execute(_SAME, (message, post, way[0])).fetchone():
                    connection.execute(_DROP, (number,))
                else:
                    connection.execute(_MOVE, (*way, number))
                changed += 1
        return changed
