"""Where drills are kept: a folder each below ``drill`` of the storage directory, named by when it began."""

from collections.abc import Iterator
from pathlib import Path

from warnstream.adapters.journal.conversion import FOLDER as JOURNAL
from warnstream.adapters.journal.extents import find_extent, list_segments, read_entries
from warnstream.model.times import compact_utc

FOLDER = "drill"
SCORES = "scores.json"
LOGS_KEPT = 10
"""Of so many drills everything is kept, of older ones only the scores."""


def folder_of(storage: Path, begun_s: int) -> Path:
    """Folder of a drill that begins now; later drills have later names."""
    return storage / FOLDER / compact_utc(begun_s)


def drill_folders(storage: Path) -> list[Path]:
    """Folders of all drills, newest first."""
    folder = storage / FOLDER
    if not folder.is_dir():
        return []
    return sorted((one for one in folder.iterdir() if one.is_dir()), key=lambda one: one.name, reverse=True)


def entries_of(folder: Path) -> Iterator[tuple[int, str, bytes]]:
    """Number, kind and payload of every entry of a drill's log, whether it runs or not; nothing is written.

    Raises
    ------
    StoreError
        If the log cannot be read.
    """
    journal = folder / JOURNAL
    if not journal.is_dir() or not list_segments(journal):
        return
    extent = find_extent(journal)
    first = extent.segments[0].first_sequence
    if first <= extent.last_sequence:
        yield from read_entries(extent, first)
