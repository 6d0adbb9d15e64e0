"""How brokers are reached, and topics that are not there made."""

import contextlib
import logging
import ssl
from typing import Any

from warnstream.adapters.kafka.library import (
    AIOKafkaAdminClient,
    KafkaError,
    NewTopic,
    TopicAlreadyExistsError,
)
from warnstream.adapters.kafka.schema import Topics
from warnstream.config.settings import KafkaSettings
from warnstream.model.errors import WarnstreamError

log = logging.getLogger(__name__)

REQUEST_MS = 20_000


def client_settings(settings: KafkaSettings, name: str) -> dict[str, Any]:
    """What every client of aiokafka is made with.

    Raises
    ------
    WarnstreamError
        If certificates or the password file cannot be used.
    """
    found: dict[str, Any] = {
        "bootstrap_servers": list(settings.servers),
        "client_id": name,
        "request_timeout_ms": REQUEST_MS,
        "security_protocol": "PLAINTEXT",
    }
    if settings.tls is not None:
        found |= {"security_protocol": "SSL", "ssl_context": _context(settings)}
    if settings.username is not None:
        found |= {
            "security_protocol": "SASL_SSL" if settings.tls is not None else "SASL_PLAINTEXT",
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": settings.username,
            "sasl_plain_password": _password(settings),
        }
    return found


def _context(settings: KafkaSettings) -> ssl.SSLContext:
    tls = settings.tls
    assert tls is not None
    try:
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(tls.ca))
        if tls.certificate is not None:
            context.load_cert_chain(tls.certificate, tls.key)
    except (OSError, ssl.SSLError) as error:
        raise WarnstreamError(f"the certificates of kafka.tls cannot be used: {error}") from error
    return context


def _password(settings: KafkaSettings) -> str:
    assert settings.password_file is not None
    try:
        lines = settings.password_file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeError) as error:
        raise WarnstreamError(f"{settings.password_file}: cannot be read ({error})") from error
    if not lines or not lines[0]:
        raise WarnstreamError(f"{settings.password_file}: expected the password in its first line")
    return lines[0]


async def ensure_topics(settings: KafkaSettings) -> None:
    """Make the topics that are not there; those that are must be able to hold this county.

    Raises
    ------
    WarnstreamError
        If the brokers cannot be reached, or a topic has too few partitions or is kept in another way.
    """
    topics = Topics(settings.prefix)
    admin = AIOKafkaAdminClient(**client_settings(settings, "warnstream-topics"))
    try:
        await admin.start()
        known = set(await admin.list_topics())
        wanted = topics.settings(settings.copies)
        missing = [
            NewTopic(name, settings.partitions, settings.copies, topic_configs=dict(how))
            for name, how in wanted.items()
            if name not in known
        ]
        for topic in missing:
            await _make(admin, topic)
        for about in await admin.describe_topics(list(wanted)):
            _check(about, settings)
    except KafkaError as error:
        servers = ", ".join(settings.servers)
        raise WarnstreamError(f"Kafka at {servers} cannot be used: {error!r}") from error
    finally:
        with contextlib.suppress(Exception):
            await admin.close()


async def _make(admin: AIOKafkaAdminClient, topic: Any) -> None:
    try:
        answer = await admin.create_topics([topic])
    except TopicAlreadyExistsError:  # another process was as quick
        return
    for name, code, *said in answer.topic_errors:
        if code not in {0, TopicAlreadyExistsError.errno}:
            why = said[0] if said else f"error {code}"
            raise WarnstreamError(f"topic {name} cannot be made: {why}")
    log.info("topic made", extra={"topic": topic.name, "partitions": topic.num_partitions})


def _check(about: dict[str, Any], settings: KafkaSettings) -> None:
    n_partitions, last = len(about.get("partitions", [])), settings.partition + settings.shards - 1
    if n_partitions and n_partitions <= last:
        shards = f", of its last shard {last}" if settings.shards > 1 else ""
        raise WarnstreamError(
            f"topic {about['topic']} has {n_partitions} partitions, kafka.partition is {settings.partition}"
            f"{shards} (they count from 0): add partitions to the topic, or give the county another one"
        )
