"""Open files of this process: clients get what is left after a reserve for sending, disk and HTTP.

A process that has used up its descriptors can neither send an SMS nor write a
journal segment. Every connection of a client is one descriptor, so the doors
share what the system allows, less a reserve. Where the limit reaches above
`LOW`, connections of clients live above it: select(2), which paho stands on,
cannot watch higher ones, and a broker connection must never get such a number.
"""

import contextlib
import dataclasses
import errno
import fcntl
import logging
import resource
import socket
from collections.abc import Mapping

from warnstream.config.settings import Configuration

LOW = 1_024
"""Descriptors below are for everything but clients; select(2) knows no others."""

RESERVED = 256
"""Kept for journal, databases, channels, the broker, libraries; of a smaller limit its half."""

BURST = 16
"""Connections beyond its limit that a door may hold while it refuses them."""

BACKLOG = 2_048
"""Connections that wait in the system to be accepted."""

log = logging.getLogger(__name__)


def fit_connections(configuration: Configuration, http_max: int) -> tuple[Configuration, int]:
    """The configuration with as many connections as the system allows, and those of the HTTP interface."""
    listener, sl651 = configuration.listener, configuration.sl651
    wanted = {"http": http_max}
    if listener is not None:
        wanted["listener"] = listener.connections_max
    if sl651 is not None:
        wanted["sl651"] = sl651.connections_max
    given = share_descriptors(wanted)
    fitted = dataclasses.replace(
        configuration,
        listener=listener and dataclasses.replace(listener, connections_max=given["listener"]),
        sl651=sl651 and dataclasses.replace(sl651, connections_max=given["sl651"]),
    )
    return fitted, given["http"]


def share_descriptors(wanted: Mapping[str, int]) -> dict[str, int]:
    """How many connections each door may have; the limit of this process is raised as far as is allowed.

    Parameters
    ----------
    wanted : mapping of str to int
        Connections that each door is configured for.

    Returns
    -------
    dict of str to int
        At most what was wanted, at least 1. Less is logged.
    """
    needed = sum(wanted.values()) + BURST * len(wanted) + LOW
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    limit = needed if soft == resource.RLIM_INFINITY else soft
    given = shares(wanted, limit)
    for door, connections in given.items():
        if connections < wanted[door]:
            log.warning(
                "fewer connections than configured: raise LimitNOFILE of the service",
                extra={
                    "door": door,
                    "configured": wanted[door],
                    "allowed": connections,
                    "open_files": limit,
                    "needed": needed,
                },
            )
    return given


def shares(wanted: Mapping[str, int], limit: int) -> dict[str, int]:
    """What each door may have of `limit` descriptors, after the reserve; in proportion if it is too little.

    >>> shares({"listener": 5_000, "http": 1_000}, 100_000)
    {'listener': 5000, 'http': 1000}
    >>> shares({"listener": 5_000, "http": 1_000}, 1_024)
    {'listener': 613, 'http': 122}
    """
    free = max(limit - min(RESERVED, limit // 2) - BURST * len(wanted), 0)
    total = sum(wanted.values())
    if total <= free:
        return dict(wanted)
    return {door: max(n * free // total, 1) for door, n in wanted.items()}


class ClientSocket(socket.socket):
    """A listening socket whose accepted connections have descriptors from `LOW` on, where there are any.

    An event loop accepts all that wait before it lets anybody refuse one; so this socket says "nobody
    there" once `BURST` more than `connections_max` are open.
    """

    connections_max = 0
    connections = 0

    def accept(self) -> tuple[socket.socket, object]:
        """The next connection and its address."""
        if self.connections >= self.connections_max + BURST:
            raise BlockingIOError
        connection, address = super().accept()
        with connection:
            try:
                descriptor = fcntl.fcntl(connection.fileno(), fcntl.F_DUPFD_CLOEXEC, LOW)
            except OSError:  # the limit is lower: the count of connections is what protects the rest
                descriptor = connection.detach()
        accepted = _Accepted(self.family, self.type, self.proto, fileno=descriptor)
        accepted.door = self
        self.connections += 1
        return accepted, address


class _Accepted(socket.socket):
    """A connection that its door counts until it is closed."""

    door: ClientSocket | None = None

    def close(self) -> None:
        """Close it."""
        if self.door is not None:
            self.door.connections -= 1
            self.door = None
        super().close()


def listening_sockets(host: str, port: int, connections_max: int) -> list[ClientSocket]:
    """Sockets that listen on every address of a host.

    Parameters
    ----------
    host : str
    port : int
        0 lets the system choose.
    connections_max : int
        What the door allows; it refuses those beyond itself, a few at a time.

    Raises
    ------
    OSError
        If an address cannot be listened on; the message names it.
    """
    found: list[ClientSocket] = []
    refused: OSError | None = None
    infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    for family, _, _, _, address in dict.fromkeys(infos):
        try:
            opened = socket.create_server(address[:2], family=family, backlog=BACKLOG)
        except OSError as error:
            refused = error
            if error.errno == errno.EADDRNOTAVAIL:  # a name may have addresses that this machine does not
                continue
            break
        door = ClientSocket(opened.family, opened.type, opened.proto, fileno=opened.detach())
        door.connections_max = connections_max
        found.append(door)
    else:
        if found:
            return found
    for opened in found:
        opened.close()
    why = refused.strerror if refused is not None else "it has no address"
    raise OSError(f"cannot listen on {host} port {port}: {why}") from refused
