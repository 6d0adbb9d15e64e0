"""The ledger of doors brought up to a log: bulletins, outcomes and answers in the order in which they came.

What a step issued stands in the log behind the whole turn of the loop that brought its cause; here it is
taken right behind the cause, as it was then. Nothing is judged and nothing is written.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import msgspec

from warnstream.adapters.journal.conversion import FOLDER as JOURNAL
from warnstream.adapters.journal.extents import find_extent, list_segments, read_entries
from warnstream.adapters.ledger.doors import DoorStore
from warnstream.model.bulletins import Bulletin
from warnstream.model.effects import RecipientAnswer
from warnstream.model.errors import StoreError, describe
from warnstream.model.messages import is_packed, unpack
from warnstream.model.network import Network
from warnstream.model.times import parse_iso
from warnstream.runners.history.issued_history import Entries
from warnstream.runners.intake import entries
from warnstream.runners.intake.door_entries import (
    CALL_CLOSED,
    DOUBT,
    OF_DOORS,
    OUTCOME,
    decode_closed,
    decode_doubt,
)
from warnstream.runners.intake.entries import AnswerEntry, AnswerMessage, ClockBeacon
from warnstream.runners.intake.history_entries import (
    CONFIGURATION,
    ISSUED,
    decode_configured,
    decode_issued_bulletins,
)
from warnstream.runners.intake.topics import Topics

log = logging.getLogger(__name__)

CHANGES_FOLLOWED_MAX = 20
"""Of a longer past, as a lost ledger has it, the newest changes of register are followed: each is loaded."""

_ANSWERED = b"/answer/"
"""In the topics of messages that may hold answers."""


class Followed(NamedTuple):
    """How many entries said something of doors, and the engine's time after them; -1: no entry told it."""

    n_events: int
    now_s: int


@dataclass(slots=True)
class _Time:
    """Engine time while entries are read."""

    now_s: int


def take_of_doors(store: DoorStore, kind: str, payload: bytes) -> None:
    """Give an entry of the kinds `OF_DOORS` to the ledger. ValueError if it cannot be read."""
    if kind == OUTCOME:
        store.take_outcomes(payload)
    elif kind == DOUBT:
        store.doubt(decode_doubt(payload))
    elif kind == CALL_CLOSED:
        call = decode_closed(payload)
        store.close_call(call.village, call.door, call.at_s)


@dataclass(slots=True)
class _Event:
    """Something to be taken, and where: the number of its entry, or of its cause."""

    place: tuple[int, int, int]
    take: Callable[[DoorStore], object]
    is_change: bool = False


def follow_doors(store: DoorStore, found: Entries, topics: Topics, now_s: int = -1) -> Followed:
    """Take what entries say of doors.

    Parameters
    ----------
    store : DoorStore
        As its snapshot has it.
    found : iterable of (int, str, bytes)
        Entries after the snapshot, in order.
    topics : Topics
        Which messages are answers.
    now_s : int
        Engine time before the entries; -1 if it is not known.
    """
    told = _Time(now_s)
    events = sorted(_events(found, topics, told), key=lambda one: one.place)
    changes = [event for event in events if event.is_change]
    too_old = {id(event) for event in changes[:-CHANGES_FOLLOWED_MAX]}
    for event in events:
        if id(event) in too_old:
            continue
        try:
            event.take(store)
        except ValueError as error:
            log.error("entry of doors cannot be read", extra={"entry": event.place[0], "error": str(error)})  # noqa: TRY400
    return Followed(len(events), told.now_s)


def _events(found: Entries, topics: Topics, told: _Time) -> Iterator[_Event]:
    doubted = 0
    for number, kind, payload in found:
        doubted = number if kind == DOUBT else doubted
        try:
            event = _event(number, kind, payload, topics, told, doubted)
        except Exception as error:  # noqa: BLE001  # one entry that says nothing keeps no other from being followed
            log.error("entry cannot be read", extra={"entry": number, "kind": kind, "error": describe(error)})  # noqa: TRY400
            continue
        if event is not None:
            yield event


def _event(
    number: int, kind: str, payload: bytes, topics: Topics, told: _Time, doubted: int
) -> _Event | None:
    """What an entry says of doors; `doubted` is the number of the last doubt before it."""
    if kind == ISSUED:
        cause, bulletins = decode_issued_bulletins(payload)
        # Nothing that a process issued at its start stands before the doubt that it began with.
        place = (cause, 1, number) if cause >= doubted else (number, 0, 0)
        return _Event(place, _issue(bulletins)) if bulletins else None
    if kind == CONFIGURATION:
        return _Event((number, 0, 0), _go_over(decode_configured(payload)), is_change=True)
    if kind in OF_DOORS:
        return _Event((number, 0, 0), _take(kind, payload))
    told.now_s, answers = heard(kind, payload, topics, told.now_s)
    return _Event((number, 0, 0), _answer(answers)) if answers else None


def _issue(bulletins: Iterable[tuple[str, Bulletin]]) -> Callable[[DoorStore], object]:
    def take(store: DoorStore) -> None:
        number = store.village_numbers()
        store.issue(
            [replace(bulletin, village=number[code]) for code, bulletin in bulletins if code in number]
        )

    return take


def _go_over(fingerprint: str) -> Callable[[DoorStore], object]:
    return lambda store: store.registers.go_over(fingerprint)


def _take(kind: str, payload: bytes) -> Callable[[DoorStore], object]:
    return lambda store: take_of_doors(store, kind, payload)


def _answer(answers: list[RecipientAnswer]) -> Callable[[DoorStore], object]:
    return lambda store: store.answer_many(answers)


def heard(kind: str, payload: bytes, topics: Topics, now_s: int) -> tuple[int, list[RecipientAnswer]]:
    """Engine time after an entry, and the answers in it."""
    if kind == entries.TICK:
        return max(now_s, entries.decode_tick(payload)), []
    if kind == entries.ANSWER:
        try:
            said = msgspec.msgpack.decode(payload, type=AnswerEntry)
        except msgspec.MsgspecError:
            return now_s, []  # the node has set it aside
        return now_s, [RecipientAnswer(said.message, said.recipient, said.answer, now_s)]
    if kind == entries.MESSAGES and (_ANSWERED in payload or topics.clock.encode() in payload):
        return _in_messages(payload, topics, now_s)
    return now_s, []


def _in_messages(payload: bytes, topics: Topics, now_s: int) -> tuple[int, list[RecipientAnswer]]:
    answers = []
    pairs = unpack(payload).pairs() if is_packed(payload) else entries.decode_messages(payload)
    for topic, content in pairs:
        recipient = topics.recipient_of(topic)
        if topic == topics.clock:
            now_s = max(now_s, _told_s(content))
        elif recipient is not None and (said := _said(content)) is not None:
            answers.append(RecipientAnswer(said.message, recipient, said.answer, now_s))
    return now_s, answers


def _told_s(content: bytes) -> int:
    try:
        return parse_iso(msgspec.json.decode(content, type=ClockBeacon).time)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return -1


def _said(content: bytes) -> AnswerMessage | None:
    try:
        return msgspec.json.decode(content, type=AnswerMessage)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def doors_of_folder(directory: Path, network: Network, topics: Topics) -> DoorStore:
    """The ledger of a node's storage directory, whether the node runs or not; nothing is written.

    Raises
    ------
    StoreError
        If the journal cannot be read.
    """
    store = DoorStore(directory, network, _nobody, lambda _identifier: None, is_read_only=True)
    store.begin(network)
    follow_doors(store, _entries_of(directory, store.sequence), topics)
    return store


def _entries_of(directory: Path, after: int) -> Entries:
    folder = directory / JOURNAL
    if not folder.is_dir() or not list_segments(folder):
        return ()
    extent = find_extent(folder)
    first = max(after + 1, extent.segments[0].first_sequence)
    return read_entries(extent, first) if first <= extent.last_sequence else ()


def _nobody(_payload: bytes) -> Future[None]:
    raise StoreError("what is read here is not written", retryable=False)
