"""The console of `warnstream demo --console`: two people for this one run, whose password is printed."""

import argparse
import secrets
import signal
import socket
import sys
import threading
import time
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from warnstream.config.settings import Configuration
from warnstream.console.accounts import Accounts
from warnstream.runners.console.child import ConsoleChild
from warnstream.runners.live.node import Node

PERSON, SECOND = "duty", "second"
START_S = 30.0
"""Longest wait for the console to listen."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The demo's console: `is_opened` in a browser; `is_held`: it stays when the storm is over."""

    is_opened: bool = False
    is_held: bool = False

    @classmethod
    def of(cls, options: argparse.Namespace) -> "Shown | None":
        """As the command line asks for it; None: no console at all."""
        is_asked = options.console or options.open or options.hold
        return cls(options.open, options.hold) if is_asked else None


def ask_for_console(directory: Path, port: int) -> None:
    """A section `console:`, an officer and a second person for everywhere, in the files of the demo."""
    with (directory / "warnstream.yaml").open("a", encoding="utf-8") as settings:
        settings.write(f"\nconsole:\n  port: {port}\n")
    with (directory / "operators.csv").open("a", encoding="utf-8") as operators:
        operators.write(f"{PERSON},Duty officer,officer,*,,\n{SECOND},Second person,second,*,,\n")


@contextmanager
def console_beside(
    node: Node, configuration: Configuration, terminal: Console, shown: Shown | None
) -> Iterator[None]:
    """Start the console that the configuration asks for, if it does, and say how to sign in."""
    settings = configuration.console
    if settings is None or shown is None:
        yield
        return
    password = secrets.token_urlsafe(9)
    accounts = Accounts(configuration.storage.directory)
    for person in (PERSON, SECOND):
        accounts.set_password(person, password)
    once = accounts.once.give(PERSON)
    accounts.close()
    child = ConsoleChild(configuration.directory, node.alarms, ("--quiet",))
    child.start()
    address = f"http://{settings.host}:{settings.port}/"
    link = f"{address}#/once/{once}"
    terminal.print(
        f"Console: {link}\nThat signs in {PERSON}, once, within an hour. Later, and in other browsers: "
        f"{address}, person {PERSON}, password {password}\n"
        f"What two must say is agreed to by person {SECOND}, with the same password.",
        style="bold",
        soft_wrap=True,
        highlight=False,
    )
    try:
        if shown.is_opened:
            _open(link, settings.host, settings.port, terminal)
        yield
        if shown.is_held:
            _hold(terminal)
    finally:
        child.stop()


def _open(link: str, host: str, port: int, terminal: Console) -> None:
    """The page in this machine's browser, once the console listens."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            socket.create_connection((host, port), 1).close()
            break
        except OSError:
            time.sleep(0.2)
    if not webbrowser.open(link):
        terminal.print("There is no browser on this machine: open the address above.", highlight=False)


def _hold(terminal: Console) -> None:
    """Until Enter or Ctrl-C; without a terminal until SIGINT or SIGTERM."""
    terminal.print("The storm is over; node and console stay. Enter or Ctrl-C ends the demo.", style="bold")
    ended = threading.Event()
    before = signal.signal(signal.SIGTERM, lambda *_: ended.set())
    try:
        if sys.stdin.isatty():
            threading.Thread(target=_wait_for_line, args=(ended,), daemon=True).start()
        while not ended.wait(0.5):
            pass
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)


def _wait_for_line(ended: threading.Event) -> None:
    sys.stdin.readline()
    ended.set()
