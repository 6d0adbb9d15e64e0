"""Moving people out and bringing them back: orders and marks in; what stands for doors and posts out.

Rule 1: what opens, moves and ends a transfer list lives in this file.

A list is opened by an order and has a row for each door and object of its target. It goes on until people
are told to come back, or a person closes it; that nobody is open any more closes nothing: they are out.
*Over*, *leave the shelter* and *return* are three decisions. A return needs that the danger is over, that
nothing stands, an assessment since then, and two persons; it never follows from anything else.

Pure, and led by levels: what doors and posts are to hear (`ordered`) is asked anew after any step, so a
restart cannot lose it. Limits: `LISTS_MAX` lists, `ROWS_MAX` rows each.
"""

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from warnstream.delivery.ledger.states import People
from warnstream.delivery.transfer import transfer_deadline_s
from warnstream.desk.transfers.hours import moment_of
from warnstream.desk.transfers.lists import (
    Decision,
    ReturnRecord,
    TransferList,
    TransferState,
    list_name,
    open_lists,
    without_old,
)
from warnstream.desk.transfers.rows import SAID_OF_ANSWER, SAID_OF_MARK, Row, rows_of
from warnstream.model.bulletins import TRANSFER, Ordered, ReturnNotice, Standing
from warnstream.model.effects import Answer
from warnstream.model.hands.orders import SAFE, HandOrder, OrderKind
from warnstream.model.level import Level
from warnstream.model.network import Network
from warnstream.model.rules.policies import TransferPolicy
from warnstream.model.times import TimeZone
from warnstream.model.transfers.marks import MarkWord, RowMark
from warnstream.model.transfers.objects import TransferObject
from warnstream.model.warning import MessageStatus

LISTS_MAX = 200
"""Lists that are open at once; further ones are refused."""

ROWS_MAX = 100_000
"""Rows of one list; a larger target is ordered by townships."""

CLOSED_KEPT = 20
"""Closed lists that can still be looked at."""

NOT_KNOWN = -1


class Transfers:
    """Transfer lists of one network.

    Parameters
    ----------
    network : Network
    policy : TransferPolicy
    time_zone : TimeZone
        Of the clocks in orders.
    status : MessageStatus
        Of what is ordered now.

    Attributes
    ----------
    policy : TransferPolicy
    state : TransferState
    changed : set of int
        Villages whose doors or posts may have to hear something new.
    n_changes : int
        Counts what was ordered and said since the process began: nothing has moved while it stands still.
    """

    def __init__(
        self, network: Network, policy: TransferPolicy, time_zone: TimeZone, status: MessageStatus
    ) -> None:
        self.network, self.time_zone = network, time_zone
        self.policy, self._status = policy, status
        self.number = network.villages.index_of_code()
        self._zones: dict[str, list[str]] = {}
        for zone in network.zones:
            self._zones.setdefault(network.villages.code[zone.village], []).append(zone.code)
        self._objects: dict[int, list[TransferObject]] = {}
        for listed in network.objects:
            self._objects.setdefault(listed.village, []).append(listed)
        self._name_of_zone = {zone.code: zone.name for zone in network.zones}
        self.state = TransferState()
        self.changed: set[int] = set()
        self.n_changes = 0
        self._list_of_row: dict[str, str] = {}
        self._lists_of: dict[str, tuple[str, ...]] = {}
        self._register = 0

    # What is open.

    @property
    def open(self) -> list[TransferList]:
        """Lists that are not closed, in the order in which they were opened."""
        return open_lists(self.state)

    def lists_of(self, village: str) -> list[TransferList]:
        """Open lists of a village."""
        lists = self.state.lists
        return [lists[name] for name in self._lists_of.get(village, ())]

    def standing_in(self) -> list[str]:
        """Codes of villages in which a transfer stands: it was ordered and is not over."""
        return [
            code
            for code in self._lists_of
            if any(code not in transfer_list.over for transfer_list in self.lists_of(code))
        ]

    def places_of(self, village: str, zones: Iterable[str] = ()) -> list[str]:
        """Where people of a village return to: its zones (of those in `zones`, if any), else itself.

        Where a changed register has none of the zones any more it is all of those that there are now.
        """
        own, wanted = self._zones.get(village, []), set(zones)
        if not own:
            return [village]
        return [zone for zone in own if zone in wanted] or own

    def away_from(self, village: str) -> list[str]:
        """Places of a village whose people have not been told to come back, on any open list."""
        return [
            place
            for transfer_list in self.lists_of(village)
            for place in self.places_of(village, transfer_list.zones)
            if place not in transfer_list.returned
        ]

    def row(self, code: str) -> Row | None:
        """The row of an open list."""
        name = self._list_of_row.get(code)
        return None if name is None else self.state.lists[name].rows[code]

    def ordered(self, village: int) -> Ordered:
        """What orders of people mean for the doors of a village."""
        code = self.network.villages.code[village]
        lists = self.lists_of(code)
        standing = [transfer_list for transfer_list in lists if code not in transfer_list.over]
        known = self.state.returns.get(code)
        notice = None if known is None else ReturnNotice(known.order, known.zones)
        return Ordered(self._standing(standing, code), bool(self.away_from(code)), notice)

    def _standing(self, lists: Sequence[TransferList], code: str) -> Standing | None:
        if not lists:
            return None
        level = max(level_of(transfer_list) for transfer_list in lists)
        by_s = min(transfer_list.by_s for transfer_list in lists)
        return Standing(
            TRANSFER, level, lists[-1].status, None, by_hand=True, by_s=by_s, where=self._where(lists, code)
        )

    def _where(self, lists: Sequence[TransferList], village: str) -> str:
        """Name of the one zone of a village that lists are about; empty: several, or all of it."""
        zones = {place for transfer_list in lists for place in self.places_of(village, transfer_list.zones)}
        is_part = len(zones) == 1 and len(self._zones.get(village, ())) > 1
        return self._name_of_zone.get(zones.pop(), "") if is_part else ""

    def villages(self) -> list[int]:
        """Villages of open lists, and of returns."""
        codes = {
            *(village for transfer_list in self.open for village in transfer_list.villages),
            *self.state.returns,
        }
        return sorted(self.number[code] for code in codes if code in self.number)

    # Orders.

    def target(self, order: HandOrder) -> list[Row]:
        """Rows of an order's target that are on no open list yet."""
        return [
            row
            for code in order.villages
            for row in self._rows_of(self.number[code], order.zones, order.grades)
            if row.code not in self._list_of_row
        ]

    def _rows_of(self, village: int, zones: Sequence[str], grades: Sequence[str]) -> Iterator[Row]:
        return rows_of(self.network, village, self._objects.get(village, ()), zones, grades)

    def accept(self, order: HandOrder, now_s: int) -> None:
        """Carry out an order that has no faults (`faults.faults_of`)."""
        take: dict[OrderKind, Callable[[HandOrder, int], None]] = {
            OrderKind.TRANSFER: self._open,
            OrderKind.TRANSFER_OVER: self._end,
            OrderKind.LEAVE_SHELTER: self._leave_shelter,
            OrderKind.ASSESS: self._assess,
            OrderKind.RETURN: self._return,
            OrderKind.TRANSFER_CLOSE: self._close_by_hand,
        }
        take[order.kind](order, now_s)
        self.n_changes += 1
        self._touch(order.villages)

    def _open(self, order: HandOrder, now_s: int) -> None:
        onset_s = moment_of(order.onset, now_s, self.time_zone) if order.onset else NOT_KNOWN
        by_s = self._hour_of(order, onset_s, now_s)
        rows = {row.code: row for row in self.target(order)}
        one = TransferList(
            list_name(order.identifier),
            order.author,
            order.reason,
            list(order.villages),
            list(order.zones),
            list(order.grades),
            now_s,
            by_s,
            onset_s,
            self._status,
            rows,
        )
        one.is_late = self._is_late(one, now_s)
        one.recount()
        if not open_lists(self.state):
            self.state.register = self._register_now()
        self.state.lists = without_old(self.state.lists, CLOSED_KEPT) | {one.name: one}
        self._know(one)
        for code in order.villages:  # who is moved again has to be told again that they may come back
            self.state.returns.pop(code, None)
        for place in (place for code in order.villages for place in self.places_of(code, order.zones)):
            self.state.assessed.pop(place, None)

    def _hour_of(self, order: HandOrder, onset_s: int, now_s: int) -> int:
        """By when people are away: as ordered, else as policy and law ask before the hazard, else now."""
        if order.by:
            return moment_of(order.by, now_s, self.time_zone)
        if onset_s == NOT_KNOWN:
            return now_s
        return max(transfer_deadline_s(onset_s, self.policy, self.time_zone), now_s)

    def _end(self, order: HandOrder, now_s: int) -> None:
        decision = Decision(now_s, order.author, order.reason)
        for code in order.villages:
            for transfer_list in self.lists_of(code):
                transfer_list.over = {code: decision} | transfer_list.over

    def _leave_shelter(self, order: HandOrder, now_s: int) -> None:
        decision = Decision(now_s, order.author, order.reason)
        for code in order.villages:
            for transfer_list in self.lists_of(code):
                transfer_list.shelter = {code: decision} | transfer_list.shelter

    def _assess(self, order: HandOrder, now_s: int) -> None:
        decision = Decision(now_s, order.author, order.reason, order.second, order.verdict == SAFE)
        for code in order.villages:
            for place in self.places_of(code, order.zones):
                self.state.assessed[place] = decision

    def _return(self, order: HandOrder, now_s: int) -> None:
        decision = Decision(now_s, order.author, order.reason, order.second)
        for code in order.villages:
            places = self.places_of(code, order.zones)
            for transfer_list in self.lists_of(code):
                own = set(self.places_of(code, transfer_list.zones))
                transfer_list.returned = transfer_list.returned | {
                    place: decision for place in places if place in own
                }
            # Whoever is still away must not take the others' return for theirs.
            names = tuple(self._name_of_zone[place] for place in places) if self.away_from(code) else ()
            self.state.returns[code] = ReturnRecord(order.identifier, code, names, now_s)
            for transfer_list in self.lists_of(code):
                if all(not self._left(transfer_list, village) for village in transfer_list.villages):
                    self._close(transfer_list, Decision(now_s, order.author, "all are back", order.second))

    def _left(self, one: TransferList, village: str) -> list[str]:
        return [place for place in self.places_of(village, one.zones) if place not in one.returned]

    def _close_by_hand(self, order: HandOrder, now_s: int) -> None:
        one = self.state.lists[order.order]
        self._close(one, Decision(now_s, order.author, order.reason, order.second))

    def _close(self, one: TransferList, decision: Decision) -> None:
        one.closed = decision
        self.n_changes += 1
        self._touch(one.villages)
        self._index()

    def _know(self, one: TransferList) -> None:
        """Find a list by its rows and villages."""
        self._list_of_row |= dict.fromkeys(one.rows, one.name)
        self._lists_of |= {code: (*self._lists_of.get(code, ()), one.name) for code in one.villages}

    def _index(self) -> None:
        """Find open lists by their rows and villages, and no others."""
        self._list_of_row, self._lists_of = {}, {}
        for transfer_list in self.open:
            self._know(transfer_list)

    # Rows.

    def mark(self, mark: RowMark, now_s: int) -> None:
        """Take a mark that has no faults."""
        self.n_changes += 1
        word = MarkWord(mark.word)
        for code in mark.rows:
            one = self.state.lists[self._list_of_row[code]]
            row = one.rows[code]
            was_open = row.is_open
            if word is MarkWord.BACK:
                row.reopen(mark.by, now_s, mark.note)
            else:
                row.hear(SAID_OF_MARK[word], mark.by, now_s, mark.note)
            one.n_open += row.is_open - was_open

    def answer(self, village: str, door: str, answer: Answer, now_s: int) -> None:
        """What a door answers to a bulletin, where it is on a list."""
        row = self.row(door)
        if row is None or row.village != village:
            return
        self.n_changes += 1
        one = self.state.lists[self._list_of_row[door]]
        was_open = row.is_open
        row.hear(SAID_OF_ANSWER[answer], door, now_s)
        one.n_open += row.is_open - was_open

    def mark_faults(self, mark: RowMark) -> list[str]:
        """Everything that keeps a mark from counting; empty: nothing."""
        if mark.word not in list(MarkWord):
            return [f"word: expected one of {', '.join(MarkWord)}, got {mark.word!r}"]
        if not mark.rows:
            return ["rows: expected at least one"]
        faults = []
        for code in mark.rows:
            row = self.row(code)
            if row is None:
                faults.append(f"rows: {code!r} is on no open transfer list")
            elif mark.word == MarkWord.SAFE and row.people is People.SAID_SAFE and row.by == mark.by:
                faults.append(f"rows: {mark.by!r} said that {code!r} is safe: another person confirms it")
            elif mark.word == MarkWord.BACK and not mark.note.strip():
                faults.append("note: expected why a row is open again")
        return faults

    # Time, and changes of the configuration.

    def let_time_work(self, now_s: int) -> None:
        """Lists whose time is not enough any more."""
        for transfer_list in self.open:
            if not transfer_list.is_late and self._is_late(transfer_list, now_s):
                transfer_list.is_late = True
                self._touch(transfer_list.villages)

    def _is_late(self, one: TransferList, now_s: int) -> bool:
        return one.onset_s != NOT_KNOWN and one.onset_s - now_s < self.policy.walk_s

    def end_exercises(self, now_s: int, note: str) -> None:
        """The node warns for real: lists of an exercise are over."""
        for transfer_list in self.open:
            if transfer_list.status is not self._status and self._status is MessageStatus.ACTUAL:
                self._close(transfer_list, Decision(now_s, "", note))

    def lost(self) -> list[Row]:
        """Rows of open lists that the register has no more and nobody has confirmed to be safe."""
        return [
            row
            for transfer_list in self.open
            for row in transfer_list.rows.values()
            if row.is_lost and row.is_open
        ]

    def snapshot(self) -> bytes:
        """Everything between two steps; `restore` of it continues exactly."""
        return msgspec.msgpack.encode(self.state)

    def restore(self, state: bytes) -> None:
        """Take up a snapshot, rows by code. ValueError if it is none."""
        try:
            self.state = msgspec.msgpack.decode(state, type=TransferState)
        except msgspec.MsgspecError as error:
            raise ValueError(f"not a snapshot of transfers: {error}") from None
        self._index()
        if self.open and self.state.register != (register := self._register_now()):
            self.state.register = register
            for transfer_list in self.open:
                self._align(transfer_list)
        self.changed = set(self.villages())

    def _align(self, one: TransferList) -> None:
        """Rows of the register as it is now: what was said is kept by code, who is gone is said to be."""
        before, found = one.rows, dict[str, Row]()
        for code in one.villages:
            if (village := self.number.get(code)) is None:
                continue
            for row in self._rows_of(village, one.zones, one.grades):
                if self._list_of_row.setdefault(row.code, one.name) == one.name:
                    found[row.code] = _with_state(row, before.get(row.code))
        for code, row in before.items():
            if code not in found:
                row.is_lost = True
                found[code] = row
        one.rows = found
        one.recount()

    def _register_now(self) -> int:
        """A number that changes with doors, objects, zones and villages."""
        if not self._register:
            households = self.network.households
            facts = households.facts
            parts = (
                self.network.villages.code,
                households.code,
                None if facts is None else (facts.grade, facts.zone, facts.persons, facts.helpless),
                None if facts is None else (facts.helper, facts.shelter),
                self.network.objects,
                [zone.code for zone in self.network.zones],
            )
            self._register = zlib.crc32(msgspec.msgpack.encode(parts)) | 1 << 32
        return self._register

    def _touch(self, villages: Iterable[str]) -> None:
        self.changed |= {self.number[code] for code in villages if code in self.number}


def level_of(one: TransferList) -> Level:
    """How much a list asks: red where the time is not enough, yellow where only the first grade goes."""
    if one.is_late:
        return Level.RED
    return Level.YELLOW if one.grades == ["A"] else Level.ORANGE


def _with_state(row: Row, before: Row | None) -> Row:
    """A row of the register with what was said of it."""
    if before is not None:
        row.people, row.by, row.note = before.people, before.by, before.note
        row.at_s, row.doubt = before.at_s, before.doubt
    return row
