"""What the outbox counts: notifications by channel and state, recipients reached."""

from collections.abc import Mapping

from warnstream.adapters.outbox.types import KINDS, Reach
from warnstream.adapters.sqlite import Database
from warnstream.delivery.dispatch.notification import Settlement, State
from warnstream.delivery.dispatch.queue import ROWS, Urgency
from warnstream.model.effects import RecipientKind
from warnstream.model.level import Level

_WAITING = "SELECT level, count(*) FROM notifications WHERE channel = ? AND state = ? GROUP BY level"


class OutboxCounts:
    """The counting half of an outbox, over its database. StoreError if it cannot be read."""

    _database: Database
    unrecorded: int

    def counts(self) -> dict[tuple[str, State], int]:
        """Notifications by channel and state; reads every row (0.1 s for 900,000)."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT channel, state, count(*) FROM notifications GROUP BY channel, state"
            ).fetchall()
        return {(channel, State(state)): n for channel, state, n in rows}

    def hand_on(self, channel: str, rooms: Mapping[str, int], now: float) -> int:  # noqa: ARG002  # the port
        """Rows have one way each: nobody of them is told by another one."""
        return 0

    def open_count(self, channel: str) -> int:
        """Notifications of a channel that are ready, wait for another attempt or are being sent.

        Parts of what was issued that are still to be recorded count, too: they may be for any channel.
        """
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT (SELECT count(*) FROM notifications WHERE channel = ?1 AND state = 0 AND due_at = 0)"
                " + (SELECT count(*) FROM notifications WHERE channel = ?1 AND state = 0 AND due_at > 0)"
                " + (SELECT count(*) FROM notifications WHERE channel = ?1 AND state = 1)",
                (channel,),
            ).fetchone()
        return int(row[0]) + self.unrecorded

    def waiting(self, channel: str) -> dict[Urgency, int]:
        """Notifications of a channel that wait or are being sent, by the urgency of their level."""
        found: dict[Urgency, int] = {}
        with self._database.reading() as connection:
            for state in (State.PENDING, State.SENDING):
                for level, count in connection.execute(_WAITING, (channel, state)):
                    found[ROWS[Level(level)]] = found.get(ROWS[Level(level)], 0) + int(count)
        return found

    def hand_in(self, _settlements: Mapping[str, Settlement], _now: float) -> bool:
        """False: rows are kept by `settle`, which waits for no other thread."""
        return False

    def reach(self) -> dict[RecipientKind, Reach]:
        """How many recipients of each kind were addressed, reached and have answered, each counted once."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT kind, count(*), sum(reached), sum(answered) FROM ("
                " SELECT kind, max(state IN (2, 3)) AS reached, max(answer > 0) AS answered"
                " FROM notifications WHERE kind > 0 GROUP BY kind, recipient) GROUP BY kind"
            ).fetchall()
        return {KINDS[kind]: Reach(*counts) for kind, *counts in rows}
