import numpy as np
import pytest

from warnstream.windows.rain_window import RainWindow

T0 = 1_700_000_040 // 60 * 60
HOUR = 3600


def window(*intervals: int, span_s: int = 80 * HOUR, grace_s: int = 120) -> RainWindow:
    ring = RainWindow(np.array(intervals, dtype=np.int32), span_s=span_s, grace_s=grace_s)
    ring.advance(T0)
    return ring


def add(ring: RainWindow, station: int, at_s: int, rain_mm: float) -> None:
    ring.add(np.array([station], dtype=np.int32), np.array([at_s]), np.array([rain_mm]))


def rain_of(ring: RainWindow, duration_s: int, now_s: int, station: int = 0) -> float:
    ring.advance(now_s)
    return float(ring.accumulate(np.array([duration_s], dtype=np.int32), now_s).rain_mm[station, 0])


def coverage_of(ring: RainWindow, duration_s: int, now_s: int, station: int = 0) -> float:
    ring.advance(now_s)
    return float(ring.accumulate(np.array([duration_s], dtype=np.int32), now_s).coverage[station, 0])


def test_a_reading_counts_in_every_window_that_holds_its_interval() -> None:
    ring = window(300)
    add(ring, 0, T0 + 300, 2.5)
    assert [rain_of(ring, duration, T0 + 300) for duration in (600, HOUR, 72 * HOUR)] == [2.5, 2.5, 2.5]


def test_a_reading_is_spread_evenly_over_its_interval() -> None:
    ring = window(900)
    add(ring, 0, T0 + 900, 3.0)
    assert rain_of(ring, 600, T0 + 900) == 2.0


def test_spreading_loses_no_micrometre() -> None:
    ring = window(420)
    add(ring, 0, T0 + 420, 0.1)
    assert rain_of(ring, 420, T0 + 420) == 0.1


def test_rain_leaves_the_window_when_time_passes() -> None:
    ring = window(300)
    add(ring, 0, T0 + 300, 5.0)
    assert rain_of(ring, HOUR, T0 + 2 * HOUR) == 0.0


def test_a_window_ends_at_the_last_reading_while_the_next_is_not_due() -> None:
    ring = window(900)
    for quarter in range(1, 5):
        add(ring, 0, T0 + quarter * 900, 10.0)
    assert rain_of(ring, HOUR, T0 + 4 * 900 + 840) == 40.0
    assert coverage_of(ring, HOUR, T0 + 4 * 900 + 840) == 1.0


def test_the_coverage_of_a_silent_gauge_falls() -> None:
    ring = window(300, grace_s=60)
    for step in range(1, 13):
        add(ring, 0, T0 + step * 300, 0.0)
    now = T0 + HOUR
    assert coverage_of(ring, HOUR, now) == 1.0
    assert coverage_of(ring, HOUR, now + 30 * 60) == pytest.approx(36 / 60)


def test_a_gauge_that_never_reported_has_no_coverage() -> None:
    ring = window(300, 300)
    add(ring, 0, T0 + 300, 1.0)
    assert coverage_of(ring, HOUR, T0 + 300, station=1) == 0.0


def test_a_late_reading_corrects_present_and_past_windows() -> None:
    ring = window(300)
    add(ring, 0, T0 + 10 * HOUR, 1.0)
    add(ring, 0, T0 + 5 * HOUR, 7.0)
    assert rain_of(ring, 6 * HOUR, T0 + 10 * HOUR) == 8.0
    minute = np.array([(T0 + 5 * HOUR) // 60])
    past = ring.accumulate_until(np.array([HOUR], dtype=np.int32), minute)
    assert past.rain_mm[0, 0] == 7.0


def test_the_ring_forgets_what_it_no_longer_spans() -> None:
    ring = window(300, span_s=2 * HOUR)
    add(ring, 0, T0 + 300, 9.0)
    ring.advance(T0 + 50 * HOUR)
    add(ring, 0, T0 + 50 * HOUR, 1.0)
    assert rain_of(ring, HOUR, T0 + 50 * HOUR) == 1.0


def test_a_duration_beyond_the_ring_is_refused_by_name() -> None:
    ring = window(300, span_s=2 * HOUR)
    with pytest.raises(ValueError, match="longer than the ring"):
        rain_of(ring, 3 * HOUR, T0)


def test_sums_stay_exact_when_the_running_total_wraps() -> None:
    """The ring is 32 bit; differences are right across its wrap-around at 2,147 m of rain."""
    ring = window(3600)
    for hour in range(1, 61):
        add(ring, 0, T0 + hour * HOUR, 50_000.0)
    assert rain_of(ring, 24 * HOUR, T0 + 60 * HOUR) == 24 * 50_000.0


def test_a_restored_ring_continues_exactly() -> None:
    ring, twin = window(300), window(300)
    add(ring, 0, T0 + 300, 2.2)
    twin.restore(ring.snapshot())
    for each in (ring, twin):
        add(each, 0, T0 + 600, 3.3)
    assert rain_of(twin, HOUR, T0 + 600) == rain_of(ring, HOUR, T0 + 600) == 5.5


def test_a_snapshot_of_another_network_is_refused() -> None:
    with pytest.raises(ValueError, match="this network needs"):
        window(300, 300).restore(window(300).snapshot())


def tip(ring: RainWindow, at_s: int, rain_mm: float) -> None:
    ring.add_tips(np.array([0], dtype=np.int32), np.array([at_s]), np.array([rain_mm]))


def test_tips_count_in_their_own_minute() -> None:
    ring = window(600)
    for second in (30, 40, 95):
        tip(ring, T0 + second, 0.2)
    assert rain_of(ring, 60, T0 + 120) == 0.2
    assert rain_of(ring, 120, T0 + 120) == 0.6


def test_a_tip_speaks_for_the_interval_before_it_and_minutes_count_once() -> None:
    ring = window(600, grace_s=60)
    tip(ring, T0 + 600, 0.0)
    tip(ring, T0 + 1500, 0.2)
    tip(ring, T0 + 1440, 0.2)
    assert ring.accumulate_until(np.array([1500]), np.array([T0 // 60 + 25])).observed_min[0, 0] == 21


def test_coverage_by_tips_does_not_depend_on_their_order() -> None:
    seconds = np.array([600, 1140, 700, 1900, 2500, 1500, 601])
    found = []
    for order in (np.arange(7), np.arange(7)[::-1], np.array([3, 0, 6, 2, 5, 1, 4])):
        ring = window(600)
        for second in seconds[order]:
            tip(ring, T0 + int(second), 0.2)
        one = ring.accumulate_until(np.array([600, 2520]), np.array([T0 // 60 + 42]))
        found.append((one.rain_um.tolist(), one.observed_min.tolist()))
    assert found[0] == found[1] == found[2]
