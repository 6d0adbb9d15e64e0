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
