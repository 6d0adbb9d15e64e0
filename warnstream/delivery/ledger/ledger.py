"""The ledger of doors: what each was told and has answered, in 12 bytes a door and counts a village.

A bulletin is put down for a whole village at once; what was told, and not told yet, is then a comparison and
not a list, so a newer bulletin replaces an older one by being there. Counts of a village follow every change,
so they cost what changed. The same bulletins, outcomes and answers in the same order give the same bytes.

Times are seconds of the engine. Limits: 255 channels, 65,535 bulletins an episode (`N_MAX`), 255 attempts
counted a bulletin.
"""

from typing import NamedTuple

import numpy as np

from warnstream.delivery.ledger.columns import IS_HELP, STATE_BITS, DoorColumns
from warnstream.delivery.ledger.doors import NO_WAY, Rows
from warnstream.delivery.ledger.past import Tally
from warnstream.delivery.ledger.states import (
    DELIVERED_BY,
    IS_WAITING,
    ON_THEIR_WAY,
    PEOPLE_AFTER,
    Delivery,
    People,
    Result,
    Said,
)
from warnstream.model.arrays import BoolArray, Int64Array, UInt8Array, UInt16Array
from warnstream.model.bulletins import N_BITS, N_MAX

ANSWERED, ADDRESSED, REACHED, HEARD = 0x08, 0x10, 0x20, 0x40
"""Ever answered; ever to be told; ever told; may have heard something of which it was not told the end."""

TRIES_MAX = 255
_MOVES = frozenset({Result.HELD, Result.BACK})
MAY_HAVE_ARRIVED = frozenset(Result) - {Result.EXPIRED, Result.SILENT} - _MOVES
"""Results after which a door may have heard what was sent."""

_ARRIVED = frozenset({Result.SENT, Result.DELIVERED})
_ATTEMPTS = frozenset({Result.SENT, Result.FAILED, Result.UNREACHABLE})


def _table(members: frozenset[Delivery] | frozenset[People]) -> BoolArray:
    return np.array([number in members for number in range(STATE_BITS + 1)])


_CHANGES = {result: _table(sources) for result, (sources, _) in DELIVERED_BY.items()}
_IS_ON_THEIR_WAY = _table(ON_THEIR_WAY)
_AFTER = [
    bytes(target if People(state) in sources else state for state in range(STATE_BITS + 1))
    for sources, target in (PEOPLE_AFTER[said] for said in Said)
]
# Numbers for the path of every answer: members of enumerations would cost more than the rest of it.
_ACKNOWLEDGE, _CALL, _HELP = int(Said.ACKNOWLEDGE), int(Said.CALL), int(People.HELP)


class Put(NamedTuple):
    """A bulletin as the ledger needs it.

    `sequence` is (opened, n) as one number; `urgency`, `arrives_s` and `level` order what waits
    (`delivery.dispatch.queue`); `asks`: it asks people to go; `is_return`: it tells them to come back, an end
    that follows one.
    """

    village: int
    sequence: int
    issued_s: int
    urgency: int
    arrives_s: int = 0
    level: int = 0
    is_end: bool = False
    is_reminder: bool = False
    asks: bool = False
    is_return: bool = False


class Ledger(DoorColumns):
    """Every door of a register, and what changes it."""

    def put_down(self, put: Put) -> int:
        """A bulletin for the doors of its village; returns for how many more.

        An older one changes nothing, the newest one is for doors alone that are new.
        """
        village, known = put.village, int(self.sequence[put.village])
        if put.sequence <= known:
            return self._welcome(put) if put.sequence == known and not put.is_end else 0
        rows = self.rows_of(village)
        urgency = self._urgency(put, rows)
        if put.sequence >> N_BITS != known >> N_BITS:
            self._begin_episode(village, known >> N_BITS, rows)
        if put.is_end or put.is_reminder or village in self._former:
            n_wanted = self._put_down_for_some(put, rows)
        else:
            n_wanted = self._put_down_for_all(put, rows)
        self.sequence[village], self.issued_s[village] = put.sequence, put.issued_s
        self.urgency[village], self.arrives_s[village] = urgency, put.arrives_s
        self.level[village], self.is_end[village] = put.level, put.is_end
        self.tallies[village][put.sequence & N_MAX] = Tally(n_wanted)
        return n_wanted

    def _urgency(self, put: Put, rows: Rows) -> int:
        """A reminder that most doors of a village would hear first is no reminder: a channel stood still."""
        if not put.is_reminder or self.is_end[put.village]:
            return put.urgency
        n, state = int(self.sequence[put.village]) & N_MAX, self.state[rows]
        n_untold = np.count_nonzero(IS_WAITING[state & STATE_BITS] & (self.told[rows] < n))
        return max(put.urgency, int(self.urgency[put.village])) if 2 * n_untold > len(state) else put.urgency

    def _begin_episode(self, village: int, before_s: int, rows: Rows) -> None:
        self.told[rows], self.answered[rows] = 0, 0
        if self._by_people[village, People.SILENT] < self._by_people[village].sum():
            before = self._counted(rows)
            self.people[rows] *= IS_HELP[self.people[rows]]  # a call outlives the episode
            self._count(village, rows, before)
        self.past.keep(village, before_s, self.tallies.get(village, {}))
        self.tallies[village] = {}

    def _put_down_for_all(self, put: Put, rows: Rows) -> int:
        """The common case, and that of a front: every door waits then, so nothing has to be counted."""
        village, state = put.village, self.state[rows]
        of_village, n_of_way = self._by_delivery[village], self._n_of_way[village]
        if of_village[Delivery.NONE] == len(state):
            self.by_way[:, Delivery.NONE] -= n_of_way
        else:
            replaced = self._by_cell(rows).reshape(self.by_way.shape)
            self.past.replace_all(replaced)
            self.by_way -= replaced
            self.way[rows] = self.first_way[rows]
        self.by_way[:, Delivery.QUEUED] += n_of_way
        of_village[:] = 0
        of_village[Delivery.QUEUED] = len(state)
        self.state[rows] = state & ~np.uint8(STATE_BITS) | (Delivery.QUEUED | ADDRESSED)
        self.tries[rows] = 0
        of_people = self._by_people[village]
        if put.asks and of_people[People.ACKNOWLEDGED]:
            people = self.people[rows]
            people[people == People.ACKNOWLEDGED] = People.SILENT
            self.people[rows] = people
            of_people[People.SILENT] += of_people[People.ACKNOWLEDGED]
            of_people[People.ACKNOWLEDGED] = 0
        return len(state)

    def _put_down_for_some(self, put: Put, rows: Rows) -> int:
        """An end is for those who heard something, a reminder for those who stay; old doors hear less."""
        village, before = put.village, self._counted(rows)
        state, people = self.state[rows], self.people[rows]
        wanted = self._audience(put, state, people, self.told[rows])
        spared = ~wanted & (IS_WAITING[state & STATE_BITS] | put.is_end)
        self.past.replace(self.way[rows], state & STATE_BITS, wanted | spared)
        memory = state & ~np.uint8(STATE_BITS)
        self.way[rows] = np.where(wanted, self.first_way[rows], self.way[rows])
        state = np.where(wanted, memory | (Delivery.QUEUED | ADDRESSED), state)
        self.state[rows] = np.where(spared, memory | Delivery.SPARED, state)
        if put.asks:
            people[wanted & (people == People.ACKNOWLEDGED)] = People.SILENT
            self.people[rows] = people
        self.tries[rows] = np.where(wanted, 0, self.tries[rows])
        self._count(village, rows, before)
        return int(np.count_nonzero(wanted))

    def _welcome(self, put: Put) -> int:
        """Doors that are new in the register get the bulletin that stands."""
        own = slice(self._first[put.village], self._first[put.village + 1])
        is_new = (self.state[own] & STATE_BITS) == Delivery.NONE
        if not is_new.any():
            return 0
        rows = np.flatnonzero(is_new) + own.start
        before = self._counted(rows)
        self.state[rows] |= Delivery.QUEUED | ADDRESSED
        self._count(put.village, rows, before)
        tally = self.tallies.setdefault(put.village, {}).setdefault(put.sequence & N_MAX, Tally())
        tally.addressed += len(rows)
        return len(rows)

    def _audience(self, put: Put, state: UInt8Array, people: UInt8Array, told: UInt16Array) -> BoolArray:
        if put.is_end:  # who has heard an end already hears the return all the same
            has_heard = (state & HEARD) != 0
            return np.asarray(has_heard | (told > 0) if put.is_return else has_heard)
        wanted = ~_IS_ON_THEIR_WAY[people] if put.is_reminder else np.ones(len(state), np.bool_)
        n_former = self.n_former(put.village)
        if n_former and n_former < len(state):  # of a village that has other doors
            wanted[-n_former:] = False
        return wanted

    def take(
        self,
        village: int,
        sequence: int,
        rows: Int64Array,
        result: Result,
        at_s: int,
        channel: int | None = None,
    ) -> None:
        """What became of attempts to tell doors of one village a bulletin.

        Parameters
        ----------
        village : int
        sequence : int
            The bulletin that was sent; perhaps not the newest any more.
        rows : Int64Array
            Rows of the doors, each once.
        result : Result
        at_s : int
        channel : int or None
            Of the attempts; None: that on which each door is.
        """
        if sequence > int(self.sequence[village]):
            return
        if result is Result.SILENT:
            self._go_on(village, sequence, rows, at_s)
            return
        if result in _MOVES:
            self._leave_held(village, sequence, rows, result, channel)
            return
        if channel is not None and self.has_next:
            gone_on = self.channel_of[self.way[rows]] != channel
            self._take_late(village, sequence, rows[gone_on], result)
            rows = rows[~gone_on]
        if len(rows):
            self._take(village, sequence, rows, result)
            self.time[rows] = at_s

    def _take(self, village: int, sequence: int, rows: Int64Array, result: Result) -> None:
        newest = int(self.sequence[village])
        before = self._counted(rows)
        state, n = self.state[rows], sequence & N_MAX
        self._tally(village, sequence, rows, result)
        if result in _ARRIVED:
            state |= REACHED
            if sequence >> N_BITS == newest >> N_BITS:
                self.told[rows] = np.maximum(self.told[rows], n)
        if result in MAY_HAVE_ARRIVED:
            state |= HEARD
        if sequence == newest:
            state = self._take_newest(village, state, rows, result)
            if self.has_next and result in (Result.UNREACHABLE, Result.UNDELIVERED):
                state = self._go_on_after_failure(state, rows)
        elif result in MAY_HAVE_ARRIVED and self.is_end[village]:
            # The end came while something was on its way: who has that hears the end after all.
            is_spared = (state & STATE_BITS) == Delivery.SPARED
            state[is_spared] = (state[is_spared] & ~np.uint8(STATE_BITS)) | Delivery.QUEUED
        if sequence != newest and result is Result.SENT:
            self.past.arrive(self.way[rows])
        self.state[rows] = state
        self._count(village, rows, before)

    def _take_late(self, village: int, sequence: int, rows: Int64Array, result: Result) -> None:
        """Of a channel that the doors have left since: what they have heard counts, and answers nothing."""
        if result not in _ARRIVED or not len(rows):
            return
        newest = int(self.sequence[village])
        if sequence == newest:  # who was not told yet had gone on because it seemed to have failed
            begins_anew = (self.way[rows] == self.first_way[rows]) & IS_WAITING[self.state[rows] & STATE_BITS]
            was_lost = (self.told[rows] < (sequence & N_MAX)) & ~begins_anew
            self.past.correct(self.first_way[rows[was_lost]], Delivery.UNREACHABLE, Delivery.SENT)
            self._know(village, rows[begins_anew])
        if sequence >> N_BITS == newest >> N_BITS:
            self.told[rows] = np.maximum(self.told[rows], sequence & N_MAX)
        self.state[rows] |= REACHED | HEARD
        for row in rows.tolist():
            self._call_off(row, village)

    def _know(self, village: int, rows: Int64Array) -> None:
        """Doors whose ways have changed while one of before was telling them wait for nothing more."""
        before = self._counted(rows)
        self.state[rows] = (self.state[rows] & ~np.uint8(STATE_BITS)) | Delivery.SENT
        self._count(village, rows, before)

    def _go_on_after_failure(self, state: UInt8Array, rows: Int64Array) -> UInt8Array:
        """Who cannot be reached on one channel waits for the next one, where there is one."""
        following = self.next_way[self.way[rows]]
        goes_on = ((state & STATE_BITS) == Delivery.UNREACHABLE) & (following != NO_WAY)
        self.past.replace(self.way[rows], state & STATE_BITS, goes_on)
        self.way[rows] = np.where(goes_on, following, self.way[rows])
        self.tries[rows] = np.where(goes_on, 0, self.tries[rows])
        return np.where(goes_on, (state & ~np.uint8(STATE_BITS)) | Delivery.QUEUED, state)

    def _go_on(self, village: int, sequence: int, rows: Int64Array, at_s: int) -> None:
        """Nobody has answered for long enough: doors that were told wait for the way that is for those."""
        if sequence != int(self.sequence[village]):
            return
        rows = rows[self._is_silent(rows) & (self.silent_way[self.way[rows]] != NO_WAY)]
        before, state = self._counted(rows), self.state[rows]
        self.past.replace(self.way[rows], state & STATE_BITS, np.ones(len(rows), np.bool_))
        self.way[rows] = self.silent_way[self.way[rows]]
        self.state[rows] = (state & ~np.uint8(STATE_BITS)) | Delivery.QUEUED
        self.tries[rows], self.time[rows] = 0, at_s
        self._count(village, rows, before)

    def _leave_held(
        self, village: int, sequence: int, rows: Int64Array, result: Result, channel: int | None
    ) -> None:
        """Who waits on a held channel waits on the next way, or on the first one again."""
        if sequence != int(self.sequence[village]):
            return
        way, state = self.way[rows], self.state[rows]
        target = self.next_way[way] if result is Result.HELD else self.first_way[rows]
        leaves = IS_WAITING[state & STATE_BITS] & (target != NO_WAY) & (target != way)
        leaves &= self.channel_of[way] == channel
        rows, target = rows[leaves], target[leaves]
        before, state = self._counted(rows), self.state[rows]
        self.past.replace(self.way[rows], state & STATE_BITS, np.ones(len(rows), np.bool_))
        self.way[rows], self.tries[rows] = target, 0
        self.state[rows] = (state & ~np.uint8(STATE_BITS)) | Delivery.QUEUED
        self._count(village, rows, before)

    def _call_off(self, row: int, village: int) -> None:
        """Who was told, was to be called because nobody answered, and has answered, is not called."""
        n = self._newest[village] & N_MAX
        knows = self._told[row] >= n or self._answered[row] >= n
        if self.way[row] == self.first_way[row] or not knows or self._people[row] == People.SILENT:
            return
        if not self.is_waiting(row):
            return
        rows = np.array([row])
        before = self._counted(rows)
        came_to = Delivery.SENT if self._told[row] >= n else Delivery.UNREACHABLE
        self.past.replaced[self.first_way[row], came_to] -= 1  # its first channel has told it after all
        self.way[row] = self.first_way[row]
        self.state[rows] = (self.state[rows] & ~np.uint8(STATE_BITS)) | Delivery.SENT
        self._count(village, rows, before)

    def _take_newest(self, village: int, state: UInt8Array, rows: Int64Array, result: Result) -> UInt8Array:
        if result in _ATTEMPTS:
            self.tries[rows] += self.tries[rows] < TRIES_MAX
        changes = _CHANGES[result][state & STATE_BITS]
        state = np.where(changes, (state & ~np.uint8(STATE_BITS)) | DELIVERED_BY[result][1], state)
        if self.is_end[village] and result in _ARRIVED:
            state &= ~np.uint8(HEARD)
        return state

    def _tally(self, village: int, sequence: int, rows: Int64Array, result: Result) -> None:
        tally = self.tallies.get(village, {}).get(sequence & N_MAX)
        if tally is None or sequence >> N_BITS != int(self.sequence[village]) >> N_BITS:
            return
        if result in _ARRIVED:
            tally.sent += int(np.count_nonzero(self.told[rows] < (sequence & N_MAX)))
        if result is Result.DELIVERED:
            is_new = (self.state[rows] & STATE_BITS) != Delivery.DELIVERED
            tally.delivered += int(np.count_nonzero(is_new | (self.told[rows] < (sequence & N_MAX))))
        is_last = self.next_way[self.way[rows]] == NO_WAY
        if result is Result.UNREACHABLE:
            tally.unreachable += int(np.count_nonzero(is_last))
        if result is Result.UNDELIVERED:
            is_sent = (self.state[rows] & STATE_BITS) == Delivery.SENT
            tally.unreachable += int(np.count_nonzero(is_sent & is_last))

    def say(self, row: int, sequence: int, said: Said, at_s: int) -> bool:
        """What the people of a door, or others about them, say of a bulletin; False if it does not count.

        An answer to an older bulletin than the newest counts as a call for help, and as what people do
        (moving, safe, refused) as long as the door has heard nothing newer. An acknowledgement is of the
        newest bulletin alone.
        """
        village = self._village_of[row]
        newest, n = self._newest[village], sequence & N_MAX
        is_of_episode = sequence >> N_BITS == newest >> N_BITS
        if sequence != newest:
            if sequence > newest:
                return False
            is_old = not is_of_episode or said == _ACKNOWLEDGE or n < self._told[row]
            if is_old and said < _CALL:
                return False
        before = self._people[row]
        after = _AFTER[said][before]
        if after != before:
            self._people[row] = after
            self._people_cell[village, before] -= 1
            self._people_cell[village, after] += 1
            if after >= _HELP:
                self._helps[row] = None
            elif before >= _HELP:
                self._helps.pop(row, None)
        if is_of_episode and self._answered[row] < n:
            self._answered[row] = n
            if (tally := self.tallies[village].get(n)) is not None:
                tally.answered += 1
        if self.has_next:
            self._call_off(row, village)
        self._state[row] |= ANSWERED
        self._time[row] = at_s
        return True

    def doubt(self, since_s: int) -> None:
        """After a crash: whoever waits may have been on the channel's list, so its end is for them.

        An end issued before `since_s` is no longer for those whom it spared.
        """
        waits = IS_WAITING[self.state & STATE_BITS]
        self.state[waits] |= HEARD
        for village in np.flatnonzero(self.is_end & (self.issued_s >= since_s)).tolist():
            rows = self.rows_of(village)
            before, state = self._counted(rows), self.state[rows]
            spared = (state & STATE_BITS) == Delivery.SPARED
            state[spared] = (state[spared] & ~np.uint8(STATE_BITS)) | (Delivery.QUEUED | HEARD)
            self.state[rows] = state
            self._count(village, rows, before)

    def give_up(self, ways: BoolArray) -> int:
        """Doors that wait for a channel that is configured no more (`ways`, by number); returns how many."""
        lost = IS_WAITING[self.state & STATE_BITS] & ways[self.way]
        self.state[lost] = (self.state[lost] & ~np.uint8(STATE_BITS)) | Delivery.UNREACHABLE
        if lost.any():
            self.recount()
        return int(np.count_nonzero(lost))
