"""Digests in ``outbox.sqlite3``: rows like those of messages; their type is `DIGEST_TYPE`.

A digest's ``warning`` is the voice of its post and its ``version`` the sequence in it, so that a newer
one replaces those that wait: each says everything that its post owes.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import msgspec

from warnstream.adapters.outbox.types import RANK_OF_KIND, StoredMessage
from warnstream.delivery.dispatch.notification import State
from warnstream.model.digests import Digest
from warnstream.model.effects import DIGEST_TYPE, RecipientKind, RenderedDigest
from warnstream.model.times import DAY_S
from warnstream.model.warning import Cause
from warnstream.routing.debts import ENDS

VALID_S = DAY_S
"""A digest that could not be sent for so long is not sent any more; newer ones have replaced it."""

_DIGESTS = "SELECT record FROM messages WHERE msg_type = ? ORDER BY number"
_BEFORE = """
SELECT number, record FROM messages WHERE warning = ? AND msg_type = ? AND version < ?
ORDER BY version DESC LIMIT 1
"""
_EARLIER = """
SELECT number, version, record FROM messages WHERE warning = ? AND msg_type = ? AND version < ?
ORDER BY version DESC
"""
_STATES_OF_MESSAGE = "SELECT state FROM notifications WHERE message = ?"


class UntoldEnd(NamedTuple):
    """An end that a post has not been sent: village by code, hazard, and how it ended."""

    village: str
    hazard: str
    cause: Cause


class _Changed(msgspec.Struct):
    hazard: str
    cause: Cause


class _Standing(msgspec.Struct):
    hazard: str


class _Line(msgspec.Struct):
    village: str
    changed: list[_Changed]
    standing: list[_Standing] = []

    @property
    def begun(self) -> set[tuple[str, str]]:
        """Village and hazard of what stands."""
        return {(self.village, warning.hazard) for warning in self.standing}

    @property
    def ended(self) -> set[tuple[str, str]]:
        """Village and hazard of what has ended."""
        return {(self.village, change.hazard) for change in self.changed if change.cause in ENDS}


class _Record(msgspec.Struct):
    """What is read again of a digest's record."""

    villages: list[_Line]


_UNSENT = {State.PENDING, State.SUPERSEDED, State.EXPIRED}

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


def untold_ends(connection: sqlite3.Connection, voice: str, sequence: int) -> list[UntoldEnd]:
    """Ends that only the digest before this one tells, where that has not been sent on any way.

    What an unsent digest had taken over from the one before it is in its own record.
    """
    row = connection.execute(_BEFORE, (voice, DIGEST_TYPE, sequence)).fetchone()
    if row is None:
        return []
    number, record = row
    states = {state for (state,) in connection.execute(_STATES_OF_MESSAGE, (number,))}
    if not states or states & {State.SENT, State.DELIVERED}:
        return []
    try:
        lines = msgspec.json.decode(record, type=_Record).villages
    except msgspec.MsgspecError:
        return []  # not a record as this version writes it
    return [
        UntoldEnd(line.village, change.hazard, change.cause)
        for line in lines
        for change in line.changed
        if change.cause in ENDS
    ]


def begins_of_ends(
    connection: sqlite3.Connection, digests: Sequence[Digest], codes: Sequence[str], numbers: dict[str, int]
) -> list[tuple[int, int]]:
    """Of digests that tell of ends alone: their numbers, and the first version that named what has ended.

    Who was sent none from that version on has heard of no beginning, and needs no end (`DROP_END`). A digest
    whose beginnings are not known here is left out.
    """
    found = []
    for digest in digests:
        tells_more = digest.needs_answer or digest.helps or digest.more
        if tells_more or any(line.standing for line in digest.lines):
            continue
        ended = {(codes[line.village], hazard) for line in digest.lines for hazard, _ in line.changed}
        if (first := _first_naming(connection, digest, ended)) is not None:
            found.append((numbers[digest.identifier], first))
    return found


def _first_naming(connection: sqlite3.Connection, digest: Digest, ended: set[tuple[str, str]]) -> int | None:
    """Version of the first digest of a post that names as standing what has ended; None: it is not known.

    Back to one that may have been heard, of its beginning or of a former end of the same.
    """
    first, waiting = None, set(ended)
    for number, version, record in connection.execute(_EARLIER, (digest.voice, DIGEST_TYPE, digest.sequence)):
        try:
            lines = msgspec.json.decode(record, type=_Record).villages
        except msgspec.MsgspecError:
            return None  # not a record as this version writes it
        begun = waiting & set().union(*(line.begun for line in lines))
        first = version if begun else first
        states = {state for (state,) in connection.execute(_STATES_OF_MESSAGE, (number,))}
        if states <= _UNSENT:
            continue
        waiting -= set().union(*(line.ended for line in lines))
        if begun or not waiting:
            break
    return first


def is_lost(connection: sqlite3.Connection, message: str, recipient: str) -> bool:
    """Whether a digest has failed for good on every way of its post."""
    rank = RANK_OF_KIND[RecipientKind.POST]
    states = connection.execute(_STATES, (message, DIGEST_TYPE, recipient, rank)).fetchall()
    return bool(states) and all(state == State.FAILED for (state,) in states)


class _ForDeputy(msgspec.Struct):
    text_zh: str
    text_en: str


class _ReadRecord(msgspec.Struct):
    post: str
    for_deputy: _ForDeputy | None = None


def as_read_by(message: StoredMessage, recipient: str) -> StoredMessage:
    """A message as its recipient reads it: a deputy is told for whom."""
    if message.msg_type != DIGEST_TYPE or '"for_deputy":{' not in message.cap_xml:
        return message
    try:
        record = msgspec.json.decode(message.cap_xml, type=_ReadRecord)
    except msgspec.MsgspecError:
        return message  # not a record as this version writes it
    if record.for_deputy is None or record.post == recipient:
        return message
    return replace(message, text_zh=record.for_deputy.text_zh, text_en=record.for_deputy.text_en)
