"""A network of any size on a 5 km grid, for load tests: county, province, nation.

Every station is an automatic weather station that reports eight variables each
minute. Places are a square grid about the middle of the country; nothing about
them is real. Villages stand within two kilometres of stations, each with one
household at a device and one grid member, so that a warning has a way to go.

384,000 stations and 600,000 villages are written in about ten seconds.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from station_sim.county.demo_config import write_demo_config
from station_sim.errors import SimulatorError
from station_sim.seeds import stream
from warnstream.model.arrays import Float64Array

VARIABLES = (
    "rain", "temperature", "humidity", "pressure", "wind_speed", "wind_direction", "soil_moisture", "stage",
)  # fmt: skip
"""Eight variables, as one observation of the load carries them."""

STATIONS_PER_COUNTY = 700

STATIONS_MAX = 999_999

_GRID_M = 5_000.0
_CENTRE = (35.0, 104.0)
_M_PER_DEGREE = 111_320.0
_VILLAGE_M_MAX = 2_000.0


@dataclass(frozen=True, slots=True)
class Scale:
    """How many stations and villages."""

    n_stations: int
    n_villages: int

    def __post_init__(self) -> None:
        if not 1 <= self.n_stations <= STATIONS_MAX:
            raise SimulatorError(f"stations: expected 1 to {STATIONS_MAX}, got {self.n_stations}")
        if self.n_villages < 1:
            raise SimulatorError(f"villages: expected 1 or more, got {self.n_villages}")


SCALES = {
    "county": Scale(700, 2_855),
    "province": Scale(4_200, 20_000),
    "nation": Scale(384_000, 600_000),
}
"""Sizes of the real thing: a county of 17,300 km2, a province, a nation on a 5 km grid."""


def station_code(number: int) -> str:
    """Code of a station; always seven letters, so that frames have one length.

    >>> station_code(0)
    'N000001'
    """
    return f"N{number + 1:06d}"


def county_code(station: int) -> str:
    """County that a station or the village beside it lies in.

    >>> county_code(700)
    'c0002'
    """
    return f"c{station // STATIONS_PER_COUNTY + 1:04d}"


def station_places(n_stations: int) -> tuple[Float64Array, Float64Array]:
    """Latitude and longitude of grid points, row by row from the south-west."""
    side = int(np.ceil(np.sqrt(n_stations)))
    number = np.arange(n_stations, dtype=np.int64)
    row, column = (number // side).astype(np.float64), (number % side).astype(np.float64)
    north_m: Float64Array = (row - (side - 1) / 2) * _GRID_M
    east_m: Float64Array = (column - (side - 1) / 2) * _GRID_M
    return _degrees(north_m, east_m)


def _degrees(north_m: Float64Array, east_m: Float64Array) -> tuple[Float64Array, Float64Array]:
    latitude, longitude = _CENTRE
    east_per_degree = _M_PER_DEGREE * np.cos(np.radians(latitude))
    return latitude + north_m / _M_PER_DEGREE, longitude + east_m / east_per_degree


def write_wide_network(
    directory: Path,
    scale: Scale,
    *,
    seed: int = 1,
    settings: dict[str, str] | None = None,
    broker_port: int | None = None,
    http_port: int | None = None,
    embedded_broker: bool = False,
) -> None:
    """Write a CONFIG_DIR whose node judges this network by the system's clock.

    Parameters
    ----------
    directory : Path
    scale : Scale
    seed : int
        Of the places of villages.
    settings : dict of str to str, optional
        Texts of warnstream.yaml and what they become; each must be there.
    broker_port, http_port : int, optional
    embedded_broker : bool
        Stations publish to the node's own listener.

    Raises
    ------
    SimulatorError
        If a text to replace is not in the demo's warnstream.yaml.
    """
    write_demo_config(
        directory, broker_port=broker_port, http_port=http_port, embedded_broker=embedded_broker
    )
    file = directory / "warnstream.yaml"
    text = file.read_text(encoding="utf-8")
    for old, new in {"clock: simulated": "clock: system", **(settings or {})}.items():
        if old not in text:
            raise SimulatorError(f"warnstream.yaml of the demo has no {old!r} to replace")
        text = text.replace(old, new, 1)
    file.write_text(text, encoding="utf-8")
    _keep_device_channels(directory / "channels.yaml")
    _write_tables(directory, scale, seed)


def _keep_device_channels(path: Path) -> None:
    """Nobody is reached by SMS here; the channel would wait for a gateway."""
    lines, keep = [], True
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("  ") and not line.startswith("   "):
            keep = not line.strip().startswith("sms:")
        if keep:
            lines.append(line)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_tables(directory: Path, scale: Scale, seed: int) -> None:
    n_stations, n_villages = scale.n_stations, scale.n_villages
    latitude, longitude = station_places(n_stations)
    words = " ".join(VARIABLES)
    _write(
        directory / "stations.csv",
        ("station", "latitude", "longitude", "elevation_m", "variables", "interval_s", "county"),
        (
            (station_code(n), f"{north:.5f}", f"{east:.5f}", "300", words, 60, county_code(n))
            for n, (north, east) in enumerate(zip(latitude.tolist(), longitude.tolist(), strict=True))
        ),
    )
    beside = np.arange(n_villages) * n_stations // n_villages
    offset_m = stream(seed, "wide villages").uniform(-_VILLAGE_M_MAX, _VILLAGE_M_MAX, (n_villages, 2))
    shift = _degrees(offset_m[:, 0], offset_m[:, 1])
    north = (latitude[beside] + shift[0] - _CENTRE[0]).tolist()
    east = (longitude[beside] + shift[1] - _CENTRE[1]).tolist()
    codes = [f"V{n + 1:07d}" for n in range(n_villages)]
    counties = [county_code(n) for n in beside.tolist()]
    _write(
        directory / "villages.csv",
        ("village", "name", "latitude", "longitude", "township", "county"),
        (
            (code, code, f"{y:.5f}", f"{x:.5f}", county, county)
            for code, y, x, county in zip(codes, north, east, counties, strict=True)
        ),
    )
    _write(
        directory / "households.csv",
        ("household", "village", "channel", "address"),
        ((f"H{code}", code, "device", f"H{code}") for code in codes),
    )
    _write(
        directory / "chain.csv",
        ("post", "role", "rank", "area", "channel", "address"),
        ((f"G{code}", "grid_member", 1, code, "device", f"G{code}") for code in codes),
    )
    _write(
        directory / "thresholds.csv",
        ("village", "hazard", "duration", "level", "value", "unit", "station", "source"),
        _stage_rows(codes, [station_code(n) for n in beside.tolist()]),
    )


def _stage_rows(villages: Sequence[str], stations: Sequence[str]) -> Iterator[tuple[object, ...]]:
    """Every tenth village has a gauge; rain is judged by the levels of thresholds.yaml."""
    for village, station in list(zip(villages, stations, strict=True))[::10]:
        for level, stage_m in (("blue", 3.0), ("yellow", 3.5), ("orange", 4.0), ("red", 4.5)):
            yield village, "river_flood", "", level, stage_m, "m", station, "load test"


def _write(path: Path, header: Sequence[str], rows: Iterator[tuple[object, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
