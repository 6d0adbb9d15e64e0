import numpy as np
import pytest

from warnstream.delivery.dispatch.queue import Urgency
from warnstream.delivery.ledger.ledger import ADDRESSED, REACHED, Ledger, Put
from warnstream.delivery.ledger.queue import IN_HAND_S_MAX, DoorQueue
from warnstream.delivery.ledger.states import Delivery, People, Result, Said
from warnstream.model.bulletins import N_BITS

OPENED = 1_700_000_000


def ledger(doors: tuple[int, ...] = (3, 2), former: tuple[int, ...] = ()) -> Ledger:
    n_rows = sum(doors) + len(former)
    return Ledger(np.cumsum([0, *doors]).astype(np.int32), np.zeros(n_rows, np.uint8), former)


def put(village: int = 0, n: int = 1, urgency: int = 3, opened: int = OPENED, **facts: bool) -> Put:
    return Put(village, (opened << N_BITS) | n, opened + n, urgency, **facts)


def told(book: Ledger, *rows: int, n: int = 1, result: Result = Result.SENT) -> None:
    for row in rows:
        village = int(book.village[row])
        book.take(village, put(n=n).sequence, np.array([row]), result, OPENED + 9)


def delivery(book: Ledger) -> list[Delivery]:
    return [Delivery(int(state) & 7) for state in book.state]


def test_a_row_is_twelve_bytes() -> None:
    book = ledger()
    columns = (book.told, book.answered, book.state, book.people, book.tries, book.way, book.time)
    assert sum(column.itemsize for column in columns) == 12


def test_a_newer_bulletin_takes_the_place_of_one_that_waits() -> None:
    book = ledger()
    book.put_down(put(n=1))
    told(book, 0)
    assert book.put_down(put(n=2)) == 3
    assert book.counts([0]).waiting == 3
    assert list(book.told[:3]) == [1, 0, 0]


def test_an_older_or_known_bulletin_changes_nothing() -> None:
    book = ledger()
    book.put_down(put(n=2))
    assert book.put_down(put(n=1)) == 0
    assert book.put_down(put(n=2)) == 0


def test_what_failed_counts_as_told_to_nobody_and_is_tried_again() -> None:
    book = ledger()
    book.put_down(put())
    told(book, 0, result=Result.FAILED)
    told(book, 1, result=Result.UNREACHABLE)
    assert list(book.told[:2]) == [0, 0]
    assert delivery(book)[:2] == [Delivery.FAILED, Delivery.UNREACHABLE]
    assert book.counts([0]).waiting == 2
    book.put_down(put(n=2))
    assert book.counts([0]).waiting == 3


def test_the_end_is_for_those_who_may_have_heard_something() -> None:
    book = ledger()
    book.put_down(put())
    told(book, 0)
    told(book, 1, result=Result.FAILED)
    assert book.put_down(put(n=2, is_end=True)) == 2
    assert delivery(book)[:3] == [Delivery.QUEUED, Delivery.QUEUED, Delivery.SPARED]


def test_the_end_of_an_episode_is_heard_although_the_next_one_began_before_it_could_be_told() -> None:
    book = ledger()
    book.put_down(put())
    told(book, 0)
    book.put_down(put(n=2, is_end=True))
    book.put_down(put(opened=OPENED + 100))
    assert book.put_down(put(opened=OPENED + 100, n=2, is_end=True)) == 1


def test_a_reminder_is_for_those_who_are_not_on_their_way() -> None:
    book = ledger()
    book.put_down(put())
    told(book, 0, 1, 2)
    book.say(0, put().sequence, Said.MOVE, OPENED)
    book.say(1, put().sequence, Said.ACKNOWLEDGE, OPENED)
    assert book.put_down(put(n=2, is_reminder=True, asks=True)) == 2
    assert [People(state) for state in book.people[:3]] == [People.MOVING, People.SILENT, People.SILENT]


@pytest.mark.parametrize(("n_told", "goes"), [(0, Urgency.LEAVE), (1, Urgency.LEAVE), (2, Urgency.REMINDER)])
def test_a_reminder_that_most_doors_hear_first_goes_as_what_it_reminds_of(n_told: int, goes: Urgency) -> None:
    """Its channel stood still for hours: people to whom nobody has said "leave" are not behind everybody."""
    book = ledger()
    book.put_down(put(urgency=Urgency.LEAVE, asks=True))
    told(book, *range(n_told))
    book.put_down(put(n=2, urgency=Urgency.REMINDER, is_reminder=True, asks=True))
    book.put_down(put(village=1, urgency=Urgency.READY))
    queue = DoorQueue(book, 1)
    first = queue.claim(0, 1, 0.0)[0]
    assert int(book.urgency[0]) == goes
    assert first.village == (0 if goes is Urgency.LEAVE else 1)
    book.put_down(put(n=3, urgency=Urgency.REMINDER, is_reminder=True, asks=True))
    assert int(book.urgency[0]) == goes, "and so does the next one, as long as nobody hears it"


def test_an_old_answer_counts_as_help_and_as_what_people_do_but_as_no_acknowledgement() -> None:
    book = ledger()
    book.put_down(put())
    told(book, 0, 1, 2)
    book.put_down(put(n=2))
    assert not book.say(0, put().sequence, Said.ACKNOWLEDGE, OPENED)
    assert book.say(0, put().sequence, Said.MOVE, OPENED)
    told(book, 1, n=2)
    assert not book.say(1, put().sequence, Said.MOVE, OPENED)
    assert book.say(1, put().sequence, Said.CALL, OPENED)
    assert book.helps() == [1]


def test_a_call_outlives_its_episode_and_keeps_it_open() -> None:
    book = ledger()
    book.put_down(put())
    told(book, 0, 1, 2)
    book.say(0, put().sequence, Said.CALL, OPENED)
    book.put_down(put(n=2, is_end=True))
    told(book, 0, 1, 2, n=2)
    assert not book.is_closed(0)
    book.say(0, put().sequence, Said.CONFIRM, OPENED)
    assert book.is_closed(0)


def test_who_left_the_register_hears_the_end_alone() -> None:
    book = ledger(former=(0,))
    book.put_down(put())
    assert delivery(book)[-1] is Delivery.NONE
    told(book, 5)  # before it left, as a snapshot has it
    assert book.put_down(put(n=2)) == 3
    assert book.put_down(put(n=3, is_end=True)) == 1


def test_where_a_whole_village_left_its_people_hear_everything() -> None:
    book = ledger((0, 2), former=(0, 0))
    assert book.put_down(put()) == 2


def test_the_silent_were_told_and_have_not_answered() -> None:
    book = ledger()
    book.put_down(put())
    told(book, 0, 1)
    book.say(1, put().sequence, Said.ACKNOWLEDGE, OPENED)
    assert book.silent(0).tolist() == [0]


def test_counts_of_a_county_are_those_of_its_villages() -> None:
    book = ledger()
    for village in (0, 1):
        book.put_down(put(village))
    told(book, 0, 4)
    assert book.counts(slice(None)).delivery[Delivery.SENT] == 2
    assert book.counts([1]).waiting == 1
    assert (book.ever(ADDRESSED), book.ever(REACHED)) == (5, 2)


def test_a_bulletin_tallies_whom_it_reached_once() -> None:
    book = ledger()
    book.put_down(put())
    told(book, 0, 1)
    told(book, 0, result=Result.DELIVERED)
    told(book, 0, result=Result.DELIVERED)
    told(book, 2, result=Result.DELIVERED)
    book.say(0, put().sequence, Said.MOVE, OPENED)
    book.say(0, put().sequence, Said.CLAIM_SAFE, OPENED)
    tally = book.tallies[0][1]
    assert (tally.addressed, tally.sent, tally.delivered, tally.answered) == (3, 3, 2, 1)


def test_channels_of_another_number_of_doors_are_refused() -> None:
    with pytest.raises(ValueError, match="3 channels of 2 doors"):
        Ledger(np.array([0, 2], np.int32), np.zeros(3, np.uint8))


def claimed(queue: DoorQueue, limit: int = 10, now: float = 0.0) -> list[int]:
    return [claim.row for claim in queue.claim(0, limit, now)]


def queue_of(*puts: Put) -> tuple[Ledger, DoorQueue]:
    book = ledger()
    queue = DoorQueue(book, 1)
    for put in puts:
        book.put_down(put)
        queue.put_down(put.village)
    return book, queue


def test_the_more_urgent_village_is_claimed_first_then_the_earlier_one() -> None:
    assert claimed(queue_of(put(0, urgency=1), put(1, urgency=4))[1]) == [3, 4, 0, 1, 2]
    assert claimed(queue_of(put(1), put(0))[1]) == [3, 4, 0, 1, 2]


def test_nobody_in_hand_is_claimed_again_before_the_outcome_whatever_is_issued() -> None:
    book, queue = queue_of(put(0))
    assert claimed(queue) == [0, 1, 2]
    book.put_down(put(0, n=2))
    queue.put_down(0)
    assert claimed(queue) == []
    told(book, 0)
    queue.release(0, put().sequence)
    assert claimed(queue) == [0]


def test_whoever_is_in_hand_for_too_long_is_free_again() -> None:
    _, queue = queue_of(put(0))
    claimed(queue)
    assert claimed(queue, now=IN_HAND_S_MAX - 1) == []
    assert claimed(queue, now=IN_HAND_S_MAX) == [0, 1, 2]


def test_another_attempt_waits_for_its_time_and_a_newer_bulletin_does_not() -> None:
    book, queue = queue_of(put(0))
    claimed(queue)
    for row in range(3):
        told(book, row, result=Result.FAILED)
        queue.release(row, put().sequence, due_at=60.0)
    assert (claimed(queue, now=59.0), queue.next_due(0)) == ([], 60.0)
    book.put_down(put(0, n=2))
    queue.put_down(0)
    assert claimed(queue, now=59.0) == [0, 1, 2]


def test_retries_take_at_most_half_while_others_wait_for_a_first_attempt() -> None:
    book, queue = queue_of(put(0))
    claimed(queue)
    for row in range(3):
        told(book, row, result=Result.FAILED)
        queue.release(row, put().sequence, due_at=1.0)
    book.put_down(put(1, urgency=1))
    queue.put_down(1)
    assert claimed(queue, limit=2, now=2.0) == [0, 3]
    assert sorted(claimed(queue, limit=9, now=2.0)) == [1, 2, 4]


def test_a_village_whose_bulletin_is_not_true_now_keeps_its_place() -> None:
    _, queue = queue_of(put(0, urgency=4), put(1))
    assert [claim.row for claim in queue.claim(0, 10, 0.0, frozenset({0}))] == [3, 4]
    assert claimed(queue) == [0, 1, 2]


def test_doors_that_are_new_in_the_register_get_the_bulletin_that_stands() -> None:
    book = ledger()
    book.put_down(put())
    told(book, 0, 1, 2)
    book.state[2], book.told[2] = Delivery.NONE, 0  # as of a door that a snapshot does not know
    book.recount()
    assert book.put_down(put()) == 1
    assert delivery(book)[:3] == [Delivery.SENT, Delivery.SENT, Delivery.QUEUED]
    assert book.tallies[0][1].addressed == 4


def test_what_is_less_urgent_than_asked_for_waits() -> None:
    _, queue = queue_of(put(0, urgency=1), put(1, urgency=4))
    assert [claim.row for claim in queue.claim(0, 10, 0.0, urgency_min=2)] == [3, 4]
    assert queue.urgency(0, 0.0) == 1
    assert claimed(queue) == [0, 1, 2]


def test_a_return_is_for_whoever_heard_the_end_and_for_nobody_who_never_heard_anything() -> None:
    book = ledger()
    book.put_down(put(n=1, asks=True))
    told(book, 0)
    book.put_down(put(n=2, is_end=True))
    told(book, 0, n=2)
    assert delivery(book)[:3] == [Delivery.SENT, Delivery.SPARED, Delivery.SPARED]
    assert book.put_down(put(n=3, is_end=True)) == 0, "an end after it is for nobody any more"
    assert book.put_down(put(n=4, is_end=True, is_return=True)) == 1
    assert delivery(book)[:3] == [Delivery.QUEUED, Delivery.SPARED, Delivery.SPARED]
