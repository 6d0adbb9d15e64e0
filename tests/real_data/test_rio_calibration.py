"""The calibration's own statistics, taken of the real record, give the published targets.

So a deviation in the report is the climate's and not that of a definition. Six
whole years, gaps counted as dry; Rio's local time is put where the statistics expect UTC+8.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from station_sim.weather.calibration import Statistics, read_targets

pytestmark = pytest.mark.real_data

QUARTERS_PER_YEAR = 365 * 96
FIRST = pd.Timestamp("2011-06-01")
LOCAL_SHIFT_QUARTERS = -11 * 4
# Six years instead of six and a half, and days of one offset: what was published differs by less than this.
DIFFERENCE = 0.06


def test_the_real_record_meets_the_targets(shared_data: Path) -> None:
    folder = shared_data / "rio_alerta_gauges"
    stations = pd.read_csv(folder / "stations.csv")
    record = pd.read_parquet(folder / "rain15_nonzero_1997_2017.parquet")
    quarter = np.ceil((pd.to_datetime(record["t_utc"]) - FIRST) / pd.Timedelta("15min")).astype(int) - 1
    number = record["station"].map({code: n for n, code in enumerate(stations["station"])})
    inside = (quarter >= 0) & (quarter < 6 * QUARTERS_PER_YEAR) & number.notna()
    rain_mm = np.zeros((6 * QUARTERS_PER_YEAR, len(stations)))
    np.add.at(
        rain_mm,
        (np.asarray(quarter[inside]), np.asarray(number[inside].astype(int))),
        np.asarray(record["r15"][inside], dtype=np.float64),
    )
    latitude, longitude = (np.radians(stations[name].to_numpy()) for name in ("latitude", "longitude"))
    xy_m = 6_371_000 * np.stack([longitude * np.cos(latitude.mean()), latitude], axis=-1)
    targets = read_targets()
    statistics = Statistics(xy_m, targets.class_edges_km)
    for year in np.split(np.roll(rain_mm, LOCAL_SHIFT_QUARTERS, axis=0), 6):
        statistics.add_year(year)
    found = statistics.values()
    for target in targets.targets:
        if not target.note:
            assert found[target.name] == pytest.approx(target.value, rel=DIFFERENCE, abs=0.0), target.name
