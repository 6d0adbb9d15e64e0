"""What ``warnstream suggest`` takes on its command line."""

import argparse
from pathlib import Path


def add_suggest(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    suggest = commands.add_parser(
        "suggest",
        help="which threshold would keep a wish such as one alarm a year, and how sure that is",
        description=(
            "Counts the alarms that thresholds of rain over one duration would have raised in archives, "
            "apart by the rule's own fall, and pools them over a region: a value for every village with its "
            "90 % range and the chance to keep the wish, judged on the half of the years that the fit did "
            "not see. Writes suggestion.csv (in the form of thresholds.csv) and suggestion.json into --out. "
            "Nothing is applied."
        ),
        epilog=(
            "Example: warnstream suggest county --hazard flash_flood --level orange --duration 1h "
            "--wish 'alarms <= 1 per year' --archive rain20*.parquet --out suggestion"
        ),
    )
    suggest.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    suggest.add_argument("--hazard", required=True, metavar="NAME", help="a hazard of rain over durations")
    suggest.add_argument("--level", required=True, metavar="LEVEL", help="blue, yellow, orange or red")
    suggest.add_argument(
        "--duration", metavar="TIME", help="such as 1h; needed where the level has values over several"
    )
    suggest.add_argument(
        "--wish", required=True, metavar="WISH", help="'alarms <= NUMBER per year', or per N years"
    )
    suggest.add_argument(
        "--archive", type=Path, nargs="+", required=True, metavar="FILE", help="as for `warnstream replay`"
    )
    suggest.add_argument(
        "--region",
        choices=("county", "township", "all"),
        default="county",
        help="villages that are alike as far as nothing else is known (default county)",
    )
    suggest.add_argument(
        "--events", type=Path, metavar="FILE", help="what happened: which of it the values would have missed"
    )
    suggest.add_argument("--out", type=Path, metavar="DIR", help="write suggestion.csv and .json there")
    suggest.add_argument("--json", action="store_true", help="print suggestion.json instead of tables")
