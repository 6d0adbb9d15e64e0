"""One night told whole: whoever had to hear something heard it, and nothing is open at its end."""

import pytest

from tests.conftest import find_mosquitto
from tests.simulation.night import main


@pytest.mark.server
@pytest.mark.slow
def test_a_night_ends_with_nothing_open(capsys: pytest.CaptureFixture[str]) -> None:
    if find_mosquitto() is None:
        pytest.skip("mosquitto is not installed on this machine")
    status = main([])
    printed = capsys.readouterr().out
    assert status == 0, printed
    assert "everybody has heard the end: zero open" in printed
    assert "audit: whole" in printed
