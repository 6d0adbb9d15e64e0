"""`warnstream run`: one node until it is asked to stop; its HTTP interface answers from the beginning."""

import gc
import logging
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from warnstream.adapters.bundles.manifest import MANIFEST
from warnstream.adapters.http.starting import FrontDoor
from warnstream.adapters.log import configure_logging
from warnstream.adapters.private_files import PRIVATE_UMASK
from warnstream.config.http_address import http_address
from warnstream.config.settings import Configuration
from warnstream.engine import EngineStep
from warnstream.model.errors import ConfigError, Fault
from warnstream.model.warning import WarningMessage
from warnstream.runners.bundles.keeping import configuration_to_run
from warnstream.runners.console.child import ALARM as CONSOLE_ENDED
from warnstream.runners.console.child import ConsoleChild
from warnstream.runners.explain.one_line import describe
from warnstream.runners.live.node import Node

if TYPE_CHECKING:
    from warnstream.commands.live_view import LiveView

log = logging.getLogger(__name__)

VIEWS_PER_S = 2.0


def run_node(directory: Path, *, log_level: str, log_json: bool, has_view: bool = False) -> None:
    """Run the node of a configuration folder; with `has_view` its live picture stands below the log.

    Raises
    ------
    ConfigError
        With every fault of the configuration.
    WarnstreamError
        If the storage cannot be used or the journal is damaged.
    OSError
        If a port is taken; the message names it.
    """
    _refuse_bundle(directory)
    os.umask(PRIVATE_UMASK)
    # From the first moment on: a SIGHUP of a terminal or a service manager asks to reload, it ends nothing.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    configuration, front_door = _configuration_behind_door(directory)
    addresses = _addresses(configuration)
    log_as = partial(configure_logging, as_json=log_json, level=log_level, addresses=addresses)
    log_as()
    view = _view(lambda: node.people) if has_view else None
    watch = IssuedLog(lambda: node.people)

    def on_step(step: EngineStep) -> None:
        watch.take_step(step)
        if view is not None:
            view.take_step(step)

    def on_change(changed: Configuration) -> None:
        addresses.update(_addresses(changed))
        gc.freeze()

    node = Node(configuration, on_step=on_step, front_door=front_door, on_change=on_change)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        node.ask_to_stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    node.start()
    console = ConsoleChild(directory, node.alarms, ("--log-json",) if log_json else ())
    if configuration.console is not None:
        console.start()
    else:
        node.alarms.end_alarm(CONSOLE_ENDED)  # nobody starts it any more
    signal.signal(signal.SIGHUP, lambda _signal, _frame: node.reload())
    # What the configuration made stays for good: not to be searched for garbage while messages stream in.
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    try:
        with _shown(view, node, log_as) if view is not None else nullcontext():
            _run(node)
    finally:
        console.stop()


def _addresses(configuration: Configuration) -> set[str]:
    """What no line of the log may show."""
    network = configuration.network
    return {*network.households.address, *(post.address for post in network.chain)} - {""}


def _run(node: Node) -> None:
    try:
        node.run()
    except Exception:
        log.exception("node ended")
        raise


def _view(people: Callable[[], Configuration]) -> "LiveView":
    """Imported where it is shown: a service has no terminal, and rich costs a start time and memory."""
    from warnstream.commands.live_view import LiveView

    return LiveView(people)


@contextmanager
def _shown(view: "LiveView", node: Node, log_as: Callable[[], None]) -> Iterator[None]:
    """The live picture at the bottom of the terminal; what is logged goes above it."""
    from rich.console import Console
    from rich.live import Live

    console = Console(stderr=True)
    with Live(
        get_renderable=lambda: view.render(node),
        console=console,
        refresh_per_second=VIEWS_PER_S,
        transient=True,
    ):
        log_as()  # standard error is the picture's now
        yield
    log_as()


class IssuedLog:
    """One line of the log for every message that is issued: who reads the log sees what people are told.

    Parameters
    ----------
    people : callable
        The configuration whose villages messages name, those of removed rows included.
    """

    def __init__(self, people: Callable[[], Configuration]) -> None:
        self._people = people

    def take_step(self, step: EngineStep) -> None:
        """Log what a step issued; a rise is a warning, the rest is information."""
        for message in step.effects.messages:
            level = logging.WARNING if message.level > message.previous else logging.INFO
            log.log(
                level, "warning issued", extra={"message_id": message.identifier, "told": self._line(message)}
            )

    def _line(self, message: WarningMessage) -> str:
        try:
            return describe(message, self._people())
        except Exception:  # a line of the log may never keep a warning back
            log.exception("message cannot be described")
            return f"{message.msg_type} {message.level.word} {message.hazard}"


def _refuse_bundle(directory: Path) -> None:
    """What a node kept is not run where it lies: passwords and storage are named from where it came from."""
    if (directory / MANIFEST).is_file():
        expected = "a bundle that a node has kept: copy its files over CONFIG_DIR and run that"
        raise ConfigError([Fault(str(directory), 0, "", expected)])


def _configuration_behind_door(directory: Path) -> tuple[Configuration, FrontDoor | None]:
    """What is to run, read while the HTTP interface answers already."""
    front_door = _front_door(directory)
    try:
        return configuration_to_run(directory), front_door
    except ConfigError:
        if front_door is not None:
            front_door.stop()
        raise


def _front_door(directory: Path) -> FrontDoor | None:
    """The HTTP interface, which says that the node is starting while its configuration is read.

    None where the address is not known or taken: reading the configuration, and the node, say what is wrong.
    """
    address = http_address(directory)
    if address is None:
        return None
    try:
        door = FrontDoor(*address)
    except OSError:
        return None
    door.start()
    return door
