"""What ``warnstream diff`` takes."""

import argparse
from pathlib import Path


def add_diff(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command line of ``warnstream diff``."""
    diff = commands.add_parser(
        "diff",
        help="what a change of configuration means",
        description=(
            "Compares two configurations by what they mean (thresholds, stations, villages, people, keys), "
            "and by file. Each is a folder, the number of a bundle that a node has kept, or `live`: what the "
            "node runs with. Addresses of people and values of channels.yaml are compared and not shown."
        ),
        epilog="Example: warnstream diff live county",
    )
    for place in ("A", "B"):
        diff.add_argument(place.lower(), metavar=place, help="a folder, a bundle's number, or live")
    diff.add_argument(
        "--storage",
        type=Path,
        metavar="DIRECTORY",
        help="storage directory that numbers and live mean (default: that of the folder given)",
    )
    diff.add_argument("--json", action="store_true", help="one JSON object instead of text")
