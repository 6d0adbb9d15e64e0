import pytest

from warnstream.runners.intake.backlog import SLICE
from warnstream.runners.live.pace import BACKLOG_S, BUDGET_S, Pace


def test_the_first_step_is_due_at_once_and_then_regularly() -> None:
    pace = Pace(60, 0.1, 0.1, 100.0)
    assert pace.is_due(100.0, 0)
    pace.plan(100.0)
    pace.stepped(100.1, 0.006)
    assert pace.due_s(0) == 160.0


def stepped(pace: Pace, now_s: float, took_s: float = 0.006) -> float:
    pace.plan(now_s)
    return pace.stepped(now_s + took_s, took_s)


def test_one_reading_after_a_silence_is_judged_at_once_whenever_the_last_tick_was() -> None:
    pace = Pace(60, 0.1, 0.1, 100.0)
    stepped(pace, 100.0)
    pace.arrived(100.01)
    assert pace.is_due(100.01, 0), "the regular step just before is no reason to wait"
    assert stepped(pace, 100.01) == pytest.approx(0.006)
    pace.arrived(130.0)
    assert pace.is_due(130.0, 0)


def test_a_stream_is_judged_together_within_the_time_that_is_set() -> None:
    pace = Pace(60, 0.1, 0.1, 100.0)
    stepped(pace, 100.0)
    pace.arrived(110.0)
    stepped(pace, 110.0)
    pace.arrived(110.02)
    assert pace.due_s(0) == pytest.approx(110.006 + 0.1)
    assert pace.reacts_at_s() == pace.due_s(0)


def test_a_backlog_brings_steps_until_it_is_gone() -> None:
    pace = Pace(60, 0.1, 0.1, 100.0)
    pace.plan(100.0)
    pace.stepped(100.0, 0.006)
    assert pace.is_due(100.0, SLICE)
    assert pace.due_s(1) == 100.0 + BACKLOG_S
    assert pace.due_s(0) == 160.0


def test_the_oldest_of_what_is_not_judged_counts() -> None:
    pace = Pace(60, 0.1, 0.1, 100.0)
    pace.arrived(100.0)
    pace.arrived(103.0)
    assert pace.unjudged_s(105.0) == 5.0
    pace.stepped(105.0, 0.006)
    assert pace.unjudged_s(109.0) == 0.0


def after_steps(*took_s: float) -> tuple[Pace, float]:
    """A pace after such steps in a row, and when the last ended."""
    pace, now_s = Pace(60, 0.1, 0.1, 100.0), 100.0
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
    pace, now_s, waits = Pace(60, 0.1, 0.1, 100.0), 100.0, []
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
    pace, now_s = Pace(60, 0.1, 0.1, 100.0), 100.0
    for _ in range(12):
        pace.plan(now_s)
        now_s += 0.5
        pace.stepped(now_s, 0.5, SLICE)
    pace.arrived(now_s)
    assert pace.due_s(0) == now_s + 0.1


def test_a_few_old_readings_in_every_step_of_a_stream_bring_no_more_steps_than_they_ask_for() -> None:
    pace, now_s, ended = Pace(1e9, 0.1, 0.1, 100.0), 100.0, []
    stepped(pace, now_s, 0.05)
    while now_s < 200.0:
        pace.arrived(now_s)
        now_s = max(now_s, pace.due_s(1))
        pace.plan(now_s)
        now_s += 0.05
        pace.stepped(now_s, 0.05, backlog_taken=3)
        ended.append(now_s)
    saved = 0.1 * BUDGET_S / 0.05
    assert len(ended) <= 100.0 / (BACKLOG_S + 0.05) + saved


def test_a_backlog_of_dear_steps_owes_the_budget_no_more_than_one_of_them() -> None:
    pace, now_s = Pace(60, 0.1, 0.1, 100.0), 100.0
    stepped(pace, now_s, 2.0)
    for _ in range(100):
        pace.plan(now_s)
        now_s += 4.0
        pace.stepped(now_s, 4.0, SLICE)
    pace.arrived(now_s)
    assert pace.due_s(0) <= now_s + 2.0 / 0.1


def early_steps(step_s: float, seconds: float, share: float = 0.1) -> list[float]:
    """When early steps end, while something new waits all the time."""
    pace, now_s, ended = Pace(1e9, 0.1, share, 100.0), 100.0, []
    stepped(pace, now_s, step_s)
    now_s += step_s
    while now_s < 100.0 + seconds:
        pace.arrived(now_s)
        now_s = max(now_s, pace.due_s(0))
        stepped(pace, now_s, step_s)
        now_s += step_s
        ended.append(now_s)
    return ended


@pytest.mark.parametrize("step_s", [0.006, 0.05, 0.4, 2.0, 7.0])
@pytest.mark.parametrize("share", [0.05, 0.1, 0.5])
def test_early_steps_take_their_share_and_what_they_had_saved(step_s: float, share: float) -> None:
    seconds = 400.0
    n_steps = len(early_steps(step_s, seconds, share))
    assert n_steps * step_s <= share * (seconds + BUDGET_S) + 2 * step_s
    wanted = min(share / step_s, 1 / (0.1 + step_s))
    assert n_steps >= 0.9 * wanted * seconds - 1, "and they do take it"


def test_the_first_reading_of_a_silence_does_not_wait_however_dear_a_step_is() -> None:
    pace = Pace(60, 0.1, 0.1, 100.0)
    stepped(pace, 100.0, 2.0)
    pace.arrived(103.0)
    assert pace.is_due(103.0, 0)
    stepped(pace, 103.0, 2.0)
    pace.arrived(105.1)
    assert 110.0 < pace.due_s(0) < 116.0, "the budget is used up"


def test_what_was_not_used_is_not_saved_for_longer_than_ten_seconds() -> None:
    for silence_s in (20.0, 2_000.0):
        pace, now_s, steps = Pace(1e9, 0.01, 0.1, 100.0), 100.0 + silence_s, 0
        stepped(pace, 100.0, 0.05)
        until_s = now_s + 3.0
        while now_s < until_s:
            pace.arrived(now_s)
            now_s = max(now_s, pace.due_s(0))
            stepped(pace, now_s, 0.05)
            now_s, steps = now_s + 0.05, steps + 1
        assert 0.1 * BUDGET_S <= steps * 0.05 <= 0.1 * (BUDGET_S + 3.0) + 0.1


def test_a_burst_of_readings_does_not_put_off_the_next_step() -> None:
    pace, now_s = after_steps(0.006, 0.4)
    assert pace.due_s(0) <= now_s + 0.1


def test_steps_that_have_become_dear_for_good_cost_as_such() -> None:
    pace, now_s = Pace(1e9, 0.1, 0.1, 100.0), 100.0
    for took_s in (0.006, *(0.4,) * 24):
        pace.arrived(now_s)
        now_s = max(now_s, pace.due_s(0))
        stepped(pace, now_s, took_s)
        now_s += took_s
    pace.arrived(now_s)
    assert pace.due_s(0) > now_s + 5 * 0.4
