"""What every process of a county on Kafka does at its start: rights, log, the interface of operations."""

import logging
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from prometheus_client import CollectorRegistry

from warnstream.adapters.http.operations_app import OperationsApp
from warnstream.adapters.http.server import HttpServer
from warnstream.adapters.kafka.library import demand
from warnstream.adapters.log import configure_logging
from warnstream.adapters.private_files import PRIVATE_UMASK
from warnstream.config.settings import HttpSettings

CONNECTIONS_MAX = 64
QUIET_LIBRARIES = ("aiokafka", "faust", "mode")
"""What they say below a warning is of themselves."""


@dataclass(frozen=True, slots=True)
class Logging:
    """How the process logs."""

    level: str
    as_json: bool

    def begin(self, addresses: Collection[str]) -> None:
        """From now on, without these addresses."""
        configure_logging(as_json=self.as_json, level=self.level, addresses=addresses)
        for library in QUIET_LIBRARIES:
            logging.getLogger(library).setLevel(logging.WARNING)


def begin() -> None:
    """Files are for the owner alone. WarnstreamError if the extra is not installed."""
    demand()
    os.umask(PRIVATE_UMASK)


@contextmanager
def served(
    http: HttpSettings,
    port: int,
    name: str,
    readiness: Callable[[], tuple[bool, list[str]]],
    registry: Callable[[], CollectorRegistry],
    elsewhere: str,
) -> Iterator[str]:
    """/healthz, /readyz and /metrics until the end; yields host and port. OSError if the port is taken."""
    server = HttpServer(
        OperationsApp(name, readiness, registry, elsewhere), replace(http, port=port), CONNECTIONS_MAX
    )
    server.start()
    try:
        yield f"{http.host}:{server.port}"
    finally:
        server.stop()
