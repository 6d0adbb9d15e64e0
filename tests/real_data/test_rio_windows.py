"""Our windows against the running sums that the network itself published, row by row.

Alerta Rio gives, with every 15 min amount, its own sums over 1, 4, 24 and
96 h. Where every reading of the window is in the files, ours must be equal to
the 0.2 mm tip; where one is missing, our coverage must say so.
"""

from pathlib import Path

import numpy as np
import pytest

from tests.real_data.rio import EVENTS, QUARTER_S, read_event
from warnstream.windows.rain_window import RainWindow

pytestmark = pytest.mark.real_data

HOURS_OF_COLUMN = {"r1h": 1, "r4h": 4, "r24h": 24, "r96h": 96}
DURATION_S = np.array([hours * 3600 for hours in HOURS_OF_COLUMN.values()], dtype=np.int32)
SPAN_S = 10 * 86_400


@pytest.mark.parametrize("name", EVENTS)
def test_windows_equal_the_published_sums_in_every_row(shared_data: Path, name: str) -> None:
    event = read_event(shared_data / "rio_alerta_gauges", name)
    n_stations = len(event.station_codes)
    ring = RainWindow(np.full(n_stations, QUARTER_S, dtype=np.int32), span_s=SPAN_S, grace_s=0)
    ring.advance(int(event.observed_at_s.min()))
    ring.add(event.station, event.observed_at_s, event.rain_mm)
    ours = np.full((len(event.rows), len(HOURS_OF_COLUMN)), np.nan)
    coverage = np.zeros_like(ours)
    for observed_at_s, rows in event.rows.groupby("observed_at_s"):
        minute = -(-np.int64(observed_at_s) // 60)  # type: ignore[arg-type]  # pandas calls it a Hashable
        found = ring.accumulate_until(DURATION_S, np.full(n_stations, minute))
        ours[rows.index] = found.rain_mm[rows["number"]]
        coverage[rows.index] = found.coverage[rows["number"]]
    starts_empty = name == "2019_04_08"  # its published sums begin at zero with the file, as ours do
    for column, label in enumerate(HOURS_OF_COLUMN):
        published = event.rows[label].to_numpy()
        is_whole = (coverage[:, column] == 1.0) | starts_empty
        compared = ~np.isnan(published) & is_whole
        differs = np.abs(ours[:, column] - published) > 0.01
        print(
            f"{name} {label}: {compared.sum()} rows compared, {(compared & differs).sum()} mismatches, "
            f"{(~np.isnan(published) & ~is_whole).sum()} rows with a reading missing, "
            f"{(~np.isnan(published) & ~is_whole & differs).sum()} of them differ"
        )
        assert not (compared & differs).any()
        assert compared.sum() > 0.5 * len(published)
