"""What each subcommand of ``warnstream`` takes on its command line; `warnstream.cli` has what it does."""

import argparse
from functools import cache
from pathlib import Path

from warnstream import __version__
from warnstream.commands.bundles.options import add_approve, add_diff, add_preview, add_reload
from warnstream.commands.common.log_options import add_log_options
from warnstream.commands.compare.options import add_compare
from warnstream.commands.console.options import add_console_commands
from warnstream.commands.doctor.options import add_doctor
from warnstream.commands.drill.command import add_drill
from warnstream.commands.duty.command import add_duty
from warnstream.commands.fit_forecast.options import add_fit_forecast
from warnstream.commands.importing.options import add_import
from warnstream.commands.init.options import add_init
from warnstream.commands.kafka.options import add_kafka_commands
from warnstream.commands.order_options import add_order_commands
from warnstream.commands.paper.options import add_print
from warnstream.commands.review.options import add_review
from warnstream.commands.rule_tests.options import add_test
from warnstream.commands.sheets.options import add_sheet
from warnstream.commands.standby.options import add_box_options, add_takeover, add_witness
from warnstream.commands.suggest.options import add_suggest
from warnstream.commands.transfers.options import add_transfer_commands
from warnstream.model.observations.refusals import RefusalReason

WEATHER_KINDS = ("convective", "line", "typhoon", "plum_rain", "climate")
"""As in the simulator, which only the demo loads."""


@cache
def parser() -> argparse.ArgumentParser:
    """The parser of ``warnstream``; the name of the subcommand is its `command`. Built once."""
    root = argparse.ArgumentParser(
        prog="warnstream",
        description="From rain, river and slope readings to village warnings, delivered and answered.",
        epilog="Documentation: README.md, docs/. The simulator has its own command: station-sim.",
    )
    root.add_argument("--version", action="version", version=f"warnstream {__version__}")
    commands = root.add_subparsers(required=True, metavar="COMMAND", dest="command")
    _add_demo(commands)
    add_init(commands)
    add_import(commands)
    _add_check(commands)
    add_doctor(commands)
    add_test(commands)
    _add_run(commands)
    add_takeover(commands)
    add_witness(commands)
    add_kafka_commands(commands)
    add_console_commands(commands)
    _add_replay(commands)
    add_compare(commands)
    add_fit_forecast(commands)
    add_review(commands)
    add_suggest(commands)
    _add_explain(commands)
    _add_warnings(commands)
    _add_who(commands)
    _add_end(commands)
    _add_clock(commands)
    add_order_commands(commands)
    add_transfer_commands(commands)
    add_drill(commands)
    add_duty(commands)
    add_print(commands)
    add_sheet(commands)
    _add_refused(commands)
    _add_audit(commands)
    add_diff(commands)
    add_preview(commands)
    add_reload(commands)
    add_approve(commands)
    _add_listener_user(commands)
    _add_post_token(commands)
    _add_feed_token(commands)
    return root


def _add_demo(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    demo = commands.add_parser(
        "demo",
        help="a simulated county, a storm, warnings and answers, all in this process",
        description=(
            "Simulates a county of rain stations, lets a storm cross it, and shows how readings become "
            "village warnings that reach households. Needs no server and no configuration. "
            "Ends by itself with a summary."
        ),
        epilog="Example: warnstream demo --seed 7 --hours 6",
    )
    demo.add_argument("--seed", type=int, default=1, help="another seed is another storm (default 1)")
    demo.add_argument("--hours", type=float, default=8.0, help="simulated hours (default 8)")
    demo.add_argument("--speed", type=float, default=320.0, help="simulated per real seconds (default 320)")
    demo.add_argument("--stations", type=int, default=None, help="about so many stations (default: all, 690)")
    demo.add_argument("--villages", type=int, default=None, help="so many villages (default: all, 2855)")
    demo.add_argument("--weather", choices=WEATHER_KINDS, default="convective", help="default convective")
    demo.add_argument("--keep", type=Path, metavar="DIR", help="keep configuration, data and summary there")
    demo.add_argument("--console", action="store_true", help="also start the duty officer's console")
    demo.add_argument("--open", action="store_true", help="--console, signed in, in this machine's browser")
    demo.add_argument("--hold", action="store_true", help="--console; it stays when the storm is over")
    demo.add_argument("--json", action="store_true", help="print the summary as JSON, no live view")


def _add_check(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    check = commands.add_parser(
        "check",
        help="check a configuration directory and say what it means",
        description=(
            "Reads every file of CONFIG_DIR and prints all faults at once as file:line: field: what was "
            "expected (exit 2), or a summary of the network and the rules, and what is right in form but "
            "deserves a look (exit 0)."
        ),
    )
    check.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    check.add_argument("--json", action="store_true", help="faults as JSON lines")
    check.add_argument("--strict", action="store_true", help="what deserves a look is a fault too (exit 2)")
    check.add_argument(
        "--schema", type=Path, metavar="DIR", help="also write the JSON Schemas for editors into DIR"
    )


def _add_run(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    run = commands.add_parser(
        "run",
        help="run a node: take readings, judge, warn, deliver",
        description=(
            "Runs until Ctrl-C or SIGTERM. Readings come from the configured broker; state is kept in "
            "storage.directory, and a restart continues where it stopped."
        ),
        epilog="Watch it by warnstream status CONFIG_DIR, http://HOST:PORT/readyz and /metrics.",
    )
    run.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    add_log_options(run)
    run.add_argument(
        "--no-view",
        action="store_true",
        help="at a terminal: the log alone, without the live picture below it",
    )
    add_box_options(run)


def _add_replay(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    replay = commands.add_parser(
        "replay",
        help="replay an archive of readings: what would have been warned",
        description=(
            "Feeds READINGS (Parquet or CSV: station,observed_at,variable,value) through the engine in "
            "event time and writes warnings.jsonl, bulletins.jsonl, digests.jsonl, ledger.parquet, "
            "levels.parquet and summary.json into --out. With "
            "--events (event,time,latitude,longitude,kind) it also scores POD, FAR, CSI, bias and lead times."
            " With --journal the readings are what a node was sent: DIR is its storage directory or a copy."
        ),
        epilog="Example: warnstream replay county --journal county/data --out tuesday",
    )
    replay.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    source = replay.add_mutually_exclusive_group(required=True)
    source.add_argument("readings", type=Path, nargs="?", metavar="READINGS")
    source.add_argument("--journal", type=Path, metavar="DIR", help="a node's journal instead of READINGS")
    replay.add_argument(
        "--grids", action="store_true", help="with an archive: also read the files of `grids:`"
    )
    replay.add_argument(
        "--alerts",
        type=Path,
        metavar="PATH",
        help="alerts of other services, a file or a folder of them: each comes at the time it was sent",
    )
    replay.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the results go")
    replay.add_argument("--events", type=Path, metavar="FILE", help="what really happened")
    replay.add_argument("--after", type=float, default=0.0, metavar="HOURS", help="go on without readings")
    replay.add_argument("--json", action="store_true", help="print summary.json instead of a text")


def _add_explain(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    explain = commands.add_parser(
        "explain",
        help="why a village was warned at a minute, or was not",
        description=(
            "Repeats what the node did up to AT from its journal, and tells everything that decided on "
            "VILLAGE then: values against thresholds, gauges heard and silent, why each level stood, was not "
            "higher and not lower, and the messages issued. Reads only; the node may be running."
        ),
        epilog="Example: warnstream explain county 331125001005 2026-06-18T14:30Z --hazard flash_flood",
    )
    explain.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    explain.add_argument("village", metavar="VILLAGE", help="code, or a name that only one has")
    explain.add_argument(
        "at", nargs="?", metavar="AT", help="ISO 8601 with a zone (default: the newest minute that is known)"
    )
    explain.add_argument("--hazard", metavar="NAME", help="only this hazard")
    source = explain.add_mutually_exclusive_group()
    source.add_argument(
        "--journal",
        type=Path,
        metavar="DIR",
        help="storage directory of the node, or a copy (default: its own)",
    )
    source.add_argument("--readings", type=Path, metavar="FILE", help="an archive instead of a journal")
    explain.add_argument(
        "--known-now", action="store_true", help="also with the readings that came after that minute"
    )
    explain.add_argument("--json", action="store_true", help="print JSON instead of a text")


def _add_warnings(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    warnings = commands.add_parser(
        "warnings",
        help="export the warning messages that a node has issued",
        description="Writes every message of the node's outbox as warnings.jsonl, oldest first.",
    )
    warnings.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    warnings.add_argument("--out", type=Path, metavar="FILE", help="file instead of standard output")
    bulletins = commands.add_parser(
        "bulletins",
        help="export what a node has told the households",
        description="Writes every bulletin of the node's outbox as bulletins.jsonl, oldest first.",
    )
    bulletins.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    bulletins.add_argument("--out", type=Path, metavar="FILE", help="file instead of standard output")


def _add_who(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    who = commands.add_parser(
        "who",
        help="which duty posts owe an answer, and who calls for help",
        description="Lists villages that stand with their posts: who has answered, who owes by when, who was "
        "silent; and open calls for help. The node may be running.",
    )
    who.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    who.add_argument("village", nargs="?", metavar="VILLAGE", help="only this village, by its code")
    who.add_argument("--json", action="store_true", help="one JSON object instead of text")


def _add_end(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    end = commands.add_parser(
        "end",
        help="end a warning by hand",
        description=(
            "Ends the warning of HAZARD for VILLAGE, now where the node runs, else at its next start. "
            "People are told that it was ended by hand. It comes back where the gauges still say so after "
            "30 min at red, else 2 h, and at once when they rise further; of a village or hazard that was "
            "removed it ends for good."
        ),
        epilog="Example: warnstream end county V7 flash_flood --author zhang --reason 'gauge was cleaned'",
    )
    end.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    end.add_argument("village", metavar="VILLAGE", help="code, also of a village that was removed")
    end.add_argument("hazard", metavar="HAZARD")
    end.add_argument("--reason", required=True, help="why")
    end.add_argument("--author", required=True, help="who, of operators.csv if there is one")
    end.add_argument("--for", dest="lasts", default="", metavar="TIME", help="for how long: 45min, 2h")
    end.add_argument("--happened-at", default="", metavar="TIME", help="told late: when it was in truth")


def _add_clock(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    clock = commands.add_parser(
        "clock",
        help="accept the system's clock after a jump",
        description=(
            "A node does not follow a jump of the system's clock that its stations do not confirm; /readyz "
            "says so. `accept` lets it take the system's time, now where the node runs, else at its next "
            "start. Look at the clock first: the node's time never goes back."
        ),
        epilog="Example: warnstream clock accept county --author zhang --reason 'NTP was down for a month'",
    )
    clock.add_argument("what", choices=["accept"])
    clock.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    clock.add_argument("--reason", required=True, help="why")
    clock.add_argument("--author", required=True, help="who")


def _add_refused(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    refused = commands.add_parser(
        "refused",
        help="list what was refused and why, or send it again",
        description=(
            "Lists the newest messages and readings that the node kept aside, with the reason. With "
            "--reinject the node takes them again as they came, after the cause was mended (a station "
            "added, a variable mapped): within seconds if it runs, else at its next start. What was taken "
            "again once is not taken twice."
        ),
        epilog="Example: warnstream refused county --reason unknown_station --since 6h --reinject",
    )
    refused.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    refused.add_argument("--reason", choices=[str(reason) for reason in RefusalReason], help="only this one")
    refused.add_argument("--topic", metavar="PATTERN", help="only topics of this pattern, with + and #")
    refused.add_argument(
        "--since",
        metavar="TIME",
        help="only from then on: ISO 8601 with a zone, or a span back (90min, 6h, 2d)",
    )
    refused.add_argument("--until", metavar="TIME", help="only before then")
    refused.add_argument(
        "--limit",
        type=int,
        help="at most so many, the newest (default: 50 for the list, all for --reinject)",
    )
    refused.add_argument("--reinject", action="store_true", help="have the node take them again")
    refused.add_argument("--json", action="store_true", help="one JSON object per line")


def _add_audit(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    audit = commands.add_parser(
        "audit",
        help="what was issued, ordered and changed, and whether that record is whole",
        description=(
            "The node writes what it issued, orders by hand, releases, calls for help, alarms and changes of "
            "configuration into files that are kept for years; each line holds the hash of the one before it."
        ),
    )
    actions = audit.add_subparsers(required=True, metavar="ACTION", dest="action")
    check = actions.add_parser(
        "verify",
        help="check every line; exit 1 if one was changed, taken out or put in",
        description="Names file, line and what is wrong. The node may be running.",
    )
    check.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    check.add_argument(
        "--noted",
        default="",
        metavar="HASH",
        help="a hash written down elsewhere: is it still there?",
    )
    show = actions.add_parser("show", help="print the lines, oldest first, as JSON lines")
    show.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    show.add_argument(
        "--since", metavar="TIME", help="only from then on: ISO 8601 with a zone, or a span back (6h, 2d)"
    )
    show.add_argument("--village", metavar="CODE", help="only lines that concern this village")


def _add_listener_user(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    user = commands.add_parser(
        "listener-user",
        help="a line of the listener's users file",
        description=(
            "Asks for a password (or reads one line from a pipe) and prints the line that "
            "listener.users_file needs. A station's user name is its code."
        ),
        epilog="Example: warnstream listener-user R0001 >> county/users",
    )
    user.add_argument("name", metavar="NAME")


def _add_post_token(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    token = commands.add_parser(
        "post-token",
        help="the token with which a duty post reports and judges signs",
        description=(
            "Prints the token that POST sends with signs (cracks, muddy springs) to /api/v1/signs and "
            "with verdicts to /api/v1/signs/verdicts. It stays the same; give it to that post alone."
        ),
        epilog="Example: warnstream post-token county grid-331125001001",
    )
    token.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    token.add_argument("post", metavar="POST", help="code of chain.csv")


def _add_feed_token(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    token = commands.add_parser(
        "feed-token",
        help="the token with which a program brings alerts of other services",
        description=(
            "Prints the token that the program NAME sends with alerts to /api/v1/cap (Basic). "
            "It stays the same; whoever has it can bring alerts in the name of every issuer that is relayed."
        ),
        epilog="Example: warnstream feed-token county met-service",
    )
    token.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    token.add_argument("name", metavar="NAME", help="a word of your choice; it is part of the topic")
