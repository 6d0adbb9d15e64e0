"""`warnstream run`: one node until it is asked to stop; its HTTP interface answers from the beginning."""

import gc
import os
import signal
from pathlib import Path
from types import FrameType

from warnstream.adapters.http.starting import FrontDoor
from warnstream.adapters.log import configure_logging
from warnstream.adapters.private_files import PRIVATE_UMASK
from warnstream.config.http_address import http_address
from warnstream.config.load import load_configuration
from warnstream.model.errors import ConfigError
from warnstream.runners.live.node import Node


def run_node(directory: Path, *, log_level: str, log_json: bool) -> None:
    """Run the node of a configuration folder.

    Raises
    ------
    ConfigError
        With every fault of the configuration.
    WarnstreamError
        If the storage cannot be used, the journal is damaged, or a port is taken.
    """
    os.umask(PRIVATE_UMASK)
    # From the first moment on: a SIGHUP of a terminal or a service manager asks to reload, it ends nothing.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    front_door = _front_door(directory)
    try:
        configuration = load_configuration(directory)
    except ConfigError:
        if front_door is not None:
            front_door.stop()
        raise
    network = configuration.network
    addresses = {*network.households.address, *(post.address for post in network.chain)}
    configure_logging(as_json=log_json, level=log_level.upper(), addresses=addresses - {""})
    node = Node(configuration, front_door=front_door)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        node.ask_to_stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    node.start()
    signal.signal(signal.SIGHUP, lambda _signal, _frame: node.reload())
    # What the configuration made stays for good: not to be searched for garbage while messages stream in.
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    node.run()


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
