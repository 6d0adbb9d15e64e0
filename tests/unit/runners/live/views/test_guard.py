"""A view that raises is an alarm of its own, and over once it can be updated."""

from tests.unit.runners.live.test_chain_watch import Board
from warnstream.runners.live.views.guard import ViewGuard


def test_a_view_that_raises_stops_nobody_and_is_an_alarm_until_it_works() -> None:
    board, seen = Board(), []
    guard = ViewGuard(board)
    guard.update("county", lambda: 1 / 0)
    guard.update("chain", lambda: seen.append("chain"))
    assert board.standing == {
        "view:county": "what is shown of county is old: ZeroDivisionError: division by zero"
    }
    assert board.blocking == {False}
    assert seen == ["chain"]
    guard.update("county", lambda: seen.append("county"))
    assert board.standing == {}
