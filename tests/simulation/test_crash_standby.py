"""A few kills and cuts of two boxes for every run of the suite; the fifty are ``make crash-standby``."""

import pytest

from tests.simulation.crash_standby import main


@pytest.mark.slow
def test_what_was_acknowledged_is_on_both_boxes_whichever_dies(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["--kills", "3", "--cuts", "1", "--slow", "1", "--away", "0"])
    printed = capsys.readouterr().out
    assert status == 0, printed
    assert "no acknowledged entry lost, nobody untold" in printed
