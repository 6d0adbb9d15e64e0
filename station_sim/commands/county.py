"""``station-sim county``: its options, and a CONFIG_DIR for a simulated county."""

import argparse
from pathlib import Path

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from station_sim.county.files import OFFSET_S, write_roster
from station_sim.county.ground_inventory import write_ground_hazards
from station_sim.ground.season import write_season
from station_sim.message import DEFAULT_PREFIX
from station_sim.sending.scenario import DEFAULT_START_S
from station_sim.stations.mixed_formats import FLAT, add_speaker_options, write_decoders
from station_sim.stations.varied_network import varied

COUNTY_HELP = """\
Writes a CONFIG_DIR for warnstream: stations.csv, villages.csv, households.csv,
chain.csv, teams.csv, objects.csv, shelters.csv, operators.csv, thresholds.csv
and copies of the demo's YAML files. The county has Lishui's frame (nine counties,
17,300 km2); every place in it is invented.

  station-sim county --out county                               about 700 stations, 2,855 villages
  station-sim county --out small --stations 60 --villages 200   a square cut out of it
  station-sim county --out drill --clock simulated              for `station-sim run` at any speed
"""


def add_county_options(parser: argparse.ArgumentParser) -> None:
    """Options of ``station-sim county``."""
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder to write; made if needed"
    )
    parser.add_argument("--seed", type=int, default=1, help="default 1")
    parser.add_argument(
        "--stations", type=int, help="rain stations; default all points of the grid, about 700"
    )
    parser.add_argument("--villages", type=int, help="default the frame's share of 2,855")
    parser.add_argument("--gauges", type=int, help="river stage gauges; default the frame's share of 60")
    parser.add_argument("--households-per-village", type=int, default=4, metavar="N", help="default 4")
    parser.add_argument(
        "--ways", action="store_true", help="households.csv with `ways`: a phone behind every device"
    )
    parser.add_argument(
        "--grid-km", type=float, default=5.0, metavar="KM", help="spacing of stations, default 5"
    )
    parser.add_argument(
        "--network",
        choices=("plain", "varied"),
        default="plain",
        help="varied: loggers, intervals and buckets as real ones are, dense gauges, slope and depth sensors",
    )
    add_speaker_options(parser, sends=False)
    parser.add_argument("--village-polygons", action="store_true", help="give villages outlines (Voronoi)")
    parser.add_argument(
        "--counties", type=Path, metavar="GEOJSON", help="true county outlines instead of invented ones"
    )
    parser.add_argument("--broker-port", type=int, metavar="PORT", help="in warnstream.yaml; default 18830")
    parser.add_argument("--external-broker", action="store_true", help="embedded: false in warnstream.yaml")
    parser.add_argument("--http-port", type=int, metavar="PORT", help="in warnstream.yaml; default 18080")
    parser.add_argument("--sms-port", type=int, metavar="PORT", help="in channels.yaml; default 18081")
    parser.add_argument(
        "--data-directory", metavar="DIR", help="storage.directory in warnstream.yaml; default data"
    )
    parser.add_argument(
        "--radar", action="store_true", help="a grid in warnstream.yaml, for `run --radar`; docs/grids.md"
    )
    parser.add_argument(
        "--clock",
        choices=("system", "simulated"),
        default="system",
        help="node.clock: system (default) for real stations, simulated for `station-sim run` at any speed",
    )
    parser.add_argument("--prefix", help=f"topics.prefix in warnstream.yaml; default {DEFAULT_PREFIX}")


def run_county(options: argparse.Namespace) -> dict[str, object]:
    """Write the folder; what is in it."""
    plan = CountyPlan(
        n_stations=options.stations,
        n_villages=options.villages,
        n_gauges=options.gauges,
        households_per_village=options.households_per_village,
        grid_m=options.grid_km * 1000,
        village_polygons=options.village_polygons,
        counties_file=options.counties,
        ways=options.ways,
    )
    county = build_county(options.seed, plan)
    if options.network == "varied":
        county = varied(county, options.seed)
    county.write(options.out)
    write_demo_config(
        options.out,
        broker_port=options.broker_port,
        http_port=options.http_port,
        sms_port=options.sms_port,
        embedded_broker=False if options.external_broker else None,
        prefix=options.prefix,
        data_directory=options.data_directory,
        radar=options.radar,
        clock=options.clock,
    )
    if options.format != FLAT:
        prefix = options.prefix or DEFAULT_PREFIX
        write_decoders(options.out, options.format, county.stations, prefix, options.sl651_port)
    if county.ground is not None:
        write_ground_hazards(options.out, county.ground, county.villages.code)
    if options.clock == "simulated":
        write_season(options.out, county, options.seed, DEFAULT_START_S)
        write_roster(options.out / "roster.csv", county.villages, DEFAULT_START_S, OFFSET_S)
    n_gauges = sum("stage" in words for words in county.stations.variables)
    return {
        "directory": str(options.out),
        "rain_stations": sum(bool({"rain", "rain_total"} & {*words}) for words in county.stations.variables),
        "stage_gauges": n_gauges,
        "villages": len(county.villages),
        "townships": len(set(county.villages.township)),
        "households": len(county.villages) * county.households_per_village,
    }
