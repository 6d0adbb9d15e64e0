"""Doors of an earlier version, which had a row of ``outbox.sqlite3`` each: taken over once, in order.

Every message that doors had is put down again and every row's end is taken, as a log would have said it. What
was being sent, or had been tried in vain, may have arrived: its end is for that door.
"""

from collections.abc import Iterable, Iterator

import msgspec
import numpy as np

from warnstream.adapters.ledger.book import Book
from warnstream.adapters.ledger.doors import SAID
from warnstream.adapters.ledger.kept import KeptLedger
from warnstream.adapters.ledger.register import FormerDoor
from warnstream.adapters.outbox.door_rows import DoorMessage, DoorRow
from warnstream.adapters.outbox.outbox import Outbox
from warnstream.adapters.outbox.types import ANSWERS
from warnstream.delivery.dispatch.notification import State
from warnstream.delivery.dispatch.queue import Urgency, urgency_of_level
from warnstream.delivery.ledger.ledger import Put
from warnstream.delivery.ledger.states import Result
from warnstream.model.bulletins import N_BITS, Action, BulletinCause
from warnstream.model.effects import BULLETIN_TYPES
from warnstream.model.network import Network

RESULT_OF = {
    State.SENDING: Result.FAILED,
    State.SENT: Result.SENT,
    State.DELIVERED: Result.DELIVERED,
    State.FAILED: Result.UNREACHABLE,
    State.EXPIRED: Result.EXPIRED,
}
"""Of rows by their state; one that waits and was never tried, or was replaced, has none."""


class _Record(msgspec.Struct):
    """Of a bulletin's record what its row does not say."""

    cause: BulletinCause = BulletinCause.FIRST


def import_doors(outbox: Outbox, network: Network) -> tuple[KeptLedger, int]:
    """The ledger that rows of doors amount to under a register, and how many rows there were."""
    book, n_rows = Book(network, _former(outbox, network)), 0
    for message in outbox.door_messages():
        village = book.register.village_of(message.village)
        if village is None:
            continue
        rows = outbox.door_rows(message.number)
        n_rows += len(rows)
        put = _put(message, village)
        book.ledger.put_down(put)
        book.know_voice(village, _voice(message), message.status)
        _take_rows(book, message, put, rows)
    return book.kept(), n_rows


def _former(outbox: Outbox, network: Network) -> Iterator[FormerDoor]:
    """Doors that have left the register; once each, with the last address."""
    number = network.villages.index_of_name()
    found: dict[tuple[str, str], FormerDoor] = {}
    for message in outbox.door_messages():
        if message.village not in number:
            continue
        doors = network.households.of_village(number[message.village])
        known = set(network.households.code[doors.start : doors.stop])
        for row in outbox.door_rows(message.number):
            if row.recipient not in known:
                place = message.village, row.recipient
                found[place] = FormerDoor(*place, row.channel, row.address)
    yield from found.values()


def _is_bulletin(message: DoorMessage) -> bool:
    return message.msg_type in BULLETIN_TYPES


def _voice(message: DoorMessage) -> str:
    return message.warning if _is_bulletin(message) else message.warning.rsplit(".", 2)[0]


def _put(message: DoorMessage, village: int) -> Put:
    if not _is_bulletin(message):  # one of before there were bulletins: doors had one a warning
        return Put(village, (message.sent_s << N_BITS) | 1, message.sent_s, urgency=Urgency.END)
    action = Action(message.msg_type)
    try:
        cause = msgspec.json.decode(message.record, type=_Record).cause
    except msgspec.MsgspecError:
        cause = BulletinCause.FIRST
    is_reminder = cause is BulletinCause.REMINDER
    return Put(
        village=village,
        sequence=message.version,
        issued_s=message.sent_s,
        urgency=urgency_of_level(message.level, is_reminder=is_reminder),
        is_end=action.is_end,
        is_reminder=is_reminder,
        asks=action.moves_people,
    )


def _take_rows(book: Book, message: DoorMessage, put: Put, rows: Iterable[DoorRow]) -> None:
    of_result: dict[Result, list[int]] = {}
    said: list[tuple[int, DoorRow]] = []
    for row in rows:
        door = book.register.row_of(put.village, row.recipient)
        if door is None:
            continue
        result = _result(row)
        if result is not None:
            of_result.setdefault(result, []).append(door)
        if row.answer:
            said.append((door, row))
    for result, doors in of_result.items():
        numbers = np.array(sorted(set(doors)), dtype=np.int64)
        book.ledger.take(put.village, put.sequence, numbers, result, message.sent_s)
    if not _is_bulletin(message):
        for channel in range(book.register.n_channels):
            waiting = book.ledger.waiting(put.village, channel)  # its text is of before there were bulletins
            book.ledger.take(put.village, put.sequence, waiting, Result.EXPIRED, message.sent_s)
    for door, row in said:
        answer = SAID[ANSWERS[row.answer - 1]]
        book.ledger.say(door, put.sequence, answer, int(row.answered_s))


def _result(row: DoorRow) -> Result | None:
    state = State(row.state)
    return Result.FAILED if state is State.PENDING and row.attempts else RESULT_OF.get(state)
