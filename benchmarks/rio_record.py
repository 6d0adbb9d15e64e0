"""The Alerta Rio rain record 1997-2017 as one array: quarter hours by gauges.

Read by the nowcast benchmark and the real-data tests. The record itself is not
part of this repository; docs/forecast.md says where it comes from.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from warnstream.model.arrays import Float64Array, Int64Array
from warnstream.model.geodesy import local_xy_m

QUARTER_S = 900
FIRST_S = 852_076_800
"""1997-01-01T00:00:00Z."""


@dataclass(frozen=True, slots=True)
class RioRecord:
    """Rain of the network.

    Attributes
    ----------
    rain_mm : Float64Array, shape (n_quarters, 33)
        Row i holds the quarter hour that ends at ``FIRST_S + i * 900``. NaN: the gauge was silent.
        Readings between quarter hours (before mid-2010) count to the quarter they end in.
    xy_m : Float64Array, shape (33, 2)
    """

    rain_mm: Float64Array
    xy_m: Float64Array

    def row_at(self, day: str) -> int:
        """Row of midnight UTC of a day such as ``2014-01-01``."""
        return int((np.datetime64(day, "s").astype(np.int64) - FIRST_S) // QUARTER_S)

    def total_after(self, row: Int64Array, hours: int) -> Float64Array:
        """Rain of the hours that follow each row, shape (n, 33); NaN where a quarter is missing."""
        return np.asarray(np.stack([self.rain_mm[row + i] for i in range(1, 4 * hours + 1)]).sum(axis=0))

    def total_before(self, row: Int64Array, quarters: int) -> Float64Array:
        """Rain of the quarters that end with each row, shape (n, 33); NaN where one is missing."""
        return np.asarray(np.stack([self.rain_mm[row - i] for i in range(quarters)]).sum(axis=0))


def read_rio_record(folder: Path) -> RioRecord:
    """Build the array from the record's files.

    Parameters
    ----------
    folder : Path
        Holds stations.csv, rain15_nonzero_1997_2017.parquet and gaps_1997_2017.csv.gz.
    """
    stations = pd.read_csv(folder / "stations.csv", parse_dates=["first_utc"])
    column = pd.Series(range(len(stations)), index=stations["station"])
    wet = pd.read_parquet(folder / "rain15_nonzero_1997_2017.parquet")
    row = _quarter(wet["t_utc"])
    rain_mm = np.zeros((int(row.max()) + 1, len(stations)))
    np.add.at(rain_mm, (row, column[wet["station"]].to_numpy()), wet["r15"].to_numpy(np.float64))
    for place, first in enumerate(_quarter(stations["first_utc"])):
        rain_mm[: max(int(first), 0), place] = np.nan
    gaps = pd.read_csv(folder / "gaps_1997_2017.csv.gz", parse_dates=["start_utc", "end_utc"])
    ends = zip(gaps["station"], _quarter(gaps["start_utc"]), _quarter(gaps["end_utc"]), strict=True)
    for station, start, end in ends:
        # The first and the last row of a gap were reported.
        rain_mm[int(start) + 1 : int(end), int(column[station])] = np.nan
    latitude, longitude = stations["latitude"].to_numpy(), stations["longitude"].to_numpy()
    return RioRecord(
        rain_mm, local_xy_m(latitude, longitude, float(latitude.mean()), float(longitude.mean()))
    )


def _quarter(time: "pd.Series[pd.Timestamp]") -> Int64Array:
    seconds = time.to_numpy().astype("datetime64[s]").astype(np.int64)
    return np.asarray(-((FIRST_S - seconds) // QUARTER_S))
