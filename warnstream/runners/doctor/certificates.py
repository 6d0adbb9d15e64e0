"""Certificates and secret files: whether they fit, how long they last, and who may read them."""

import ssl
import time
from collections.abc import Iterator
from pathlib import Path

from warnstream.config.settings import Configuration
from warnstream.model.times import DAY_S
from warnstream.runners.doctor.finding import Finding, fault, look, ok

PART = "certificates"
DAYS_LEFT_MIN = 30


def certificates(configuration: Configuration) -> Iterator[Finding]:
    """Findings on every certificate, key and password file that the configuration names."""
    for what, certificate, key in _pairs(configuration):
        yield _certificate(what, certificate, key)
    for path in _secrets(configuration):
        if path.is_file() and path.stat().st_mode & 0o007:
            yield fault(PART, f"{path}: everybody on this machine may read it: chmod o-rwx")


def _pairs(configuration: Configuration) -> Iterator[tuple[str, Path, Path]]:
    listener, broker = configuration.listener, configuration.broker
    if listener is not None and listener.tls is not None:
        yield "listener", listener.tls.certificate, listener.tls.key
    if broker.tls is not None and broker.tls.certificate is not None and broker.tls.key is not None:
        yield "broker", broker.tls.certificate, broker.tls.key


def _secrets(configuration: Configuration) -> Iterator[Path]:
    yield from (key for _, _, key in _pairs(configuration))
    if configuration.broker.password_file is not None:
        yield configuration.broker.password_file
    if configuration.listener is not None and configuration.listener.users_file is not None:
        yield configuration.listener.users_file


def _certificate(what: str, certificate: Path, key: Path) -> Finding:
    try:
        ends_s = end_of(certificate, key)
    except (OSError, ssl.SSLError) as error:
        reason = getattr(error, "verify_message", "") or error.strerror or str(error)
        return fault(PART, f"{what}: {certificate} with {key}: {reason}")
    days = (ends_s - time.time()) / DAY_S
    words = f"{what}: {certificate} is good for {days:.0f} days"
    return look(PART, f"{words}: renew it") if days < DAYS_LEFT_MIN else ok(PART, words)


def end_of(certificate: Path, key: Path) -> float:
    """When a certificate ends, seconds since 1970.

    It is shown by one end of a connection in memory to the other, which trusts just this one.

    Raises
    ------
    ssl.SSLError
        If key and certificate do not belong together, or it is not valid now.
    OSError
        If a file cannot be read.
    """
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    client = ssl.create_default_context(cafile=str(certificate))
    client.check_hostname = False
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        server.wrap_bio(to_server, to_client, server_side=True),
        client.wrap_bio(to_client, to_server),
    ]
    waiting = set(ends)
    while waiting:
        for end in ends:
            try:
                end.do_handshake()
                waiting.discard(end)
            except ssl.SSLWantReadError:
                continue
    shown = ends[1].getpeercert()
    assert shown is not None
    return float(ssl.cert_time_to_seconds(str(shown["notAfter"])))
