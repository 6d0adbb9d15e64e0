import numpy as np

from warnstream.model.network import Stations
from warnstream.model.policies import QualityPolicy
from warnstream.model.readings import Flag, ReadingBatch, Variable, batch_of
from warnstream.quality.checks import QualityControl

POLICY = QualityPolicy(rain_mm_per_min_max=20, stage_m_range=(-5, 9000), stage_step_m_max=3, stuck_readings=4)


def control(n_stations: int = 2) -> QualityControl:
    stations = Stations(
        tuple(f"S{i}" for i in range(n_stations)),
        np.zeros(n_stations),
        np.zeros(n_stations),
        np.full(n_stations, 300, dtype=np.int32),
        np.ones(n_stations, dtype=np.bool_),
        np.ones(n_stations, dtype=np.bool_),
    )
    return QualityControl(stations, POLICY)


def rows(variable: Variable, *values: float, station: int = 0, first_s: int = 0) -> ReadingBatch:
    n = len(values)
    return batch_of([station] * n, [variable] * n, [first_s + 300 * i for i in range(n)], values)


def test_rain_is_limited_by_intensity_times_interval() -> None:
    flags = control().check_range(rows(Variable.RAIN, 0, 100, 100.1, -0.1))
    assert flags.tolist() == [0, 0, Flag.OUT_OF_RANGE, Flag.OUT_OF_RANGE]


def test_limits_of_the_air_variables_are_inclusive() -> None:
    flags = control().check_range(rows(Variable.TEMPERATURE, -50, 50, 50.1, -50.1))
    assert flags.tolist() == [0, 0, Flag.OUT_OF_RANGE, Flag.OUT_OF_RANGE]


def test_a_sudden_downpour_is_no_fault() -> None:
    assert control().check_series(rows(Variable.RAIN, 0, 0, 30, 0)).tolist() == [0, 0, 0, 0]


def test_equal_rain_again_and_again_is_stuck() -> None:
    flags = control().check_series(rows(Variable.RAIN, 1.1, 1.1, 1.1, 1.1, 1.1))
    assert flags.tolist() == [0, 0, 0, Flag.STUCK, Flag.STUCK]


def test_a_run_of_equal_values_goes_on_across_batches() -> None:
    quality = control()
    quality.check_series(rows(Variable.RAIN, 1.1, 1.1))
    assert quality.check_series(rows(Variable.RAIN, 1.1, 1.1, first_s=600)).tolist() == [0, Flag.STUCK]


def test_zero_rain_again_and_again_is_dry_weather() -> None:
    assert control().check_series(rows(Variable.RAIN, *[0.0] * 10)).tolist() == [0] * 10


def test_a_jump_of_the_stage_is_doubtful() -> None:
    assert control().check_series(rows(Variable.STAGE, 100, 102.9, 106)).tolist() == [0, 0, Flag.STEP]


def test_stations_are_not_compared_with_each_other() -> None:
    batch = batch_of([0, 1], [Variable.STAGE] * 2, [0, 0], [100, 200])
    assert control().check_series(batch).tolist() == [0, 0]


def test_flags_come_back_in_the_order_of_the_batch() -> None:
    batch = batch_of([0, 0, 0], [Variable.STAGE] * 3, [600, 0, 300], [109, 100, 101])
    assert control().check_series(batch).tolist() == [Flag.STEP, 0, 0]


def test_an_old_reading_does_not_become_the_value_of_comparison() -> None:
    quality = control()
    quality.check_series(rows(Variable.STAGE, 100, first_s=3000))
    assert quality.check_series(rows(Variable.STAGE, 200, first_s=0)).tolist() == [0]
    assert quality.check_series(rows(Variable.STAGE, 101, first_s=3300)).tolist() == [0]


def test_a_restored_control_remembers() -> None:
    quality, twin = control(), control()
    quality.check_series(rows(Variable.STAGE, 100))
    twin.restore(quality.snapshot())
    assert twin.check_series(rows(Variable.STAGE, 110, first_s=300)).tolist() == [Flag.STEP]
