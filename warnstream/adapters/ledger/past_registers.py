"""A ledger brought up to a log through the registers under which that log was written.

A reload leaves a door in the log's outcomes that neither the register of the snapshot nor that of a start
need have. So the log is followed under the register of the snapshot, goes over to the next one where the log
does, and to that of the start at its end, as the running node did. A register that is not found any more is
passed over: doors that it alone had are then counted as strangers, never forgotten in silence.
"""

from collections.abc import Callable, Collection, Iterable

from warnstream.adapters.ledger.book import Book
from warnstream.adapters.ledger.kept import KeptLedger, LedgerFiles
from warnstream.adapters.ledger.register import Following, FormerDoor, are_same_doors
from warnstream.adapters.ledger.sending import DoorSending
from warnstream.delivery.ledger.ledger import MAY_HAVE_ARRIVED
from warnstream.delivery.ledger.states import Result
from warnstream.model.network import Network

RegisterOf = Callable[[str, Collection[str]], Network | None]
"""The register of a configuration by its fingerprint, with rows for villages of those codes; None: gone."""


def no_register(_fingerprint: str, _villages: Collection[str]) -> Network | None:
    """Nothing of before is found."""
    return None


class PastRegisters:
    """Which register a ledger is under while its log is followed.

    Attributes
    ----------
    strangers : set of (str, str)
        Village and code of doors that were told something, have not heard its end, and are in no register.
    """

    def __init__(self, book: Book, sending: DoorSending) -> None:
        self._book, self._sending = book, sending
        self._network, self._fingerprint = book.register.network, ""
        self._register_of: RegisterOf = no_register
        self.strangers: set[tuple[str, str]] = set()

    def begin(
        self,
        files: LedgerFiles,
        kept: KeptLedger | None,
        network: Network,
        fingerprint: str,
        register_of: RegisterOf,
    ) -> None:
        """Go on from a snapshot under its register, where that is found; `network` is that of the start."""
        self._network, self._fingerprint, self._register_of = network, fingerprint, register_of
        self.strangers.clear()
        book = self._book
        with book.lock:
            self._sending.forget_hands()
            of_then = None
            if kept is not None and kept.fingerprint not in ("", fingerprint):
                of_then = register_of(kept.fingerprint, kept.villages)
            if kept is not None and of_then is not None:
                book.fingerprint = kept.fingerprint
                book.take_up(of_then, kept)
                return
            book.fingerprint = fingerprint
            vanished = _vanished(files, network, fingerprint)
            if kept is not None:
                book.take_up(network, kept, vanished)
            else:
                book.begin_anew(network, vanished)

    def go_over(self, fingerprint: str) -> None:
        """The log goes on under another configuration from here on."""
        book = self._book
        if fingerprint == book.fingerprint:
            return
        if fingerprint == self._fingerprint:
            self.arrive()
            return
        with book.lock:
            needed = [
                code for code, told in zip(book.register.villages, book.ledger.sequence, strict=True) if told
            ]
        network = self._register_of(fingerprint, needed)
        if network is not None:
            move_doors(book, self._sending, network, fingerprint, book.following)

    def arrive(self) -> None:
        """All of the log has been followed: the register of the start is the one from now on."""
        book = self._book
        if book.fingerprint != self._fingerprint:
            move_doors(book, self._sending, self._network, self._fingerprint, book.following)

    def move_to(self, network: Network, fingerprint: str, following: Following) -> None:
        """The running node goes on under another register, and other ways."""
        self._network, self._fingerprint = network, fingerprint
        move_doors(self._book, self._sending, network, fingerprint, following)

    def note(self, village: int, sequence: int, doors: Collection[str], result: Result) -> None:
        """What became of attempts to tell doors that are in no register; with the book's lock held."""
        if not doors or result not in MAY_HAVE_ARRIVED:
            return
        ledger, code = self._book.ledger, self._book.register.villages[village]
        found = {(code, door) for door in doors}
        if sequence == int(ledger.sequence[village]) and ledger.is_end[village]:
            self.strangers -= found
        else:
            self.strangers |= found


def _vanished(files: LedgerFiles, network: Network, fingerprint: str) -> Iterable[FormerDoor]:
    """Doors of the register of the last start that are not in this one."""
    known, register = files.register()
    if register is None or known == fingerprint:
        return ()
    return list(register.vanished(network))


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
