"""The season before a storm, as an office has it in its files: daily rain, and the list of slopes.

The simulated ground is wet when a storm begins: slopes start a quarter to half
full (`station_sim.ground.slopes`). A node that began with empty soil would not
know, so a simulated county has a warm-up file (``windows.warm_up``): the daily
rain of every station in the thirty days before, a plum rain that ends in ten wet
days. It is stated here, the same whatever the seed but for how stations differ.
Its landslide rule is for the villages that lie below slopes, which offices list;
when one slips, nobody knows.
"""

import re
from pathlib import Path

import numpy as np

from station_sim.county import files as county_files
from station_sim.county.county import County
from station_sim.county.demo_config import replace_value
from station_sim.errors import SimulatorError
from station_sim.ground.rivers import places_at_risk
from station_sim.seeds import stream
from warnstream.model.observations.days import begin_of_day_s, day_begins_utc_s, day_of
from warnstream.model.times import HOUR_S, fixed_zone, iso_local

WARM_UP_FILE = "daily_rain.csv"

DAILY_MM = (
    *(14.0, 0.0, 26.0, 18.0, 0.0, 30.0, 12.0, 0.0, 0.0, 20.0),
    *(34.0, 6.0, 0.0, 22.0, 28.0, 0.0, 0.0, 24.0, 16.0, 8.0),
    *(18.0, 0.0, 28.0, 12.0, 0.0, 16.0, 20.0, 24.0, 30.0, 38.0),
)
"""Rain of the thirty days before the storm's day, the day before last: assumed, 444 mm in all."""

STATION_SPREAD = 0.1
"""Standard deviation of the logarithm of a station's days against these."""

UTC_OFFSET_S = 8 * HOUR_S
DAY_BEGINS_S = 8 * HOUR_S
"""Local clock and beginning of days, as configs/demo has them."""

_EVERYWHERE = 'areas: ["*"]'


def write_season(directory: Path, county: County, seed: int, start_s: int) -> None:
    """Give a folder with the demo's YAML files a warm-up file and a list of slopes.

    Parameters
    ----------
    directory : Path
    county : County
    seed : int
        Of the storm: which villages lie below slopes follows from it.
    start_s : int
        When the storm begins, seconds UTC.

    Raises
    ------
    SimulatorError
        If the folder's YAML files are not copies of the demo's.
    """
    write_daily_rain(directory / WARM_UP_FILE, county, seed, start_s)
    settings = directory / "warnstream.yaml"
    text = settings.read_text(encoding="utf-8").replace("  # warm_up:", "  warm_up:", 1)
    settings.write_text(
        replace_value(text, settings.name, "windows", "warm_up", WARM_UP_FILE), encoding="utf-8"
    )
    below = places_at_risk(len(county.villages), seed)[0].tolist()
    if below:
        name_slopes(directory / "thresholds.yaml", [county.villages.code[village] for village in below])


def write_daily_rain(path: Path, county: County, seed: int, start_s: int) -> None:
    """Write the days before the storm's day for every station that measures rain."""
    begins_utc_s = day_begins_utc_s(DAY_BEGINS_S, UTC_OFFSET_S)
    today = day_of(start_s, begins_utc_s)
    dates = [
        iso_local(begin_of_day_s(today - back, begins_utc_s), fixed_zone(UTC_OFFSET_S))[:10]
        for back in range(len(DAILY_MM), 0, -1)
    ]
    stations = county.stations
    measures_rain = [
        number for number, words in enumerate(stations.variables) if {"rain", "rain_total"} & {*words}
    ]
    factor = np.exp(stream(seed, "season before").normal(0.0, STATION_SPREAD, len(stations)))
    rows = (
        (stations.code[number], date, f"{rain_mm * factor[number]:.1f}")
        for number in measures_rain
        for date, rain_mm in zip(dates, DAILY_MM, strict=True)
    )
    county_files.write_rows(path, ("station", "day", "rain_mm"), rows)


def name_slopes(thresholds: Path, codes: list[str]) -> None:
    """Let the landslide rule of a thresholds.yaml speak for these villages instead of for all.

    Raises
    ------
    SimulatorError
        If its territory is not the demo's.
    """
    text = thresholds.read_text(encoding="utf-8")
    if text.count(_EVERYWHERE) != 1:
        raise SimulatorError(f"{thresholds}: expected {_EVERYWHERE!r} once, as in the demo configuration")
    named = set(re.findall(r'"([^"]+)"', text))  # a territory of their own, where slopes have sensors
    quoted = ", ".join(f'"{code}"' for code in codes if code not in named)
    if quoted:
        thresholds.write_text(text.replace(_EVERYWHERE, f"areas: [{quoted}]"), encoding="utf-8")
