"""`warnstream bridge`: what comes in for a county goes into its partition, until it is asked to stop."""

import logging
import signal
from pathlib import Path

from warnstream.commands.kafka.held import Held
from warnstream.commands.kafka.serving import Logging, begin, served
from warnstream.config.load import load_configuration
from warnstream.runners.kafka.bridge import Bridge
from warnstream.runners.kafka.workforce import kafka_of

log = logging.getLogger(__name__)

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
    begin()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    configuration = load_configuration(directory)
    port = kafka_of(configuration).bridge_port if port is None else port
    Logging(log_level, log_json).begin(configuration.network.private_addresses())
    held = Held(lambda: Bridge(configuration))
    name = f"bridge of {configuration.node.name}"
    with served(configuration.http, port, name, held.readiness, held.registry, ELSEWHERE) as address:
        held.end_on_signals()
        signal.signal(signal.SIGHUP, lambda _signal, _frame: held.role.reload())
        log.info("bridge started", extra={"http": address})
        held.run()
