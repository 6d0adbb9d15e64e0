"""The command line of `warnstream duty`."""

import argparse
import json
from pathlib import Path
from typing import Any

Commands = Any
"""What argparse gives for subcommands; it has no public name."""


def add_duty(commands: Commands) -> None:
    """Declare it."""
    duty = commands.add_parser(
        "duty",
        help="what proves that each post does its duty: called, answered, reported, spot checks (CSV)",
        description="Counts by post since the node's beginning, as CSV; read only. See docs/desk.md.",
    )
    duty.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    duty.add_argument("post", nargs="?", default="", metavar="POST", help="default: all")
    duty.add_argument("--villages", action="store_true", help="villages with their last drill instead")
    duty.add_argument("--tests", action="store_true", help="ways with their last weekly test call instead")
    duty.add_argument("--json", action="store_true", help="a JSON list instead of CSV")


def run_duty(options: argparse.Namespace) -> int:
    """Do what the command line says."""
    from warnstream.commands.duty.sheet import as_csv, post_rows, rows_of_tests, village_rows
    from warnstream.config.load import load_configuration

    configuration = load_configuration(options.directory)
    if options.tests:
        rows = rows_of_tests(configuration, options.post)
    else:
        rows = village_rows(configuration) if options.villages else post_rows(configuration, options.post)
    print(json.dumps(rows, ensure_ascii=False) if options.json else as_csv(rows), end="")  # noqa: T201
    return 0
