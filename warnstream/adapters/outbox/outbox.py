"""Every notification of villages' topics and of posts, and what became of it.

Doors are not here: the ledger has them (`warnstream.adapters.ledger`). A row is one message to one
recipient on one channel, inserted once
however often the journal is replayed. Sending and answering are separate
facts, so nothing that sending does can overwrite an answer. A row that was
being sent when the process ended is sent again with the same key.

Any thread may call; each uses a connection of its own.
"""

import logging
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self

from warnstream.adapters.outbox.bulletins import (
    bulletin_records,
    is_untrue,
    old_bulletins,
    postpone,
    replace_older,
    warning_records,
)
from warnstream.adapters.outbox.cap_messages import CapMessage, document_of, page_of
from warnstream.adapters.outbox.counts import OutboxCounts
from warnstream.adapters.outbox.digests import UntoldEnd, begins_of_ends, digest_records, is_lost, untold_ends
from warnstream.adapters.outbox.door_rows import DoorRowsOfBefore
from warnstream.adapters.outbox.history import OutboxHistory, advance
from warnstream.adapters.outbox.queue import next_due, settle_one, take_next, worst_waiting
from warnstream.adapters.outbox.rows import (
    answer_one,
    claimed,
    ends,
    insert_former,
    notification_rows,
    numbers_of,
    row_of,
    stored_messages,
)
from warnstream.adapters.outbox.sql import (
    DROP_END,
    INSERT_MESSAGE,
    INSERT_NOTIFICATION,
    OF_KEY,
    SCHEMA,
    SUPERSEDE_ROW,
    SUPERSEDE_WARNING,
    change_of,
)
from warnstream.adapters.outbox.types import (
    ANSWERS,
    RANK_OF_KIND,
    Addressed,
    AlarmNotice,
    Claimed,
    StoredMessage,
    split_key,
)
from warnstream.adapters.sqlite import DamagedError, Database, put_aside
from warnstream.delivery.dispatch.notification import LONG_DUE, Settlement, Signal
from warnstream.delivery.plan import notifications_of
from warnstream.model.bulletins import Bulletin
from warnstream.model.digests import Digest
from warnstream.model.effects import (
    VILLAGE_TOPIC_CHANNEL,
    Answer,
    Effects,
    RecipientAnswer,
    RecipientKind,
    RenderedBulletin,
    RenderedDigest,
    RenderedMessage,
)
from warnstream.model.errors import StoreError
from warnstream.model.network import ChainPost, Network
from warnstream.model.warning import WarningMessage

log = logging.getLogger(__name__)

OPEN_S_MAX, OPEN_PAUSE_S = 60.0, 1.0
"""Longest wait of a start for another process that holds the file."""

BUSY_MS = 500
"""Longest wait for another process that holds the file: the node's loop waits with it."""

Rendered = RenderedMessage | RenderedBulletin | RenderedDigest
Render = Callable[[WarningMessage | Bulletin | Digest], Rendered]
"""Makes texts and documents of what the outbox does not know yet."""

Proves = Callable[[str, str], bool]
"""Whether a token was made for a message and a recipient."""


class Outbox(OutboxCounts, OutboxHistory, DoorRowsOfBefore):
    """Notifications of one node, but for those of doors.

    Parameters
    ----------
    directory : Path
        Folder of ``outbox.sqlite3``; must exist. The journal's lock keeps other nodes away.
    owner : str
        Name of the node: what it was sending when it ended is its own to send again.

    Attributes
    ----------
    put_aside : Path or None
        The damaged file that this one replaces.
    no_end : frozenset of (str, str)
        Village code and status of what stands: no such end is handed out there. Whoever feeds the
        outbox replaces it as a whole.
    unrecorded : int
        Parts that whoever feeds the outbox has still to record.

    Raises
    ------
    StoreError
        From every method, if the disk refuses; `retryable` says whether trying again can help.
    """

    def __init__(self, directory: Path, owner: str = "") -> None:
        self._path, self._owner = directory / "outbox.sqlite3", owner
        self.put_aside: Path | None = None
        self.no_end: frozenset[tuple[str, str]] = frozenset()
        self.unrecorded = 0
        self._database = self._open()

    @classmethod
    def open_or_begin_anew(cls, directory: Path, owner: str) -> Self:
        """The outbox of a node; a new one, its `put_aside` set, where the file is damaged.

        A full disk and a process (a backup) that holds the file are waited for, `OPEN_S_MAX` at most.

        Raises
        ------
        StoreError
            If the disk refuses, or the file belongs to another version.
        """
        deadline = time.monotonic() + OPEN_S_MAX
        while True:
            try:
                return cls(directory, owner)
            except DamagedError:
                aside, outbox = put_aside(directory / "outbox.sqlite3"), cls(directory, owner)
                outbox.put_aside = aside
                return outbox
            except StoreError as error:
                if not error.retryable or time.monotonic() >= deadline:
                    raise
                log.warning("outbox cannot be opened yet", extra={"error": str(error)})
                time.sleep(OPEN_PAUSE_S)  # a full disk refuses at once, and its log is on it

    def begin_anew(self) -> Path:
        """Put a damaged file aside and begin an empty one; returns where the old one is.

        Raises
        ------
        StoreError
            If that cannot be done.
        """
        self._database.close()
        self.put_aside = put_aside(self._path)
        self._database = self._open()
        return self.put_aside

    def _open(self) -> Database:
        database = Database(self._path, SCHEMA, version=1, busy_ms=BUSY_MS)
        with database.transaction() as connection:
            columns = {row[1] for row in connection.execute("PRAGMA table_info(notifications)")}
            if "owner" not in columns:  # files of earlier versions
                connection.execute("ALTER TABLE notifications ADD COLUMN owner TEXT NOT NULL DEFAULT ''")
        return database

    def record(
        self,
        effects: Effects,
        network: Network,
        render: Render,
        entry: int = 0,
    ) -> int:
        """Keep everything that `effects` asks to be told, in one transaction.

        Repeating it changes nothing: known rows keep their state. Notifications
        not yet sent whose recipient gets a newer message of the same warning
        on the same channel become superseded; so does the end of a warning for
        those to whom nothing of it ever went out. Who was told of a warning and is
        in the register no more is told its end.

        `entry` is the number of the log's entry that holds the same; see `progress`.

        Returns
        -------
        int
            Notifications that are new.
        """
        messages = effects.messages
        told: list[WarningMessage | Bulletin | Digest] = [*messages, *effects.to_doors, *effects.digests]
        names = [digest.identifier for digest in told]
        known = self._known(names)
        unknown = [digest for digest in told if digest.identifier not in known]
        new_rows = [row_of(render(digest)) for digest in unknown]
        with self._database.transaction() as connection:
            connection.executemany(INSERT_MESSAGE, new_rows)
            numbers = numbers_of(connection, names)
            rows = notification_rows(notifications_of(effects, network), numbers)
            inserted = connection.executemany(INSERT_NOTIFICATION, rows).rowcount
            inserted += insert_former(connection, effects, network, numbers)
            if inserted:
                warnings = {message.warning for message in messages if message.version > 1}
                connection.executemany(SUPERSEDE_WARNING, [(warning,) for warning in sorted(warnings)])
                replace_older(connection, [*effects.to_doors, *effects.digests])
                begins = begins_of_ends(connection, effects.digests, network.villages.code, numbers)
                connection.executemany(DROP_END, [*ends(effects, numbers), *begins])
            advance(connection, entry)
        return inserted

    def untold_ends(self, voice: str, sequence: int) -> list[UntoldEnd]:
        """Ends that a post has not been sent and a digest of this number must tell."""
        with self._database.reading() as connection:
            return untold_ends(connection, voice, sequence)

    def record_alarm(self, notice: AlarmNotice, posts: Sequence[ChainPost]) -> int:
        """Keep the begin or end of an alarm for the duty posts, ahead of households; returns what is new.

        An end replaces a begin that was not sent yet.
        """
        identifier = f"{notice.name}.{notice.version}"
        message = (identifier, notice.name, notice.version, "", "", 0, notice.msg_type, notice.status)
        texts = (notice.at_s, notice.expires_s, b"", "", notice.text_zh, notice.text_en)
        with self._database.transaction() as connection:
            connection.execute(INSERT_MESSAGE, message + texts)
            number = numbers_of(connection, [identifier])[identifier]
            rank, asked = RANK_OF_KIND[RecipientKind.POST], (int(notice.level), notice.answer_by_s)
            rows = [(number, post.post, post.channel, rank, post.address, *asked) for post in posts]
            inserted = connection.executemany(INSERT_NOTIFICATION, rows).rowcount if rows else 0
            connection.execute(SUPERSEDE_WARNING, (notice.name,))
        return inserted

    def _known(self, identifiers: Sequence[str]) -> dict[str, int]:
        with self._database.reading() as connection:
            return numbers_of(connection, identifiers)

    def recover(self) -> int:
        """At start: what this owner was sending when it ended is pending again; returns how many.

        The outcome is unknown, so it is sent again with the same key, unless a newer message replaces it.
        What waits for another attempt is due at once: its time may have been given by a clock that was wrong.
        """
        with self._database.transaction() as connection:
            change, condition = change_of(Signal.RECOVERED)
            rows = connection.execute(
                f"UPDATE notifications SET {change}, due_at = 0"  # noqa: S608
                f" WHERE {condition} AND owner IN (?, '') RETURNING number",
                (self._owner,),
            ).fetchall()
            connection.executemany(SUPERSEDE_ROW, rows)
            connection.execute(
                "UPDATE notifications SET due_at = ? WHERE state = 0 AND due_at > 0", (LONG_DUE,)
            )
        return len(rows)

    def retire_channels(self, known: Collection[str]) -> int:
        """Rows that wait for a channel that is configured no more have failed, visibly; returns how many."""
        change, condition = change_of(Signal.ORPHANED)
        names = [*known, VILLAGE_TOPIC_CHANNEL]
        marks = ", ".join("?" * len(names))
        with self._database.transaction() as connection:
            return connection.execute(
                f"UPDATE notifications SET {change}, last_error = ?"  # noqa: S608
                f" WHERE {condition} AND channel NOT IN ({marks})",
                ("the channel is configured no more", *names),
            ).rowcount

    def claim(self, channel: str, limit: int, now: float, level_min: int = 0) -> list[Claimed]:
        """Take the next notifications of a channel to send, at most `limit`, and mark them as being sent.

        Worst level first; within it the never-tried (villages, then posts, in order of
        recording), then those whose next attempt is due (`delivery.dispatch.queue`).

        An end of a village where something stands again (`no_end`) is not true now: it waits.

        Parameters
        ----------
        now : float
            The clock that retry times were given in, seconds.
        level_min : int
            Those of lower levels wait.
        """
        with self._database.transaction() as connection:
            rows = take_next(connection, channel, limit, now, self._owner, level_min)
            messages = stored_messages(connection, {row[1] for row in rows})
            taken = [claimed(row, messages[row[1]], channel) for row in rows]
            untrue = {row.number for row in taken if is_untrue(row.message, self.no_end)}
            postpone(connection, untrue, now)
        return [row for row in taken if row.number not in untrue]

    def worst_waiting(self, channel: str, now: float) -> int | None:
        """The worst level of what could be claimed for a channel now; None if there is nothing."""
        with self._database.reading() as connection:
            return worst_waiting(connection, channel, now)

    def next_due(self, channel: str) -> float | None:
        """When the next waiting notification of a channel is due; None if none waits."""
        with self._database.reading() as connection:
            return next_due(connection, channel)

    def settle(self, settlements: Mapping[str, Settlement], now: float) -> None:
        """Keep what attempts have led to, by key, in one transaction.

        Those that wait again are superseded if they have been replaced meanwhile; what a
        receipt has reported stays delivered.
        """
        with self._database.transaction() as connection:
            for key, settlement in settlements.items():
                row = settle_one(connection, split_key(key), settlement, now)
                if row is not None and settlement.signal is not Signal.SENT:
                    connection.execute(SUPERSEDE_ROW, row)

    def mark_delivered(self, key: str, at: float) -> bool:
        """A receipt came back: the recipient's device has it. False if the key is unknown.

        Raises
        ------
        ValueError
            If `key` is not a notification key.
        """
        parts = split_key(key)
        with self._database.transaction() as connection:
            row = connection.execute(
                f"SELECT number FROM notifications WHERE {OF_KEY}",  # noqa: S608
                parts,
            ).fetchone()
            if row is None:
                return False
            change, condition = change_of(Signal.RECEIPT)
            connection.execute(
                f"UPDATE notifications SET {change}, delivered_at = ?1, sent_at = coalesce(sent_at, ?1)"  # noqa: S608
                f" WHERE number = ?2 AND {condition}",
                (at, *row),
            )
        return True

    def answer(self, message: str, recipient: str, answer: Answer, at_s: int) -> bool:
        """Keep one answer; False if that recipient never was to get that message."""
        return self.answer_many([RecipientAnswer(message, recipient, answer, at_s)]) == 1

    def answer_many(self, answers: Sequence[RecipientAnswer]) -> int:
        """Keep answers, in one transaction; returns how many concerned a known message and recipient.

        The answer of a row only rises (acknowledged, moving, safe, need help),
        so a call for help stays; the newest answer is kept beside it. Answers
        to messages not sent yet are kept as well.
        """
        known = 0
        with self._database.transaction() as connection:
            for given in answers:
                known += answer_one(connection, given)
        return known

    def addressed(self, number: int, proves: Proves) -> Addressed | None:
        """The message and recipient of a row, for answer pages; None if no token proves that there is one."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT message, recipient, last_answer FROM notifications WHERE number = ?", (number,)
            ).fetchone()
            if row is None:
                return None
            message = stored_messages(connection, {row[0]})[row[0]]
        if not proves(message.identifier, row[1]):
            return None
        return Addressed(message, row[1], ANSWERS[row[2] - 1] if row[2] else None, message)

    def stored_message(self, identifier: str) -> StoredMessage | None:
        """What is kept under an identifier, as channels need it; None if nothing is."""
        with self._database.reading() as connection:
            numbers = numbers_of(connection, [identifier])
            return (
                stored_messages(connection, set(numbers.values()))[numbers[identifier]] if numbers else None
            )

    def number_of(self, key: str) -> int | None:
        """Row number of a notification; None if the key is unknown."""
        with self._database.reading() as connection:
            row = connection.execute(
                f"SELECT number FROM notifications WHERE {OF_KEY}",  # noqa: S608
                split_key(key),
            ).fetchone()
        return None if row is None else int(row[0])

    def records(self) -> Iterator[bytes]:
        """Every message as JSON of `WarningMessage`, in the order of recording."""
        with self._database.reading() as connection:
            yield from warning_records(connection)

    def cap_messages(self, before: int, limit: int) -> list[CapMessage]:
        """Messages of warnings of the last days with a number below `before`, newest first."""
        with self._database.reading() as connection:
            return page_of(connection, before, limit)

    def cap_document(self, identifier: str) -> str | None:
        """The CAP document of a message; None if there is no such message."""
        with self._database.reading() as connection:
            return document_of(connection, identifier)

    def bulletin_records(self) -> Iterator[tuple[str, bytes]]:
        """Every bulletin's identifier and record, in the order of recording."""
        with self._database.reading() as connection:
            yield from bulletin_records(connection)

    def digests(self) -> Iterator[bytes]:
        """Every digest's record, in the order of recording."""
        with self._database.reading() as connection:
            yield from digest_records(connection)

    def is_lost(self, message: str, recipient: str) -> bool:
        """Whether a digest has failed for good on every way of its post, and no newer one replaced it."""
        with self._database.reading() as connection:
            return is_lost(connection, message, recipient)

    def prune(self, sent_before_s: int) -> int:
        """Delete warnings whose newest message is older and of which nothing is left to send.

        Returns
        -------
        int
            Messages deleted, with all their notifications and answers.
        """
        with self._database.reading() as connection:
            numbers = connection.execute(
                "SELECT number FROM messages WHERE warning IN"
                " (SELECT warning FROM messages GROUP BY warning HAVING max(sent_s) < ?)"
                " AND warning NOT IN (SELECT warning FROM messages JOIN notifications"
                " ON notifications.message = messages.number WHERE state IN (0, 1))",
                (sent_before_s,),
            ).fetchall()
            numbers += old_bulletins(connection, sent_before_s)
        numbers = list(dict.fromkeys(numbers))
        for number in numbers:
            with self._database.transaction() as connection:
                connection.execute("DELETE FROM notifications WHERE message = ?", number)
                connection.execute("DELETE FROM door_links WHERE message = ?", number)
                connection.execute("DELETE FROM messages WHERE number = ?", number)
        return len(numbers)

    def close(self) -> None:
        """Close the file."""
        self._database.close()
