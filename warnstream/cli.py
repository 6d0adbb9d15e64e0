"""The command ``warnstream`` and its subcommands, one function each to declare and to run it.

Exit status: 0 done, 1 the work failed, 2 the command line or the
configuration is wrong, 130 interrupted.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from warnstream import __version__
from warnstream.config.settings import Configuration
from warnstream.model.errors import ConfigError, WarnstreamError
from warnstream.model.observations.refusals import RefusalReason

EXIT_FAILED = 1
EXIT_CONFIG = 2
EXIT_INTERRUPTED = 130

EXTRA_OF_MODULE = {
    **dict.fromkeys(("pandas", "pyarrow"), "review"),
    **dict.fromkeys(("xarray", "h5netcdf", "h5py"), "grids"),
    "matplotlib": "plots",
}
"""What a plain installation lacks, and the extra that brings it."""

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")

WEATHER_KINDS = ("convective", "line", "typhoon", "plum_rain", "climate")
"""As in the simulator, which only the demo loads."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        status = command(options)
        sys.stdout.flush()
    except ConfigError as error:
        print(error, file=sys.stderr)
        print(f"{len(error.faults)} fault(s); see docs/configuration.md", file=sys.stderr)
        return EXIT_CONFIG
    except BrokenPipeError:
        # Whoever read what is printed has seen enough (`| head`); nothing may be flushed at the exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    except (
        WarnstreamError,
        OSError,
    ) as error:  # a file that cannot be written, a port that is taken
        print(f"warnstream: {error}", file=sys.stderr)
        return EXIT_FAILED
    except ModuleNotFoundError as error:
        extra = EXTRA_OF_MODULE.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        extra = "demo" if command is _demo else extra
        print(
            f"warnstream: this command needs {error.name}, which an extra brings: "
            f"pip install 'warnstream[{extra}]'",
            file=sys.stderr,
        )
        return EXIT_FAILED
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="warnstream",
        description="From rain, river and slope readings to village warnings, delivered and answered.",
        epilog="Documentation: README.md, docs/. The simulator has its own command: station-sim.",
    )
    parser.add_argument("--version", action="version", version=f"warnstream {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_demo(commands)
    _add_check(commands)
    _add_run(commands)
    _add_replay(commands)
    _add_explain(commands)
    _add_warnings(commands)
    _add_who(commands)
    _add_end(commands)
    _add_clock(commands)
    _add_refused(commands)
    _add_listener_user(commands)
    _add_post_token(commands)
    return parser


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
    demo.add_argument("--json", action="store_true", help="print the summary as JSON, no live view")
    demo.set_defaults(command=_demo)


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
    check.set_defaults(command=_check)


def _add_run(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    run = commands.add_parser(
        "run",
        help="run a node: take readings, judge, warn, deliver",
        description=(
            "Runs until Ctrl-C or SIGTERM. Readings come from the configured broker; state is kept in "
            "storage.directory, and a restart continues where it stopped."
        ),
        epilog="Watch it at http://HOST:PORT/readyz, /metrics and /api/v1/state.",
    )
    run.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    run.add_argument("--log-json", action="store_true", help="log JSON lines instead of key=value")
    run.add_argument(
        "--log-level",
        type=str.upper,
        choices=LOG_LEVELS,
        default="INFO",
        help="lowest one written; default INFO",
    )
    run.add_argument(
        "--no-view",
        action="store_true",
        help="at a terminal: the log alone, without the live picture below it",
    )
    run.set_defaults(command=_run)


def _add_replay(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    replay = commands.add_parser(
        "replay",
        help="replay an archive of readings: what would have been warned",
        description=(
            "Feeds READINGS (Parquet or CSV: station,observed_at,variable,value) through the engine in "
            "event time and writes warnings.jsonl, bulletins.jsonl, digests.jsonl, levels.parquet and "
            "summary.json into --out. With "
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
    replay.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the results go")
    replay.add_argument("--events", type=Path, metavar="FILE", help="what really happened")
    replay.add_argument("--after", type=float, default=0.0, metavar="HOURS", help="go on without readings")
    replay.add_argument("--json", action="store_true", help="print summary.json instead of a text")
    replay.set_defaults(command=_replay)


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
    explain.set_defaults(command=_explain)


def _add_warnings(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    warnings = commands.add_parser(
        "warnings",
        help="export the warning messages that a node has issued",
        description="Writes every message of the node's outbox as warnings.jsonl, oldest first.",
    )
    warnings.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    warnings.add_argument("--out", type=Path, metavar="FILE", help="file instead of standard output")
    warnings.set_defaults(command=_warnings)
    bulletins = commands.add_parser(
        "bulletins",
        help="export what a node has told the households",
        description="Writes every bulletin of the node's outbox as bulletins.jsonl, oldest first.",
    )
    bulletins.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    bulletins.add_argument("--out", type=Path, metavar="FILE", help="file instead of standard output")
    bulletins.set_defaults(command=_bulletins)


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
    who.set_defaults(command=_who)


def _add_end(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    end = commands.add_parser(
        "end",
        help="end a warning by hand",
        description=(
            "Ends the warning of HAZARD for VILLAGE, now where the node runs, else at its next start. "
            "People are told that it was ended by hand; only a further rise opens a new one."
        ),
        epilog="Example: warnstream end county V7 flash_flood --author zhang --reason 'gauge was cleaned'",
    )
    end.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    end.add_argument("village", metavar="VILLAGE", help="code, also of a village that was removed")
    end.add_argument("hazard", metavar="HAZARD")
    end.add_argument("--reason", required=True, help="why")
    end.add_argument("--author", required=True, help="who")
    end.set_defaults(command=_end)


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
    clock.set_defaults(command=_clock)


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
    refused.set_defaults(command=_refused)


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
    user.set_defaults(command=_listener_user)


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
    token.set_defaults(command=_post_token)


def _load(directory: Path) -> Configuration:
    from warnstream.config.load import load_configuration

    return load_configuration(directory)


def _check(options: argparse.Namespace) -> int:
    from warnstream.commands.end import removal_faults
    from warnstream.commands.reality import reality_looks
    from warnstream.config.schemas import write_schemas
    from warnstream.config.summary import lints, summarise

    if options.schema:
        write_schemas(options.schema)
    try:
        configuration = _load(options.directory)
    except ConfigError as error:
        return _print_faults(error, as_json=options.json)
    removed = list(removal_faults(configuration))
    if removed:
        return _print_faults(ConfigError(removed), as_json=options.json)
    print(summarise(configuration))
    found = [*lints(configuration), *reality_looks(configuration)]
    for lint in found:
        print(f"look at: {lint}")
    return EXIT_CONFIG if found and options.strict else 0


def _print_faults(error: ConfigError, *, as_json: bool) -> int:
    if not as_json:
        raise error
    for fault in error.faults:
        print(
            json.dumps(
                {"file": fault.file, "line": fault.line, "path": fault.path, "expected": fault.expected}
            )
        )
    return EXIT_CONFIG


def _run(options: argparse.Namespace) -> int:
    from warnstream.commands.run import run_node

    has_view = sys.stderr.isatty() and not options.log_json and not options.no_view
    run_node(options.directory, log_level=options.log_level, log_json=options.log_json, has_view=has_view)
    return 0


def _replay(options: argparse.Namespace) -> int:
    from warnstream.commands.replay import replay_archive

    return replay_archive(
        _load(options.directory),
        options.journal or options.readings,
        options.out,
        events=options.events,
        after_s=int(options.after * 3600),
        as_json=options.json,
        is_journal=options.journal is not None,
        with_grids=options.grids,
    )


def _explain(options: argparse.Namespace) -> int:
    from warnstream.commands.explain import Question, explain

    question = Question(
        options.village,
        options.at,
        options.hazard,
        options.journal,
        options.readings,
        known_now=options.known_now,
    )
    return explain(_load(options.directory), question, as_json=options.json)


def _end(options: argparse.Namespace) -> int:
    from warnstream.commands.end import end_warning

    order = options.author, options.reason
    print(end_warning(_load(options.directory), options.village, options.hazard, order))
    return 0


def _clock(options: argparse.Namespace) -> int:
    from warnstream.commands.clock import accept_clock

    print(accept_clock(_load(options.directory), options.author, options.reason))
    return 0


def _listener_user(options: argparse.Namespace) -> int:
    from getpass import getpass

    from warnstream.adapters.mqtt.listener.access import user_line

    password = getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    try:
        print(user_line(options.name, password.encode()))
    except ValueError as error:
        raise WarnstreamError(str(error)) from error
    return 0


def _post_token(options: argparse.Namespace) -> int:
    from warnstream.adapters.sending.answer_tokens import Tokens, load_or_create_secret

    configuration = _load(options.directory)
    if options.post not in {post.post for post in configuration.network.chain}:
        raise WarnstreamError(f"{options.post!r} is no post of chain.csv")
    directory = configuration.storage.directory
    directory.mkdir(parents=True, exist_ok=True)
    print(Tokens(load_or_create_secret(directory)).for_post(options.post))
    return 0


def _warnings(options: argparse.Namespace) -> int:
    from warnstream.commands.warnings import export_warnings

    configuration = _load(options.directory)
    count = export_warnings(configuration, options.out)
    if options.out:
        print(f"{count} messages written to {options.out}")
    return 0


def _bulletins(options: argparse.Namespace) -> int:
    from warnstream.commands.warnings import export_bulletins

    count = export_bulletins(_load(options.directory), options.out)
    if options.out:
        print(f"{count} bulletins written to {options.out}")
    return 0


def _who(options: argparse.Namespace) -> int:
    from warnstream.commands.who import lines, who

    configuration = _load(options.directory)
    record = who(configuration, options.village)
    text = "\n".join(lines(record, configuration.message.utc_offset_s))
    print(json.dumps(record, ensure_ascii=False) if options.json else text)
    return 0


def _refused(options: argparse.Namespace) -> int:
    from warnstream.adapters.refused.reinjections import Choice
    from warnstream.commands.refused import list_refused, moment, reinject

    if options.limit is not None and options.limit < 1:
        raise WarnstreamError(f"--limit {options.limit}: expected at least 1")
    now_s = time.time()
    since_s, until_s = (moment(text, now_s) if text else None for text in (options.since, options.until))
    choice = Choice(options.reason, options.topic, since_s, until_s)
    configuration = _load(options.directory)
    if options.reinject:
        told, is_complete = reinject(configuration, choice, options.limit)
        print(told)
        return 0 if is_complete else EXIT_FAILED
    list_refused(configuration, choice, options.limit or 50, as_json=options.json)
    return 0


def _demo(options: argparse.Namespace) -> int:
    from warnstream.commands.demo import DemoOptions, run_demo

    return run_demo(
        DemoOptions(
            seed=options.seed,
            hours=options.hours,
            speed=options.speed,
            stations=options.stations,
            villages=options.villages,
            directory=options.keep,
            as_json=options.json,
            weather=options.weather,
        )
    )
