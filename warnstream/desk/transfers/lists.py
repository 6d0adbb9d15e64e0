"""A transfer list and the three decisions about its end: over, leave the shelter, return."""

from collections.abc import Iterable

import msgspec

from warnstream.desk.transfers.rows import Row
from warnstream.model.warning import MessageStatus


class Decision(msgspec.Struct, frozen=True, array_like=True):
    """What a person decided, when, and why; `second` agreed. `is_safe`: of an assessment, its verdict."""

    at_s: int
    by: str
    note: str = ""
    second: str = ""
    is_safe: bool = True


class TransferList(msgspec.Struct):
    """One order to move people, until they are back.

    Attributes
    ----------
    name : str
        Identifier of the order, as `list_name` writes it.
    author, reason : str
    villages, zones, grades : list of str
        Its target: codes of villages, of zones and grades (empty: all).
    opened_s, by_s, onset_s : int
        When it was ordered, by when people are away, when the hazard is expected (-1: nobody knows).
    status : MessageStatus
    rows : dict of str to Row
        By code.
    over, shelter : dict of str to Decision
        By village: the danger is over there; people may leave the shelter.
    returned : dict of str to Decision
        By place (a zone, or a village without zones): people may go home.
    closed : Decision or None
    n_open : int
        Rows that nobody has confirmed to be safe.
    is_late : bool
        The time to the hazard is not enough any more to walk to the shelter.
    """

    name: str
    author: str
    reason: str
    villages: list[str]
    zones: list[str]
    grades: list[str]
    opened_s: int
    by_s: int
    onset_s: int
    status: MessageStatus
    rows: dict[str, Row] = {}
    over: dict[str, Decision] = {}
    shelter: dict[str, Decision] = {}
    returned: dict[str, Decision] = {}
    closed: Decision | None = None
    n_open: int = 0
    is_late: bool = False

    @property
    def is_open(self) -> bool:
        """People of it have not all been told to come back, and nobody has closed it."""
        return self.closed is None

    @property
    def state(self) -> str:
        """moving: somebody is still to go; out: all are safe and not back yet; closed."""
        if self.closed is not None:
            return "closed"
        return "moving" if self.n_open else "out"

    def is_overdue(self, now_s: int) -> bool:
        """Its hour has passed and somebody is still to go."""
        return self.is_open and self.n_open > 0 and self.by_s < now_s and not self.is_over

    @property
    def is_over(self) -> bool:
        """The danger is over in all of its villages."""
        return all(village in self.over for village in self.villages)

    def recount(self) -> None:
        """Bring the count up to the rows."""
        self.n_open = sum(row.is_open for row in self.rows.values())


def list_name(order: str) -> str:
    """Name of the list that an order opens: it is typed, and is part of an address.

    >>> list_name("officer-3/evening")
    'officer-3-evening'
    """
    return "".join(character if character.isalnum() or character in "._-" else "-" for character in order)


class ReturnRecord(msgspec.Struct, frozen=True):
    """People of a village, or of some of its zones, may go home: by whose order.

    `zones` are names of zones; empty: the whole village.
    """

    order: str
    village: str
    zones: tuple[str, ...]
    at_s: int


class TransferState(msgspec.Struct):
    """Everything between two steps; `register` changes with doors and objects."""

    lists: dict[str, TransferList] = {}
    assessed: dict[str, Decision] = {}
    returns: dict[str, ReturnRecord] = {}
    register: int = 0


def open_lists(state: TransferState) -> list[TransferList]:
    """Lists that are not closed, in the order in which they were opened."""
    return [transfer_list for transfer_list in state.lists.values() if transfer_list.is_open]


def without_old(lists: dict[str, TransferList], n_kept: int) -> dict[str, TransferList]:
    """Lists without the oldest closed ones beyond so many."""
    closed = [name for name, transfer_list in lists.items() if not transfer_list.is_open]
    gone: Iterable[str] = closed[: max(len(closed) - n_kept, 0)]
    return {name: transfer_list for name, transfer_list in lists.items() if name not in set(gone)}
