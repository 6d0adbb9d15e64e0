from collections.abc import Sequence
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.networks import T0
from warnstream.model.network import Stations
from warnstream.model.observations.error_values import ERROR_VALUES
from warnstream.model.observations.quality_limits import VALUE_LIMITS, ValueLimits
from warnstream.model.observations.readings import COUNTERS, UNUSABLE, Flag, ReadingBatch, Variable
from warnstream.model.observations.readings import batch_of as batch_at
from warnstream.model.rules.policies import QualityPolicy
from warnstream.quality.checks import QualityControl
from warnstream.quality.turns import Sorted, dew_point_c

POLICY = QualityPolicy(
    rain_mm_per_min_max=20, stage_m_range=(-500, 9000), stage_step_m_max=3, stuck_readings=4
)


def control(
    n_stations: int = 2, *, resolution_mm: float | None = None, policy: QualityPolicy = POLICY
) -> QualityControl:
    stations = Stations(
        tuple(f"S{i}" for i in range(n_stations)),
        np.zeros(n_stations),
        np.zeros(n_stations),
        np.full(n_stations, 300, dtype=np.int32),
        np.ones(n_stations, dtype=np.bool_),
        np.ones(n_stations, dtype=np.bool_),
        resolution_mm=None if resolution_mm is None else np.full(n_stations, resolution_mm),
    )
    return QualityControl(stations, policy)


def batch_of(
    station: Sequence[int],
    variable: Sequence[Variable],
    after_s: Sequence[int],
    value: Sequence[float],
    interval_s: Sequence[int] | None = None,
    sequence: Sequence[int] | None = None,
) -> ReadingBatch:
    """Readings at seconds after T0."""
    at_s = [T0 + after for after in after_s]
    return batch_at(station, variable, at_s, value, interval_s=interval_s, sequence=sequence)


def rows(variable: Variable, *values: float, station: int = 0, first_s: int = 0) -> ReadingBatch:
    n = len(values)
    return batch_of([station] * n, [variable] * n, [first_s + 300 * i for i in range(n)], values)


def test_rain_is_limited_by_intensity_times_interval() -> None:
    flags = control().check_range(rows(Variable.RAIN, 0, 90, 100.1, -0.1))
    outside = Flag.OUT_OF_RANGE | Flag.RECORD
    assert flags.tolist() == [0, 0, outside, Flag.OUT_OF_RANGE]


def test_what_is_possible_flattens_with_the_time_it_fell_in() -> None:
    """401 mm is the record of an hour, 840 mm of six: no minute's rate holds for long."""
    amounts = [(3600, 401.0), (3600, 401.1), (3600, 501.3), (3600, 1200.0), (21_600, 840.0), (300, 97.0)]
    n = len(amounts)
    batch = batch_of([0] * n, [Variable.RAIN] * n, range(n), [a for _, a in amounts], [t for t, _ in amounts])
    outside = Flag.OUT_OF_RANGE | Flag.RECORD
    assert control().check_range(batch).tolist() == [0, Flag.RECORD, outside, outside, 0, Flag.RECORD]


def test_a_tip_sooner_than_any_rain_fills_the_bucket_is_doubted_whatever_the_batches() -> None:
    """A bucket of 0.5 mm needs 1.5 s at 20 mm a minute."""
    times = [10, 11, 20, 20, 22, 40]
    batch = batch_of([0] * 6, [Variable.RAIN_TIP] * 6, times, [0.5] * 6, sequence=range(1, 7))
    wanted = [0, Flag.BOUNCE, 0, Flag.BOUNCE, 0, 0]
    assert control().check_series(batch).tolist() == wanted
    for cut in range(7):
        one, parts = control(), (batch.select(slice(cut)), batch.select(slice(cut, None)))
        flags = one.check_series(parts[0]).tolist()
        other = control()
        other.restore(one.snapshot())
        assert flags + other.check_series(parts[1]).tolist() == wanted


def test_a_tip_of_zero_says_that_the_station_is_there_and_bounces_nothing() -> None:
    batch = batch_of([0, 0, 1], [Variable.RAIN_TIP] * 3, [10, 10, 10], [0.0, 0.5, 0.5])
    assert control(n_stations=2).check_series(batch).tolist() == [0, 0, 0]


def test_limits_of_the_air_variables_are_inclusive() -> None:
    flags = control().check_range(rows(Variable.TEMPERATURE, -90, 60, 60.1, -90.1))
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


def at(variable: Variable, *pairs: tuple[int, float]) -> ReadingBatch:
    """Readings of one station from (seconds, value)."""
    n = len(pairs)
    return batch_of([0] * n, [variable] * n, [time for time, _ in pairs], [value for _, value in pairs])


MIN, HOUR = 60, 3600


@pytest.mark.parametrize(
    ("variable", "apart_s", "most"),
    [
        (Variable.TEMPERATURE, MIN, 3.0),
        (Variable.TEMPERATURE, HOUR, 4.0),
        (Variable.TEMPERATURE, 2 * HOUR, 7.0),
        (Variable.TEMPERATURE, 3 * HOUR, 9.0),
        (Variable.TEMPERATURE, 6 * HOUR, 15.0),
        (Variable.TEMPERATURE, 12 * HOUR, 25.0),
        (Variable.PRESSURE, MIN, 0.5),
        (Variable.PRESSURE, HOUR, 3.0),
        (Variable.PRESSURE, 2 * HOUR, 6.0),
        (Variable.PRESSURE, 3 * HOUR, 9.0),
        (Variable.PRESSURE, 6 * HOUR, 18.0),
        (Variable.PRESSURE, 12 * HOUR, 36.0),
        (Variable.HUMIDITY, MIN, 10.0),
        (Variable.WIND_SPEED, MIN, 20.0),
    ],
)
def test_steps_are_judged_by_the_time_between_readings(variable: Variable, apart_s: int, most: float) -> None:
    """WMO 1993 VI.21 (hours, as in CRAN dataresqc) and WMO-No. 8 (one minute)."""
    first = 20.0 if variable != Variable.PRESSURE else 1000.0
    allowed = control().check_series(at(variable, (0, first), (apart_s, first + most)))
    too_much = control().check_series(at(variable, (0, first), (apart_s, first + most + 0.01)))
    assert (allowed.tolist(), too_much.tolist()) == ([0, 0], [0, Flag.STEP])


def test_readings_farther_apart_than_the_last_limit_are_not_compared() -> None:
    flags = control().check_series(at(Variable.TEMPERATURE, (0, -20.0), (12 * HOUR + 1, 40.0)))
    assert flags.tolist() == [0, 0]


def test_the_dew_point_of_a_pair_of_readings_has_a_step_of_its_own() -> None:
    """25 degrees and 50 % (dew point 13.9) become 29 degrees and 30 % (9.6): each alone is possible."""
    quality = control()
    times, values = [0, 0, HOUR, HOUR], [25.0, 50.0, 29.0, 30.0]
    kinds = [Variable.TEMPERATURE, Variable.HUMIDITY] * 2
    assert quality.check_series(batch_of([0] * 4, kinds, times, values)).tolist() == [0, 0, 0, Flag.STEP]


@pytest.mark.parametrize(
    ("variable", "value", "wobble"),
    [
        (Variable.TEMPERATURE, 20.0, 0.09),
        (Variable.HUMIDITY, 60.0, 0.9),
        (Variable.PRESSURE, 950.0, 0.09),
        (Variable.WIND_SPEED, 4.0, 0.4),
        (Variable.WIND_DIRECTION, 355.0, 9.0),
    ],
)
def test_what_has_not_moved_for_an_hour_is_stuck(variable: Variable, value: float, wobble: float) -> None:
    """The wind direction wobbles across north: 355 and 4 degrees are 9 apart."""
    still = [
        (
            600 * i,
            (value + wobble * (i % 2)) % 360
            if variable == Variable.WIND_DIRECTION
            else value + wobble * (i % 2),
        )
        for i in range(8)
    ]
    flags = control().check_series(at(variable, *still))
    assert flags.tolist() == [0] * 6 + [Flag.STUCK] * 2


@pytest.mark.parametrize(
    ("variable", "value"),
    [(Variable.HUMIDITY, 98.0), (Variable.WIND_SPEED, 0.2), (Variable.SOIL_MOISTURE, 30.0)],
)
def test_saturated_air_calm_and_soil_may_stand_still(variable: Variable, value: float) -> None:
    flags = control().check_series(at(variable, *[(600 * i, value) for i in range(20)]))
    assert flags.tolist() == [0] * 20


def test_in_a_calm_the_wind_has_no_direction_that_could_change() -> None:
    quality = control()
    quality.check_series(at(Variable.WIND_SPEED, (0, 0.1)))
    flags = quality.check_series(at(Variable.WIND_DIRECTION, *[(600 * i, 90.0) for i in range(10)]))
    assert flags.tolist() == [0] * 10


def test_an_amount_that_no_tips_add_up_to_is_doubtful() -> None:
    quality = control(resolution_mm=0.2)
    flags = quality.check_range(rows(Variable.RAIN, 0, 0.2, 1.4, 0.3, 12.6, 12.7))
    assert flags.tolist() == [0, 0, 0, Flag.TIP, 0, Flag.TIP]


def test_what_is_wrong_in_two_ways_is_told_in_both() -> None:
    flags = control(resolution_mm=0.2).check_range(rows(Variable.RAIN, 100.3)).tolist()
    assert flags == [Flag.OUT_OF_RANGE | Flag.RECORD | Flag.TIP]
    flags = control().check_range(rows(Variable.RAIN, 999.0)).tolist()
    assert flags == [Flag.OUT_OF_RANGE | Flag.RECORD | Flag.ERROR_VALUE]


@pytest.mark.parametrize(("over", "flag"), [(0.0, Flag.STUCK), (0.1, Flag.NONE)])
def test_up_to_the_value_at_which_air_may_be_saturated_it_may_not_stand_still(
    over: float, flag: Flag
) -> None:
    value = VALUE_LIMITS[Variable.HUMIDITY].still_to + over
    flags = control().check_series(at(Variable.HUMIDITY, *[(600 * i, value) for i in range(20)]))
    assert flags[-1] == flag


def test_tips_of_a_hundredth_of_an_inch_may_be_told_with_two_decimals() -> None:
    quality = control(resolution_mm=0.254)
    assert quality.check_range(rows(Variable.RAIN, 0.25, 0.51, 0.76, 2.54)).tolist() == [0] * 4
    assert quality.check_range(rows(Variable.RAIN, 0.4)).tolist() == [Flag.TIP]


@pytest.mark.parametrize(
    ("resolution_mm", "allowed_mm"),
    [(1.0, 0.02), (0.5, 0.01), (0.2, 0.0051), (0.254, 0.0051), (0.01, 0.0025)],
)
def test_an_amount_may_be_off_its_tips_by_a_fiftieth_of_one_or_by_rounding(
    resolution_mm: float, allowed_mm: float
) -> None:
    """A fiftieth of a tip, at least what rounding to two decimals makes, at most a quarter of a tip."""
    quality = control(resolution_mm=resolution_mm)
    for tips in (3, 40):
        for sign in (-1, 1):
            off = [resolution_mm * tips + sign * allowed_mm * share for share in (0.95, 1.05)]
            assert quality.check_range(rows(Variable.RAIN, *off)).tolist() == [0, Flag.TIP]


@pytest.mark.parametrize("variable", [Variable.RAIN, *COUNTERS, Variable.STAGE])
def test_amounts_and_totals_of_rain_are_made_of_tips_and_nothing_else_is(variable: Variable) -> None:
    found = control(resolution_mm=0.2).check_range(rows(variable, 4.0, 4.1)).tolist()
    assert found == [0, 0 if variable is Variable.STAGE else Flag.TIP]


def test_only_stations_with_a_known_resolution_are_held_to_it() -> None:
    quality = control(resolution_mm=0.2)
    assert quality._resolution_mm is not None
    quality._resolution_mm[1] = np.nan
    assert quality.check_range(rows(Variable.RAIN, 0.3, station=0)).tolist() == [Flag.TIP]
    assert quality.check_range(rows(Variable.RAIN, 0.3, station=1)).tolist() == [0]


@pytest.mark.parametrize("variable", COUNTERS)
def test_a_total_may_be_any_number_that_is_one_and_not_negative(variable: Variable) -> None:
    flags = control().check_range(rows(variable, 0.0, 1e6, -0.1, np.inf, np.nan))
    assert flags.tolist() == [0, 0, *[Flag.OUT_OF_RANGE] * 3]


def test_a_tip_is_limited_by_the_rain_of_a_minute() -> None:
    """20 mm a minute in this policy; the length of the station's interval has no say."""
    assert control().check_range(rows(Variable.RAIN_TIP, 20.0, 20.1)).tolist() == [0, Flag.OUT_OF_RANGE]


def test_a_stage_is_limited_by_the_policy_both_ends_included() -> None:
    flags = control().check_range(rows(Variable.STAGE, -500.0, 9000.0, -500.1, 9000.1))
    assert flags.tolist() == [0, 0, Flag.OUT_OF_RANGE, Flag.OUT_OF_RANGE]


def test_the_interval_of_a_reading_goes_before_that_of_its_station() -> None:
    """97 mm are beyond the record of five minutes, the station's own interval, and not of an hour."""
    said = batch_of([0, 0], [Variable.RAIN] * 2, [0, 300], [97.0, 97.0], [0, 3600])
    assert control().check_range(said).tolist() == [Flag.RECORD, 0]


def test_an_amount_of_99_mm_is_an_error_in_a_quarter_of_an_hour_and_rain_in_more() -> None:
    said = batch_of([0] * 3, [Variable.RAIN] * 3, [0, 900, 1801], [99.9] * 3, [300, 900, 901])
    flags = control().check_range(said)
    assert [bool(flag & Flag.ERROR_VALUE) for flag in flags.tolist()] == [True, True, False]
    mixed = batch_of([0] * 3, [Variable.STAGE, Variable.RAIN, Variable.RAIN], [0] * 3, [65.535, 99.9, 655.35],
                     [0, 3600, 3600])  # fmt: skip
    found = [bool(flag & Flag.ERROR_VALUE) for flag in control().check_range(mixed).tolist()]
    assert found == [True, False, True], "an error value of another kind stays one"


def test_without_a_known_resolution_every_amount_is_possible() -> None:
    assert control().check_range(rows(Variable.RAIN, 0.123)).tolist() == [0]


def test_limits_of_a_variable_can_be_changed() -> None:
    limits = {Variable.TEMPERATURE: ValueLimits(range=(-5.0, 35.0), step=((60, 1.0),))}
    quality = control(policy=replace(POLICY, variables=limits))
    assert quality.check_range(rows(Variable.TEMPERATURE, 36.0)).tolist() == [Flag.OUT_OF_RANGE]
    assert quality.check_series(at(Variable.TEMPERATURE, (0, 20.0), (60, 21.5))).tolist() == [0, Flag.STEP]


@pytest.mark.parametrize("value", [65.535, 99.9, 327.67, 655.35, 999.9])
def test_numbers_by_which_sensors_say_that_they_have_none_are_no_rain(value: float) -> None:
    flags = control().check_range(rows(Variable.RAIN, value, 1.2))
    assert flags.tolist()[1] == 0
    assert flags.tolist()[0] & Flag.ERROR_VALUE
    assert flags.tolist()[0] & UNUSABLE


def test_an_error_value_that_a_factor_made_is_found() -> None:
    assert control().check_range(rows(Variable.STAGE, 65535 * 0.001)).tolist() == [Flag.ERROR_VALUE]


def test_what_fell_in_an_hour_may_be_any_amount_and_a_total_any_number() -> None:
    hour = replace(rows(Variable.RAIN, 99.9), interval_s=np.array([3600], dtype=np.int32))
    assert control().check_range(hour).tolist() == [0]
    assert control().check_range(rows(Variable.RAIN_TOTAL, 65.535, 99.9, 655.35)).tolist() == [0] * 3


def test_error_values_can_be_declared_and_taken_away() -> None:
    quality = control(policy=replace(POLICY, error_values={Variable.STAGE: (88.8,)}))
    assert quality.check_range(rows(Variable.STAGE, 88.8, 65.535)).tolist() == [Flag.ERROR_VALUE, 0]


@pytest.mark.parametrize("variable", list(VALUE_LIMITS))
def test_every_error_value_of_a_variable_lies_within_its_range(variable: Variable) -> None:
    """Else it would be out of range anyway, and an entry that says nothing."""
    low, high = VALUE_LIMITS[variable].range
    assert all(low <= value <= high for value in ERROR_VALUES.get(variable, ()))


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        (Variable.CRACK, 25_340.0),  # between two stakes, mm
        (Variable.DISPLACEMENT, 1_830_000.0),  # to a prism across a valley
        (Variable.STAGE, -154.3),  # Aydingkol, Turpan
        (Variable.TEMPERATURE, 52.2),  # Sanbao, Turpan, 2023
        (Variable.WIND_SPEED, 81.0),  # Typhoon Saomai, Cangnan, 2006
        (Variable.WATER_DEPTH, 1_300.0),  # Jingguang tunnel, Zhengzhou, 2021
    ],
)
def test_what_people_have_measured_is_in_range(variable: Variable, value: float) -> None:
    assert control().check_range(rows(variable, value)).tolist() == [0]


def test_rain_below_zero_is_snow_that_a_heater_melts() -> None:
    quality = control()
    quality.check_series(at(Variable.TEMPERATURE, (0, -2.0)))
    assert quality.check_series(at(Variable.RAIN, (300, 1.4), (600, 0.0))).tolist() == [Flag.MELT, 0]
    quality.check_series(at(Variable.TEMPERATURE, (900, 1.5)))
    assert quality.check_series(at(Variable.RAIN, (1200, 1.4))).tolist() == [0]


def test_a_temperature_of_long_ago_or_none_says_nothing_of_melt() -> None:
    quality = control()
    assert quality.check_series(at(Variable.RAIN, (300, 1.4))).tolist() == [0]
    quality.check_series(at(Variable.TEMPERATURE, (600, -2.0)))
    assert quality.check_series(at(Variable.RAIN, (600 + 10_801, 1.4))).tolist() == [0]


def test_tips_below_zero_are_snow_that_a_heater_melts_whatever_their_neighbours_say() -> None:
    quality = control()
    quality.check_series(batch_of([0, 1], [Variable.TEMPERATURE] * 2, [0, 0], [-0.1, 0.0]))
    tips = batch_of([1, 0, 0], [Variable.RAIN_TIP] * 3, [300, 300, 600], [0.2, 0.2, 0.0])
    assert quality.check_series(tips).tolist() == [0, Flag.MELT, 0]


def test_a_temperature_of_three_hours_before_still_says_that_it_freezes() -> None:
    """Neither a second older, nor one that was measured after the rain."""
    quality = control()
    quality.check_series(at(Variable.TEMPERATURE, (600, -2.0)))
    when = np.array([T0 + 599, T0 + 600, T0 + 600 + 10_800, T0 + 600 + 10_801])
    assert quality.melts(np.zeros(4, dtype=np.int32), when).tolist() == [False, True, True, False]
    assert quality.melts(np.ones(1, dtype=np.int32), when[:1]).tolist() == [False]


def test_where_temperatures_are_not_looked_at_nobody_knows_whether_it_freezes() -> None:
    quality = control(policy=replace(POLICY, variables={}))
    quality.check_series(at(Variable.TEMPERATURE, (0, -20.0)))
    assert quality.check_series(at(Variable.RAIN, (300, 1.4))).tolist() == [0]
    assert quality.melts(np.zeros(2, dtype=np.int32), np.array([T0, T0])).tolist() == [False, False]


@pytest.mark.parametrize(
    ("variable", "most"),
    [(Variable.DISPLACEMENT, 600.0), (Variable.CRACK, 600.0), (Variable.TILT_X, 5.0), (Variable.TILT_Y, 5.0)],
)
def test_a_step_of_a_slope_sensor_is_judged_however_long_ago_the_last_reading(
    variable: Variable, most: float
) -> None:
    flags = control().check_series(at(variable, (0, 0.0), (90 * 86_400, most), (180 * 86_400, 2 * most + 1)))
    assert flags.tolist() == [0, 0, Flag.STEP]


def test_only_movements_may_not_go_back() -> None:
    assert control().check_series(at(Variable.PRESSURE, (0, 1000.0), (43_201, 600.0))).tolist() == [0, 0]
    assert control().check_series(rows(Variable.CRACK, 500, 400, 299)).tolist() == [0, 0, Flag.STEP]


def test_a_snapshot_of_before_tips_were_timed_is_taken_up() -> None:
    quality, twin = control(), control()
    quality.check_series(rows(Variable.STAGE, 100))
    old = quality.snapshot()
    del old["tip_at_s"]
    twin.restore(old)
    assert twin.check_series(rows(Variable.STAGE, 110, first_s=300)).tolist() == [Flag.STEP]
    del old["last_value"]
    with pytest.raises(KeyError, match="last_value"):
        control().restore(old)


def test_a_dew_point_is_compared_with_that_of_the_batch_before() -> None:
    quality, kinds = control(), [Variable.TEMPERATURE, Variable.HUMIDITY]
    assert quality.check_series(batch_of([0, 0], kinds, [0, 0], [25.0, 50.0])).tolist() == [0, 0]
    after = batch_of([0, 0], kinds, [HOUR, HOUR], [29.0, 30.0])
    assert quality.check_series(after).tolist() == [0, Flag.STEP]


def test_melting_snow_that_repeats_itself_is_both() -> None:
    quality = control()
    quality.check_series(at(Variable.TEMPERATURE, (0, -2.0)))
    flags = quality.check_series(rows(Variable.RAIN, 1.1, 1.1, 1.1, 1.1, first_s=300))
    assert flags.tolist() == [Flag.MELT] * 3 + [Flag.MELT | Flag.STUCK]


def test_a_dew_point_is_compared_also_where_something_else_was_told_twice() -> None:
    quality, kinds = control(), [Variable.TEMPERATURE, Variable.HUMIDITY]
    quality.check_series(batch_of([0, 0], kinds, [0, 0], [25.0, 50.0]))
    after = batch_of([0] * 4, [*kinds, *[Variable.STAGE] * 2], [HOUR] * 4, [29.0, 30.0, 100.0, 100.0])
    assert quality.check_series(after).tolist() == [0, Flag.STEP, 0, 0]


def test_more_times_than_sixteen_bits_can_number_are_looked_at_one_after_the_other() -> None:
    """A station that brings months of minutes at once."""
    n = (1 << 16) + 3
    nothing = np.zeros(n)
    rows_of_turns = Sorted(
        nothing.astype(np.int64), nothing.astype(np.int32), np.arange(n), nothing, np.arange(n), np.arange(n)
    ).turns()
    assert np.concatenate([np.asarray(rows) for rows in rows_of_turns]).tolist() == list(range(n))


def test_the_arrays_of_a_snapshot_keep_their_names_and_types() -> None:
    """A node takes up the snapshot of the version before it."""
    assert {name: array.dtype.name for name, array in control().snapshot().items()} == {
        "series": "int64",
        "still": "int64",
        "last_value": "float64",
        "last_at_s": "int64",
        "equal_run": "int32",
        "tip_at_s": "int64",
        "still_since_s": "int64",
        "still_value": "float64",
        "still_low": "float64",
        "still_high": "float64",
    }


def test_what_melts_is_doubted_for_whatever_else_is_wrong_with_it_as_well() -> None:
    quality = control()
    quality.check_series(at(Variable.TEMPERATURE, (0, -2.0)))
    flags = quality.check_series(at(Variable.RAIN, *((300 * n, 1.4) for n in range(1, 5))))
    assert flags.tolist() == [Flag.MELT] * 3 + [Flag.MELT | Flag.STUCK]
    tips = batch_of([0] * 2, [Variable.RAIN_TIP] * 2, [10, 11], [0.5] * 2, sequence=[1, 2])
    assert quality.check_series(tips).tolist() == [Flag.MELT, Flag.MELT | Flag.BOUNCE]


@pytest.mark.parametrize(
    ("degrees", "percent", "dew_c"),
    [(20.0, 50.0, 9.3), (30.0, 70.0, 23.9), (10.0, 80.0, 6.7), (25.0, 100.0, 25.0), (0.0, 60.0, -6.8)],
)
def test_dew_points_are_those_of_the_tables(degrees: float, percent: float, dew_c: float) -> None:
    """As psychrometric tables have them, to a tenth of a degree."""
    assert dew_point_c(np.array([degrees]), np.array([percent]))[0] == pytest.approx(dew_c, abs=0.06)


readings = st.lists(
    st.tuples(
        st.sampled_from([0, 1]), st.sampled_from(list(Variable)[:8]), st.integers(0, 40), st.integers(0, 300)
    ),
    max_size=30,
    unique_by=lambda row: row[:3],
)


WIND, VANE = Variable.WIND_SPEED, Variable.WIND_DIRECTION


@example(rows_=[(0, WIND, 0, 0), (0, WIND, 1, 2), (0, VANE, 0, 0), (0, VANE, 6, 0)], order=Random(1))
@given(rows_=readings, order=st.randoms(use_true_random=False))
def test_the_order_within_a_batch_does_not_matter(
    rows_: list[tuple[int, Variable, int, int]], order: object
) -> None:
    """Nor where the batch is cut, as long as times do not go back."""
    ordered = sorted(rows_, key=lambda row: row[2])
    shuffled = list(rows_)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    whole, mixed, one_by_one = control(), control(), control()

    def flags_by_row(
        quality: QualityControl, batch: list[tuple[int, Variable, int, int]]
    ) -> dict[object, int]:
        if not batch:
            return {}
        station, variable, time, value = zip(*batch, strict=True)
        found = quality.check_series(
            batch_of(station, variable, [600 * t for t in time], [v / 4 for v in value])
        )
        return dict(zip((row[:3] for row in batch), found.tolist(), strict=True))

    first = flags_by_row(whole, ordered)
    assert flags_by_row(mixed, shuffled) == first
    for name, array in whole.snapshot().items():
        np.testing.assert_array_equal(mixed.snapshot()[name], array)
    cut: dict[object, int] = {}
    for time in sorted({row[2] for row in ordered}):
        cut |= flags_by_row(one_by_one, [row for row in ordered if row[2] == time])
    assert cut == first


def test_a_slope_does_not_creep_back() -> None:
    """100 mm of noise may be taken back, more is a slip of the pen or a new zero; forward it is movement."""
    flags = control().check_series(rows(Variable.DISPLACEMENT, 2000, 1900, 1799, 2350))
    assert flags.tolist() == [0, 0, Flag.STEP, 0]
