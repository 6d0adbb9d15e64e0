"""Replies that are for a person ring whoever is on duty, and not for ever."""

from tests.unit.runners.live.test_chain_watch import Board
from warnstream.runners.live.watches.reply_watch import NAMED_MAX, ReplyWatch

STANDS_S = 600


class Clock:
    """Seconds that a test sets."""

    now = 5_000.0

    def __call__(self) -> float:
        return self.now


def watched() -> tuple[ReplyWatch, Board, Clock]:
    board, clock = Board(), Clock()
    return ReplyWatch(board, STANDS_S, clock), board, clock


def test_a_reply_is_an_alarm_that_names_its_door_and_leaves_the_node_ready() -> None:
    watch, board, _ = watched()
    watch.heard("sms", ["V1-H0"])
    text = "replies over sms that a person has to read: 1, of V1-H0; the log has them"
    assert board.standing == {"reply:sms": text}
    assert "V1-H0" in board.zh["reply:sms"]
    assert board.blocking == {False}


def test_it_ends_once_nobody_wrote_for_a_while() -> None:
    watch, board, clock = watched()
    watch.heard("sms", ["V1-H0"])
    clock.now += STANDS_S - 1
    watch.look()
    watch.heard("voice", [])
    assert set(board.standing) == {"reply:sms", "reply:voice"}
    assert "an unknown phone" in board.standing["reply:voice"]
    clock.now += 1
    watch.look()
    assert set(board.standing) == {"reply:voice"}
    watch.heard("voice", ["V2-H1"])
    clock.now += STANDS_S - 1
    watch.look()
    assert "has to read: 2, " in board.standing["reply:voice"], "the newest one counts"


def test_of_many_the_newest_are_named() -> None:
    watch, board, _ = watched()
    for number in range(NAMED_MAX + 3):
        watch.heard("sms", [f"H{number}"])
    watch.heard("sms", ["H0"])
    text = board.standing["reply:sms"]
    assert f"has to read: {NAMED_MAX + 4}, " in text
    assert "of H0, H7, H6, H5, H4 and 3 more" in text


def test_after_a_restart_it_stands_on_and_ends_in_its_time() -> None:
    watch, board, clock = watched()
    board.standing = {"reply:sms": "as it stood", "past:1": "another"}
    watch.adopt(board.standing)
    clock.now += STANDS_S - 1
    watch.look()
    assert "reply:sms" in board.standing
    clock.now += 1
    watch.look()
    assert set(board.standing) == {"past:1"}
