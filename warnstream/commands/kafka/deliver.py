"""`warnstream deliver`: tell people of a county what its judges issue, until the process is asked to stop."""

import logging
from pathlib import Path

from warnstream.commands.kafka.held import Held
from warnstream.commands.kafka.serving import Logging, begin, served
from warnstream.config.load import load_configuration
from warnstream.runners.kafka.deliver import Deliver
from warnstream.runners.kafka.parts import name_of, part_of
from warnstream.runners.kafka.workforce import kafka_of

log = logging.getLogger(__name__)

ELSEWHERE = "this process tells people: it answers /healthz, /readyz and /metrics, and nothing else"


def run_deliver(
    directory: Path, shard: int | None, port: int | None, *, log_level: str, log_json: bool
) -> None:
    """Tell people, of a county that is cut those of one shard.

    When another delivery node takes over, follow it and go on after its end.

    Raises
    ------
    WarnstreamError
        If the configuration is wrong, there is no such shard, or the storage is used by another process.
    OSError
        If a port is taken.
    """
    begin()
    configuration = part_of(load_configuration(directory), shard)
    port = kafka_of(configuration).deliver_port if port is None else port
    Logging(log_level, log_json).begin(configuration.network.private_addresses())
    held = Held(lambda: Deliver(configuration))
    name = f"delivery of {name_of(configuration)}"
    with served(configuration.http, port, name, held.readiness, held.registry, ELSEWHERE) as address:
        held.end_on_signals()
        log.info("delivery node started", extra={"http": address})
        held.run()
