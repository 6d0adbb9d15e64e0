"""``station-sim run`` and ``station-sim replay``: a storm over a county, or an archive, sent to a broker."""

import argparse
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from station_sim.commands.options import (
    add_broker_options,
    add_storm_time_options,
    broker_address,
    duration_s,
    stop_on_signals,
)
from station_sim.commands.people import add_post_options, not_negative, post_habits
from station_sim.commands.progress import ProgressView
from station_sim.commands.weather import hours_of
from station_sim.county.county import read_county
from station_sim.county.demo_config import clock_of
from station_sim.errors import SimulatorError
from station_sim.mqtt_client import BrokerTransport, Transport
from station_sim.people.answers import AnswerHabits
from station_sim.people.devices import BrokerDevices, People
from station_sim.people.sms_gateway import SmsGateway
from station_sim.sending.live_radar import DEFAULT_DELAY_MIN, LiveRadar
from station_sim.sending.publish import Publisher, PublishSummary
from station_sim.sending.replay import Replay, read_archive
from station_sim.sending.scenario import Scenario
from station_sim.stations.dial_in import DialInTransport
from station_sim.stations.faults import HARSH_FAULTS, MILD_FAULTS, NO_FAULTS, FaultKind, FaultMix
from station_sim.stations.mixed_formats import add_speaker_options, spoken

START_OFF_S_MAX = 600
"""A storm may begin so far from now for a node that goes by the system's clock."""

RUN_HELP = """\
Sends a storm over the stations of CONFIG_DIR (simulated or your own): readings
with faults, and a clock beacon on {prefix}/clock after each simulated minute.
Writes what really happened to truth.csv and what went wrong to faults.csv.

  station-sim run --config county --speed 240                  8 hours in 2 minutes
  station-sim run --config county --speed 1 --start now        real time
  station-sim run --config county --faults silence,late        only these faults
"""

REPLAY_HELP = """\
Sends a readings archive (Parquet or CSV: station,observed_at,variable,value)
as if its stations were sending now, on {prefix}/replay/{kind}/{station}/obs.

  station-sim replay readings.parquet --speed 600 --after 2h
"""


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """Options of ``station-sim run``."""
    parser.add_argument("--config", type=Path, required=True, metavar="CONFIG_DIR", help="county to simulate")
    add_storm_time_options(parser)
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
    parser.add_argument(
        "--radar", action="store_true", help="write radar files to CONFIG_DIR/radar while the storm passes"
    )
    parser.add_argument(
        "--radar-delay",
        type=int,
        default=DEFAULT_DELAY_MIN,
        metavar="MINUTES",
        help=f"from a frame's end to its file, default {DEFAULT_DELAY_MIN}",
    )
    add_speaker_options(parser, sends=True)
    parser.add_argument(
        "--people", action="store_true", help="also play people with devices, as `station-sim people`"
    )
    parser.add_argument("--sms-port", type=int, metavar="PORT", help="also be the SMS gateway on this port")
    parser.add_argument("--answers-url", metavar="URL", help="where SMS answers are posted")
    add_post_options(parser)
    add_broker_options(parser)


def add_replay_options(parser: argparse.ArgumentParser) -> None:
    """Options of ``station-sim replay``."""
    parser.add_argument("readings", type=Path, metavar="READINGS", help="Parquet, CSV or .csv.gz")
    _add_speed_option(parser)
    _add_resend_option(parser)
    parser.add_argument(
        "--after",
        type=duration_s,
        default=0,
        metavar="DURATION",
        help="let the clock go on after the last reading, e.g. 2h; default 0",
    )
    add_broker_options(parser)


def _check_clock(options: argparse.Namespace) -> None:
    """A node that goes by the system's clock refuses readings of any other time: nothing would be judged."""
    is_now = options.speed == 1 and abs(options.start - time.time()) < START_OFF_S_MAX
    if clock_of(options.config) == "system" and not is_now:
        raise SimulatorError(
            f"{options.config}/warnstream.yaml: node.clock is system, so its node refuses readings of "
            "another time: send with --speed 1 --start now, or build the county with --clock simulated"
        )


def run_storm_over(options: argparse.Namespace) -> tuple[dict[str, object], bool]:
    """Send it; what was sent, and whether it was sent to the end."""
    county = read_county(options.config)
    _check_clock(options)
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
    address = broker_address(options)
    messages = spoken(
        scenario.messages(),
        county.stations,
        options.seed,
        options.format,
        gateway_batch=options.gateway_batch,
        dials_in=options.sl651_port is not None,
    )
    if options.radar:
        radar = LiveRadar(scenario, options.config / "radar", delay_min=options.radar_delay)
        messages = radar.beside(messages)
    transport: Transport = BrokerTransport(address, resend_s=options.resend)
    if options.sl651_port is not None:
        transport = DialInTransport(transport, options.host, options.sl651_port)
    publisher = Publisher(messages, transport, options.speed)
    habits = AnswerHabits(options.seed, speed=options.speed, **post_habits(options))
    with ExitStack() as stack:
        stop = stack.enter_context(stop_on_signals())
        people = None
        if options.people:
            people = People(BrokerDevices(address, options.prefix), habits, options.prefix)
            people.start()
            stack.callback(people.stop)
        gateway = None
        if options.sms_port is not None:
            gateway = SmsGateway(habits, options.sms_port, answers_url=options.answers_url)
            stack.callback(gateway.stop)
            gateway.start()
        view = stack.enter_context(ProgressView("storm", scenario.start_s, scenario.end_s))
        published = publisher.run(stop, view.show)
    summary = _published(published)
    # A run that was stopped tells of what had begun by then.
    until_s = published.clock_s or scenario.start_s
    faults = Counter(record.kind.value for record in scenario.faults if record.begins_s <= until_s)
    truth = Counter(event.label for event in scenario.truth if event.time_s <= until_s)
    if options.radar:
        summary["radar_files"] = radar.n_files
    summary["faults"], summary["truth"] = dict(faults), dict(truth)
    if people is not None:
        summary["people"] = asdict(people.counts())
    if gateway is not None:
        summary["sms"] = asdict(gateway.counts())
    return summary, published.finished


def run_replay(options: argparse.Namespace) -> tuple[dict[str, object], bool]:
    """Send it again; what was sent, and whether it was sent to the end."""
    archive = read_archive(options.readings)
    replay = Replay(archive, options.prefix, options.after)
    transport = BrokerTransport(broker_address(options), resend_s=options.resend)
    publisher = Publisher(replay.messages(), transport, options.speed)
    with stop_on_signals() as stop, ProgressView("replay", replay.first_s, replay.end_s) as view:
        published = publisher.run(stop, view.show)
    summary = _published(published)
    summary["values"] = len(archive)
    summary["missing_values"] = archive.n_missing
    return summary, published.finished


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
        type=duration_s,
        default=0,
        metavar="DURATION",
        help="after a reconnect send again what was published so long before: a broker that was killed "
        "may have lost it; default 0, only what was not acknowledged",
    )


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


def _published(summary: PublishSummary) -> dict[str, object]:
    return {
        "messages": summary.messages,
        "readings": summary.readings,
        "beacons": summary.beacons,
        "reconnects": summary.reconnects,
        "seconds": round(summary.wall_s, 1),
        "finished": summary.finished,
    }
