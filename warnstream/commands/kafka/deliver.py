"""`warnstream deliver`: tell people of a county what its judges issue, until the process is asked to stop."""

import logging
import os
from dataclasses import replace
from pathlib import Path

from warnstream.adapters.http.operations_app import OperationsApp
from warnstream.adapters.http.server import HttpServer
from warnstream.adapters.kafka.library import demand
from warnstream.adapters.log import configure_logging
from warnstream.adapters.private_files import PRIVATE_UMASK
from warnstream.commands.kafka.held import Held
from warnstream.config.load import load_configuration
from warnstream.runners.kafka.deliver import Deliver
from warnstream.runners.kafka.workforce import kafka_of

log = logging.getLogger(__name__)

CONNECTIONS_MAX = 64
ELSEWHERE = "this process tells people: it answers /healthz, /readyz and /metrics, and nothing else"


def run_deliver(directory: Path, port: int | None, *, log_level: str, log_json: bool) -> None:
    """Tell people; when another delivery node takes over, follow it and go on after its end.

    Raises
    ------
    WarnstreamError
        If the configuration is wrong, or the storage is used by another process.
    OSError
        If a port is taken.
    """
    demand()
    os.umask(PRIVATE_UMASK)
    configuration = load_configuration(directory)
    settings = kafka_of(configuration)
    network = configuration.network
    addresses = {*network.households.address, *(post.address for post in network.chain)} - {""}
    configure_logging(as_json=log_json, level=log_level, addresses=addresses)
    logging.getLogger("aiokafka").setLevel(logging.WARNING)
    held = Held(lambda: Deliver(configuration))
    name = f"delivery of {configuration.node.name}"
    http = replace(configuration.http, port=settings.deliver_port if port is None else port)
    # The role changes while this serves.
    app = OperationsApp(name, lambda: held.role.readiness(), lambda: held.role.registry, ELSEWHERE)  # noqa: PLW0108
    server = HttpServer(app, http, CONNECTIONS_MAX)
    server.start()
    held.end_on_signals()
    log.info("delivery node started", extra={"http": f"{http.host}:{server.port}"})
    try:
        held.run()
    finally:
        server.stop()
