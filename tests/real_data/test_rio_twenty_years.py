"""Twenty years of 33 gauges: sums and alarms of the windows equal those that pandas finds by itself."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.rio_alarms import by_pandas, by_windows, is_regular, read_record

pytestmark = [pytest.mark.real_data, pytest.mark.slow]


def test_sums_and_alarms_of_twenty_years_equal_those_of_pandas(shared_data: Path) -> None:
    record = read_record(shared_data / "rio_alerta_gauges")
    ours, theirs = by_windows(record), by_pandas(record)
    assert len(record.codes) == 33
    assert np.array_equal(ours.is_alarm, theirs.is_alarm)
    regular = is_regular(record)
    assert regular.mean() > 0.998
    assert np.array_equal(ours.tenths[regular], theirs.tenths[regular])
    # Overlapping and shifted readings, a few minutes in 611 years, are all that differs.
    assert ours.station_years == pytest.approx(theirs.station_years, rel=1e-5)
    print(f"{int(ours.is_alarm.sum())} alarms in {ours.station_years.sum():.1f} station-years")
