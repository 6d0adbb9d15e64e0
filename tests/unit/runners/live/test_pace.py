from warnstream.runners.intake.backlog import SLICE
from warnstream.runners.live.pace import BACKLOG_S, REST, Pace


def test_the_first_step_is_due_at_once_and_then_regularly() -> None:
    pace = Pace(60, 0.1, 100.0)
    assert pace.is_due(100.0, 0)
    pace.plan(100.0)
    pace.stepped(100.1, 0.006)
    assert pace.due_s(0) == 160.0


def test_what_arrives_is_judged_soon_after_the_last_step_or_at_once() -> None:
    pace = Pace(60, 0.1, 100.0)
    pace.plan(100.0)
    pace.stepped(100.0, 0.006)
    pace.arrived(100.2)
    assert pace.is_due(100.2, 0)
    assert pace.is_due(100.0 + 0.1, 0)
    pace.plan(101.0)
    assert pace.stepped(101.1, 0.006) == 101.1 - 100.2
    pace.arrived(130.0)
    assert pace.is_due(130.0, 0)


def test_a_backlog_brings_steps_until_it_is_gone() -> None:
    pace = Pace(60, 0.1, 100.0)
    pace.plan(100.0)
    pace.stepped(100.0, 0.006)
    assert pace.is_due(100.0, SLICE)
    assert pace.due_s(1) == 100.0 + BACKLOG_S
    assert pace.due_s(0) == 160.0


def test_the_oldest_of_what_is_not_judged_counts() -> None:
    pace = Pace(60, 0.1, 100.0)
    pace.arrived(100.0)
    pace.arrived(103.0)
    assert pace.unjudged_s(105.0) == 5.0
    pace.stepped(105.0, 0.006)
    assert pace.unjudged_s(109.0) == 0.0


def after_steps(*took_s: float) -> tuple[Pace, float]:
    """A pace after such steps in a row, and when the last ended."""
    pace, now_s = Pace(60, 0.1, 100.0), 100.0
    for seconds in took_s:
        pace.plan(now_s)
        now_s += seconds
        pace.stepped(now_s, seconds)
    pace.arrived(now_s)
    return pace, now_s


def waits_of(n_slices: int, *, step_s: float, slice_s: float) -> list[float]:
    """How long fresh readings wait, one every 0.37 s, while a backlog is worked off and 20 s after it.

    A step takes `step_s`, and `slice_s` more with a slice of backlog.
    """
    pace, now_s, waits = Pace(60, 0.1, 100.0), 100.0, []
    backlog, fresh_at_s, end_s = 0, 101.0, 130.0 + n_slices * slice_s
    while now_s < end_s:
        if now_s > 110.0 and n_slices:  # an outage ends
            backlog, n_slices = n_slices * SLICE, 0
        while fresh_at_s <= now_s:
            pace.arrived(fresh_at_s)
            fresh_at_s += 0.37
        if not pace.is_due(now_s, backlog):
            now_s += 0.01
            continue
        pace.plan(now_s)
        taken = min(backlog, SLICE)
        backlog -= taken
        took_s = step_s + (slice_s if taken else 0.0)
        now_s += took_s
        waits.append(pace.stepped(now_s, took_s, taken))
    return waits


def test_a_fresh_reading_does_not_wait_nine_slices_after_a_backlog() -> None:
    waits = waits_of(30, step_s=0.006, slice_s=0.5)
    assert max(waits) < 2 * 0.5 + 0.2
    assert max(waits[-20:]) < 0.2


def test_a_backlog_that_a_node_begins_with_teaches_nothing_either() -> None:
    pace, now_s = Pace(60, 0.1, 100.0), 100.0
    for _ in range(12):
        pace.plan(now_s)
        now_s += 0.5
        pace.stepped(now_s, 0.5, SLICE)
    pace.arrived(now_s)
    assert pace.due_s(0) == now_s + 0.1


def test_dear_steps_rest_nine_times_as_long_as_they_took() -> None:
    pace, now_s = after_steps(2.0)
    assert pace.due_s(0) == now_s + REST * 2.0


def test_a_step_dearer_than_a_tick_is_made_at_ticks_only() -> None:
    pace, _ = after_steps(20.0)
    assert pace.due_s(0) == 160.0


def test_a_burst_of_readings_does_not_put_off_the_next_step() -> None:
    pace, now_s = after_steps(0.006, 0.4)
    assert pace.due_s(0) == now_s + 0.1


def test_steps_that_have_become_dear_for_good_rest_as_such() -> None:
    pace, now_s = after_steps(0.006, *(0.4,) * 24)
    assert abs(pace.due_s(0) - now_s - REST * 0.4) < 1e-9
