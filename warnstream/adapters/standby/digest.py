"""A digest of the end of a log: two logs that agree in it are the same log."""

import hashlib
from collections.abc import Iterator
from typing import Protocol

N_ENTRIES = 64
"""Of the newest entries: ticks in them hold times, so that no two logs agree by chance."""


class Readable(Protocol):
    """A log as far as a digest needs it."""

    def since(self, sequence: int) -> Iterator[tuple[int, str, bytes]]:
        """Number, kind and payload of the entries after a number."""

    def first_sequence(self) -> int:
        """Number of the oldest entry that is kept."""

    def last_sequence(self) -> int:
        """Number of the newest entry."""


def digest_of(log: Readable, last: int) -> str:
    """Of the last `N_ENTRIES` entries up to a number, fewer where fewer are kept; empty for none.

    Raises
    ------
    StoreError
        If the log cannot be read.
    """
    return digest_between(log, max(last - N_ENTRIES, log.first_sequence() - 1), last)


def digest_between(log: Readable, after: int, last: int) -> str:
    """Of the entries after a number up to another one."""
    whole, n_entries = hashlib.sha256(), 0
    if last > after:
        for number, kind, payload in log.since(after):
            if number > last:
                break
            head = f"{number} {kind} {len(payload)} ".encode()
            whole.update(head)
            whole.update(payload)
            n_entries += 1
    return f"{n_entries}:{whole.hexdigest()}" if n_entries else ""


def agrees(log: Readable, digest: str, last: int) -> bool:
    """Whether the entries of this log up to a number are those that the other one's digest was made of.

    False too where this log does not reach so far, forwards or back.
    """
    count, _, _ = digest.partition(":")
    if last == 0 and not digest:
        return True
    if last > log.last_sequence() or not count.isdigit():
        return False
    after = last - int(count)
    if not after >= 0 or after < log.first_sequence() - 1 or int(count) > N_ENTRIES:
        return False
    return digest_between(log, after, last) == digest
