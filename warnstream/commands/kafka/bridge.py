"""`warnstream bridge`: what comes in for a county goes into its partition, until it is asked to stop."""

import logging
import os
import signal
from dataclasses import replace
from pathlib import Path

from warnstream.adapters.http.operations_app import OperationsApp
from warnstream.adapters.http.server import HttpServer
from warnstream.adapters.kafka.library import demand
from warnstream.adapters.log import configure_logging
from warnstream.adapters.private_files import PRIVATE_UMASK
from warnstream.commands.kafka.held import Held
from warnstream.config.load import load_configuration
from warnstream.runners.kafka.bridge import Bridge
from warnstream.runners.kafka.workforce import kafka_of

log = logging.getLogger(__name__)

CONNECTIONS_MAX = 64
ELSEWHERE = (
    "this process takes readings: it answers /healthz, /readyz and /metrics; people ask the delivery node"
)


def run_bridge(directory: Path, port: int | None, *, log_level: str, log_json: bool) -> None:
    """Take what comes in; when another bridge takes over, wait for its end and go on.

    Raises
    ------
    WarnstreamError
        If the configuration is wrong, or the storage is used by another process.
    OSError
        If a port is taken.
    """
    demand()
    os.umask(PRIVATE_UMASK)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    configuration = load_configuration(directory)
    settings = kafka_of(configuration)
    addresses = {post.address for post in configuration.network.chain} - {""}
    configure_logging(as_json=log_json, level=log_level, addresses=addresses)
    logging.getLogger("aiokafka").setLevel(logging.WARNING)
    held = Held(lambda: Bridge(configuration))
    name = f"bridge of {configuration.node.name}"
    http = replace(configuration.http, port=settings.bridge_port if port is None else port)
    # The role changes while this serves.
    app = OperationsApp(name, lambda: held.role.readiness(), lambda: held.role.registry, ELSEWHERE)  # noqa: PLW0108
    server = HttpServer(app, http, CONNECTIONS_MAX)
    server.start()
    held.end_on_signals()
    signal.signal(signal.SIGHUP, lambda _signal, _frame: held.role.reload())
    log.info("bridge started", extra={"http": f"{http.host}:{server.port}"})
    try:
        held.run()
    finally:
        server.stop()
