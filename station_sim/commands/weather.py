"""What `station-sim storm` and `station-sim calibrate` do; the command line itself stands in `cli`."""

import argparse
from collections import Counter
from pathlib import Path

import numpy as np

from station_sim.commands.pictures import draw_calibration, draw_weather
from station_sim.county.county import build_county, read_county
from station_sim.errors import SimulatorError
from station_sim.ground.rivers import storm_over, truth_of
from station_sim.weather.calibration import compare, layout_of, names_not_met, read_targets, simulate
from station_sim.weather.calibration_report import write_report
from station_sim.weather.climate import PARAMETERS_FILE, read_climate
from station_sim.weather.field import CELL_M, RainField
from station_sim.weather.kinds import DEFAULT_KIND, WEATHER_KINDS
from station_sim.weather.nwp import ERRORS, LEADS_MAX_H, forecast_of
from station_sim.weather.products import (
    amounts_of,
    forecast_dataset,
    radar_dataset,
    truth_dataset,
    write_netcdf,
)
from station_sim.weather.radar import radar_estimate
from station_sim.weather.terrain import terrain_grid
from warnstream.model.times import HOUR_S, MINUTE_S

_HOUR_MIN = 60

STORM_HELP = """\
Writes the weather that `run` with the same seed, kind, hours and county samples:
the true field, what a radar would see of it and what a model would have forecast
(CF NetCDF; extra warnstream[review]), and pictures of it (extra warnstream[plots]).

  station-sim storm --kind typhoon --netcdf truth.nc --radar radar.nc --nwp nwp.nc
  station-sim storm --kind line --picture pictures
"""

CALIBRATE_HELP = """\
Simulates years of rain at gauges and compares their statistics with those of a
real network (calibration_targets.yaml). Writes calibration.md, calibration.json
and plots (extra warnstream[plots]). Exit code 1 if a target is missed.

  station-sim calibrate --years 40 --out calibration
"""


def hours_of(options: argparse.Namespace) -> float:
    """Length that was asked for, or the usual one of the kind."""
    return float(WEATHER_KINDS[options.kind].hours if options.hours is None else options.hours)


def add_kind_options(parser: argparse.ArgumentParser) -> None:
    """Options that name the weather and its length."""
    parser.add_argument(
        "--kind", choices=tuple(WEATHER_KINDS), default=DEFAULT_KIND, help=f"weather; default {DEFAULT_KIND}"
    )
    usual = ", ".join(f"{name} {kind.hours:g}" for name, kind in WEATHER_KINDS.items())
    parser.add_argument("--hours", type=float, help=f"length; default {usual}")


def add_storm_options(parser: argparse.ArgumentParser) -> None:
    """Options of `storm` beside seed, kind, hours and start."""
    parser.add_argument("--netcdf", "--out", type=Path, metavar="FILE", help="true field to write")
    parser.add_argument("--radar", type=Path, metavar="FILE", help="radar estimate to write")
    parser.add_argument("--nwp", type=Path, metavar="FILE", help="hourly forecast to write")
    parser.add_argument(
        "--picture", type=Path, metavar="DIR", help="folder for PNG frames and a contact sheet"
    )
    parser.add_argument(
        "--config", type=Path, metavar="CONFIG_DIR", help="county that the field covers; default the full one"
    )
    parser.add_argument(
        "--step-min", type=int, default=5, metavar="MINUTES", help="time step of truth and radar, default 5"
    )
    parser.add_argument("--nwp-cell-km", type=int, default=8, metavar="KM", help="5 to 10, default 8")
    parser.add_argument("--nwp-members", type=int, default=1, metavar="N", help="members, default 1")
    parser.add_argument(
        "--nwp-errors", choices=tuple(ERRORS), default="usual", help="sizes of its errors, default usual"
    )


def add_calibrate_options(parser: argparse.ArgumentParser) -> None:
    """Options of `calibrate`."""
    parser.add_argument("--years", type=int, default=40, help="simulated years, default 40")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the report")
    parser.add_argument("--seed", type=int, default=1, help="default 1")
    parser.add_argument(
        "--climate", type=Path, default=PARAMETERS_FILE, metavar="FILE", help="another climate.yaml"
    )
    parser.add_argument("--no-plots", action="store_true", help="table only; needs no matplotlib")


def run_storm(options: argparse.Namespace) -> dict[str, object]:
    """Write what was asked for; returns the summary."""
    wanted = (options.netcdf, options.radar, options.nwp, options.picture)
    if not any(wanted):
        raise SimulatorError("nothing to write: expected --netcdf, --radar, --nwp or --picture")
    n_minutes = round(hours_of(options) * HOUR_S / MINUTE_S)
    if n_minutes < 1 or options.step_min < 1 or n_minutes % options.step_min:
        raise SimulatorError(f"--step-min {options.step_min} does not divide {n_minutes} minutes")
    county = read_county(options.config) if options.config else build_county(options.seed)
    weather = storm_over(county, options.seed, n_minutes, options.kind)
    summary: dict[str, object] = {
        "kind": options.kind,
        "rows": weather.grid.n_rows,
        "columns": weather.grid.n_columns,
    }
    if options.netcdf or options.radar or options.nwp:
        try:
            summary |= _write_products(options, weather)
        except ImportError as error:
            raise SimulatorError(f"writing NetCDF needs the extra warnstream[review]: {error}") from error
    if options.picture:
        truth = truth_of(county, options.seed, options.start, n_minutes, options.kind)
        what = options.kind.replace("_", " ")
        title = f"Simulated weather ({what}), seed {options.seed}: an invented county and hills, no real rain"
        paths = draw_weather(options.picture, weather, county, truth, options.start, title)
        summary["pictures"] = [str(path) for path in paths]
        summary["events"] = dict(Counter(event.kind for event in truth.events))
    return summary


def _write_products(options: argparse.Namespace, weather: RainField) -> dict[str, object]:
    amount_mm = amounts_of(weather, options.step_min)
    grid, start_s = weather.grid, options.start
    summary: dict[str, object] = {
        "steps": len(amount_mm),
        "greatest_total_mm": round(float(amount_mm.sum(axis=0, dtype=np.float64).max()), 1),
    }
    if options.netcdf:
        write_netcdf(truth_dataset(grid, amount_mm, start_s, options.step_min), options.netcdf)
        summary["file"] = str(options.netcdf)
    if options.radar:
        estimate = radar_estimate(grid, terrain_grid(grid), amount_mm, options.step_min, options.seed)
        write_netcdf(radar_dataset(grid, estimate, start_s, options.step_min), options.radar)
        summary["radar"] = str(options.radar)
    if options.nwp:
        if _HOUR_MIN % options.step_min or len(amount_mm) * options.step_min < _HOUR_MIN:
            raise SimulatorError(
                f"--nwp wants an hour or more in steps that divide it, got {options.step_min} min"
            )
        per_hour = _HOUR_MIN // options.step_min
        n_hours = min(len(amount_mm) // per_hour, LEADS_MAX_H)
        hourly = amount_mm[: n_hours * per_hour].reshape(n_hours, per_hour, *amount_mm.shape[1:]).sum(axis=1)
        coarse, forecast = forecast_of(
            grid,
            hourly,
            options.seed,
            n_hours,
            options.nwp_cell_km,
            options.nwp_members,
            ERRORS[options.nwp_errors],
        )
        write_netcdf(forecast_dataset(coarse, forecast, start_s, options.nwp_cell_km * CELL_M), options.nwp)
        summary["nwp"] = str(options.nwp)
    return summary


def run_calibrate(options: argparse.Namespace) -> tuple[dict[str, object], int]:
    """Write the report; returns the summary and the exit code: 1 if a target is missed."""
    if options.years < 1:
        raise SimulatorError(f"--years: expected 1 or more, got {options.years}")
    targets = read_targets()
    climate = read_climate(options.climate)
    statistics = simulate(climate, targets, options.seed, options.years, layout_of(targets))
    comparisons = compare(targets, statistics.values())
    written = [*write_report(options.out, targets, comparisons, options.years, options.seed)]
    if not options.no_plots:
        written += draw_calibration(options.out, targets, comparisons)
    missed = names_not_met(comparisons)
    summary: dict[str, object] = {
        "files": [str(path) for path in written],
        "targets": len(comparisons),
        "met": len(comparisons) - len(missed),
        "not_met": {
            row.target.name: f"{row.simulated:.3g} instead of {row.target.value:g}"
            for row in comparisons
            if not row.is_met
        },
    }
    return summary, 1 if missed else 0
