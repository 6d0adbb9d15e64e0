"""Where drills are kept: a folder each below ``drill`` of the storage directory, by time and name.

A folder is a drill from its first entry on; a crash before that leaves one of which nobody was told anything.
"""

from collections.abc import Iterator
from pathlib import Path

from warnstream.adapters.journal.conversion import FOLDER as JOURNAL
from warnstream.adapters.journal.extents import find_extent, list_segments, read_entries
from warnstream.model.errors import StoreError
from warnstream.model.times import compact_utc

FOLDER = "drill"
SCORES = "scores.json"
LOGS_KEPT = 10
"""Of so many drills everything is kept, of older ones only the scores."""


NAME_CHARACTERS_MAX = 40


def folder_of(storage: Path, begun_s: int, identifier: str) -> Path:
    """Folder of a drill that begins at that engine time; later drills have later names."""
    return storage / FOLDER / f"{compact_utc(begun_s)}-{_name(identifier)}"


def has_begun(storage: Path, identifier: str) -> bool:
    """Whether a drill of that order has a folder, whatever is left in it."""
    return any(is_of_order(folder, identifier) for folder in drill_folders(storage))


def is_of_order(folder: Path, identifier: str) -> bool:
    """Whether a folder is that of an order's drill."""
    return folder.name.partition("-")[2] == _name(identifier)


def _name(identifier: str) -> str:
    """An identifier as a part of a file's name."""
    return "".join(sign for sign in identifier if sign.isalnum() and sign.isascii())[:NAME_CHARACTERS_MAX]


def drill_folders(storage: Path) -> list[Path]:
    """Folders of all drills, newest first."""
    folder = storage / FOLDER
    if not folder.is_dir():
        return []
    found = (inside for inside in folder.iterdir() if inside.is_dir() and _is_drill(inside))
    return sorted(found, key=lambda one: one.name, reverse=True)


def _is_drill(folder: Path) -> bool:
    """Whether anything is known of it; what cannot be read is told when it is read."""
    try:
        return (folder / SCORES).exists() or next(entries_of(folder), None) is not None
    except StoreError:
        return True


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
