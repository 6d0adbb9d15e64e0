"""What `warnstream console`, `console-user` and what stands beside them take on their command lines."""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

from warnstream.commands.console.alarms import add_officer_alarms, run_officer_alarms
from warnstream.commands.console.command import console, console_user
from warnstream.commands.console.status import add_status, run_status


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


RUN: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "status": run_status,
    "console": console,
    "console-user": console_user,
    "officer-alarms": run_officer_alarms,
}
