import numpy as np

from warnstream.windows.stage_series import StageSeries


def add(series: StageSeries, *rows: tuple[int, int, float]) -> None:
    station, at_s, stage_m = zip(*rows, strict=True)
    series.add(np.array(station, dtype=np.int32), np.array(at_s), np.array(stage_m))


def test_a_gauge_that_never_reported_has_no_stage() -> None:
    series = StageSeries(2)
    assert np.isnan(series.stage_m).all()
    assert series.observed_at_s.tolist() == [-1, -1]


def test_the_newest_observation_wins_whatever_the_order_of_arrival() -> None:
    series = StageSeries(1)
    add(series, (0, 200, 5.0), (0, 300, 6.0), (0, 100, 9.0))
    add(series, (0, 250, 8.0))
    assert series.stage_m.tolist() == [6.0]


def test_of_two_values_of_one_time_the_higher_counts() -> None:
    one, other = StageSeries(1), StageSeries(1)
    add(one, (0, 100, 5.0))
    add(one, (0, 100, 5.5))
    add(other, (0, 100, 5.5), (0, 100, 5.0))
    assert one.stage_m.tolist() == other.stage_m.tolist() == [5.5]


def test_an_hourly_gauge_has_its_rise_over_its_last_three_stages() -> None:
    series = StageSeries(2, np.array([3600, 300], dtype=np.int32))
    for hour, stage_m in enumerate([1.0, 1.5, 2.5, 4.0]):
        add(series, (0, hour * 3600, stage_m), (1, hour * 3600, stage_m))
    both = np.array([0, 1], dtype=np.int32)
    rise = series.rise_m_per_h(both, 1800)
    assert rise[0] == 1.25  # the median of 1.0, 1.25 and 1.5 m/h
    assert np.isnan(rise[1])  # a gauge every five minutes that missed fifty readings says nothing of its rise


def test_a_wild_stage_of_an_hourly_gauge_is_no_rise_of_its_own() -> None:
    series = StageSeries(1, np.array([3600], dtype=np.int32))
    add(series, (0, 0, 1.0), (0, 3600, 9.0), (0, 7200, 1.0))
    assert series.rise_m_per_h(np.array([0], dtype=np.int32), 1800)[0] == 0.0


def test_a_gauge_every_ten_minutes_keeps_the_window_that_the_rule_asks_for() -> None:
    ten, five = StageSeries(1, np.array([600], dtype=np.int32)), StageSeries(1)
    for minute in range(0, 70, 10):
        for series in (ten, five):
            add(series, (0, 60 * minute, float(minute**2)))
    one = np.array([0], dtype=np.int32)
    assert ten.rise_m_per_h(one, 1800) == five.rise_m_per_h(one, 1800)
