"""What `warnstream console`, `console-user` and what stands beside them take on their command lines."""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path


def add_console_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Commands of the duty officer's screen."""
    add_status(commands)
    console = commands.add_parser(
        "console",
        help="the duty officer's screen: one page that shows what a running node sees and waits for",
        description=(
            "Reads the node's frames from console.sock in storage.directory and serves the page at "
            "console.host and console.port (default http://127.0.0.1:18090/). A process of its own: the "
            "node does not wait for it. With `console:` in warnstream.yaml `warnstream run` starts it."
        ),
        epilog="Before the first sign-in: warnstream console-user add CONFIG_DIR PERSON",
    )
    console.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    console.add_argument("--child", action="store_true", help="end when standard input ends")
    console.add_argument("--quiet", action="store_true", help="log errors alone")
    console.add_argument("--log-json", action="store_true", help="log JSON lines instead of key=value")
    user = commands.add_parser(
        "console-user",
        help="who may sign in to the console",
        description=(
            "A person of operators.csv gets a password for the console; role and area stand in that file. "
            "Works while node and console run. Another password ends the person's sessions."
        ),
        epilog="Example: warnstream console-user add county zhang",
    )
    actions = user.add_subparsers(required=True, metavar="ACTION", dest="action")
    for action, text in (
        ("add", "ask for a password (or read one line from a pipe) and keep its hash"),
        ("remove", "take the account and its sessions"),
        ("factor", "ask for a one-time code at every sign-in, too; prints secret and recovery codes"),
        ("token", "print a token with which a machine reads as that person; only its hash is kept"),
        ("list", "persons with an account, and tokens"),
    ):
        one = actions.add_parser(action, help=text)
        one.add_argument("directory", type=Path, metavar="CONFIG_DIR")
        if action != "list":
            one.add_argument("person", metavar="PERSON", help="a person of operators.csv")
        if action == "token":
            one.add_argument("--name", required=True, help="what the token is called, to take it by")
            one.add_argument(
                "--scope",
                default="situation",
                metavar="WORDS",
                help="situation, tables, transfers, with commas",
            )
            one.add_argument(
                "--days", type=int, default=90, help="how long it is good (default 90, at most 366)"
            )
            one.add_argument("--off", action="store_true", help="the token of that name is void")
        if action == "factor":
            one.add_argument("--off", action="store_true", help="the password alone is enough again")
    add_officer_alarms(commands)


def add_status(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare it."""
    parser = commands.add_parser(
        "status",
        help="what the running node sees and waits for: levels, calls for help, silence",
        description=(
            "Reads console.sock in storage.directory, as the console does: whoever may read that folder may "
            "read this. Ends with 0 if the node is live and ready, else with 1."
        ),
        epilog="Example: warnstream status county; --json for scripts",
    )
    parser.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    parser.add_argument(
        "--json", action="store_true", help="one JSON object, the console's GET /api/v1/state"
    )


def add_officer_alarms(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare it."""
    parser = commands.add_parser(
        "officer-alarms",
        help="the alarms that an officer on duty had, or would have had, by a node's journal",
        description=(
            "Judges the journal again and lists every alarm to the officer, with counts by class and floods. "
            "Acts of officers count as they were given; where there was no console nobody has seen any."
        ),
        epilog="Example: warnstream demo --keep storm --hold, then warnstream officer-alarms storm",
    )
    parser.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    parser.add_argument("--journal", type=Path, metavar="DIR", help="a storage directory, or a copy of it")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the list there; else it is printed")


# What a command needs is loaded when it runs: the web server, the map's parts and argon2 not for every other.


def _status(options: argparse.Namespace) -> int:
    from warnstream.commands.console.status import run_status

    return run_status(options)


def _console(options: argparse.Namespace) -> int:
    from warnstream.commands.console.command import console

    return console(options)


def _console_user(options: argparse.Namespace) -> int:
    from warnstream.commands.console.command import console_user

    return console_user(options)


def _officer_alarms(options: argparse.Namespace) -> int:
    from warnstream.commands.console.alarms import run_officer_alarms

    return run_officer_alarms(options)


RUN: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "status": _status,
    "console": _console,
    "console-user": _console_user,
    "officer-alarms": _officer_alarms,
}
