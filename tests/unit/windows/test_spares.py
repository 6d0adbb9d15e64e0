"""Gauges with a spare beside them: whose windows, steps and frames count."""

from collections.abc import Sequence

import numpy as np

from warnstream.model.observations.station_quality import LASTS, DoubtPeriods, StationFlag, no_stretches
from warnstream.windows.rain_window import RainWindow
from warnstream.windows.spares import SparedRain

T0 = 1_781_740_800  # 2026-06-18T00:00:00Z, a whole hour
HOUR = 3600
HOURS = np.array([HOUR], dtype=np.int32)
ZERO, STUCK, OUTLIER = StationFlag.FAULTY_ZERO, StationFlag.STUCK, StationFlag.OUTLIER


def gauges(n: int = 2) -> RainWindow:
    ring = RainWindow(np.full(n, 600, dtype=np.int32), span_s=12 * HOUR, grace_s=60)
    ring.advance(T0)
    return ring


def add(ring: RainWindow, station: int, step: int, rain_mm: float) -> None:
    """An amount of ten minutes that ends `step` times ten minutes after T0."""
    ring.add(np.array([station], dtype=np.int32), np.array([T0 + 600 * step]), np.array([rain_mm]))


def stretches(*rows: tuple[int, float, float | None, StationFlag]) -> DoubtPeriods:
    """From (station, begin and end in minutes after T0, flag); an end of None has not come."""
    station, begin, end, flag = zip(*sorted(rows, key=lambda row: row[:2]), strict=True)
    return DoubtPeriods(
        np.array(station, dtype=np.int32),
        np.array([T0 + round(60 * minute) for minute in begin], dtype=np.int64),
        np.array([LASTS if m is None else T0 + round(60 * m) for m in end], dtype=np.int64),
        np.array(flag, dtype=np.uint16),
    )


def hour_of(rain: SparedRain, station: int = 0) -> tuple[float, float, int]:
    """Rain, coverage and source of the hour after T0."""
    taken = rain.latest(HOURS, T0 + HOUR)
    found = taken.accumulation
    return (
        float(found.rain_mm[station, 0]),
        float(found.coverage[station, 0]),
        taken.source_of(station, 0),
    )


def pair(own: Sequence[float | None], spare: Sequence[float | None]) -> SparedRain:
    """Six ten-minute amounts of gauge 0 and of its spare 1; None: silent."""
    ring = gauges()
    for step, amounts in enumerate(zip(own, spare, strict=True), start=1):
        for station, amount in enumerate(amounts):
            if amount is not None:
                add(ring, station, step, amount)
    ring.advance(T0 + HOUR)
    return SparedRain(ring, ((0, 1),))


def test_a_spare_fills_the_windows_that_it_saw_more_of() -> None:
    """Gauge 0 falls silent after half an hour; its spare 1 speaks all the time and says more."""
    rain = pair([1.0, 1.0, 1.0, None, None, None], [2.0] * 6)
    assert hour_of(rain) == (12.0, 1.0, 1)
    assert hour_of(rain, station=1) == (12.0, 1.0, 1)
    rain_mm, observed = rain.steps(T0 // 60, 6, 10)
    assert rain_mm[:, 0].tolist() == [1.0] * 3 + [2.0] * 3
    assert observed[:, 0].tolist() == [1.0] * 6


def test_a_gauge_that_nobody_doubts_is_never_replaced() -> None:
    assert hour_of(pair([0.0] * 6, [20.0] * 6)) == (0.0, 1.0, 0)
    assert hour_of(pair([20.0] * 6, [0.0] * 6)) == (120.0, 1.0, 0)


def test_the_zeros_of_a_clogged_gauge_give_way_to_its_spare() -> None:
    rain = pair([0.0] * 6, [5.0] * 6)
    rain.doubt(stretches((0, 0, None, ZERO)))
    assert hour_of(rain) == (30.0, 1.0, 1)
    missed = rain.latest(HOURS, T0 + HOUR).unmeasured
    assert (missed.station.tolist(), missed.share.tolist()) == ([0], [[0.0]])


def test_what_a_clogged_gauge_measured_before_is_not_lost_to_a_spare_that_says_less() -> None:
    rain = pair([30.0, 10.0, 0.0, 0.0, 0.0, 0.0], [5.0] * 6)
    rain.doubt(stretches((0, 20, None, ZERO)))
    assert hour_of(rain) == (40.0, 1.0, 0)


def test_a_gauge_that_measures_again_has_still_not_measured_what_it_missed() -> None:
    rain = pair([0.0] * 5 + [0.2], [5.0] * 6)
    rain.doubt(stretches((0, 0, 50, ZERO)))
    assert hour_of(rain) == (30.0, 1.0, 1)
    ten = np.array([600], dtype=np.int32)
    assert rain.latest(ten, T0 + HOUR).source_of(0, 0) == 0


def test_a_clogged_spare_is_not_used() -> None:
    rain = pair([4.0, 4.0, 4.0, None, None, None], [0.0] * 6)
    assert hour_of(rain)[2] == 1
    rain.doubt(stretches((1, 0, None, ZERO)))
    assert hour_of(rain)[::2] == (12.0, 0)


def test_of_two_clogged_gauges_the_one_that_measured_longer_counts_and_its_gap_is_told() -> None:
    rain = pair([6.0, 0.0, 0.0, 0.0, 0.0, 0.0], [3.0, 3.0, 3.0, 0.0, 0.0, 0.0])
    rain.doubt(stretches((0, 10, None, ZERO), (1, 30, None, ZERO)))
    taken = rain.latest(HOURS, T0 + HOUR)
    assert hour_of(rain) == (9.0, 1.0, 1)
    missed = dict(zip(taken.unmeasured.station.tolist(), taken.unmeasured.share[:, 0].tolist(), strict=True))
    assert missed == {0: 0.5, 1: 0.5}
    assert taken.unmeasured.is_zero.tolist() == [True, True]


def test_a_stuck_gauge_gives_way_to_less_rain() -> None:
    rain = pair([3.0] * 6, [0.0] * 6)
    rain.doubt(stretches((0, 0, None, STUCK)))
    assert hour_of(rain) == (0.0, 1.0, 1)


def test_a_stuck_gauge_does_not_give_way_to_less_rain_of_an_outlier() -> None:
    rain = pair([3.0] * 6, [0.0] * 6)
    rain.doubt(stretches((0, 0, None, STUCK), (1, -600, None, OUTLIER)))
    assert hour_of(rain)[::2] == (18.0, 0)


def test_the_first_of_several_sound_spares_is_used() -> None:
    ring = gauges(4)
    for step in range(1, 7):
        for station, amount in enumerate((0.0, 2.0, 3.0, 4.0)):
            add(ring, station, step, amount)
    rain = SparedRain(ring, ((0, 2), (0, 1)))
    rain.doubt(stretches((0, 0, None, ZERO)))
    assert hour_of(rain)[::2] == (18.0, 2)
    rain.doubt(stretches((0, 0, None, ZERO), (2, 30, None, STUCK)))
    assert hour_of(rain)[::2] == (12.0, 1)


def test_steps_of_soil_water_are_taken_one_by_one() -> None:
    rain = pair([1.0, 0.0, 0.0, 0.0, 0.5, 1.0], [2.0] * 6)
    rain.doubt(stretches((0, 10, 40, ZERO)))
    rain_mm, observed = rain.steps(T0 // 60, 6, 10, np.array([0], dtype=np.int32))
    assert rain_mm[:, 0].tolist() == [1.0, 2.0, 2.0, 2.0, 0.5, 1.0]
    assert observed[:, 0].tolist() == [1.0] * 6


def test_a_step_that_neither_gauge_measured_is_not_observed() -> None:
    rain = pair([0.0] * 6, [None] * 6)
    rain.doubt(stretches((0, 20, 40, ZERO)))
    assert rain.steps(T0 // 60, 6, 10)[1][:, 0].tolist() == [1.0, 1.0, 0.0, 0.0, 1.0, 1.0]


def test_a_gauge_and_the_time_from_which_it_is_judged_anew_are_told() -> None:
    rain = pair([0.0] * 6, [2.0] * 6)
    begun = stretches((0, 10, None, ZERO))
    assert [part.tolist() for part in rain.doubt(begun)] == [[0], [T0 + 600]]
    assert [part.tolist() for part in rain.doubt(begun)] == [[], []]
    assert [part.tolist() for part in rain.doubt(stretches((0, 10, 30, ZERO)))] == [[0], [T0 + 600]]
    of_spare = stretches((0, 10, 30, ZERO), (1, 50, None, STUCK))
    assert [part.tolist() for part in rain.doubt(of_spare)] == [[0], [T0 + 3000]]
    assert [part.tolist() for part in rain.doubt(no_stretches())] == [[0], [T0 + 600]]


def test_windows_stand_until_rain_or_doubt_changes_them() -> None:
    rain = pair([0.0] * 6, [2.0] * 6)
    first = rain.latest(HOURS, T0 + HOUR)
    assert rain.latest(HOURS, T0 + HOUR) is first
    rain.doubt(stretches((0, 10, None, ZERO)))
    assert rain.latest(HOURS, T0 + HOUR) is not first


def test_frames_tell_unknown_from_dry() -> None:
    ring = gauges()
    for step in range(1, 4):
        add(ring, 0, step, 0.0)
    ring.advance(T0 + 1800)
    frames = SparedRain(ring).frames(3, 600, T0 + 1800)
    assert frames[:, 0].tolist() == [0.0, 0.0, 0.0]
    assert np.isnan(frames[:, 1]).all()


def test_frames_of_a_clogged_gauge_are_its_spares() -> None:
    rain = pair([0.0] * 6, [5.0] * 6)
    rain.doubt(stretches((0, 30, None, ZERO)))
    assert rain.frames(6, 600, T0 + HOUR)[:, 0].tolist() == [0.0] * 3 + [5.0] * 3
