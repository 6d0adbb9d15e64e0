import json

import numpy as np
import pytest

from tests.stations import stations_of
from warnstream.model.observations.readings import Flag, Variable, batch_of
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.times import parse_iso
from warnstream.runners.intake.refusals import refused_readings

AT = parse_iso("2026-06-18T08:05:00Z")


def _refused(flags: list[int]) -> list[tuple[RefusalReason, str, object]]:
    n = len(flags)
    rows = batch_of([0] * n, [Variable.RAIN] * n, [AT + 60 * row for row in range(n)], [1.25] * n)
    found = refused_readings(rows, np.array(flags, dtype=np.uint16), stations_of("S0"))
    return [(refusal.reason, refusal.detail, json.loads(refusal.payload)) for refusal in found]


def test_a_refused_reading_can_be_sent_again_as_it_is_kept() -> None:
    assert _refused([0, Flag.TOO_LATE]) == [
        (
            RefusalReason.TOO_LATE,
            "rain of S0 observed at 2026-06-18T08:06:00Z",
            {"station": "S0", "time": "2026-06-18T08:06:00Z", "rain": 1.25},
        )
    ]


def test_a_reading_with_two_faults_is_refused_under_both() -> None:
    reasons = [reason for reason, _, _ in _refused([Flag.TOO_LATE | Flag.OUT_OF_RANGE])]
    assert sorted(reasons) == [RefusalReason.OUT_OF_RANGE, RefusalReason.TOO_LATE]


@pytest.mark.parametrize("flag", [Flag.OUT_OF_RANGE, Flag.ERROR_VALUE, Flag.FUTURE, Flag.TOO_LATE])
def test_every_flag_that_keeps_a_reading_out_of_the_windows_is_a_refusal(flag: Flag) -> None:
    assert len(_refused([flag])) == 1


def test_a_doubted_reading_is_no_refusal() -> None:
    refused = Flag.OUT_OF_RANGE | Flag.ERROR_VALUE | Flag.FUTURE | Flag.TOO_LATE
    assert _refused([int(flag) for flag in Flag if not flag & refused]) == []
