"""What ``warnstream import`` takes on its command line."""

import argparse
from pathlib import Path


def add_import(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    importing = commands.add_parser(
        "import",
        help="one table of an office into a folder that is there: added, changed, removed by code",
        description=(
            "Reads a table of stations, villages, households or posts as `warnstream init` does and lays it "
            "beside the folder's own, row by row by code. Columns that the file does not have stay as they "
            "are. Shows what is added, changed and missing; with --write it is written, once the whole "
            "folder passes. Rows that the file does not have stay, unless --remove. A node that runs is not "
            "touched."
        ),
        epilog="Example: warnstream import county households.xlsx --set households.channel=sms --write",
    )
    importing.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    importing.add_argument("files", type=Path, nargs="+", metavar="FILE")
    importing.add_argument(
        "--table",
        choices=("stations", "villages", "households", "posts"),
        help="which of the file's tables (default: the only one)",
    )
    for option, metavar, text in (
        ("--map", "TABLE.COLUMN=HEADER", "take a column from that header"),
        ("--set", "TABLE.COLUMN=VALUE", "the same value for all rows, where no sheet has the column"),
        ("--unit", "TABLE.COLUMN=UNIT", "s, min or h; m or ft"),
    ):
        importing.add_argument(option, action="append", default=[], metavar=metavar, help=text)
    importing.add_argument("--write", action="store_true", help="write the table; without it nothing is")
    importing.add_argument(
        "--remove", action="store_true", help="with --write: take out rows that the file does not have"
    )
