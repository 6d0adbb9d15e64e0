import numpy as np
import pytest

from tests.unit.hazards.rain import LOWERING
from warnstream.hazards import slope_movement
from warnstream.model.level import Level
from warnstream.model.observations.readings import Variable, batch_of
from warnstream.model.rules.indicators import HazardLevels, Indicator
from warnstream.model.rules.rules import HazardRule, SlopeTable
from warnstream.windows.sensor_series import SensorSeries, Series

HOUR = 3600
VARIABLE = {
    Indicator.TILT_RATE: Variable.TILT_X,
    Indicator.PORE_PRESSURE: Variable.PORE_PRESSURE,
    Indicator.CRACK: Variable.CRACK,
}
Row = tuple[int, Variable, int, float]


def evaluate(
    rows: list[Row],
    indicator: Indicator,
    critical: tuple[float, float, float, float],
    *,
    thermal: float = 0.0,
    now_s: int | None = None,
) -> HazardLevels:
    """Stations 0 and 1 are neighbours and warn villages 0 and 1."""
    station, variable, at_s, value = zip(*rows, strict=True)
    kept = dict.fromkeys(slope_movement.VARIABLES, Series(48, 600))
    series = SensorSeries(np.array([0, 1], dtype=np.int32), kept, 3)
    series.add(batch_of(station, variable, at_s, value))
    both = np.array([0, 1], dtype=np.int32)
    table = SlopeTable(
        village=both,
        station=both,
        indicator=np.full(2, indicator, dtype=np.uint8),
        variable=np.full(2, VARIABLE.get(indicator, Variable.DISPLACEMENT), dtype=np.uint8),
        critical=np.array([critical] * 2),
        steady_mm_per_day=np.ones(2),
        thermal_deg_per_degc=np.full(2, thermal),
        near=np.array([[0, 1], [1, 0]], dtype=np.int32),
        window_s=HOUR,
        persistence=2,
        noise_mm=0.5,
        noise_deg=0.005,
        fit_r2_min=0.9,
        stale_after_s=3 * HOUR,
    )
    rule = HazardRule("slope", "slope_movement", "滑坡", "Slope", table, 0.0, Level.NONE, LOWERING, "test")
    return slope_movement.evaluate(rule, series.samples(), 2, max(at_s) if now_s is None else now_s)


def hourly(variable: Variable, values: list[float], station: int = 0) -> list[Row]:
    return [(station, variable, hour * HOUR, value) for hour, value in enumerate(values)]


TILT = (np.nan, 0.01, np.nan, 0.1)


@pytest.mark.parametrize(("deg_per_h", "level"), [(0.009, 0), (0.011, 2), (0.11, 4)])
def test_tilt_rates_of_uchimura_2015_reach_precaution_and_warning(deg_per_h: float, level: int) -> None:
    found = evaluate(hourly(Variable.TILT_X, [deg_per_h * i for i in range(4)]), Indicator.TILT_RATE, TILT)
    assert found.level[0] == level


def test_both_axes_make_one_tilt() -> None:
    rows = hourly(Variable.TILT_X, [0, 0.06, 0.12]) + hourly(Variable.TILT_Y, [0, 0.081, 0.162])
    found = evaluate(rows, Indicator.TILT_RATE, TILT)
    assert (found.level[0], found.value[0]) == (Level.RED, pytest.approx(0.1008, abs=1e-4))


def test_the_suns_warmth_is_no_tilt() -> None:
    warm = [10.0, 15.0, 20.0]
    rows = hourly(Variable.TILT_X, [0.0021 * c for c in warm])
    rows += hourly(Variable.TEMPERATURE, warm)
    assert evaluate(rows, Indicator.TILT_RATE, TILT).level[0] == Level.YELLOW
    assert evaluate(rows, Indicator.TILT_RATE, TILT, thermal=0.0021).level[0] == Level.NONE


def test_a_jump_reaches_no_level_by_itself() -> None:
    rows = hourly(Variable.DISPLACEMENT, [0, 0, 0, 500, 500])
    assert evaluate(rows, Indicator.VELOCITY, (1, 10, 100, 1000)).level[0] == Level.NONE


def test_velocity_that_lasts_reaches_its_level() -> None:
    rows = hourly(Variable.DISPLACEMENT, [0, 5, 10])
    found = evaluate(rows, Indicator.VELOCITY, (1, 10, 100, 1000))
    assert (found.level[0], found.value[0]) == (Level.ORANGE, pytest.approx(120))


def test_fewer_hours_to_failure_are_worse() -> None:
    """Velocity 1 / (20 - t): failure at t = 20 h."""
    rows = hourly(Variable.DISPLACEMENT, [100 * -np.log(1 - t / 20) for t in range(16)])
    found = evaluate(rows, Indicator.FAILURE_TIME, (48, 24, 12, 3))
    assert found.level[0] == Level.ORANGE
    assert found.value[0] == pytest.approx(5.0, abs=0.1)
    assert found.threshold[0] == 12


@pytest.mark.parametrize(("indicator", "variable"), [
    (Indicator.PORE_PRESSURE, Variable.PORE_PRESSURE),
    (Indicator.CRACK, Variable.CRACK),
    (Indicator.DISPLACEMENT, Variable.DISPLACEMENT),
])  # fmt: skip
def test_an_amount_counts_when_two_samples_have_it(indicator: Indicator, variable: Variable) -> None:
    assert evaluate(hourly(variable, [1, 1, 30]), indicator, (5, 10, 20, 40)).level[0] == Level.NONE
    assert evaluate(hourly(variable, [1, 30, 25]), indicator, (5, 10, 20, 40)).level[0] == Level.ORANGE


def test_a_neighbour_that_moves_confirms_and_changes_no_level() -> None:
    alone = hourly(Variable.DISPLACEMENT, [0, 5, 10])
    still = hourly(Variable.DISPLACEMENT, [0, 0, 0], station=1)
    moving = hourly(Variable.DISPLACEMENT, [0, 1, 2], station=1)
    levels = (1, 10, 100, 1000)
    lonely = evaluate(alone + still, Indicator.VELOCITY, levels)
    backed = evaluate(alone + moving, Indicator.VELOCITY, levels)
    assert [lonely.level[0], backed.level[0]] == [Level.ORANGE, Level.ORANGE]
    assert [bool(lonely.is_confirmed[0]), bool(backed.is_confirmed[0])] == [False, True]


def test_a_sensor_that_fell_silent_says_nothing() -> None:
    rows = hourly(Variable.DISPLACEMENT, [0, 5, 10])
    found = evaluate(rows, Indicator.VELOCITY, (1, 10, 100, 1000), now_s=6 * HOUR)
    assert (found.level[0], bool(found.is_blind[0]), bool(found.can_fall[0])) == (0, True, False)
