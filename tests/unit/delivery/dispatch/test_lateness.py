import pytest

from warnstream.delivery.dispatch.lateness import is_over, late_marks, seconds_late
from warnstream.model.effects import RecipientKind

SENT_S = 1_700_000_000


@pytest.mark.parametrize("kind", [RecipientKind.POST, RecipientKind.HOUSEHOLD])
@pytest.mark.parametrize("msg_type", ["Alert", "Update", "Cancel"])
def test_nobody_is_called_once_a_message_is_over(kind: RecipientKind, msg_type: str) -> None:
    assert [is_over(kind, msg_type, SENT_S, at) for at in (SENT_S - 1, SENT_S, SENT_S + 1)] == [
        False,
        True,
        True,
    ]


def test_a_village_s_topic_gets_its_cancel_however_late_but_no_alert() -> None:
    over = [
        is_over(RecipientKind.VILLAGE, word, SENT_S, SENT_S + 9) for word in ("Cancel", "Alert", "Update")
    ]
    assert over == [False, True, True]


def test_a_message_is_late_after_the_channel_s_time() -> None:
    assert [seconds_late(SENT_S, 0, 600, SENT_S + after) for after in (0, 600, 601, 4_000)] == [
        0,
        0,
        601,
        4_000,
    ]


def test_a_post_that_is_called_when_its_turn_comes_is_not_late_while_it_can_answer_in_time() -> None:
    answer_by_s = SENT_S + 3_600
    assert seconds_late(SENT_S, answer_by_s, 600, SENT_S + 3_600) == 0
    assert seconds_late(SENT_S, answer_by_s, 600, SENT_S + 3_601) == 3_601


def test_a_clock_before_the_issue_makes_nothing_late() -> None:
    assert seconds_late(SENT_S, 0, 600, SENT_S - 5) == 0


def test_what_is_in_time_has_no_mark() -> None:
    assert late_marks(0) == ("", "")


def test_minutes_are_rounded_up() -> None:
    assert late_marks(601) == ("【迟到11分钟】", "[LATE 11 min] ")
