"""The console of `warnstream demo --console`: two people for this one run, whose password is printed."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from warnstream.config.settings import Configuration
from warnstream.console.accounts import Accounts
from warnstream.runners.console.child import ConsoleChild
from warnstream.runners.live.node import Node

PERSON, SECOND = "duty", "second"


def ask_for_console(directory: Path, port: int) -> None:
    """A section `console:`, an officer and a second person for everywhere, in the files of the demo."""
    with (directory / "warnstream.yaml").open("a", encoding="utf-8") as settings:
        settings.write(f"\nconsole:\n  port: {port}\n")
    with (directory / "operators.csv").open("a", encoding="utf-8") as operators:
        operators.write(f"{PERSON},Duty officer,officer,*,,\n{SECOND},Second person,second,*,,\n")


@contextmanager
def console_beside(node: Node, configuration: Configuration, terminal: Console) -> Iterator[None]:
    """Start the console that the configuration asks for, if it does, and say how to sign in."""
    settings = configuration.console
    if settings is None:
        yield
        return
    password = secrets.token_urlsafe(9)
    accounts = Accounts(configuration.storage.directory)
    for person in (PERSON, SECOND):
        accounts.set_password(person, password)
    accounts.close()
    child = ConsoleChild(configuration.directory, node.alarms, ("--quiet",))
    child.start()
    terminal.print(
        f"Console: http://{settings.host}:{settings.port}/ in a few seconds, person {PERSON}, "
        f"or {SECOND} for what two must say, password {password}",
        style="bold",
        soft_wrap=True,
        highlight=False,
    )
    try:
        yield
    finally:
        child.stop()
