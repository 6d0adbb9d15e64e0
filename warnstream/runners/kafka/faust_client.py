"""A worker by Faust: it brings the entries of the partitions that its group gives it, and decides nothing.

Seen of Faust 0.15.3: an exception in an agent loses its message and may commit past it, tables lose windows
at a rebalance, consumers fall silent. So its agent only offers what comes (`Workforce.offer`), keeps no
table, and what it commits is a metric for others; the worker's own numbers say what is missing.
"""

import asyncio
import logging
from collections.abc import Iterable
from typing import Any, NamedTuple

from warnstream.adapters.kafka.client import client_settings
from warnstream.adapters.kafka.library import is_cancelled, let_go
from warnstream.adapters.kafka.schema import Headers, Topics
from warnstream.config.settings import KafkaSettings
from warnstream.runners.kafka.workforce import Workforce

log = logging.getLogger(__name__)

RETRY_S = 2.0


class FaustRecord(NamedTuple):
    """A record as a worker takes it."""

    partition: int
    offset: int
    headers: Headers
    value: bytes
    timestamp: int


async def run(workforce: Workforce, settings: KafkaSettings, stopping: asyncio.Event) -> None:
    """Judge until `stopping`; brokers that are gone are waited for."""
    while not stopping.is_set():
        app, trouble = _app(settings), ""
        _listen(app, workforce, settings)
        try:
            await app.start()
            await _wait(app, stopping)
        except (Exception, asyncio.CancelledError) as error:  # whatever Faust raises: it is started anew
            if is_cancelled():
                raise
            trouble = f"Faust at {', '.join(settings.servers)}: {error!r}"
            log.error("Faust has ended", extra={"error": repr(error)})  # noqa: TRY400
        finally:
            await workforce.let_go(trouble)
            await let_go(app)
        if not stopping.is_set():
            await asyncio.sleep(RETRY_S)


async def _wait(app: Any, stopping: asyncio.Event) -> None:
    """Until the worker is to end, or Faust has crashed."""
    while not stopping.is_set():
        if app.crashed or app.should_stop:
            raise RuntimeError(f"it crashed: {app.crash_reason!r}")
        try:
            async with asyncio.timeout(0.5):
                await stopping.wait()
        except TimeoutError:
            continue


def _app(settings: KafkaSettings) -> Any:
    """Settings that helped; topics are made by us, no table, no web server, no leader topic."""
    import faust

    return faust.App(
        f"{settings.prefix}-judges-faust",
        broker=[f"kafka://{server}" for server in settings.servers],
        broker_credentials=_credentials(settings),
        store="memory://",
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        consumer_auto_offset_reset="latest",
        broker_session_timeout=float(settings.session_s),
        broker_heartbeat_interval=min(3.0, 0.3 * settings.session_s),
        broker_commit_interval=1.0,
        broker_max_poll_records=500,
        stream_wait_empty=False,
        value_serializer="raw",
        key_serializer="raw",
    )


def _credentials(settings: KafkaSettings) -> Any:
    import faust

    found = client_settings(settings, "warnstream-judge")
    context = found.get("ssl_context")
    if settings.username is not None:
        return faust.SASLCredentials(
            username=settings.username,
            password=found["sasl_plain_password"],
            mechanism="SCRAM-SHA-512",
            ssl_context=context,
        )
    return None if context is None else faust.SSLCredentials(context)


def _listen(app: Any, workforce: Workforce, settings: KafkaSettings) -> None:
    topic = app.topic(Topics(settings.prefix).entries, value_serializer="raw", key_serializer="raw")

    @app.agent(topic, name="judge")  # type: ignore[untyped-decorator]
    async def judge(stream: Any) -> None:
        async for event in stream.events():
            message = event.message
            headers = message.headers or ()
            pairs = list(headers.items() if hasattr(headers, "items") else headers)
            workforce.offer(
                FaustRecord(
                    message.partition, message.offset, pairs, message.value, int(message.timestamp * 1000)
                )
            )

    async def assigned(_app: Any, partitions: Iterable[Any], **_more: Any) -> None:
        await workforce.hold({part.partition for part in partitions if part.topic in topic.topics})

    app.on_partitions_assigned.connect(assigned, weak=False)
