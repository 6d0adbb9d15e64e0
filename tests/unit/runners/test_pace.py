from warnstream.runners.backlog import SLICE
from warnstream.runners.pace import BACKLOG_S, FRESH_S, Pace


def test_the_first_step_is_due_at_once_and_then_regularly() -> None:
    pace = Pace(60, 100.0)
    assert pace.is_due(100.0, 0)
    pace.plan(100.0)
    pace.stepped(100.1)
    assert pace.due_s(0) == 160.0


def test_what_arrives_is_judged_a_second_after_the_last_step_or_at_once() -> None:
    pace = Pace(60, 100.0)
    pace.plan(100.0)
    pace.stepped(100.0)
    pace.arrived(100.2)
    assert not pace.is_due(100.2, 0)
    assert pace.is_due(100.0 + FRESH_S, 0)
    pace.plan(101.0)
    assert pace.stepped(101.1) == 101.1 - 100.2
    pace.arrived(130.0)
    assert pace.is_due(130.0, 0)


def test_a_backlog_brings_steps_until_it_is_gone() -> None:
    pace = Pace(60, 100.0)
    pace.plan(100.0)
    pace.stepped(100.0)
    assert pace.is_due(100.0, SLICE)
    assert pace.due_s(1) == 100.0 + BACKLOG_S
    assert pace.due_s(0) == 160.0


def test_the_oldest_of_what_is_not_judged_counts() -> None:
    pace = Pace(60, 100.0)
    pace.arrived(100.0)
    pace.arrived(103.0)
    assert pace.unjudged_s(105.0) == 5.0
    pace.stepped(105.0)
    assert pace.unjudged_s(109.0) == 0.0
