"""Sums of days against the running sums that the network itself published.

Where a day begins, Alerta Rio's own sum over 24 h is that of the day before,
and its sum over 96 h that of the four days before.
"""

from pathlib import Path

import numpy as np
import pytest

from tests.real_data.rio import EVENTS, QUARTER_S, read_event
from warnstream.model.observations.days import DayWindow
from warnstream.model.times import DAY_S, HOUR_S
from warnstream.windows.daily_sums import DailySums
from warnstream.windows.rain_window import RainWindow

pytestmark = pytest.mark.real_data

WINDOW_OF_COLUMN = {"r24h": DayWindow(1, 1), "r96h": DayWindow(1, 4)}


@pytest.mark.parametrize("name", EVENTS)
def test_days_equal_the_published_sums_at_every_hour_that_a_day_may_begin(
    shared_data: Path, name: str
) -> None:
    event = read_event(shared_data / "rio_alerta_gauges", name)
    n_stations = len(event.station_codes)
    starts_empty = name == "2019_04_08"  # its published sums begin at zero with the file, as ours do
    n_compared = 0
    for hour in range(0, 24, 3):
        ring = RainWindow(
            np.full(n_stations, QUARTER_S, dtype=np.int32),
            span_s=DailySums.span_s(24 * HOUR_S, 6 * HOUR_S),
            grace_s=0,
            by_minute_s=3 * HOUR_S,
        )
        days = DailySums(n_stations, tuple(WINDOW_OF_COLUMN.values()), day_begins_s=hour * HOUR_S)
        before_s = int(event.observed_at_s.min()) - QUARTER_S
        last_s = int(event.rows["observed_at_s"].max())
        first_s = -(-(before_s - hour * HOUR_S) // DAY_S) * DAY_S + hour * HOUR_S
        for begin_s in range(first_s, last_s + 1, DAY_S):
            new = (event.observed_at_s > before_s) & (event.observed_at_s <= begin_s)
            station, at_s = event.station[new], event.observed_at_s[new]
            ring.advance(begin_s)
            ring.add(station, at_s, event.rain_mm[new])
            days.advance(ring, begin_s, station, at_s - QUARTER_S)
            before_s = begin_s
            rows = event.rows[event.rows["observed_at_s"] == begin_s]
            found = days.rain(np.full(n_stations, begin_s // 60))
            for column, (label, window) in enumerate(WINDOW_OF_COLUMN.items()):
                assert found.windows[column] == window
                published = rows[label].to_numpy()
                whole = (found.coverage[rows["number"], column] == 1.0) | starts_empty
                compared = ~np.isnan(published) & whole
                ours = found.rain_mm[rows["number"], column]
                np.testing.assert_allclose(ours[compared], published[compared], rtol=0, atol=0.01)
                n_compared += int(compared.sum())
    print(f"{name}: {n_compared} sums of days equal those published")
    assert n_compared > 200
