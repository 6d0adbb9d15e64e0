import threading
import time

from warnstream.adapters.inbox import InboundBatch, Inbox


def arrived(n: int, size: int = 1) -> InboundBatch:
    return InboundBatch(None, 1, ["t"] * n, [b"p"] * n, [], size)  # type: ignore[arg-type]  # no source is asked


def test_a_batch_ends_with_what_came_together_with_its_last_message() -> None:
    inbox = Inbox()
    for n in (3, 3, 3):
        inbox.put(arrived(n))
    batch = inbox.take(messages_max=4, wait_s=1, gather_s=0)
    assert [len(block.topics) for block in batch] == [3, 3]
    assert len(inbox.take(messages_max=4, wait_s=1, gather_s=0)) == 1


def test_nothing_came_is_an_empty_batch() -> None:
    assert Inbox().take(messages_max=1, wait_s=0, gather_s=0) == []


def test_waking_ends_a_wait() -> None:
    inbox = Inbox()
    started = time.monotonic()
    threading.Timer(0.01, inbox.wake).start()
    assert inbox.take(messages_max=1, wait_s=20, gather_s=0) == []
    assert time.monotonic() - started < 10


def test_the_limits_are_messages_and_bytes_and_room_is_told() -> None:
    told: list[bool] = []
    inbox = Inbox(messages_max=2, bytes_max=10)
    inbox.when_room(lambda: told.append(inbox.has_room))
    inbox.put(arrived(2))
    assert not inbox.has_room
    inbox.take(messages_max=9, wait_s=0, gather_s=0)
    inbox.put(arrived(1, size=10))
    assert not inbox.has_room
    inbox.take(messages_max=9, wait_s=0, gather_s=0)
    assert (inbox.has_room, told) == (True, [True, True])


def stream(n: int) -> InboundBatch:
    return InboundBatch(None, 2, ["s"] * n, [b"p"] * n, [], n, is_stream=True)  # type: ignore[arg-type]


def topics(batch: list[InboundBatch]) -> str:
    return "".join(block.topics[0] for block in batch)


def test_lone_messages_go_before_those_of_streams() -> None:
    inbox = Inbox()
    for block in (stream(5), stream(5), arrived(1), stream(5)):
        inbox.put(block)
    assert topics(inbox.take(messages_max=10, wait_s=0, gather_s=0, streams_max=6)) == "tss"
    inbox.put(arrived(1))
    assert topics(inbox.take(messages_max=10, wait_s=0, gather_s=0, streams_max=0)) == "t"
    assert topics(inbox.take(messages_max=10, wait_s=0, gather_s=0, streams_max=6)) == "s"


def test_streams_that_may_not_be_taken_wake_nobody() -> None:
    inbox = Inbox()
    inbox.put(stream(5))
    assert inbox.take(messages_max=1, wait_s=0, gather_s=0, streams_max=0) == []
    assert inbox.messages == 5


def test_streams_leave_room_for_lone_messages_and_go_on_when_half_is_free() -> None:
    told: list[bool] = []
    inbox = Inbox(messages_max=100)
    inbox.when_room(lambda: told.append(inbox.has_stream_room))
    for _ in range(8):
        inbox.put(stream(10))
    assert (inbox.has_room, inbox.has_stream_room) == (True, False)
    inbox.take(messages_max=10, wait_s=0, gather_s=0, streams_max=30)
    assert (inbox.has_stream_room, told) == (False, [])
    inbox.take(messages_max=10, wait_s=0, gather_s=0, streams_max=20)
    assert (inbox.has_stream_room, told) == (True, [True])


def alone(n: int = 1) -> InboundBatch:
    """Of a sender that does not wait for its acknowledgement."""
    return InboundBatch(None, 1, ["t"] * n, [b"p"] * n, [], n, is_awaited=False)  # type: ignore[arg-type]


def put_later(inbox: Inbox, *what: InboundBatch, at_s: float) -> None:
    def put() -> None:
        for block in what:
            inbox.put(block)

    threading.Timer(at_s, put).start()


def test_messages_that_nobody_waits_for_are_kept_until_the_time_that_is_given() -> None:
    inbox, started = Inbox(), time.monotonic()
    inbox.put(alone())
    put_later(inbox, alone(), at_s=0.03)
    batch = inbox.take(messages_max=9, wait_s=1, gather_s=0.001, open_until_s=started + 0.1)
    assert len(batch) == 2
    assert time.monotonic() >= started + 0.1


def test_a_message_that_somebody_waits_for_closes_the_batch() -> None:
    inbox, started = Inbox(), time.monotonic()
    inbox.put(alone())
    put_later(inbox, arrived(1), at_s=0.01)
    assert len(inbox.take(messages_max=9, wait_s=1, gather_s=0.001, open_until_s=started + 20)) == 2
    assert time.monotonic() < started + 10


def test_a_stream_closes_the_batch() -> None:
    inbox, started = Inbox(), time.monotonic()
    inbox.put(alone())
    put_later(inbox, stream(5), at_s=0.01)
    assert topics(inbox.take(messages_max=9, wait_s=1, gather_s=0.001, open_until_s=started + 20)) == "ts"
    assert time.monotonic() < started + 10


def test_who_waited_is_forgotten_with_the_batch() -> None:
    inbox, started = Inbox(), time.monotonic()
    inbox.put(arrived(1))
    inbox.take(messages_max=9, wait_s=0, gather_s=0, open_until_s=started + 20)
    inbox.put(alone())
    inbox.take(messages_max=9, wait_s=0, gather_s=0, open_until_s=time.monotonic() + 0.05)
    assert time.monotonic() >= started + 0.05


def test_a_lone_message_is_handed_out_at_once_where_its_step_is_due() -> None:
    inbox, started = Inbox(), time.monotonic()
    inbox.put(arrived(1))
    assert len(inbox.take(messages_max=9, wait_s=20, gather_s=20, open_until_s=started)) == 1
    assert time.monotonic() < started + 10, "batch_wait is for what has to wait anyway"


def test_a_stream_alone_is_gathered() -> None:
    inbox, started = Inbox(), time.monotonic()
    inbox.put(stream(2))
    put_later(inbox, stream(2), at_s=0.01)
    assert topics(inbox.take(messages_max=9, wait_s=1, gather_s=0.1)) == "ss"
    assert time.monotonic() >= started + 0.1
