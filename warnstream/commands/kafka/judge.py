"""`warnstream judge`: a worker that judges counties of a Kafka until it is asked to stop."""

import asyncio
import logging
import signal
from collections.abc import Sequence
from pathlib import Path

from prometheus_client import CollectorRegistry

from warnstream.adapters.kafka.client import ensure_topics
from warnstream.adapters.metrics.kafka import KafkaMetrics
from warnstream.commands.kafka.serving import Logging, begin, served
from warnstream.config.load import load_configuration
from warnstream.config.settings import KafkaSettings
from warnstream.model.errors import WarnstreamError
from warnstream.runners.kafka.workforce import Workforce, one_kafka

log = logging.getLogger(__name__)

TRY_S = 2.0
ELSEWHERE = "this process judges: it answers /healthz, /readyz and /metrics, and nothing else"


def run_judge(
    directories: Sequence[Path], client: str, port: int | None, *, log_level: str, log_json: bool
) -> None:
    """Judge the counties of these folders, as far as the group gives them to this process.

    Raises
    ------
    WarnstreamError
        If a configuration is wrong, or counties do not share a Kafka.
    OSError
        If the port is taken.
    """
    begin()
    configurations = [load_configuration(directory) for directory in directories]
    settings = one_kafka(configurations)
    networks = [configuration.network for configuration in configurations]
    Logging(log_level, log_json).begin(set().union(*(network.private_addresses() for network in networks)))
    registry = CollectorRegistry()
    workforce = Workforce(configurations, KafkaMetrics(registry))
    name = f"judge of {', '.join(configuration.node.name for configuration in configurations)}"
    port = settings.judge_port if port is None else port
    http = configurations[0].http
    with served(http, port, name, workforce.readiness, lambda: registry, ELSEWHERE) as address:
        log.info("worker started", extra={"http": address, "client": client})
        asyncio.run(_judge(workforce, settings, client))


async def _judge(workforce: Workforce, settings: KafkaSettings, client: str) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    while not stopping.is_set():
        try:
            await ensure_topics(settings)
            break
        except WarnstreamError as error:
            workforce.trouble = str(error)
            log.error("topics cannot be looked at", extra={"error": str(error)})  # noqa: TRY400
            await asyncio.sleep(TRY_S)
    if client == "faust":
        from warnstream.runners.kafka.faust_client import run
    else:
        from warnstream.runners.kafka.aiokafka_client import run
    try:
        await run(workforce, settings, stopping)
    finally:
        await workforce.close()
    log.info("worker stopped")
