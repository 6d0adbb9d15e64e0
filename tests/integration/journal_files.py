"""Journals with small segments, and what can happen to their files."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from warnstream.adapters.journal.journal import Journal

SEGMENT_BYTES = 4096
PAYLOAD = b"p" * 1000
"""Three frames of it fill a segment of `SEGMENT_BYTES`."""

ENTRIES = [("readings", b"one"), ("answer", b"two"), ("readings", b"\x00\xff")]


def small(directory: Path, clock: Callable[[], float] = lambda: 1_000.0) -> Journal:
    """A journal whose segments hold three entries of `PAYLOAD`."""
    return Journal(directory, clock, SEGMENT_BYTES)


def segments(directory: Path) -> list[Path]:
    """Its segment files in order."""
    return sorted((directory / "journal").glob("entries-*.wsj"))


def flip(path: Path, offset: int, bit: int = 0) -> None:
    """One bit of a file turns over."""
    content = bytearray(path.read_bytes())
    content[offset] ^= 1 << bit
    path.write_bytes(content)


class FullDisk:
    """Lets writes beyond a number of bytes fail as on a full disk, after a part was written."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, room_bytes: int = 0, code: int = errno.ENOSPC
    ) -> None:
        self.room_bytes, self.code, self.is_full = room_bytes, code, True
        self._write = os.pwrite
        monkeypatch.setattr(os, "pwrite", self.pwrite)

    def pwrite(self, descriptor: int, data: bytes, offset: int) -> int:
        if not self.is_full or not bytes(data[:4096]).strip(b"\0"):  # zeros in place of zeros need no room
            return self._write(descriptor, data, offset)
        taken = min(self.room_bytes, len(data))
        self.room_bytes -= taken
        if not taken:
            raise OSError(self.code, os.strerror(self.code))
        return self._write(descriptor, data[:taken], offset)
