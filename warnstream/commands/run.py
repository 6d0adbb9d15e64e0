"""`warnstream run`: one node until it is asked to stop; its HTTP interface answers from the beginning."""

import gc
import logging
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from warnstream.adapters.bundles.manifest import MANIFEST
from warnstream.adapters.http.starting import FrontDoor
from warnstream.adapters.log import configure_logging
from warnstream.adapters.private_files import PRIVATE_UMASK
from warnstream.commands.standby.which import box_of, remembered_box
from warnstream.config.http_address import http_address
from warnstream.config.settings import Configuration
from warnstream.engine import EngineStep
from warnstream.model.errors import ConfigError, Fault, WarnstreamError
from warnstream.model.warning import WarningMessage
from warnstream.runners.bundles.keeping import configuration_to_run
from warnstream.runners.console.child import ALARM as CONSOLE_ENDED
from warnstream.runners.console.child import ConsoleChild
from warnstream.runners.explain.one_line import describe
from warnstream.runners.live.node import Node
from warnstream.runners.standby.box import Box
from warnstream.runners.standby.bundles.in_force import on_box
from warnstream.runners.standby.leading import Leading

if TYPE_CHECKING:
    from warnstream.commands.live_view import LiveView

log = logging.getLogger(__name__)

VIEWS_PER_S = 2.0

OF_KAFKA = (
    "the log of this county is a partition of Kafka (section kafka): start warnstream bridge, judge and "
    "deliver, or take the section out (docs/scaling.md)"
)


@dataclass(frozen=True, slots=True)
class Shown:
    """How a node shows itself: its log, and a live picture below it."""

    log_level: str
    log_json: bool
    has_view: bool = False


def run_node(  # options of a command, each by name
    directory: Path,
    *,
    log_level: str,
    log_json: bool,
    has_view: bool = False,
    box: str = "",
    as_standby: bool = False,
) -> None:
    """Run the node of a configuration folder; with `has_view` its live picture stands below the log.

    Of two boxes `box` says which this is (empty: as its storage remembers), `as_standby` that it stands
    by, whatever it did before.

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
    box = box or remembered_box(directory)
    front_door = _front_door(directory, box)
    try:
        configuration = _of_one_machine(configuration_to_run(directory))
        if configuration.standby is not None or box or as_standby:
            box = box_of(configuration, box)
            configuration = on_box(configuration, box)
    except WarnstreamError:
        if front_door is not None:
            front_door.stop()
        raise
    shown = Shown(log_level, log_json, has_view)
    if not box:
        _lead(configuration, shown, front_door)
        return
    _log_as(shown, configuration.network.private_addresses())()
    both = Box(configuration, box, partial(_lead_beside, shown), front_door, as_standby=as_standby)
    _on_stop(both.ask_to_stop)
    signal.signal(signal.SIGHUP, _not_here)
    both.run()


def _lead_beside(shown: Shown, configuration: Configuration, leading: Leading, door: FrontDoor) -> None:
    """A node that leads beside another box, until it ends; signals end both it and the box then."""
    before = signal.getsignal(signal.SIGTERM)
    assert callable(before)
    try:
        _lead(configuration, shown, door, leading, before)
    finally:
        signal.signal(signal.SIGTERM, before)
        signal.signal(signal.SIGINT, before)
        signal.signal(signal.SIGHUP, _not_here)


def _not_here(_signal: int, _frame: FrameType | None) -> None:
    """A box that stands by takes changes from the one that leads."""
    log.warning("SIGHUP is not heeded: this box does not lead, reload on the one that does")


def _on_stop(stop: Callable[[], None]) -> None:
    """SIGTERM and Ctrl-C ask for an end."""
    signal.signal(signal.SIGTERM, lambda _signal, _frame: stop())
    signal.signal(signal.SIGINT, lambda _signal, _frame: stop())


def _log_as(shown: Shown, addresses: set[str]) -> Callable[[], None]:
    return partial(configure_logging, as_json=shown.log_json, level=shown.log_level, addresses=addresses)


def _lead(
    configuration: Configuration,
    shown: Shown,
    front_door: FrontDoor | None,
    leading: Leading | None = None,
    beside: Callable[[int, FrameType | None], object] = lambda _signal, _frame: None,
) -> None:
    """One node from its start to its end; `beside`: what else a signal to stop ends."""
    addresses = configuration.network.private_addresses()
    log_as = _log_as(shown, addresses)
    log_as()
    view = _view(lambda: node.people) if shown.has_view else None
    watch = IssuedLog(lambda: node.people)

    def on_step(step: EngineStep) -> None:
        watch.take_step(step)
        if view is not None:
            view.take_step(step)

    def on_change(changed: Configuration) -> None:
        addresses.update(changed.network.private_addresses())
        gc.freeze()

    node = Node(configuration, on_step=on_step, front_door=front_door, leading=leading, on_change=on_change)

    def stop(signal_: int, frame: FrameType | None) -> None:
        beside(signal_, frame)
        node.ask_to_stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if leading is not None and leading.is_ending():
        node.ask_to_stop()  # the word came while it was made
    node.start()
    if leading is not None:
        leading.on_start()
    directory = configuration.directory
    console = ConsoleChild(directory, node.alarms, ("--log-json",) if shown.log_json else ())
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


def _of_one_machine(configuration: Configuration) -> Configuration:
    """A node beside workers would tell everybody twice."""
    if configuration.kafka is not None:
        raise WarnstreamError(OF_KAFKA)
    return configuration


def _front_door(directory: Path, box: str) -> FrontDoor | None:
    """The HTTP interface, which says that the node is starting while its configuration is read.

    None where the address is not known or taken: reading the configuration, and the node, say what is wrong.
    """
    address = http_address(directory, box)
    if address is None:
        return None
    try:
        door = FrontDoor(*address)
    except OSError:
        return None
    door.start()
    return door
