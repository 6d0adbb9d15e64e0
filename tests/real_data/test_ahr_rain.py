"""Catchment rain of the Ahr, 14 July 2021: what its own past knew six hours ahead, beside the warnings.

No forecast of that day is in the data: members are analogues of 2001-2020 (`benchmarks.bench_ahr`). They show
what rain that has fallen can know, and that the warnings of that morning came from elsewhere: a weather
model.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

pytestmark = pytest.mark.real_data

RED_WARNING = datetime(2021, 7, 14, 9, 17, tzinfo=UTC)
"""11:17 in local time."""


def test_rain_that_has_fallen_tells_of_ten_year_sums_an_hour_ahead_at_most_and_after_the_warning(
    shared_data: Path,
) -> None:
    pytest.importorskip("pandas", reason="needs the extra review")
    from benchmarks.bench_ahr import first_at, probabilities, read_record, thresholds

    record = read_record(shared_data)
    limits = thresholds(record)
    assert limits[24, 2] < limits[24, 5] < limits[24, 10]
    for hours, years in ((6, 10), (12, 10), (24, 10)):
        ends, said, fallen = probabilities(record, hours, limits[hours, years])
        likely, reached = first_at(ends, said >= 0.3), first_at(ends, fallen >= limits[hours, years])
        assert likely is not None
        assert reached is not None
        assert timedelta() <= reached - likely <= timedelta(hours=1)
        assert likely - RED_WARNING > timedelta(hours=5)
        assert (said[fallen >= limits[hours, years]] == 1.0).all()
