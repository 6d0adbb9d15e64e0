"""What the outbox counts: notifications by state, how far a warning has come, who has not answered."""

from warnstream.adapters.outbox.types import KINDS, NEED_HELP_RANK, Reach, Unanswered, WarningCounts
from warnstream.adapters.sqlite import Database
from warnstream.delivery.dispatch.notification import State
from warnstream.model.effects import RecipientKind


class OutboxCounts:
    """The counting half of an outbox, over its database. StoreError if it cannot be read."""

    _database: Database

    def counts(self) -> dict[tuple[str, State], int]:
        """Notifications by channel and state; reads every row (0.1 s for 900,000)."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT channel, state, count(*) FROM notifications GROUP BY channel, state"
            ).fetchall()
        return {(channel, State(state)): n for channel, state, n in rows}

    def open_count(self, channel: str) -> int:
        """Notifications of a channel that are ready, wait for another attempt or are being sent."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT (SELECT count(*) FROM notifications WHERE channel = ?1 AND state = 0 AND due_at = 0)"
                " + (SELECT count(*) FROM notifications WHERE channel = ?1 AND state = 0 AND due_at > 0)"
                " + (SELECT count(*) FROM notifications WHERE channel = ?1 AND state = 1)",
                (channel,),
            ).fetchone()
        return int(row[0])

    def counts_of_warning(self, warning: str) -> WarningCounts:
        """How many recipients of a warning were addressed, reached, have answered, need help."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT count(*), coalesce(sum(sent), 0), coalesce(sum(delivered), 0),"
                " coalesce(sum(answer > 0), 0), coalesce(sum(answer = ?), 0) FROM ("
                " SELECT max(state IN (2, 3)) AS sent, max(state = 3) AS delivered, max(answer) AS answer"
                " FROM notifications WHERE message IN (SELECT number FROM messages WHERE warning = ?)"
                " AND kind > 0 GROUP BY kind, recipient)",
                (NEED_HELP_RANK, warning),
            ).fetchone()
        return WarningCounts(*map(int, row))

    def reach(self) -> dict[RecipientKind, Reach]:
        """How many posts and households were addressed, reached and have answered, each counted once."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT kind, count(*), sum(reached), sum(answered) FROM ("
                " SELECT kind, max(state IN (2, 3)) AS reached, max(answer > 0) AS answered"
                " FROM notifications WHERE kind > 0 GROUP BY kind, recipient) GROUP BY kind"
            ).fetchall()
        return {KINDS[kind]: Reach(*counts) for kind, *counts in rows}

    def unanswered(self, warning: str, limit: int, after: str = "") -> list[Unanswered]:
        """Recipients of a warning without any answer, by name, at most `limit`, from beyond `after`."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT recipient, kind, max(CASE WHEN state <= 3 THEN state ELSE -state END)"
                " FROM notifications WHERE message IN (SELECT number FROM messages WHERE warning = ?)"
                " AND kind > 0 AND recipient > ? GROUP BY recipient, kind HAVING max(answer) = 0"
                " ORDER BY recipient, kind LIMIT ?",
                (warning, after, limit),
            ).fetchall()
        return [Unanswered(recipient, KINDS[kind], State(abs(state))) for recipient, kind, state in rows]
