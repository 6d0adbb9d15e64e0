"""Options that several commands of ``station-sim`` share: the broker, durations, a storm's time; stopping."""

import argparse
import re
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from station_sim.commands.weather import add_kind_options
from station_sim.errors import SimulatorError
from station_sim.message import DEFAULT_PREFIX
from station_sim.mqtt_client import BrokerAddress
from station_sim.sending.scenario import DEFAULT_START_S
from warnstream.model.times import MINUTE_S, iso_utc, parse_iso

_DURATION = re.compile(r"(\d+)(s|min|h|d)?")
_UNIT_S = {"s": 1, "min": 60, "h": 3600, "d": 86_400, None: 1}


def duration_s(text: str) -> int:
    """Seconds of ``90s``, ``30min``, ``2h`` or ``1d``, of an option."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise argparse.ArgumentTypeError(f"expected a duration such as 90s, 30min, 2h or 1d, got {text!r}")
    return int(match[1]) * _UNIT_S[match[2]]


def start_s(text: str) -> int:
    """Seconds since 1970 of an ISO 8601 time, or of the present minute, of an option."""
    if text == "now":
        return int(time.time()) // MINUTE_S * MINUTE_S
    try:
        return parse_iso(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def add_broker_options(parser: argparse.ArgumentParser) -> None:
    """How the broker is reached."""
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


def add_storm_time_options(parser: argparse.ArgumentParser) -> None:
    """Seed, kind, length and start of a storm."""
    parser.add_argument("--seed", type=int, default=1, help="of storm, response and faults; default 1")
    add_kind_options(parser)
    parser.add_argument(
        "--start",
        type=start_s,
        default=DEFAULT_START_S,
        metavar="TIME",
        help=f"simulated start, ISO 8601 with zone, or now; default {iso_utc(DEFAULT_START_S)}",
    )


def broker_address(options: argparse.Namespace) -> BrokerAddress:
    """What `add_broker_options` asked for.

    Raises
    ------
    SimulatorError
        If the password file has no password.
    """
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
def stop_on_signals() -> Iterator[threading.Event]:
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
