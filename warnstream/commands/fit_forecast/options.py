"""What ``warnstream fit-forecast`` takes on its command line."""

import argparse
from pathlib import Path


def add_fit_forecast(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    fit = commands.add_parser(
        "fit-forecast",
        help="fit probabilities of the rain to come on an archive of the county's own gauges",
        description=(
            "Fits how probable an amount of rain is within 15 minutes to 3 hours, from gauges of CONFIG_DIR "
            "and ARCHIVE, by years of rain that they have measured. Leaves whole storms out in turn, "
            "calibrates on them, and prints what was said of them against what came. Writes a table that "
            "`forecast.table` in warnstream.yaml names. Nothing else is changed. "
            "Exit status: 0, or 1 where the archive is too small or a file is wrong."
        ),
        epilog="Example: warnstream fit-forecast county rain-2015-2024.parquet --out county/forecast.csv",
    )
    fit.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    fit.add_argument(
        "archives",
        type=Path,
        nargs="+",
        metavar="ARCHIVE",
        help="readings as for `warnstream replay`: `rain`, the amount of intervals up to 15 minutes",
    )
    fit.add_argument("--out", type=Path, required=True, metavar="FILE", help="the table, a CSV file")
    fit.add_argument(
        "--name",
        default="",
        metavar="TEXT",
        help="what the record is called in messages (default: its files)",
    )
    fit.add_argument(
        "--folds",
        type=int,
        default=5,
        metavar="N",
        help="storms are left out in so many parts (default 5; 0: none, and the table is not calibrated)",
    )
