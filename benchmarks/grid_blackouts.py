"""Radar against farther gauges where all gauges within a radius are silent, on a real event.

    python -m benchmarks.grid_blackouts FOLDER

FOLDER holds ``openrainer_gauges_20220917.nc`` and ``openrainer_radar_20220917.nc`` (ARPAE-SIMC, CC BY 4.0):
280 gauges of Emilia-Romagna and radar adjusted to them, 17 September 2022, 15 min. Every gauge in turn is the
place that is judged, and all gauges within the radius of it are silent. Errors are those of the hour,
over all hours; the gauge itself is the truth. The radar knows that gauge: its errors are at least these.
"""

import sys
from pathlib import Path

import numpy as np
import xarray as xr

from warnstream.adapters.grids.frames import GridReader
from warnstream.config.settings import GridSettings
from warnstream.model.arrays import Float64Array
from warnstream.model.geodesy import local_xy_m
from warnstream.model.grids import GridPolicy
from warnstream.model.network import Households, Network, Stations, Villages

STEP_S = 900
HOUR_STEPS = 4
FALLBACK_M, FALLBACK_GAUGES = 20_000.0, 7
RADII_KM = (5, 10, 20, 30)
HEAVY_MM = 15.0


def network_at(latitude: Float64Array, longitude: Float64Array) -> Network:
    """A village beside every gauge."""
    n = len(latitude)
    codes = tuple(f"G{number}" for number in range(n))
    yes, interval_s = np.ones(n, dtype=np.bool_), np.full(n, STEP_S, dtype=np.int32)
    stations = Stations(codes, latitude, longitude, interval_s, yes, ~yes)
    names = tuple(f"V{number}" for number in range(n))
    villages = Villages(names, names, ("T",) * n, ("C",) * n, latitude, longitude, (None,) * n)
    return Network(stations, villages, Households((), (), (), np.zeros(n + 1, dtype=np.int32)), ())


def read_gauges(folder: Path) -> tuple[Network, Float64Array]:
    """Gauges that reported all the time, and their rain, shape (n_gauges, n_times), mm in 15 min."""
    with xr.open_dataset(folder / "openrainer_gauges_20220917.nc", engine="h5netcdf") as file:
        rain_mm = file["rainfall_amount"].transpose("id", "time").to_numpy().astype(np.float64)
        latitude, longitude = (file[name].to_numpy().astype(np.float64) for name in ("latitude", "longitude"))
    whole = np.isfinite(rain_mm).all(axis=1)
    return network_at(latitude[whole], longitude[whole]), rain_mm[whole]


def settings_of(folder: Path, pattern: str, variable: str) -> GridSettings:
    """How files of 15 min that say neither unit nor interval as CF does are read."""
    return GridSettings(
        policy=GridPolicy("radar", interval_s=STEP_S, age_s_max=2 * STEP_S),
        folder=folder,
        pattern=pattern,
        variable=variable,
        unit="mm",
        interval_s=STEP_S,
        time_is_end=True,
        seen_min=0.5,
        look_s=1.0,
    )


def radar_at_gauges(folder: Path, network: Network) -> Float64Array:
    """Radar's rain at the gauges, shape (n_gauges, n_times), mm in 15 min."""
    reader = GridReader(settings_of(folder, "openrainer_radar_*.nc", "rainfall_amount"), network, 20.0)
    n_places = len(network.places)
    return np.stack([frame.rain_mm[:n_places] for frame in reader.read_all()], axis=1)


def hours(rain_mm: Float64Array) -> Float64Array:
    """Rain of every hour, shape (n, n_times - 3)."""
    total = np.cumsum(np.pad(rain_mm, ((0, 0), (1, 0))), axis=1)
    return np.asarray(total[:, HOUR_STEPS:] - total[:, :-HOUR_STEPS])


def farther(network: Network, hour_mm: Float64Array, radius_m: float) -> Float64Array:
    """The hour at every gauge from those beyond the radius, as a blind village has it."""
    stations = network.stations
    middle = float(stations.latitude.mean()), float(stations.longitude.mean())
    xy = local_xy_m(stations.latitude, stations.longitude, *middle)
    away = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    found = np.empty_like(hour_mm)
    for gauge in range(len(xy)):
        live = np.flatnonzero(away[gauge] > radius_m)
        near = live[np.argsort(away[gauge][live])]
        within = near[away[gauge][near] <= FALLBACK_M][:FALLBACK_GAUGES]
        used = within if len(within) else near[:1]
        weight = np.maximum(away[gauge][used], 250.0) ** -2.0
        found[gauge] = (weight / weight.sum()) @ hour_mm[used]
    return found


def main() -> int:
    folder = Path(sys.argv[1])
    network, rain_mm = read_gauges(folder)
    truth, radar = hours(rain_mm), hours(radar_at_gauges(folder, network))
    seen = np.isfinite(radar)
    heavy = seen & (truth >= HEAVY_MM)
    print(f"{seen.sum()} hours at {len(rain_mm)} gauges, {heavy.sum()} of them with {HEAVY_MM:g} mm and more")
    print(f"{'silent within':15}{'by':10}{'error, mm':>10}{'of heavy':>10}{'bias':>8}")
    for radius_km in RADII_KM:
        gauges = farther(network, truth, radius_km * 1000.0)
        for name, found in (("gauges", gauges), ("radar", radar), ("the larger", np.fmax(gauges, radar))):
            error = found - truth
            row = [np.abs(error[seen]).mean(), np.abs(error[heavy]).mean(), error[seen].mean()]
            print(f"{radius_km:>3} km         {name:10}{row[0]:10.2f}{row[1]:10.2f}{row[2]:+8.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
