import json
import threading
from collections import Counter
from collections.abc import Callable
from http import HTTPStatus

import pytest

from station_sim.people.answers import ANSWER_SHARES, AnswerHabits, AnswerTimer
from station_sim.people.devices import Devices, People, PeopleCounts
from station_sim.people.sms_gateway import GatewayCounts, GatewayManners, SmsBook

ALWAYS = AnswerHabits(seed=1, off_share=0.0)
NEVER = AnswerHabits(seed=1, off_share=1.0)


def notification(key: str = "m1|H1|device", **changes: object) -> bytes:
    content = {
        "key": key,
        "message": "m1",
        "recipient": "H1",
        "type": "Alert",
        "answer_topic": "ws/answer/H1",
        "text_en": "Go up.",
    }
    return json.dumps(content | changes).encode()


class OneNotification:
    """A connection over which the same notification comes twice."""

    def __init__(self, payload: bytes) -> None:
        self._payload = payload
        self.answered = threading.Event()
        self.closed = False

    def open(self, receive: Devices, answer: AnswerTimer) -> None:
        for _ in range(2):
            planned = receive.receive(self._payload)
            if planned is not None:
                answer.after(0.0, self._sender(receive))

    def _sender(self, devices: Devices) -> Callable[[], None]:
        def send() -> None:
            devices.answered()
            self.answered.set()

        return send

    def close(self) -> None:
        self.closed = True


def test_a_key_is_shown_once_and_its_repeats_are_counted() -> None:
    devices = Devices(ALWAYS)
    answers = [devices.receive(notification()) for _ in range(3)]
    assert [answer is not None for answer in answers] == [True, False, False]
    assert devices.counts() == PeopleCounts(shown=1, repeats=2)


def test_an_answer_goes_to_the_answer_topic_with_the_message() -> None:
    planned = Devices(ALWAYS).receive(notification(answer_topic="x/answer/H1"))
    assert planned is not None
    assert planned.topic == "x/answer/H1"
    content = json.loads(planned.payload)
    assert content["message"] == "m1"
    assert content["answer"] in dict(ANSWER_SHARES)


def test_a_phone_that_is_off_never_answers_but_counts_as_shown() -> None:
    devices = Devices(NEVER)
    assert devices.receive(notification()) is None
    assert devices.counts() == PeopleCounts(shown=1, silent=1)


@pytest.mark.parametrize("payload", [b"{", b"[]", b'"text"', b"{}", b"\xff\xfe"])
def test_what_is_no_notification_is_counted(payload: bytes) -> None:
    devices = Devices(ALWAYS)
    assert devices.receive(payload) is None
    assert devices.counts() == PeopleCounts(unreadable=1)


def test_people_start_answer_and_stop() -> None:
    connection = OneNotification(notification())
    people = People(connection, ALWAYS)
    people.start()
    assert connection.answered.wait(60)
    people.stop()
    assert connection.closed
    assert people.counts() == PeopleCounts(shown=1, repeats=1, answered=1)


def test_answers_follow_the_shares() -> None:
    words: Counter[str] = Counter()
    for number in range(4000):
        answer = ALWAYS.answer(f"H{number}", "m1", "Alert")
        assert answer is not None
        words[answer[0]] += 1
    for word, share in ANSWER_SHARES:
        assert words[word] / 4000 == pytest.approx(share, abs=0.03)


def test_the_off_share_is_kept_and_belongs_to_the_recipient() -> None:
    habits = AnswerHabits(seed=3, off_share=0.3)
    off = [f"H{n}" for n in range(2000) if habits.answer(f"H{n}", "m1", "Alert") is None]
    assert len(off) / 2000 == pytest.approx(0.3, abs=0.04)
    assert all(habits.answer(recipient, "m2", "Update") is None for recipient in off)


def test_an_all_clear_is_only_acknowledged() -> None:
    answers = {ALWAYS.answer(f"H{n}", "m1", "Cancel") for n in range(200)}
    assert {answer[0] for answer in answers if answer is not None} == {"acknowledged"}


def test_speed_divides_the_delay() -> None:
    slow = AnswerHabits(seed=1, off_share=0.0, speed=1.0).answer("H1", "m1", "Alert")
    fast = AnswerHabits(seed=1, off_share=0.0, speed=240.0).answer("H1", "m1", "Alert")
    assert slow is not None
    assert fast is not None
    assert fast[1] == pytest.approx(slow[1] / 240)


def test_a_gateway_shows_a_key_once() -> None:
    book = SmsBook(ALWAYS)
    content = {"message": "m1", "recipient": "H1", "token": "t"}
    results = [book.receive("k", content) for _ in range(3)]
    assert [result.status for result in results] == [HTTPStatus.OK] * 3
    assert [result.answer is not None for result in results] == [True, False, False]
    assert book.counts() == GatewayCounts(shown=1, repeats=2)


def test_a_gateway_answers_with_the_token_that_came() -> None:
    _, answer, _ = SmsBook(ALWAYS).receive("k", {"message": "m1", "recipient": "H1", "token": "secret"})
    assert answer is not None
    assert answer.content.keys() == {"message", "recipient", "answer", "token"}
    assert answer.content["token"] == "secret"


def test_failures_hide_whether_a_message_was_shown_yet_show_it_once() -> None:
    book = SmsBook(ALWAYS, GatewayManners(failure_rate=0.5))
    shown_on_failure = 0
    for number in range(200):
        content = {"message": "m1", "recipient": f"H{number}"}
        status = HTTPStatus.SERVICE_UNAVAILABLE
        n_answers = 0
        while status is not HTTPStatus.OK:
            status, answer, _ = book.receive(f"k{number}", content)
            n_answers += answer is not None
            shown_on_failure += answer is not None and status is not HTTPStatus.OK
        assert n_answers == 1
    counts = book.counts()
    assert counts.shown == 200
    assert counts.failures > 100
    assert counts.repeats > 0
    assert shown_on_failure > 0


def test_a_gateway_that_always_fails_is_refused() -> None:
    with pytest.raises(ValueError, match="failure_rate must be at least 0 and below 1"):
        SmsBook(ALWAYS, GatewayManners(failure_rate=1.0))


def notify(book: SmsBook, number: int) -> HTTPStatus:
    return book.receive(f"k{number}", {"message": "m1", "recipient": f"H{number}", "token": "t"}).status


def test_a_gateway_takes_a_second_at_once_and_then_keeps_to_its_rate() -> None:
    now = [0.0]
    book = SmsBook(ALWAYS, GatewayManners(rate_per_s=10), monotonic_s=lambda: now[0])
    now[0] = 5.0
    first = [notify(book, number) for number in range(15)]
    assert first.count(HTTPStatus.OK) == 10
    assert first.count(HTTPStatus.TOO_MANY_REQUESTS) == book.counts().throttled == 5
    now[0] = 5.5
    assert [notify(book, 100 + number) for number in range(8)].count(HTTPStatus.OK) == 5


def test_what_is_lost_on_the_way_has_neither_receipt_nor_answer() -> None:
    book = SmsBook(ALWAYS, GatewayManners(loss_rate=0.3))
    handled = [book.receive(f"k{n}", {"message": "m1", "recipient": f"H{n}"}) for n in range(400)]
    assert all(answer.status is HTTPStatus.OK for answer in handled)
    lost = sum(answer.receipt is None and answer.answer is None for answer in handled)
    assert lost == book.counts().lost == pytest.approx(120, abs=30)
    assert book.counts().shown == 400 - lost


def test_a_wrong_number_is_refused_again_and_again() -> None:
    book = SmsBook(ALWAYS, GatewayManners(wrong_number_share=0.2))
    first, again = ([notify(book, number) for number in range(200)] for _ in range(2))
    assert first == again
    assert first.count(HTTPStatus.NOT_FOUND) == pytest.approx(40, abs=15)


def test_a_call_that_is_not_picked_up_has_told_nobody() -> None:
    book = SmsBook(ALWAYS, GatewayManners(is_voice=True))
    handled = [book.receive(f"k{n}", {"message": "m1", "recipient": f"H{n}"}) for n in range(400)]
    assert (
        book.counts().missed
        == sum(answer.receipt is None for answer in handled)
        == pytest.approx(100, abs=30)
    )


def test_a_receipt_names_the_key_and_the_token_that_came() -> None:
    handled = SmsBook(ALWAYS).receive("m1|H1|sms", {"message": "m1", "recipient": "H1", "token": "secret"})
    assert handled.receipt is not None
    assert handled.receipt.content == {"key": "m1|H1|sms", "token": "secret"}


POSTS = [f"{letter}3311{n:08d}" for letter in "GV" for n in range(500)]
"""As station_sim.county.files names grid members and heads of villages."""


def test_posts_have_an_absent_share_of_their_own_and_households_none_of_it() -> None:
    habits = AnswerHabits(seed=4, off_share=0.0, absent_share=0.3)
    absent = [post for post in POSTS if habits.answer(post, "m1", "Alert") is None]
    assert len(absent) / len(POSTS) == pytest.approx(0.3, abs=0.04)
    assert all(habits.answer(post, "m2", "Update") is None for post in absent)
    assert all(habits.answer(f"H{n}", "m1", "Alert") is not None for n in range(500))
    other = AnswerHabits(seed=5, off_share=0.0, absent_share=0.3)
    assert absent != [post for post in POSTS if other.answer(post, "m1", "Alert") is None]


def test_without_a_share_of_their_own_posts_are_away_as_phones_are_off() -> None:
    habits = AnswerHabits(seed=4, off_share=0.2)
    absent = sum(habits.answer(post, "m1", "Alert") is None for post in POSTS)
    assert absent / len(POSTS) == pytest.approx(0.2, abs=0.04)


def test_an_empty_post_is_shown_its_message_and_counted_as_absent() -> None:
    devices = Devices(AnswerHabits(seed=4, off_share=0.0, absent_share=1.0))
    assert devices.receive(notification(recipient=POSTS[0])) is None
    assert devices.receive(notification(key="other")) is not None
    assert devices.counts() == PeopleCounts(shown=2, silent=1, absent=1)


def test_what_goes_to_the_wrong_number_of_a_post_is_shown_to_nobody() -> None:
    habits = AnswerHabits(seed=4, off_share=0.0, wrong_post_share=0.1)
    devices, book = Devices(habits), SmsBook(habits, GatewayManners(wrong_number_share=0.0))
    for post in POSTS:
        planned = devices.receive(notification(key=post, recipient=post))
        status = book.receive(post, {"message": "m1", "recipient": post}).status
        assert (planned is None) == (status is HTTPStatus.NOT_FOUND) == habits.has_wrong_number(post)
    counts = devices.counts()
    assert counts.wrong_numbers == book.counts().wrong_numbers == pytest.approx(100, abs=30)
    assert counts.shown == len(POSTS) - counts.wrong_numbers


def test_wrong_numbers_of_households_are_not_those_of_posts() -> None:
    book = SmsBook(ALWAYS, GatewayManners(wrong_number_share=0.9))
    assert all(book.receive(post, {"message": "m1", "recipient": post}).status == 200 for post in POSTS)


def test_the_posts_of_another_network_are_those_of_its_chain() -> None:
    habits = AnswerHabits(seed=4, off_share=0.0, absent_share=1.0, posts=frozenset({"duty-1"}))
    assert habits.answer("duty-1", "m1", "Alert") is None
    assert habits.answer(POSTS[0], "m1", "Alert") is not None


def test_a_post_goes_where_it_is_called_and_otherwise_acknowledges() -> None:
    called = [ALWAYS.answer(post, f"m{n}", "Update", "HELP: V1 door-4") for post in POSTS for n in range(6)]
    calm = [ALWAYS.answer(post, f"m{n}", "Update", "Flash flood RED") for post in POSTS for n in range(6)]
    words = [{word for word, _ in filter(None, answers)} for answers in (called, calm)]
    assert words == [{"moving", "acknowledged", "need_help"}, {"acknowledged", "need_help"}]
    moving = sum(call is not None and call[0] == "moving" for call in called) / len(called)
    assert 0.6 < moving < 0.8
