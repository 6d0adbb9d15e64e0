"""Digests in ``outbox.sqlite3``: rows like those of messages; their type is `DIGEST_TYPE`.

A digest's ``warning`` is the voice of its post and its ``version`` the sequence in it, so that a newer
one replaces those that wait: each says everything that its post owes.
"""

import sqlite3
from collections.abc import Iterator

from warnstream.adapters.outbox.types import RANK_OF_KIND
from warnstream.delivery.dispatch.notification import State
from warnstream.model.effects import DIGEST_TYPE, RecipientKind, RenderedDigest
from warnstream.model.times import DAY_S

VALID_S = DAY_S
"""A digest that could not be sent for so long is not sent any more; newer ones have replaced it."""

_DIGESTS = "SELECT record FROM messages WHERE msg_type = ? ORDER BY number"
_STATES = """
SELECT state FROM notifications
WHERE message = (SELECT number FROM messages WHERE identifier = ? AND msg_type = ?)
AND recipient = ? AND kind = ?
"""


def digest_row(rendered: RenderedDigest) -> tuple[object, ...]:
    """The row of a digest in ``messages``."""
    digest = rendered.digest
    leading = digest.lines[0].standing[:1] if digest.lines else ()
    return (
        digest.identifier,
        digest.voice,
        digest.sequence,
        rendered.village_code,
        leading[0][0] if leading else "",
        int(digest.level),
        DIGEST_TYPE,
        str(digest.status),
        digest.issued_s,
        digest.issued_s + VALID_S,
        rendered.record,
        rendered.record.decode(),
        rendered.text_zh,
        rendered.text_en,
    )


def digest_records(connection: sqlite3.Connection) -> Iterator[bytes]:
    """Records of digests, oldest first."""
    yield from (record for (record,) in connection.execute(_DIGESTS, (DIGEST_TYPE,)))


def is_lost(connection: sqlite3.Connection, message: str, recipient: str) -> bool:
    """Whether a digest has failed for good on every way of its post."""
    rank = RANK_OF_KIND[RecipientKind.POST]
    states = connection.execute(_STATES, (message, DIGEST_TYPE, recipient, rank)).fetchall()
    return bool(states) and all(state == State.FAILED for (state,) in states)
