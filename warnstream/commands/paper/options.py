"""What ``warnstream print`` takes on its command line."""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Commands = Any
"""What argparse gives for subcommands; it has no public name."""


def add_print(commands: Commands) -> None:
    """Declare it."""
    parser = commands.add_parser(
        "print",
        help="cards and lists on paper, for when the network is gone",
        description=(
            "Writes HTML pages to print: of each village its card with its own values, the voice code card "
            "and the fetch list; the call list of all posts. See docs/paper.md."
        ),
    )
    parser.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="made where it is missing")
    parser.add_argument("--village", action="append", default=[], metavar="CODE", help="only this one")
    parser.add_argument("--township", action="append", default=[], metavar="NAME", help="only its villages")
    parser.add_argument("--language", choices=("zh", "en"), default="zh")
    parser.add_argument("--pdf", action="store_true", help="PDF as well (extra [report])")


def _print(options: argparse.Namespace) -> int:
    from warnstream.commands.paper.command import (
        run_print,  # templates and sheets: not for every other command
    )

    return run_print(options)


RUN: Mapping[str, Callable[[argparse.Namespace], int]] = {"print": _print}
