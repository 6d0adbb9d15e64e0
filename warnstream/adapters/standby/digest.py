"""A digest of the end of a log: two logs that agree in it are the same log."""

import hashlib
from collections.abc import Iterator
from itertools import takewhile
from typing import Protocol

COUNTS = (1, 4, 16, 64)
"""Of so many of the newest entries: a log that was begun anew may reach back less far than another one."""


class Readable(Protocol):
    """A log as far as a digest needs it."""

    def since(self, sequence: int) -> Iterator[tuple[int, str, bytes]]:
        """Number, kind and payload of the entries after a number."""

    def first_sequence(self) -> int:
        """Number of the oldest entry that is kept."""

    def last_sequence(self) -> int:
        """Number of the newest entry."""


def digest_of(log: Readable, last: int) -> str:
    """Of the last entries up to a number, for each of `COUNTS` that is kept; empty for none.

    Raises
    ------
    StoreError
        If the log cannot be read.
    """
    found = _last(log, max(last - COUNTS[-1], log.first_sequence() - 1), last)
    return " ".join(f"{count}:{_hash(found[-count:])}" for count in COUNTS if count <= len(found))


def agrees(log: Readable, digest: str, last: int) -> bool:
    """Whether the entries of this log up to a number are those that the other one's digest was made of.

    As far as both reach back. False where this log does not reach so far, or nothing can be compared.
    StoreError if it cannot be read.
    """
    if last > log.last_sequence():
        return False
    known = dict(part.partition(":")[::2] for part in digest.split(" "))
    counts = [n for n in COUNTS if str(n) in known and log.first_sequence() <= last - n + 1]
    if not counts:
        return False
    return _hash(_last(log, last - counts[-1], last)) == known[str(counts[-1])]


def _last(log: Readable, after: int, last: int) -> list[tuple[int, str, bytes]]:
    return list(takewhile(lambda one: one[0] <= last, log.since(after))) if last > after else []


def _hash(entries: list[tuple[int, str, bytes]]) -> str:
    whole = hashlib.sha256()
    for number, kind, payload in entries:
        whole.update(f"{number} {kind} {len(payload)} ".encode())
        whole.update(payload)
    return whole.hexdigest()
