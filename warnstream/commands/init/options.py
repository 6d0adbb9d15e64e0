"""What ``warnstream init`` takes on its command line."""

import argparse
from pathlib import Path


def add_init(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    init = commands.add_parser(
        "init",
        help="a folder to begin with, from tables of stations, villages and households",
        description=(
            "Reads CSV, GeoJSON and spreadsheets (.xlsx, .ods and others, with the extra `sheets`), says "
            "which sheet it takes for which table and which column for what, and writes a commented "
            "CONFIG_DIR with tests that passes `warnstream check`. Codes that a spreadsheet made "
            "numbers of are mended where no digit is lost; units are asked for, not guessed; every fault is "
            "named by sheet, row and column, all at once, and then nothing is written. Without --out it "
            "shows what it would take."
        ),
        epilog=(
            "Example: warnstream init county.xlsx --out county --unit stations.interval_s=min "
            "--set stations.county=松阳县 --map villages.name=行政村名"
        ),
    )
    init.add_argument("files", type=Path, nargs="+", metavar="FILE")
    init.add_argument("--out", type=Path, metavar="DIR", help="folder to be made; must not be there")
    init.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="TABLE.COLUMN=HEADER",
        help="take a column from that header (tables: stations, villages, households, posts)",
    )
    init.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="TABLE.COLUMN=VALUE",
        help="the same value for all rows, where no sheet has the column",
    )
    init.add_argument(
        "--unit", action="append", default=[], metavar="TABLE.COLUMN=UNIT", help="s, min or h; m or ft"
    )
    init.add_argument("--name", metavar="NAME", help="of the node (default: that of --out)")
    init.add_argument(
        "--utc-offset", default="+08:00", metavar="OFFSET", help="of the local clock (default +08:00)"
    )
