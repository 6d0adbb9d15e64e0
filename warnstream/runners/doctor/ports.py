"""Ports that the node listens on, and how many connections this machine allows it."""

import errno
import resource
import socket
from collections.abc import Iterator

import httpx

from warnstream.adapters.descriptors import RESERVED
from warnstream.config.settings import Configuration
from warnstream.runners.doctor.finding import Finding, fault, look, ok

PART = "ports"
NODE = "node"
ANSWER_S_MAX = 5.0
READY = 200


def ports(configuration: Configuration) -> Iterator[Finding]:
    """Findings on ports and descriptors; a port in use is well where a node of this configuration answers."""
    state = _readiness(configuration)
    if state is not None:
        yield state
    for what, host, port in _wanted(configuration):
        error = _bind(host, port)
        where = f"{what} {host}:{port}"
        if error is None:
            yield ok(PART, f"{where} is free")
        elif error.errno == errno.EADDRINUSE and state is not None:
            yield ok(PART, f"{where} is in use; a node runs here")
        else:
            yield fault(PART, f"{where}: {error.strerror}")
    yield _descriptors(configuration)


def _wanted(configuration: Configuration) -> Iterator[tuple[str, str, int]]:
    parts = {"http": configuration.http, "listener": configuration.listener, "sl651": configuration.sl651}
    for name, part in parts.items():
        if part is not None and part.port:
            yield name, part.host, part.port


def _bind(host: str, port: int) -> OSError | None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind(address)
    except OSError as error:
        return error
    return None


def _readiness(configuration: Configuration) -> Finding | None:
    """What a running node says of itself; None where none answers."""
    http = configuration.http
    host = "127.0.0.1" if http.host in ("0.0.0.0", "::") else http.host  # noqa: S104  # asked, not bound
    try:
        answer = httpx.get(f"http://{host}:{http.port}/readyz", timeout=ANSWER_S_MAX, trust_env=False)
        reasons = answer.json().get("reasons", [])
    except (httpx.HTTPError, ValueError, AttributeError):
        return None
    if answer.status_code == READY:
        return ok(NODE, "it runs and is ready")
    return look(NODE, "it runs and is not ready: " + "; ".join(str(reason) for reason in reasons))


def _descriptors(configuration: Configuration) -> Finding:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = RESERVED + sum(
        part.connections_max for part in (configuration.listener, configuration.sl651) if part is not None
    )
    if hard != resource.RLIM_INFINITY and hard < wanted:
        return look(
            PART, f"{hard} open files are allowed, {wanted} wanted: fewer clients are taken (LimitNOFILE=)"
        )
    return ok(PART, f"open files: {wanted} wanted, enough allowed")
