"""What ``warnstream sheet`` takes on its command line."""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

KINDS = (
    "control",
    "notices",
    "supervision",
    "network",
    "season",
    "tonight",
    "mended",
    "monthly",
    "quarterly",
    "advice",
    "points",
)

Commands = Any
"""What argparse gives for subcommands; it has no public name."""


def add_sheet(commands: Commands) -> None:
    """Declare it."""
    parser = commands.add_parser(
        "sheet",
        help="sheets that an office writes by hand, from registers and archives",
        description=(
            "Writes one sheet as a page to print and as tables: control (管控一张表), notices "
            "(告知函) and supervision (督办单) from risks.csv; network (how gauges cover the county); season "
            "(what villages lack before the season); tonight (who may sleep elsewhere); mended (three "
            "dates a village after an event); monthly and quarterly (研判一张单: rain, warnings, silent and "
            "doubted gauges, false alarms, open risks, drills); advice (风险提示单: per township rain, "
            "villages by risk, what to do, posts, by what the node has kept); points (where water gathers, "
            "from points.csv). See docs/sheets.md."
        ),
        epilog=(
            "Examples: warnstream sheet control county --out sheets --author 张三 --pdf; warnstream sheet "
            "monthly county --period 2026-06 --archive june.parquet --events events.csv --out sheets --xlsx"
        ),
    )
    parser.add_argument("kind", choices=KINDS, metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="made where it is missing")
    parser.add_argument(
        "--risks", type=Path, metavar="FILE", help="the list of risks (default: CONFIG_DIR/risks.csv)"
    )
    parser.add_argument(
        "--points", type=Path, metavar="FILE", help="points of waterlogging (default: CONFIG_DIR/points.csv)"
    )
    parser.add_argument(
        "--villages", metavar="CODES", help="of mended: codes of the villages hit, with commas between"
    )
    parser.add_argument("--author", metavar="NAME", help="who makes the sheet (default: your user name)")
    parser.add_argument(
        "--date",
        metavar="DAY",
        help="as of that day, such as 2026-07-01 (default: today); of mended: when the event ended",
    )
    parser.add_argument(
        "--period",
        metavar="PERIOD",
        help="of monthly: 2026-06, of quarterly: 2026-Q2 (default: the last one that is over)",
    )
    parser.add_argument(
        "--archive",
        type=Path,
        nargs="+",
        metavar="PATH",
        help="of monthly and quarterly: archives of readings, loggers' files, saved cases, storage "
        "directories (default: the node's own journal)",
    )
    parser.add_argument(
        "--warnings",
        type=Path,
        metavar="FILE",
        help="of monthly and quarterly: a warnings.jsonl (default: the node's own outbox)",
    )
    parser.add_argument(
        "--events",
        type=Path,
        metavar="FILE",
        help="of monthly and quarterly: what happened, as for `warnstream replay`",
    )
    parser.add_argument("--township", metavar="NAME", help="of monthly, quarterly and advice: that one alone")
    parser.add_argument("--language", choices=("zh", "en"), default="zh", help="(default: zh)")
    parser.add_argument("--xlsx", action="store_true", help="a workbook as well (extra [office])")
    parser.add_argument("--pdf", action="store_true", help="PDF as well (extra [report])")


def _sheet(options: argparse.Namespace) -> int:
    from warnstream.commands.sheets.command import (
        run_sheet,  # templates and sheets: not for every other command
    )

    return run_sheet(options)


RUN: Mapping[str, Callable[[argparse.Namespace], int]] = {"sheet": _sheet}
