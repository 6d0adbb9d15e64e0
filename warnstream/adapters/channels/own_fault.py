"""Faults of this node while it wants to send: they are nobody else's, and no attempt of a message.

Files exhausted, no network, no route, no name service, no memory: whoever is
called next meets the same, and nothing has left this machine.
"""

import errno
import socket
from collections.abc import Iterator

OWN_ERRNOS = {
    errno.EMFILE: "this process has too many files open",
    errno.ENFILE: "this machine has too many files open",
    errno.ENOBUFS: "this machine has no room for another connection",
    errno.ENOMEM: "this machine has no memory left",
    errno.EADDRNOTAVAIL: "this machine has no free port or address",
    errno.ENETDOWN: "the network of this machine is down",
    errno.ENETUNREACH: "this machine has no route to the network",
    errno.EHOSTUNREACH: "this machine has no route to the host",
}


def own_fault(error: BaseException) -> str:
    """Which fault of this node is behind an error; empty if none is.

    Examples
    --------
    >>> own_fault(OSError(errno.EMFILE, "Too many open files"))
    'this process has too many files open'
    >>> own_fault(ConnectionRefusedError(errno.ECONNREFUSED, "refused"))
    ''
    """
    for cause in _causes(error):
        if isinstance(cause, socket.gaierror):
            return "the name of the other side cannot be looked up"
        if isinstance(cause, OSError) and cause.errno in OWN_ERRNOS:
            return OWN_ERRNOS[cause.errno]
        if isinstance(cause, MemoryError):
            return OWN_ERRNOS[errno.ENOMEM]
    return ""


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all that led to it: causes, contexts and members of groups."""
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [cause for cause in (one.__cause__, one.__context__) if cause is not None]
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions
