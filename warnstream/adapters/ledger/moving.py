"""Another register while channels send: what is known of doors goes by names, since numbers change."""

from typing import NamedTuple

from warnstream.adapters.ledger.book import Book
from warnstream.adapters.ledger.register import Following, are_same_doors
from warnstream.adapters.ledger.sending import DoorSending
from warnstream.model.bulletins import Bulletin
from warnstream.model.effects import Answer
from warnstream.model.network import Network


class ShownDoor(NamedTuple):
    """What an answer link leads to."""

    name: str
    newest_name: str
    newest: Bulletin | None
    door: str
    said: Answer | None


def move_doors(
    book: Book, sending: DoorSending, network: Network, fingerprint: str, following: Following
) -> None:
    """Go on under another register: who is in hand stays in hand, by codes."""
    with book.lock:
        book.fingerprint, before = fingerprint, book.register
        is_same_way, book.following = book.following == following, following
        if is_same_way and are_same_doors(before.network, network):
            before.network = network
            return
        hands = {} if book.queue is None else book.queue.hands()
        held = {*hands, *sending.rows_in_hand()}
        ledger = book.ledger
        doors = {row: before.door_at(int(ledger.village[row]), row, int(ledger.way[row])) for row in held}
        book.move_to(network)
        rows = {}
        for row, door in doors.items():
            village = book.register.village_of(door.village)
            now = None if village is None else book.register.row_of(village, door.door)
            if now is not None:
                rows[row] = now
        sending.renumber(rows, {row: until for row, (_, until) in hands.items()})
