"""Numbers in the answer links of posts: made of message and post, so that a link opens on any box of a node.

Rows of two boxes have other numbers. Of a link the second highest bit is set, which no row's number has; the
rest are digests of the message's and the post's names. That the link was made here, its token proves.
Links of earlier versions have the number of a row, and are looked up by that.
"""

import sqlite3
import zlib
from collections.abc import Callable, Iterator

from warnstream.adapters.outbox.digests import as_read_by
from warnstream.adapters.outbox.rows import numbers_of, stored_messages
from warnstream.adapters.outbox.types import ANSWERS, RANK_OF_KIND, Addressed
from warnstream.adapters.sqlite import Database
from warnstream.model.effects import RecipientKind

DIGEST_BITS = 23
_MARK = 1 << 2 * DIGEST_BITS
_DIGEST = (1 << DIGEST_BITS) - 1

_POST = RANK_OF_KIND[RecipientKind.POST]

# Posts one after the other along the index `of_post`, not row after row: anybody may ask with any number.
_POSTS = f"""
WITH RECURSIVE post (name) AS (
    SELECT (SELECT min(recipient) FROM notifications WHERE kind = {_POST:d})
    UNION ALL
    SELECT (SELECT min(recipient) FROM notifications WHERE kind = {_POST:d} AND recipient > post.name)
    FROM post WHERE post.name IS NOT NULL
)
SELECT name FROM post WHERE name IS NOT NULL
"""  # noqa: S608 -- a constant of this file
_MESSAGES = f"""
SELECT DISTINCT identifier FROM notifications JOIN messages ON messages.number = notifications.message
WHERE kind = {_POST:d} AND recipient = ?
"""  # noqa: S608 -- a constant of this file
_ANSWER = "SELECT max(last_answer) FROM notifications WHERE message = ? AND recipient = ?"

Proves = Callable[[str, str], bool]


def post_link_number(message: str, post: str) -> int:
    """Number of the links of a post to a message: 47 bits.

    >>> is_of_post(post_link_number("county.@digest.G1.3", "G1")), is_of_post(1066)
    (True, False)
    """
    return _MARK | _digest(message) << DIGEST_BITS | _digest(post)


def is_of_post(number: int) -> bool:
    """Whether a number in a link stands for a message and a post."""
    return number >> 2 * DIGEST_BITS == 1


def _digest(name: str) -> int:
    return zlib.crc32(name.encode("utf-8", "surrogatepass")) & _DIGEST


class PostLinks:
    """That part of an outbox, over its database. StoreError if it cannot be read."""

    _database: Database

    def addressed_post(self, number: int, proves: Proves) -> Addressed | None:
        """The message and post of a link with that number; None if no token proves that there is one."""
        with self._database.reading() as connection:
            for message, post in _candidates(connection, number):
                if not proves(message, post):
                    continue
                at = numbers_of(connection, [message])[message]
                stored = as_read_by(stored_messages(connection, {at})[at], post)
                said = connection.execute(_ANSWER, (at, post)).fetchone()[0]
                return Addressed(stored, post, ANSWERS[said - 1] if said else None, stored)
        return None


def _candidates(connection: sqlite3.Connection, number: int) -> Iterator[tuple[str, str]]:
    of_message, of_post = number >> DIGEST_BITS & _DIGEST, number & _DIGEST
    posts = [name for (name,) in connection.execute(_POSTS) if _digest(name) == of_post]
    for post in posts:
        for (message,) in connection.execute(_MESSAGES, (post,)):
            if _digest(message) == of_message:
                yield message, post
