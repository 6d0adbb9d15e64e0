"""Radar days of the shared data as fields of 2 km: what a node would hold, and what came."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from warnstream.model.arrays import Float64Array

CELL_M = 2000.0


@dataclass(frozen=True, slots=True)
class RadarDay:
    """Fields of one sequence.

    Attributes
    ----------
    name : str
    rain_mm : Float64Array, shape (n_fields, n_rows, n_columns)
        Millimetres of each interval; NaN where the radar does not see.
    interval_min : int
    """

    name: str
    rain_mm: Float64Array
    interval_min: int

    def total(self, first: int, minutes: int) -> Float64Array:
        """Rain of some minutes after field number `first`; NaN where the record ends before."""
        n = minutes // self.interval_min
        if first + 1 + n > len(self.rain_mm):
            return np.full(self.rain_mm.shape[1:], np.nan)
        return np.asarray(self.rain_mm[first + 1 : first + 1 + n].sum(axis=0))


def radar_days(folder: Path) -> Iterator[RadarDay]:
    """Switzerland twice, Finland, Brisbane, and three tiles of Europe."""
    for date in ("20150515", "20160711"):
        with xr.open_dataset(folder / f"mch_{date}.nc", engine="h5netcdf") as day:
            rain = day["rain_mm"].to_numpy()[:, 128:512, 163:547]
        halved = np.nanmean(rain.reshape(len(rain), 192, 2, 192, 2), axis=(2, 4))
        yield RadarDay(f"Switzerland {date}", halved, 5)
    with xr.open_dataset(folder / "fmi_20160928.nc", engine="h5netcdf", mask_and_scale=False) as day:
        number = day["dn"].to_numpy()[:, 210:402, 94:286].astype(np.float64)
    reflectivity = 10 ** ((number - 64) / 20)
    rate = np.where(number < 64 + 2 * 7, 0.0, (reflectivity / 223) ** (1 / 1.53))
    yield RadarDay("Finland 20160928", np.where(number == 255, np.nan, rate / 12), 5)
    with xr.open_dataset(folder / "bom_20201031.nc", engine="h5netcdf") as day:
        yield RadarDay("Brisbane 20201031", day["rain_mm"].to_numpy(), 10)
    for tile in range(3):
        with xr.open_dataset(folder / f"opera_20180824_{tile}.nc", engine="h5netcdf") as day:
            yield RadarDay(f"Europe 20180824 tile {tile}", day["rain_mm"].to_numpy(), 15)
