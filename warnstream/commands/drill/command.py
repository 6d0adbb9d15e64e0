"""The command line of `warnstream drill`."""

import argparse
from pathlib import Path
from typing import Any

from warnstream.model.errors import WarnstreamError
from warnstream.model.level import LEVELS

Commands = Any
"""What argparse gives for subcommands; it has no public name."""


def add_drill(commands: Commands) -> None:
    """Declare it."""
    drill = commands.add_parser(
        "drill",
        help="a drill in some villages, beside real warnings: start, stop, show, score",
        description=(
            "A drill is a desk of its own: only simulated changes enter it, everything it says bears the "
            "exercise mark, and something real ends it in its village. See docs/drills.md."
        ),
    )
    acts = drill.add_subparsers(required=True, metavar="ACT", dest="act")
    _add_start(acts)
    stop = _with_directory(acts.add_parser("stop", help="end a drill everywhere, in words"))
    stop.add_argument("--drill", default="", metavar="DRILL", help="its name, or all, where several are on")
    _add_person(stop)
    show = _with_directory(acts.add_parser("show", help="drills, and how those stand that are on"))
    show.add_argument("--json", action="store_true", help="one JSON object")
    score = _with_directory(acts.add_parser("score", help="who answered, after how long"))
    score.add_argument("drill", nargs="?", default="", metavar="DRILL", help="default: the newest")
    score.add_argument("--json", action="store_true", help="one JSON object, as scores.json")


def _with_directory(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    return parser


def _add_start(acts: Commands) -> None:
    start = _with_directory(acts.add_parser("start", help="begin a drill"))
    start.add_argument("villages", nargs="*", metavar="VILLAGE", help="codes")
    start.add_argument("--township", action="append", default=[], metavar="NAME", help="all of its villages")
    start.add_argument("--hazard", default="", metavar="HAZARD", help="a simple rise: of this hazard")
    start.add_argument(
        "--level", default="", choices=["", *(level.word for level in LEVELS if level)], help="to this level"
    )
    start.add_argument("--script", type=Path, metavar="FILE", help="YAML with simulated changes instead")
    start.add_argument("--for", dest="lasts", default="", metavar="TIME", help="when it ends: 90min")
    start.add_argument("--announced", action="store_true", help="posts are told first that there will be one")
    _add_person(start)


def _add_person(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--author", required=True, metavar="PERSON", help="of operators.csv")
    parser.add_argument("--reason", required=True, metavar="TEXT", help="why, at most 200 characters")


def run_drill(options: argparse.Namespace) -> int:
    """Do what the command line says."""
    from warnstream.commands.drill.acts import score, show, start, stop
    from warnstream.config.load import load_configuration
    from warnstream.model.hands.requests import DrillRequest, OrderFaultsError

    configuration = load_configuration(options.directory)
    try:
        if options.act == "start":
            asked = DrillRequest(
                act=options.act,
                author=options.author,
                reason=options.reason,
                villages=options.villages,
                townships=options.township,
                hazard=options.hazard,
                level=options.level,
                lasts=options.lasts,
                announced=options.announced,
            )
            text = start(configuration, asked, options.script)
        elif options.act == "stop":
            asked = DrillRequest(
                act=options.act, author=options.author, reason=options.reason, drill=options.drill
            )
            text = stop(configuration, asked)
        elif options.act == "show":
            text = show(configuration, as_json=options.json)
        else:
            text = score(configuration, options.drill, as_json=options.json)
    except OrderFaultsError as error:
        lines = [f"refused, nothing has changed: {len(error.faults)} fault(s)"]
        raise WarnstreamError("\n".join([*lines, *(f"  {fault}" for fault in error.faults)])) from None
    print(text)  # noqa: T201  # what the command says
    return 0
