"""Where drills are kept: a folder each below ``drill`` of the storage directory, by time and name.

A folder is a drill from its first entry on; a crash before that leaves one of which nobody was told anything.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from warnstream.adapters.journal.conversion import FOLDER as JOURNAL
from warnstream.adapters.journal.extents import find_extent, list_segments, read_entries
from warnstream.model.errors import StoreError
from warnstream.model.hands.drills import drill_name
from warnstream.model.times import DAY_S, compact_utc
from warnstream.runners.drill.entries import BEGUN, Begun, decode_begun

FOLDER = "drill"
SCORES = "scores.json"
LOGS_KEPT = 10
"""Of so many drills everything is kept, of older ones only the scores."""

OPEN_S = DAY_S
"""So long after its end a drill that is over takes late answers and shows its pages."""


def folder_of(storage: Path, begun_s: int, identifier: str) -> Path:
    """Folder of a drill that begins at that engine time; later drills have later names."""
    return storage / FOLDER / f"{compact_utc(begun_s)}-{drill_name(identifier)}"


def has_begun(storage: Path, identifier: str) -> bool:
    """Whether a drill of that order has a folder, whatever is left in it."""
    return any(name_in(folder) == drill_name(identifier) for folder in drill_folders(storage))


def name_in(folder: Path) -> str:
    """Name of the drill of a folder."""
    return folder.name.partition("-")[2]


def drill_folders(storage: Path) -> list[Path]:
    """Folders of all drills, newest first."""
    folder = storage / FOLDER
    if not folder.is_dir():
        return []
    found = (entry for entry in folder.iterdir() if entry.is_dir() and _is_drill(entry))
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


def begun_in(folder: Path) -> Begun | None:
    """How the drill of a folder began; None if its log is gone, or is of no drill.

    Raises
    ------
    StoreError
        If the log cannot be read.
    """
    first = next(entries_of(folder), None)
    try:
        return decode_begun(first[2]) if first is not None and first[1] == BEGUN else None
    except ValueError:
        return None


def folders_to_reopen(folders: Sequence[Path]) -> list[Path]:
    """Of drills, newest first, those that a start goes on with, oldest first.

    Left out is what was scored and so long over when another one began that no answer is waited for.
    What cannot be read is among them: opening it says why.
    """
    found: list[Path] = []
    newest_s = -1
    for folder in folders:
        try:
            begun = begun_in(folder)
        except StoreError:
            found.append(folder)
            continue
        if begun is None:
            if not (folder / SCORES).exists():
                found.append(folder)
            continue
        newest_s = max(newest_s, begun.at_s)
        is_long_over = begun.at_s + begun.order.for_s + OPEN_S < newest_s
        if not (is_long_over and (folder / SCORES).exists()):
            found.append(folder)
    return found[::-1]
