"""``station-sim load``: options, stations, and what the run tells."""

import argparse
import math
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from station_sim.county.files import read_stations
from station_sim.county.wide_network import (
    SCALES,
    VARIABLES,
    Scale,
    county_code,
    station_code,
    write_wide_network,
)
from station_sim.errors import SimulatorError
from station_sim.mqtt_client import BrokerAddress
from station_sim.sending.load import Load, LoadPlan, LoadSummary
from station_sim.sending.load_frames import LoadFrames, LoadStation, Weather

LOAD_HELP = """\
Sends a whole network's readings over raw sockets at a steady rate, or hours of
backlog at once, to a broker or to a node's own listener. Frames are made before
the first is sent. Tells what was really sent and acknowledged; exit code 1 if
that is less than planned.

  station-sim load --write-config nation --scale nation           a CONFIG_DIR of that size, nothing is sent
  station-sim load --stations 384000 --rate 6400 --minutes 10     the nation at a reading a minute
  station-sim load --config county --rate 100 --minutes 5         the stations of a CONFIG_DIR
  station-sim load --scale county --backlog 6h                    six hours at once
"""


def add_load_options(
    parser: argparse.ArgumentParser,
    duration_s: Callable[[str], int],
    add_broker_options: Callable[[argparse.ArgumentParser], None],
) -> None:
    """Options of ``station-sim load``."""
    parser.add_argument("--scale", choices=tuple(SCALES), default="county", help="size; default county")
    parser.add_argument("--stations", type=int, metavar="N", help="other than the scale's")
    parser.add_argument("--villages", type=int, metavar="N", help="of --write-config, other than the scale's")
    parser.add_argument("--config", type=Path, metavar="CONFIG_DIR", help="stations of this folder instead")
    parser.add_argument(
        "--write-config", type=Path, metavar="DIR", help="write a CONFIG_DIR of this size and end"
    )
    parser.add_argument("--rate", type=float, metavar="R", help="messages a second; default one a minute")
    parser.add_argument("--minutes", type=float, default=1.0, metavar="M", help="length; default 1")
    parser.add_argument(
        "--backlog", type=duration_s, default=0, metavar="DURATION", help="past observations, all at once"
    )
    parser.add_argument("--connections", type=int, default=4, metavar="N", help="default 4")
    parser.add_argument("--qos", type=int, choices=(0, 1), default=1, help="default 1")
    parser.add_argument(
        "--pack", type=int, default=1, metavar="N", help="observations in a message; default 1"
    )
    parser.add_argument(
        "--wet", type=float, default=0.1, metavar="SHARE", help="stations with rain, default 0.1"
    )
    parser.add_argument(
        "--heavy", type=float, default=0.0, metavar="SHARE", help="stations with 96 mm/h; default 0"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the rain; default 1")
    add_broker_options(parser)


def scale_of(options: argparse.Namespace) -> Scale:
    """Size that the options ask for; villages follow the stations where only those are given."""
    scale = SCALES[options.scale]
    if options.stations:
        n_villages = max(1, round(options.stations * scale.n_villages / scale.n_stations))
        scale = Scale(options.stations, n_villages)
    return replace(scale, n_villages=options.villages) if options.villages else scale


def write_config(options: argparse.Namespace) -> dict[str, object]:
    """Write the CONFIG_DIR; what it holds."""
    scale = scale_of(options)
    write_wide_network(options.write_config, scale, broker_port=options.port)
    return {"directory": str(options.write_config), **asdict(scale)}


def run_load(
    options: argparse.Namespace, address: BrokerAddress, tell: Callable[[str], None]
) -> tuple[dict[str, object], LoadSummary]:
    """Send the load; what is to be told.

    Raises
    ------
    SimulatorError
        If options contradict each other, a file cannot be used, or nobody listens.
    """
    if address.ca is not None:
        raise SimulatorError("load uses plain connections: measure through a listener without tls")
    for name in ("wet", "heavy"):
        if not 0 <= getattr(options, name) <= 1:
            raise SimulatorError(f"--{name}: expected a share from 0 to 1, got {getattr(options, name)}")
    stations = stations_of(options)
    if options.backlog and options.rate:
        raise SimulatorError("--backlog is sent as fast as it is taken: leave --rate out")
    weather = Weather(options.seed, options.wet, options.heavy)
    frames = LoadFrames(stations, weather, prefix=options.prefix, qos=options.qos, pack=options.pack)
    rate = 0.0 if options.backlog else options.rate or frames.n_messages / 60
    plan = LoadPlan(rate, 60 * options.minutes, options.connections, options.backlog)
    load = Load(
        frames, plan, address.host, address.port, username=address.username, password=address.password
    )
    tell(f"{frames.n_messages:,} messages a round, {load.planned:,} in all, {frames.frame_bytes} bytes each")
    try:
        summary = load.run()
    finally:
        load.close()
    settings = {"stations": len(stations), "connections": options.connections, "qos": options.qos}
    numbers = {
        name: None if isinstance(value, float) and math.isnan(value) else value
        for name, value in asdict(summary).items()
    }
    return {**settings, "pack": options.pack, **numbers, "complete": summary.is_complete}, summary


def stations_of(options: argparse.Namespace) -> list[LoadStation]:
    """Stations of a CONFIG_DIR, or those that `write_wide_network` writes."""
    if options.config is None:
        return [
            LoadStation(station_code(n), county_code(n), "rain", VARIABLES)
            for n in range(scale_of(options).n_stations)
        ]
    table = read_stations(options.config / "stations.csv")
    return [
        LoadStation(code, table.county[n], table.kind(n), table.variables[n])
        for n, code in enumerate(table.code)
    ]
