from warnstream.model.observations.decoders import conversion, units_of
from warnstream.model.observations.readings import UNIT_OF_VARIABLE, Variable


def test_every_variable_can_be_told_in_its_own_unit() -> None:
    """Pore pressure could not: a unit beside it was a fault of the decoder."""
    for variable in Variable:
        assert conversion(UNIT_OF_VARIABLE[variable], variable) == (1.0, 0.0)
        assert UNIT_OF_VARIABLE[variable] in units_of(variable)
        assert conversion("furlong", variable) is None
