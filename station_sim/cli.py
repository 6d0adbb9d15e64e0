"""The command ``station-sim``: build a county, run a storm over it, replay an archive, play people.

Exit codes: 0 done, 1 a load fell short or `calibrate` missed a target, 2 wrong arguments, files or
no broker, 130 stopped by Ctrl-C.
Results go to standard output (``--json`` for machines), progress to standard error.
"""

import argparse
import json
import logging
import re
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

from station_sim.answers import AnswerHabits
from station_sim.broker import BrokerAddress, BrokerTransport, Transport
from station_sim.county import CountyPlan, build_county, read_county
from station_sim.demo_config import write_demo_config
from station_sim.dial_in import DialInTransport
from station_sim.errors import SimulatorError
from station_sim.faults import HARSH_FAULTS, MILD_FAULTS, NO_FAULTS, FaultKind, FaultMix
from station_sim.ground_hazards import write_ground_hazards
from station_sim.load_command import LOAD_HELP, add_load_options, run_load, write_config
from station_sim.people import BrokerDevices, People
from station_sim.people_command import (
    PEOPLE_HELP,
    add_people_options,
    add_post_options,
    not_negative,
    play_people,
    post_habits,
)
from station_sim.progress import ProgressView
from station_sim.publish import Publisher, PublishSummary
from station_sim.replay import Replay, read_archive
from station_sim.scenario import DEFAULT_PREFIX, DEFAULT_START_S, Scenario
from station_sim.speakers import FLAT, add_speaker_options, spoken, write_decoders
from station_sim.varied_network import varied
from station_sim.weather_commands import (
    CALIBRATE_HELP,
    STORM_HELP,
    add_calibrate_options,
    add_kind_options,
    add_storm_options,
    hours_of,
    run_calibrate,
    run_storm,
)
from warnstream.model.errors import ArchiveError
from warnstream.model.times import MINUTE_S, iso_utc, parse_iso

_EXIT_SHORT = 1
_EXIT_WRONG = 2
_EXIT_STOPPED = 130
_DURATION = re.compile(r"(\d+)(s|min|h|d)?")
_UNIT_S = {"s": 1, "min": 60, "h": 3600, "d": 86_400, None: 1}

_MAIN_HELP = """\
Simulates what surrounds warnstream: a county's stations under a storm, archives
that are sent again, and people who answer. Everything follows from --seed.

A first run, beside a broker on port 1883:
  station-sim county --out county --stations 60 --villages 200 --broker-port 1883 --external-broker
  warnstream run county &                       # evaluates what stations send
  station-sim people --port 1883 --speed 240 &  # households answer
  station-sim run --config county --port 1883 --speed 240
"""

_COUNTY_HELP = """\
Writes a CONFIG_DIR for warnstream: stations.csv, villages.csv, households.csv,
chain.csv, thresholds.csv and copies of the demo's YAML files. The county has
Lishui's frame (nine counties, 17,300 km2); every place in it is invented.

  station-sim county --out county                               about 700 stations, 2,855 villages
  station-sim county --out small --stations 60 --villages 200   a square cut out of it
"""

_RUN_HELP = """\
Sends a storm over the stations of CONFIG_DIR (simulated or your own): readings
with faults, and a clock beacon on {prefix}/clock after each simulated minute.
Writes what really happened to truth.csv and what went wrong to faults.csv.

  station-sim run --config county --speed 240                  8 hours in 2 minutes
  station-sim run --config county --speed 1 --start now        real time
  station-sim run --config county --faults silence,late        only these faults
"""

_REPLAY_HELP = """\
Sends a readings archive (Parquet or CSV: station,observed_at,variable,value)
as if its stations were sending now, on {prefix}/replay/{kind}/{station}/obs.

  station-sim replay readings.parquet --speed 600 --after 2h
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s", stream=sys.stderr)
    try:
        code: int = options.command(options)
    except (SimulatorError, ArchiveError) as error:
        _tell(f"station-sim: {error}")
        return _EXIT_WRONG
    return code


def _parser() -> argparse.ArgumentParser:
    parser = _described(argparse.ArgumentParser, prog="station-sim", description=_MAIN_HELP)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str, summary: str, text: str, run: Callable[[argparse.Namespace], int]
    ) -> argparse.ArgumentParser:
        added = _described(commands.add_parser, name=name, help=summary, description=text)
        added.set_defaults(command=run)
        added.add_argument("--json", action="store_true", help="print the summary as JSON")
        return added

    _add_county_options(command("county", "build a county's CONFIG_DIR", _COUNTY_HELP, _county))
    _add_run_options(command("run", "send a storm over a county", _RUN_HELP, _run))
    _add_replay_options(command("replay", "send a readings archive again", _REPLAY_HELP, _replay))
    people = command("people", "receive notifications and answer", PEOPLE_HELP, _people)
    add_people_options(people, _duration_s, _add_broker_options)
    load = command("load", "send a whole network's readings at a rate", LOAD_HELP, _load)
    add_load_options(load, _duration_s, _add_broker_options)
    storm = command("storm", "write the weather: truth, radar, forecast, pictures", STORM_HELP, _storm)
    _add_storm_time_options(storm)
    add_storm_options(storm)
    add_calibrate_options(
        command("calibrate", "compare the climate with a real network", CALIBRATE_HELP, _calibrate)
    )
    return parser


def _described(make: Callable[..., argparse.ArgumentParser], **settings: str) -> argparse.ArgumentParser:
    name = settings.pop("name", None)
    names = [name] if name else []
    return make(*names, formatter_class=argparse.RawDescriptionHelpFormatter, **settings)


def _add_county_options(parser: argparse.ArgumentParser) -> None:
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
    parser.add_argument("--prefix", help=f"topics.prefix in warnstream.yaml; default {DEFAULT_PREFIX}")


def _add_broker_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("broker")
    group.add_argument("--host", default="127.0.0.1", help="default 127.0.0.1")
    group.add_argument("--port", type=int, default=18830, help="default 18830, the demo's embedded broker")
    group.add_argument("--username")
    group.add_argument("--password-file", type=Path, metavar="FILE", help="its first line is the password")
    group.add_argument("--tls-ca", type=Path, metavar="FILE", help="CA certificates; switches TLS on")
    group.add_argument("--tls-certificate", type=Path, metavar="FILE", help="our own certificate")
    group.add_argument("--tls-key", type=Path, metavar="FILE", help="its key")
    group.add_argument(
        "--prefix", default=DEFAULT_PREFIX, help=f"first part of all topics, default {DEFAULT_PREFIX}"
    )


def _add_speed_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--speed",
        type=not_negative,
        default=240.0,
        metavar="X",
        help="simulated seconds per second: 1 real time, 0 as fast as the broker takes it; default 240",
    )


def _add_resend_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--resend",
        type=_duration_s,
        default=0,
        metavar="DURATION",
        help="after a reconnect send again what was published so long before: a broker that was killed "
        "may have lost it; default 0, only what was not acknowledged",
    )


def _add_run_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, required=True, metavar="CONFIG_DIR", help="county to simulate")
    _add_storm_time_options(parser)
    _add_speed_option(parser)
    _add_resend_option(parser)
    kinds = ", ".join(FaultKind)
    parser.add_argument(
        "--faults",
        type=_fault_mix,
        default=MILD_FAULTS,
        metavar="MIX",
        help=f"mild (default), harsh, none, or some of: {kinds}",
    )
    parser.add_argument(
        "--truth", type=Path, metavar="DIR", help="for truth.csv and faults.csv; default CONFIG_DIR/truth"
    )
    add_speaker_options(parser, sends=True)
    parser.add_argument(
        "--people", action="store_true", help="also play people with devices, as `station-sim people`"
    )
    add_post_options(parser)
    _add_broker_options(parser)


def _add_storm_time_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=int, default=1, help="of storm, response and faults; default 1")
    add_kind_options(parser)
    parser.add_argument(
        "--start",
        type=_start_s,
        default=DEFAULT_START_S,
        metavar="TIME",
        help=f"simulated start, ISO 8601 with zone, or now; default {iso_utc(DEFAULT_START_S)}",
    )


def _add_replay_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("readings", type=Path, metavar="READINGS", help="Parquet, CSV or .csv.gz")
    _add_speed_option(parser)
    _add_resend_option(parser)
    parser.add_argument(
        "--after",
        type=_duration_s,
        default=0,
        metavar="DURATION",
        help="let the clock go on after the last reading, e.g. 2h; default 0",
    )
    _add_broker_options(parser)


def _duration_s(text: str) -> int:
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise argparse.ArgumentTypeError(f"expected a duration such as 90s, 30min, 2h or 1d, got {text!r}")
    return int(match[1]) * _UNIT_S[match[2]]


def _start_s(text: str) -> int:
    if text == "now":
        return int(time.time()) // MINUTE_S * MINUTE_S
    try:
        return parse_iso(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _fault_mix(text: str) -> FaultMix:
    if text == "mild":
        return MILD_FAULTS
    if text == "harsh":
        return HARSH_FAULTS
    if text == "none":
        return NO_FAULTS
    try:
        return HARSH_FAULTS.only(FaultKind(word.strip()) for word in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{error}: expected mild, harsh, none or some of {', '.join(FaultKind)}"
        ) from error


def _broker_address(options: argparse.Namespace) -> BrokerAddress:
    password = None
    if options.password_file is not None:
        try:
            password = options.password_file.read_text(encoding="utf-8").splitlines()[0]
        except (OSError, IndexError) as error:
            raise SimulatorError(
                f"{options.password_file}: expected a password in its first line ({error})"
            ) from error
    return BrokerAddress(
        options.host,
        options.port,
        options.username,
        password,
        options.tls_ca,
        options.tls_certificate,
        options.tls_key,
    )


@contextmanager
def _stop_on_signals() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set; a second Ctrl-C interrupts at once."""
    stop = threading.Event()

    def on_signal(number: int, frame: object) -> None:
        del frame
        stop.set()
        signal.signal(number, signal.default_int_handler)

    previous = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _print_summary(options: argparse.Namespace, summary: dict[str, object]) -> None:
    if options.json:
        _say(json.dumps(summary, ensure_ascii=False))
        return
    for name, value in summary.items():
        if isinstance(value, dict):
            _say(f"{name.replace('_', ' ')}: " + (", ".join(f"{k} {v}" for k, v in value.items()) or "none"))
        else:
            _say(f"{name.replace('_', ' ')}: {value}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _tell(line: str) -> None:
    sys.stderr.write(line + "\n")


def _published(summary: PublishSummary) -> dict[str, object]:
    return {
        "messages": summary.messages,
        "readings": summary.readings,
        "beacons": summary.beacons,
        "reconnects": summary.reconnects,
        "seconds": round(summary.wall_s, 1),
        "finished": summary.finished,
    }


def _county(options: argparse.Namespace) -> int:
    plan = CountyPlan(
        n_stations=options.stations,
        n_villages=options.villages,
        n_gauges=options.gauges,
        households_per_village=options.households_per_village,
        grid_m=options.grid_km * 1000,
        village_polygons=options.village_polygons,
        counties_file=options.counties,
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
    )
    if options.format != FLAT:
        prefix = options.prefix or DEFAULT_PREFIX
        write_decoders(options.out, options.format, county.stations, prefix, options.sl651_port)
    if county.ground is not None:
        write_ground_hazards(options.out, county.ground, county.villages.code)
    n_gauges = sum("stage" in words for words in county.stations.variables)
    summary: dict[str, object] = {
        "directory": str(options.out),
        "rain_stations": sum(bool({"rain", "rain_total"} & {*words}) for words in county.stations.variables),
        "stage_gauges": n_gauges,
        "villages": len(county.villages),
        "townships": len(set(county.villages.township)),
        "households": len(county.villages) * county.households_per_village,
    }
    _print_summary(options, summary)
    return 0


def _run(options: argparse.Namespace) -> int:
    county = read_county(options.config)
    scenario = Scenario(
        options.seed,
        county,
        hours_of(options),
        options.start,
        options.faults,
        options.prefix,
        options.kind,
    )
    scenario.write_truth(options.truth or options.config / "truth")
    address = _broker_address(options)
    messages = spoken(
        scenario.messages(),
        county.stations,
        options.seed,
        options.format,
        gateway_batch=options.gateway_batch,
        dials_in=options.sl651_port is not None,
    )
    transport: Transport = BrokerTransport(address, resend_s=options.resend)
    if options.sl651_port is not None:
        transport = DialInTransport(transport, options.host, options.sl651_port)
    publisher = Publisher(messages, transport, options.speed)
    habits = AnswerHabits(options.seed, speed=options.speed, **post_habits(options))
    with ExitStack() as stack:
        stop = stack.enter_context(_stop_on_signals())
        people = None
        if options.people:
            people = People(BrokerDevices(address, options.prefix), habits, options.prefix)
            people.start()
            stack.callback(people.stop)
        view = stack.enter_context(ProgressView("storm", scenario.start_s, scenario.end_s))
        published = publisher.run(stop, view.show)
    summary = _published(published)
    # A run that was stopped tells of what had begun by then.
    until_s = published.clock_s or scenario.start_s
    faults = Counter(record.kind.value for record in scenario.faults if record.begins_s <= until_s)
    truth = Counter(event.kind for event in scenario.truth if event.time_s <= until_s)
    summary["faults"], summary["truth"] = dict(faults), dict(truth)
    if people is not None:
        summary["people"] = asdict(people.counts())
    _print_summary(options, summary)
    return 0 if published.finished else _EXIT_STOPPED


def _replay(options: argparse.Namespace) -> int:
    archive = read_archive(options.readings)
    replay = Replay(archive, options.prefix, options.after)
    transport = BrokerTransport(_broker_address(options), resend_s=options.resend)
    publisher = Publisher(replay.messages(), transport, options.speed)
    with _stop_on_signals() as stop, ProgressView("replay", replay.first_s, replay.end_s) as view:
        published = publisher.run(stop, view.show)
    summary = _published(published)
    summary["values"] = len(archive)
    summary["missing_values"] = archive.n_missing
    _print_summary(options, summary)
    return 0 if published.finished else _EXIT_STOPPED


def _people(options: argparse.Namespace) -> int:
    with _stop_on_signals() as stop:
        summary = play_people(options, _broker_address(options), stop, _tell)
    _print_summary(options, summary)
    return 0


def _storm(options: argparse.Namespace) -> int:
    _print_summary(options, run_storm(options))
    return 0


def _load(options: argparse.Namespace) -> int:
    if options.write_config is not None:
        _print_summary(options, write_config(options))
        return 0
    told, summary = run_load(options, _broker_address(options), _tell)
    _print_summary(options, told)
    return 0 if summary.is_complete else _EXIT_SHORT


def _calibrate(options: argparse.Namespace) -> int:
    summary, code = run_calibrate(options)
    _print_summary(options, summary)
    return code


if __name__ == "__main__":
    sys.exit(main())
