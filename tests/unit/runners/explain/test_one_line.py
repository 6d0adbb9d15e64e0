"""A message in one line says why, also where no instrument measured it."""

from dataclasses import replace

import pytest

from tests.unit.desk.county import reason
from warnstream.model.changes import Fact
from warnstream.runners.explain.one_line import describe_reason


@pytest.mark.parametrize(("confirmed", "line"), [(True, "sign crack"), (False, "sign crack, not validated")])
def test_a_sign_is_named_instead_of_a_number(*, confirmed: bool, line: str) -> None:
    sign = replace(
        reason(indicator="sign", station="", confirmed=confirmed),
        facts=(Fact("sign", "", 1.0, 1.0, "", note="crack"),),
    )
    assert describe_reason(sign) == line


def test_a_measured_reason_has_station_value_window_and_threshold() -> None:
    assert describe_reason(reason()) == "S1 83 mm in 1 h >= 80"
    assert describe_reason(reason(duration_s=600)) == "S1 83 mm in 10 min >= 80"
