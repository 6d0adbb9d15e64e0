"""Files and folders of a configuration: what nobody reads, and what cannot be written."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from warnstream.config.settings import Configuration
from warnstream.config.wording import count_of, name_some

DOCUMENTS = frozenset({".yaml", ".yml", ".geojson"})
"""Endings of files that a configuration is made of, beside tables."""

FIRST_COLUMNS = frozenset({"station", "village", "household", "post", "team", "zone", "object", "shelter"})
"""A table of ours begins with one of these; others (events, results) are nobody's business."""

CUT_ANYWHERE = frozenset({".csv", ".yaml", ".yml"})
"""Endings of files of which a piece reads like the whole."""

UNSIGNED = "[M]"
"""In the comment of a line: its value is from memory or judgement."""

LINES_SHOWN = 30


def files_nobody_reads(configuration: Configuration) -> Iterator[str]:
    """Tables that no setting names: a misspelt name, or a copy that somebody edits in vain."""
    directory = configuration.directory
    read = set(configuration.files_read)
    found = sorted(
        path.name
        for path in directory.iterdir()
        if path.is_file() and path.name not in read and _is_of_a_configuration(path)
    )
    if found:
        yield f"{count_of(len(found), 'file', 'files')} that nothing reads: {name_some(found)}"


def folders_that_are_not_there(configuration: Configuration) -> Iterator[str]:
    """Of grids and weather models: misspelt, or not mounted now. The node runs without, and looks again."""
    folders = [(f"grids.{grid.policy.name}", grid.folder) for grid in configuration.grids]
    folders += [(f"forecasts.{model.name}", model.folder) for model in configuration.models]
    for key, folder in folders:
        if not _is_folder(folder):
            yield f"{key}.files: no such folder now: {folder}; nothing is read until it is there"


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def unsigned_values(configuration: Configuration) -> Iterator[str]:
    """Lines with the mark of a value that is nobody's rule: until its county has signed it, it is told."""
    for name in configuration.files_read:
        lines = _marked_lines(configuration.directory / name)
        if lines:
            marked = f"{count_of(len(lines), 'line', 'lines')} marked {UNSIGNED}"
            shown = ", ".join(map(str, lines[:LINES_SHOWN])) + (
                " and more" if len(lines) > LINES_SHOWN else ""
            )
            yield f"{name}: {marked}: values from memory or judgement that nobody has signed, on {shown}"


def _marked_lines(path: Path) -> list[int]:
    if path.suffix.lower() not in DOCUMENTS:
        return []
    try:
        text = path.read_text("utf-8", errors="replace")
    except OSError:
        return []
    return [
        number
        for number, line in enumerate(text.splitlines(), start=1)
        if UNSIGNED in line.partition("#")[2] and line.partition("#")[0].strip()
    ]


def half_written_files(configuration: Configuration) -> Iterator[str]:
    """Tables and YAML whose last line has no end: a copy that was broken off ends so, within any cell."""
    for name in configuration.files_read:
        path = configuration.directory / name
        if path.suffix.lower() in CUT_ANYWHERE and not _is_ended(path):
            yield f"{name}: its last line has no end: rows are missing if the file was not written whole"


def _is_ended(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) in b"\r\n"
    except OSError:  # an empty file, or none: its reader says so
        return True


def _is_of_a_configuration(path: Path) -> bool:
    suffix = path.suffix.lower()
    if suffix != ".csv":
        return suffix in DOCUMENTS
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as table:
            return table.readline(200).partition(",")[0].strip().lower() in FIRST_COLUMNS
    except OSError:
        return False


def storage_not_writable(configuration: Configuration) -> Iterator[str]:
    """A folder of journal and outbox in which this user may not write."""
    directory = configuration.storage.directory
    existing = next(path for path in (directory, *directory.parents) if path.exists())
    fault = _write_fault(existing)
    if fault:
        yield f"storage.directory: nothing can be written in {existing} ({fault}): the node would not start"


def _write_fault(directory: Path) -> str:
    """Why nothing can be written there; a file without a name leaves no trace."""
    try:
        with tempfile.TemporaryFile(dir=directory):
            return ""
    except OSError as error:
        return error.strerror or type(error).__name__
