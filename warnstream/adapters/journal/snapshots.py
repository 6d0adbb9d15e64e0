"""Snapshots of a node's state: a file each, complete under its name or not there at all.

A snapshot is written beside, synced, and renamed; a crash leaves the earlier
ones untouched. The last three stay: a damaged one falls back to the one before.
"""

import hashlib
import logging
import os
import struct
from collections.abc import Iterator
from pathlib import Path

from warnstream.adapters.journal.disk import disk_error, sync_directory
from warnstream.adapters.journal.extents import UNFINISHED

log = logging.getLogger(__name__)

SNAPSHOTS_KEPT = 3

PREFIX, SUFFIX = "snapshot-", ".wss"

_MAGIC, _VERSION = b"wssnapsh", 1
_HEADER = struct.Struct("<8sIQdQ")
_DIGEST_BYTES = 32


class SnapshotFiles:
    """The snapshots of one journal.

    Parameters
    ----------
    directory : Path
        Where they are; must exist.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def sequences(self) -> list[int]:
        """Entry that each snapshot reaches, oldest first; by the names of the files.

        Raises
        ------
        StoreError
            If the folder cannot be read.
        """
        try:
            names = [path.name for path in self._directory.glob(f"{PREFIX}*{SUFFIX}")]
        except OSError as error:
            raise disk_error(self._directory, error) from error
        numbers = [name.removeprefix(PREFIX).removesuffix(SUFFIX) for name in names]
        return sorted(int(number) for number in numbers if number.isascii() and number.isdigit())

    def save(self, sequence: int, payload: bytes, written_at: float) -> None:
        """Keep one, durable when it returns, and delete all but the last three.

        Raises
        ------
        StoreError
            If the disk refuses; the earlier ones stay valid.
        """
        path = self._path(sequence)
        unfinished = path.with_name(path.name + UNFINISHED)
        header = _HEADER.pack(_MAGIC, _VERSION, sequence, written_at, len(payload))
        digest = hashlib.sha256(header + payload).digest()
        try:
            _write_synced(unfinished, header + digest + payload)
            unfinished.rename(path)
            sync_directory(self._directory)
            for old in self.sequences()[:-SNAPSHOTS_KEPT]:
                self._path(old).unlink(missing_ok=True)
        except OSError as error:
            unfinished.unlink(missing_ok=True)
            raise disk_error(path, error) from error

    def delete(self, sequence: int) -> None:
        """Delete one, if it is there. StoreError if the disk refuses."""
        try:
            self._path(sequence).unlink(missing_ok=True)
            sync_directory(self._directory)
        except OSError as error:
            raise disk_error(self._path(sequence), error) from error

    def latest(self) -> tuple[int, bytes] | None:
        """Entry and payload of the newest undamaged one; None if there is none."""
        return next(self.newest_first(), None)

    def newest_first(self) -> Iterator[tuple[int, bytes]]:
        """Entry and payload of every undamaged one; damaged ones are logged and passed over."""
        for sequence in reversed(self.sequences()):
            try:
                payload = self._read(sequence)
            except (OSError, ValueError) as error:
                log.warning("snapshot damaged", extra={"file": self._path(sequence), "error": str(error)})
                continue
            yield sequence, payload

    def size_bytes(self) -> int:
        """Bytes of all snapshots."""
        return sum(path.stat().st_size for path in map(self._path, self.sequences()) if path.exists())

    def _read(self, sequence: int) -> bytes:
        data = self._path(sequence).read_bytes()
        if len(data) < _HEADER.size + _DIGEST_BYTES:
            raise ValueError(f"cut off after {len(data)} bytes")
        header, digest = data[: _HEADER.size], data[_HEADER.size : _HEADER.size + _DIGEST_BYTES]
        payload = data[_HEADER.size + _DIGEST_BYTES :]
        if hashlib.sha256(header + payload).digest() != digest:
            raise ValueError("checksum")
        magic, version, found, _, _ = _HEADER.unpack(header)
        if (magic, version, found) != (_MAGIC, _VERSION, sequence):
            raise ValueError(f"of another version, or of entry {found}")
        return payload

    def _path(self, sequence: int) -> Path:
        return self._directory / f"{PREFIX}{sequence:020d}{SUFFIX}"


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
