"""Rows of ``outbox.sqlite3`` from effects, and what the outbox hands out from rows."""

import sqlite3
from collections.abc import Iterable, Iterator

import msgspec

from warnstream.adapters.outbox.bulletins import bulletin_row
from warnstream.adapters.outbox.digests import digest_row
from warnstream.adapters.outbox.queue import QueuedRow
from warnstream.adapters.outbox.sql import INSERT_FORMER
from warnstream.adapters.outbox.types import (
    KEY_SEPARATOR,
    KINDS,
    RANK_OF_ANSWER,
    RANK_OF_KIND,
    Claimed,
    StoredMessage,
)
from warnstream.model.effects import (
    Effects,
    Notification,
    RecipientAnswer,
    RenderedBulletin,
    RenderedDigest,
    RenderedMessage,
)
from warnstream.model.network import Network
from warnstream.model.warning import MessageType


def insert_former(
    connection: sqlite3.Connection, effects: Effects, network: Network, numbers: dict[str, int]
) -> int:
    """Rows for those who were told of a warning before and are not registered for it any more.

    They are told its end. So are posts that have left the chain: a digest of theirs says nothing else.
    """
    rows = [
        (numbers[message.identifier], int(message.level), message.warning, message.version, 0)
        for message in effects.messages
        if message.msg_type is MessageType.CANCEL
    ]
    posts = {post.post for post in network.chain} if effects.digests else set()
    rows += [
        (numbers[digest.identifier], int(digest.level), digest.voice, digest.sequence, 0)
        for digest in effects.digests
        if digest.post not in posts
    ]
    return connection.executemany(INSERT_FORMER, rows).rowcount if rows else 0


def ends(effects: Effects, numbers: dict[str, int]) -> list[tuple[int, int]]:
    """Numbers of what ends a warning, and the version at which that began."""
    cancels = [message for message in effects.messages if message.msg_type is MessageType.CANCEL]
    return [(numbers[message.identifier], 0) for message in cancels]


def row_of(rendered: RenderedMessage | RenderedBulletin | RenderedDigest) -> tuple[object, ...]:
    """Columns of a message, bulletin or digest, in the order of `INSERT_MESSAGE`."""
    if isinstance(rendered, RenderedBulletin):
        return bulletin_row(rendered)
    return digest_row(rendered) if isinstance(rendered, RenderedDigest) else message_row(rendered)


def message_row(rendered: RenderedMessage) -> tuple[object, ...]:
    """Columns of a message, in the order of `INSERT_MESSAGE`."""
    message = rendered.message
    return (
        message.identifier,
        message.warning,
        message.version,
        rendered.village_code,
        message.hazard,
        int(message.level),
        str(message.msg_type),
        str(message.status),
        message.sent_s,
        message.expires_s,
        msgspec.json.encode(message),
        rendered.cap_xml,
        rendered.text_zh,
        rendered.text_en,
    )


def notification_rows(
    notifications: Iterable[Notification], numbers: dict[str, int]
) -> Iterator[tuple[object, ...]]:
    """Columns of notifications, in the order of `INSERT_NOTIFICATION`; `numbers` are of messages."""
    for row in notifications:
        if row.key != KEY_SEPARATOR.join((row.message, row.recipient, row.channel)):
            raise ValueError(f"notification key {row.key!r} is not message|recipient|channel")
        yield (
            numbers[row.message],
            row.recipient,
            row.channel,
            RANK_OF_KIND[row.kind],
            row.address,
            row.level,
            row.answer_by_s,
        )


def numbers_of(connection: sqlite3.Connection, identifiers: Iterable[str]) -> dict[str, int]:
    """Row numbers of the messages that are known."""
    numbers = {}
    for identifier in identifiers:
        row = connection.execute("SELECT number FROM messages WHERE identifier = ?", (identifier,)).fetchone()
        if row is not None:
            numbers[identifier] = int(row[0])
    return numbers


def stored_messages(connection: sqlite3.Connection, numbers: set[int]) -> dict[int, StoredMessage]:
    """Messages by row number, as channels need them."""
    stored = {}
    for number in numbers:
        row = connection.execute(
            "SELECT identifier, warning, version, village, hazard, level, msg_type, status,"
            " sent_s, expires_s, cap_xml, text_zh, text_en FROM messages WHERE number = ?",
            (number,),
        ).fetchone()
        stored[number] = StoredMessage(*row)
    return stored


def claimed(row: QueuedRow, message: StoredMessage, channel: str) -> Claimed:
    """A row that a channel now has to send."""
    number, _, recipient, kind, address, level, answer_by_s, attempts = row
    key = KEY_SEPARATOR.join((message.identifier, recipient, channel))
    return Claimed(
        number, key, message, recipient, KINDS[kind], channel, address, level, answer_by_s, attempts + 1
    )


def answer_one(connection: sqlite3.Connection, given: RecipientAnswer) -> bool:
    """Keep an answer; False if that recipient never was to get that message."""
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
