"""What channels do with doors: claim, settle, receipts.

A claim is known to this process alone. An outcome is an entry of the log first; the door is free again once
the ledger has been given it, which the log's own thread does (`DoorStore.take_outcomes`).
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future

from warnstream.adapters.ledger.book import AskLog, Book, Spot
from warnstream.adapters.ledger.links import link_number
from warnstream.adapters.ledger.texts import BulletinTexts
from warnstream.adapters.outbox.types import KEY_SEPARATOR, Claimed, StoredMessage
from warnstream.delivery.dispatch.notification import Settlement, Signal
from warnstream.delivery.dispatch.queue import Urgency
from warnstream.delivery.ledger.columns import STATE_BITS
from warnstream.delivery.ledger.facts import DoorOutcome, encode_outcomes
from warnstream.delivery.ledger.handing import HandingOn
from warnstream.delivery.ledger.queue import FREE, DoorClaim
from warnstream.delivery.ledger.states import WAITING, Delivery, Result
from warnstream.model.bulletins import N_BITS, N_MAX, Bulletin
from warnstream.model.effects import RecipientKind
from warnstream.model.errors import StoreError

WAIT_S = 10.0
"""Longest wait for an outcome to be durable; then the channel says that it cannot work, and asks again."""

NO_TEXT_WAIT_S = 30.0
"""After so long it is looked again for the text of a bulletin."""

RESULT_OF = {
    Signal.SENT: Result.SENT,
    Signal.DEFERRED: Result.FAILED,
    Signal.GIVEN_UP: Result.UNREACHABLE,
    Signal.EXPIRED: Result.EXPIRED,
}
"""What an attempt leaves in the ledger; nothing where it was none."""


class DoorSending:
    """The sending side of a ledger; any thread.

    Parameters
    ----------
    book : Book
    texts : BulletinTexts
    ask_log : callable
        As `AskLog`.

    Attributes
    ----------
    no_end : frozenset of (str, str)
        Village code and status of what stands: no such end is handed out there.
    event_clock : callable or None
        Time in which outcomes are kept, that of the engine; None: the clock of retries.
    """

    def __init__(self, book: Book, texts: BulletinTexts, ask_log: AskLog) -> None:
        self._book, self._texts, self._ask_log = book, texts, ask_log
        self.no_end: frozenset[tuple[str, str]] = frozenset()
        self.event_clock: Callable[[], float] | None = None
        self._in_hand: dict[str, DoorClaim] = {}
        self._kept: dict[str, tuple[Future[None], DoorClaim]] = {}
        self._due: dict[tuple[int, int], float] = {}
        self._handing = HandingOn()

    def forget_hands(self) -> None:
        """Nobody sends any more: the rows have other numbers now."""
        self._in_hand, self._kept, self._due = {}, {}, {}
        self._handing.forget()

    def renumber(self, rows: Mapping[int, int], until: Mapping[int, float]) -> None:
        """The rows have other numbers now, and who is in hand stays in hand; with the book's lock held.

        Parameters
        ----------
        rows : mapping of int to int
            Number now of every row in hand before; one whose door is gone is left out.
        until : mapping of int to float
            By row before: when whoever has it is given up.
        """
        was, kept, due = self._in_hand, self._kept, self._due
        self.forget_hands()
        village_of, queue = self._book.ledger.village, self._book.queue
        for key, claim in was.items():
            row = rows.get(claim.row)
            if row is None or queue is None:
                continue
            self._in_hand[key] = now = claim._replace(row=row, village=int(village_of[row]))
            if claim.row in until:
                queue.stay_in_hand(row, claim.sequence, until[claim.row])
            if key in kept:
                self._kept[key] = kept[key][0], now
            if (claim.row, claim.sequence) in due:
                self._due[row, claim.sequence] = due[claim.row, claim.sequence]

    def rows_in_hand(self) -> set[int]:
        """Rows that somebody has; with the book's lock held."""
        return {claim.row for claim in self._in_hand.values()}

    def is_in_hand(self, key: str) -> bool:
        """Whether somebody is telling a door that now."""
        return key in self._in_hand

    def claim(self, channel: str, limit: int, now: float, urgency_min: int = 0) -> list[Claimed]:
        """The next doors of a channel, at most `limit`, of bulletins from an urgency on."""
        book = self._book
        with book.lock:
            number, register = book.register.way_of(channel), book.register
            if number is None or book.queue is None:
                return []
            taken = book.queue.claim(number, limit, now, self._forbidden(), urgency_min)
            named = [
                (book.name(claim.village, claim.sequence), book.newest.get(claim.village)) for claim in taken
            ]
        messages = self._messages(dict(named))
        with book.lock:
            if book.register is not register:  # renumbered meanwhile: nobody has these in hand any more
                return []
            claimed = []
            for claim, (name, _) in zip(taken, named, strict=True):
                message = messages[name]
                if isinstance(message, StoredMessage):
                    claimed.append(self._claimed(claim, message, channel))
                else:
                    self._release(claim.row, claim.sequence, now + NO_TEXT_WAIT_S)
        if taken and not claimed:
            raise next(error for error in messages.values() if isinstance(error, StoreError))
        return claimed

    def _messages(self, newest_of: Mapping[str, Bulletin | None]) -> dict[str, StoredMessage | StoreError]:
        """Of each bulletin its text, or why there is none: that holds up no other one."""
        found: dict[str, StoredMessage | StoreError] = {}
        for name, newest in newest_of.items():
            try:
                found[name] = self._texts.of(name, newest)
            except StoreError as error:
                found[name] = error
        return found

    def _claimed(self, one: DoorClaim, message: StoredMessage, channel: str) -> Claimed:
        register = self._book.register
        door = register.code(one.row)
        key = KEY_SEPARATOR.join((message.identifier, door, channel))
        self._in_hand[key] = one
        return Claimed(
            number=link_number(register.villages[one.village], door),
            key=key,
            message=message,
            recipient=door,
            kind=RecipientKind.HOUSEHOLD,
            channel=channel,
            address=register.address(one.row, channel),
            level=message.level,
            answer_by_s=0,
            attempt=one.tries + 1,
        )

    def _release(self, row: int, sequence: int, due_at: float) -> None:
        if self._book.queue is not None:
            self._book.queue.release(row, sequence, due_at)

    def _forbidden(self) -> frozenset[int]:
        """Villages whose newest bulletin is an end that is not true now."""
        book = self._book
        if not book.ledger.is_end.any():
            return frozenset()
        numbers = ((book.register.village_of(code), status) for code, status in self.no_end)
        return frozenset(
            village
            for village, status in numbers
            if village is not None and book.ledger.is_end[village] and book.status[village] == status
        )

    def urgency(self, channel: str, now: float) -> int | None:
        """Of the worst bulletin that could be claimed now, or more; None if there is surely nothing."""
        with self._book.lock:
            way = self._book.register.way_of(channel)
            if way is None or self._book.queue is None:
                return None
            return self._book.queue.urgency(way, now)

    def next_due(self, channel: str) -> float | None:
        """When the next waiting door of a channel is due; None if none waits."""
        with self._book.lock:
            way = self._book.register.way_of(channel)
            return None if way is None or self._book.queue is None else self._book.queue.next_due(way)

    def open_count(self, channel: str) -> int:
        """Doors of a channel that wait, or that are being told."""
        book = self._book
        with book.lock:
            way = book.register.way_of(channel)
            if way is None or book.queue is None:
                return 0
            own = book.ledger.by_way[book.ledger.channel_of == way]
            return int(own[:, list(WAITING)].sum()) + book.queue.in_hand(way)[1]

    def waiting(self, channel: str) -> dict[Urgency, int]:
        """Doors of a channel that wait or are being told, by urgency; looks at every door."""
        book = self._book
        with book.lock:
            way = book.register.way_of(channel)
            found = {} if way is None else book.ledger.waiting_by_urgency(way)
        return {Urgency(urgency): count for urgency, count in found.items()}

    def settle(self, settlements: Mapping[str, Settlement], now: float) -> None:
        """Keep what attempts have led to, by key; durable when it returns, if it was in somebody's hands.

        A key that is in nobody's hands changes nothing, but for what a channel could not deliver.

        Raises
        ------
        StoreError
            If it is not durable yet: asking again keeps nothing twice.
        """
        self.hand_in(settlements, now)
        self._wait(settlements)

    def hand_in(self, settlements: Mapping[str, Settlement], now: float) -> None:
        """Give the log what attempts have led to; `settle` waits until it has it. StoreError."""
        with self._book.lock:
            outcomes = self._outcomes(settlements, now)
            lost = self._undelivered(settlements, now)
        if lost:
            self._ask_log(encode_outcomes(lost))
        if outcomes:
            future = self._ask_log(encode_outcomes(outcomes))
            with self._book.lock:
                for key in settlements.keys() & self._in_hand.keys() - self._kept.keys():
                    self._kept[key] = future, self._in_hand[key]

    def _outcomes(self, settlements: Mapping[str, Settlement], now: float) -> list[DoorOutcome]:
        """What the log has to know; who was not tried is free again at once."""
        groups: dict[tuple[int, int, str, Result], list[str]] = {}
        for key, settlement in settlements.items():
            one = self._in_hand.get(key)
            if one is None or key in self._kept or settlement.signal is Signal.UNDELIVERED:
                continue
            result = RESULT_OF.get(settlement.signal)
            if result is None:
                del self._in_hand[key]
                self._release(one.row, one.sequence, settlement.retry_at)
                continue
            is_again = settlement.signal is Signal.DEFERRED
            self._due[one.row, one.sequence] = settlement.retry_at if is_again else 0.0
            channel = key.rpartition(KEY_SEPARATOR)[2]
            groups.setdefault((one.village, one.sequence, channel, result), []).append(
                self._book.register.code(one.row)
            )
        return [self._outcome(*group, int(now), doors) for group, doors in groups.items()]

    def _outcome(
        self, village: int, sequence: int, channel: str, result: Result, at_s: int, doors: list[str]
    ) -> DoorOutcome:
        code = self._book.register.villages[village]
        if self.event_clock is not None:
            at_s = int(self.event_clock())
        return DoorOutcome(code, sequence >> N_BITS, sequence & N_MAX, channel, at_s, result, doors)

    def _undelivered(self, settlements: Mapping[str, Settlement], now: float) -> list[DoorOutcome]:
        found = []
        for key, settlement in settlements.items():
            spot = self._book.spot_of_key(key) if settlement.signal is Signal.UNDELIVERED else None
            if spot is not None:
                found.append(self._of_spot(spot, key, Result.UNDELIVERED, now))
        return found

    def _of_spot(self, spot: Spot, key: str, result: Result, at: float) -> DoorOutcome:
        _, door, channel = key.rsplit(KEY_SEPARATOR, 2)
        return self._outcome(spot.village, spot.sequence, channel, result, int(at), [door])

    def _wait(self, settlements: Mapping[str, Settlement]) -> None:
        with self._book.lock:
            waited = {key: self._kept[key] for key in settlements if key in self._kept}
        for future in {future for future, _ in waited.values()}:
            try:
                future.result(WAIT_S)
            except TimeoutError:
                raise StoreError("the log did not take an outcome in time", retryable=True) from None
            except BaseException:
                self._end_waiting(waited, is_kept=False)
                raise
        self._end_waiting(waited, is_kept=True)

    def _end_waiting(self, waited: Mapping[str, tuple[Future[None], DoorClaim]], *, is_kept: bool) -> None:
        with self._book.lock:
            for key, (_, taken) in waited.items():
                self._kept.pop(key, None)
                if is_kept and _is_same_claim(self._in_hand.get(key), taken):
                    del self._in_hand[key]

    def mark_delivered(self, key: str, at: float) -> bool:
        """A receipt came back; it is in the log soon. False if nobody was to get that.

        Raises
        ------
        ValueError
            If `key` is not a notification key.
        StoreError
            If the log takes nothing any more.
        """
        with self._book.lock:
            spot = self._book.spot_of_key(key)
            if spot is None:
                return False
            if self._is_known_to_have(spot):
                return True
            outcome = self._of_spot(spot, key, Result.DELIVERED, at)
        self._ask_log(encode_outcomes([outcome]))
        return True

    def _is_known_to_have(self, spot: Spot) -> bool:
        """A receipt that comes again is no news, and no entry of the log."""
        ledger = self._book.ledger
        is_newest = spot.sequence == int(ledger.sequence[spot.village])
        return is_newest and (int(ledger.state[spot.row]) & STATE_BITS) == Delivery.DELIVERED

    def hand_on(self, channel: str, rooms: Mapping[str, int], now: float) -> int:
        """Let doors of a held channel that are asked to go be told by another way; returns how many.

        `rooms` are the channels that work, and how many doors more each may be given. They are in hand until
        the log has it, so that no probe tells one of them meanwhile.
        """
        book = self._book
        with book.lock:
            number = book.register.way_of(channel)
            by_number = {book.register.way_of(name): room for name, room in rooms.items()}
            known = {way: room for way, room in by_number.items() if way is not None}
            if number is None or book.queue is None:
                return 0
            leaving = self._handing.take(book.ledger, book.queue, number, known, now)
            if not leaving:
                return 0
            groups: dict[tuple[int, int, str, Result], list[str]] = {}
            keys = []
            for claim, result in leaving:
                door = book.register.code(claim.row)
                keys.append(
                    KEY_SEPARATOR.join((book.name(claim.village, claim.sequence), door, f"{channel}{result}"))
                )
                self._in_hand[keys[-1]] = claim
                self._due[claim.row, claim.sequence] = 0.0
                groups.setdefault((claim.village, claim.sequence, channel, result), []).append(door)
            outcomes = [self._outcome(*group, int(now), doors) for group, doors in groups.items()]
        try:
            self._ask_log(encode_outcomes(outcomes)).add_done_callback(lambda _done: self._let_go(keys))
        except StoreError:
            self._let_go(keys)
            raise
        return len(leaving)

    def _let_go(self, keys: Sequence[str]) -> None:
        """The log has it, or has refused it: then they wait where they are."""
        with self._book.lock:
            for key in keys:
                claim = self._in_hand.pop(key, None)
                if claim is not None and self._due.pop((claim.row, claim.sequence), None) is not None:
                    self._release(claim.row, claim.sequence, 0.0)

    def taken(self, sequence: int, rows: Sequence[int]) -> None:
        """The ledger has an outcome: whoever was in hand for it is free, and who waits again is in the queue.

        Called with the book's lock held.
        """
        book = self._book
        if book.queue is None:
            return
        for row in rows:
            due_at = self._due.pop((row, sequence), None)
            if due_at is not None:
                self._release(row, sequence, due_at)
            elif book.queue.hold[row] == FREE and book.ledger.is_waiting(row):
                self._release(row, sequence, 0.0)


def _is_same_claim(held: DoorClaim | None, taken: DoorClaim) -> bool:
    """Whether a door is in hand for that attempt; its row may have another number by now."""
    return held is not None and (held.sequence, held.tries) == (taken.sequence, taken.tries)
