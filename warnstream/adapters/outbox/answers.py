"""What people have answered, in ``outbox.sqlite3``: an answer only rises, the newest is kept beside it."""

import sqlite3

from warnstream.adapters.outbox.types import RANK_OF_ANSWER
from warnstream.model.effects import RecipientAnswer


def keep_answer(connection: sqlite3.Connection, given: RecipientAnswer) -> bool:
    """Keep one answer; whether it concerned a known message and recipient."""
    row = connection.execute("SELECT number FROM messages WHERE identifier = ?", (given.message,)).fetchone()
    if row is None:
        return False
    rank = RANK_OF_ANSWER[given.answer]
    concerned = connection.execute(
        "UPDATE notifications SET"
        " last_answer = CASE WHEN coalesce(last_answered_at, ?1) <= ?1 THEN ?2 ELSE last_answer END,"
        " last_answered_at = max(coalesce(last_answered_at, ?1), ?1),"
        " answered_at = CASE WHEN answer < ?2 THEN ?1 ELSE answered_at END,"
        " answer = max(answer, ?2)"
        " WHERE message = ?3 AND recipient = ?4 AND kind > 0",
        (given.at_s, rank, row[0], given.recipient),
    ).rowcount
    return concerned > 0
