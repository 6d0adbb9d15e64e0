"""``station-sim people``: its options, and households and duty posts that receive and answer."""

import argparse
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TypedDict

from station_sim.county.files import read_posts, read_teams
from station_sim.mqtt_client import BrokerAddress
from station_sim.people.answers import AnswerHabits
from station_sim.people.devices import BrokerDevices, People
from station_sim.people.sms_gateway import GatewayManners, SmsGateway

PEOPLE_HELP = """\
Receives the notifications of all devices ({prefix}/device/+), shows each key
once and answers on the answer topic; some phones are off, some posts empty.
With --sms-port it is also the SMS gateway. Runs until Ctrl-C or --for.

  station-sim people --speed 240
  station-sim people --sms-port 18081 --answers-url http://127.0.0.1:18080/api/v1/answers
"""


class PostHabits(TypedDict):
    """What `AnswerHabits` takes about posts."""

    absent_share: float | None
    wrong_post_share: float
    posts: frozenset[str] | None


def not_negative(text: str) -> float:
    """A number from 0 on, of an option."""
    value = float(text)
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"expected 0 or more, got {text}")
    return value


def share(text: str) -> float:
    """A share of at least 0 and below 1, of an option."""
    value = float(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"expected a share of at least 0 and below 1, got {text}")
    return value


def add_post_options(parser: argparse.ArgumentParser) -> None:
    """``--posts-absent`` and ``--posts-wrong-numbers``."""
    parser.add_argument(
        "--posts-absent",
        type=share,
        metavar="SHARE",
        help="duty posts where nobody is; default: the share of phones that are off",
    )
    parser.add_argument(
        "--posts-wrong-numbers",
        type=share,
        default=0.0,
        metavar="SHARE",
        help="duty posts that cannot be reached where chain.csv says, default 0",
    )


def post_habits(options: argparse.Namespace, *, needs_chain: bool = False) -> PostHabits:
    """What the options say of duty posts, with the codes of the folder's chain.csv.

    Without a folder, and in one without that file unless it is needed, posts are as simulated.

    Raises
    ------
    CountyFileError
        If chain.csv cannot be used, or is needed and missing.
    """
    chain = None if options.config is None else options.config / "chain.csv"
    posts = read_posts(chain) if chain is not None and (needs_chain or chain.exists()) else None
    teams = None if options.config is None else options.config / "teams.csv"
    if posts is not None and teams is not None and teams.exists():
        posts |= read_teams(teams)
    return PostHabits(
        absent_share=options.posts_absent, wrong_post_share=options.posts_wrong_numbers, posts=posts
    )


def add_people_options(
    parser: argparse.ArgumentParser,
    duration_s: Callable[[str], int],
    add_broker_options: Callable[[argparse.ArgumentParser], None],
) -> None:
    """Options of ``station-sim people``."""
    parser.add_argument("--seed", type=int, default=1, help="default 1")
    parser.add_argument(
        "--off-share", type=share, default=0.2, metavar="SHARE", help="phones that are off, default 0.2"
    )
    parser.add_argument(
        "--delay", type=duration_s, default=180, metavar="DURATION", help="mean time to answer, default 3min"
    )
    parser.add_argument(
        "--speed", type=not_negative, default=1.0, metavar="X", help="divides the delays, default 1"
    )
    parser.add_argument("--sms-port", type=int, metavar="PORT", help="also be the SMS gateway on this port")
    parser.add_argument(
        "--sms-failure-rate",
        type=share,
        default=0.0,
        metavar="SHARE",
        help="requests that get 503, default 0",
    )
    parser.add_argument(
        "--sms-rate", type=float, metavar="R", help="requests a second that the gateway takes"
    )
    parser.add_argument("--sms-loss", type=share, default=0.0, metavar="SHARE", help="taken, never shown")
    parser.add_argument(
        "--sms-delay",
        type=duration_s,
        default=0,
        metavar="DURATION",
        help="mean time until shown, default 0",
    )
    parser.add_argument(
        "--wrong-numbers",
        type=share,
        default=0.0,
        metavar="SHARE",
        help="numbers of households that nobody has, default 0",
    )
    parser.add_argument(
        "--config",
        type=Path,
        metavar="CONFIG_DIR",
        help="whose chain.csv names the posts; default: as simulated",
    )
    add_post_options(parser)
    parser.add_argument(
        "--voice", action="store_true", help="the gateway calls; one in four does not pick up"
    )
    parser.add_argument("--receipts-url", metavar="URL", help="where receipts are posted")
    parser.add_argument("--answers-url", metavar="URL", help="where SMS answers are posted")
    parser.add_argument(
        "--for", type=duration_s, dest="for_s", metavar="DURATION", help="stop after this real time"
    )
    add_broker_options(parser)


def play_people(
    options: argparse.Namespace, address: BrokerAddress, stop: threading.Event, tell: Callable[[str], None]
) -> dict[str, object]:
    """Be the people until `stop` or ``--for``; what happened.

    Raises
    ------
    SimulatorError
        If the broker cannot be reached, the port is taken, or chain.csv cannot be used.
    """
    posts = post_habits(options, needs_chain=True)
    habits = AnswerHabits(options.seed, options.off_share, options.delay, options.speed, **posts)
    people = People(BrokerDevices(address, options.prefix), habits, options.prefix)
    summary: dict[str, object] = {}
    with ExitStack() as stack:
        gateway = None
        if options.sms_port is not None:
            gateway = SmsGateway(
                habits,
                options.sms_port,
                answers_url=options.answers_url,
                manners=_manners(options),
                receipts_url=options.receipts_url,
            )
            stack.callback(gateway.stop)
            gateway.start()
        people.start()
        stack.callback(people.stop)
        tell("people are listening; Ctrl-C ends")
        stop.wait(options.for_s)
        summary["devices"] = asdict(people.counts())
        if gateway is not None:
            summary["sms"] = asdict(gateway.counts())
    return summary


def _manners(options: argparse.Namespace) -> GatewayManners:
    return GatewayManners(
        options.sms_failure_rate,
        options.sms_rate,
        options.sms_delay,
        options.sms_loss,
        options.wrong_numbers,
        options.voice,
    )
