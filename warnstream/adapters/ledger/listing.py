"""The doors of one village as an officer reads them; who needs somebody comes first."""

from typing import NamedTuple

from warnstream.adapters.ledger.book import Book
from warnstream.delivery.ledger.columns import STATE_BITS
from warnstream.delivery.ledger.states import Delivery, People
from warnstream.model.bulletins import Bulletin
from warnstream.model.effects import Answer


class ShownDoor(NamedTuple):
    """What an answer link leads to."""

    name: str
    newest_name: str
    newest: Bulletin | None
    door: str
    said: Answer | None


class DoorState(NamedTuple):
    """One door as an officer reads it, by the way on which it is told now.

    `address` is personal, `last_s` when it last changed.
    """

    code: str
    address: str
    channel: str
    state: Delivery
    said: People
    tries: int
    last_s: int


LISTED = (
    People.HELP,
    People.ASSIGNED,
    People.REFUSED,
    People.SILENT,
    People.ACKNOWLEDGED,
    People.MOVING,
    People.SAID_SAFE,
    People.SAFE,
)
"""Order of a list of doors: who needs somebody first."""


def doors_of(book: Book, village: int) -> list[DoorState]:
    """Every door of a village; the book is locked."""
    ledger, register = book.ledger, book.register
    rows = ledger.rows_of(village)
    numbers = range(rows.start, rows.stop) if isinstance(rows, slice) else rows.tolist()
    found = [
        DoorState(
            code=register.code(row),
            address=register.address(row, channel),
            channel=channel,
            state=Delivery(int(ledger.state[row] & STATE_BITS)),
            said=People(int(ledger.people[row])),
            tries=int(ledger.tries[row]),
            last_s=int(ledger.time[row]),
        )
        for row in numbers
        for channel in (register.channel_of_way(int(ledger.way[row])),)
    ]
    return sorted(found, key=lambda one: (LISTED.index(one.said), -one.state, one.code))
