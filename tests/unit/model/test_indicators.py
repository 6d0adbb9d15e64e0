"""What is known of every indicator, and that nothing is guessed from its number."""

import pytest

from warnstream.config.rules.terms import QUANTITIES
from warnstream.model.observations.readings import COUNTERS, UNIT_OF_VARIABLE, Variable
from warnstream.model.rules.indicators import INDICATORS, Indicator

RAIN = {Variable.RAIN, Variable.RAIN_TIP, *COUNTERS}
NO_NUMBER = {Indicator.SIGN, Indicator.LEVEL, Indicator.RELAYED}


@pytest.mark.parametrize("indicator", Indicator)
def test_rain_rests_on_all_that_measures_rain_and_nothing_else(indicator: Indicator) -> None:
    info = indicator.info
    assert info.is_rain == (set(info.variables) == RAIN)
    assert not (info.is_rain and info.sensor is not None)
    assert not (info.is_of_earlier_rain and not info.is_rain)


@pytest.mark.parametrize("indicator", Indicator)
def test_only_what_is_no_measurement_rests_on_no_readings(indicator: Indicator) -> None:
    assert (indicator.info.variables == ()) == (indicator in {*NO_NUMBER, Indicator.MODEL_RAIN})


@pytest.mark.parametrize("indicator", Indicator)
def test_a_sensor_is_among_what_the_indicator_rests_on(indicator: Indicator) -> None:
    info = indicator.info
    assert info.sensor is None or info.sensor in info.variables


def test_an_amount_at_an_instrument_has_the_instruments_unit() -> None:
    amounts = (Indicator.STAGE, Indicator.DISPLACEMENT, Indicator.CRACK, Indicator.PORE_PRESSURE)
    for indicator in (*amounts, Indicator.WATER_DEPTH):
        assert indicator.info.sensor is not None
        assert indicator.info.unit == UNIT_OF_VARIABLE[indicator.info.sensor]


def test_every_quantity_of_the_rule_language_is_rain_or_names_what_its_station_measures() -> None:
    by_itself = {Indicator.FIRE_WEATHER}  # worked out at noon from four variables
    for name, argument in QUANTITIES.items():
        info = argument.indicator.info
        assert info.is_rain or info.sensor is not None or argument.indicator in by_itself, name


def test_nothing_is_said_of_an_indicator_twice() -> None:
    assert list(INDICATORS) == list(Indicator)
