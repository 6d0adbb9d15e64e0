"""The trap of queues: a late reading queues behind newer ones, leaves late, and keeps levels too high."""

from collections import deque

import numpy as np

from warnstream.windows.rain_window import RainWindow

HOUR_S = 3600
T0 = 1_781_740_800
CRITICAL_MM = 40.0


class Queue:
    """One station's running sum as stream processors keep it: append on arrival, drop from the left."""

    def __init__(self) -> None:
        self._kept: deque[tuple[int, float]] = deque()
        self.rain_mm = 0.0

    def add(self, at_s: int, rain_mm: float) -> None:
        self._kept.append((at_s, rain_mm))
        self.rain_mm += rain_mm

    def sum_until(self, now_s: int) -> float:
        while self._kept and self._kept[0][0] <= now_s - HOUR_S:
            self.rain_mm -= self._kept.popleft()[1]
        return self.rain_mm


def ring() -> RainWindow:
    window = RainWindow(np.array([60], dtype=np.int32), span_s=3 * HOUR_S, grace_s=120)
    window.advance(T0)
    return window


def add(window: RainWindow, at_s: int, rain_mm: float) -> None:
    window.add(np.array([0], dtype=np.int32), np.array([at_s]), np.array([rain_mm]))


def rain_1h(window: RainWindow, now_s: int) -> float:
    window.advance(now_s)
    return float(window.accumulate(np.array([HOUR_S], dtype=np.int32), now_s).rain_mm[0, 0])


def test_a_late_reading_leaves_the_window_with_its_own_hour() -> None:
    """35 mm of 00:10 arrive at 00:50 behind the readings of 00:11 to 00:50."""
    queue, window = Queue(), ring()
    for minute in range(11, 51):
        queue.add(T0 + 60 * minute, 0.2)
        add(window, T0 + 60 * minute, 0.2)
    queue.add(T0 + 600, 35.0)
    add(window, T0 + 600, 35.0)
    for minute in range(51, 106):
        queue.add(T0 + 60 * minute, 0.2)
        add(window, T0 + 60 * minute, 0.2)
        now_s = T0 + 60 * minute
        if minute >= 70:
            assert rain_1h(window, now_s) == 12.0
    assert rain_1h(window, T0 + 60 * 105) == 12.0 < CRITICAL_MM
    assert queue.sum_until(T0 + 60 * 105) > CRITICAL_MM  # false high: the 35 mm of 00:10 still count at 01:45


def test_queues_give_false_levels_on_a_storm_with_one_in_a_hundred_late_and_the_ring_none() -> None:
    """A gauge of one minute over a day; truth is the plain sum of the last hour of all that has arrived."""
    random = np.random.default_rng(11)
    n = 24 * 60
    tips = np.where(random.random(n) < 0.4, random.integers(0, 30, n), 0)
    late_min = np.where(random.random(n) < 0.05, random.integers(1, 45, n), 0)
    queue, window = Queue(), ring()
    arrived = np.zeros(n, dtype=np.int64)
    false_by_queue = false_by_ring = 0
    for minute in range(n + 45):
        for observed in np.flatnonzero(np.arange(n) + late_min == minute):
            arrived[observed] = tips[observed]
            queue.add(T0 + 60 * (int(observed) + 1), tips[observed] / 10)
            add(window, T0 + 60 * (int(observed) + 1), tips[observed] / 10)
        now_s = T0 + 60 * (minute + 1)
        window.advance(now_s)
        until = np.array([now_s // 60])
        ours = window.accumulate_until(np.array([HOUR_S], dtype=np.int32), until).rain_mm[0, 0]
        truth = arrived[max(minute - 59, 0) : minute + 1].sum() / 10
        assert ours == truth
        false_by_ring += (ours >= CRITICAL_MM) != (truth >= CRITICAL_MM)
        false_by_queue += (round(queue.sum_until(now_s), 6) >= CRITICAL_MM) != (truth >= CRITICAL_MM)
    assert false_by_ring == 0
    assert false_by_queue > 0
