"""Files that an operator replaces while the node runs: users and certificates."""

from collections.abc import Sequence
from pathlib import Path

Signature = tuple[tuple[int, int, int] | None, ...]


class WatchedFiles:
    """Says when some files are no longer those that were read; asked now and then.

    A file is looked at by its number, size and time of change. A change counts when two looks in a row
    find the same, so that certificate and key that are replaced one after the other are read together.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = list(paths)
        self._read = self._seen = self._look()

    def note_read(self) -> None:
        """They are read just now, whatever becomes of it."""
        self._read = self._seen = self._look()

    def have_changed(self) -> bool:
        """Whether they are other files than those that were read, and have stopped changing."""
        seen, self._seen = self._seen, self._look()
        return seen == self._seen != self._read

    def _look(self) -> Signature:
        return tuple(_signature(path) for path in self._paths)


def _signature(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
