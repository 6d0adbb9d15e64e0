"""What ``warnstream review`` takes on its command line."""

import argparse
from pathlib import Path


def add_review(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    review = commands.add_parser(
        "review",
        help="after an event: which link was slow, who was not reached, what silence hid",
        description=(
            "Puts together from a node's journal, outbox, audit and bundles what was crossed, judged, "
            "issued, sent, delivered and answered, by whom and how fast; which gauges were silent or late "
            "and what that hid; and, with a list of events, what was hit, missed, late and false. Reads "
            "only; the node may be running. Writes review.json, review.zh.html, review.en.html into --out."
        ),
        epilog=(
            "Examples: warnstream review county ws.331125001005.flash_flood.20260618T060500Z --out record; "
            "warnstream review county 331125001005 2026-06-18 --out record; warnstream review county "
            "2026-06-18T14:00+08:00/2026-06-18T22:00+08:00 --events events.csv --out record"
        ),
    )
    review.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    review.add_argument(
        "asked",
        nargs="+",
        metavar="WARNING | VILLAGE DAY | BEGIN/END",
        help="name of a warning; a village (code or name) and a day of the local clock; or a stretch of time",
    )
    review.add_argument("--out", type=Path, metavar="DIR", help="write the record there")
    review.add_argument(
        "--journal",
        type=Path,
        metavar="DIR",
        help="storage directory of the node, or a copy (default: its own)",
    )
    review.add_argument(
        "--events", type=Path, metavar="FILE", help="what happened, as for `warnstream replay`"
    )
    review.add_argument(
        "--known-now",
        type=int,
        default=3,
        metavar="N",
        help="look behind the silence at the N worst minutes; each repeats the journal (default 3, 0: none)",
    )
    review.add_argument(
        "--with-names", action="store_true", help="codes of posts, doors and officers, and notes"
    )
    review.add_argument(
        "--pdf", action="store_true", help="both pages as PDF, too (extra `report`, a font for Chinese)"
    )
    review.add_argument(
        "--save-case",
        type=Path,
        metavar="DIR",
        help="also save the event as a case, without names of people: `warnstream compare --case`, "
        "`warnstream test DIR`",
    )
    review.add_argument("--json", action="store_true", help="print review.json instead of tables")
