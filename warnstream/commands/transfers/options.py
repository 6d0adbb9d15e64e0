"""The subcommands ``warnstream transfers`` and ``warnstream mark``."""

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from warnstream.model.errors import WarnstreamError
from warnstream.model.hands.requests import OrderFaultsError
from warnstream.model.transfers.marks import MarkWord

Commands = Any
"""What argparse gives for subcommands; it has no public name."""


def add_transfer_commands(commands: Commands) -> None:
    """Declare them."""
    transfers = commands.add_parser(
        "transfers",
        help="who is still to go: transfer lists and the five counters",
        description="Open transfer lists with their hours, heads by number and people by name; of LIST its "
        "rows, open ones first. Read only, the node may be running.",
    )
    transfers.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    transfers.add_argument("list", nargs="?", metavar="LIST", help="one list, with its rows")
    transfers.add_argument("--json", action="store_true", help="one JSON object instead of text")
    mark = commands.add_parser(
        "mark",
        help="say of rows of a transfer list who is moving, safe, or refuses",
        description="safe: you have seen them safe, or the place empty; back: they are there again.",
    )
    mark.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    mark.add_argument("word", choices=[str(word) for word in MarkWord])
    mark.add_argument("rows", nargs="+", metavar="ROW", help="codes of households and objects")
    mark.add_argument("--author", required=True, metavar="PERSON", help="of operators.csv")
    mark.add_argument("--note", default="", metavar="TEXT", help="what is to be remembered")


def _transfers(options: argparse.Namespace) -> int:
    from warnstream.commands.transfers.command import lines, transfers
    from warnstream.config.load import load_configuration

    configuration = load_configuration(options.directory)
    record = transfers(configuration, options.list)
    text = "\n".join(lines(record, configuration.message.time_zone))
    print(json.dumps(record, ensure_ascii=False) if options.json else text)
    return 0


def _mark(options: argparse.Namespace) -> int:
    from warnstream.commands.orders import hand_over
    from warnstream.config.load import load_configuration
    from warnstream.runners.transfers.marking import mark_of

    configuration = load_configuration(options.directory)
    try:
        mark = mark_of(configuration, options.rows, options.word, options.author, options.note)
        print(f"{options.word} of {len(mark.rows)} rows: {hand_over(configuration, mark)}")
    except OrderFaultsError as error:
        faults = "\n".join(f"  {fault}" for fault in error.faults)
        raise WarnstreamError(
            f"refused, nothing has changed: {len(error.faults)} fault(s)\n{faults}"
        ) from None
    return 0


RUN: Mapping[str, Callable[[argparse.Namespace], int]] = {"transfers": _transfers, "mark": _mark}
"""By the name of the subcommand."""
