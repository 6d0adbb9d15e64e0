"""What ``warnstream compare`` takes on its command line."""

import argparse
from pathlib import Path


def add_compare(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    compare = commands.add_parser(
        "compare",
        help="what another configuration would have done over an archive",
        description=(
            "Replays archives of readings under OLD and each NEW and pairs what they did "
            "by episode: a connected stretch in which either stands at or above a level in one "
            "village and hazard. Prints what is the same, added, removed, earlier or later, and whom it "
            "would have told; writes compare.json and compare.html into --out. Nothing is sent. "
            "Exit status: 0, or 3 where a --fail-if holds."
        ),
        epilog=(
            "Example: warnstream compare county county-35mm --archive rain2013.parquet --out result "
            "--fail-if 'added.orange > 20'"
        ),
    )
    compare.add_argument(
        "old", metavar="OLD", help="a folder, a bundle's number, or live; with --case this is a NEW, too"
    )
    compare.add_argument("new", nargs="*", metavar="NEW", help="the same")
    _add_sources(compare)
    compare.add_argument("--events", type=Path, metavar="FILE", help="what happened: also score OLD and NEW")
    compare.add_argument("--out", type=Path, metavar="DIR", help="write compare.json and compare.html there")
    compare.add_argument(
        "--after",
        type=float,
        default=6.0,
        metavar="HOURS",
        help="go on without readings so long (default 6)",
    )
    compare.add_argument(
        "--night", default="22-06", metavar="HH-HH", help="local hours that count as night (default 22-06)"
    )
    compare.add_argument(
        "--fail-if",
        action="append",
        default=[],
        metavar="RULE",
        help=(
            "exit with 3 if it holds for any NEW: OUTCOME[.HAZARD].LEVEL, a comparison and a number, such as "
            "'added.orange > 20' or 'removed.flash_flood.red > 0'; may be given several times"
        ),
    )
    compare.add_argument(
        "--jobs",
        type=int,
        default=None,
        metavar="N",
        help="processes (default: one a core)",
    )
    compare.add_argument(
        "--every-minute",
        action="store_true",
        help="judge every minute, those too that are proved to change nothing; the result is the same",
    )
    compare.add_argument("--json", action="store_true", help="print compare.json instead of tables")


def _add_sources(compare: argparse.ArgumentParser) -> None:
    compare.add_argument(
        "--storage",
        type=Path,
        metavar="DIRECTORY",
        help="storage directory that numbers and live mean (default: that of the folder given)",
    )
    compare.add_argument(
        "--archive",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="readings as for `warnstream replay`; one that begins within a day of another goes on with it",
    )
    compare.add_argument(
        "--case",
        type=Path,
        nargs="+",
        default=[],
        metavar="DIR",
        help="instead of an archive: saved cases; OLD is what ran then, one comparison a case",
    )
