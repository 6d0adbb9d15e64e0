"""The command ``warnstream fit-forecast``."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from warnstream.adapters.geometry import project
from warnstream.adapters.out_folder import demand_file
from warnstream.config.settings import Configuration
from warnstream.config.tables.chances import table_text
from warnstream.forecast.chances.features import STEP_S
from warnstream.forecast.chances.table import LEADS
from warnstream.model.arrays import Float64Array
from warnstream.model.errors import WarnstreamError
from warnstream.model.network import Stations
from warnstream.model.observations.readings import RAIN, ReadingBatch, concatenate
from warnstream.model.times import iso_utc
from warnstream.review.chance_fit import ChanceFit, GaugeArchive, fit_chances
from warnstream.review.logger_files import read_readings
from warnstream.review.usable_rain import IMPOSSIBLE, lines_of, usable_rain

FOLDS_MAX = 20
MARGIN_DEG = 0.05
"""A county is no larger than its gauges by that much: about 5 km."""
QUARTERS_MAX = 50 * 366 * 96
LEADS_SHOWN = (15, 60, 180)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked, as the command line gives it."""

    configuration: Configuration
    archives: tuple[Path, ...]
    out: Path
    name: str
    folds: int


def run_fit_forecast(asked: Asked) -> int:
    """Read, fit, tell and write; returns the exit status.

    Raises
    ------
    WarnstreamError
        If an option or an archive is wrong, or the archive is too small.
    """
    console = Console(highlight=False, soft_wrap=True)
    if not 0 <= asked.folds <= FOLDS_MAX:
        raise WarnstreamError(f"--folds {asked.folds}: expected 0 to {FOLDS_MAX}")
    demand_file(asked.out)
    network = asked.configuration.network
    stations = network.stations
    read = [read_readings(path, asked.configuration) for path in asked.archives]
    readings, n_impossible = usable_rain(
        concatenate([archive.readings for archive in read]),
        stations.interval_s.astype(np.int64),
        asked.configuration.quality,
    )
    refused = Counter({IMPOSSIBLE: n_impossible} if n_impossible else {})
    for found in read:
        refused.update(found.n_refused)
    for line in lines_of(refused):
        console.print(line)
    rain_mm, first_s = quarters(readings, stations)
    gauges = np.flatnonzero(~np.isnan(rain_mm).all(axis=0))
    if len(gauges) == 0:
        raise WarnstreamError(
            f"{_named(asked)}: no rain of intervals up to 15 minutes at any gauge of stations.csv"
        )
    station_xy_m, _ = project(network)
    archive = GaugeArchive(rain_mm[:, gauges], first_s, station_xy_m[gauges])
    until_s = first_s + len(rain_mm) * STEP_S
    years = f"{iso_utc(first_s)[:10]} to {iso_utc(until_s - STEP_S)[:10]}"
    console.print(f"{len(gauges)} gauges, {years}")
    try:
        fit = fit_chances(archive, folds=asked.folds, say=console.print)
    except ValueError as error:
        raise WarnstreamError(f"{_named(asked)}: {error}") from error
    about = f"{asked.name or _named(asked)}, {len(gauges)} gauges, {years}"
    _tell(console, fit)
    if asked.folds <= 1:
        about = ""
        console.print("not calibrated: no storm was left out (--folds); messages say so")
    _write(asked.out, table_text(fit.table(about, _box(stations, gauges))))
    console.print(f"written to {asked.out}: name it in warnstream.yaml as forecast.table")
    return 0


def quarters(readings: ReadingBatch, stations: Stations) -> tuple[Float64Array, int]:
    """Rain of every station by quarter hours of the clock, and when the first ends.

    A quarter hour of which less than half was reported is not known; of another what is missing is held to
    have been as what was reported.

    Raises
    ------
    WarnstreamError
        If there is no such reading, or they span more than 50 years.
    """
    own_s = np.where(readings.interval_s > 0, readings.interval_s, stations.interval_s[readings.station])
    rain = readings.select((readings.variable == RAIN) & (own_s <= STEP_S) & (readings.value >= 0))
    own_s = own_s[(readings.variable == RAIN) & (own_s <= STEP_S) & (readings.value >= 0)]
    if len(rain) == 0:
        raise WarnstreamError("no reading of rain with an interval of up to 15 minutes")
    end = -(-rain.observed_at_s // STEP_S)
    first, last = int(end.min()), int(end.max())
    if last - first >= QUARTERS_MAX:
        raise WarnstreamError("the archive spans more than 50 years")
    shape = (last - first + 1, len(stations))
    total, reported_s = np.zeros(shape), np.zeros(shape)
    np.add.at(total, (end - first, rain.station), rain.value)
    np.add.at(reported_s, (end - first, rain.station), own_s)
    share = np.minimum(reported_s / STEP_S, 1.0)
    rain_mm = np.where(share >= 0.5, total / np.maximum(share, 0.5), np.nan)
    return rain_mm, first * STEP_S


def _tell(console: Console, fit: ChanceFit) -> None:
    console.print(f"{fit.n_cases} cases in {fit.n_storms} storms, {LEADS} leads")
    if not fit.deciles:
        return
    table = Table(title="storms left out: what was said, what came")
    for column in ("lead", "cases", "said", "came"):
        table.add_column(column, justify="right")
    for decile in fit.deciles:
        if decile.lead_min in LEADS_SHOWN:
            table.add_row(
                f"{decile.lead_min} min", str(decile.n_cases), f"{decile.said:.2f}", f"{decile.came:.2f}"
            )
    console.print(table)


def _box(stations: Stations, gauges: np.ndarray) -> tuple[float, float, float, float]:
    latitude, longitude = stations.latitude[gauges], stations.longitude[gauges]
    return (
        float(latitude.min()) - MARGIN_DEG,
        float(longitude.min()) - MARGIN_DEG,
        float(latitude.max()) + MARGIN_DEG,
        float(longitude.max()) + MARGIN_DEG,
    )


def _named(asked: Asked) -> str:
    return ", ".join(path.name for path in asked.archives)


def _write(path: Path, text: str) -> None:
    """Whole or not at all."""
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise WarnstreamError(f"{path}: {error.strerror or error}") from error
