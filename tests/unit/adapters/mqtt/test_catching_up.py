"""A kept session has caught up whichever of the two is first to bring that at which the live one began."""

from warnstream.adapters.mqtt.catching_up import REMEMBERED_BYTES_MAX, CatchingUp, Holds, Message

FIRST: Message = ("ws/c/rain/R2/obs", b"now 1")


def read(*payloads: bytes) -> Holds:
    return lambda message: message in [(FIRST[0], payload) for payload in payloads]


def test_the_kept_session_comes_to_the_first_message_of_the_live_one() -> None:
    level = CatchingUp()
    assert not level.kept_brought(10, read(b"old 1"))
    level.live_brought(FIRST)
    assert not level.kept_brought(10, read(b"old 2"))
    assert level.kept_brought(10, read(b"old 3", b"now 1"))
    assert level.kept_brought(10, read(b"now 2")), "and stays there"


def test_a_kept_session_that_was_there_before_the_live_one_is_level_with_its_next_read() -> None:
    level = CatchingUp()
    assert not level.kept_brought(10, read(b"old 1", b"now 1"))
    level.live_brought(FIRST)
    level.live_brought((FIRST[0], b"now 2"))
    assert level.kept_brought(10, read(b"now 3"))


def test_only_the_first_message_of_the_live_session_counts() -> None:
    level = CatchingUp()
    level.live_brought(FIRST)
    level.live_brought((FIRST[0], b"now 2"))
    assert not level.kept_brought(10, read(b"now 2"))


def test_what_is_remembered_is_bounded_and_the_newest_read_is_always_of_it() -> None:
    level = CatchingUp()
    level.kept_brought(10, read(b"now 1"))
    level.kept_brought(REMEMBERED_BYTES_MAX, read(b"old 1"))
    level.live_brought(FIRST)
    assert not level.kept_brought(10, read(b"old 2"))
    large = CatchingUp()
    large.kept_brought(2 * REMEMBERED_BYTES_MAX, read(b"now 1"))
    large.live_brought(FIRST)
    assert large.kept_brought(10, read(b"old 2"))
