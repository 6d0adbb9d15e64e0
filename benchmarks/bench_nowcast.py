"""How good and how fast the gauge nowcast is: one table per data set.

    python -m benchmarks.bench_nowcast [--data FOLDER] [--fit]

Rio de Janeiro, 33 gauges, every full hour of 2014-2017 with rain (years not used
for fitting), and one convective radar day seen through a gauge every 4 km.
``--fit`` measures the intensity decay on 1998-2013 instead. Takes about a minute.
"""

import argparse
import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from benchmarks.rio_record import QUARTER_S, RioRecord, read_rio_record
from warnstream.forecast.extrapolation import bilinear
from warnstream.forecast.gridding import GaugeGridder, grid_over
from warnstream.forecast.nowcast import INTENSITY_DECAY_S, GaugeNowcast
from warnstream.model.arrays import Float64Array, Int64Array
from warnstream.model.rules.policies import ForecastPolicy

THRESHOLDS_MM = (1, 5, 10, 20)
WET_MM = 0.1
REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Comparison:
    """Forecasts of one data set: method -> shape (n_starts, n_gauges, 3); observed in the same shape."""

    title: str
    forecast_mm: dict[str, Float64Array]
    observed_mm: Float64Array
    cycle_ms: dict[str, float]

    def row(self, method: str, hours: int) -> str:
        """One line of the table, over the cases that every method forecast and anybody saw wet."""
        every = np.stack([self.observed_mm, *self.forecast_mm.values()])[..., hours - 1]
        case = ~np.isnan(every).any(axis=0)
        case &= np.nan_to_num(every).max(axis=0) >= WET_MM
        observed, forecast = every[0][case], self.forecast_mm[method][..., hours - 1][case]
        error = forecast - observed
        scores = [f"{critical_success_index(forecast, observed, limit):.3f}" for limit in THRESHOLDS_MM]
        values = [
            f"+{hours} h",
            method,
            f"{len(error)}",
            f"{np.abs(error).mean():.2f}",
            f"{error.mean():+.2f}",
        ]
        took = f"{self.cycle_ms[method]:.1f}" if method in self.cycle_ms else "-"
        return f"| {' | '.join([*values, *scores, took])} |"


def critical_success_index(forecast: Float64Array, observed: Float64Array, limit_mm: float) -> float:
    """Hits over hits, misses and false alarms of reaching `limit_mm`; NaN where nobody did."""
    either = int(((forecast >= limit_mm) | (observed >= limit_mm)).sum())
    both = int(((forecast >= limit_mm) & (observed >= limit_mm)).sum())
    return both / either if either else float("nan")


def compare_rio(record: RioRecord) -> Comparison:
    """Every full hour of 2014-2017 in which some gauge had 1 mm in the hour before or after."""
    row = np.arange(record.row_at("2014-01-01"), len(record.rain_mm) - 12, 4)
    busiest = np.nan_to_num(np.stack([record.total_before(row, 4), record.total_after(row, 1)])).max(
        axis=(0, 2)
    )
    return compare("Rio de Janeiro 2014-2017, 33 gauges", record.rain_mm, record.xy_m, row[busiest >= 1])


def compare_radar(path: Path) -> Comparison:
    """The wettest 200 x 200 km of one radar day, read as if gauges of 15 min stood 4 km apart."""
    with xr.open_dataset(path, engine="h5netcdf") as day:
        field = day["rain_mm"].to_numpy()[:, 280:480:4, 350:550:4]
    quarters = field[: len(field) // 3 * 3].reshape(-1, 3, *field.shape[1:]).sum(axis=1)
    north, east = np.indices(field.shape[1:], dtype=np.float64).reshape(2, -1) * 4000
    starts = np.arange(4, len(quarters) - 4)
    rain_mm = np.concatenate([quarters.reshape(len(quarters), -1), np.full((12, len(north)), np.nan)])
    xy_m = np.stack([east, -north], axis=-1)
    return compare(f"Radar day {path.stem}, 2,500 gauges 4 km apart", rain_mm, xy_m, starts)


def compare(title: str, rain_mm: Float64Array, xy_m: Float64Array, starts: Int64Array) -> Comparison:
    """Forecast from each start by every method, at the gauges themselves."""
    hours = np.arange(1, 4)
    observed = np.stack([_total(rain_mm, starts, range(1, 4 * hour + 1)) for hour in hours], axis=-1)
    forecast = {
        "persistence, last 15 min": 4 * rain_mm[starts][..., None] * hours,
        "persistence, last hour": _total(rain_mm, starts, range(-3, 1))[..., None] * hours,
    }
    cycle_ms: dict[str, float] = {}
    for method, label in (("persistence", "decayed persistence"), ("advection", "advection")):
        nowcast = GaugeNowcast(xy_m, xy_m, ForecastPolicy(method, 900, 5000.0, 3600), QUARTER_S)
        pasts = [rain_mm[start - nowcast.frames_wanted + 1 : start + 1] for start in starts]
        forecast[label], cycle_ms[label] = timed(nowcast, pasts)
    return Comparison(title, forecast, observed, cycle_ms)


def _total(rain_mm: Float64Array, rows: Int64Array, steps: range) -> Float64Array:
    """Rain of the quarter hours at `steps` from each row; NaN where one is missing."""
    return np.asarray(np.stack([rain_mm[rows + step] for step in steps]).sum(axis=0))


def timed(nowcast: GaugeNowcast, pasts: list[Float64Array]) -> tuple[Float64Array, float]:
    """Forecasts from each past, shape (n, n_villages, 3), and the median milliseconds of one."""
    forecasts, took_s = [], []
    for frames_mm in pasts:
        begin = time.perf_counter()
        forecasts.append(nowcast.rain_ahead(frames_mm).rain_mm)
        took_s.append(time.perf_counter() - begin)
    return np.stack(forecasts), 1000 * float(np.median(took_s))


def county_cycle_ms() -> float:
    """Median time of a cycle of 700 gauges, 2,855 villages and 40 x 40 cells under a moving storm."""
    random = np.random.default_rng(1)
    gauges, villages = random.uniform(0, 195e3, (700, 2)), random.uniform(0, 195e3, (2855, 2))
    nowcast = GaugeNowcast(gauges, villages, ForecastPolicy("advection", 300, 5000.0, 3600), 300)
    centres = [np.array([60e3 + 2e3 * step, 90e3]) for step in range(15)]
    frames = np.stack([5 * np.exp(-((gauges - c) ** 2).sum(axis=1) / 2 / 15e3**2) for c in centres])
    return timed(nowcast, [frames] * 50)[1]


def fit(record: RioRecord) -> None:
    """How much the next hours bring of what the gridded last 15 minutes would bring undamped."""
    row = np.arange(record.row_at("1998-01-01"), record.row_at("2014-01-01"), 2)
    row = row[np.nansum(record.rain_mm[row], axis=1) > 0]
    grid = grid_over(record.xy_m, 5000.0)
    north, east = grid.positions(record.xy_m)
    rate = 4 * bilinear(GaugeGridder(record.xy_m, grid).fields(record.rain_mm[row]), north, east)
    print("| next | pairs | observed / undamped, all wet | >= 1 mm/h | >= 5 mm/h | >= 20 mm/h | constant |")
    print("|---|---|---|---|---|---|---|")
    for hours in (1, 2, 3):
        forecast, observed = hours * rate, record.total_after(row, hours)
        known = ~np.isnan(forecast) & ~np.isnan(observed)
        ratios = []
        for limit in (4 * WET_MM, 1.0, 5.0, 20.0):
            case = known & (rate >= limit)
            ratios.append(f"{observed[case].sum() / forecast[case].sum():.3f}")
        decay_h = INTENSITY_DECAY_S / 3600
        constant = decay_h / hours * (1 - np.exp(-hours / decay_h))
        pairs = int((known & (rate >= 4 * WET_MM)).sum())
        print(f"| {hours} h | {pairs} | {' | '.join(ratios)} | {constant:.3f} |")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = os.environ.get("WARNSTREAM_SHARED_DATA", str(REPOSITORY.parent / "shared" / "data"))
    parser.add_argument("--data", type=Path, default=Path(default), help="folder of the real data sets")
    parser.add_argument("--fit", action="store_true", help="measure the intensity decay on 1998-2013")
    arguments = parser.parse_args()
    record = read_rio_record(arguments.data / "rio_alerta_gauges")
    if arguments.fit:
        fit(record)
        return
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    print(f"{machine}, Python {platform.python_version()}, numpy {np.__version__}")
    print(f"county cycle (700 gauges, 2,855 villages, 40 x 40 cells): {county_cycle_ms():.1f} ms")
    for result in (compare_rio(record), compare_radar(arguments.data / "radar_nowcast" / "mch_20150515.nc")):
        print(f"\n{result.title}\n")
        print("| lead | method | wet cases | MAE mm | bias mm | CSI 1 mm | 5 mm | 10 mm | 20 mm | ms |")
        print("|---|---|---|---|---|---|---|---|---|---|")
        for hours in (1, 2, 3):
            for method in result.forecast_mm:
                if not np.isnan(result.observed_mm[..., hours - 1]).all():
                    print(result.row(method, hours))


if __name__ == "__main__":
    main()
