"""What the disk is asked for: writing in full, syncing, and its errors in our words."""

import errno
import os
from pathlib import Path

from warnstream.model.errors import StoreError

_RETRYABLE = {errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EAGAIN, errno.EINTR, errno.EMFILE, errno.ENFILE}
"""Errors after which trying again can help: the disk may be freed, a file closed."""


_WORDS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the quota of the disk is used up",
    errno.EIO: "the disk reported an error",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "permission denied",
    errno.ENOENT: "there is no such file",
}


def disk_error(path: Path, error: OSError) -> StoreError:
    """Our error for one of the system's, saying which file, why, and whether retrying helps."""
    reason = _WORDS.get(error.errno or 0, error.strerror or str(error))
    return StoreError(f"{path}: {reason}", retryable=error.errno in _RETRYABLE)


def write_at(descriptor: int, data: bytes, offset: int) -> None:
    """Write everything at `offset`; the system may take less at a time."""
    written = os.pwrite(descriptor, data, offset)
    while written < len(data):
        written += os.pwrite(descriptor, memoryview(data)[written:], offset + written)


def sync_data(descriptor: int) -> None:
    """Wait until what was written would outlive a power cut."""
    getattr(os, "fdatasync", os.fsync)(descriptor)  # macOS has no fdatasync


def sync_directory(directory: Path) -> None:
    """Make names in a folder durable: files made, renamed, deleted."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
